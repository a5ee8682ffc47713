"""Our own counter in a simulation: people come with a code and notes, or for money of theirs; a clerk sits there.

What is truly in the drawer is counted here, coin by coin, apart from what the database says.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from random import Random
from typing import Final
from uuid import UUID

from django.db.utils import OperationalError

from opla.core.actor import Actor, Role
from opla.core.ledger import CASH
from opla.core.places import Kind, Place
from opla.core.ports import Answer, ChargeReport, ChargeRequest
from opla.core.refusal import Refusal
from opla.counterparts.standins import Taken
from opla.db.models import Place as Row
from opla.db.queries import cash as queries
from opla.db.queries.call import expect, select
from opla.db.queries.cash import Drawers
from opla.operations import cash, places
from opla.operations.drawers import keep_drawer, put_in
from opla.operations.shop import Shop
from opla.payments.cash.provider import OverTheCounter
from opla.proving.baton import Died
from opla.proving.faults import Fault, Faults
from opla.proving.world import Agenda

_CLERK: Final = Actor(Role.SUPPORT, "simulated")
_TILL: Final = "simulated"
_CURRENCY: Final = "EUR"
_CHANGE_MINOR: Final = 100_000
_WHERE: Final = Place(
    "own", "1", Kind.PARTNER, "Shop", street="Rue 1", postcode="1000", city="Bruxelles", hours="24/7"
)  # fmt: skip


class OurCounter(OverTheCounter):
    """The adapter, and everybody before and behind the counter."""

    def __init__(self, drawers: Drawers, faults: Faults, chance: Random, agenda: Agenda) -> None:
        super().__init__(drawers)
        self._faults, self._chance, self._agenda = faults, chance, agenda
        self.requests: deque[Callable[[], None]] = deque()
        self.taken: dict[str, Taken] = {}
        self.given_back: dict[str, int] = {}
        self.coins_minor = 0
        self.opened: Callable[[Taken], None] = lambda _: None
        self.changed: Callable[[Taken], None] = lambda _: None
        self._pressed: set[UUID] = set()  # whose money is counted
        self._asked: set[str] = set()  # refunds that somebody is on the way for

    def open(self, owner: Actor, shop: Shop) -> None:
        at = self._agenda.now
        places.keep(owner, [_WHERE], at=at)
        place_id = Row.objects.get(source="own", ref="1").id
        amount = f"{_CHANGE_MINOR // 100}"
        no = keep_drawer(owner, _TILL, place_id, is_open=True, sandbox=shop.sandbox, at=at)
        if no or put_in(owner, self._key(), _TILL, amount, why="change", at=at):
            raise ValueError(f"the drawer does not open: {no}")
        self.coins_minor = _CHANGE_MINOR

    def charge(self, request: ChargeRequest) -> ChargeReport:
        report = super().charge(request)
        if report.answer is Answer.PENDING and request.reference not in self.taken:
            amount = request.amount
            session = Taken(request.reference, request.reference, amount.amount_minor, amount.currency)
            self.taken[session.id] = session
            self.opened(session)
        return report

    # ── people come ──

    def pay(self, id_: str, amount_minor: int | None = None) -> None:  # noqa: ARG002 - what is due is taken, no more
        """Somebody lays down notes for it; whoever comes twice, or late, is sent away."""
        key = self._key()
        self._press(lambda: self._take(id_, key))
        if self._faults.strikes(Fault.CLERK_PRESSES_TWICE):
            self._press(lambda: self._take(id_, key))

    def fail(self, id_: str, why: str) -> None:
        """They never come."""

    def charge_back(self, id_: str) -> None:
        """Nobody can."""

    def refund_outside(self, id_: str) -> None:
        """There is no outside."""

    def settle(self) -> None:
        """Whoever is owed money comes for it; some want it on an account."""
        rows = select(
            """SELECT c.code, c.attempt FROM item i JOIN attempt a ON a.id = i.attempt_id
               JOIN cash_code c ON c.attempt = a.reference
               WHERE i.kind = 'cash_due' AND i.closed_at IS NULL ORDER BY i.id"""
        )
        for code, reference in rows:
            self._collect(expect(code, str), expect(reference, str))

    def _collect(self, code: str, reference: str) -> None:
        if reference in self._asked:
            return
        self._asked.add(reference)
        key = self._key()
        if self._faults.strikes(Fault.REFUND_REFUSED):
            self._press(lambda: self._by_bank(code))
        else:
            self._press(lambda: self._pay_out(code, reference, key))

    # ── the clerk ──

    def _press(self, act: Callable[[], None]) -> None:
        """Whose page broke presses the button again."""

        def request() -> None:
            try:
                act()
            except (OperationalError, Died):
                self._agenda.after(2, lambda: self._press(act))
                raise

        self.requests.append(request)

    def _take(self, id_: str, key: UUID) -> None:
        session = self.taken[id_]
        [(code,)] = select("SELECT code FROM cash_code WHERE attempt = %s", [session.reference])
        done = cash.take(_CLERK, key, drawer=_TILL, code=expect(code, str), given="", at=self._agenda.now)
        if not isinstance(done, Refusal) and key not in self._pressed:
            self._pressed.add(key)
            self.coins_minor += done.coins.amount_minor
            session.captured_minor += session.amount_minor

    def _pay_out(self, code: str, reference: str, key: UUID) -> None:
        owed = queries.owed_of(code)
        why = "came by"
        done = cash.pay_out(_CLERK, key, drawer=_TILL, code=code, why=why, at=self._agenda.now)
        if isinstance(done, Refusal) or owed is None or key in self._pressed:
            return
        self._pressed.add(key)
        self.coins_minor -= done.amount_minor
        self.given_back[reference] = owed.amount.amount_minor
        rows = select(
            """SELECT c.reference FROM attempt a JOIN refund r ON r.id = a.refund_id
               JOIN attempt c ON c.payment_id = r.payment_id WHERE a.reference = %s""",
            [reference],
        )
        self.taken[expect(rows[0][0], str)].refunded_minor += owed.amount.amount_minor

    def _by_bank(self, code: str) -> None:
        cash.by_bank(_CLERK, code, why="moved away", at=self._agenda.now)

    def _key(self) -> UUID:
        return UUID(int=self._chance.getrandbits(128))

    # ── the judge ──

    def differences(self) -> list[str]:
        """What lies in the drawer against what the books say lies there."""
        [(lines,)] = select("SELECT coalesce(sum(minor), 0)::bigint FROM drawer_line")
        says: Mapping[str, int] = {
            "account": queries.holds(_TILL, _CURRENCY).amount_minor,
            "lines": expect(lines, int),
        }
        return [f"{CASH}: {self.coins_minor} in the drawer, {n} by its {who}" for who, n in says.items()
                if n != self.coins_minor]  # fmt: skip
