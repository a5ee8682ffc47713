"""Two years of a shop: months are closed, archived by the janitor, taken out and brought back. What is old is told, paid
back and exported as if it had never been moved."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from django.db import connections, transaction

from fakes import CODE, World
from opla.core.actor import Actor, Role
from opla.core.chart import Chart
from opla.db.queries import archive as queries
from opla.db.queries import audit, find
from opla.db.queries.archive import Place
from opla.db.queries.books import books
from opla.db.queries.call import Argument, call, select
from opla.db.queries.months import ClosedMonth
from opla.operations.archive import archive, live_from
from opla.operations.chart import chart
from opla.operations.close_day import close_all
from opla.operations.close_month import close_month, closed_month
from opla.presenting import months as words
from support import as_owner

ANA = Actor(Role.OWNER, "ana")
NOVEMBER, DECEMBER, JANUARY = date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)
#: When November and December are older than what stays.
LATER = datetime(2028, 8, 15, 12, 0, tzinfo=UTC)


def months_ahead(world: World) -> None:
    call("opla_partitions", Argument(world.clock().date(), "date"), Argument(2, "int"))


def chained(world: World) -> None:
    for minutes in (0, 11):
        audit.seal(rows=10, groups=1000, at=world.clock() + timedelta(minutes=minutes))


def broken() -> list[tuple[str, str]]:
    return [(check.name, check.example) for check in books(LATER, full=True) if not check.holds]


def placed(month: date) -> set[Place]:
    return {one.place for one in queries.months() if one.month == month}


@pytest.fixture
def old(world: World) -> UUID:
    """An order of November 2026 in a shop of August 2028 that closed all its months until July."""
    world.clock.now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    months_ahead(world)
    order = world.paid(CODE)
    world.work_through(20)
    assert world.state(order) == "delivered"
    for month in (datetime(2026, 12, 10, tzinfo=UTC), datetime(2027, 1, 10, tzinfo=UTC), LATER):
        world.clock.now = month
        months_ahead(world)
        world.paid(CODE)
        world.work_through(20)
    closed_until(world, date(2028, 7, 1))
    chained(world)
    return order


def closed_until(world: World, last: date) -> None:
    assert isinstance(close_all(ANA, at=world.clock()), list)
    month = NOVEMBER
    while month <= last:
        found = close_month(ANA, month, at=world.clock())
        assert isinstance(found, ClosedMonth), found
        month = (month + timedelta(days=32)).replace(day=1)


def exports(month: date) -> dict[str, str]:
    one, numbers = closed_month(ANA, month), chart()
    assert isinstance(one, ClosedMonth)
    assert isinstance(numbers, Chart)
    return {name: "".join(words.export(name, one, numbers)) for name in words.FILES}


def test_what_is_old_reads_the_same_wherever_it_lies(old: UUID, world: World) -> None:
    before = exports(NOVEMBER), find.story(old), find.postings(old)
    assert placed(NOVEMBER) == {Place.LIVE}
    assert archive(at=LATER) == 4  # and February, in which nothing happened
    assert placed(NOVEMBER) == placed(DECEMBER) == placed(JANUARY) == {Place.ARCHIVED}
    assert select("SELECT count(*) FROM event WHERE subject_id = %s", [old]) == [(0,)]
    assert (exports(NOVEMBER), find.story(old), find.postings(old)) == before
    chained(world)
    assert broken() == []
    assert archive(at=LATER) == 0
