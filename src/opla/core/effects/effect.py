"""The rules of one product as plain values: what is computed with. Or the names of the cells that are not known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from opla.core.calendar import zone
from opla.core.catalog.cell import Cell, Sure
from opla.core.catalog.model import PriceKind, Product
from opla.core.catalog.rules import (
    Activation,
    Allowance,
    AutoRenew,
    Content,
    CreditRenewal,
    EarlyRenewal,
    Length,
    NumberLife,
    PlanChange,
    Rules,
)
from opla.core.line import Kind

KB_PER_MB = 1000
S_PER_MIN = 60

T = TypeVar("T")

_ALWAYS = Length()  # as long as the number


class Doubt(StrEnum):
    """Why a figure is not plain fact."""

    REPORTED = "reported"  # sure C: old, third-party, or partly cut off
    DISPUTED = "disputed"  # another source says otherwise
    USUAL = "usual"  # the source says: in most cases
    SAMPLE = "sample"  # invented, beside the sandbox only


@dataclass(frozen=True, slots=True)
class Uncertain:
    """A cell it was computed from that is not plain fact. `cell` is a field of `Rules`, `face`, or an extra's name."""

    cell: str
    doubts: tuple[Doubt, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """What a product does cannot be computed, because these cells are not known: the operator decides."""

    sku: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Portion:
    """One bucket that a product gives, before it has a beginning and an end. Units as in `Bucket`."""

    kind: Kind
    amount: int | None
    slow_kbps: int | None = None
    eu_amount: int | None = None


@dataclass(frozen=True, slots=True)
class Extra:
    """What comes beside the bonus, with a life of its own: an operator's promotion, by its name.

    It is a group of its own, so what renews the bonus leaves it alone.
    """

    name: str
    lasts: Length
    portions: tuple[Portion, ...] = ()
    credit_minor: int = 0


@dataclass(frozen=True, slots=True)
class Effect:
    """What one product at one price does. Money in minor units, lengths by the calendar of `zone`.

    price_minor    what is paid for it: with money, or out of the credit on the line when `from_credit`
    credit_minor   credit that it adds; None: it gives none
    portions       the buckets that it gives: the bonus
    delay          all of it begins so much later
    bonus_*        gates; when one is shut, only the credit is given and nothing that runs is touched
    bonus_plans    None: every plan gives the bonus
    plan_loses_to  None: every change costs `plan_loses`
    use_by         last local day on which the bonus may begin
    uncertain      the cells it was computed from that are not plain fact
    silent         cells that are not known and were taken for: there is no such rule. Of `eu_data_mb` that means that
                   nothing is known about use abroad, although `eu_amount` is None
    extras         what comes beside all that, whether the bonus is given or not
    """

    sku: str
    operator: str
    currency: str
    zone: ZoneInfo
    price_minor: int
    from_credit: bool = False
    on_sale: bool = True
    credit_minor: int | None = None
    portions: tuple[Portion, ...] = ()
    lasts: Length = _ALWAYS
    renewal: EarlyRenewal = EarlyRenewal.CREDIT_ADDS
    group: str = ""
    generation: str = ""
    max_mbps: int | None = None
    delay: Length | None = None
    once_a_day: bool = False
    use_by: date | None = None
    bonus_min_minor: int = 0
    bonus_window_days: int | None = None
    bonus_plans: frozenset[str] | None = None
    credit_lasts: Length = _ALWAYS
    credit_renewal: CreditRenewal = CreditRenewal.KEEPS_ITS_END
    credit_cap: Length | None = None
    number_life: NumberLife | None = None
    number_grace: Length | None = None
    plan_change: PlanChange | None = None
    plan_loses: frozenset[Content] = frozenset()
    plan_loses_to: frozenset[str] | None = None
    auto_renew: AutoRenew = AutoRenew.NONE
    uncertain: tuple[Uncertain, ...] = ()
    silent: tuple[str, ...] = ()
    extras: tuple[Extra, ...] = ()

    @property
    def paid_minor(self) -> int:
        """Money that leaves the purse."""
        return 0 if self.from_credit else self.price_minor


def effect_of(product: Product, amount_minor: int | None = None) -> Effect | Unknown:
    """The product's rules compiled; of a product with a price range for this amount, which `accepts` has judged.

    `Unknown` names every cell without which nothing can be computed (`amount` when a range needs one).
    """
    rules, needed = product.rules, _Needed(product.rules)
    price = _price(product, amount_minor, needed)
    contents = frozenset(needed.value(rules.contents, "contents") or ())
    portions = tuple(_portions(rules, contents, needed))
    gives_credit = Content.CREDIT in contents
    credit = _credit(product, price, needed) if gives_credit else None
    credit_lasts = (needed.value(rules.credit_lasts, "credit_lasts") if gives_credit else None) or _ALWAYS
    if not credit_lasts.with_number:
        needed.value(rules.credit_renewal, "credit_renewal")
        needed.used(("credit_cap", rules.credit_cap))
    if portions:
        needed.value(rules.lasts, "lasts")
        needed.value(rules.early_renewal, "early_renewal")
        needed.used(*((name, getattr(rules, name)) for name in ("bonus_min", "bonus_window_days", "group", "use_by")))
        if rules.bonus_needs_plan.value:
            needed.value(rules.bonus_plans, "bonus_plans")
    if rules.activation.value is Activation.LATER:
        needed.value(rules.starts_after, "starts_after")
    needed.used(*((f.name, getattr(rules, f.name)) for f in fields(Rules) if f.name in _TAKEN_AS_THEY_ARE))
    if needed.missing:
        return Unknown(product.sku, tuple(needed.missing))
    plans = rules.plan_change_loses_to.value
    return Effect(
        sku=product.sku,
        operator=product.operator,
        currency=product.currency,
        zone=zone(product.time_zone),
        price_minor=price,
        from_credit=product.from_credit,
        on_sale=product.on_sale,
        credit_minor=credit,
        portions=portions,
        lasts=rules.lasts.value or _ALWAYS,
        renewal=rules.early_renewal.value or EarlyRenewal.CREDIT_ADDS,
        group=rules.group.value or "",
        generation=rules.network_generation.value or "",
        max_mbps=rules.max_mbps.value,
        delay=rules.starts_after.value,
        once_a_day=rules.once_a_day.value or False,
        use_by=rules.use_by.value,
        bonus_min_minor=rules.bonus_min.value.amount_minor if rules.bonus_min.value else 0,
        bonus_window_days=rules.bonus_window_days.value,
        bonus_plans=frozenset(rules.bonus_plans.value or ()) if rules.bonus_needs_plan.value else None,
        credit_lasts=credit_lasts,
        credit_renewal=rules.credit_renewal.value or CreditRenewal.KEEPS_ITS_END,
        credit_cap=rules.credit_cap.value,
        number_life=rules.number_life.value,
        number_grace=rules.number_grace.value,
        plan_change=rules.plan_change.value,
        plan_loses=frozenset(rules.plan_change_loses.value or ()),
        plan_loses_to=None if plans is None else frozenset(plans),
        auto_renew=rules.auto_renew.value or AutoRenew.NONE,
        uncertain=tuple(needed.uncertain),
        silent=tuple(name for name in _silent(product, contents) if not getattr(rules, name).known),
    )


def _silent(product: Product, contents: frozenset[Content]) -> Iterable[str]:
    """Cells that would add a rule to this product, and that may stay unknown."""
    if product.from_credit:
        yield "auto_renew"
    else:
        yield from ("number_life", "plan_change", "activation")
        if contents - {Content.CREDIT}:
            yield from ("bonus_min", "bonus_window_days", "bonus_needs_plan")
    if Content.DATA in contents:
        yield "eu_data_mb"


#: Cells that count whatever else the product does.
_TAKEN_AS_THEY_ARE = frozenset({
    "starts_after", "once_a_day", "number_life", "number_grace", "plan_change", "plan_change_loses",
    "plan_change_loses_to", "auto_renew", "network_generation", "max_mbps",
})  # fmt: skip


class _Needed:
    """Which cells were used, and which of these are missing or in doubt."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.missing: list[str] = []
        self.uncertain: list[Uncertain] = []

    def value(self, cell: Cell[T], name: str) -> T | None:
        """The value of a cell that must be known."""
        if not cell.known:
            self.missing.append(name)
        self.used((name, cell))
        return cell.value

    def used(self, *cells: tuple[str, Cell[object]]) -> None:
        for name, cell in cells:
            if found := tuple(doubts_of(cell)):
                self.uncertain.append(Uncertain(name, found))


def doubts_of(cell: Cell[object]) -> Iterable[Doubt]:
    """Why what this cell says is not plain fact."""
    if not cell.known:
        return
    if cell.sure is Sure.C:
        yield Doubt.REPORTED
    if cell.disputed:
        yield Doubt.DISPUTED
    if cell.usual:
        yield Doubt.USUAL
    if cell.sure is Sure.SAMPLE:
        yield Doubt.SAMPLE


def _price(product: Product, amount_minor: int | None, needed: _Needed) -> int:
    if product.from_credit:
        price = needed.value(product.rules.credit_price, "credit_price")
        return price.amount_minor if price else 0
    if product.kind is PriceKind.FIXED:
        needed.used(("face", product.face))
        return product.min_minor
    if amount_minor is None:
        needed.missing.append("amount")
        return 0
    return amount_minor


def _credit(product: Product, price: int, needed: _Needed) -> int:
    """Of a range, what is paid becomes credit unless the catalogue says otherwise."""
    cell = product.rules.credit
    if product.kind is PriceKind.RANGED and not cell.known:
        return price
    credit = needed.value(cell, "credit")
    return credit.amount_minor if credit else 0


def _portions(rules: Rules, contents: frozenset[Content], needed: _Needed) -> Iterable[Portion]:
    if Content.DATA in contents:
        yield _data(rules, needed)
    if Content.VOICE in contents:
        yield Portion(Kind.VOICE, _units(needed.value(rules.voice_min, "voice_min"), S_PER_MIN))
    if Content.SMS in contents:
        yield Portion(Kind.SMS, _units(needed.value(rules.sms, "sms"), 1))


def _data(rules: Rules, needed: _Needed) -> Portion:
    """What goes at full speed is the bucket; when a slow speed follows it, the bucket never runs dry."""
    amount = _units(needed.value(rules.data_mb, "data_mb"), KB_PER_MB)
    slow = rules.data_then_kbps.value
    full = rules.data_full_speed_mb
    if amount is None and full.value is not None:
        needed.used(("data_full_speed_mb", full))
        amount, slow = full.value * KB_PER_MB, needed.value(rules.data_then_kbps, "data_then_kbps")
    elif slow is not None:
        needed.used(("data_then_kbps", rules.data_then_kbps))
    needed.used(("eu_data_mb", rules.eu_data_mb))
    eu = _units(rules.eu_data_mb.value, KB_PER_MB)
    return Portion(Kind.DATA, amount, slow if amount is not None else None, eu)


def _units(allowance: Allowance | None, per: int) -> int | None:
    return allowance * per if isinstance(allowance, int) else None
