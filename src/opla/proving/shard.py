"""One shard of a simulation: one database, one seed, one clock, and everything that happens in it.

The driver moves the clock from one thing that is due to the next; workers and web requests take turns by the baton
until nobody has anything to do at that moment; then the clock moves again.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

from django.db import connections
from django.db.utils import OperationalError

from opla.core.actor import Actor, Role
from opla.core.chance import Chance
from opla.core.ports import Charges, Promises, Refunds, Sends, Tells
from opla.core.quote import Quote, Terms
from opla.core.refusal import Refusal
from opla.db import keyring
from opla.db.queries import call
from opla.db.queries.codes import Stock
from opla.operations.catalogue import at_version, seed
from opla.operations.pay_again import pay_again
from opla.operations.place_orders import Placed, Placement, place_orders
from opla.operations.quote_topup import Wanted, quote_topups
from opla.operations.reveal_code import reveal
from opla.operations.shop import Shop
from opla.operations.stock_codes import stock_codes
from opla.operations.tell import Letter
from opla.operations.wake import wake_payment
from opla.operations.work import work_once
from opla.proving.baton import Baton, Died, Task
from opla.proving.faults import Fault, Faults
from opla.proving.verdict import Verdict, judge
from opla.proving.world import Agenda, Mailbox, Provider, Session, Supplier
from opla.suppliers.code_stock.provider import OwnStock

#: An hour before the clocks of Belgium go back, six days before a month ends.
START = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)
_CUSTOMER = Actor(Role.CUSTOMER, "simulated")
_OWNER = Actor(Role.OWNER, "simulated")
_WORKERS = 2
_BATCH = 100
_IN_FLIGHT = 1_500
_DRAIN = timedelta(hours=30)
_SWITCH_PER_MILLION = 60_000

#: Every promise there is: sold by suppliers that keep it, and by one that keeps none.
_SUPPLIERS = {
    "steady": Promises(refuses_repeat=True, find_by_reference=True, max_seconds=10, may_reverse=True),
    "findable": Promises(refuses_repeat=False, find_by_reference=True, max_seconds=10, may_reverse=True),
    "blind": Promises(refuses_repeat=False, find_by_reference=False, max_seconds=10),
}
_WISHES = (
    ("proximus", "15", ""),
    ("base", "10", ""),
    ("orange", "20", ""),
    ("lycamobile", "10", ""),
    ("base", "5", "0486123456"),
    ("mobile-vikings", "15", "0470123456"),
)


@dataclass(frozen=True)
class Plan:
    """What to simulate. `plant` breaks the engine on purpose, to see that it is found."""

    orders: int
    seed: int
    shard: int
    faults: frozenset[Fault]
    plant: Callable[[], None] | None = None


@dataclass
class Outcome:
    """What one shard found."""

    shard: int
    orders: int
    faults: Counter[Fault]
    verdict: Verdict
    trace_hash: str


@dataclass
class _Basket:
    """One customer's screen: quotes shown on a device, and whether they became orders."""

    device: bytes
    wishes: list[Wanted]
    quotes: list[Quote] = field(default_factory=list)
    placed: list[Placed] = field(default_factory=list)


