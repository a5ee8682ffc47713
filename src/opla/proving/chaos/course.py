"""The course of one run: open, load and strike, calm, drain, let a day pass, judge.

Blows, network and customers draw from one seed, so the same seed makes the same plan. It does not make the same run:
real processes are scheduled by the kernel. What broke is kept to be looked at, not to be repeated.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from urllib.parse import quote
from uuid import uuid4

from django.db import connections

from opla.core.actor import Actor, Role
from opla.counterparts import place
from opla.db import keyring
from opla.db.embedded import Server
from opla.db.instance import locate
from opla.db.queries.cards import Shelves
from opla.operations import shop
from opla.operations.letters import Posted
from opla.operations.outside import Adapters
from opla.operations.prepare import prepare
from opla.operations.stock_codes import stock_codes
from opla.operations.tell import Announcing, Letter, Reminding
from opla.operations.work import work_once
from opla.proving.chaos import evidence
from opla.proving.chaos.household import Household, Process
from opla.proving.chaos.judge import Finding, judge
from opla.proving.chaos.network import Hurt, Link
from opla.proving.chaos.street import Street
from opla.proving.verdict import history

_SOURCE = Path(__file__).resolve().parents[3]
_CUSTOMERS = 40
_WORKERS = 2
_OWN_CODES = 40
_TICK_S = 0.2
_STRIKE_EVERY_S = 5.0
#: Most blows wait until the shop has got up from the last one, so that there is something to hit; one in four does not.
_RISING_S = 15.0
_ON_THE_GROUND = 4
#: A run too short for that is dealt its blows faster, so that it meets every kind.
_LEAST_STRIKES = 8
_TELL_EVERY_S = 5.0
_OPENING_S = 120.0
#: How long everything may take to come to its end by itself once the world is calm.
PATIENCE_S = 180.0
#: What the last crank's clock shows, after now: unpaid orders run out, and every late look is taken.
_LATER = (timedelta(minutes=1), timedelta(minutes=6), timedelta(minutes=70), timedelta(hours=25))
_MOST_ROUNDS = 200

#: Chances per thousand things asked. A shop asks its database some twenty things for one asked of anybody else.
_BEFORE_THE_SHOP = {Hurt.DELAYED: 60, Hurt.CUT_ASKING: 15, Hurt.CUT_ANSWERING: 25, Hurt.SWALLOWED: 8}
_TO_THE_OUTSIDE = {Hurt.DELAYED: 80, Hurt.CUT_ASKING: 25, Hurt.CUT_ANSWERING: 40, Hurt.SWALLOWED: 12}
_TO_THE_DATABASE = {Hurt.DELAYED: 8, Hurt.CUT_ASKING: 2, Hurt.CUT_ANSWERING: 3, Hurt.SWALLOWED: 1}


@dataclass(frozen=True)
class Plan:
    """How long the load and the blows last, and what they are drawn from."""

    minutes: float
    seed: int


@dataclass
class Outcome:
    """What was done, what came of it, and what is wrong."""

    kills: dict[str, int] = field(default_factory=dict)
    network: dict[str, dict[str, int]] = field(default_factory=dict)
    customers: int = 0
    acknowledged: int = 0
    revealed: int = 0
    ends: Counter[str] = field(default_factory=Counter)
    surprises: dict[str, int] = field(default_factory=dict)  # answers no customer should have seen
    still_moving: int = 0  # when patience ended
    deaf: list[str] = field(default_factory=list)  # processes that had to be killed in the end
    findings: list[Finding] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.findings or self.still_moving or self.deaf)


class Course:
    """One scratch shop: its embedded database at `server`, everything else under `folder`, which is empty at first."""

    def __init__(self, plan: Plan, server: Server, folder: Path, say: Callable[[str], None]) -> None:
        chance = Random(plan.seed)  # noqa: S311 - a repeatable one is the point, here and below
        self._plan = plan
        self._server = server
        self._outside = folder / "outside"
        self._say = say
        self._chance = Random(chance.random())  # noqa: S311
        logs = folder / "log"
        logs.mkdir()
        web_port, outside_port = _free_port(), _free_port()
        self._web_port = web_port
        sockets = folder / "s"
        sockets.mkdir(mode=0o700)

        def link(here: int | Path, there: int | Path, hurts: dict[Hurt, int], silence_s: float) -> Link:
            drawn = Random(chance.random())  # noqa: S311
            return Link(here, there, drawn, hurts, silence_s=silence_s, absent_every_s=12.0)

        self._links = {
            "web": link(_free_port(), web_port, _BEFORE_THE_SHOP, 6.0),
            "outside": link(0, outside_port, _TO_THE_OUTSIDE, 12.0),
            "database": link(
                sockets / ".s.PGSQL.5432", locate(server.var).sockets / ".s.PGSQL.5432", _TO_THE_DATABASE, 4.0
            ),
        }
        self._shop_url = f"http://127.0.0.1:{self._links['web'].here}"
        self._outside_url = f"http://127.0.0.1:{outside_port}"
        env = _environment(server.var, sockets, self._shop_url)
        web = Process("web", ["opla", "_web", "--port", str(web_port)], env, logs)
        workers = [Process(f"worker-{n}", ["opla", "_work"], env, logs) for n in range(1, _WORKERS + 1)]
        outside = ["opla.counterparts", str(self._outside), str(outside_port)]
        self._counterparts = Process("counterparts", outside, env, logs)
        self._household = Household(server, [web, *workers], self._counterparts, Random(chance.random()))  # noqa: S311
        self._street = Street(Random(chance.random()), self._shop_url, _CUSTOMERS)  # noqa: S311
        self.outcome = Outcome()

    def run(self) -> Outcome:
        prepare(sandbox=True, at=datetime.now(UTC))
        _fill_shelf()
        connections.close_all()  # they would not outlive the first blow
        # Whoever holds this lock is the sandbox in this shop's eyes: ours is elsewhere, behind the network.
        lock = place.lock(self._server.var)
        try:
            asyncio.run(self._live())
            place.keep_address(self._server.var, self._outside_url)
            self._say("Calm. A day passes: what nobody paid runs out, and every late look is taken.")
            at = _a_day_later()
            self._judge(at)
        finally:
            connections.close_all()
            self._household.close()
            self._counterparts.end()
            if lock is not None:
                os.close(lock)
        return self.outcome

    # ── the living ──

    async def _live(self) -> None:
        for link in self._links.values():
            await link.open()
        place.folder(self._outside)
        place.secret(self._outside)
        shutil.copy2(place.folder(self._outside) / "secret", place.folder(self._server.var) / "secret")
        place.keep_address(self._server.var, f"http://127.0.0.1:{self._links['outside'].here}")
        tending = asyncio.ensure_future(self._tend())
        try:
            await self._open()
            await self._storm()
            await self._drain()
        finally:
            tending.cancel()
            await asyncio.gather(tending, return_exceptions=True)
            self._count()
            await self._street.close()
            self.outcome.deaf = await asyncio.to_thread(self._household.close)
            for link in self._links.values():
                await link.close()

    async def _tend(self) -> None:
        while True:
            try:
                self._household.tend()
            except Exception as problem:  # noqa: BLE001 - a database that needs longer: it is tried again
                self._say(f"{problem} Trying again.")
            await asyncio.sleep(_TICK_S)

    async def _open(self) -> None:
        self._say(f"Opening a shop of its own, seed {self._plan.seed}.")
        if not await self._stands(time.monotonic() + _OPENING_S):
            raise TimeoutError("the shop did not open; its logs say why")

    async def _stands(self, ends_at: float) -> bool:
        """Whether the shop shows its first page, asked until then, past the bad network."""
        while time.monotonic() < ends_at:
            if await asyncio.to_thread(_answers, self._web_port):
                return True
            await asyncio.sleep(_TICK_S)
        return False

    async def _storm(self) -> None:
        lasts_s = self._plan.minutes * 60
        every_s = min(_STRIKE_EVERY_S, lasts_s / _LEAST_STRIKES)
        ends_at = time.monotonic() + lasts_s
        told_at = time.monotonic()
        walking = asyncio.ensure_future(self._street.walk())
        while (left_s := ends_at - time.monotonic()) > 0:
            await asyncio.sleep(min(left_s, self._chance.uniform(0.4, 1.6) * every_s))
            if self._chance.randrange(_ON_THE_GROUND):
                await self._stands(min(ends_at, time.monotonic() + _RISING_S))
            if time.monotonic() < ends_at:
                self._household.strike()
            if time.monotonic() - told_at > _TELL_EVERY_S:
                told_at = time.monotonic()
                self._tell(f"{max(0, left_s):.0f} s of storm left")
        self._street.stop()
        self._household.calm()
        for link in self._links.values():
            link.calm()
        self._say("The storm is over; whoever is in the shop finishes.")
        await walking

    async def _drain(self) -> None:
        """Nobody helps: workers, leases and questions bring everything to its end."""
        began = time.monotonic()
        await self._street.come_back(returning=True)
        told_at = time.monotonic()
        while True:
            left = await asyncio.to_thread(_moving)
            if left == 0 or time.monotonic() - began > PATIENCE_S:
                break
            if time.monotonic() - told_at > _TELL_EVERY_S:
                told_at = time.monotonic()
                self._tell(f"{left} things still under way")
            await asyncio.sleep(1.0)
        self.outcome.still_moving = left
        await self._street.come_back(returning=False)

    def _tell(self, what: str) -> None:
        if sys.stderr.isatty():
            links = sum(bool(one.receipt.links) for one in self._street.customers)
            blows = sum(self._household.struck.values())
            self._say(f"  {what}: {len(self._street.customers)} customers, {links} orders, {blows} blows")

    # ── the judging ──

    def _count(self) -> None:
        customers = self._street.customers
        self.outcome.kills = {str(kind): n for kind, n in sorted(self._household.struck.items())}
        self.outcome.network = {
            name: {str(hurt): n for hurt, n in sorted(link.counted.items())} for name, link in self._links.items()
        }
        self.outcome.customers = len(customers)
        self.outcome.acknowledged = sum(bool(one.receipt.links) for one in customers)
        self.outcome.revealed = sum(bool(one.receipt.pins) for one in customers)
        self.outcome.surprises = dict(sorted(self._street.said.items()))

    def _judge(self, at: datetime) -> None:
        keys = keyring.load(self._server.var)
        held = [evidence.held(one.receipt, keys) for one in self._street.customers]
        self.outcome.findings = judge(evidence.ours(at), evidence.theirs(self._outside, keys), held)
        self.outcome.ends = evidence.ends()
        for finding in self.outcome.findings:
            about = f"\n{history(finding.order_id)}" if finding.order_id is not None else ""
            self.outcome.examples.append(f"{finding.broken}: order {finding.order_id}: {finding.sentence}{about}")


def _environment(var: Path, sockets: Path, shop_url: str) -> dict[str, str]:
    """What web and workers are told: the database is behind the network, and refunds by rule have no daily cap."""
    address = f"/opla?host={quote(str(sockets), safe='')}&port=5432"
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("OPLA_")},
        "PYTHONPATH": str(_SOURCE),
        "PYTHONUNBUFFERED": "1",
        "OPLA_VAR": str(var),
        "OPLA_URL": shop_url,
        "OPLA_REFUND_CAP_MINOR": str(10**12),
        "DATABASE_URL": f"postgresql://opla_app@{address}",
        "DATABASE_OWNER_URL": f"postgresql://opla_owner@{address}",
    }


def _fill_shelf() -> None:
    """A few codes of our own: they sell first, and when they are gone the supplier is asked."""
    lines = [f"PX-15,{n:013d},S{n},14.40,2099-12-31" for n in range(_OWN_CODES)]
    data = "\n".join(["sku,code,serial,cost,valid_until", *lines]).encode()
    stored = stock_codes(Actor(Role.OWNER, "chaos"), data, shop=shop.current(), at=datetime.now(UTC))
    if isinstance(stored, list):
        raise TypeError(f"the shelf was refused: {stored}")


def _moving() -> int:
    """Where the database cannot say, something is still under way."""
    try:
        return evidence.moving()
    except Exception:  # noqa: BLE001 - it may be on its way back
        return 1
    finally:
        connections.close_all()


def _a_day_later() -> datetime:
    """Turn the workers' crank here with a later clock: time is an argument, so nobody waits for it."""
    here = shop.current()
    outside = Adapters(here, Shelves(lambda: datetime.now(UTC)))
    worker = uuid4()
    at = datetime.now(UTC)
    for later in _LATER:
        with connections["owner"].cursor() as cursor:
            cursor.execute(
                f"""CREATE OR REPLACE FUNCTION opla_clock() RETURNS timestamptz LANGUAGE sql VOLATILE AS
                    $$ SELECT clock_timestamp() + interval '{later.total_seconds():.0f} s' $$"""
            )

        def clock(later: timedelta = later) -> datetime:
            return datetime.now(UTC) + later

        for _ in range(_MOST_ROUNDS):
            if not work_once(worker=worker, shop=here, outside=outside, compose=_compose, clock=clock):
                break
        at = clock()
    return at


def _compose(letter: Letter | Reminding | Announcing | Posted) -> tuple[str, str]:
    return letter.topic, "" if isinstance(letter, Posted) else letter.link_url


def _answers(port: int) -> bool:
    import httpx

    try:
        return httpx.get(f"http://127.0.0.1:{port}/", timeout=3, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
