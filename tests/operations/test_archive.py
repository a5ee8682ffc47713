"""Two years of a shop: months are closed, archived by the janitor, taken out and brought back.

What is old is told, paid back and exported as if it had never been moved.
"""

from __future__ import annotations

import gzip
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connections, transaction

from fakes import CODE, World
from operations.test_choosing import SAM, choose
from opla.core.actor import Actor, Role
from opla.core.chart import Chart
from opla.core.refusal import Code
from opla.db.archive_files import Refused, bring_back, take_out
from opla.db.queries import archive as queries
from opla.db.queries import audit, find
from opla.db.queries.archive import Place
from opla.db.queries.books import books
from opla.db.queries.call import Argument, call, select
from opla.db.queries.find import Sought
from opla.db.queries.months import ClosedMonth
from opla.db.queries.pages import order_by_id
from opla.db.queries.refunds import Chosen
from opla.db.queries.together import paid
from opla.operations import close_day
from opla.operations import close_month as close_month_
from opla.operations.archive import archive, live_from
from opla.operations.chart import chart
from opla.operations.close_day import close_all
from opla.operations.close_month import close_month, closed_month, unreadable
from opla.presenting import months as words
from support import as_owner, by_owner

ANA = Actor(Role.OWNER, "ana")
NOVEMBER, DECEMBER, JANUARY = date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)
FIRST, JANUARY_10 = datetime(2026, 11, 22, 12, 0, tzinfo=UTC), datetime(2027, 1, 10, tzinfo=UTC)
#: When November, December and January are older than what stays; and two years after the first sale.
LATER, YEARS_LATER = datetime(2027, 3, 15, 12, 0, tzinfo=UTC), datetime(2028, 11, 22, 12, 0, tzinfo=UTC)


def months_ahead(world: World) -> None:
    call("opla_partitions", Argument(world.clock().date(), "date"), Argument(2, "int"))


def chained(world: World) -> None:
    for minutes in (0, 11):
        audit.seal(rows=10, groups=1000, at=world.clock() + timedelta(minutes=minutes))


def broken(at: datetime = LATER) -> list[tuple[str, str]]:
    return [(check.name, check.example) for check in books(at, full=True) if not check.holds]


def placed(month: date) -> set[Place]:
    return {one.place for one in queries.months() if one.month == month}