class Simulation:
    def __init__(self, plan: Plan, var: Path) -> None:
        self.plan = plan
        chance = Random(f"{plan.seed}/{plan.shard}")  # noqa: S311 - a repeatable one is the point
        self._chance = Random(chance.random())  # noqa: S311
        self._trace = hashlib.sha256()
        self.agenda = Agenda(START)
        self.faults = Faults(Random(chance.random()), plan.faults)  # noqa: S311
        self.baton = Baton(Random(chance.random()))  # noqa: S311
        worlds = Random(chance.random())  # noqa: S311
        self.provider = Provider(self.faults, worlds, self.agenda, self.boundary)
        self.suppliers = {
            name: Supplier(name, n + 1, promises, self.faults, worlds, self.agenda, self.boundary)
            for n, (name, promises) in enumerate(_SUPPLIERS.items())
        }
        self.mailbox = Mailbox(self.faults, self.boundary)
        names = list(_SUPPLIERS)
        turn = plan.shard % len(names)  # each supplier is the first one asked in some shard
        self.shop = Shop(
            keyring=keyring.load(var),
            chance=Chance(Random(chance.random())),  # noqa: S311
            terms=Terms(fee_minor=35),
            sandbox=True,
            base_url="http://shop.test",
            payment_methods=("simulated",),
            routes=("code_stock", *names[turn:], *names[:turn]),
            refund_cap_minor=10**12,
            var=var,
        )
        self.own_stock = OwnStock(Stock(lambda: self.agenda.now.date()))  # noqa: PLW0108 - the agenda's time moves
        self.provider.opened = self._customer_decides
        self.provider.changed = self._webhook
        self._hooks: list[str] = []
        self._lost_baskets: list[_Basket] = []
        self._wanted = plan.orders
        self._workers = 0
        self.revealed_to_stranger = 0
        self.wrong_code = 0

    # ── the outside, as operations see it ──

    def payment(self, name: str) -> Charges:  # noqa: ARG002 - there is one
        return self.provider

    def refunds(self, name: str) -> Refunds:  # noqa: ARG002
        return self.provider

    def supplier(self, name: str) -> Sends:
        return self.own_stock if name == "code_stock" else self.suppliers[name]

    def tells(self) -> Tells:
        return self.mailbox

    # ── boundaries ──

    def now(self) -> datetime:
        return self.agenda.now

    def note(self, *what: object) -> None:
        self._trace.update("|".join(map(str, (self.agenda.now.isoformat(), *what))).encode() + b"\n")

    def boundary(self, label: str) -> None:
        """A send or an answer: the process may die here, oversleep, or let others go on."""
        task = self.baton.current
        if task is None:
            return
        died = Fault.DIES_BEFORE_SEND if label.startswith("send") else Fault.DIES_AFTER_SEND
        if not label.startswith("ask") and self.faults.strikes(died):
            self.note(task.name, label, "dies")
            raise Died
        self._may_sleep(task, label)
        self._may_switch(task, label)

    def before(self, function: str) -> None:
        task = self.baton.current
        if task is None:
            return
        if self.faults.strikes(Fault.DIES_BEFORE_COMMIT):
            self.note(task.name, function, "dies before")
            raise Died
        if self.faults.strikes(Fault.CONNECTION_BREAKS_BEFORE):
            raise OperationalError("the connection broke before the commit")
        self._may_sleep(task, function)

    def after(self, function: str) -> None:
        task = self.baton.current
        if task is None:
            return
        self.note(task.name, function)
        if self.faults.strikes(Fault.DIES_AFTER_COMMIT):
            self.note(task.name, function, "dies after")
            raise Died
        if self.faults.strikes(Fault.CONNECTION_BREAKS_AFTER):
            raise OperationalError("the connection broke after the commit")
        self._may_switch(task, function)

    def _may_sleep(self, task: Task, label: str) -> None:
        if self.faults.strikes(Fault.SLEEPS_PAST_LEASE):
            self.note(task.name, label, "sleeps")
            task.wakes_at = self.agenda.now + timedelta(seconds=self._chance.randrange(5, 200))
            task.pause()

    def _may_switch(self, task: Task, label: str) -> None:
        if self._chance.randrange(1_000_000) < _SWITCH_PER_MILLION:
            self.note(task.name, label, "yields")
            task.pause()

    # ── customers ──

    def _arrivals(self) -> None:
        in_flight = sum(1 for s in self.provider.sessions.values() if s.captured_minor == 0 and s.why == "")
        while self._wanted > 0 and in_flight < _IN_FLIGHT:
            size = min(_BATCH, self._wanted)
            self._wanted -= size
            in_flight += size
            wishes = []
            for _ in range(size):
                operator, amount, number = _WISHES[self._chance.randrange(len(_WISHES))]
                if number:
                    number = number[:4] + f"{self._chance.randrange(1_000_000):06d}"
                wishes.append(Wanted(operator, amount, "someone@example.org", "en", number=number))
            basket = _Basket(self._chance.getrandbits(128).to_bytes(16, "big"), wishes)
            self._visit(basket)
            if self.faults.strikes(Fault.PLACES_TWICE):
                self.agenda.after(1, lambda basket=basket: self._visit(basket))  # type: ignore[misc]

    def _visit(self, basket: _Basket) -> None:
        """A web request that quotes and places. A customer whose page broke presses the button again."""

        def request() -> None:
            try:
                if not basket.quotes:
                    found = quote_topups(_CUSTOMER, basket.wishes, device=basket.device, shop=self.shop, at=self.now())
                    quotes = [quote for quote in found if isinstance(quote, Quote)]
                    if len(quotes) != len(basket.wishes):
                        raise AssertionError(f"a wish was refused: {found}")
                    basket.quotes = quotes
                placements = [Placement(q.id, q.price.total.amount_minor, "simulated") for q in basket.quotes]
                placed = place_orders(_CUSTOMER, placements, device=basket.device, shop=self.shop, at=self.now())
                basket.placed = [answer for answer in placed if isinstance(answer, Placed)]
                if len(basket.placed) != len(placed):
                    refused = [answer for answer in placed if isinstance(answer, Refusal)]
                    raise AssertionError(f"a quote was refused: {refused[0]}")
            except (OperationalError, Died) as broke:
                if isinstance(broke, OperationalError):
                    call.reconnect()
                self._lost_baskets.append(basket)
                if isinstance(broke, Died):
                    raise

        self.baton.add("web", request)

    def _customer_decides(self, session: Session) -> None:
        chance, after, strikes = self._chance, self.agenda.after, self.faults.strikes
        pay, amount = self.provider.pay, session.amount_minor
        if strikes(Fault.REFUSED):
            after(chance.randrange(2, 60), lambda: self.provider.fail(session, "refused"))
            if strikes(Fault.PAYS_AGAIN):
                after(chance.randrange(61, 300), lambda: self._pay_again(session))
        elif strikes(Fault.ABANDONS):
            after(900, lambda: self.provider.fail(session, "expired"))
        elif strikes(Fault.PAYS_LATE):
            after(900, lambda: self.provider.fail(session, "expired"))
            after(chance.randrange(901, 7_000), lambda: pay(session, amount))
        elif strikes(Fault.PAYS_TWICE):
            after(chance.randrange(2, 60), lambda: pay(session, amount))
            after(chance.randrange(2, 600), lambda: pay(session, amount))
        elif strikes(Fault.PAYS_WRONG_AMOUNT):
            wrong = amount + (-1, 1, 500, -300)[chance.randrange(4)]
            after(chance.randrange(2, 60), lambda: pay(session, wrong))
        else:
            after(chance.randrange(1, 30), lambda: pay(session, amount))

    def _pay_again(self, session: Session) -> None:
        rows = call.select(
            """SELECT l.order_id FROM attempt a JOIN allocation l ON l.payment_id = a.payment_id
               WHERE a.reference = %s""",
            [session.reference],
        )

        def request() -> None:
            for (order_id,) in rows:
                pay_again(_CUSTOMER, call.expect(order_id, UUID), shop=self.shop, method="simulated", at=self.now())

        self.baton.add("web again", self._forgiving(request))

    def _webhook(self, session: Session) -> None:
        if self.faults.strikes(Fault.WEBHOOK_LOST):
            return
        names = [session.id]
        if self.faults.strikes(Fault.WEBHOOK_REPEATED):
            names *= 3
        if self.faults.strikes(Fault.WEBHOOK_FORGED):
            names.append(f"pay_{self._chance.randrange(10**6)}")
        self._hooks += names

    def _answer_hooks(self) -> None:
        if self._hooks:
            names, self._hooks = self._hooks, []
            self.baton.add("hook", self._forgiving(lambda: wake_payment("simulated", names, at=self.now())))

    def _forgiving(self, act: Callable[[], object]) -> Callable[[], None]:
        """A request whose failure its sender shrugs off."""

        def request() -> None:
            try:
                act()
            except OperationalError:
                call.reconnect()

        return request

    def _look_at_codes(self) -> None:
        """Some owners look at their code, and some strangers try to."""
        rows = call.select(
            """SELECT o.id, a.reference, a.adapter FROM orders o JOIN delivery d ON d.order_id = o.id
               JOIN attempt a ON a.id = d.attempt_id
               WHERE o.state = 'delivered' AND o.kind = 'code' ORDER BY o.id LIMIT 500"""
        )
        for order_id, reference, adapter in rows:
            if not self.faults.strikes(Fault.STRANGER_LOOKS):
                continue
            known = call.expect(order_id, UUID)
            stranger = self._chance.getrandbits(128).to_bytes(16, "big")
            seen = reveal(_CUSTOMER, known, device=stranger, shop=self.shop, at=self.now())
            self.revealed_to_stranger += not isinstance(seen, Refusal)
            given = self.suppliers[str(adapter)].pins.get(str(reference)) if adapter != "code_stock" else None
            basket = next((b for b in self._kept if any(p.order_id == known for p in b.placed)), None)
            if given is not None and basket is not None:
                mine = reveal(_CUSTOMER, known, device=basket.device, shop=self.shop, at=self.now())
                self.wrong_code += isinstance(mine, Refusal) or mine.pin != given.secret

    # ── workers ──

    def _worker(self) -> None:
        worker = self.shop.chance.uuid(self.now())
        while True:
            try:
                done = work_once(
                    worker=worker,
                    shop=self.shop,
                    outside=self,
                    compose=_compose,
                    clock=self.now,
                    limit=200,
                    width=8,
                )
            except OperationalError:
                call.reconnect()
                done = 1
            task = self.baton.current
            if task is None:
                raise AssertionError("a worker runs without the baton")
            if not done:
                task.idle_at = self.now()
            task.pause()

    # ── the driver ──

    def run(self) -> Outcome:
        self._prepare()
        call.observer = self
        try:
            self._drive()
        finally:
            call.observer = None
            self.baton.end()
        with connections["owner"].cursor() as cursor:
            cursor.execute("ANALYZE")  # a shop's autovacuum has done so long before; ours was made a moment ago
        self._look_at_codes()
        verdict = judge(self)
        for line in verdict.final:
            self.note(line)
        return Outcome(self.plan.shard, self.plan.orders, self.faults.counted, verdict, self._trace.hexdigest())

    def _prepare(self) -> None:
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                """CREATE TABLE simulated_clock (at timestamptz NOT NULL);
                   GRANT SELECT, UPDATE ON simulated_clock TO opla_app;
                   CREATE OR REPLACE FUNCTION opla_clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS
                   $$ SELECT at FROM simulated_clock $$"""
            )
            cursor.execute("INSERT INTO simulated_clock VALUES (%s)", [START])
            cursor.execute("SELECT opla_partitions(%s, 3)", [START.date()])
        at_version.cache_clear()
        seed(sandbox=True, at=START)
        lines = [f"PX-15,{n:013d},S{n},14.40,2027-12-31" for n in range(max(20, self.plan.orders // 50))]
        stock_codes(_OWNER, "\n".join(["sku,code,serial,cost,valid_until", *lines]).encode(), shop=self.shop, at=START)
        if self.plan.plant is not None:
            self.plan.plant()

    def _drive(self) -> None:
        self._kept: list[_Basket] = []
        drained_at: datetime | None = None
        while True:
            if self._wanted > 0:
                self._arrivals()
            elif drained_at is None:
                drained_at = self.now() + _DRAIN
            elif self.now() > drained_at - _DRAIN + timedelta(hours=2):
                self.faults.quiet = True  # the world calms down, and everything must come to its end
            for act in self.agenda.due():
                act()
            self._answer_hooks()
            baskets, self._lost_baskets = self._lost_baskets, []
            for basket in baskets:
                self.agenda.after(2, lambda basket=basket: self._visit(basket))  # type: ignore[misc]
            while sum(task.name.startswith("worker") for task in self.baton.tasks) < _WORKERS:
                self._workers += 1
                self.baton.add(f"worker {self._workers}", self._worker)
            self.baton.run(self.now)
            if drained_at is not None and self.now() >= drained_at:
                return
            self._advance(drained_at)

    def _advance(self, until: datetime | None) -> None:
        """On to the next thing that is due, a second at least."""
        [(attempts_at, leases_at, outbox_at, expiry_at)] = call.select(
            """SELECT (SELECT min(due_at) FROM attempt WHERE due_at IS NOT NULL AND lease_until IS NULL),
                      (SELECT min(lease_until) FROM attempt WHERE due_at IS NOT NULL AND lease_until IS NOT NULL),
                      (SELECT min(greatest(due_at, coalesce(lease_until, due_at))) FROM outbox
                       WHERE due_at IS NOT NULL),
                      (SELECT min(expires_at) FROM orders WHERE state = 'placed')"""
        )
        moments: list[datetime] = [
            moment
            for moment in (
                attempts_at,
                leases_at,
                outbox_at,
                expiry_at,
                self.agenda.next_at,
                self.baton.next_wake(),
                until,
            )
            if isinstance(moment, datetime)
        ]
        at = max(self.now() + timedelta(seconds=1), min(moments, default=self.now()))
        if self.faults.strikes(Fault.CLOCK_JUMPS):
            at += timedelta(seconds=self._chance.randrange(60, 3 * 3600))
        self.agenda.now = at
        call.select("UPDATE simulated_clock SET at = %s RETURNING at", [at])


def _compose(letter: Letter) -> tuple[str, str]:
    return letter.topic, letter.link_url
