"""A month in which everything happened that can is archived, and taken out: every check of the books holds, by the rows
or by what was written down of them.

The shop is the one of `test_books`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings

from db.test_books import lives  # noqa: F401 - the fixture
from fakes import World
from opla.core.actor import Actor, Role
from opla.db.archive_files import bring_back, take_out
from opla.db.queries import archive as queries
from opla.db.queries import audit
from opla.db.queries.books import books
from opla.db.queries.call import Argument, call, select
from opla.db.queries.months import ClosedMonth
from opla.operations import close_day, close_month
from opla.operations.archive import archive
from support import as_owner

ANA = Actor(Role.OWNER, "ana")
NOVEMBER = date(2026, 11, 1)
JANUARY = datetime(2027, 1, 10, 9, 0, tzinfo=UTC)
MARCH = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


def broken() -> list[tuple[str, str]]:
    return [(check.name, check.example) for check in books(JANUARY, full=True) if not check.holds]


@pytest.fixture(scope="module")
def archived(lives: dict[str, UUID], shared: World) -> World:  # noqa: F811
    with pytest.MonkeyPatch.context() as patch:
        for module in (close_day, close_month):
            patch.setattr(module, "books", lambda _at: [])
        patch.setattr(settings, "LIVE_MONTHS", 2)
        shared.clock.now = JANUARY
        call("opla_partitions", Argument(JANUARY.date(), "date"), Argument(2, "int"))
        shared.work(4)
        assert broken() == []
        assert isinstance(close_day.close_all(ANA, at=JANUARY), list)
        for month in (NOVEMBER, date(2026, 12, 1)):
            assert isinstance(close_month.close_month(ANA, month, at=JANUARY), ClosedMonth)
        for minutes in (0, 11):
            audit.seal(rows=100, groups=1000, at=JANUARY + timedelta(minutes=minutes))
        assert archive(at=MARCH) >= 1
    return shared


def test_every_check_holds_wherever_the_month_lies(
    archived: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "open_items", lambda _month: "")  # a shop in which nothing waits from before its end
    [(lines,)] = select("SELECT count(*) FROM archived_transfer WHERE at < '2026-12-01Z'")
    assert int(str(lines)) > 150
    assert broken() == []
    take_out(NOVEMBER, tmp_path, actor=ANA, at=JANUARY)
    assert select("SELECT to_regclass('transfer_2026_11')") == [(None,)]
    assert broken() == []
    stood_for = {str(name): int(str(rows)) for name, rows in select("SELECT name, rows FROM month_outside")}
    assert stood_for["transfer"] == lines
    assert bring_back(NOVEMBER, tmp_path, actor=ANA, at=JANUARY) == sum(stood_for.values())
    assert broken() == []


#: What was written down of a month that is outside, changed behind everybody's back, and what is noticed at least.
CARRIED = [
    (
        """UPDATE archived_month m SET carried = (
               SELECT jsonb_agg(jsonb_set(c, '{debits}', to_jsonb((c ->> 'debits')::bigint + 1)))
               FROM jsonb_array_elements(m.carried) AS c) WHERE name = 'transfer'""",
        {"balances"},
    ),
    ("UPDATE archived_month SET carried = '[]' WHERE name = 'event'", {"purchases", "cards"}),
    ("UPDATE account SET debits_posted = debits_posted + 1, credits_posted = credits_posted + 1", {"balances"}),
]


@pytest.mark.parametrize(("sql", "noticed"), CARRIED, ids=["lines", "events", "accounts"])
def test_what_stands_for_it_cannot_be_changed_unnoticed(archived: World, sql: str, noticed: set[str]) -> None:
    with as_owner() as cursor:
        for table in ("attempt_evidence", "event", "transfer"):
            cursor.execute(f"DROP TABLE {table}_2026_11")
        cursor.execute("SELECT name FROM opla_books(%s) WHERE wrong > 0", [JANUARY])
        assert cursor.fetchall() == []
        cursor.execute(sql)
        cursor.execute("SELECT name FROM opla_books(%s) WHERE wrong > 0", [JANUARY])
        assert {str(name) for (name,) in cursor.fetchall()} >= noticed
