"""What a reseller does and sees, whoever asks for it: a key, or one of its people. Rights are asked at the door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from opla.core import order, sim, take_back
from opla.core.actor import Act, Actor, Role
from opla.core.api_access import Access
from opla.core.day import day_of
from opla.core.money import Money
from opla.core.phone import Number
from opla.core.quote import Quote
from opla.core.refusal import Code, Refusal
from opla.core.reselling import GivenBack, Line, Sold, Which
from opla.core.take_back import Back
from opla.db.queries import cases, codes, deposits, floats, refunds, sold
from opla.db.queries.apply import apply
from opla.db.queries.codes import Revealed
from opla.db.queries.deposits import Deposit
from opla.db.queries.floats import Float
from opla.db.queries.sold import Place
from opla.operations import catalogue, prices
from opla.operations.keyed import keyed
from opla.operations.pay_into_float import pay_into_float
from opla.operations.place_from_float import Asked, Reserved, place_from_float, unfit
from opla.operations.quote_topup import Wanted, gone, priced
from opla.operations.shop import Shop

CURRENCY: Final = "EUR"  # of every float
_ROUNDS: Final = 4


def preview(wanted: Wanted, *, shop: Shop, at: datetime) -> Quote | list[Refusal]:
    """What it would cost now, or everything that is wrong with it. Nothing is kept, nothing is held."""
    version, catalog = catalogue.active()
    found = priced(wanted, version, catalog, prices.terms(shop), shop=shop, at=at)
    if isinstance(found, list):
        return found
    if refused := unfit(found):
        return [refused]
    nobody = gone({0: found}, catalog, shop=shop, at=at)
    return [Refusal(nobody[0], "sku", {"sku": found.sku})] if nobody else found


@dataclass(frozen=True)
class Selling:
    """The shop, as one who asks for a reseller has it now."""

    access: Access
    shop: Shop
    at: datetime

    @property
    def actor(self) -> Actor:
        """A reseller, and which of its keys or people."""
        return Actor(Role.RESELLER, f"{self.access.reseller}/{self.access.key_id or self.access.email}")

    def place(self, wanted: Sequence[tuple[str, Wanted]]) -> list[Reserved | list[Refusal]]:
        """Orders, each under its key; one answer each, in their order."""
        name = self.access.reseller
        asked = [Asked(name, key, one) for key, one in wanted]
        return place_from_float(Actor(Role.RESELLER, name), asked, shop=self.shop, at=self.at)

    def orders(self, which: Which, *, after: UUID | None, limit: int) -> list[Sold]:
        """Newest first."""
        return sold.orders(self.access.reseller, which, after=after, limit=limit)

    def one(self, order_id: UUID) -> Sold | None:
        return sold.order(self.access.reseller, order_id)

    def code(self, order_id: UUID) -> Revealed | Refusal:
        """The code of a delivered order. That somebody looks, and who, is written before it leaves the database."""
        if refused := self.actor.refused(Act.REVEAL) or has_code(self.one(order_id)):
            return refused
        found = codes.reveal_sold(
            order_id, self.access.reseller, actor=self.actor, at=self.at, keyring=self.shop.keyring
        )
        return Refusal(Code(found), "code") if isinstance(found, str) else found

    def give_back(self, order_id: UUID, key: str) -> GivenBack | Refusal:
        """A code that nobody has looked at goes back, and its price is on the float again in the same commit.

        Asked twice it is done once. In a day no more goes back so than refunds by rule may: then a person looks first.
        """
        name, shop, at = self.access.reseller, self.shop, self.at
        if refused := self.actor.refused(Act.TAKE_BACK):
            return refused
        if self.one(order_id) is None:
            return Refusal(Code.NOT_FOUND)
        refund_id = keyed(f"refund:{name}", key, {"order": str(order_id)}, shop=shop, at=at)
        if isinstance(refund_id, Refusal):
            return refund_id
        for _ in range(_ROUNDS):
            # The order before what came back of it: whoever is quicker between the two is seen by the second.
            case = refunds.choice(order_id)
            if case is None:
                return Refusal(Code.NOT_FOUND)
            if done := sold.taken_back(name, order_id):
                return done
            if refunds.waiting(order_id) is not None:
                return Refusal(Code.REFUND_WAITS)
            back = Back(case, codes.valid_until(order_id))
            if refused := take_back.refused(back, day_of(at)) or self._too_much(back):
                return refused
            change = take_back.start(back, refund_id, at=at, chance=shop.chance)
            apply([change], actor=self.actor, at=at, keyring=shop.keyring, chance=shop.chance)
        return Refusal(Code.STILL_RUNNING)

    def given_back(self, order_id: UUID, *, after: UUID | None, limit: int) -> list[GivenBack] | None:
        """What came back of one order; None where it is not this reseller's."""
        if self.one(order_id) is None:
            return None
        return sold.given_back(self.access.reseller, order_id, after=after, limit=limit)

    def balance(self) -> Float:
        return floats.balance(self.access.reseller, CURRENCY)

    def pay_in(self, amount: Money, method: str, key: str, language: str) -> Deposit | Refusal:
        """A payment into its float that waits for its page; the same key again is the same one."""
        return pay_into_float(
            self.actor, self.access.reseller, amount, method, key, language=language, shop=self.shop, at=self.at
        )

    def deposit(self, deposit_id: UUID) -> Deposit | None:
        return deposits.one(self.access.reseller, deposit_id)

    def lines(self, since: datetime, until: datetime, *, after: Place | None, limit: int) -> list[Line]:
        """What moved on the float, newest first."""
        return sold.lines(self.access.reseller, CURRENCY, since=since, until=until, after=after, limit=limit)

    def _too_much(self, back: Back) -> Refusal | None:
        midnight = self.at.replace(hour=0, minute=0, second=0, microsecond=0)
        currency, amount_minor = back.case.order.price.total.currency, back.case.open_minor
        gone_minor = cases.refunded_by_rule_minor(midnight, currency) + sold.taken_back_minor(midnight, currency)
        return Refusal(Code.REFUNDS_PAUSED) if gone_minor + amount_minor > self.shop.refund_cap_minor else None


def has_code(found: Sold | None) -> Refusal | None:
    """None for a delivered order that has a code; of one that never gets one there is nothing to wait for."""
    if found is None:
        return Refusal(Code.NOT_FOUND)
    if not found.kind.is_secret or found.state in (order.State.CANCELLED, order.State.REFUNDED):
        return Refusal(Code.NOT_FOUND, "code")
    return None if found.state is order.State.DELIVERED else Refusal(Code.NOT_DELIVERED_YET, "code")


def read_number(text: str) -> str | Refusal:
    """A number to look for, as somebody typed it, in E.164."""
    country = catalogue.active()[1].country
    found = sim.identify(text, home=country, served=frozenset({country}))
    if isinstance(found, Number):
        return found.e164
    return found if isinstance(found, Refusal) else Refusal(Code.NUMBER_UNREADABLE, "number")
