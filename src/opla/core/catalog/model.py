"""The catalogue: who sells what in one country, and what is known about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

from opla.core.catalog.cell import UNKNOWN, Cell, Sure, Texts
from opla.core.catalog.official import App, Authority, Term
from opla.core.catalog.rules import PlanChange, Rules
from opla.core.money import Money
from opla.core.ports import Kind as Delivery
from opla.core.refusal import Code, Refusal


class MethodKind(StrEnum):
    USSD = "ussd"  # dialled like a call, answered on the screen
    SMS = "sms"
    CALL = "call"  # a voice menu
    WEB = "web"
    APP = "app"


@dataclass(frozen=True)
class Method:
    """One way to ask or tell the operator something. `{code}` in `dial` or `body` stands for the code."""

    kind: MethodKind
    dial: str = ""  # ussd, call
    to: str = ""  # sms
    body: str = ""  # sms
    url: str = ""  # web


@dataclass(frozen=True)
class Apn:
    """The access point that mobile data goes through, as it is typed into a phone. Most need no user."""

    name: str
    user: str = ""
    password: str = ""


class Status(StrEnum):
    ON_SALE = "on_sale"
    WITHDRAWN = "withdrawn"  # can still be somebody's current product, cannot be bought


@dataclass(frozen=True)
class Plan:
    """A tariff plan a person may be asked to keep or change. Withdrawn, it can be somebody's, and is not offered."""

    id: str
    name: Cell[str]
    status: Cell[Status] = UNKNOWN


@dataclass(frozen=True)
class Spoken:
    """A text as the operator writes it, in one of its languages (a BCP 47 tag)."""

    language: str
    text: Cell[str]


class Need(StrEnum):
    """What it takes before a starter can be used."""

    IDENTIFICATION = "identification"  # the operator must know whose it is
    INTERNET = "internet"  # of another SIM or Wi-Fi, to fetch an eSIM
    TOP_UP = "top_up"  # there is no credit on it that it could begin with
    FIRST_USE = "first_use"  # a call, a message or data starts it


class PriceKind(StrEnum):
    FIXED = "fixed"
    RANGED = "ranged"
    FROM_CREDIT = "from_credit"  # bought with the credit on the SIM: nobody pays money for it


@dataclass(frozen=True)
class Operator:
    """A brand. The network that carries it and its MCC-MNC are other things, and change."""

    id: str
    name: str
    holder: Cell[str] = UNKNOWN
    host_network: Cell[str] = UNKNOWN
    mcc_mnc: Cell[tuple[str, ...]] = UNKNOWN
    prepaid: Cell[bool] = UNKNOWN
    esim: Cell[bool] = UNKNOWN
    prepaid_esim: Cell[bool] = UNKNOWN
    website: Cell[str] = UNKNOWN
    site_languages: Cell[tuple[str, ...]] = UNKNOWN
    care_dial: Cell[str] = UNKNOWN  # from its own SIM
    care_text: Cell[str] = UNKNOWN  # the number an SMS for help goes to
    care_abroad: Cell[str] = UNKNOWN  # E.164, from any phone
    care_chat: Cell[str] = UNKNOWN  # the page that has it
    care_email: Cell[str] = UNKNOWN
    care_hours: Cell[str] = UNKNOWN  # as the source writes them
    care_languages: Cell[tuple[str, ...]] = UNKNOWN
    spoken: tuple[str, ...] = ()  # in its country, at a desk or on the telephone, most of them first
    shops: Cell[str] = UNKNOWN  # the page that finds its shops
    information_sheet: Cell[str] = UNKNOWN  # the page with the sheet of each plan
    app: App = field(default_factory=App)
    terms: tuple[Cell[Term], ...] = ()  # words its customers meet
    network_generation: Cell[str] = UNKNOWN  # for prepaid: 4G, 5G
    max_mbps: Cell[int] = UNKNOWN
    code_digits: Cell[int] = UNKNOWN
    apn: Cell[Apn] = UNKNOWN
    sim_price: Cell[Money] = UNKNOWN  # of a new SIM or eSIM with nothing on it
    own_number: Cell[Method] = UNKNOWN
    balance: tuple[Cell[Method], ...] = ()
    redeem: tuple[Cell[Method], ...] = ()  # best first
    top_up_sms: tuple[Spoken, ...] = ()  # how its SMS reads when a top-up has arrived
    plans: tuple[Plan, ...] = ()
    #: `known`, `not_known`, `what_to_do`: sentences for people, by language
    notes: Mapping[str, Texts] = field(default_factory=lambda: MappingProxyType({}))
    rules: Rules = field(default_factory=Rules)

    @property
    def care_speaks(self) -> tuple[str, ...]:
        """The languages to expect of its customer care: its own, else the two most spoken in its country."""
        return self.care_languages.value or self.spoken[:2]

    @property
    def plans_offered(self) -> tuple[Plan, ...]:
        """Those a person can change to."""
        return tuple(plan for plan in self.plans if plan.status.value is not Status.WITHDRAWN)


