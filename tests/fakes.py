"""Stand-ins for the outside, in memory, told beforehand what to answer. Time stands still until a test moves it."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from opla.core.chance import Chance
from opla.core.ports import (
    Answer,
    ChargeReport,
    ChargeRequest,
    Message,
    Pin,
    Promises,
    RefundReport,
    RefundRequest,
    SendReport,
    SendRequest,
)
from opla.core.quote import Terms
from opla.db import keyring
from opla.operations.shop import Shop
from opla.operations.tell import Letter
from opla.operations.work import work_once

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WORKER = UUID(int=1)


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class Provider:
    """A payment provider whose customers do what the test says."""

    promises: Promises = field(default_factory=lambda: Promises(True, True, 10))
    charges: dict[str, ChargeReport] = field(default_factory=dict)
    refunds: dict[str, RefundReport] = field(default_factory=dict)
    refunded_minor: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    on_charge: Callable[[ChargeRequest], ChargeReport] | None = None
    on_refund: Callable[[RefundRequest], RefundReport] | None = None

    def charge(self, request: ChargeRequest) -> ChargeReport:
        if self.on_charge is not None:
            return self.on_charge(request)
        if request.reference not in self.charges:
            self.charges[request.reference] = ChargeReport(
                Answer.PENDING,
                provider_id=f"pay_{len(self.charges) + 1}",
                redirect_url="http://sandbox.test/pay",
                currency=request.amount.currency,
            )
        return self.charges[request.reference]

    def fetch(self, reference: str, provider_id: str) -> ChargeReport | None:
        return self.charges.get(reference)

    def decide(self, answer: Answer, captured_minor: int = 0, why: str = "") -> None:
        """Every session in one state."""
        for reference, before in self.charges.items():
            self.charges[reference] = ChargeReport(
                answer, before.provider_id, before.redirect_url, captured_minor, currency="EUR", why=why
            )

    def refund(self, request: RefundRequest) -> RefundReport:
        if self.on_refund is not None:
            return self.on_refund(request)
        if request.reference not in self.refunds:
            self.refunded_minor[request.provider_id] += request.amount.amount_minor
            self.refunds[request.reference] = RefundReport(Answer.SUCCEEDED, f"re_{len(self.refunds) + 1}")
        return self.refunds[request.reference]

    def fetch_refund(self, reference: str, provider_id: str) -> RefundReport | None:
        return self.refunds.get(reference)


@dataclass
class Supplier:
    """A supplier that counts what it gave. `script` answers instead, one entry per call, before it gives by itself."""

    promises: Promises = field(default_factory=lambda: Promises(True, True, 10))
    given: dict[str, SendReport] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    script: list[Callable[[SendRequest], SendReport]] = field(default_factory=list)
    finds: bool = True

    def send(self, request: SendRequest) -> SendReport:
        self.asked.append(request.reference)
        if self.script:
            return self.script.pop(0)(request)
        return self.give(request)

    def give(self, request: SendRequest) -> SendReport:
        if request.reference not in self.given:
            n = len(self.given) + 1
            pin = Pin(f"0000{n:09d}", f"S{n}") if request.kind == "code" else None
            cost_minor = request.face.amount_minor * 960 // 1000
            self.given[request.reference] = SendReport(Answer.SUCCEEDED, f"sup_{n}", cost_minor, pin)
        return self.given[request.reference]

    def find(self, reference: str) -> SendReport | None:
        return self.given.get(reference) if self.finds else None


@dataclass
class Mailbox:
    sent: list[Message] = field(default_factory=list)

    def tell(self, message: Message) -> Answer:
        self.sent.append(message)
        return Answer.SUCCEEDED


@dataclass
class World:
    """A shop, its outside and its clock."""

    shop: Shop
    clock: Clock = field(default_factory=Clock)
    provider: Provider = field(default_factory=Provider)
    suppliers: dict[str, Supplier] = field(default_factory=lambda: {"sandbox": Supplier()})
    mailbox: Mailbox = field(default_factory=Mailbox)

    @property
    def supplier(self) -> Supplier:
        return self.suppliers["sandbox"]

    def work(self, rounds: int = 1, worker: UUID = WORKER) -> int:
        return sum(
            work_once(worker=worker, shop=self.shop, outside=_Outside(self), compose=compose, clock=self.clock)
            for _ in range(rounds)
        )

    def work_through(self, seconds: int = 120, step_s: int = 1) -> None:
        """Work until this much time has passed."""
        for _ in range(0, seconds, step_s):
            self.work()
            self.clock.tick(step_s)


@dataclass
class _Outside:
    world: World

    def payment(self, name: str) -> Provider:
        return self.world.provider

    def refunds(self, name: str) -> Provider:
        return self.world.provider

    def supplier(self, name: str) -> Supplier:
        return self.world.suppliers[name]

    def tells(self) -> Mailbox:
        return self.world.mailbox


def compose(letter: Letter) -> tuple[str, str]:
    return letter.topic, f"{letter.page.ticket} {letter.link_url} {letter.proof}"


def shop(var: Path, *, seed: int = 7, fee_minor: int = 0, routes: tuple[str, ...] = ("sandbox",)) -> Shop:
    return Shop(
        keyring=keyring.load(var),
        chance=Chance(random.Random(seed)),
        terms=Terms(fee_minor=fee_minor),
        sandbox=True,
        base_url="http://shop.test",
        payment_methods=("sandbox",),
        routes=routes,
        refund_cap_minor=50_000,
        var=var,
    )
