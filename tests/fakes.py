"""Stand-ins for the outside, in memory, told beforehand what to answer. Time stands still until a test moves it."""

from __future__ import annotations

import random
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import support  # noqa: F401 - sets Django up, which the imports below need
from opla.core.actor import Actor, Role
from opla.core.chance import Chance
from opla.core.money import Money
from opla.core.ports import (
    Answer,
    ChargeReport,
    ChargeRequest,
    Message,
    Pin,
    Promises,
    Push,
    PushReport,
    RefundReport,
    RefundRequest,
    SendReport,
    SendRequest,
    Sends,
    Webhook,
)
from opla.core.quote import Quote, Terms
from opla.core.refusal import Refusal
from opla.core.webhook import Outcome
from opla.db import keyring
from opla.db.queries.call import select
from opla.operations.letters import Posted
from opla.operations.pay_again import pay_again
from opla.operations.place_orders import Placed, Placement, place_orders
from opla.operations.push import Pushing
from opla.operations.quote_topup import Wanted, quote_topup
from opla.operations.shop import Shop
from opla.operations.tell import Announcing, Letter, Reminding
from opla.operations.wake import wake_payment
from opla.operations.work import work_once

START = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WORKER, ANOTHER_WORKER = UUID(int=1), UUID(int=2)
CUSTOMER = Actor(Role.CUSTOMER, "a browser")
DEVICE, ANOTHER_DEVICE = b"the ordering dev", b"some other phone"
PHONE = "1:yes:no:else::none"  # it shows an EID, and is not locked (core.device_check)
CODE, DIRECT = "PX-15", "MV-15"  # products of the Belgian catalogue: a code, and credit on a number
NUMBER = "0470123456"


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
    refund_fee: Money | None = None  # what it says it keeps for one
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

    def session(self, n: int, answer: Answer, captured_minor: int = 0, why: str = "") -> None:
        """The n-th session alone, counted from 0, in the order they were opened."""
        reference = list(self.charges)[n]
        before = self.charges[reference]
        self.charges[reference] = ChargeReport(
            answer, before.provider_id, before.redirect_url, captured_minor, currency="EUR", why=why
        )

    def refund(self, request: RefundRequest) -> RefundReport:
        if self.on_refund is not None:
            return self.on_refund(request)
        if request.reference not in self.refunds:
            self.refunded_minor[request.provider_id] += request.amount.amount_minor
            refund_id = f"re_{len(self.refunds) + 1}"
            self.refunds[request.reference] = RefundReport(Answer.SUCCEEDED, refund_id, fee=self.refund_fee)
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
    gave: int = 0
    prefix: str = "0000"  # of its PINs
    counting: threading.Lock = field(default_factory=threading.Lock)

    def send(self, request: SendRequest) -> SendReport:
        self.asked.append(request.reference)
        if self.script:
            return self.script.pop(0)(request)
        return self.give(request)

    def give(self, request: SendRequest) -> SendReport:
        """Value, once per reference where repeats are refused; at any other supplier once per call."""
        with self.counting:
            if request.reference not in self.given or not self.promises.refuses_repeat:
                self.gave += 1
                pin = Pin(f"{self.prefix}{self.gave:09d}", f"S{self.gave}") if request.kind == "code" else None
                cost_minor = request.face.amount_minor * 960 // 1000
                self.given[request.reference] = SendReport(Answer.SUCCEEDED, f"sup_{self.gave}", cost_minor, pin)
            return self.given[request.reference]

    def refuses(self, _request: SendRequest) -> SendReport:
        return SendReport(Answer.DECLINED, why="declined")

    def is_silent(self, _request: SendRequest) -> SendReport:
        """No answer, and nothing was given."""
        return SendReport(Answer.UNKNOWN, why="timeout")

    def gives_silently(self, request: SendRequest) -> SendReport:
        """Value was given, and the answer was lost."""
        self.give(request)
        return SendReport(Answer.UNKNOWN, why="timeout")

    def is_unreachable(self, _request: SendRequest) -> SendReport:
        return SendReport(Answer.NOT_SENT, why="refused_connection")

    def accepts(self, _request: SendRequest) -> SendReport:
        """They have it, and have not decided."""
        return SendReport(Answer.PENDING)

    def find(self, reference: str) -> SendReport | None:
        return self.given.get(reference) if self.finds else None


@dataclass
class Mailbox:
    sent: list[Message] = field(default_factory=list)

    def tell(self, message: Message) -> Answer:
        self.sent.append(message)
        return Answer.SUCCEEDED


@dataclass
class PushService:
    pushed: list[Push] = field(default_factory=list)
    reports: list[PushReport] = field(default_factory=list)  # instead, one per call

    def push(self, push: Push) -> PushReport:
        self.pushed.append(push)
        return self.reports.pop(0) if self.reports else PushReport(Answer.SUCCEEDED)


@dataclass
class Receiver:
    """Resellers' programs: they take everything, unless told otherwise, one answer per post."""

    posted: list[Webhook] = field(default_factory=list)
    answers: list[Outcome] = field(default_factory=list)
    on_post: Callable[[Webhook], Outcome] | None = None  # instead of both

    def post(self, webhook: Webhook) -> Outcome:
        self.posted.append(webhook)
        if self.on_post is not None:
            return self.on_post(webhook)
        return self.answers.pop(0) if self.answers else Outcome(200)


