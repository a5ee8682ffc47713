"""What a buyer says of a delivery, and the two reminders of a code that is not entered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from fakes import ANOTHER_DEVICE, CUSTOMER, DEVICE, DIRECT, World
from opla.core.actor import Actor, Role
from opla.core.day import ZONE
from opla.core.nudge import Nudge, Said
from opla.core.ports import Answer, SendReport, SendRequest
from opla.core.refusal import Code, Refusal
from opla.db.queries.call import select
from opla.operations import aftercare
from opla.operations.aftercare import nudge, say
from support import at_once


def delivered(world: World, sku: str = "PX-15", *, last_day: date | None = None) -> UUID:
    """One whose code can be entered until this day."""

    def gives(request: SendRequest) -> SendReport:
        report = world.supplier.give(request)
        assert report.pin is not None
        return replace(report, pin=replace(report.pin, valid_until=last_day))

    order_id = world.paid(sku)
    if last_day:
        world.supplier.script = [gives]
    world.work(3)
    assert world.state(order_id) == "delivered"
    return order_id


def nudges(world: World) -> list[str]:
    return [message.subject for message in world.mailbox.sent if message.subject in tuple(Nudge)]


def live(world: World, days: int, step_h: int = 5) -> list[datetime]:
    """When each nudge came, of so many days."""
    found = []
    for _ in range(days * 24 // step_h):
        before = len(nudges(world))
        world.clock.tick(step_h * 3600)
        world.work(2)
        found += [world.clock()] * (len(nudges(world)) - before)
    return found


def test_nobody_is_asked_on_the_first_day_and_everybody_once_after_it(world: World) -> None:
    delivered(world)
    assert live(world, 1) == []
    [at] = live(world, 9)
    assert nudges(world) == ["not_entered"]
    assert 8 <= at.astimezone(ZONE).hour < 21


def test_before_its_last_day_a_code_is_spoken_of_again(world: World) -> None:
    delivered(world, last_day=date(2026, 12, 12))
    came = live(world, 30)
    assert nudges(world) == ["not_entered", "code_ends"]
    assert date(2026, 12, 10) <= came[1].astimezone(ZONE).date() <= date(2026, 12, 12)


@pytest.mark.parametrize("said", [Said.ENTERED, Said.FAILED, Said.SEEN])
def test_whoever_said_what_became_of_it_is_left_in_peace(world: World, said: Said) -> None:
    order_id = delivered(world, last_day=date(2026, 12, 12))
    assert say(CUSTOMER, order_id, said, device=DEVICE, at=world.clock()) is None
    assert live(world, 22) == []


def test_not_yet_is_no_reason_for_silence(world: World) -> None:
    order_id = delivered(world)
    assert say(CUSTOMER, order_id, Said.NOT_YET, device=DEVICE, at=world.clock()) is None
    live(world, 5)
    assert nudges(world) == ["not_entered"]


def test_credit_on_a_number_is_not_to_be_entered(world: World) -> None:
    delivered(world, DIRECT)
    assert live(world, 5) == []
    assert select("SELECT count(*) FROM order_nudge") == [(0,)]


def test_entered_between_the_making_and_the_sending_stops_the_message(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = delivered(world)
    world.clock.tick(26 * 3600)
    monkeypatch.setattr(world.mailbox, "tell", lambda _message: Answer.NOT_SENT)
    world.work()
    assert select("SELECT count(*) FROM outbox WHERE topic = 'not_entered' AND due_at IS NOT NULL") == [(1,)]
    assert say(CUSTOMER, order_id, Said.ENTERED, device=DEVICE, at=world.clock()) is None
    monkeypatch.undo()
    live(world, 3)
    assert nudges(world) == []
    assert world.items() == []  # nothing was given up: there was nothing more to say


def test_a_message_that_could_not_leave_by_day_waits_for_the_morning(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivered(world)
    world.clock.now = datetime(2026, 11, 23, 19, 59, 50, tzinfo=UTC)  # 20:59:50 in Brussels
    monkeypatch.setattr(world.mailbox, "tell", lambda _message: Answer.NOT_SENT)
    world.work()
    monkeypatch.undo()
    world.work_through(60, 10)
    assert nudges(world) == []
    world.clock.now = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)
    world.work(2)
    assert nudges(world) == ["not_entered"]


def test_a_code_that_was_taken_back_is_not_spoken_of(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    order_id = delivered(world)
    looked: list[bool] = []
    decide = aftercare._decide
    monkeypatch.setattr(aftercare, "_decide", lambda one, *more: looked.append(one.open) or decide(one, *more))
    from support import by_owner

    by_owner("UPDATE orders SET state = 'refunding' WHERE id = %s", [order_id])
    world.clock.tick(26 * 3600)
    nudge(shop=world.shop, at=world.clock())
    by_owner("UPDATE orders SET state = 'delivered' WHERE id = %s", [order_id])
    assert looked == [False]
    assert select("SELECT due_at FROM order_nudge") == [(None,)]


def test_two_workers_at_once_make_one_message(world: World) -> None:
    for _ in range(3):
        delivered(world)
    world.clock.tick(26 * 3600)
    at = world.clock()
    at_once(*[lambda: nudge(shop=world.shop, at=at)] * 2)
    assert select("SELECT count(*) FROM outbox WHERE topic = 'not_entered'") == [(3,)]


def test_many_that_came_in_one_instant_are_all_found_a_few_at_a_time(world: World) -> None:
    made = [world.paid() for _ in range(5)]
    world.work(3)
    world.clock.tick(26 * 3600)
    for _ in range(8):
        nudge(shop=world.shop, at=world.clock(), limit=2)
    assert select("SELECT count(*) FROM order_nudge WHERE 'not_entered' = ANY (sent)") == [(len(made),)]


def test_only_who_may_see_the_code_may_say_what_became_of_it(world: World) -> None:
    order_id = delivered(world)
    at = world.clock()
    assert say(CUSTOMER, order_id, Said.ENTERED, device=ANOTHER_DEVICE, at=at) == Refusal(Code.PROOF_NEEDED)
    assert say(CUSTOMER, UUID(int=7), Said.ENTERED, device=DEVICE, at=at) == Refusal(Code.NOT_FOUND)
    waiting = world.order()
    assert say(CUSTOMER, waiting, Said.ENTERED, device=DEVICE, at=at) == Refusal(Code.NOT_DELIVERED_YET)
    nobody = say(Actor(Role.RESELLER, "ana"), order_id, Said.ENTERED, device=DEVICE, at=at)
    assert nobody is not None
    assert nobody.code is Code.NOT_ALLOWED
    assert select("SELECT count(*) FROM order_said") == [(0,)]


def test_saying_the_same_twice_is_one_row_and_changing_ones_mind_is_two(world: World) -> None:
    order_id = delivered(world)
    for said in (Said.NOT_YET, Said.NOT_YET, Said.ENTERED):
        assert say(CUSTOMER, order_id, said, device=DEVICE, at=world.clock()) is None
    assert select("SELECT said FROM order_said ORDER BY id") == [("not_yet",), ("entered",)]
