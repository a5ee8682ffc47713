"""The outside of a simulation: a payment provider, suppliers and a mailbox, each with a log of what it truly did.

They promise what real ones promise, and break as real ones break. What they did is asked at the end, apart from what
they said: value given per order, money kept per order.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random

from opla.core.money import Money
from opla.core.ports import (
    Answer,
    ChargeReport,
    ChargeRequest,
    Kind,
    Message,
    Pin,
    Promises,
    RefundReport,
    RefundRequest,
    SendReport,
    SendRequest,
)
from opla.counterparts.standins import Taken
from opla.proving.faults import Fault, Faults

Boundary = Callable[[str], None]

_CAPTURE_FEE_MINOR, _REFUND_FEE_MINOR, _CHARGE_BACK_FEE_MINOR = 25, 10, 1500


@dataclass
class Agenda:
    """What happens by itself, and when."""

    now: datetime
    _heap: list[tuple[datetime, int, Callable[[], None]]] = field(default_factory=list)
    _n: int = 0

    def after(self, seconds: float, act: Callable[[], None]) -> None:
        self._n += 1
        heapq.heappush(self._heap, (self.now + timedelta(seconds=seconds), self._n, act))

    def due(self) -> list[Callable[[], None]]:
        acts = []
        while self._heap and self._heap[0][0] <= self.now:
            acts.append(heapq.heappop(self._heap)[2])
        return acts

    @property
    def next_at(self) -> datetime | None:
        return self._heap[0][0] if self._heap else None


class Service:
    """Whether a party answers at all. It goes down for hours, once in a day at most."""

    def __init__(self, faults: Faults, chance: Random, agenda: Agenda) -> None:
        self._faults, self._chance, self._agenda = faults, chance, agenda
        self._until = self._not_before = agenda.now

    @property
    def is_down(self) -> bool:
        return self._agenda.now < self._until

    def refuses(self) -> bool:
        """Nothing of this call left us."""
        if self._agenda.now >= self._not_before and self._faults.strikes(Fault.DOWN_FOR_HOURS):
            self._until = self._agenda.now + timedelta(hours=self._chance.randrange(1, 6))
            self._not_before = self._agenda.now + timedelta(days=1)
        return self.is_down or self._faults.strikes(Fault.NEVER_LEFT)


@dataclass
class Session(Taken):
    """One payment at the provider."""

    status: Answer = Answer.PENDING

    def report(self) -> ChargeReport:
        return ChargeReport(
            self.status,
            self.id,
            f"http://provider.test/{self.id}",
            self.captured_minor,
            self.refunded_minor,
            self.charged_back_minor,
            currency=self.currency,
            why=self.why,
        )


class Provider:
    """Idempotent by our reference, found by it, cumulative in what it says."""

    promises = Promises(refuses_repeat=True, find_by_reference=True, max_seconds=10)

    def __init__(self, faults: Faults, chance: Random, agenda: Agenda, boundary: Boundary) -> None:
        self._faults = faults
        self._chance = chance
        self._agenda = agenda
        self._boundary = boundary
        self.service = Service(faults, chance, agenda)
        self._sessions: dict[str, Session] = {}  # by our reference
        self.taken: dict[str, Session] = {}
        self.refunds: dict[str, RefundReport] = {}
        self._refunds_shown: dict[str, int] = {}  # how often it is still called pending
        self.given_back: dict[str, int] = {}
        self.opened: Callable[[Taken], None] = lambda _: None
        self.changed: Callable[[Taken], None] = lambda _: None

    def charge(self, request: ChargeRequest) -> ChargeReport:
        self._boundary("send charge")
        if trouble := self._trouble():
            return ChargeReport(trouble)
        new = request.reference not in self._sessions
        if new:
            session = Session(
                f"pay_{len(self._sessions) + 1}",
                request.reference,
                request.amount.amount_minor,
                request.amount.currency,
            )
            self._sessions[request.reference] = self.taken[session.id] = session
            self.opened(session)
        return self._said(self._sessions[request.reference])

    def fetch(self, reference: str, provider_id: str) -> ChargeReport | None:  # noqa: ARG002 - ours is enough
        self._boundary("ask charge")
        if trouble := self._trouble():
            return ChargeReport(trouble)
        session = self._sessions.get(reference)
        return None if session is None else self._said(session)

    def _said(self, session: Session) -> ChargeReport:
        report = replace(session.report(), fee=self._fee(session.fee_minor, session.currency))
        if self._faults.strikes(Fault.OLD_ANSWER) and report.captured_minor:
            report = ChargeReport(Answer.PENDING, report.provider_id, currency=report.currency)
        if self._faults.strikes(Fault.CONTRADICTS):
            report = self._nonsense(session)
        self._boundary("answer charge")
        if self._faults.strikes(Fault.TIMEOUT_AFTER_ACTING) or self._faults.strikes(Fault.GARBAGE):
            return ChargeReport(Answer.UNKNOWN)
        return report

    def _fee(self, fee_minor: int, currency: str) -> Money | None:
        """What it says it keeps, where it says so already."""
        later, changed = self._faults.strikes(Fault.FEE_LATER), self._faults.strikes(Fault.FEE_CHANGES)
        return None if later else Money(fee_minor + 7 * changed, currency)

    def _nonsense(self, session: Session) -> ChargeReport:
        """What cannot be true of this payment: another's, in another currency, or a success of nothing."""
        return (
            ChargeReport(Answer.SUCCEEDED, "pay_of_somebody_else", captured_minor=1, currency="USD"),
            ChargeReport(Answer.SUCCEEDED, session.id, captured_minor=session.amount_minor, currency="USD"),
            ChargeReport(Answer.SUCCEEDED, session.id, captured_minor=0, currency=session.currency),
        )[self._chance.randrange(3)]

    def refund(self, request: RefundRequest) -> RefundReport:
        self._boundary("send refund")
        if trouble := self._trouble():
            return RefundReport(trouble)
        if request.reference not in self.refunds:
            session = self.taken[request.provider_id]
            if request.amount.amount_minor > session.kept_minor or self._faults.strikes(Fault.REFUND_REFUSED):
                self.refunds[request.reference] = RefundReport(Answer.DECLINED, why="refused")
            else:
                session.refunded_minor += request.amount.amount_minor
                self.given_back[request.reference] = request.amount.amount_minor
                self.refunds[request.reference] = RefundReport(
                    Answer.SUCCEEDED, f"re_{len(self.refunds) + 1}", fee=Money(_REFUND_FEE_MINOR, session.currency)
                )
            self._refunds_shown[request.reference] = 2 if self._faults.strikes(Fault.PENDING_FIRST) else 0
        self._boundary("answer refund")
        if self._faults.strikes(Fault.TIMEOUT_AFTER_ACTING):
            return RefundReport(Answer.UNKNOWN)
        return self._said_of_refund(request.reference)

    def fetch_refund(self, reference: str, provider_id: str) -> RefundReport | None:  # noqa: ARG002
        self._boundary("ask refund")
        return self._said_of_refund(reference) if reference in self.refunds and not self._trouble() else None

    def _said_of_refund(self, reference: str) -> RefundReport:
        if self._refunds_shown[reference] > 0:
            self._refunds_shown[reference] -= 1
            return RefundReport(Answer.PENDING)
        return self.refunds[reference]

    def _trouble(self) -> Answer | None:
        if self.service.refuses():
            return Answer.NOT_SENT
        if self._faults.strikes(Fault.TIMEOUT_BEFORE_ACTING):
            return Answer.UNKNOWN
        return None

    # what customers (and whoever sits at the dashboard) do

    def charge_back(self, id_: str) -> None:
        """All that is still kept of it."""
        session = self.taken[id_]
        if session.kept_minor > 0:
            session.charged_back_minor += session.kept_minor
            session.fee_minor += _CHARGE_BACK_FEE_MINOR
            self.changed(session)

    def refund_outside(self, id_: str) -> None:
        session = self.taken[id_]
        if session.kept_minor > 0:
            session.outside_minor += session.kept_minor
            session.refunded_minor += session.kept_minor
            self.changed(session)

    def pay(self, id_: str, amount_minor: int | None = None) -> None:
        session = self.taken[id_]
        amount_minor = session.amount_minor if amount_minor is None else amount_minor
        session.captured_minor += amount_minor
        session.fee_minor += _CAPTURE_FEE_MINOR + amount_minor * 12 // 1000
        session.status, session.why = Answer.SUCCEEDED, ""
        self.changed(session)

    def settle(self) -> None:
        """Its refunds arrive when they have been asked about often enough."""

    def fail(self, id_: str, why: str) -> None:
        session = self.taken[id_]
        if session.status is Answer.PENDING:
            session.status, session.why = Answer.DECLINED, why
            self.changed(session)


