"""One shard of a simulation: one database, one seed, one clock, and everything that happens in it.

The driver moves the clock from one thing that is due to the next; workers and web requests take turns by the baton
until nobody has anything to do at that moment; then the clock moves again.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from uuid import UUID

from django.db import connection, connections
from django.db.utils import OperationalError

from opla.core.actor import Actor, Role
from opla.core.attempt import Kind
from opla.core.chance import Chance
from opla.core.fx import Rate
from opla.core.ledger import CASH
from opla.core.ports import Charges, PostsWebhooks, Promises, Pushes, Refunds, Sends, Tells
from opla.core.quote import Terms
from opla.counterparts.standins import Gives, StandIn, Takes
from opla.db import keyring
from opla.db.queries import attempts, call, rates
from opla.db.queries.cash import Drawers
from opla.db.queries.codes import Stock
from opla.operations.catalogue import at_version, seed
from opla.operations.expire import expire
from opla.operations.letters import Posted
from opla.operations.mandates import end_mandates
from opla.operations.pay_into_float import recover
from opla.operations.payouts import watch_payouts
from opla.operations.post_webhooks import post_webhooks
from opla.operations.renew import renew
from opla.operations.shop import Shop
from opla.operations.stock_codes import stock_codes
from opla.operations.suppliers import watch
from opla.operations.tell import Announcing, Letter, Reminding, tell
from opla.operations.work import LEASE_MARGIN_S, settle_claims
from opla.payments.bank_transfer.provider import OwnAccountTransfers
from opla.proving import paying_out
from opla.proving.bank import ACCOUNT, Bank
from opla.proving.baton import Baton, Died, Task
from opla.proving.counter import OurCounter
from opla.proving.customers import Customers
from opla.proving.faults import Fault, Faults
from opla.proving.market import Seller, approve_likely, open_market
from opla.proving.promoting import promote
from opla.proving.real import RealPayments, RealSuppliers, real_payments, real_suppliers
from opla.proving.renewing import KEEPING, Renewers
from opla.proving.resellers import Resellers
from opla.proving.verdict import Verdict, judge
from opla.proving.wire import Wire
from opla.proving.world import Agenda, Mailbox, Provider, Service
from opla.suppliers.code_stock.provider import OwnStock

_Payments = RealPayments | Provider | OwnAccountTransfers
_OWNER = Actor(Role.OWNER, "simulated")
_WORKERS = _WEBS = 2
_DRAIN = timedelta(hours=30)
_CALMS_AFTER = timedelta(hours=2)
_SWITCHES = 0.06
#: Where people agree to a week's credit again and again: so long after the last order faults strike, then everybody
#: ends it, and an order that waits to be paid by hand has days to come to its end. Little happens: long steps.
_WEEKS, _WEEKS_DRAIN = timedelta(days=15, hours=12), timedelta(days=4)
_LONG_STEPS_H = (1, 3, 6, 9)
_PAYS_OUT_IN_WEEKS = timedelta(days=4)

#: Shard by shard: a moment that orders in flight live through, and how many months have partitions beyond the first.
_CHANGES = (
    (datetime(2026, 10, 25, 1, 0, tzinfo=UTC), 2),  # Belgium sets its clocks back
    (datetime(2027, 3, 28, 1, 0, tzinfo=UTC), 2),  # and forward
    (datetime(2026, 12, 1, 0, 0, tzinfo=UTC), 0),  # a month ends, and nobody made the next one's partitions
    (datetime(2027, 1, 1, 0, 0, tzinfo=UTC), 1),  # a year ends
)
_BEFORE_CHANGE = timedelta(minutes=5)

#: How far the clock moves at a time while orders come: what falls due meanwhile is found at once, as by a busy worker.
_STEPS_S = (1, 1, 1, 2, 5, 15, 60, 120)
#: While somebody is down for hours few orders come: else the day would be one outage.
_TRICKLE, _TRICKLE_EVERY = 20, timedelta(minutes=10)
#: One order in so many comes from a reseller, and is paid from its float.
_RESOLD = 6
#: So many attempts of one kind are under way at a time. A process that dies or
#: sleeps leaves so many unknown: few of the sends, as somebody must ask about each.
_WIDTH = {Kind.CHARGE: 120, Kind.SEND: 16, Kind.REFUND: 30}

#: Every promise there is: sold by suppliers that keep it, and by one that keeps none.
_SUPPLIERS = {
    "steady": Promises(refuses_repeat=True, find_by_reference=True, max_seconds=10, may_reverse=True),
    "findable": Promises(refuses_repeat=False, find_by_reference=True, max_seconds=10, may_reverse=True),
    "blind": Promises(refuses_repeat=False, find_by_reference=False, max_seconds=10),
}
#: One of them takes its costs in another currency, whose rate is told anew each day.
_TAKES = {"findable": "USD"}
_RATE_DAYS = 30
#: Shard by shard: how much dearer the invented suppliers are than usual, so that the real adapters have their turn.
_DEARER_PER_MILLE = (0, 30, 0, 60)
#: How often banks book the refunds that are on their way.
_SETTLES_EVERY = timedelta(hours=2)
#: A transfer is waited for not as long as in a shop, so that a simulation sees the end of those that never come.
_TRANSFER_VALID = timedelta(hours=12)


@dataclass(frozen=True)
class Plan:
    """What to simulate. `plant` breaks the engine on purpose, to see that it is found."""

    orders: int
    seed: int
    shard: int
    faults: frozenset[Fault]
    plant: Callable[[], None] | None = None

    @property
    def changes_at(self) -> datetime:
        return _CHANGES[self.shard % len(_CHANGES)][0]

    @property
    def renews(self) -> bool:
        """Whether its people agree to renewals, which makes it a shard of weeks."""
        return self.shard % len(_CHANGES) == 2

    @property
    def starts_at(self) -> datetime:
        return self.changes_at - _BEFORE_CHANGE


@dataclass
class Outcome:
    """What one shard found."""

    shard: int
    orders: int
    faults: Counter[Fault]
    verdict: Verdict
    trace_hash: str


class Simulation:
    _last_came_at: datetime | None = None  # the last order, once no more come

    def __init__(self, plan: Plan, var: Path) -> None:
        self.plan = plan
        chance = Random(f"{plan.seed}/{plan.shard}")  # noqa: S311 - a repeatable one is the point
        self._chance = Random(chance.random())  # noqa: S311
        self._trace = hashlib.sha256()
        self.agenda = Agenda(plan.starts_at)
        self.faults = Faults(Random(chance.random()), plan.faults)  # noqa: S311
        self.baton = Baton(Random(chance.random()))  # noqa: S311
        worlds = Random(chance.random())  # noqa: S311
        self.provider = Provider(self.faults, worlds, self.agenda, self.boundary)
        self._services: dict[str, Service] = {}
        self.handed: dict[str, datetime] = {}  # when each charge was first given to a wire, by our reference

        def wire(name: str, machine: StandIn) -> Wire:
            self._services[name] = Service(self.faults, worlds, self.agenda)
            return Wire(name, machine, self._services[name], self.faults, self.boundary, self.handed, self.now)

        real = real_payments(self.now, wire)
        self.tills: dict[str, Takes] = {"simulated": self.provider} | {name: till for name, (till, _) in real.items()}
        self._payments: dict[str, RealPayments | Provider | OwnAccountTransfers | OurCounter] = {
            name: adapter for name, (_, adapter) in real.items()
        }
        self._payments["simulated"] = self.provider
        our_chance = Chance(Random(chance.random()))  # noqa: S311
        self.counter = OurCounter(Drawers(self.now, our_chance), self.faults, worlds, self.agenda)
        self.tills[CASH] = self._payments[CASH] = self.counter
        self.sellers = {
            name: Seller(name, n + 1, promises, self.faults, worlds, self.agenda, self.boundary, _TAKES.get(name, ""))
            for n, (name, promises) in enumerate(_SUPPLIERS.items())
        }
        supplying = real_suppliers(self.now, wire, self.faults, worlds, self.agenda)
        if plan.shard % len(_DEARER_PER_MILLE) == len(_DEARER_PER_MILLE) - 1:
            supplying = {"ding": supplying["ding"]}  # dearer than the others, so it is asked without them
        machines = {name: machine for name, (machine, _) in supplying.items()}
        self.suppliers: dict[str, Gives] = {**self.sellers, **machines}
        self._sends: dict[str, Seller | RealSuppliers] = {**self.sellers}
        self._sends |= {name: adapter for name, (_, adapter) in supplying.items()}
        self._machines = list(machines.values())
        self._lease_s = max(adapter.promises.max_seconds for adapter in self._sends.values()) + LEASE_MARGIN_S
        self.mailbox = Mailbox(self.faults, self.boundary)
        names = list(_SUPPLIERS)
        turn = plan.shard % len(names)  # each supplier is the cheapest in some shard
        for rank, name in enumerate((*names[turn:], *names[:turn])):
            self.sellers[name].rank = rank
            self.sellers[name].dearer_per_mille = _DEARER_PER_MILLE[plan.shard % len(_DEARER_PER_MILLE)]
        self.shop = Shop(
            keyring=keyring.load(var),
            chance=Chance(Random(chance.random())),  # noqa: S311
            terms=Terms(fee_minor=35, transfer_valid=_TRANSFER_VALID, cash_valid=Terms.payment_valid),
            sandbox=True,
            base_url="http://shop.test",
            payment_methods=(*self.tills, "bank_transfer"),
            routes=("code_stock", *names[turn:], *names[:turn], *supplying),
            refund_cap_minor=10**12,
            var=var,
            mapped=frozenset(self._sends),
            keeping=frozenset(KEEPING),
            account=ACCOUNT,
        )
        self.own_stock = OwnStock(Stock(lambda: self.agenda.now.date()))  # noqa: PLW0108 - the agenda's time moves
        requests: deque[Callable[[], None]] = deque()
        self.bank = self.tills["bank_transfer"] = Bank(self, Random(chance.random()), requests)  # noqa: S311
        self._payments["bank_transfer"] = self.bank.adapter()
        self.customers = Customers(self, Random(chance.random()), requests)  # noqa: S311
        self.resellers = Resellers(self, Random(chance.random()), requests)  # noqa: S311
        self.counter.requests = requests
        self.renewers = self._renewers(Random(chance.random()), requests)  # noqa: S311
        self._wanted, self._started = plan.orders, 0
        self._crowd = min(max(plan.orders // 20, 20), 400)
        self._claims = max(self._crowd, 40)  # so that two workers always share
        self._trickles_at = self.agenda.now
        self._settles_at = self._pays_out_at = self.agenda.now
        self._analyze_at = self._crowd

    def _renewers(self, chance: Random, requests: deque[Callable[[], None]]) -> Renewers:
        made = Renewers(self, chance, requests)
        made.handed, self.mailbox.came = self.handed, made.hear
        if self.plan.renews:
            self.customers.comes_weekly = made.come
        return made

    # ── the outside, as operations see it ──

    def payment(self, name: str) -> Charges:
        return self._payments[name]

    def refunds(self, name: str) -> Refunds:
        return self._payments[name]

    def supplier(self, name: str) -> Sends:
        return self.own_stock if name == "code_stock" else self._sends[name]

    def tells(self) -> Tells:
        return self.mailbox

    def pushes(self) -> Pushes:
        raise LookupError("nobody here asked for a push")

    def webhooks(self) -> PostsWebhooks:
        return self.resellers

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
        """Inside a transaction of several calls a process may die or lose its connection, and nobody else goes on."""
        task = self.baton.current
        if task is None:
            return
        if self.faults.strikes(Fault.DIES_BEFORE_COMMIT):
            self.note(task.name, function, "dies before")
            raise Died
        if self.faults.strikes(Fault.CONNECTION_BREAKS_BEFORE):
            raise OperationalError("the connection broke before the commit")
        if not connection.in_atomic_block:
            self._may_sleep(task, function)

    def after(self, function: str) -> None:
        task = self.baton.current
        if task is None:
            return
        self.note(task.name, function)
        if function == "opla_renewal_place":
            self.renewers.charged()
            self.baton.rouse("web")
        if connection.in_atomic_block:
            return
        if self.faults.strikes(Fault.DIES_AFTER_COMMIT):
            self.note(task.name, function, "dies after")
            raise Died
        if self.faults.strikes(Fault.CONNECTION_BREAKS_AFTER):
            raise OperationalError("the connection broke after the commit")
        self._may_switch(task, function)

    def _may_sleep(self, task: Task, label: str) -> None:
        if self.faults.strikes(Fault.SLEEPS_PAST_LEASE):
            self.note(task.name, label, "sleeps")
            task.wakes_at = self.agenda.now + timedelta(seconds=self._chance.randrange(5, 2 * self._lease_s))
            task.pause()

    def _may_switch(self, task: Task, label: str) -> None:
        if self._chance.random() < _SWITCHES:
            self.note(task.name, label, "yields")
            task.pause()

    # ── our processes ──

    def _worker(self) -> None:
        worker = self.shop.chance.uuid(self.now())
        while self.baton.awake("worker") <= _WORKERS:  # one that overslept finds its place taken
            try:
                done = self._work(worker)
            except OperationalError:
                call.reconnect()
                done = 1
            self._rest(idle=not done)

    def _work(self, worker: UUID) -> int:
        """What a worker does in a round, as `workers.loop` has it: settle, expire, tell."""
        at = self.now()
        claimed = attempts.claim(worker, list(Kind), at=at, limit=self._claims, lease_s=self._lease_s)
        for kind, width in _WIDTH.items():
            settle_claims(
                [one for one in claimed if one.kind is kind],
                worker=worker,
                shop=self.shop,
                outside=self,
                at=at,
                clock=self.now,
                width=width,
            )
        renewed = renew(shop=self.shop, at=self.now()) + end_mandates(shop=self.shop, outside=self, at=self.now())
        expired = expire(shop=self.shop, at=self.now())
        recover(at=self.now())
        told = tell(_compose, worker=worker, shop=self.shop, outside=self, at=self.now(), limit=self._claims)
        posted = post_webhooks(shop=self.shop, outside=self, at=self.now(), limit=self._claims)
        watch(shop=self.shop, outside=self, at=self.now())
        watch_payouts(shop=self.shop, outside=self, at=self.now())
        return len(claimed) + renewed + expired + told + posted

    def _web(self) -> None:
        """Whose request broke shrugs it off, or asks again: that is the customer's business."""
        while self.baton.awake("web") <= _WEBS:
            while self.customers.requests:
                request = self.customers.requests.popleft()
                try:
                    request()
                except OperationalError:
                    call.reconnect()
            self._rest(idle=True)

    def _rest(self, *, idle: bool) -> None:
        task = self.baton.current
        if task is None:
            raise AssertionError("a process runs without the baton")
        if idle:
            task.idle_at = self.now()
        task.pause()

    def _start_processes(self) -> bool:
        """For whoever died or sleeps another one works; False when nobody is missing."""
        started = False
        for name, count, work in (("worker", _WORKERS, self._worker), ("web", _WEBS, self._web)):
            for _ in range(count - self.baton.awake(name)):
                self._started += 1
                self.baton.add(f"{name} {self._started}", work)
                started = True
        return started

    # ── the driver ──

    def run(self) -> Outcome:
        self._prepare()
        self._live(self._drive)
        return self._judged()

    def go_on(self, lasting: timedelta) -> Outcome:
        """So much longer after a run: what somebody did meanwhile comes to its end."""
        self._live(lambda: self._turns(self.now() + lasting))
        return self._judged()

    def _live(self, drive: Callable[[], None]) -> None:
        call.observer = self
        try:
            drive()
        finally:
            call.observer = None
            self.baton.end()

    def _judged(self) -> Outcome:
        self._vacuum()
        self.customers.look()
        unpaid = paying_out.differences(self.tills, _OWNER, shop=self.shop, outside=self, at=self.now())
        verdict = judge(self)
        verdict.unbalanced += len(unpaid)
        verdict.examples += unpaid
        for seller in self.sellers.values():
            verdict.unbalanced += seller.misnamed
            verdict.examples += [f"{seller.name} was asked for what it does not sell"] * bool(seller.misnamed)
        differences = self.counter.differences()
        verdict.unbalanced += len(differences)
        verdict.examples += differences
        for line in verdict.final:
            self.note(line)
        return Outcome(self.plan.shard, self.plan.orders, self.faults.counted, verdict, self._trace.hexdigest())

    def _prepare(self) -> None:
        start, (_, months) = self.now(), _CHANGES[self.plan.shard % len(_CHANGES)]
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                """CREATE TABLE simulated_clock (at timestamptz NOT NULL);
                   GRANT SELECT, UPDATE ON simulated_clock TO opla_app;
                   CREATE OR REPLACE FUNCTION opla_clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS
                   $$ SELECT at FROM simulated_clock $$"""
            )
            cursor.execute("INSERT INTO simulated_clock VALUES (%s)", [start])
            cursor.execute("SELECT opla_partitions(%s, %s)", [start.date(), months])
        at_version.cache_clear()
        seed(sandbox=True, at=start)
        for n in range(_RATE_DAYS):
            day = Rate("EUR", "USD", 1_080_000 + 1_700 * (n % 5), "simulated", start + timedelta(days=n))
            rates.tell(day, actor=_OWNER, at=start)
        # Enough for half of those who want one: our own shelf is sold out on the way.
        lines = [f"PX-15,{n:013d},S{n},14.40,2027-12-31" for n in range(max(20, self.plan.orders // 12))]
        stock_codes(_OWNER, "\n".join(["sku,code,serial,cost,valid_until", *lines]).encode(), shop=self.shop, at=start)
        promote(self.shop, start)
        open_market(list(self.sellers.values()), _OWNER, shop=self.shop, outside=self, at=start)
        for name in self.shop.routes[-len(self._machines) :]:
            approve_likely(name, _OWNER, shop=self.shop, outside=self, at=start)
        self.resellers.open()
        self.bank.open()
        self.counter.open(_OWNER, self.shop)
        if self.plan.plant is not None:
            self.plan.plant()

    def _drive(self) -> None:
        calms_after, drain = (_WEEKS, _WEEKS + _WEEKS_DRAIN) if self.plan.renews else (_CALMS_AFTER, _DRAIN)
        while self._wanted > 0:
            self._arrivals()
            self._turn()
        self._last_came_at = self.now()
        self._vacuum()
        self._turns(self._last_came_at + calms_after)
        self.faults.quiet = True  # the world calms down, and everything must come to its end
        self.renewers.leave()
        self._turns(self._last_came_at + drain)

    def _turns(self, until: datetime) -> None:
        while self.now() < until:
            self._turn()

    def _turn(self) -> None:
        """Everything that is due now, and on to the next moment."""
        for act in self.agenda.due():
            act()
        if self.now() >= self._settles_at:
            self._settles_at = self.now() + _SETTLES_EVERY
            for till in self.tills.values():
                till.settle()
        if self.now() >= self._pays_out_at:
            weeks = self._last_came_at is not None and self.now() > self._last_came_at + _DRAIN
            self._pays_out_at = self.now() + (_PAYS_OUT_IN_WEEKS if weeks else paying_out.EVERY)
            paying_out.pay_out(self.tills)
        for machine in self._machines:
            machine.settle()
        self.customers.call_hooks()
        self._start_processes()
        self.baton.run(self.now)
        while self._start_processes():
            self.baton.run(self.now)
        self._advance(self._last_came_at)

    def _arrivals(self) -> None:
        count = min(self._crowd, self._wanted)
        if self._somebody_is_down():
            if self.now() < self._trickles_at:
                return
            self._trickles_at = self.now() + _TRICKLE_EVERY
            count = min(count, _TRICKLE)
        self._wanted -= count
        resold = count // _RESOLD
        self.resellers.send([self.customers.wish() for _ in range(resold)])
        self.customers.come(count - resold)
        came = self.plan.orders - self._wanted
        if came >= self._analyze_at:
            self._analyze_at = came + min(max(came // 3, self._crowd), 20_000)
            self._vacuum()

    def _somebody_is_down(self) -> bool:
        services = [self.provider.service, *self._services.values(), *(s.service for s in self.sellers.values())]
        return any(service.is_down for service in services)

    def _vacuum(self) -> None:
        """A shop's autovacuum, at a moment of ours: its own moments would differ from run to run."""
        with connections["owner"].cursor() as cursor:
            cursor.execute("VACUUM ANALYZE" if self.plan.orders > 10_000 else "ANALYZE")

    def _advance(self, last_came_at: datetime | None) -> None:
        """On by a step; over a time in which nothing is due, at once."""
        step = timedelta(seconds=_STEPS_S[self._chance.randrange(len(_STEPS_S))])
        if last_came_at is not None:
            elapsed = self.now() - last_came_at
            step = max(step, min(elapsed / 20, timedelta(minutes=20)))
            if elapsed > _DRAIN:
                step = timedelta(hours=_LONG_STEPS_H[self._chance.randrange(len(_LONG_STEPS_H))])
        elif self._somebody_is_down():
            step *= 4
        at = self.now() + step
        if self._wanted == 0:
            at = max(at, self._next_due(at))
        if self.faults.strikes(Fault.CLOCK_JUMPS):
            at += timedelta(seconds=self._chance.randrange(60, 3 * 3600))
        if self.now() < self.plan.changes_at <= at:
            self.faults.strikes(Fault.CLOCK_CHANGES)
        self.agenda.now = at
        call.select("UPDATE simulated_clock SET at = %s RETURNING at", [at])

    def _next_due(self, otherwise: datetime) -> datetime:
        [told] = call.select(
            """SELECT (SELECT min(due_at) FROM attempt WHERE due_at IS NOT NULL AND lease_until IS NULL),
                      (SELECT min(lease_until) FROM attempt WHERE due_at IS NOT NULL AND lease_until IS NOT NULL),
                      (SELECT min(greatest(due_at, coalesce(lease_until, due_at))) FROM outbox
                       WHERE due_at IS NOT NULL),
                      (SELECT min(greatest(due_at, coalesce(lease_until, due_at))) FROM webhook_delivery
                       WHERE due_at IS NOT NULL),
                      (SELECT min(expires_at) FROM orders WHERE state = 'placed'),
                      (SELECT min(look_at) FROM renewal), (SELECT min(due_at) FROM mandate)"""
        )
        moments = (*told, self.agenda.next_at, self.baton.next_wake())
        return min((moment for moment in moments if isinstance(moment, datetime)), default=otherwise + _DRAIN)


def _compose(letter: Letter | Reminding | Announcing | Posted) -> tuple[str, str]:
    return letter.topic, json.dumps(dict(letter.about)) if isinstance(letter, Posted) else letter.link_url
