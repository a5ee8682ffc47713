"""Lives of deliveries. What is unknown is never resent under a new reference, never rerouted, never refunded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes import CODE, DIRECT, NUMBER, Supplier, World
from opla.core.ports import Answer, Pin, Promises, SendReport, SendRequest
from opla.db.queries.call import select

REFUSES = Promises(refuses_repeat=True, find_by_reference=True, max_seconds=10)
FINDS_ONLY = replace(REFUSES, refuses_repeat=False)
REPEATS_ONLY = replace(REFUSES, find_by_reference=False)
NEITHER = replace(FINDS_ONLY, find_by_reference=False)


def test_a_declined_delivery_is_refunded(world: World) -> None:
    order_id = world.paid()
    world.supplier.script = [world.supplier.refuses]
    world.work(3)
    assert world.events(order_id) == ["placed", "paid", "declined", "refunded"]
    assert [m.subject for m in world.mailbox.sent] == ["refunding", "refunded"]
    assert world.refunds() == [("declined", 1500, "done")]
    assert (world.balance("psp_clearing:sandbox:EUR"), world.balance("customer_held:EUR")) == (0, 0)


def test_the_next_supplier_is_asked_after_a_final_refusal_and_only_then(world: World) -> None:
    second = Supplier(prefix="7777")
    world.others["second"] = second
    world.shop = replace(world.shop, routes=("sandbox", "second"))
    order_id = world.paid()
    world.supplier.script = [world.supplier.accepts, world.supplier.refuses]
    world.supplier.promises = REPEATS_ONLY
    world.work()
    assert second.asked == []
    world.supplier.given.clear()
    world.supplier.promises = REFUSES
    [reference] = world.supplier.asked
    world.supplier.given[reference] = SendReport(Answer.DECLINED, why="declined")
    world.work_through(4)
    assert world.events(order_id) == ["placed", "paid", "rerouted", "delivered"]
    assert (world.supplier.gave, second.gave) == (0, 1)
    assert world.balance("supplier_float:second:EUR") == -1440
    assert second.asked != world.supplier.asked  # a new send has a new reference


@pytest.mark.parametrize("promises", [REFUSES, REPEATS_ONLY], ids=["finds too", "cannot be asked"])
@pytest.mark.parametrize("acted", [True, False])
def test_where_repeats_are_refused_the_same_reference_is_sent_again(
    world: World, promises: Promises, acted: bool
) -> None:
    world.supplier.promises = promises
    order_id = world.paid()
    world.supplier.script = [world.supplier.gives_silently if acted else world.supplier.is_silent]
    world.work_through(4)
    assert world.state(order_id) == "delivered"
    assert (world.supplier.gave, len(set(world.supplier.asked)), len(world.supplier.asked)) == (1, 1, 2)


def test_where_repeats_give_twice_an_unknown_is_asked_about_until_found(world: World) -> None:
    world.supplier.promises = FINDS_ONLY
    order_id = world.paid()
    world.supplier.script = [world.supplier.gives_silently]
    world.supplier.finds = False
    world.work_through(30)
    assert (world.state(order_id), world.refunds()) == ("paid", [])
    world.supplier.finds = True
    world.work_through(60)
    assert (world.state(order_id), world.supplier.gave, len(world.supplier.asked)) == ("delivered", 1, 1)


@pytest.mark.parametrize("acted", [True, False])
@pytest.mark.parametrize("promises", [FINDS_ONLY, NEITHER], ids=["never found", "cannot be asked"])
def test_not_found_is_no_proof_it_is_parked_never_resent_never_refunded(
    world: World, acted: bool, promises: Promises
) -> None:
    world.others["second"] = Supplier(prefix="7777")
    world.shop = replace(world.shop, routes=("sandbox", "second"))
    world.supplier.promises = promises
    order_id = world.paid()
    world.supplier.script = [world.supplier.gives_silently if acted else world.supplier.is_silent]
    world.supplier.finds = False
    world.work_through(20 * 60, step_s=10)
    assert (world.state(order_id), len(world.supplier.asked), world.refunds()) == ("paid", 1, [])
    assert select("SELECT kind, amount_minor, order_id FROM item") == [("unknown_send", 1500, order_id)]
    assert world.others["second"].asked == []  # type: ignore[attr-defined]  # it is a Supplier of ours


def test_an_answer_after_parking_closes_the_item_by_itself(world: World) -> None:
    world.supplier.promises = FINDS_ONLY
    order_id = world.paid()
    world.supplier.script = [world.supplier.gives_silently]
    world.supplier.finds = False
    world.work_through(20 * 60, step_s=20)
    assert world.items() == ["unknown_send"]
    world.supplier.finds = True
    world.work_through(2 * 3600, step_s=120)
    assert (world.state(order_id), world.items(), world.supplier.gave) == ("delivered", [], 1)


def test_a_send_that_stays_pending_comes_onto_a_list_and_leaves_it_when_answered(world: World) -> None:
    order_id = world.paid()
    world.supplier.script = [world.supplier.accepts]
    world.supplier.finds = False
    world.work_through(20 * 60, step_s=20)
    assert (world.state(order_id), world.items()) == ("paid", ["unknown_send"])
    world.supplier.given[world.supplier.asked[0]] = SendReport(Answer.DECLINED, why="declined")
    world.supplier.finds = True
    world.work_through(2 * 3600, step_s=120)
    assert (world.state(order_id), world.items()) == ("refunded", [])


def test_a_supplier_out_of_reach_is_tried_for_fifteen_minutes_then_the_money_goes_back(world: World) -> None:
    order_id = world.paid()
    world.supplier.script = [world.supplier.is_unreachable] * 100
    world.work_through(14 * 60, step_s=10)
    assert world.state(order_id) == "paid"
    world.work_through(7 * 60, step_s=10)
    assert (world.state(order_id), len(set(world.supplier.asked))) == ("refunded", 1)


def test_one_try_that_may_have_left_is_never_outweighed_by_tries_that_did_not(world: World) -> None:
    order_id = world.paid()
    world.supplier.script = [world.supplier.is_silent, *[world.supplier.is_unreachable] * 100]
    world.work_through(30 * 60, step_s=10)
    assert (world.state(order_id), world.refunds(), world.items()) == ("paid", [], ["unknown_send"])


def test_a_reversed_delivery_is_refunded_and_never_sent_again(world: World) -> None:
    world.others["second"] = Supplier(prefix="7777")
    world.shop = replace(world.shop, routes=("sandbox", "second"))
    world.supplier.promises = replace(REFUSES, may_reverse=True)
    order_id = world.paid(DIRECT)
    world.work()
    assert world.state(order_id) == "delivered"
    [(reference, given)] = world.supplier.given.items()
    world.supplier.given[reference] = replace(given, reversed=True)
    world.work_through(40)
    assert world.events(order_id) == ["placed", "paid", "delivered", "reversed", "refunded"]
    assert [m.subject for m in world.mailbox.sent] == ["delivered", "refunding", "refunded"]
    assert world.refunds() == [("reversed", 1500, "done")]
    assert (len(world.supplier.asked), world.others["second"].asked) == (1, [])  # type: ignore[attr-defined]  # ours
    for account in ("supplier_float:sandbox:EUR", "margin:EUR", "psp_clearing:sandbox:EUR"):
        assert world.balance(account) == 0


def test_given_and_taken_back_before_we_heard_is_refunded_and_nobody_else_is_asked(world: World) -> None:
    world.others["second"] = Supplier(prefix="7777")
    world.shop = replace(world.shop, routes=("sandbox", "second"))
    order_id = world.paid(DIRECT)
    world.supplier.script = [lambda _r: SendReport(Answer.SUCCEEDED, "s", 1440, reversed=True)]
    world.work(3)
    assert (world.state(order_id), world.others["second"].asked) == ("refunded", [])  # type: ignore[attr-defined]  # ours


def test_a_pin_that_was_sold_before_is_not_delivered_to_a_second_customer(world: World) -> None:
    first = world.paid()
    world.work()
    second = world.paid()
    world.supplier.script = [lambda _r: SendReport(Answer.SUCCEEDED, "s2", 1440, Pin("0000-0000 00001"))]
    world.work(2)
    assert (world.state(first), world.state(second), world.items()) == ("delivered", "paid", ["contradiction"])
    assert select("SELECT why ->> 'why' FROM item") == [("code_known",)]
    assert select("SELECT count(*) FROM delivery") == [(1,)]


@pytest.mark.parametrize(
    "report",
    [
        SendReport(Answer.SUCCEEDED, "s", None, Pin("123456789")),
        SendReport(Answer.SUCCEEDED, "s", 1440),
    ],
    ids=["no cost", "no code"],
)
def test_a_success_that_lacks_what_was_sold_is_kept_for_a_person(world: World, report: SendReport) -> None:
    order_id = world.paid()
    world.supplier.script = [lambda _r: report]
    world.work_through(10)
    assert (world.state(order_id), world.items(), len(world.supplier.asked)) == ("paid", ["contradiction"], 1)


def test_a_broken_adapter_is_an_unknown_not_a_failure_and_breaks_no_neighbour(world: World) -> None:
    world.supplier.promises = FINDS_ONLY
    broken, fine = world.paid(), world.paid()

    def breaks(_request: SendRequest) -> SendReport:
        raise ZeroDivisionError

    world.supplier.script = [breaks]
    world.work(2)
    assert sorted([world.state(broken), world.state(fine)]) == ["delivered", "paid"]
    assert world.refunds() == []


def test_an_adapter_that_is_gone_breaks_no_neighbour(world: World) -> None:
    world.others["second"] = Supplier(prefix="7777")
    world.shop = replace(world.shop, routes=("second",))
    lost = world.paid()
    world.shop = replace(world.shop, routes=("sandbox",))
    del world.others["second"]
    fine = world.paid()
    world.work(2)
    assert (world.state(lost), world.state(fine)) == ("paid", "delivered")
    world.others["second"] = Supplier(prefix="7777")
    world.work_through(120, step_s=10)
    assert world.state(lost) == "delivered"


def test_two_sends_to_one_number_keep_the_distance_their_supplier_asks_for(world: World) -> None:
    world.supplier.promises = replace(REFUSES, min_gap_same_number_s=300)
    orders = [world.order(DIRECT), world.order(DIRECT)]
    world.work()
    world.provider.decide(Answer.SUCCEEDED, 1500)
    world.wake()
    world.work(3)
    assert sorted(map(world.state, orders)) == ["delivered", "paid"]
    assert select("SELECT DISTINCT number FROM orders") == [("+32" + NUMBER[1:],)]
    world.work_through(310, step_s=10)
    assert list(map(world.state, orders)) == ["delivered", "delivered"]


def test_a_loss_is_booked_as_one(world: World) -> None:
    world.paid(CODE)
    world.supplier.script = [lambda _r: SendReport(Answer.SUCCEEDED, "s", 1600, Pin("5544332211"))]
    world.work(2)
    assert (world.balance("margin:EUR"), world.balance("supplier_float:sandbox:EUR")) == (100, -1600)