class Supplier:
    """Gives value once per reference if it promises so, and once per request if it does not."""

    def __init__(
        self,
        name: str,
        series: int,
        promises: Promises,
        faults: Faults,
        chance: Random,
        agenda: Agenda,
        boundary: Boundary,
        takes: str = "",
    ) -> None:
        self.name = name
        self._takes = takes  # the currency of its costs; empty: that of what is asked for
        self.promises = promises
        self._series = series  # so that no two suppliers make the same PIN
        self._faults = faults
        self._chance = chance
        self._agenda = agenda
        self._boundary = boundary
        self.given: dict[str, int] = defaultdict(int)  # by our reference: how often value was truly given
        self.taken_back: dict[str, int] = defaultdict(int)
        self.pins: dict[str, str] = {}
        self._answers: dict[str, SendReport] = {}
        self._shown: dict[str, int] = {}
        self.service = Service(faults, chance, agenda)
        self._made = 0

    def send(self, request: SendRequest) -> SendReport:
        self._boundary(f"send {self.name}")
        if self.service.refuses():
            return SendReport(Answer.NOT_SENT)
        if self._faults.strikes(Fault.TIMEOUT_BEFORE_ACTING):
            return SendReport(Answer.UNKNOWN)
        known = request.reference in self._answers
        if self._faults.strikes(Fault.ACTS_LATE) and not known:
            # They have it, they are asleep, and they will act: not found for a while, then found.
            self._agenda.after(self._chance.randrange(5, 600), lambda: self._act(request))
            return SendReport(Answer.UNKNOWN)
        if not known or not self.promises.refuses_repeat:
            self._act(request)
        self._boundary(f"answer {self.name}")
        if self._faults.strikes(Fault.TIMEOUT_AFTER_ACTING) or self._faults.strikes(Fault.GARBAGE):
            return SendReport(Answer.UNKNOWN)
        return self._said(request.reference)

    def find(self, reference: str) -> SendReport | None:
        self._boundary(f"ask {self.name}")
        if self.service.is_down or self._faults.strikes(Fault.TIMEOUT_BEFORE_ACTING):
            return SendReport(Answer.UNKNOWN)
        return self._said(reference) if reference in self._answers else None

    def _act(self, request: SendRequest) -> None:
        reference = request.reference
        if reference in self._answers and self.promises.refuses_repeat:
            return  # asked twice meanwhile: the first one counts
        if reference not in self._answers and (why := self._refusal(request)):
            self._answers[reference] = SendReport(Answer.DECLINED, why=why)
            return
        if reference in self._answers and self._answers[reference].answer is Answer.DECLINED:
            return
        self.given[reference] += 1
        self._made += 1
        pin = None
        if request.kind is Kind.CODE:
            pin = Pin(f"{self._series}{self._made:012d}", f"{self.name}-{self._made}")
            if self._faults.strikes(Fault.DUPLICATE_PIN) and self.pins:
                pin = Pin(next(iter(self.pins.values())), pin.serial)
            self.pins[reference] = pin.secret
        cost_minor = self._takes_of_us(request)
        supplier_id = f"{self.name}_{reference}"
        self._answers[reference] = SendReport(Answer.SUCCEEDED, supplier_id, cost_minor, pin, currency=self._takes)
        self._shown[reference] = 1 if self._faults.strikes(Fault.PENDING_FIRST) else 0
        if request.kind is Kind.DIRECT and self.promises.may_reverse and self._faults.strikes(Fault.REVERSES):
            self._agenda.after(self._chance.randrange(1, 120), lambda: self._reverse(reference))

    def _takes_of_us(self, request: SendRequest) -> int:
        return request.face.amount_minor * (1037 if self._takes else 960) // 1000

    def _refusal(self, request: SendRequest) -> str:  # noqa: ARG002 - others look at it
        """Why nothing is given, as a supplier says it; empty when it is."""
        for fault, why in (
            (Fault.DECLINES, "refused"),
            (Fault.OUT_OF_FLOAT, "insufficient_float"),
            (Fault.OUT_OF_STOCK, "out_of_stock"),
        ):
            if self._faults.strikes(fault):
                return why
        return ""

    def _reverse(self, reference: str) -> None:
        self.taken_back[reference] += 1
        before = self._answers[reference]
        self._answers[reference] = SendReport(Answer.DECLINED, before.supplier_id, before.cost_minor, reversed=True)

    def _said(self, reference: str) -> SendReport:
        if self._shown.get(reference, 0) > 0:
            self._shown[reference] -= 1
            return SendReport(Answer.PENDING, self._answers[reference].supplier_id)
        truth = self._answers[reference]
        if self._faults.strikes(Fault.OLD_ANSWER):
            return SendReport(Answer.PENDING, truth.supplier_id)
        if self._faults.strikes(Fault.CONTRADICTS):
            # A cost that is missing or in no currency, or a success after a reversal or a refusal.
            cost_minor = truth.cost_minor if self._chance.random() < 0.5 else None
            supplier_id = truth.supplier_id or "somebody_else"
            return SendReport(Answer.SUCCEEDED, supplier_id, cost_minor, truth.pin, currency="XXX")
        return truth


@dataclass
class Mailbox:
    faults: Faults
    boundary: Boundary
    seen: set[str] = field(default_factory=set)
    came: Callable[[Message], None] = lambda _: None

    def tell(self, message: Message) -> Answer:
        self.boundary("send mail")
        if self.faults.strikes(Fault.NEVER_LEFT):
            return Answer.NOT_SENT
        self.seen.add(message.reference)
        self.came(message)
        return Answer.UNKNOWN if self.faults.strikes(Fault.TIMEOUT_AFTER_ACTING) else Answer.SUCCEEDED
