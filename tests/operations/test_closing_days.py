"""The daily close: days in order, fixed once, with sums that add up, and nothing dated into them afterwards."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from functools import partial

import pytest
from django.db import IntegrityError, connections, transaction

from fakes import START, World
from opla.core import day as days
from opla.core.actor import Actor, Role
from opla.core.ports import Answer
from opla.core.refusal import Code, Refusal
from opla.db.queries import days as queries
from opla.db.queries.books import books
from opla.db.queries.days import ClosedDay
from opla.operations.close_day import close_all, close_day, first_open
from opla.presenting.ledger import COLUMNS, journal_csv
from support import as_owner, at_once, until_somebody_waits

ANA = Actor(Role.OWNER, "ana")
FIRST = days.day_of(START)


def later(world: World, **lived: int) -> datetime:
    world.clock.now += timedelta(**lived)
    return world.clock.now


def code_of(found: object) -> Code | None:
    return found.code if isinstance(found, Refusal) else None


@pytest.mark.parametrize(
    ("day", "first", "hours"),
    [
        (date(2026, 11, 22), "2026-11-21T23:00:00+00:00", 24),
        (date(2026, 3, 29), "2026-03-28T23:00:00+00:00", 23),  # the clocks go forward
        (date(2026, 10, 25), "2026-10-24T22:00:00+00:00", 25),  # and back
    ],
)
def test_a_day_is_brussels_midnight_to_midnight(day: date, first: str, hours: int) -> None:
    begins, ends = days.bounds(day)
    assert (begins.isoformat(), ends - begins) == (first, timedelta(hours=hours))
    assert (days.day_of(begins), days.day_of(ends - timedelta(seconds=1))) == (day, day)
    assert days.bounds(day + timedelta(days=1))[0] == ends


def test_a_day_can_be_closed_an_hour_after_it_ends() -> None:
    midnight = datetime(2026, 11, 22, 23, 0, tzinfo=UTC)
    assert days.last_over(midnight + timedelta(minutes=59)) == date(2026, 11, 21)
    assert days.last_over(midnight + timedelta(minutes=60)) == date(2026, 11, 22)


def test_what_a_day_fixes_adds_up_and_goes_on_the_next_day(world: World) -> None:
    world.paid()
    world.work(2)  # delivered
    world.supplier.script = [world.supplier.accepts]
    world.paid()
    world.work()  # still on its way at midnight
    world.order()
    later(world, days=1)
    world.work()
    [first] = close_all(ANA, at=world.clock())  # type: ignore[misc]  # a list: nothing is refused here
    assert (first.day, first.placed, first.delivered, first.refunded, first.holding) == (FIRST, 3, 1, 0, 1)
    held = {a.account: (a.closing.amount_minor, a.held.amount_minor) for a in queries.accounts(FIRST)}
    assert held["customer_held:EUR"] == (-1500, 1500)
    assert held["psp_clearing:sandbox:EUR"] == (3000, 0)
    world.supplier.script = [world.supplier.refuses] * 3
    world.work_through(30 * 60, step_s=60)
    later(world, days=1)
    [second] = close_all(ANA, at=world.clock())  # type: ignore[misc]  # as above
    assert second.day == FIRST + timedelta(days=1)
    closing = {a.account: a.closing for a in queries.accounts(first.day)}
    for account in queries.accounts(second.day):
        assert account.opening.amount_minor == (
            closing[account.account].amount_minor if account.account in closing else 0
        )
        assert account.closing == account.opening + account.debits - account.credits
        assert account.closing.amount_minor == world.balance(account.account)
    assert sum(a.closing.amount_minor for a in queries.accounts(second.day)) == 0


def test_closing_again_gives_what_was_fixed_and_days_are_closed_in_order(world: World) -> None:
    world.paid()
    assert code_of(close_day(ANA, FIRST, at=world.clock())) is Code.DAY_NOT_OVER
    at = later(world, days=3)
    assert code_of(close_day(ANA, FIRST + timedelta(days=1), at=at)) is Code.DAY_OUT_OF_ORDER
    assert code_of(close_day(ANA, FIRST - timedelta(days=1), at=at)) is Code.DAY_OUT_OF_ORDER
    once = close_day(ANA, FIRST, at=at)
    assert isinstance(once, ClosedDay)
    assert close_day(ANA, FIRST, at=later(world, hours=5)) == once
    assert [d.day for d in close_all(ANA, at=world.clock())] == [FIRST + timedelta(days=n) for n in (1, 2)]  # type: ignore[union-attr]
    assert close_all(ANA, at=world.clock()) == []


def test_two_people_who_close_at_once_close_once(world: World) -> None:
    world.paid()
    world.work()
    at = later(world, days=1)
    both = at_once(*(partial(close_day, Actor(Role.OWNER, name), FIRST, at=at) for name in ("ana", "bo")))
    assert both[0] == both[1]
    assert isinstance(both[0], ClosedDay)
    assert len(queries.closed_days()) == 1


def test_a_shop_where_nothing_happened_has_no_day_to_close(world: World) -> None:
    assert (first_open(), close_all(ANA, at=later(world, days=9))) == (None, [])
    assert code_of(close_day(ANA, FIRST, at=world.clock())) is Code.DAY_OUT_OF_ORDER


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.CUSTOMER, Role.SYSTEM])
def test_only_the_owner_closes_days(world: World, role: Role) -> None:
    assert code_of(close_day(Actor(role), FIRST, at=later(world, days=1))) is Code.NOT_ALLOWED
    assert code_of(close_all(Actor(role), at=world.clock())) is Code.NOT_ALLOWED


def test_nothing_is_closed_while_a_check_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from opla.db.queries.books import Check
    from opla.operations import close_day as module

    world.paid()
    monkeypatch.setattr(module, "books", lambda _at: [Check("balances", 1, "bank:EUR")])
    assert code_of(close_day(ANA, FIRST, at=later(world, days=1))) is Code.BOOKS_BROKEN
    assert queries.closed_days() == []


def test_no_line_can_be_dated_into_a_closed_day(world: World) -> None:
    world.order()
    world.work()
    later(world, days=1)
    world.work()
    assert isinstance(close_day(ANA, FIRST, at=world.clock()), ClosedDay)
    world.clock.now = START + timedelta(minutes=5)  # somebody's clock is a day behind
    world.provider.decide(Answer.SUCCEEDED, 1500)
    world.wake()
    with pytest.raises(IntegrityError, match="closed day"):
        world.work()
    world.clock.now = START + timedelta(days=1, minutes=5)


def test_a_line_that_waited_for_a_close_finds_the_day_closed(world: World) -> None:
    world.order()
    world.work()
    at = later(world, days=1)
    world.work()
    world.clock.now = START + timedelta(minutes=5)  # the writer's clock
    world.provider.decide(Answer.SUCCEEDED, 1500)
    world.wake()

    def write() -> None:
        try:
            world.work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert isinstance(close_day(ANA, FIRST, at=at), ClosedDay)
            written = pool.submit(write)
            until_somebody_waits(written.done)
            assert not written.done()
        with pytest.raises(IntegrityError, match="closed day"):
            written.result(20)
    world.clock.now = at
    assert [check.name for check in books(at) if not check.holds] == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE transfer SET at = at + interval '1 day' WHERE reason = 'margin'",
        "UPDATE day_account SET debits_minor = debits_minor + 1, closing_minor = closing_minor + 1",
        "UPDATE day_account SET opening_minor = 1, closing_minor = closing_minor + 1",
        "DELETE FROM day_account WHERE account = 'margin:EUR'",
    ],
)
def test_a_closed_day_that_was_touched_is_noticed(world: World, sql: str) -> None:
    world.paid()
    world.work(2)
    at = later(world, days=1)
    assert isinstance(close_day(ANA, FIRST, at=at), ClosedDay)
    assert [c.name for c in books(at) if not c.holds] == []
    with as_owner() as cursor:
        cursor.execute(sql)
        cursor.execute("SELECT name FROM opla_books(%s) WHERE wrong > 0", [at])
        assert cursor.fetchall() == [("closed_days",)]


def test_the_journal_of_a_day_holds_its_sums(world: World) -> None:
    world.paid()
    world.work(2)
    world.paid()
    at = later(world, days=1)
    closed = close_day(ANA, FIRST, at=at)
    assert isinstance(closed, ClosedDay)
    text = "".join(journal_csv(queries.journal(closed.from_at, closed.until_at)))
    assert text.startswith("\ufeff" + ",".join(COLUMNS))
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert {row["text"] for row in rows} == {"Paid by the customer", "Cost of what was delivered", "Margin"}
    assert all(row["time"].startswith("2026-11-22T13:00") and row["time"].endswith("+01:00") for row in rows)
    for account in queries.accounts(FIRST):
        debits = sum(round(float(row["amount"]) * 100) for row in rows if row["debit"] == account.account)
        assert debits == account.debits.amount_minor
