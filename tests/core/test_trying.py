"""What orders would have cost by other promotions: today's side as it really was, the other one as it would be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from opla.core.money import Money
from opla.core.order import Price
from opla.core.promotion import (
    Channel,
    FeeWaived,
    Off,
    Percent,
    Promotion,
    Promotions,
    Purchase,
    Window,
    takes_only,
    tried,
)

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NONE = Promotions("EUR")


def eur(minor: int) -> Money:
    return Money(minor, "EUR")


def bought(n: int = 0, face: int = 1500, fee: int = 50, used: frozenset[str] = frozenset(), **more: object) -> Purchase:
    one = Purchase(
        UUID(int=n), f"T{n}", "PX", AT - timedelta(days=9, minutes=-n), "proximus", "PX-15",
        Price(eur(face), eur(fee), eur(9)), face + fee, Channel.WEB, True, "example.org", (f"e{n}", f"n{n}"), used,
    )  # fmt: skip
    return replace(one, **more)  # type: ignore[arg-type]  # a test's fields


def promo(name: str = "new", off: int = 100, **more: object) -> Promotion:
    one = Promotion(name, {"en": name}, Window(AT + timedelta(days=9)), Off(eur(off)))
    return replace(one, **more)  # type: ignore[arg-type]  # a test's fields


def runs(*ours: Promotion) -> Promotions:
    return Promotions("EUR", ours)


def prices(purchases: list[Purchase], old: Promotions, new: Promotions) -> list[tuple[int, int]]:
    return [(one.now.amount_minor, one.then.amount_minor) for one in tried(purchases, old, new, AT)]


def test_a_new_one_is_tried_as_though_it_had_run_although_it_begins_later() -> None:
    assert prices([bought()], NONE, runs(promo())) == [(1550, 1450)]
    assert prices([bought()], NONE, runs(promo(minimum_minor=2000))) == []


def test_nothing_changes_where_nothing_is_changed() -> None:
    running = runs(promo(window=Window(AT - timedelta(days=90)), benefit=Percent(10)))
    assert prices([bought()], running, running) == []


@pytest.mark.parametrize(("most", "each", "changed"), [(2, None, 2), (None, 1, 3), (None, None, 4)])
def test_caps_are_counted_from_the_first_order_on(most: int | None, each: int | None, changed: int) -> None:
    again = bought(3, customers=("e0", "n9"))  # the address of the first, another number
    orders = [bought(0), bought(1), bought(2), again]
    assert len(tried(orders, NONE, runs(promo(most_uses=most, most_each=each)), AT)) == changed


def test_whoever_cannot_be_told_apart_has_had_their_share() -> None:
    assert prices([bought(customers=())], NONE, runs(promo(most_each=1))) == []
    assert prices([bought(customers=())], NONE, runs(promo())) != []


def test_one_with_a_cap_is_on_todays_side_of_those_orders_alone_that_used_it() -> None:
    running = promo("old", window=Window(AT - timedelta(days=90)), most_uses=1)
    orders = [bought(0, used=frozenset({"old"})), bought(1)]
    assert prices(orders, runs(running), runs()) == [(1450, 1550)]
    assert prices(orders, runs(running), runs(replace(running, benefit=Off(eur(300))))) == [(1450, 1250)]


def test_everybody_has_typed_the_coupon_of_a_new_one_and_nobody_that_of_another() -> None:
    running = promo("old", window=Window(AT - timedelta(days=90)), coupons=frozenset({"x"}))
    assert prices([bought()], runs(running), runs(running, promo(coupons=frozenset({"y"})))) == [(1550, 1450)]


def test_whoever_typed_a_coupon_has_typed_it_on_the_other_side_too() -> None:
    running = promo("old", window=Window(AT - timedelta(days=90)), coupons=frozenset({"x"}))
    assert prices([bought(used=frozenset({"old"}))], runs(running), runs(running, promo(off=50))) == []


def test_another_time_alone_is_no_other_price_and_an_end_is() -> None:
    running = promo("old", window=Window(AT - timedelta(days=90)))
    longer = replace(running, window=Window(AT - timedelta(days=90), AT + timedelta(days=5)))
    assert prices([bought()], runs(running), runs(longer)) == []
    ended = replace(running, window=Window(AT - timedelta(days=90), AT))
    assert prices([bought()], runs(running), runs(ended)) == [(1450, 1550)]


def test_a_fee_that_was_waived_is_there_again_when_the_promotion_is_gone() -> None:
    running = promo("old", window=Window(AT - timedelta(days=90)), benefit=FeeWaived())
    assert prices([bought(used=frozenset({"old"}))], runs(running), runs()) == [(1500, 1550)]


def test_the_members_of_a_group_are_tried_when_its_domains_change() -> None:
    running = promo("old", window=Window(AT - timedelta(days=90)), groups=frozenset({"s"}))
    old = Promotions("EUR", (running,), groups={"s": frozenset({"other.example"})})
    new = Promotions("EUR", (running,), groups={"s": frozenset({"example.org"})})
    assert prices([bought()], old, new) == [(1550, 1450)]


def test_what_only_ends_something_is_told_apart_from_what_gives() -> None:
    old = runs(promo("a"), promo("b", most_uses=5))
    sooner = replace(promo("a"), window=Window(AT + timedelta(days=9), AT + timedelta(days=10)))
    assert takes_only(old, runs(promo("a")))
    assert takes_only(old, runs(sooner))
    assert not takes_only(runs(sooner), old)
    assert not takes_only(old, runs(promo("a", off=101)))
    assert not takes_only(old, runs(promo("b")))  # its cap is gone
    assert not takes_only(old, runs(promo("c")))
