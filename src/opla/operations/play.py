"""What a sandbox key does and sees: the acts of `operations.reselling`, played.

Prices and refusals of what is typed are the shop's own; the rest says `core.api_sandbox`. No order, no line of the
books, no code and no mail comes of it; the sandbox's own webhook endpoints are told what those of the shop would be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from opla.core import api_sandbox, order
from opla.core.actor import Act
from opla.core.api_access import Access
from opla.core.api_sandbox import Played
from opla.core.day import bounds, day_of
from opla.core.money import Money
from opla.core.quote import Quote
from opla.core.refusal import Code, Refusal
from opla.core.reselling import GivenBack, Line, Sold, Which
from opla.db.queries import played
from opla.db.queries.codes import Revealed
from opla.db.queries.deposits import Deposit
from opla.db.queries.floats import Float
from opla.db.queries.played import NewPlay
from opla.db.queries.sold import Place
from opla.operations import catalogue, prices
from opla.operations.keyed import keyed
from opla.operations.place_from_float import Reserved, fields_of, stands, unfit
from opla.operations.quote_topup import Wanted, priced
from opla.operations.reselling import CURRENCY, has_code
from opla.operations.shop import Shop

_VALID = timedelta(days=365)


@dataclass(frozen=True)
class Playing:
    """A play of the shop, as one sandbox key sees it now."""

    access: Access
    shop: Shop
    at: datetime

    def place(self, wanted: Sequence[tuple[str, Wanted]]) -> list[Reserved | list[Refusal]]:
        """Two at one moment may spend the same play money; nothing else of the real thing is left out."""
        version, catalog = catalogue.active()
        terms, today = prices.terms(self.shop), self._today()
        free_minor, left = self._balance(today).free_minor, api_sandbox.MOST_A_DAY - len(today)
        known = played.under(self.access.reseller, [key for key, _ in wanted])
        answers: dict[int, Reserved | list[Refusal]] = {}
        new: dict[int, NewPlay] = {}
        for n, (key, one) in enumerate(wanted):
            if key in known:
                answers[n] = stands(*known[key], one, shop=self.shop)
                continue
            found = priced(one, version, catalog, terms, shop=self.shop, at=self.at)
            if isinstance(found, list):
                answers[n] = found
                continue
            price_minor = found.price.total.amount_minor
            if refused := unfit(found) or api_sandbox.ending(found.number).refused:
                answers[n] = [refused]
            elif price_minor > free_minor:
                answers[n] = [Refusal(Code.FLOAT_TOO_LOW, "amount")]
            elif len(new) >= left:
                answers[n] = [Refusal(Code.TOO_MANY_CALLS, params={"seconds": str(self._until_midnight_s())})]
            else:
                free_minor -= price_minor
                new[n] = self._new(key, one, found)
                known[key] = new[n].order.id, new[n].fields
        rows = played.play(self.access.reseller, list(new.values()), at=self.at, forget=self.at - api_sandbox.KEPT)
        for (n, one_new), (found_id, fields) in zip(new.items(), rows, strict=True):
            mine = found_id == one_new.order.id
            answers[n] = (
                Reserved(found_id, again=False) if mine else stands(found_id, fields, wanted[n][1], shop=self.shop)
            )
        return [answers[n] for n in range(len(wanted))]

    def _new(self, key: str, wanted: Wanted, quote: Quote) -> NewPlay:
        chance = self.shop.chance
        order_id, ticket = chance.uuid(self.at), chance.order_number()
        new = Played(
            order_id, key, ticket, quote.sku, quote.operator, quote.product_name, quote.kind, quote.price, quote.number,
            quote.plan, quote.language, self.at, None, None, None,
        )  # fmt: skip
        news = {chance.reference(): told for told in api_sandbox.news(new)}
        return NewPlay(new, fields_of(wanted, self.shop), news)

    def orders(self, which: Which, *, after: UUID | None, limit: int) -> list[Sold]:
        found = played.newest(self.access.reseller, key=which.key, number=which.number, after=after)
        shown = (api_sandbox.sold(one, self.at) for one in found)
        return list(islice((one for one in shown if which.state in ("", one.state)), limit))

    def one(self, order_id: UUID) -> Sold | None:
        found = self._found(order_id)
        return api_sandbox.sold(found, self.at) if found else None

    def code(self, order_id: UUID) -> Revealed | Refusal:
        found = self._found(order_id)
        if found is None:
            return Refusal(Code.NOT_FOUND)
        if refused := has_code(api_sandbox.sold(found, self.at)):
            return refused
        if not played.look(self.access.reseller, order_id, at=self.at):
            return Refusal(Code.NOT_FOUND, "code")
        valid_until = day_of(found.placed_at) + _VALID
        return Revealed(api_sandbox.secret(found), found.ticket, valid_until)

    def give_back(self, order_id: UUID, key: str) -> GivenBack | Refusal:
        name = self.access.reseller
        if self._found(order_id) is None:
            return Refusal(Code.NOT_FOUND)
        refund_id = keyed(f"played_refund:{name}", key, {"order": str(order_id)}, shop=self.shop, at=self.at)
        if isinstance(refund_id, Refusal):
            return refund_id
        found = self._found(order_id)
        if found is None:
            return Refusal(Code.NOT_FOUND)
        if refused := self._kept(found):
            return refused
        told = api_sandbox.news_of_giving_back(found, self.at)
        played.give_back(name, order_id, refund_id, self.shop.chance.reference(), told, at=self.at)
        found = self._found(order_id)
        return (api_sandbox.given_back(found) if found else None) or Refusal(Code.CODE_SEEN)

    def given_back(self, order_id: UUID, *, after: UUID | None, limit: int) -> list[GivenBack] | None:
        found = self._found(order_id)
        if found is None:
            return None
        back = api_sandbox.given_back(found)
        return [back] if back and (after is None or back.id < after) and limit else []

    def balance(self) -> Float:
        return self._balance(self._today())

    def pay_in(self, _amount: Money, _method: str, _key: str, _language: str) -> Deposit | Refusal:
        """There is nothing to play: play money lies there every morning, and a payment page takes real money."""
        return Refusal(Code.NOT_ALLOWED, params={"act": Act.PAY_IN})

    def deposit(self, _deposit_id: UUID) -> Deposit | None:
        return None

    def lines(self, since: datetime, until: datetime, *, after: Place | None, limit: int) -> list[Line]:
        found = (line for line in self._lines(self._today()) if since <= line.at < until)
        return list(islice((x for x in found if after is None or Place(x.at, x.event_id) < after), limit))

    def _found(self, order_id: UUID) -> Played | None:
        return played.one(self.access.reseller, order_id)

    def _today(self) -> list[Played]:
        return played.since(self.access.reseller, self._midnight())

    def _midnight(self) -> datetime:
        return bounds(day_of(self.at))[0]

    def _until_midnight_s(self) -> int:
        return int((bounds(day_of(self.at))[1] - self.at).total_seconds()) + 1

    def _lines(self, today: Sequence[Played]) -> list[Line]:
        return api_sandbox.lines(today, self._midnight(), self.at, CURRENCY)

    def _balance(self, today: Sequence[Played]) -> Float:
        newest = self._lines(today)[0]
        return Float(newest.balance.amount_minor, newest.holding.amount_minor)

    def _kept(self, found: Played) -> Refusal | None:
        """Why a code does not go back, as `core.take_back` says it."""
        if found.given_back_at is not None:
            return None
        state = api_sandbox.state(found, self.at)
        if state in (order.State.PLACED, order.State.PAID):
            return Refusal(Code.NOT_DELIVERED_YET)
        if state is not order.State.DELIVERED or not found.kind.is_secret:
            return Refusal(Code.NOTHING_TO_REFUND)
        return Refusal(Code.CODE_SEEN) if found.seen_at else None
