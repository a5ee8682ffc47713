"""Lives of refunds: tried under one reference until done, or on a person's list."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from fakes import World
from opla.core.ports import Answer, Promises, RefundReport, RefundRequest
from opla.db.queries.call import select

FINDS_ONLY = Promises(refuses_repeat=False, find_by_reference=True, max_seconds=10)


def declined(world: World, times: int = 1) -> None:
    """Orders that were paid, and that nobody delivers."""
    world.supplier.script = [world.supplier.refuses] * times
    for _ in range(times):
        world.paid()
    world.supplier.script = [world.supplier.refuses] * times


def test_an_unknown_refund_is_asked_about_and_counted_when_found(world: World) -> None:
    world.provider.promises = FINDS_ONLY
    declined(world)
    asked: list[str] = []

    def loses(request: RefundRequest) -> RefundReport:
        asked.append(request.reference)
        return RefundReport(Answer.UNKNOWN)

    world.provider.on_refund = loses
    world.work_through(60)
    assert (world.refunds(), len(asked)) == ([("declined", 1500, "due")], 1)
    world.work_through(20 * 60, step_s=20)
    assert world.items() == ["unknown_refund"]
    world.provider.refunds[asked[0]] = RefundReport(Answer.SUCCEEDED, "re_1")
    world.work_through(3 * 3600, step_s=300)
    assert (world.refunds(), world.items(), len(asked)) == ([("declined", 1500, "done")], [], 1)


def test_where_repeats_are_refused_a_refund_is_tried_again_by_the_same_reference(world: World) -> None:
    declined(world)
    asked: list[str] = []

    def acts_and_loses(request: RefundRequest) -> RefundReport:
        asked.append(request.reference)
        world.provider.on_refund = None
        world.provider.refund(request)
        return RefundReport(Answer.UNKNOWN)

    world.provider.on_refund = acts_and_loses
    world.work_through(5)
    assert world.refunds() == [("declined", 1500, "done")]
    assert sum(world.provider.refunded_minor.values()) == 1500


def test_a_refund_the_provider_refuses_lies_on_a_list_with_the_money_still_owed(world: World) -> None:
    declined(world)
    world.provider.on_refund = lambda _r: RefundReport(Answer.DECLINED, why="too_old")
    world.work(3)
    assert (world.refunds(), world.items()) == ([("declined", 1500, "refused")], ["refund_refused"])
    assert world.balance("refunds_due:EUR") == -1500
    assert select("SELECT captured_minor, refunding_minor, refunded_minor FROM payment") == [(1500, 0, 0)]


def test_an_unknown_refund_that_is_refused_in_the_end_leaves_one_item_not_two(world: World) -> None:
    world.provider.promises = FINDS_ONLY
    declined(world)
    world.provider.on_refund = lambda _r: RefundReport(Answer.UNKNOWN)
    world.work_through(20 * 60, step_s=20)
    assert world.items() == ["unknown_refund"]
    [(reference,)] = select("SELECT reference FROM attempt WHERE kind = 'refund'")
    world.provider.refunds[str(reference)] = RefundReport(Answer.DECLINED, why="too_old")
    world.work_through(3 * 3600, step_s=300)
    assert world.items() == ["refund_refused"]


@pytest.mark.parametrize("first", [Answer.NOT_SENT, Answer.UNKNOWN])
def test_a_refund_that_cannot_leave_comes_onto_a_list_and_goes_out_when_it_can(world: World, first: Answer) -> None:
    declined(world)
    answers = [first]
    world.provider.on_refund = lambda _r: RefundReport(answers.pop() if answers else Answer.NOT_SENT)
    world.work_through(20 * 60, step_s=20)
    assert (world.refunds(), world.items()) == ([("declined", 1500, "due")], ["unknown_refund"])
    world.provider.on_refund = None
    world.work_through(3600, step_s=60)
    assert (world.refunds(), world.items()) == ([("declined", 1500, "done")], [])


def test_refunds_by_rule_stop_at_the_days_cap_and_go_out_on_another_day(world: World) -> None:
    world.shop = replace(world.shop, refund_cap_minor=3000)
    declined(world, 5)
    world.work(3)
    assert sum(world.provider.refunded_minor.values()) == 3000
    assert world.items() == ["refund_cap"] * 3
    world.clock.now += timedelta(days=1)
    world.work(3)
    assert sum(world.provider.refunded_minor.values()) == 6000
    world.clock.now += timedelta(days=1)
    world.work(3)
    assert sum(world.provider.refunded_minor.values()) == 7500
    assert world.items() == []


def test_refunds_by_rule_reach_the_cap_over_many_rounds_too(world: World) -> None:
    world.shop = replace(world.shop, refund_cap_minor=3000)
    for _ in range(3):
        declined(world)
        world.work(3)
    assert sum(world.provider.refunded_minor.values()) == 3000
    assert world.items() == ["refund_cap"]


def test_a_refund_the_provider_made_without_us_is_shown_to_a_person(world: World) -> None:
    world.paid()
    world.work()
    [(reference, before)] = world.provider.charges.items()
    world.provider.charges[reference] = replace(before, refunded_minor=1500)
    world.wake()
    world.work()
    assert world.items() == ["outside_refund"]
