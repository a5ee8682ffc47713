"""Resellers buy from their float: held when placed, taken when delivered, back on it when not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from fakes import DIRECT, START, World
from opla.core.actor import Actor, Role
from opla.core.ports import Answer, SendReport
from opla.core.refusal import Code, Refusal
from opla.db.queries import floats
from opla.db.queries.call import select
from opla.operations import api_keys, resellers
from opla.operations.place_from_float import Asked, Reserved, place_from_float
from opla.operations.quote_topup import Wanted
from support import at_once

OWNER, ACME = Actor(Role.OWNER, "test"), Actor(Role.RESELLER, "acme")


def asked(key: str, *, number: str = "0470123456", amount: str = "15", reseller: str = "acme") -> Asked:
    return Asked(reseller, key, Wanted("", amount, "ana@example.org", "en", sku=DIRECT, number=number))


def place(world: World, *orders: Asked) -> list[Reserved | list[Refusal]]:
    return place_from_float(ACME, orders, shop=world.shop, at=world.clock())


def standing(world: World, *orders: Asked) -> list[UUID]:
    placed = place(world, *orders)
    assert all(isinstance(p, Reserved) for p in placed), placed
    return [p.order_id for p in placed if isinstance(p, Reserved)]


def codes(answer: Reserved | list[Refusal]) -> list[Code]:
    assert isinstance(answer, list), answer
    return [refusal.code for refusal in answer]


def free() -> tuple[int, int]:
    found = floats.balance("acme", "EUR")
    return found.free_minor, found.held_minor


@pytest.fixture
def acme(world: World) -> World:
    """A shop with one reseller, acme, that paid in a hundred euros."""
    assert resellers.add(OWNER, "acme", title="Acme", email="Orders@Acme.example", at=START) is None
    assert resellers.pay_in(OWNER, "acme", "100", "first", shop=world.shop, at=START) is True
    return world


def test_what_is_ordered_is_held_then_taken_and_the_rest_stays(acme: World) -> None:
    [order] = standing(acme, asked("a"))
    assert (acme.state(order), free()) == ("placed", (8500, 1500))
    acme.work()
    assert (acme.state(order), free()) == ("delivered", (8500, 0))
    assert acme.events(order) == ["reserved", "paid_from_float", "delivered"]
    assert (acme.balance("reseller_float:acme:EUR"), acme.balance("margin:EUR")) == (-8500, -60)


def test_the_reseller_is_told_by_its_own_name_for_the_order_and_never_the_code(acme: World) -> None:
    standing(acme, asked("my order 7"))
    acme.work(2)
    [message] = acme.mailbox.sent
    assert message.to == "Orders@acme.example"
    assert '"key": "my order 7"' in message.text
    assert '"state": "delivered"' in message.text


def test_what_the_supplier_refuses_is_on_the_float_again_at_once(acme: World) -> None:
    acme.supplier.script = [acme.supplier.refuses]
    [order] = standing(acme, asked("a"))
    acme.work()
    assert (acme.state(order), free()) == ("refunded", (10000, 0))
    assert select("SELECT count(*) FROM refund") == [(0,)]


def test_what_is_taken_back_after_delivery_is_on_the_float_again(acme: World) -> None:
    acme.supplier.promises = replace(acme.supplier.promises, may_reverse=True)
    [order] = standing(acme, asked("a"))
    acme.work()
    [reference] = acme.supplier.given
    acme.supplier.given[reference] = SendReport(Answer.SUCCEEDED, "sup_1", 1440, reversed=True)
    acme.clock.tick(6)
    acme.work()
    assert (acme.state(order), free()) == ("refunded", (10000, 0))
    assert (acme.balance("margin:EUR"), acme.balance("supplier_float:sandbox:EUR")) == (0, 0)


def test_an_unknown_send_keeps_the_money_held(acme: World) -> None:
    acme.supplier.script = [acme.supplier.is_silent]
    [order] = standing(acme, asked("a"))
    acme.work()
    assert (acme.state(order), free()) == ("paid", (8500, 1500))


def test_what_no_worker_took_up_for_a_day_goes_back_and_is_not_sent(acme: World) -> None:
    [order] = standing(acme, asked("a"))
    acme.clock.tick(timedelta(days=1, seconds=1).total_seconds())
    acme.work()
    assert (acme.state(order), free(), acme.supplier.asked) == ("cancelled", (10000, 0), [])


def test_the_same_key_is_the_same_order_and_another_field_is_refused_by_its_name(acme: World) -> None:
    [first] = standing(acme, asked("a"))
    [again] = place(acme, asked("a"))
    assert again == Reserved(first, again=True)
    [other] = place(acme, asked("a", number="0470123457"))
    assert isinstance(other, list)
    assert [(r.code, r.about) for r in other] == [(Code.KEY_REUSED, "number")]
    assert free() == (8500, 1500)


def test_a_key_repeated_inside_one_batch_is_one_order(acme: World) -> None:
    one, two = place(acme, asked("a"), asked("a"))
    assert isinstance(one, Reserved)
    assert two == Reserved(one.order_id, again=True)
    assert free() == (8500, 1500)


def test_two_resellers_may_use_the_same_key(acme: World) -> None:
    assert resellers.add(OWNER, "bob", title="", email="b@example.org", at=START) is None
    resellers.pay_in(OWNER, "bob", "20", "first", shop=acme.shop, at=START)
    assert len(set(standing(acme, asked("a"), asked("a", reseller="bob")))) == 2


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (asked(""), Code.KEY_MISSING),
        (asked("k" * 65), Code.KEY_MISSING),
        (asked("b", number="047012"), Code.NUMBER_TOO_SHORT),
        (asked("b", amount="17"), Code.AMOUNT_NOT_OFFERED),
        (asked("b", reseller="nobody"), Code.FLOAT_TOO_LOW),
    ],
)
def test_a_bad_neighbour_is_refused_by_name_and_fails_nobody_else(acme: World, order: Asked, code: Code) -> None:
    good, bad, fine = place(acme, asked("a"), order, asked("c"))
    assert isinstance(good, Reserved)
    assert isinstance(fine, Reserved)
    assert code in codes(bad)


def test_nobody_orders_more_than_is_free_and_what_still_fits_does(acme: World) -> None:
    big = [asked(f"big {n}", amount="15") for n in range(8)]
    answers = place(acme, *big)
    assert [isinstance(a, Reserved) for a in answers] == [True] * 6 + [False] * 2
    assert codes(answers[6]) == [Code.FLOAT_TOO_LOW]
    assert free() == (1000, 9000)
    resellers.pay_in(OWNER, "acme", "100", "second", shop=acme.shop, at=START)
    [late] = place(acme, big[6])
    assert isinstance(late, Reserved)


def test_a_deposit_is_recorded_once_and_another_amount_under_its_key_is_refused(acme: World) -> None:
    assert resellers.pay_in(OWNER, "acme", "100", "first", shop=acme.shop, at=START) is False
    refused = resellers.pay_in(OWNER, "acme", "10", "first", shop=acme.shop, at=START)
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.about, free()) == (Code.KEY_REUSED, "amount", (10000, 0))


def test_two_connections_with_one_key_make_one_order(acme: World) -> None:
    mine, yours = at_once(lambda: place(acme, asked("a")), lambda: place(acme, asked("a")))
    assert {a.order_id for a in (*mine, *yours) if isinstance(a, Reserved)} == {
        UUID(str(order)) for (order,) in select("SELECT id FROM orders")
    }
    assert free() == (8500, 1500)


def test_two_connections_never_hold_more_than_there_is(acme: World) -> None:
    mine, yours = at_once(
        lambda: place(acme, *[asked(f"m{n}") for n in range(5)]),
        lambda: place(acme, *[asked(f"y{n}") for n in range(5)]),
    )
    assert sum(isinstance(a, Reserved) for a in (*mine, *yours)) == 6
    assert free() == (1000, 9000)


@pytest.mark.parametrize("role", [Role.CUSTOMER, Role.SUPPORT, Role.SYSTEM])
def test_only_a_reseller_orders_from_a_float_and_only_the_owner_pays_in(acme: World, role: Role) -> None:
    [answer] = place_from_float(Actor(role), [asked("a")], shop=acme.shop, at=START)
    assert codes(answer) == [Code.NOT_ALLOWED]
    refused = resellers.pay_in(Actor(role), "acme", "10", "x", shop=acme.shop, at=START)
    assert isinstance(refused, Refusal)
    assert refused.code is Code.NOT_ALLOWED


def test_a_key_is_its_resellers_until_it_is_revoked_and_is_kept_hashed(acme: World) -> None:
    made = api_keys.make(OWNER, "acme", api_keys.Terms(), shop=acme.shop, at=START)
    assert isinstance(made, api_keys.Key)
    [(secret, (who, _))] = api_keys.holders([made.secret, "opla_nobody"], at=START).items()
    assert (secret, who.reseller, who.email) == (made.secret, "acme", "Orders@acme.example")
    [(kept,)] = select("SELECT hash FROM api_key")
    assert made.secret.encode() not in bytes(kept)  # type: ignore[call-overload]  # a bytea
    assert api_keys.revoke_all(OWNER, "acme", at=START) == 1
    assert api_keys.holders([made.secret], at=START) == {}


@pytest.mark.parametrize(
    ("name", "code"),
    [("a", Code.RESELLER_NAME_INVALID), ("a:b", Code.RESELLER_NAME_INVALID), ("acme", Code.RESELLER_NAME_TAKEN)],
)
def test_a_name_that_cannot_stand_in_an_account_is_refused(acme: World, name: str, code: Code) -> None:
    refused = resellers.add(OWNER, name, title="", email="x@example.org", at=START)
    assert isinstance(refused, Refusal)
    assert refused.code is code