@dataclass(frozen=True)
class Product:
    """What can be bought: one amount (`face`), any of a range (`low` to `high` by `step`), or with credit."""

    sku: str
    operator: str
    name: str
    currency: str
    delivery: Cell[Delivery]
    status: Cell[Status]
    rules: Rules
    face: Cell[Money] = UNKNOWN
    low: Cell[Money] = UNKNOWN
    high: Cell[Money] = UNKNOWN
    step: Cell[Money] = UNKNOWN
    from_credit: bool = False  # bought with the credit on the SIM, at `rules.credit_price`; nobody pays money for it
    time_zone: str = "Europe/Brussels"  # whose days and months its rules count
    needs: Cell[tuple[Need, ...]] = UNKNOWN  # of a starter, before it can be used

    @property
    def is_starter(self) -> bool:
        """A new SIM or eSIM, with what is on it: it begins a line, and tops up none."""
        return self.delivery.value is not None and self.delivery.value.is_starter

    @property
    def kind(self) -> PriceKind:
        if self.from_credit:
            return PriceKind.FROM_CREDIT
        return PriceKind.FIXED if self.face.known else PriceKind.RANGED

    @property
    def min_minor(self) -> int:
        return _minor(self.face if self.face.known else self.low)

    @property
    def max_minor(self) -> int:
        return _minor(self.face if self.face.known else self.high)

    @property
    def step_minor(self) -> int:
        """1 for a fixed product, whose only amount is its minimum."""
        return _minor(self.step) if self.step.known else 1

    @property
    def on_sale(self) -> bool:
        return self.status.value is Status.ON_SALE

    @property
    def asks_plan(self) -> bool:
        """At this top-up the person keeps or changes the plan, so the shop must ask."""
        return self.rules.plan_change.value is PlanChange.AT_EACH_TOP_UP

    @property
    def sample(self) -> bool:
        """Its price or its very existence is invented."""
        existence = (self.face, self.low, self.high, self.step, self.delivery, self.status)
        return any(cell.sure is Sure.SAMPLE for cell in existence)

    def accepts(self, amount_minor: int) -> Refusal | None:
        """None when exactly this amount can be bought."""
        if self.kind is PriceKind.FIXED:
            return None if amount_minor == self.min_minor else self._refuse(Code.AMOUNT_NOT_OFFERED)
        if amount_minor < self.min_minor:
            return self._refuse(Code.AMOUNT_BELOW_MIN)
        if amount_minor > self.max_minor:
            return self._refuse(Code.AMOUNT_ABOVE_MAX)
        if (amount_minor - self.min_minor) % self.step_minor:
            return self._refuse(Code.AMOUNT_OFF_STEP)
        return None

    def _refuse(self, code: Code) -> Refusal:
        return Refusal(code, "amount", amount_params((self,)))


def amount_params(products: tuple[Product, ...]) -> Mapping[str, str]:
    """The figures of an amount's refusal, in minor units: `offered` (spaces between), and `min max step` of ranges."""
    fixed = sorted({p.min_minor for p in products if p.kind is PriceKind.FIXED})
    ranged = [p for p in products if p.kind is PriceKind.RANGED]
    params = {"currency": products[0].currency, "offered": " ".join(map(str, fixed))}
    if ranged:
        params |= {
            "min": str(min(p.min_minor for p in products)),
            "max": str(max(p.max_minor for p in products)),
            "step": str(min(p.step_minor for p in ranged)),
        }
    return params


@dataclass(frozen=True)
class NumberBlock:
    """Numbers that were first given to an operator. A hint and no more: numbers move."""

    operator: str
    prefixes: Cell[tuple[str, ...]]  # E.164