@dataclass
class World:
    """A shop, its outside and its clock."""

    shop: Shop
    clock: Clock = field(default_factory=Clock)
    provider: Provider = field(default_factory=Provider)
    supplier: Supplier = field(default_factory=Supplier)
    others: dict[str, Sends] = field(default_factory=dict)
    mailbox: Mailbox = field(default_factory=Mailbox)
    push_service: PushService = field(default_factory=PushService)
    receiver: Receiver = field(default_factory=Receiver)

    # ── a customer ──

    def quote(
        self, sku: str = CODE, *, number: str = "", language: str = "en", device: bytes = DEVICE, amount: str = ""
    ) -> Quote:
        wanted = Wanted("", amount, "ana@example.org", language, sku=sku, number=number, device=PHONE)
        found = quote_topup(CUSTOMER, wanted, device=device, shop=self.shop, at=self.clock())
        assert isinstance(found, Quote), found
        return found

    def place(self, *quotes: Quote, device: bytes = DEVICE, together: bool = False) -> list[Placed | Refusal]:
        placements = [Placement(q.id, q.price.total.amount_minor, "sandbox") for q in quotes]
        return place_orders(CUSTOMER, placements, device=device, shop=self.shop, at=self.clock(), together=together)

    def order(self, sku: str = CODE, *, language: str = "en", quote: Quote | None = None) -> UUID:
        """An order that waits to be paid."""
        [placed] = self.place(quote or self.quote(sku, number=NUMBER if sku == DIRECT else "", language=language))
        assert isinstance(placed, Placed), placed
        return placed.order_id

    def paid(
        self, sku: str = CODE, *, captured_minor: int = 1500, language: str = "en", quote: Quote | None = None
    ) -> UUID:
        """An order whose customer has paid, and whose delivery nobody has worked on yet; of `quote`, if any."""
        order_id = self.order(sku, language=language, quote=quote)
        self.work()
        [(reference,)] = select(
            "SELECT a.reference FROM allocation l JOIN attempt a USING (payment_id) WHERE l.order_id = %s", [order_id]
        )
        self.provider.session(list(self.provider.charges).index(str(reference)), Answer.SUCCEEDED, captured_minor)
        self.wake()
        self.work()
        assert self.state(order_id) == "paid"
        return order_id

    def pay_again(self, order_id: UUID) -> Refusal | None:
        return pay_again(CUSTOMER, order_id, shop=self.shop, method="sandbox", at=self.clock())

    # ── what became of it ──

    def state(self, order_id: UUID) -> str:
        [(state,)] = select("SELECT state FROM orders WHERE id = %s", [order_id])
        return str(state)

    def refunds(self) -> list[tuple[object, ...]]:
        """(reason, amount, state) of every refund, oldest first."""
        return select("SELECT reason, amount_minor, state FROM refund ORDER BY made_at, reason")

    def items(self) -> list[str]:
        """Kinds of the open items, in the order they were opened."""
        return [str(kind) for (kind,) in select("SELECT kind FROM item WHERE closed_at IS NULL ORDER BY id")]

    def events(self, order_id: UUID) -> list[str]:
        """What happened to an order, without the messages about it."""
        rows = select("SELECT name FROM event WHERE subject_id = %s AND name <> 'told' ORDER BY id", [order_id])
        return [str(name) for (name,) in rows]

    def balance(self, code: str) -> int:
        """Debits minus credits, posted, in minor units."""
        rows = select("SELECT (debits_posted - credits_posted)::bigint FROM account WHERE code = %s", [code])
        return int(str(rows[0][0])) if rows else 0

    # ── workers ──

    def wake(self) -> None:
        """What a webhook would do for every session."""
        wake_payment("sandbox", list(self.provider.charges), at=self.clock())

    def work(self, rounds: int = 1, worker: UUID = WORKER) -> int:
        return sum(
            work_once(
                worker=worker,
                shop=self.shop,
                outside=Playing(self),
                compose=compose,
                clock=self.clock,
                width=50,
                words=pushing,
            )
            for _ in range(rounds)
        )

    def work_through(self, seconds: int = 120, step_s: int = 1) -> None:
        """Work until this much time has passed."""
        for _ in range(0, seconds, step_s):
            self.work()
            self.clock.tick(step_s)


@dataclass
class Playing:
    """`operations.outside.Outside`, played by the test."""

    world: World

    def payment(self, name: str) -> Provider:
        return self.world.provider

    def refunds(self, name: str) -> Provider:
        return self.world.provider

    def supplier(self, name: str) -> Sends:
        return self.world.supplier if name == "sandbox" else self.world.others[name]

    def tells(self) -> Mailbox:
        return self.world.mailbox

    def pushes(self) -> PushService:
        return self.world.push_service

    def webhooks(self) -> Receiver:
        return self.world.receiver


def pushing(about: Pushing) -> tuple[str, str]:
    return "something changed", about.ticket or "a line"


def compose(letter: Letter | Reminding | Announcing | Posted) -> tuple[str, str]:
    if isinstance(letter, Posted):
        return letter.topic, " ".join(letter.about.values())
    if not isinstance(letter, Letter):
        return letter.topic, letter.link_url
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
