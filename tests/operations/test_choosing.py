"""Refunds by choice, played through: who, how much, with whose agreement, and what becomes of the code."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from fakes import CODE, CUSTOMER, DEVICE, DIRECT, World
from operations.test_gone import delivered, says, stocked
from opla.core.actor import Actor, Role
from opla.core.money import Money
from opla.core.ports import Answer, Promises, RefundReport
from opla.core.refusal import Code, Refusal
from opla.db.queries import refunds
from opla.db.queries.call import select
from opla.db.queries.codes import Revealed
from opla.db.queries.pages import order_by_id
from opla.db.queries.refunds import Chosen
from opla.operations.refund_by_choice import Evidence, approve_refund, deny_refund, refund_by_choice
from opla.operations.reveal_code import reveal

ANNA, BEN, SAM = Actor(Role.OWNER, "anna"), Actor(Role.OWNER, "ben"), Actor(Role.SUPPORT, "sam")


def choose(
    world: World,
    order_id: UUID,
    cents: int | None = None,
    *,
    actor: Actor = SAM,
    why: str = "it did not arrive",
    evidence: Evidence | None = None,
    key: UUID | None = None,
) -> Chosen | Refusal:
    return refund_by_choice(
        actor,
        order_id,
        refund_id=key or uuid4(),
        amount=None if cents is None else Money(cents, "EUR"),
        why=why,
        evidence=evidence,
        shop=world.shop,
        at=world.clock(),
    )


def refused(found: Chosen | Refusal) -> str:
    return found.code if isinstance(found, Refusal) else "granted"


def state_of(found: Chosen | Refusal) -> str:
    assert isinstance(found, Chosen), found
    [(state,)] = select("SELECT state FROM refund WHERE id = %s", [found.id])
    return str(state)


def test_a_part_is_given_out_of_the_margin_and_the_order_stays_delivered(world: World) -> None:
    order_id = delivered(world, DIRECT)
    key = uuid4()
    first = choose(world, order_id, 500, key=key)
    assert choose(world, order_id, 500, key=key) == first  # the form sent twice
    assert refused(choose(world, order_id, 400, key=key)) == "key_reused"
    world.work(2)
    assert (world.state(order_id), world.refunds()) == ("delivered", [("goodwill", 500, "done")])
    assert (world.balance("margin:EUR"), world.balance("psp_clearing:sandbox:EUR")) == (500 - 60, 1000)
    assert select("SELECT why, actor FROM refund") == [("it did not arrive", "support:sam")]
    assert refused(choose(world, order_id, 1001)) == "refund_too_much"
    choose(world, order_id, 1000)  # the rest of it is the whole
    world.work(2)
    assert (world.state(order_id), world.balance("margin:EUR")) == ("refunded", 1500 - 60)
    assert world.events(order_id)[-4:] == ["goodwill", "part_refunded", "withdrawn", "refunded"]
    assert refused(choose(world, order_id)) == "nothing_to_refund"
    assert sorted(m.subject for m in world.mailbox.sent) == ["delivered", *["refunded"] * 2, *["refunding"] * 2]


def test_an_unseen_code_of_ours_returns_to_the_shelf_at_its_cost_and_is_sold_again(world: World) -> None:
    stocked(world)
    order_id = delivered(world)
    choose(world, order_id)
    assert reveal(CUSTOMER, order_id, device=DEVICE, shop=world.shop, at=world.clock()) == Refusal(
        Code.NOT_DELIVERED_YET
    )
    world.work(2)
    assert (world.state(order_id), world.balance("code_stock:EUR"), world.balance("margin:EUR")) == (
        "refunded",
        1400,
        0,
    )
    again = delivered(world)
    assert world.supplier.gave == 0
    assert select("SELECT order_id FROM code") == [(again,)]
    assert isinstance(reveal(CUSTOMER, again, device=DEVICE, shop=world.shop, at=world.clock()), Revealed)
    refusal = reveal(CUSTOMER, order_id, device=DEVICE, shop=world.shop, at=world.clock())
    assert isinstance(refusal, Refusal)


def test_a_seen_code_is_refunded_only_with_the_operators_answer_and_never_sold_again(world: World) -> None:
    stocked(world)
    order_id = delivered(world)
    reveal(CUSTOMER, order_id, device=DEVICE, shop=world.shop, at=world.clock())
    assert refused(choose(world, order_id)) == "evidence_missing"
    assert refused(choose(world, order_id, 1500)) == "evidence_missing"
    letter = Evidence("the operator: 4821 9034 7715 2 was never used", b"a scanned letter")
    choose(world, order_id, evidence=letter)
    world.work(2)
    assert (world.state(order_id), world.balance("code_stock:EUR")) == ("refunded", 0)
    assert select("SELECT state, order_id FROM code") == [("blocked", order_id)]
    [(kept,)] = select("SELECT evidence FROM refund")
    assert str(kept).startswith("sha256:")
    assert "the operator" in str(kept)
    assert "4821" not in str(kept)


def test_a_large_one_waits_for_a_second_person_and_nothing_moves_before(world: World) -> None:
    world.shop = replace(world.shop, refund_alone_minor=1499)
    order_id = delivered(world, DIRECT)
    asked = choose(world, order_id, actor=ANNA)
    assert isinstance(asked, Chosen)
    world.work(2)
    assert (world.state(order_id), world.refunds(), world.items()) == (
        "delivered",
        [("choice", 1500, "asked")],
        ["refund_approval"],
    )
    assert refused(choose(world, order_id, 100)) == "refund_waits"
    page = order_by_id(order_id)
    assert page is not None
    assert (page.refunding.amount_minor, page.refunded.amount_minor) == (
        0,
        0,
    )  # nothing is promised yet
    for who, why in ((ANNA, "same_person"), (Actor(Role.OWNER), "same_person"), (SAM, "not_allowed")):
        assert refused(approve_refund(who, asked.id, shop=world.shop, at=world.clock())) == why
    assert state_of(approve_refund(BEN, asked.id, shop=world.shop, at=world.clock())) == "due"
    world.work(2)
    assert (world.state(order_id), world.items(), world.refunds()) == ("refunded", [], [("choice", 1500, "done")])
    assert refused(approve_refund(BEN, asked.id, shop=world.shop, at=world.clock())) == "item_closed"
    assert select("SELECT name, actor FROM event WHERE subject = 'refund' ORDER BY id") == [
        ("asked", "owner:anna"),
        ("approved", "owner:ben"),
        ("done", "system"),
    ]


def test_two_halves_do_not_pass_where_the_whole_would_not(world: World) -> None:
    world.shop = replace(world.shop, refund_alone_minor=1000)
    order_id = delivered(world, DIRECT)
    assert [state_of(choose(world, order_id, cents)) for cents in (600, 400, 100)] == ["due", "due", "asked"]


def test_what_waited_is_judged_again_when_it_is_approved_and_may_be_denied(world: World) -> None:
    world.shop = replace(world.shop, refund_alone_minor=100)
    order_id = delivered(world, DIRECT)
    asked = choose(world, order_id, 1000)
    assert isinstance(asked, Chosen)
    says(world, charged_back=600)
    assert refused(approve_refund(BEN, asked.id, shop=world.shop, at=world.clock())) == "refund_too_much"
    assert refused(deny_refund(BEN, asked.id, why=" ", shop=world.shop, at=world.clock())) == "reason_missing"
    assert state_of(deny_refund(BEN, asked.id, why="charged back", shop=world.shop, at=world.clock())) == "denied"
    assert world.items() == ["outside_refund"]
    assert refused(choose(world, order_id, 901)) == "refund_too_much"
    assert isinstance(choose(world, order_id, 900), Chosen)


def test_only_what_may_be_chosen_by_whom_it_may(world: World) -> None:
    placed, paid = world.order(), world.paid()
    assert refused(choose(world, placed)) == "nothing_to_refund"
    assert refused(choose(world, paid)) == "refund_by_rule"
    assert refused(choose(world, uuid4())) == "not_found"
    for actor in (CUSTOMER, Actor(Role.SYSTEM)):
        assert refused(choose(world, paid, actor=actor)) == "not_allowed"
    assert refunds.order_by_ticket("nothing") is None


def test_a_provider_that_refuses_leaves_the_debt_on_a_list(world: World) -> None:
    order_id = delivered(world, DIRECT)
    world.provider.on_refund = lambda _r: RefundReport(Answer.DECLINED, why="too_old")
    choose(world, order_id)
    world.work(2)
    assert (world.state(order_id), world.items(), world.balance("refunds_due:EUR")) == (
        "refunding",
        ["refund_refused"],
        -1500,
    )
    assert refused(choose(world, order_id)) == "refund_by_rule"


@pytest.mark.parametrize("sku", [CODE, DIRECT])
def test_a_reversal_after_a_part_was_given_back_refunds_the_rest(world: World, sku: str) -> None:
    world.supplier.promises = Promises(True, True, 10, may_reverse=True)
    order_id = delivered(world, sku)
    choose(world, order_id, 500)
    world.work()
    [(reference, given)] = world.supplier.given.items()
    world.supplier.given[reference] = replace(given, reversed=True)
    world.clock.tick(60)
    world.work(3)
    assert world.state(order_id) == ("refunded" if sku == DIRECT else "delivered")
    if sku == DIRECT:
        assert sorted(world.refunds()) == [("goodwill", 500, "done"), ("reversed", 1000, "done")]
        assert (world.balance("margin:EUR"), world.balance("psp_clearing:sandbox:EUR")) == (0, 0)
