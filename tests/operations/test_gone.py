"""Money that leaves at the provider without us, played through. The books hold after each (the `world` fixture)."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from fakes import CODE, CUSTOMER, DEVICE, DIRECT, START, World
from opla.core.actor import Actor, Role
from opla.core.ports import Answer, Promises, RefundReport, RefundRequest, SendReport
from opla.core.refusal import Code, Refusal
from opla.db.queries import codes
from opla.db.queries.call import select
from opla.db.queries.codes import NewCode, Stock
from opla.operations.reveal_code import reveal
from opla.suppliers.code_stock.provider import OwnStock

FINDS_ONLY = Promises(refuses_repeat=False, find_by_reference=True, max_seconds=10)


def says(world: World, *, refunded: int = 0, charged_back: int = 0, told: int = 2) -> None:
    """The provider's sums of its newest payment change, and it tells so, twice."""
    reference = list(world.provider.charges)[-1]
    before = world.provider.charges[reference]
    world.provider.charges[reference] = replace(before, refunded_minor=refunded, charged_back_minor=charged_back)
    for _ in range(told):
        world.wake()
        world.work()


def delivered(world: World, sku: str = CODE) -> UUID:
    order_id = world.paid(sku)
    world.work(2)
    assert world.state(order_id) == "delivered"
    return order_id


def stocked(world: World) -> None:
    """One code of our own on the shelf."""
    world.shop = replace(world.shop, routes=("code_stock", "sandbox"))
    world.others["code_stock"] = OwnStock(Stock(lambda: world.clock().date()))
    chance = world.shop.chance
    one = NewCode(chance.uuid(START), CODE, "4821 9034 7715 2", "S1", 1400, "EUR", None)
    codes.stock([one], batch=chance.uuid(START), actor=Actor(Role.OWNER), at=START, keyring=world.shop.keyring)


def sums() -> list[tuple[object, ...]]:
    return select("SELECT charged_back_minor, outside_minor FROM payment ORDER BY id DESC LIMIT 1")


def test_a_charge_back_of_what_was_delivered_is_our_loss_until_it_is_won(world: World) -> None:
    order_id = delivered(world, DIRECT)
    says(world, charged_back=1500)
    assert (sums(), world.items(), world.state(order_id)) == ([(1500, 0)], ["outside_refund"], "delivered")
    assert (world.balance("chargebacks:EUR"), world.balance("psp_clearing:sandbox:EUR")) == (1500, 0)
    says(world, charged_back=500)
    assert (sums(), world.balance("chargebacks:EUR")) == ([(500, 0)], 500)
    says(world, charged_back=0)
    assert (sums(), world.balance("chargebacks:EUR"), world.balance("psp_clearing:sandbox:EUR")) == ([(0, 0)], 0, 1500)
    assert world.refunds() == []


def test_a_dashboard_refund_stands_in_suspense_and_news_of_it_counts_once(world: World) -> None:
    delivered(world, DIRECT)
    says(world, refunded=400)
    says(world, refunded=1000)
    assert (sums(), world.balance("suspense:EUR"), world.items()) == ([(0, 1000)], 1000, ["outside_refund"])
    says(world, refunded=600)  # one of them failed at the bank
    assert (sums(), world.balance("suspense:EUR"), world.balance("psp_clearing:sandbox:EUR")) == ([(0, 600)], 600, 900)


@pytest.mark.parametrize(("how", "account"), [("charged_back", "chargebacks:EUR"), ("refunded", "suspense:EUR")])
def test_what_was_not_sent_is_not_sent_when_its_money_is_gone(world: World, how: str, account: str) -> None:
    order_id = world.paid()
    with_money_gone = {how: 1500}
    [(send,)] = select("SELECT id FROM attempt WHERE kind = 'send'")
    world.clock.tick(-1)  # the send is not due yet in this round
    reference = list(world.provider.charges)[-1]
    facts = {f"{name}_minor": minor for name, minor in with_money_gone.items()}
    world.provider.charges[reference] = replace(world.provider.charges[reference], **facts)  # type: ignore[arg-type]  # by name
    world.wake()
    world.work()
    world.clock.tick(61)
    world.work(3)
    assert (world.state(order_id), world.supplier.asked, world.refunds()) == ("refunded", [], [])
    assert select("SELECT state, due_at FROM attempt WHERE id = %s", [send]) == [("declined", None)]
    assert (world.balance(account), world.balance("customer_held:EUR")) == (0, 0)
    assert [m.subject for m in world.mailbox.sent] == ["refunded"]


def test_what_is_out_already_is_not_held_back_and_a_refusal_then_owes_nothing(world: World) -> None:
    world.shop = replace(world.shop, routes=("sandbox", "other"))
    world.others["other"] = world.supplier
    order_id = world.paid()
    world.supplier.script = [world.supplier.accepts]
    world.work()
    says(world, charged_back=1500)
    assert world.state(order_id) == "paid"
    [reference] = world.supplier.asked
    world.supplier.given[reference] = SendReport(Answer.DECLINED, why="declined")
    world.clock.tick(60)
    world.work(3)
    assert (world.state(order_id), len(world.supplier.asked), world.refunds()) == ("refunded", 1, [])
    assert (world.balance("chargebacks:EUR"), world.balance("customer_held:EUR")) == (0, 0)


def test_a_refusal_after_a_part_was_charged_back_refunds_what_is_left(world: World) -> None:
    order_id = world.paid()
    world.supplier.script = [world.supplier.accepts]
    world.work()
    says(world, charged_back=600)
    assert (world.state(order_id), world.balance("chargebacks:EUR")) == ("paid", 600)
    world.supplier.given[world.supplier.asked[0]] = SendReport(Answer.DECLINED, why="declined")
    world.clock.tick(60)
    world.work(3)
    assert (world.state(order_id), world.refunds()) == ("refunded", [("declined", 900, "done")])
    assert (world.balance("chargebacks:EUR"), world.balance("customer_held:EUR")) == (0, 0)


