"""Closing months: in order, once, by the owner, when all their days are closed and the books hold."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

import operations.test_cash as till
from fakes import World
from operations.test_partners import corner, counter
from opla.core import month as months
from opla.core import vat
from opla.core.actor import Actor, Role
from opla.core.chart import Chart
from opla.core.money import Money
from opla.core.refusal import Code, Refusal
from opla.db.queries import months as queries
from opla.db.queries.months import ClosedMonth
from opla.operations.chart import chart
from opla.operations.close_day import close_all
from opla.operations.close_month import blocked, close_month, first_open
from support import at_once

__all__ = ["corner", "counter"]  # fixtures

ANA = Actor(Role.OWNER, "ana")
NOVEMBER = date(2026, 11, 1)
OVER = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)


def code_of(found: object) -> Code | None:
    return found.code if isinstance(found, Refusal) else None


def test_a_month_is_closed_once_in_order_when_its_days_are(world: World) -> None:
    world.clock.now = datetime(2026, 10, 30, 12, 0, tzinfo=UTC)
    world.paid()
    world.work(2)
    october, december = date(2026, 10, 1), date(2026, 12, 1)
    world.clock.now = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)  # November has begun in Brussels, half an hour ago
    assert code_of(close_month(ANA, october, at=world.clock())) is Code.MONTH_NOT_OVER
    world.clock.now = OVER
    no = close_month(ANA, october, at=OVER)
    assert isinstance(no, Refusal)
    assert (no.code, no.params["day"]) == (Code.MONTH_DAYS_OPEN, "2026-10-30")
    assert first_open() == october
    assert code_of(close_month(ANA, date(2026, 9, 1), at=OVER)) is Code.MONTH_OUT_OF_ORDER  # before there was a shop
    close_all(ANA, at=datetime(2026, 11, 2, 12, 0, tzinfo=UTC))
    assert code_of(close_month(ANA, NOVEMBER, at=OVER)) is Code.MONTH_OUT_OF_ORDER
    assert code_of(close_month(ANA, december, at=OVER)) is Code.MONTH_NOT_OVER
    done = close_month(ANA, october, at=OVER)
    assert isinstance(done, ClosedMonth)
    assert (done.from_day, done.until_day) == (date(2026, 10, 30), date(2026, 10, 31))
    assert close_month(ANA, october, at=OVER + timedelta(days=1)) == done
    no = blocked(NOVEMBER, at=OVER)
    assert no is not None
    assert (no.code, no.params["day"]) == (Code.MONTH_DAYS_OPEN, "2026-11-02")
    close_all(ANA, at=OVER)
    november = close_month(ANA, NOVEMBER, at=OVER)
    assert isinstance(november, ClosedMonth)
    before = {a.account: a.closing for a in queries.accounts(october)}
    assert {a.account: a.opening for a in queries.accounts(NOVEMBER) if a.opening.amount_minor} == {
        code: closing for code, closing in before.items() if closing.amount_minor
    }
    assert [one.month for one in queries.closed_months()] == [NOVEMBER, october]


def test_a_shop_where_nothing_happened_has_no_month_to_close(world: World) -> None:
    assert first_open() is None
    assert code_of(close_month(ANA, NOVEMBER, at=OVER)) is Code.MONTH_OUT_OF_ORDER


def test_two_people_who_close_at_once_close_once(world: World) -> None:
    world.paid()
    world.work(2)
    close_all(ANA, at=OVER)
    both = at_once(*(partial(close_month, Actor(Role.OWNER, name), NOVEMBER, at=OVER) for name in ("ana", "bo")))
    assert both[0] == both[1]
    assert isinstance(both[0], ClosedMonth)


def test_nothing_is_closed_while_a_check_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from opla.db.queries.books import Check
    from opla.operations import close_month as module

    world.paid()
    world.work(2)
    close_all(ANA, at=OVER)
    monkeypatch.setattr(module, "books", lambda _at: [Check("balances", 1, "bank:EUR")])
    assert code_of(close_month(ANA, NOVEMBER, at=OVER)) is Code.BOOKS_BROKEN
    assert queries.closed_months() == []


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "26-11", "2026-11-01", "November", "", "２０２６-11"])
def test_what_is_no_month_is_not_guessed_at(text: str) -> None:
    assert months.read(text) is None


def test_what_a_till_took_counts_for_it_and_for_whose_shop_it_stands_in(corner: World) -> None:
    for _ in range(2):
        _, code = till.ordered(corner)
        till.take(corner, code)
        till.work(corner)
    online = corner.paid()
    till.work(corner)
    assert corner.state(online) == "delivered"
    corner.clock.now = OVER
    till.work(corner)
    close_all(ANA, at=OVER)
    one = close_month(ANA, NOVEMBER, at=OVER)
    assert isinstance(one, ClosedMonth), one
    sold = {(row.by, row.name): (row.orders, row.face.amount_minor) for row in queries.sold(one)}
    assert sold["till", till.TILL] == sold["partner", "corner"] == (2, 3000)
    assert sold["till", ""] == sold["partner", ""] == (1, 1500)
    assert sold["reseller", ""] == (3, 4500)


# ── the chart, and VAT ──


def test_an_owners_own_chart_is_read_and_what_is_wrong_in_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    from opla.operations.read_catalog import CATALOGS

    text = (CATALOGS / "accounts.yaml").read_text("utf-8")
    mine = tmp_path / "mine.yaml"
    mine.write_text(text.replace('bank: {number: "550"', 'bank: {number: "5501"'), "utf-8")
    monkeypatch.setattr(settings, "CHART", str(mine))
    found = chart()
    assert isinstance(found, Chart)
    assert found.of("bank:EUR").number == "5501"
    for wrong, said in (
        (text.replace("  bank: ", "  bunk: "), "bunk"),
        (text.replace('bank: {number: "550"', 'bank: {number: "x"'), "number"),
        ("accounts: [", "mine.yaml"),
    ):
        mine.write_text(wrong, "utf-8")
        no = chart()
        assert isinstance(no, Refusal)
        assert said in no.params["what"]
    mine.unlink()
    assert code_of(chart()) is Code.CHART_INVALID


@pytest.mark.parametrize(
    ("fee", "inside", "rate"),
    [(50, 9, 21), (100, 17, 21), (100, 11, 12), (100, 6, 6), (100, 0, 0), (1, 0, 0), (100, 50, None)],
)
def test_the_rate_is_told_from_the_fee_and_the_vat_in_it(fee: int, inside: int, rate: int | None) -> None:
    assert vat.rate_of(fee, inside) == rate


def test_rates_are_reported_apart_and_what_has_none_is_not_hidden() -> None:
    def fees(fee: int, inside: int) -> vat.Fees:
        return vat.Fees(fee, inside, 1, Money(fee - inside, "EUR"), Money(inside, "EUR"))

    told = vat.report([fees(50, 9), fees(100, 17), fees(100, 6), fees(100, 50)])
    assert [(row.percent, row.orders, row.base.amount_minor, row.vat.amount_minor) for row in told] == [
        (21, 2, 124, 26), (6, 1, 94, 6), (None, 1, 50, 50),
    ]  # fmt: skip
