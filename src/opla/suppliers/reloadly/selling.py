"""What an operator of theirs sells, for how much of our money, and how that is asked for.

They sell in two currencies: that of our account, and that of the operator. A face value is sent as it is where the two
are one, or where the operator takes amounts of its own; else it must be one of its listed amounts, which have a price
in our currency each. What could only be met by a rate that moves is not sold by us.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from opla.calling import Reply, told_money, told_number
from opla.core.money import MINOR_DIGITS, Money
from opla.core.ports import Kind, Listed
from opla.suppliers.reloadly import mapping

Fields = Mapping[str, object]


@dataclass(frozen=True)
class Asked:
    """The amount to name in a top-up, in the operator's currency (`local`) or in that of our account."""

    amount: Decimal
    local: bool


@dataclass(frozen=True)
class Operator:
    """One operator of theirs. `rate`: how much of `abroad` one unit of `ours` is."""

    id: int
    name: str
    country: str
    pin: bool
    listed: bool
    ours: str
    abroad: str
    takes_local: bool
    rate: Decimal
    discount: Decimal
    fixed: tuple[tuple[Money, Money], ...]  # what arrives, and what it is called in our currency
    range: tuple[Money, Money] | None

    @property
    def kind(self) -> Kind:
        return Kind.CODE if self.pin else Kind.DIRECT

    def asked(self, face: Money) -> Asked | None:
        """How exactly `face` is asked for; None where they do not sell it."""
        if face.currency != self.abroad or not self._sells(face):
            return None
        plain = Decimal(face.decimal)
        if self.ours == self.abroad:
            return Asked(plain, local=False)
        if self.takes_local:
            return Asked(plain, local=True)
        priced = next((price for arrives, price in self.fixed if arrives == face), None)
        return Asked(Decimal(priced.decimal), local=False) if priced else None

    def _sells(self, face: Money) -> bool:
        if self.listed:
            return any(arrives == face for arrives, _ in self.fixed)
        return self.range is not None and self.range[0] <= face <= self.range[1]

    def products(self) -> Iterator[Listed]:
        """What of theirs we can ask for. One of a list carries its amount behind the operator's id."""
        if self.listed:
            for arrives, price in self.fixed:
                if self.asked(arrives):
                    yield self._listed(f"{self.id}:{arrives.decimal}", arrives, arrives, price)
        elif self.range is not None and self.asked(self.range[0]):
            least, most = self.range
            yield self._listed(str(self.id), least, most, told_money(_plain(least) / self.rate, self.ours))

    def _listed(self, sku: str, least: Money, most: Money, price: Money | None) -> Listed:
        cost = told_money(_plain(price) * (100 - self.discount) / 100, self.ours) if price else None
        return Listed(
            sku=sku,
            name=f"{self.name} {least.decimal}" if least == most else self.name,
            operator=self.name,
            country=self.country,
            kind=self.kind,
            currency=self.abroad,
            min_minor=least.amount_minor,
            max_minor=most.amount_minor,
            cost_minor=cost.amount_minor if cost else None,
            cost_currency=self.ours if cost else "",
        )


def operator_of(fields: Fields) -> Operator | None:
    """None for what is no operator, or one in a currency that nobody here knows."""
    reply = Reply(fields=fields)
    id_, name = reply.whole("operatorId") or reply.whole("id"), reply.text("name")
    ours, abroad = reply.text("senderCurrencyCode") or "", reply.text("destinationCurrencyCode") or ""
    denomination, country = reply.text("denominationType") or "", fields.get("country")
    iso = Reply(fields=country).text("isoName") if isinstance(country, dict) else None
    if not id_ or not name or not iso or denomination not in mapping.DENOMINATION:
        return None
    if ours not in MINOR_DIGITS or abroad not in MINOR_DIGITS:
        return None
    fx = fields.get("fx")
    rate = told_number(fx.get("rate")) if isinstance(fx, dict) else None
    same = ours == abroad
    if not same and (rate is None or rate <= 0):
        return None
    return Operator(
        id=id_,
        name=name,
        country=iso,
        pin=fields.get("pin") is True,
        listed=mapping.DENOMINATION[denomination] == "list",
        ours=ours,
        abroad=abroad,
        takes_local=fields.get("supportsLocalAmounts") is True,
        rate=Decimal(1) if same or rate is None else rate,
        discount=_discount(fields),
        fixed=_fixed(fields, ours, abroad),
        range=_range(fields, ours, abroad),
    )


def _discount(fields: Fields) -> Decimal:
    """In per cent. Which of the two is ours is said in two ways, so the smaller: what we are told to pay is no less."""
    found = [told_number(fields.get(name)) or Decimal(0) for name in ("internationalDiscount", "localDiscount")]
    return min(max(min(found), Decimal(0)), Decimal(100))


def _fixed(fields: Fields, ours: str, abroad: str) -> tuple[tuple[Money, Money], ...]:
    prices, arriving = fields.get("fixedAmounts"), fields.get("localFixedAmounts")
    if ours == abroad and not arriving:
        arriving = prices
    if not isinstance(prices, list) or not isinstance(arriving, list) or len(prices) != len(arriving):
        return ()
    pairs = ((told_money(there, abroad), told_money(here, ours)) for there, here in zip(arriving, prices, strict=True))
    return tuple((there, here) for there, here in pairs if there and here and there.amount_minor > 0)


def _range(fields: Fields, ours: str, abroad: str) -> tuple[Money, Money] | None:
    names = ("minAmount", "maxAmount") if ours == abroad else ("localMinAmount", "localMaxAmount")
    least, most = (told_money(fields.get(name), abroad) for name in names)
    return (least, most) if least and most and 0 < least.amount_minor <= most.amount_minor else None


def _plain(money: Money) -> Decimal:
    return Decimal(money.decimal)
