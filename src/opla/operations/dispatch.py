"""Sends on their way out: by what list each is given to its supplier, whether that one can be asked now, and what the
answers of a batch say of the suppliers themselves.

A send that has begun is none of this module's business: it is asked about where it was sent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from opla.core import dated, routing
from opla.core.attempt import State
from opla.core.ledger import SHELVES
from opla.core.ports import Answer, SendReport
from opla.core.routing import READY, Considered, Standing, Turn
from opla.db.queries import suppliers
from opla.db.queries.attempts import Claimed
from opla.db.queries.cases import SendCase
from opla.db.queries.suppliers import Heard, Waited
from opla.operations import routes
from opla.operations.routes import Routes
from opla.operations.shop import Shop

#: A supplier that says how much lies there is asked again so soon after sends to it.
_FLOAT_SOON_S = 30


@dataclass
class Dispatch:
    """The suppliers' side of one batch of sends."""

    shop: Shop
    at: datetime
    _routes: Routes | None = None
    _sent_as: dict[UUID, str] = field(default_factory=dict)  # in their words, as it was kept
    _waited: dict[UUID, Waited] = field(default_factory=dict)
    _moving: dict[UUID, str] = field(default_factory=dict)  # sends that never began, and who has the order next
    _tries: set[str] = field(default_factory=set)  # whose circuit is open, and was asked for its one send
    _heard: dict[str, Heard] = field(default_factory=dict)
    _waits: set[str] = field(default_factory=set)  # whose float is waited for

    def prepare(self, claimed: Sequence[Claimed], cases: Mapping[UUID, SendCase]) -> None:
        """Load what is known, and keep by what list each is sent and what it is called there, before any may leave."""
        mine = [(one, cases[one.id]) for one in claimed if one.id in cases and one.adapter not in SHELVES]
        known = self._routes = routes.load((case.order.sku for _, case in mine), shop=self.shop, at=self.at)
        if not mine:
            return
        if self.shop.mapped:
            self._sent_as = suppliers.sent_as([one.id for one, _ in mine if one.adapter in self.shop.mapped])
        new = [(one, case) for one, case in mine if one.state is State.CLAIMED and one.id not in self._sent_as]
        fresh = [
            (one.id, known.theirs(one.adapter, case.order.sku), ranked)
            for one, case in new
            if not one.tries and _worth_keeping(ranked := self._ranked(case), mapped=one.adapter in self.shop.mapped)
        ]
        if fresh:
            suppliers.keep_routes(fresh, at=self.at)
            self._sent_as |= {id_: theirs for id_, theirs, _ in fresh}
        held = [case.order.id for one, case in new if not known.state(one.adapter).clean or self._short(one, case)]
        if held:
            self._waited = suppliers.waited(held)

    def held(self, claimed: Claimed, case: SendCase) -> datetime | SendReport | None:
        """When to come back with a send that has not begun; or its end, where another one has the order then, or nobody
        can. None: it may go."""
        if claimed.adapter in SHELVES or claimed.state is not State.CLAIMED:
            return None
        ranked = self._ranked(case, "")
        # Who has been tried with this order before is tried with another one, if somebody else can have it.
        if not (claimed.tries and ranked[0].standing in READY) and self._may_try(claimed.adapter):
            ranked = self._ranked(case, claimed.adapter)
        here = next((one for one in ranked if one.supplier == claimed.adapter), None)
        if here is None:
            return None
        if here.standing in READY and here.sku != self._sent_as.get(claimed.id, ""):
            # It is called otherwise there by now, and nothing of it has left: somebody sends it under the right name.
            self._moving[claimed.id] = routing.following(ranked)
            return _ended(Standing.NOT_APPROVED)
        since, resold = self._since(claimed, case), bool(case.order.reseller)
        match routing.turn(ranked, claimed.adapter, since=since, at=self.at, resold=resold):
            case Turn.GO:
                return None
            case Turn.WAIT:
                if here.standing is Standing.FLOAT_LOW:
                    self._waits.add(claimed.adapter)
                return min(
                    routing.looks_again(here.standing, self.at),
                    since + routing.longest(here.standing, resold=resold),
                )
            case Turn.MOVE:
                self._moving[claimed.id] = routing.following(ranked)
            case Turn.GIVE_UP:
                self._moving[claimed.id] = ""
        return _ended(here.standing)

    def sku(self, claimed: Claimed, case: SendCase) -> str:
        """What is asked for, in the words of whoever is asked."""
        return self._sent_as.get(claimed.id) or case.order.sku

    def after(self, claimed: Claimed, case: SendCase, report: SendReport, at: datetime) -> tuple[str, datetime | None]:
        """Who has the order after this answer, should it be a final refusal, and not before when."""
        if report.answer not in (Answer.DECLINED, Answer.NOT_SENT) or case.paid.gone:
            return "", None  # no refusal; or there is no money left to buy it with
        if (moving := self._moving.get(claimed.id)) is not None:
            return moving, None
        known = self._routes or routes.load([case.order.sku], shop=self.shop, at=at)
        found = next_supplier(claimed.adapter, case, known)
        if found or report.why != routing.OUT_OF_FLOAT or report.reversed:
            return found, None
        # It is for the owner to fill the float, not for the customer to look elsewhere: the same one, a little later.
        waited = suppliers.waited([case.order.id])[case.order.id]
        since = dated.begins(waited.since, case.order.deliver_at)
        again = routing.asks_again(waited.short + 1, since=since, at=at, resold=bool(case.order.reseller))
        return (claimed.adapter, again) if again else ("", None)

    def hear(self, supplier: str, answer: Answer, why: str) -> None:
        """What one send was answered."""
        if supplier in SHELVES:
            return
        heard = self._heard.setdefault(supplier, Heard())
        if answer in (Answer.NOT_SENT, Answer.UNKNOWN):
            heard.bad += 1
        else:
            heard.good, heard.bad = True, 0
        heard.short |= answer is Answer.DECLINED and why == routing.OUT_OF_FLOAT

    def tell(self) -> None:
        """Write down what the batch taught us: mostly nothing."""
        known = self._routes
        if known is None:
            return
        news = {n: h for n, h in self._heard.items() if h.bad or h.short or not known.state(n).clean}
        if news:
            suppliers.heard(news, at=self.at)
        if self._waits:
            suppliers.float_waits(sorted(self._waits), at=self.at)
        soon = self.at - timedelta(seconds=_FLOAT_SOON_S)
        spent = [n for n in self._heard if (told := known.state(n).left_at) is not None and told < soon]
        if spent:
            suppliers.float_soon(sorted(spent), at=self.at, within_s=_FLOAT_SOON_S)

    def _ranked(self, case: SendCase, trying: str | None = None) -> list[Considered]:
        if self._routes is None:
            raise LookupError("nothing was prepared")
        return self._routes.ranked(case.order, refused_by=case.refused_by, in_stock=case.in_stock, trying=trying)

    def _may_try(self, supplier: str) -> bool:
        """Whether one send may go through a circuit whose time is over, and this is the one."""
        state = self._routes.state(supplier) if self._routes else routing.State()
        if state.open_until is None or state.silent(self.at) or supplier in self._tries:
            return False
        self._tries.add(supplier)
        return suppliers.try_open(supplier, at=self.at)

    def _short(self, claimed: Claimed, case: SendCase) -> bool:
        return any(one.supplier == claimed.adapter and one.standing is Standing.FLOAT_LOW for one in self._ranked(case))

    def _since(self, claimed: Claimed, case: SendCase) -> datetime:
        waited = self._waited.get(case.order.id)
        return dated.begins(waited.since if waited else claimed.made_at, case.order.deliver_at)


def next_supplier(refused: str, case: SendCase, known: Routes) -> str:
    """Whom to ask after this supplier has said no for good; empty when nobody is left."""
    if case.paid.gone:
        return ""  # there is no money left to buy it with
    refused_by = {**case.refused_by, refused: ""}
    return routing.following(known.ranked(case.order, refused_by=refused_by, in_stock=case.in_stock))


def _worth_keeping(ranked: Sequence[Considered], *, mapped: bool) -> bool:
    """Whether there was anything to choose, or a name of theirs to keep."""
    others = [one for one in ranked if one.standing is not Standing.OTHER_KIND and one.supplier not in SHELVES]
    return mapped or len(others) > 1


def _ended(standing: Standing) -> SendReport:
    return SendReport(Answer.DECLINED, why=routing.passed(standing))