def test_a_refund_that_has_not_left_does_not_leave_for_money_that_went_back_outside(world: World) -> None:
    world.shop = replace(world.shop, refund_cap_minor=0)  # it waits for a person
    order_id = world.paid()
    world.supplier.script = [world.supplier.refuses]
    world.work(2)
    assert (world.state(order_id), world.refunds()) == ("refunding", [("declined", 1500, "due")])
    says(world, refunded=1500)
    world.shop = replace(world.shop, refund_cap_minor=50_000)
    world.clock.tick(24 * 3600)
    world.work(3)
    assert (world.state(order_id), world.refunds()) == ("refunded", [("declined", 1500, "outside")])
    assert (world.provider.refunds, world.items()) == ({}, ["outside_refund"])
    assert [world.balance(a) for a in ("suspense:EUR", "refunds_due:EUR", "psp_clearing:sandbox:EUR")] == [0, 0, 0]


def test_of_two_refunds_only_the_one_that_went_back_outside_stays_here(world: World) -> None:
    """Two orders under one payment, both declined; somebody refunds one of them in the dashboard."""
    world.shop = replace(world.shop, refund_cap_minor=0)
    world.place(world.quote(CODE), world.quote(CODE), together=True)
    world.work()
    world.provider.decide(Answer.SUCCEEDED, 3000)
    world.supplier.script = [world.supplier.refuses, world.supplier.refuses]
    world.wake()
    world.work(3)
    says(world, refunded=1500)
    world.shop = replace(world.shop, refund_cap_minor=50_000)
    world.clock.tick(24 * 3600)
    world.work(4)
    world.clock.tick(5)
    world.work(2)
    assert sorted(str(state) for _, _, state in world.refunds()) == ["done", "outside"]
    assert sum(world.provider.refunded_minor.values()) == 1500


def test_our_own_refund_without_an_answer_is_not_taken_for_somebody_elses(world: World) -> None:
    world.provider.promises = FINDS_ONLY
    world.paid()
    world.supplier.script = [world.supplier.refuses]
    asked: list[str] = []

    def acts_and_loses(request: RefundRequest) -> RefundReport:
        asked.append(request.reference)
        return RefundReport(Answer.UNKNOWN)

    world.provider.on_refund = acts_and_loses
    world.work(3)
    says(world, refunded=1500)  # their sum shows it before its own answer does
    assert (sums(), world.items(), world.refunds()) == ([(0, 0)], [], [("declined", 1500, "due")])
    world.provider.refunds[asked[0]] = RefundReport(Answer.SUCCEEDED, "re_1")
    world.work_through(60)
    assert (sums(), world.items(), world.refunds()) == ([(0, 0)], [], [("declined", 1500, "done")])


def test_somebody_elses_refund_hidden_behind_ours_shows_when_ours_was_refused(world: World) -> None:
    world.paid()
    world.supplier.script = [world.supplier.refuses]
    world.provider.on_refund = lambda _r: RefundReport(Answer.PENDING)
    world.work(3)
    says(world, refunded=1500)
    assert sums() == [(0, 0)]  # it may be ours
    [(reference,)] = select("SELECT reference FROM attempt WHERE kind = 'refund'")
    world.provider.refunds[str(reference)] = RefundReport(Answer.DECLINED, why="nothing_left")
    world.work_through(30)
    assert (sums(), world.refunds()) == ([(0, 1500)], [("declined", 1500, "refused")])
    assert sorted(world.items()) == ["outside_refund", "refund_refused"]


def test_an_unseen_code_of_ours_comes_back_with_the_money_and_is_sold_again(world: World) -> None:
    stocked(world)
    order_id = delivered(world)
    assert world.balance("code_stock:EUR") == 0
    says(world, charged_back=1500)
    assert (world.state(order_id), world.balance("code_stock:EUR"), world.balance("chargebacks:EUR")) == (
        "refunded",
        1400,
        0,
    )
    no = reveal(CUSTOMER, order_id, device=DEVICE, shop=world.shop, at=world.clock())
    assert no == Refusal(Code.NOT_DELIVERED_YET)
    again = delivered(world)
    assert (world.supplier.gave, world.balance("code_stock:EUR")) == (0, 0)
    assert select("SELECT order_id, state FROM code") == [(again, "sold")]


def test_a_suppliers_unseen_code_is_blocked_and_its_cost_is_lost(world: World) -> None:
    order_id = delivered(world)
    says(world, refunded=1500)
    assert (world.state(order_id), select("SELECT state, order_id FROM code")) == ("refunded", [("blocked", order_id)])
    assert (world.balance("suspense:EUR"), world.balance("margin:EUR")) == (0, 1440)


def test_a_second_payment_charged_back_leaves_the_order_that_another_one_paid(world: World) -> None:
    world.provider.on_refund = lambda _r: RefundReport(Answer.PENDING)
    order_id = world.order()
    world.work()
    world.provider.session(0, Answer.DECLINED, why="refused")
    world.work_through(3)
    world.pay_again(order_id)
    world.work()
    world.provider.session(0, Answer.SUCCEEDED, 1500)
    world.wake()
    world.work(2)
    world.provider.session(1, Answer.SUCCEEDED, 1500)
    world.wake()
    world.work(2)
    assert world.refunds() == [("second", 1500, "due")]
    says(world, charged_back=1500)
    assert (world.state(order_id), select("SELECT state FROM code")) == ("delivered", [("sold",)])
