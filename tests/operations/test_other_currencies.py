"""A supplier that takes another currency than the order's, played through. The books hold after each."""

from __future__ import annotations

import argparse
import json
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta

import pytest

from fakes import CODE, DIRECT, START, World
from opla.commands import fill, rate
from opla.core.actor import Actor, Role
from opla.core.fx import Rate
from opla.core.money import Money
from opla.core.ports import Answer, Promises, SendReport, SendRequest
from opla.core.refusal import Code, Refusal
from opla.db.queries import items
from opla.db.queries.call import select
from opla.operations import shop
from opla.operations.rates import fill_float, tell_rate
from opla.operations.resolve_item import Wanted, resolve_item
from support import at_once

OWNER = Actor(Role.OWNER, "ana")
EUROS, DOLLARS = "fx:EUR/USD:EUR", "fx:EUR/USD:USD"


def tell(world: World, typed: str = "1.0867") -> None:
    told = tell_rate(OWNER, "EUR", "USD", typed, source="ECB", as_of=world.clock(), at=world.clock())
    assert isinstance(told, Rate), told


def in_dollars(world: World, sku: str = DIRECT, cents: int = 1565, currency: str = "USD") -> str:
    """An order whose supplier gave, and took dollars for it: the reference of the send."""
    world.paid(sku)

    def gives(request: SendRequest) -> SendReport:
        given = replace(world.supplier.give(request), cost_minor=cents, currency=currency)
        world.supplier.given[request.reference] = given
        return given

    world.supplier.script = [gives]
    world.work(2)
    return world.supplier.asked[-1]


def filled(world: World, paid: int, arrived: int, currency: str = "USD", key: str = "k1") -> bool | Refusal:
    return fill_float(
        OWNER,
        "sandbox",
        paid=Money(paid, "EUR"),
        arrived=Money(arrived, currency),
        key=key,
        shop=world.shop,
        at=world.clock(),
    )


def test_what_remains_between_two_currencies_is_what_the_rate_cost_us(world: World) -> None:
    tell(world)
    assert filled(world, 2880, 3130) is True  # thirty-one dollars thirty were bought
    assert (world.balance(EUROS), world.balance(DOLLARS)) == (2880, -3130)
    in_dollars(world)
    assert (world.balance("supplier_float:sandbox:USD"), world.balance("margin:EUR")) == (1565, -60)
    world.clock.tick(24 * 3600)
    tell(world, "1.2")
    in_dollars(world)  # reckoned as 13.04
    assert (world.balance("supplier_float:sandbox:USD"), world.balance(DOLLARS)) == (0, 0)
    assert world.balance(EUROS) == 2880 - 1440 - 1304  # no dollar is left: a loss of 1.36


def test_both_amounts_and_who_told_the_rate_are_kept(world: World) -> None:
    tell(world)
    in_dollars(world, CODE)
    kept = select("SELECT reason, foreign_minor, foreign_currency, home_minor, home_currency, told FROM conversion")
    assert kept == [("cost", 1565, "USD", 1440, "EUR", "1 EUR = 1.086700 USD, ECB, 2026-11-22")]
    assert select("SELECT cost_minor FROM delivery") == select("SELECT cost_minor FROM code") == [(1440,)]


def test_a_delivery_taken_back_gives_the_dollars_back_at_the_rate_they_were_taken(world: World) -> None:
    world.supplier.promises = Promises(True, True, 10, may_reverse=True)
    tell(world)
    reference = in_dollars(world)
    world.clock.tick(2)
    tell(world, "1.5")
    world.supplier.given[reference] = SendReport(Answer.DECLINED, "sup_1", reversed=True)
    world.work_through(40)
    assert [world.balance(a) for a in (EUROS, DOLLARS, "supplier_float:sandbox:USD", "margin:EUR")] == [0] * 4
    assert select("SELECT state FROM orders") == [("refunded",)]


@pytest.mark.parametrize(
    ("currency", "why", "age"), [("USD", "no_rate", None), ("USD", "no_rate", 8), ("XXX", "currency_unknown", 0)]
)
def test_without_a_fresh_rate_a_person_gets_an_item_and_nothing_is_posted(
    world: World, currency: str, why: str, age: int | None
) -> None:
    if age is not None:
        tell(world)
        world.clock.tick(age * 24 * 3600)
    in_dollars(world, currency=currency)
    assert (world.items(), [i.why for i in items.open_items()]) == (["contradiction"], [why])
    assert select("SELECT state FROM orders") == [("paid",)]
    assert select("SELECT count(*) FROM conversion") == [(0,)]