@pytest.fixture
def old(world: World, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """An order of November 2026 in a shop of March 2027 in which two months stay, and all others are closed."""
    monkeypatch.setattr(settings, "LIVE_MONTHS", 2)
    return lived(world, monkeypatch, LATER)


def lived(world: World, monkeypatch: pytest.MonkeyPatch, until: datetime) -> UUID:
    for module in (close_day, close_month_):  # whose every day would be proved by itself
        monkeypatch.setattr(module, "books", lambda _at: [])
    orders = []
    for month in (FIRST, datetime(2026, 12, 10, tzinfo=UTC), JANUARY_10, until):
        world.clock.now = month
        months_ahead(world)
        orders.append(world.paid(CODE))
        world.work_through(20)
        assert world.state(orders[-1]) == "delivered"
    closed_until(world, (until.date().replace(day=1) - timedelta(days=1)).replace(day=1))
    chained(world)
    return orders[0]


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


def test_two_years_later_an_order_is_told_exported_and_paid_back_as_if_nothing_had_been_moved(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = lived(world, monkeypatch, YEARS_LATER)
    before = exports(NOVEMBER), find.story(old), find.postings(old)
    assert placed(NOVEMBER) == {Place.LIVE}
    assert archive(at=YEARS_LATER) == 5  # two of them made ahead in January, when nothing happened
    assert placed(NOVEMBER) == placed(DECEMBER) == placed(JANUARY) == {Place.ARCHIVED}
    assert select("SELECT count(*) FROM event WHERE subject_id = %s", [old]) == [(0,)]
    assert (exports(NOVEMBER), find.story(old), find.postings(old)) == before
    chained(world)
    assert broken(YEARS_LATER) == []
    assert archive(at=YEARS_LATER) == 0
    assert isinstance(choose(world, old, actor=SAM), Chosen)
    world.work_through(20)
    assert (world.refunds(), world.state(old)) == ([("choice", 1500, "done")], "refunded")
    story = [one.word for one in find.story(old) if one.what == "event"]
    assert (story[0], "refunded" in story) == ("placed", True)
    assert {one.reason for one in find.postings(old)} >= {"captured", "refund_due", "refund_paid"}
    page = order_by_id(old)
    assert page is not None
    assert page.events[0].name == "placed"
    assert paid(old).paid_at == FIRST
    assert exports(NOVEMBER) == before[0]
    chained(world)
    assert broken(YEARS_LATER) == []


def test_what_a_provider_says_of_an_archived_payment_still_finds_it(old: UUID, world: World) -> None:
    """By what the provider calls it, which only its old answers say."""
    for table in ("attempt_evidence", "attempt_evidence_2026_11"):
        with connections["owner"].cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    by_owner(
        """UPDATE attempt_evidence e SET evidence = evidence || '{"their_payment": "ch_1"}' FROM attempt a, allocation l
           WHERE e.attempt_id = a.id AND a.payment_id = l.payment_id AND l.order_id = %s""",
        [old],
    )
    archive(at=LATER)
    arguments = Argument(["charge"], "text[]"), Argument("sandbox", "text"), Argument(["ch_1"], "text[]")
    assert call("opla_wake", Argument(LATER, "timestamptz"), *arguments) == [(1,)]
    assert find.orders(Sought("ch_1", "", "", "", ""), limit=5)[0].id == old


# ── what may be moved ──


def test_a_month_that_is_open_young_or_not_chained_stays(old: UUID, world: World) -> None:
    assert live_from(LATER) == datetime(2027, 2, 1, tzinfo=UTC)
    assert archive(at=datetime(2026, 12, 31, tzinfo=UTC)) == 0
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT set_config('opla.writes', 'function', true)")
        for sql in (
            "ALTER TABLE month_close DISABLE TRIGGER USER; DELETE FROM month_close WHERE month >= '2026-12-01'",
            "ALTER TABLE audit_segment DISABLE TRIGGER USER; DELETE FROM audit_segment WHERE stream = 'transfer'",
        ):
            point = transaction.savepoint("owner")
            cursor.execute(sql)
            cursor.execute("SELECT done FROM opla_archive_step(%s, %s)", [LATER, live_from(LATER)])
            assert cursor.fetchone() == ("",), sql
            transaction.savepoint_rollback(point, "owner")
        cursor.execute("SELECT done FROM opla_archive_step(%s, %s)", [LATER, live_from(LATER)])
        assert cursor.fetchone() == ("closed",)
        transaction.set_rollback(True, "owner")


def test_whoever_sells_does_not_wait_for_it_and_what_was_interrupted_goes_on(old: UUID, world: World) -> None:
    done = []
    while (found := queries.step(live_from(LATER), at=LATER)) and found[0] != "proved":
        done.append(found[0])
    assert done == ["closed", "fenced"]
    with psycopg.connect(connections["default"].connection.info.dsn) as busy:  # a sale that takes its time
        busy.execute("SELECT count(*) FROM event")
        began = time.monotonic()
        assert archive(at=LATER) == 0
        assert time.monotonic() - began < 1
        assert placed(NOVEMBER) == {Place.LIVE}
    assert broken() == []
    assert archive(at=LATER) == 3
    assert broken() == []


def test_an_archived_month_is_refused_as_any_other(old: UUID, world: World) -> None:
    archive(at=LATER)
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT opla_writes(true)")
        for table in ("event_2026_11", "archived_transfer"):
            with pytest.raises(DatabaseError, match="append-only"), transaction.atomic("owner"):
                cursor.execute(f"DELETE FROM {table}")
        with pytest.raises(DatabaseError, match="closed day"), transaction.atomic("owner"):
            cursor.execute(
                """INSERT INTO event_2026_11 (id, at, subject, subject_id, name, source, target, actor, why)
                   SELECT 0, at, subject, subject_id, name, source, target, actor, why FROM event_2026_11 LIMIT 1"""
            )
        transaction.set_rollback(True, "owner")


FORGERIES = {
    "UPDATE event_2026_11 SET actor = 'owner:eve' WHERE id = 1": {"audit"},
    "UPDATE attempt_evidence_2026_11 SET why = 'eve'": {"audit"},
    "DELETE FROM transfer_2026_11": {"audit", "balances", "archived_months"},
    "UPDATE archived_month SET rows = rows + 1 WHERE name = 'transfer'": {"audit", "archived_months"},
    "DROP TABLE event_2026_11; DROP TABLE transfer_2026_11; UPDATE archived_month SET carried = '[]'": {
        "audit",
        "balances",
    },
}


@pytest.mark.parametrize("sql", FORGERIES)
def test_whoever_rewrites_an_archived_month_is_found(old: UUID, world: World, sql: str) -> None:
    archive(at=LATER)
    chained(world)
    with as_owner() as cursor:
        for statement in sql.split(";"):
            cursor.execute(statement)
        cursor.execute("SELECT name FROM opla_books(%s) WHERE wrong > 0", [LATER])
        found = {str(name) for (name,) in cursor.fetchall()}
        cursor.execute("SELECT count(*) FROM opla_audit(NULL)")
        assert cursor.fetchone() != (0,)
    assert found >= FORGERIES[sql] - {"audit"}


# ── out of the database, and back ──


def test_a_month_that_was_taken_out_is_stood_for_and_comes_back_as_it_was(
    old: UUID, world: World, tmp_path: Path
) -> None:
    archive(at=LATER)
    before = exports(NOVEMBER), find.story(old), find.postings(old)
    with pytest.raises(Refused, match="oldest goes first: 2026-11"):
        take_out(DECEMBER, tmp_path, actor=ANA, at=LATER)
    with pytest.raises(Refused, match="not in the archive"):
        take_out(date(2027, 3, 1), tmp_path, actor=ANA, at=LATER)
    files = take_out(NOVEMBER, tmp_path, actor=ANA, at=LATER)
    assert [path.name for path in files] == [
        f"2026-11-{name}.csv.gz" for name in ("attempt_evidence", "event", "transfer")
    ]
    assert [path.stat().st_mode & 0o777 for path in files] == [0o600] * 3
    assert placed(NOVEMBER) == {Place.OUTSIDE}
    chained(world)
    assert broken() == []
    assert [one.code for one in [unreadable(november())] if one] == [Code.MONTH_OUTSIDE]
    assert find.postings(old) == []
    with pytest.raises(Refused, match="is there already"):
        take_out(DECEMBER, half(tmp_path), actor=ANA, at=LATER)
    with pytest.raises(Refused, match="No such file"):
        bring_back(NOVEMBER, tmp_path / "elsewhere", actor=ANA, at=LATER)
    assert bring_back(NOVEMBER, tmp_path, actor=ANA, at=LATER) > 10
    assert placed(NOVEMBER) == {Place.ARCHIVED}
    assert (exports(NOVEMBER), find.story(old), find.postings(old)) == before
    chained(world)
    assert broken() == []
    assert select("SELECT name, actor, why FROM event WHERE subject = 'archive' ORDER BY id") == [
        ("month_taken_out", "owner:ana", "2026-11"),
        ("month_brought_back", "owner:ana", "2026-11"),
    ]


def half(folder: Path) -> Path:
    (folder / "2026-12-event.csv.gz").touch()
    return folder


def november() -> ClosedMonth:
    found = closed_month(ANA, NOVEMBER)
    assert isinstance(found, ClosedMonth)
    return found


@pytest.mark.parametrize(
    ("old_words", "new_words"), [(b"sandbox", b"sandbag"), (b"2026-11-22", b"2026-12-22"), (b"\n", b"\nx")]
)
def test_a_file_that_is_not_what_was_archived_brings_nothing_back(
    old: UUID, world: World, tmp_path: Path, old_words: bytes, new_words: bytes
) -> None:
    archive(at=LATER)
    take_out(NOVEMBER, tmp_path, actor=ANA, at=LATER)
    path = tmp_path / "2026-11-event.csv.gz"
    text = gzip.decompress(path.read_bytes()).replace(b"captured" if old_words == b"sandbox" else old_words, new_words)
    path.write_bytes(gzip.compress(text))
    with pytest.raises(Refused):
        bring_back(NOVEMBER, tmp_path, actor=ANA, at=LATER)
    assert placed(NOVEMBER) == {Place.OUTSIDE}


def test_a_month_of_which_something_still_waits_for_a_person_is_not_taken_out(
    old: UUID, world: World, tmp_path: Path
) -> None:
    archive(at=LATER)
    by_owner(
        """INSERT INTO item (kind, subject, order_id, amount_minor, currency, why, opened_at)
           VALUES ('left_behind', %s, %s, 1500, 'EUR', '{}', '2026-11-25 12:00Z')""",
        [old, old],
    )
    with pytest.raises(Refused, match="before its end and open"):
        take_out(NOVEMBER, tmp_path, actor=ANA, at=LATER)
    assert list(tmp_path.glob("*.gz")) == []


def test_the_archive_has_every_column_of_what_comes_into_it(world: World) -> None:
    columns = """SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute
                 WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum"""
    for table in ("event", "transfer", "attempt_evidence"):
        assert select(columns, [table]) == select(columns, [f"archived_{table}"]), table
