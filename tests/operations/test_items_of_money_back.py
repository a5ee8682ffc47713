"""Where people's words, and closed days, meet money that goes back by choice, left without us, or lies on a float."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from fakes import DIRECT, World
from operations.test_choosing import ANNA, BEN, SAM, choose
from operations.test_floats import acme, asked, free, standing
from operations.test_gone import FINDS_ONLY, says, sums
from operations.test_resolving import refused, say, unknown_refund
from opla.core.item import Step
from opla.core.ports import Answer, RefundReport, SendReport
from opla.core.refusal import Code
from opla.db.queries import items
from opla.db.queries.call import select
from opla.db.queries.days import ClosedDay
from opla.operations.close_day import close_all
from opla.operations.resolve_item import Wanted, offers
from opla.presenting import items as words

__all__ = ["acme"]  # a fixture


def large(world: World) -> UUID:
    """A delivered order whose whole refund waits for a second person."""
    order_id = world.paid(DIRECT)
    world.work(2)
    world.shop = replace(world.shop, refund_alone_minor=1000)
    choose(world, order_id, actor=ANNA)
    assert (world.items(), [state for *_, state in world.refunds()]) == (["refund_approval"], ["asked"])
    return order_id


def test_a_large_refund_is_approved_on_its_page_by_somebody_else_and_what_was_said_is_kept(world: World) -> None:
    order_id = large(world)
    [found] = items.open_items()
    assert words.why(found) == "Asked for by anna (owner): it did not arrive"
    assert [(o.resolution, o.second_person) for o in offers(found, shop=world.shop)] == [
        ("approve", False),
        ("deny", False),
    ]
    assert say(world, Wanted("seen", "hm"), BEN) == refused(Code.RESOLUTION_UNKNOWN)
    assert say(world, Wanted("approve", "I know"), ANNA) == refused(Code.SAME_PERSON)
    assert say(world, Wanted("approve", "I know"), SAM) == refused(Code.NOT_ALLOWED)
    assert (items.evidence(found.id), [state for *_, state in world.refunds()]) == ([], ["asked"])
    assert say(world, Wanted("approve", "asked the customer", file=b"%PDF", file_name="a.pdf"), BEN) is Step.RESOLVED
    assert say(world, Wanted("deny", "no"), BEN, found.id) == refused(Code.ITEM_CLOSED)
    world.work(2)
    assert (world.state(order_id), world.items()) == ("refunded", [])
    [kept] = items.evidence(found.id)
    assert (kept.actor, kept.resolution, kept.note, kept.file_name) == (
        "owner:ben",
        "approve",
        "asked the customer",
        "a.pdf",
    )


def test_a_large_refund_is_denied_on_its_page_even_by_who_asked(world: World) -> None:
    order_id = large(world)
    [found] = items.open_items()
    assert say(world, Wanted("deny", "it arrived after all"), ANNA) is Step.RESOLVED
    assert (world.state(order_id), [state for *_, state in world.refunds()], world.items()) == (
        "delivered",
        ["denied"],
        [],
    )
    assert [e.resolution for e in items.evidence(found.id)] == ["deny"]


def refused_refund(world: World, *, charged_back: int) -> UUID:
    """A refund that was due whole when a part of the payment was charged back: the provider is not asked for it."""
    world.supplier.script = [world.supplier.refuses]
    order_id = world.paid()
    world.provider.on_refund = lambda _r: RefundReport(Answer.NOT_SENT)
    world.work()
    says(world, charged_back=charged_back)
    world.work_through(10 * 60, step_s=30)
    return order_id


def test_what_left_without_us_is_not_paid_again_from_the_bank(world: World) -> None:
    order_id = refused_refund(world, charged_back=400)
    found = next(i for i in items.open_items() if i.kind == "refund_refused")
    assert (found.at_risk.amount_minor, found.params) == (1100, {"gone": "4.00", "owed": "11.00"})
    assert words.why(found) == "€4.00 of it went back without us, so €11.00 is still owed."
    assert say(world, Wanted("paid_back_otherwise", "by transfer"), item_id=found.id) is Step.RESOLVED
    assert (world.state(order_id), world.refunds()) == ("refunded", [("declined", 1500, "otherwise")])
    assert world.balance("bank:EUR") == -1100
    assert (world.balance("refunds_due:EUR"), world.balance("customer_held:EUR")) == (0, 0)
    assert select("SELECT refunded_minor, refunding_minor FROM payment") == [(1100, 0)]
    says(world, charged_back=400)
    assert sums() == [(400, 0)]


def test_when_the_rest_of_a_refused_refund_leaves_too_nothing_is_paid_from_the_bank(world: World) -> None:
    order_id = refused_refund(world, charged_back=400)
    says(world, charged_back=1500)
    found = next(i for i in items.open_items() if i.kind == "refund_refused")
    assert say(world, Wanted("paid_back_otherwise", "it is charged back"), item_id=found.id) is Step.RESOLVED
    assert (world.state(order_id), world.refunds()) == ("refunded", [("declined", 1500, "outside")])
    assert (world.balance("bank:EUR"), world.balance("refunds_due:EUR")) == (0, 0)


def test_a_part_given_by_choice_that_the_provider_refuses_is_paid_from_the_bank(world: World) -> None:
    order_id = world.paid(DIRECT)
    world.work(2)
    world.provider.on_refund = lambda _r: RefundReport(Answer.DECLINED, why="too_old")
    choose(world, order_id, 500)
    world.work(2)
    assert say(world, Wanted("paid_back_otherwise", "by transfer")) is Step.RESOLVED
    assert (world.state(order_id), world.refunds()) == ("delivered", [("goodwill", 500, "otherwise")])
    assert world.events(order_id)[-1] == "part_refunded_otherwise"
    assert world.balance("bank:EUR") == -500


def test_what_was_paid_from_the_bank_cannot_be_given_back_by_choice_again(world: World) -> None:
    order_id = world.paid(DIRECT)
    world.work(2)
    world.provider.on_refund = lambda _r: RefundReport(Answer.DECLINED, why="too_old")
    choose(world, order_id, 500)
    world.work(2)
    say(world, Wanted("paid_back_otherwise", "by transfer"))
    assert choose(world, order_id, 1001) == refused(Code.REFUND_TOO_MUCH)


def test_a_refund_a_person_gave_up_is_not_taken_for_one_that_may_be_out(world: World) -> None:
    unknown_refund(world)
    world.provider.on_refund = lambda _r: RefundReport(Answer.NOT_SENT)
    say(world, Wanted("not_paid_back", "their list ends without it"))
    says(world, refunded=1500, told=1)
    assert (sums(), world.balance("suspense:EUR")) == ([(0, 1500)], 0)  # nothing is due any more: it was met
    assert world.refunds() == [("declined", 1500, "outside")]


def test_an_unknown_order_of_a_reseller_is_decided_by_a_person_and_its_money_is_free_again(
    acme: World,
) -> None:
    acme.supplier.promises = FINDS_ONLY
    acme.supplier.finds = False
    acme.supplier.script = [acme.supplier.is_silent]
    [order] = standing(acme, asked("a"))
    acme.work_through(20 * 60, step_s=30)
    [found] = items.open_items()
    assert (found.kind, found.order_id, found.payment_id) == ("unknown_send", order, None)
    assert len(items.attempts_about(found)) == 1
    assert say(acme, Wanted("not_delivered", "they never had it")) is Step.RESOLVED
    assert (acme.state(order), free(), acme.items()) == ("refunded", (10000, 0), [])


def test_a_day_that_is_closed_counts_what_floats_hold_and_what_came_back(acme: World) -> None:
    acme.supplier.script = [acme.supplier.accepts]
    standing(acme, asked("a"))  # on its way at midnight
    acme.work()
    standing(acme, asked("b"))  # not begun
    acme.clock.tick(24 * 3600)
    [first] = closed(acme)
    assert (first.placed, first.refunded, first.holding) == (2, 0, 2)
    [reference] = acme.supplier.asked
    acme.supplier.given[reference] = SendReport(Answer.DECLINED, why="declined")
    acme.work(3)
    acme.clock.tick(24 * 3600)
    [second] = closed(acme)
    assert (second.placed, second.delivered, second.refunded, second.holding) == (
        0,
        0,
        1,
        0,
    )  # the other was never begun


def closed(world: World) -> list[ClosedDay]:
    found = close_all(ANNA, at=world.clock())
    assert isinstance(found, list), found
    return found
