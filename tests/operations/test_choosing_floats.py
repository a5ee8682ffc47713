"""Refunds by choice of what a float paid: on the float again at once, under the rules of any other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from fakes import ANOTHER_WORKER, CODE, DIRECT, START, WORKER, World
from operations.test_choosing import ANNA, BEN, choose, refused, state_of
from operations.test_floats import ACME, OWNER, free
from operations.test_gone import stocked
from opla.core.money import Money
from opla.core.ports import Promises
from opla.db.queries import items
from opla.db.queries.call import select
from opla.db.queries.refunds import Chosen
from opla.operations import resellers
from opla.operations.place_from_float import Asked, Reserved, place_from_float
from opla.operations.quote_topup import Wanted
from opla.operations.refund_by_choice import Evidence, approve_refund, deny_refund, refund_by_choice
from opla.operations.resolve_item import Wanted as Said
from opla.operations.resolve_item import resolve_item
from support import at_once, by_owner

_TRIES = 3  # each a race of its own


@pytest.fixture
def acme(world: World) -> World:
    """A shop with one reseller, acme, that paid in a hundred euros."""
    assert resellers.add(OWNER, "acme", title="Acme", email="orders@acme.example", at=START) is None
    assert resellers.pay_in(OWNER, "acme", "100", "first", shop=world.shop, at=START) is True
    return world


def delivered(world: World, sku: str = DIRECT) -> UUID:
    number = "0470123456" if sku == DIRECT else ""
    wanted = Wanted("", "15" if sku == DIRECT else "", "ana@example.org", "en", sku=sku, number=number)
    [placed] = place_from_float(ACME, [Asked("acme", str(uuid4()), wanted)], shop=world.shop, at=world.clock())
    assert isinstance(placed, Reserved), placed
    world.work(2)
    assert world.state(placed.order_id) == "delivered"
    return placed.order_id


def look(order_id: UUID) -> None:
    """Somebody has seen its code."""
    by_owner(
        """INSERT INTO reveal (order_id, code_id, actor, at)
           SELECT order_id, code_id, 'reseller:acme', at FROM delivery WHERE order_id = %s""",
        [order_id],
    )


def test_a_part_is_on_the_float_at_once_and_the_rest_of_it_is_the_whole(acme: World) -> None:
    order_id, key = delivered(acme), uuid4()
    first = choose(acme, order_id, 500, key=key)
    assert (state_of(first), acme.state(order_id), free()) == ("done", "delivered", (9000, 0))
    assert choose(acme, order_id, 500, key=key) == first  # the form sent twice
    assert refused(choose(acme, order_id, 400, key=key)) == "key_reused"
    assert refused(choose(acme, order_id, 1001)) == "refund_too_much"
    assert state_of(choose(acme, order_id, 1000)) == "done"
    assert (acme.state(order_id), free(), acme.balance("margin:EUR")) == ("refunded", (10000, 0), 1500 - 60)
    assert acme.events(order_id)[-2:] == ["credited", "credited_whole"]
    assert refused(choose(acme, order_id)) == "nothing_to_refund"
    assert (
        select("SELECT payment_id, actor, why, state, ended_at = made_at FROM refund")
        == [(None, "support:sam", "it did not arrive", "done", True)] * 2
    )
    acme.work(2)
    assert [m.subject.split()[0] for m in acme.mailbox.sent] == ["order.delivered", "order.credited", "order.refunded"]
    assert select("SELECT count(*) FROM attempt WHERE kind = 'refund'") == [(0,)]


def test_an_unseen_code_of_ours_returns_to_the_shelf_and_the_sale_is_undone(acme: World) -> None:
    stocked(acme)
    order_id = delivered(acme, CODE)
    choose(acme, order_id, 500)
    assert state_of(choose(acme, order_id)) == "done"
    assert (acme.state(order_id), free()) == ("refunded", (10000, 0))
    assert (acme.balance("code_stock:EUR"), acme.balance("margin:EUR")) == (1400, 0)
    assert acme.events(order_id)[-2:] == ["credited", "returned_to_float"]
    again = delivered(acme, CODE)
    assert select("SELECT state, order_id FROM code") == [("sold", again)]
    assert acme.supplier.gave == 0


def test_a_seen_code_goes_back_only_with_the_operators_answer_and_is_blocked(acme: World) -> None:
    stocked(acme)
    order_id = delivered(acme, CODE)
    look(order_id)
    assert refused(choose(acme, order_id)) == "evidence_missing"
    assert state_of(choose(acme, order_id, evidence=Evidence("never used", b"a letter"))) == "done"
    assert (acme.state(order_id), free(), acme.balance("code_stock:EUR")) == ("refunded", (10000, 0), 0)
    assert select("SELECT state, order_id FROM code") == [("blocked", order_id)]
    assert acme.events(order_id)[-1] == "credited_whole"


def test_a_suppliers_unseen_code_is_blocked_and_our_loss(acme: World) -> None:
    order_id = delivered(acme, CODE)
    choose(acme, order_id)
    assert (acme.state(order_id), free(), acme.balance("margin:EUR")) == ("refunded", (10000, 0), 1500 - 60)
    assert select("SELECT state FROM code") == [("blocked",)]


def test_a_large_one_waits_for_a_second_person_and_nothing_moves_before(acme: World) -> None:
    acme.shop = replace(acme.shop, refund_alone_minor=1499)
    order_id = delivered(acme)
    asked = choose(acme, order_id, actor=ANNA)
    assert isinstance(asked, Chosen)
    assert (state_of(asked), free(), acme.items()) == ("asked", (8500, 0), ["refund_approval"])
    assert refused(choose(acme, order_id, 100)) == "refund_waits"
    assert refused(approve_refund(ANNA, asked.id, shop=acme.shop, at=acme.clock())) == "same_person"
    assert state_of(approve_refund(BEN, asked.id, shop=acme.shop, at=acme.clock())) == "done"
    assert (acme.state(order_id), free(), acme.items()) == ("refunded", (10000, 0), [])
    assert select("SELECT name, target FROM event WHERE subject = 'refund' ORDER BY id") == [
        ("asked", "asked"),
        ("credited", "done"),
    ]
    assert select("SELECT count(*) FROM refund WHERE ended_at IS NULL") == [(0,)]


def test_the_second_person_may_agree_on_the_owners_list_or_deny_it(acme: World) -> None:
    acme.shop = replace(acme.shop, refund_alone_minor=100)
    first, second = delivered(acme), delivered(acme)
    for order_id in (first, second):
        assert state_of(choose(acme, order_id, 700, actor=ANNA)) == "asked"
    one, other = items.open_items()
    assert resolve_item(BEN, one.id, Said("approve", "agreed"), shop=acme.shop, at=acme.clock()) == "resolved"
    assert resolve_item(BEN, other.id, Said("deny", "no"), shop=acme.shop, at=acme.clock()) == "resolved"
    assert (free(), acme.items()) == ((7700, 0), [])
    assert [acme.state(order_id) for order_id in (first, second)] == ["delivered"] * 2


def test_two_halves_do_not_pass_where_the_whole_would_not(acme: World) -> None:
    acme.shop = replace(acme.shop, refund_alone_minor=1000)
    order_id = delivered(acme)
    assert [state_of(choose(acme, order_id, cents)) for cents in (600, 400, 100)] == ["done", "done", "asked"]


def test_what_is_under_way_or_was_freed_is_not_given_back_by_choice(acme: World) -> None:
    acme.supplier.script = [acme.supplier.accepts]
    wanted = Wanted("", "15", "ana@example.org", "en", sku=DIRECT, number="0470123456")
    [placed] = place_from_float(ACME, [Asked("acme", "k", wanted)], shop=acme.shop, at=acme.clock())
    assert isinstance(placed, Reserved)
    assert refused(choose(acme, placed.order_id)) == "nothing_to_refund"
    acme.work()
    assert refused(choose(acme, placed.order_id)) == "refund_by_rule"


def test_a_reversal_after_a_part_was_given_back_leaves_the_price_on_the_float_once(acme: World) -> None:
    acme.supplier.promises = Promises(True, True, 10, may_reverse=True)
    order_id = delivered(acme)
    choose(acme, order_id, 500)
    reverse(acme)
    acme.work(2)
    assert (acme.state(order_id), free(), acme.balance("margin:EUR")) == ("refunded", (10000, 0), 0)


def test_a_reversal_of_what_was_given_back_whole_is_for_a_person(acme: World) -> None:
    acme.supplier.promises = Promises(True, True, 10, may_reverse=True)
    order_id = delivered(acme)
    choose(acme, order_id)
    reverse(acme)
    acme.work(2)
    assert (acme.state(order_id), free(), acme.items()) == ("refunded", (10000, 0), ["contradiction"])


def reverse(world: World) -> None:
    [(reference, given)] = world.supplier.given.items()
    world.supplier.given[reference] = replace(given, reversed=True)
    world.clock.tick(60)


# ── on two connections ──


def back(world: World, order_id: UUID, cents: int | None, key: UUID | None = None) -> Callable[[], object]:
    return lambda: refund_by_choice(
        ANNA,
        order_id,
        refund_id=key or uuid4(),
        amount=None if cents is None else Money(cents, "EUR"),
        why="a reason",
        shop=world.shop,
        at=world.clock(),
    )


def granted(found: list[object]) -> int:
    return sum(isinstance(one, Chosen) for one in found)


def test_two_at_once_never_give_more_than_the_price(acme: World) -> None:
    for _ in range(_TRIES):
        order_id = delivered(acme)
        assert granted(at_once(back(acme, order_id, 900), back(acme, order_id, 900))) == 1
        assert select("SELECT sum(amount_minor) FROM refund WHERE order_id = %s", [order_id]) == [(900,)]


def test_two_wholes_at_once_are_one(acme: World) -> None:
    for _ in range(_TRIES):
        order_id = delivered(acme)
        assert granted(at_once(back(acme, order_id, None), back(acme, order_id, None))) == 1
    assert free() == (10000, 0)


def test_one_form_sent_twice_at_once_is_one_refund(acme: World) -> None:
    for _ in range(_TRIES):
        order_id, key = delivered(acme), uuid4()
        assert granted(at_once(back(acme, order_id, 500, key), back(acme, order_id, 500, key))) == 2
        assert select("SELECT count(*) FROM refund WHERE order_id = %s", [order_id]) == [(1,)]


def test_two_halves_at_once_do_not_pass_the_limit_of_one_person(acme: World) -> None:
    acme.shop = replace(acme.shop, refund_alone_minor=1000)
    for _ in range(_TRIES):
        order_id = delivered(acme)
        at_once(back(acme, order_id, 700), back(acme, order_id, 700))
        alone = select("SELECT sum(amount_minor) FROM refund WHERE order_id = %s AND state = 'done'", [order_id])
        assert alone == [(700,)]


def test_an_approval_and_a_denial_at_once_are_one_of_them(acme: World) -> None:
    acme.shop = replace(acme.shop, refund_alone_minor=100)
    for _ in range(_TRIES):
        asked = choose(acme, delivered(acme), actor=ANNA)
        assert isinstance(asked, Chosen)
        before, _held = free()
        at_once(
            lambda one=asked: approve_refund(BEN, one.id, shop=acme.shop, at=acme.clock()),
            lambda one=asked: deny_refund(ANNA, one.id, why="no", shop=acme.shop, at=acme.clock()),
        )
        state = state_of(asked)
        assert (state, free()[0] - before) in {("done", 1500), ("denied", 0)}
    assert acme.items() == []


def test_a_reversal_and_a_part_by_choice_at_once_leave_the_price_on_the_float_once(acme: World) -> None:
    acme.supplier.promises = Promises(True, True, 10, may_reverse=True)
    for _ in range(_TRIES):
        acme.supplier.given.clear()
        order_id = delivered(acme)
        before, _held = free()
        reverse(acme)
        at_once(back(acme, order_id, 500), lambda: acme.work(2, WORKER), lambda: acme.work(2, ANOTHER_WORKER))
        acme.work(2)
        assert (acme.state(order_id), free()[0] - before) == ("refunded", 1500)
