"""Lives of payments, played through: each ends in books that hold (the `world` fixture sees to it)."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from fakes import ANOTHER_DEVICE, ANOTHER_WORKER, CODE, DEVICE, DIRECT, NUMBER, World
from opla.core.ports import Answer, ChargeReport, ChargeRequest
from opla.core.refusal import Code, Refusal
from opla.db.queries.call import select
from opla.operations.place_orders import Placed


@pytest.mark.parametrize(("sku", "supplied"), [(CODE, -1440), (DIRECT, -1440)])
def test_a_paid_order_is_delivered_and_told_once(world: World, sku: str, supplied: int) -> None:
    order_id = world.paid(sku)
    world.work(3)
    assert world.events(order_id) == ["placed", "paid", "delivered"]
    assert (world.supplier.gave, len(world.mailbox.sent), world.items()) == (1, 1, [])
    assert world.balance("supplier_float:sandbox:EUR") == supplied
    assert world.balance("psp_clearing:sandbox:EUR") == 1500
    assert world.balance("margin:EUR") == -60


def test_everything_completes_when_no_webhook_ever_arrives(world: World) -> None:
    order_id = world.order()
    world.work()
    world.provider.decide(Answer.SUCCEEDED, 1500)
    world.work_through(5)
    assert world.state(order_id) == "delivered"


def test_an_abandoned_order_expires_and_nothing_was_ever_sent(world: World) -> None:
    order_id = world.order()
    world.work_through(25 * 60, step_s=30)
    world.provider.decide(Answer.DECLINED, why="expired")
    world.work_through(2 * 3600, step_s=600)
    assert world.events(order_id) == ["placed", "expired"]
    assert (world.supplier.asked, world.refunds()) == ([], [])


def test_a_refused_payment_leaves_the_order_to_be_paid_again(world: World) -> None:
    order_id = world.order()
    world.work()
    world.provider.session(0, Answer.DECLINED, why="refused")
    world.work_through(3)
    assert world.state(order_id) == "placed"
    assert world.pay_again(order_id) is None
    assert world.pay_again(order_id) is None  # from another tab: the payment that is there
    world.work()
    assert len(world.provider.charges) == 2
    world.provider.session(1, Answer.SUCCEEDED, 1500)
    world.work_through(5)
    assert (world.state(order_id), world.supplier.gave, world.refunds()) == ("delivered", 1, [])
    assert world.pay_again(order_id) == Refusal(Code.ORDER_NOT_PAYABLE)


def test_money_that_comes_late_goes_back(world: World) -> None:
    order_id = world.order()
    world.work()
    world.clock.tick(21 * 60)
    world.work()
    assert world.state(order_id) == "cancelled"
    world.provider.decide(Answer.SUCCEEDED, 1500)
    world.wake()
    world.work(3)
    assert world.events(order_id) == ["placed", "expired", "paid_late", "refunded"]
    assert world.refunds() == [("late", 1500, "done")]
    assert sum(world.provider.refunded_minor.values()) == 1500
    assert (world.supplier.asked, world.balance("psp_clearing:sandbox:EUR")) == ([], 0)


def test_a_session_called_expired_that_is_paid_after_all_is_noticed_without_a_webhook(world: World) -> None:
    order_id = world.order()
    world.work()
    world.provider.decide(Answer.DECLINED, why="expired")
    world.work_through(10)
    world.provider.decide(Answer.SUCCEEDED, 1500)
    world.work_through(40)
    assert world.state(order_id) == "delivered"


def test_one_session_that_captured_twice_gives_the_second_half_back(world: World) -> None:
    order_id = world.order()
    world.work()
    world.provider.decide(Answer.SUCCEEDED, 3000)
    world.wake()
    world.work(3)
    assert (world.state(order_id), world.supplier.gave) == ("delivered", 1)
    assert world.refunds() == [("overpaid", 1500, "done")]
    assert world.balance("psp_clearing:sandbox:EUR") == 1500


def test_a_second_capture_of_a_session_told_later_goes_back(world: World) -> None:
    order_id = world.paid()
    world.work()
    world.provider.decide(Answer.SUCCEEDED, 3000)
    world.wake()
    world.work(3)
    assert (world.state(order_id), world.supplier.gave) == ("delivered", 1)
    assert world.refunds() == [("overpaid", 1500, "done")]


@pytest.mark.parametrize("worked_between", [True, False], ids=["one after the other", "in one batch"])
def test_a_second_payment_of_one_order_goes_back(world: World, worked_between: bool) -> None:
    order_id = world.order()
    world.work()
    world.provider.session(0, Answer.DECLINED, why="refused")
    world.work_through(3)
    world.pay_again(order_id)
    world.work()
    world.provider.session(1, Answer.SUCCEEDED, 1500)
    if worked_between:
        world.wake()
        world.work(2)
    world.provider.session(0, Answer.SUCCEEDED, 1500)
    world.wake()
    world.work(4)
    world.clock.tick(60)
    world.work(3)
    assert (world.state(order_id), world.supplier.gave) == ("delivered", 1)
    assert world.refunds() == [("second", 1500, "done")]
    assert world.balance("psp_clearing:sandbox:EUR") == 1500
    assert world.balance("customer_held:EUR") == 0


def test_too_little_money_goes_back_and_the_order_can_still_be_paid(world: World) -> None:
    order_id = world.order()
    world.work()
    world.provider.session(0, Answer.SUCCEEDED, 1000)
    world.wake()
    world.work(2)
    assert (world.state(order_id), world.items()) == ("placed", ["wrong_amount"])
    assert world.refunds() == [("underpaid", 1000, "done")]
    assert world.pay_again(order_id) is None
    world.work()
    world.provider.session(1, Answer.SUCCEEDED, 1500)
    world.wake()
    world.work(2)
    assert world.state(order_id) == "delivered"


def test_an_order_is_refunded_from_the_payment_that_paid_it_not_from_one_that_went_back(world: World) -> None:
    """The first session was paid in two halves, both of which went back; the second one paid."""
    order_id = world.order()
    world.work()
    for captured_minor in (1000, 1500):
        world.provider.session(0, Answer.SUCCEEDED, captured_minor)
        world.wake()
        world.work(2)
    world.pay_again(order_id)
    world.work()
    world.provider.session(1, Answer.SUCCEEDED, 1500)
    world.supplier.script = [world.supplier.refuses]
    world.wake()
    world.work(4)
    assert world.state(order_id) == "refunded"
    assert {reason for reason, _, _ in world.refunds()} == {"underpaid", "overpaid", "declined"}
    assert world.balance("psp_clearing:sandbox:EUR") == 0


def test_things_bought_together_are_paid_once_and_delivered_each(world: World) -> None:
    quotes = world.quote(CODE), world.quote("OR-20"), world.quote("BA-5", number=NUMBER)
    placed = world.place(*quotes, together=True)
    orders = [p.order_id for p in placed if isinstance(p, Placed)]
    world.work()
    assert len(world.provider.charges) == 1
    world.provider.decide(Answer.SUCCEEDED, 4000)
    world.supplier.script = [world.supplier.give, world.supplier.refuses, world.supplier.give]
    world.wake()
    world.work(3)
    assert sorted(map(world.state, orders)) == ["delivered", "delivered", "refunded"]
    [(reason, amount_minor, state)] = world.refunds()
    assert (reason, state) == ("declined", "done")
    assert world.balance("psp_clearing:sandbox:EUR") == 4000 - int(str(amount_minor))


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ({"currency": "USD"}, {"why": "other_currency", "came": "USD", "asked": "EUR"}),
        ({"provider_id": "pay_of_somebody_else"}, {"why": "other_payment"}),
    ],
)
def test_a_report_that_cannot_be_true_moves_no_money_and_lies_on_a_list(
    world: World, broken: dict[str, str], why: dict[str, str]
) -> None:
    order_id = world.order()
    world.work()
    [(reference, before)] = world.provider.charges.items()
    good = {"provider_id": before.provider_id, "currency": "EUR"}
    world.provider.charges[reference] = ChargeReport(Answer.SUCCEEDED, captured_minor=1500, **{**good, **broken})
    world.wake()
    world.work(3)
    assert (world.state(order_id), world.items()) == ("placed", ["contradiction"])
    assert [json.loads(str(w)) for (w,) in select("SELECT why::text FROM item")] == [why]
    assert select("SELECT count(*) FROM transfer") == [(0,)]


def test_success_without_a_cent_captured_is_a_contradiction_never_a_payment_that_is_forgotten(world: World) -> None:
    order_id = world.order()
    world.work()
    world.provider.decide(Answer.SUCCEEDED, 0)
    world.wake()
    world.work()
    assert (world.state(order_id), world.items()) == ("placed", ["contradiction"])


def test_two_sessions_answered_with_one_id_are_a_contradiction(world: World) -> None:
    world.provider.on_charge = lambda _r: ChargeReport(Answer.PENDING, "the same", "http://sandbox.test/pay")
    world.order()
    world.order(DIRECT)
    world.work()
    assert world.items() == ["contradiction"]


def test_what_left_at_the_provider_without_us_is_kept_and_shown_to_a_person(world: World) -> None:
    world.paid()
    world.work()
    [(reference, before)] = world.provider.charges.items()
    world.provider.charges[reference] = ChargeReport(
        Answer.SUCCEEDED, before.provider_id, captured_minor=1500, charged_back_minor=1500, currency="EUR"
    )
    for _ in range(2):  # told twice
        world.wake()
        world.work()
    assert world.items() == ["outside_refund"]
    assert select("SELECT charged_back_minor FROM payment") == [(1500,)]


def test_a_charge_that_never_left_is_closed_when_nobody_wants_it_any_more(world: World) -> None:
    """The provider cannot be reached until the order has expired: then nobody is called, and the payment is expired."""
    asked: list[ChargeRequest] = []

    def unreachable(request: ChargeRequest) -> ChargeReport:
        asked.append(request)
        return ChargeReport(Answer.NOT_SENT, why="refused_connection")

    world.provider.on_charge = unreachable
    order_id = world.order()
    world.work_through(21 * 60, step_s=30)
    assert world.state(order_id) == "cancelled"
    before = len(asked)
    world.work_through(20 * 60, step_s=60)
    assert len(asked) == before
    assert select("SELECT p.state, a.state, a.why FROM payment p JOIN attempt a ON a.payment_id = p.id") == [
        ("expired", "declined", "expired")
    ]


def test_a_charge_without_an_answer_is_asked_about_under_the_same_reference(world: World) -> None:
    lost: list[str] = []

    def lose(request: ChargeRequest) -> ChargeReport:
        lost.append(request.reference)
        world.provider.on_charge = None
        world.provider.charge(request)
        return ChargeReport(Answer.UNKNOWN)

    world.provider.on_charge = lose
    order_id = world.order()
    world.work_through(3)
    assert list(world.provider.charges) == lost
    world.provider.decide(Answer.SUCCEEDED, 1500)
    world.work_through(10)
    assert world.state(order_id) == "delivered"


def test_the_same_form_sent_twice_gives_one_order(world: World) -> None:
    quote = world.quote()
    [first] = world.place(quote)
    [again] = world.place(quote)
    assert isinstance(first, Placed)
    assert isinstance(again, Placed)
    assert (again.order_id, again.ticket, again.link, again.again) == (first.order_id, first.ticket, first.link, True)
    assert select("SELECT (SELECT count(*) FROM orders), (SELECT count(*) FROM payment)") == [(1, 1)]


def test_a_batch_answers_each_placement_and_a_bad_neighbour_harms_nobody(world: World) -> None:
    old = world.quote()
    world.clock.tick(14 * 60)
    fresh, changed, strange = world.quote(), world.quote(), world.quote(device=ANOTHER_DEVICE)
    world.clock.tick(60)
    answers = world.place(old, fresh, strange, fresh)
    assert answers[0] == Refusal(Code.QUOTE_EXPIRED, "quote")
    assert answers[2] == Refusal(Code.QUOTE_UNKNOWN, "quote")
    assert [a.again for a in (answers[1], answers[3]) if isinstance(a, Placed)] == [False, True]
    assert world.place(changed.__class__(**{**vars(changed), "price": world.quote("PX-25").price})) == [
        Refusal(Code.QUOTE_CHANGED, "total")
    ]
    assert select("SELECT count(*) FROM orders") == [(1,)]


def test_another_device_cannot_place_a_quote_it_was_not_shown(world: World) -> None:
    assert world.place(world.quote(device=DEVICE), device=ANOTHER_DEVICE) == [Refusal(Code.QUOTE_UNKNOWN, "quote")]


def test_an_order_that_expires_while_it_is_being_paid_loses_to_the_payment(world: World) -> None:
    order_id = world.order()
    world.work()
    world.provider.decide(Answer.SUCCEEDED, 1500)
    world.clock.now += timedelta(minutes=20)
    world.work(2, worker=ANOTHER_WORKER)
    assert world.state(order_id) == "delivered"