@dataclass(frozen=True)
class Catalog:
    """One country's catalogue, in the order it is to be shown. `bundles` are bought with credit, never with money;
    `starters` begin a line. `products` are what tops one up: whoever lists or looks there never meets the others."""

    country: str  # ISO 3166
    currency: str  # ISO 4217
    time_zone: str
    languages: tuple[str, ...]  # every text exists in these
    operators: tuple[Operator, ...]
    products: tuple[Product, ...]
    number_blocks: tuple[NumberBlock, ...]
    bundles: tuple[Product, ...] = ()
    authorities: tuple[Authority, ...] = ()
    starters: tuple[Product, ...] = ()

    @cached_property
    def _operators(self) -> Mapping[str, Operator]:
        return {o.id: o for o in self.operators}

    @cached_property
    def _products(self) -> Mapping[str, Product]:
        return {p.sku: p for p in self.products}

    @cached_property
    def _bundles(self) -> Mapping[str, Product]:
        return {p.sku: p for p in self.bundles}

    @cached_property
    def _starters(self) -> Mapping[str, Product]:
        return {p.sku: p for p in self.starters}

    def operator(self, operator_id: str) -> Operator | None:
        return self._operators.get(operator_id)

    def product(self, sku: str) -> Product | None:
        return self._products.get(sku)

    def bundle(self, sku: str) -> Product | None:
        """What is bought with credit; `product` never finds it, because no shop sells it."""
        return self._bundles.get(sku)

    def starter(self, sku: str) -> Product | None:
        """A new SIM or eSIM; `product` never finds it, because it tops up nothing."""
        return self._starters.get(sku)

    def sold(self, sku: str) -> Product | None:
        """Whatever a quote may be of: a top-up or a starter."""
        return self.product(sku) or self.starter(sku)

    def starters_of(self, operator_id: str) -> tuple[Product, ...]:
        """All its new SIMs and eSIMs, withdrawn ones too."""
        return tuple(p for p in self.starters if p.operator == operator_id)

    def products_of(self, operator_id: str) -> tuple[Product, ...]:
        """All top-ups that are bought with money, withdrawn ones too."""
        return tuple(p for p in self.products if p.operator == operator_id)

    def bundles_of(self, operator_id: str) -> tuple[Product, ...]:
        """All that is bought with credit, withdrawn ones too."""
        return tuple(p for p in self.bundles if p.operator == operator_id)

    def find(self, operator_id: str, amount_minor: int) -> Product | Refusal:
        """The product for this amount, exactly. Of several: a code before a direct one, a fixed before a ranged one."""
        if operator_id not in self._operators:
            return Refusal(Code.OPERATOR_UNKNOWN, "operator")
        known = self.products_of(operator_id)
        if not known:
            return Refusal(Code.OPERATOR_WITHOUT_PREPAID, "operator", {"operator": operator_id})
        fitting = [p for p in known if p.accepts(amount_minor) is None]
        on_sale = [p for p in fitting if p.on_sale]
        if on_sale:
            return min(on_sale, key=lambda p: (p.delivery.value is not Delivery.CODE, p.kind is PriceKind.RANGED))
        if fitting:
            return Refusal(Code.PRODUCT_WITHDRAWN, "product", {"sku": fitting[0].sku})
        return _nothing_costs(amount_minor, tuple(p for p in known if p.on_sale), operator_id)

    def hinted_operator(self, e164: str) -> Operator | None:
        """Whom the block of this number was first given to (longest prefix): to be proposed, never claimed."""
        fitting = [
            (len(prefix), block.operator)
            for block in self.number_blocks
            for prefix in block.prefixes.value or ()
            if e164.startswith(prefix)
        ]
        return self.operator(max(fitting)[1]) if fitting else None


def check(product: Product, operator_id: str) -> Refusal | None:
    """A product belongs to one operator: another's SIM would not take it."""
    if product.operator == operator_id:
        return None
    params = {"sku": product.sku, "operator": product.operator, "chosen": operator_id}
    return Refusal(Code.PRODUCT_OF_ANOTHER_OPERATOR, "product", params)


def sellable(product: Product, *, sandbox: bool) -> Refusal | None:
    """What may be sold. Unknown contents may, shown as not verified; an invented price or existence never for real."""
    if not product.on_sale:
        return Refusal(Code.PRODUCT_WITHDRAWN, "product", {"sku": product.sku})
    if product.sample and not sandbox:
        return Refusal(Code.PRODUCT_SAMPLE_ONLY, "product", {"sku": product.sku})
    return None


def _minor(cell: Cell[Money]) -> int:
    if cell.value is None:
        raise ValueError("a product has a face value or a whole range: the parser promises it")
    return cell.value.amount_minor


def _nothing_costs(amount_minor: int, on_sale: tuple[Product, ...], operator_id: str) -> Refusal:
    """Why no product costs this. With a range on sale the reason is the nearest bound or the step."""
    if not on_sale:
        return Refusal(Code.OPERATOR_WITHOUT_PREPAID, "operator", {"operator": operator_id})
    params = amount_params(on_sale)
    ranged = [p for p in on_sale if p.kind is PriceKind.RANGED]
    code = Code.AMOUNT_NOT_OFFERED
    if ranged and amount_minor < min(p.min_minor for p in on_sale):
        code = Code.AMOUNT_BELOW_MIN
    elif ranged and amount_minor > max(p.max_minor for p in on_sale):
        code = Code.AMOUNT_ABOVE_MAX
    elif any(p.min_minor < amount_minor < p.max_minor for p in ranged):
        code = Code.AMOUNT_OFF_STEP
    return Refusal(code, "amount", params)
