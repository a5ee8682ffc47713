"""The outside of a simulation: a payment provider, suppliers and a mailbox, each with a log of what it truly did.

They promise what real ones promise, and break as real ones break. What they did is asked at the end, apart from what
they said: value given per order, money kept per order.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

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
from opla.proving.faults import Fault, Faults

Boundary = Callable[[str], None]


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


@dataclass
class Session:
    """One payment at the provider."""

    id: str
    reference: str
    amount_minor: int
    currency: str
    status: Answer = Answer.PENDING
    why: str = ""
    captured_minor: int = 0
    refunded_minor: int = 0

    @property
    def kept_minor(self) -> int:
        return self.captured_minor - self.refunded_minor

    def report(self) -> ChargeReport:
        return ChargeReport(
            self.status,
            self.id,
            f"http://provider.test/{self.id}",
            self.captured_minor,
            self.refunded_minor,
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
        self.sessions: dict[str, Session] = {}  # by our reference
        self.refunds: dict[str, RefundReport] = {}
        self.opened: Callable[[Session], None] = lambda _: None
        self.changed: Callable[[Session], None] = lambda _: None
        self._down_until = agenda.now

    def charge(self, request: ChargeRequest) -> ChargeReport:
        self._boundary("send charge")
        if trouble := self._trouble():
            return ChargeReport(trouble)
        new = request.reference not in self.sessions
        if new:
            session = Session(
                f"pay_{len(self.sessions) + 1}",
                request.reference,
                request.amount.amount_minor,
                request.amount.currency,
            )
            self.sessions[request.reference] = session
            self.opened(session)
        return self._said(self.sessions[request.reference])

    def fetch(self, reference: str, provider_id: str) -> ChargeReport | None:  # noqa: ARG002 - ours is enough
        self._boundary("ask charge")
        if trouble := self._trouble():
            return ChargeReport(trouble)
        session = self.sessions.get(reference)
        return None if session is None else self._said(session)

    def _said(self, session: Session) -> ChargeReport:
        report = session.report()
        if self._faults.strikes(Fault.OLD_ANSWER) and report.captured_minor:
            report = ChargeReport(Answer.PENDING, report.provider_id, currency=report.currency)
        if self._faults.strikes(Fault.CONTRADICTS):
            report = ChargeReport(Answer.SUCCEEDED, "pay_of_somebody_else", captured_minor=1, currency="USD")
        self._boundary("answer charge")
        if self._faults.strikes(Fault.TIMEOUT_AFTER_ACTING) or self._faults.strikes(Fault.GARBAGE):
            return ChargeReport(Answer.UNKNOWN)
        return report

    def refund(self, request: RefundRequest) -> RefundReport:
        self._boundary("send refund")
        if trouble := self._trouble():
            return RefundReport(trouble)
        if request.reference not in self.refunds:
            session = next(s for s in self.sessions.values() if s.id == request.provider_id)
            if request.amount.amount_minor > session.kept_minor or self._faults.strikes(Fault.REFUND_REFUSED):
                self.refunds[request.reference] = RefundReport(Answer.DECLINED, why="refused")
            else:
                session.refunded_minor += request.amount.amount_minor
                self.refunds[request.reference] = RefundReport(Answer.SUCCEEDED, f"re_{len(self.refunds) + 1}")
        self._boundary("answer refund")
        if self._faults.strikes(Fault.TIMEOUT_AFTER_ACTING):
            return RefundReport(Answer.UNKNOWN)
        return self.refunds[request.reference]

    def fetch_refund(self, reference: str, provider_id: str) -> RefundReport | None:  # noqa: ARG002
        self._boundary("ask refund")
        return None if self._trouble() else self.refunds.get(reference)

    def _trouble(self) -> Answer | None:
        if self._faults.strikes(Fault.DOWN_FOR_HOURS):
            self._down_until = self._agenda.now + timedelta(hours=self._chance.randrange(1, 6))
        if self._agenda.now < self._down_until or self._faults.strikes(Fault.NEVER_LEFT):
            return Answer.NOT_SENT
        if self._faults.strikes(Fault.TIMEOUT_BEFORE_ACTING):
            return Answer.UNKNOWN
        return None

    # what customers do

    def pay(self, session: Session, amount_minor: int) -> None:
        session.captured_minor += amount_minor
        session.status, session.why = Answer.SUCCEEDED, ""
        self.changed(session)

    def fail(self, session: Session, why: str) -> None:
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
    ) -> None:
        self.name = name
        self.promises = promises
        self._series = series  # so that no two suppliers make the same PIN
        self._faults = faults
        self._chance = chance
        self._agenda = agenda
        self._boundary = boundary
        self.given: dict[str, int] = defaultdict(int)  # by our reference: how often value was truly given
        self.taken_back: dict[str, int] = defaultdict(int)
        self.pins: dict[str, Pin] = {}
        self._answers: dict[str, SendReport] = {}
        self._shown: dict[str, int] = {}
        self._down_until = agenda.now
        self._made = 0

    def send(self, request: SendRequest) -> SendReport:
        self._boundary(f"send {self.name}")
        if self._faults.strikes(Fault.DOWN_FOR_HOURS):
            self._down_until = self._agenda.now + timedelta(hours=self._chance.randrange(1, 6))
        if self._agenda.now < self._down_until or self._faults.strikes(Fault.NEVER_LEFT):
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
        if self._agenda.now < self._down_until or self._faults.strikes(Fault.TIMEOUT_BEFORE_ACTING):
            return SendReport(Answer.UNKNOWN)
        return self._said(reference) if reference in self._answers else None

    def _act(self, request: SendRequest) -> None:
        reference = request.reference
        if reference in self._answers and self.promises.refuses_repeat:
            return  # asked twice meanwhile: the first one counts
        if reference not in self._answers and (
            self._faults.strikes(Fault.DECLINES) or self._faults.strikes(Fault.OUT_OF_FLOAT)
        ):
            self._answers[reference] = SendReport(Answer.DECLINED, why="refused")
            return
        if reference in self._answers and self._answers[reference].answer is Answer.DECLINED:
            return
        self.given[reference] += 1
        self._made += 1
        pin = None
        if request.kind is Kind.CODE:
            pin = Pin(f"{self._series}{self._made:012d}", f"{self.name}-{self._made}")
            if self._faults.strikes(Fault.DUPLICATE_PIN) and self.pins:
                pin = self.pins[next(iter(self.pins))]
            self.pins[reference] = pin
        cost_minor = request.face.amount_minor * 960 // 1000
        self._answers[reference] = SendReport(Answer.SUCCEEDED, f"{self.name}_{reference}", cost_minor, pin)
        self._shown[reference] = 1 if self._faults.strikes(Fault.PENDING_FIRST) else 0
        if request.kind is Kind.DIRECT and self.promises.may_reverse and self._faults.strikes(Fault.REVERSES):
            self._agenda.after(self._chance.randrange(1, 120), lambda: self._reverse(reference))

    def _reverse(self, reference: str) -> None:
        self.taken_back[reference] += 1
        before = self._answers[reference]
        self._answers[reference] = SendReport(Answer.DECLINED, before.supplier_id, before.cost_minor, reversed=True)

    def _said(self, reference: str) -> SendReport:
        if self._shown.get(reference, 0) > 0:
            self._shown[reference] -= 1
            return SendReport(Answer.PENDING, self._answers[reference].supplier_id)
        if self._faults.strikes(Fault.CONTRADICTS):
            return SendReport(Answer.SUCCEEDED, "somebody_else", None)
        return self._answers[reference]


@dataclass
class Mailbox:
    faults: Faults
    boundary: Boundary
    seen: set[str] = field(default_factory=set)

    def tell(self, message: Message) -> Answer:
        self.boundary("send mail")
        if self.faults.strikes(Fault.NEVER_LEFT):
            return Answer.NOT_SENT
        self.seen.add(message.reference)
        return Answer.UNKNOWN if self.faults.strikes(Fault.TIMEOUT_AFTER_ACTING) else Answer.SUCCEEDED