def test_a_person_tells_the_rate_and_asks_again(world: World) -> None:
    in_dollars(world, CODE)
    [parked] = items.open_items()
    tell(world)
    said = resolve_item(OWNER, parked.id, Wanted("ask_again", "rate of today"), shop=world.shop, at=world.clock())
    assert said == "asked"
    world.work(2)
    assert (select("SELECT state FROM orders"), world.balance(DOLLARS)) == ([("delivered",)], 1565)
    assert world.supplier.gave == 1


def test_the_rate_of_the_day_counts_and_an_older_one_only_for_a_week(world: World) -> None:
    for typed, days in (("2", 3), ("1.0867", 1)):
        at = world.clock() - timedelta(days=days)
        assert isinstance(tell_rate(OWNER, "EUR", "USD", typed, source="ECB", as_of=at, at=world.clock()), Rate)
    in_dollars(world)
    assert world.balance(EUROS) == -1440


@pytest.mark.parametrize(
    ("base", "typed", "source", "code"),
    [
        ("EUR", "nought", "ECB", Code.AMOUNT_UNREADABLE),
        ("USD", "1", "ECB", Code.AMOUNT_UNREADABLE),
        ("XXX", "1", "ECB", Code.AMOUNT_UNREADABLE),
        ("EUR", "1.1", " ", Code.REASON_MISSING),
    ],
)
def test_a_rate_without_sense_or_source_is_refused(
    world: World, base: str, typed: str, source: str, code: Code
) -> None:
    told = tell_rate(OWNER, base, "USD", typed, source=source, as_of=START, at=world.clock())
    assert isinstance(told, Refusal)
    assert told.code is code


def test_a_rate_is_told_once_and_nobody_else_tells_it(world: World) -> None:
    tell(world)
    tell(world)
    other = tell_rate(OWNER, "EUR", "USD", "1.1", source="ECB", as_of=world.clock(), at=world.clock())
    late = world.clock() + timedelta(days=1)
    tomorrow = tell_rate(OWNER, "EUR", "USD", "1.1", source="ECB", as_of=late, at=world.clock())
    support = tell_rate(Actor(Role.SUPPORT), "EUR", "USD", "1", source="s", as_of=START, at=world.clock())
    codes = [told.code for told in (other, tomorrow, support) if isinstance(told, Refusal)]
    assert codes == [Code.KEY_REUSED, Code.AMOUNT_UNREADABLE, Code.NOT_ALLOWED]


def test_a_float_is_filled_once_however_often_it_is_said(world: World) -> None:
    assert at_once(lambda: filled(world, 920, 1000), lambda: filled(world, 920, 1000)).count(True) == 1
    assert filled(world, 5000, 5000, "EUR", "k2") is True
    assert world.balance("bank:EUR") == -5920
    assert world.balance("supplier_float:sandbox:EUR") == 5000
    refused = [filled(world, 920, 1001), filled(world, 1, 2, "EUR", "k3"), filled(world, 1, 1, "EUR", "")]
    assert [r.code for r in refused if isinstance(r, Refusal)] == [
        Code.KEY_REUSED,
        Code.AMOUNT_UNREADABLE,
        Code.KEY_MISSING,
    ]


def test_the_commands_say_what_they_kept(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shop, "current", lambda: world.shop)
    told = []
    for command, *words in (
        (rate, "eur", "usd", "1.0867", "--source", "ECB", "--day", "2026-11-20", "--json"),
        (fill, "sandbox", "92.00", "--arrived", "100.00", "usd", "--key", "k", "--json"),
    ):
        monkeypatch.setattr(command, "running", nullcontext)
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        assert command.run(parser.parse_args(list(words))) == 0
        told.append(json.loads(capsys.readouterr().out))
    assert told == [
        {"base": "EUR", "quote": "USD", "micros": 1_086_700, "as_of": "2026-11-20T00:00:00+00:00"},
        {"supplier": "sandbox", "recorded": True},
    ]
    assert (world.balance(EUROS), world.balance(DOLLARS)) == (9200, -10000)
