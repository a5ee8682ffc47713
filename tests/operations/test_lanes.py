"""The worker's lanes: somebody who lets a caller wait holds up nobody else."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from django.db import connections

import fakes
from fakes import DIRECT, World
from opla.core.actor import Actor, Role
from opla.core.api_access import Access, Scope
from opla.core.ports import Answer, SendReport, SendRequest, Webhook
from opla.core.webhook import Outcome
from opla.db.queries import quarantine as state
from opla.db.queries.call import select
from opla.operations import quarantine, resellers, webhooks
from opla.workers import loop


class Patient(fakes.Playing):
    """The outside of a world, as a worker's adapters."""

    def longest_call_s(self) -> int:
        return 10

    def sends_texts(self) -> None:
        return None


@pytest.fixture
def worker(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[loop.Worker]:
    monkeypatch.setattr(loop, "now", world.clock)
    worker = loop.Worker(world.shop)
    monkeypatch.setattr(worker, "_outside", Patient(world))
    yield worker
    worker.close()
    connections.close_all()


def turned(worker: loop.Worker, world: World, until: object, wait_s: float = 20) -> bool:
    """Turn the crank until `until()` holds, moving the shop's clock a little each time."""
    if not callable(until):
        raise TypeError
    end = time.monotonic() + wait_s
    while time.monotonic() < end:
        worker.round()
        if until():
            return True
        time.sleep(0.02)
        world.clock.tick(0.2)
    return False


def test_a_supplier_that_lets_its_callers_wait_holds_up_no_other_order(world: World, worker: loop.Worker) -> None:
    answer = threading.Event()

    def waits(request: SendRequest) -> SendReport:
        answer.wait(30)
        return world.supplier.give(request)

    world.supplier.script.append(waits)
    slow = world.order()
    assert turned(worker, world, lambda: world.provider.charges)
    world.provider.decide(Answer.SUCCEEDED, 1500)
    assert turned(worker, world, lambda: world.supplier.asked)
    others = [world.order() for _ in range(3)]
    assert turned(worker, world, lambda: len(world.provider.charges) == 4)
    world.provider.decide(Answer.SUCCEEDED, 1500)
    try:
        assert turned(worker, world, lambda: all(world.state(o) == "delivered" for o in others))
        assert world.state(slow) == "paid"
    finally:
        answer.set()
    assert turned(worker, world, lambda: world.state(slow) == "delivered")
    assert len(world.supplier.given) == 4


def test_a_job_that_breaks_frees_its_thread() -> None:
    lane = loop.Lane("test", 1)

    def breaks() -> None:
        raise RuntimeError("on purpose")

    lane.put(breaks)
    end = time.monotonic() + 30
    while not lane.free and time.monotonic() < end:
        time.sleep(0.01)
    assert lane.free == 1
    lane.close()


def test_an_endpoint_that_lets_us_wait_holds_up_no_other_and_what_was_begun_is_kept(
    world: World, worker: loop.Worker
) -> None:
    answer = threading.Event()
    owner = Actor(Role.OWNER, "test")

    def waits(webhook: Webhook) -> Outcome:
        if "slow" in webhook.url:
            answer.wait(30)
        return Outcome(200)

    world.receiver.on_post = waits
    for name in ("slow", "quick"):
        assert resellers.add(owner, name, title=name, email=f"o@{name}.example", at=world.clock()) is None
        access = Access(name, "", frozenset(Scope))
        url = f"https://{name}.example.com/"
        made = webhooks.make(Actor(Role.RESELLER), access, url, (), shop=world.shop, at=world.clock())
        assert isinstance(made, webhooks.Made)
        for n in range(20):
            assert resellers.pay_in(owner, name, "5", f"{n}", shop=world.shop, at=world.clock()) is True

    def taken(name: str) -> int:
        [(count,)] = select(
            """SELECT count(*)::int FROM webhook_delivery d JOIN webhook_message m USING (reference)
               WHERE m.reseller_id = %s AND d.done_at IS NOT NULL""",
            [name],
        )
        return int(str(count))

    try:
        assert turned(worker, world, lambda: taken("quick") == 20)
        assert taken("slow") == 0
        assert sum("slow" in one.url for one in world.receiver.posted) == 4
    finally:
        answer.set()
    assert turned(worker, world, lambda: taken("slow") == 20)
    assert len(world.receiver.posted) == 40


def test_in_quarantine_it_asks_whom_a_page_wants_asked_and_works_on_once_the_shop_is_open(
    world: World, worker: loop.Worker
) -> None:
    order_id, owner = world.paid(DIRECT), Actor(Role.OWNER, "ana")
    assert quarantine.enter(owner, backup="b", restored_to=world.clock(), shop=world.shop, at=world.clock())
    state._open.clear()
    for area in ("payments", "suppliers"):
        assert quarantine.compared(owner, area, "sandbox", "their dashboard", at=world.clock()) is None
    assert not turned(worker, world, lambda: world.state(order_id) != "paid", wait_s=1)
    assert quarantine.ask(owner, quarantine.LEAVE, at=world.clock()) is None
    assert turned(worker, world, lambda: state.current() is None)
    left = state.last()
    assert left
    assert left.left_by == "owner:ana"
    asked = len(world.provider.charges)
    world.order(DIRECT)
    assert turned(worker, world, lambda: len(world.provider.charges) > asked)
