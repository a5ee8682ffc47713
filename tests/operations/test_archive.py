"""Two years of a shop: months are closed, archived by the janitor, taken out and brought back.

What is old is told, paid back and exported as if it had never been moved.
"""

from __future__ import annotations

import argparse
import gzip
import re
import shlex
import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.db import DatabaseError, connections, transaction

from fakes import CODE, World
from operations.test_choosing import SAM, choose
from opla.commands import archive as archive_command
from opla.commands import books as books_command
from opla.commands import doctor
from opla.core.actor import Actor, Role
from opla.core.chart import Chart
from opla.core.refusal import Code
from opla.db.archive_files import Refused, bring_back, take_out
from opla.db.queries import archive as queries
from opla.db.queries import audit, find, metrics
from opla.db.queries.archive import Place
from opla.db.queries.books import books
from opla.db.queries.call import Argument, call, select
from opla.db.queries.find import Sought
from opla.db.queries.items import About
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
from surfaces.test_owner_pages import signed_in

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


def dsn() -> str:
    connections["default"].ensure_connection()
    return str(connections["default"].connection.info.dsn)


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
    before = exports(NOVEMBER), find.story(old), find.postings(About(old))
    assert placed(NOVEMBER) == {Place.LIVE}
    assert archive(at=YEARS_LATER) == 5  # two of them made ahead in January, when nothing happened
    assert placed(NOVEMBER) == placed(DECEMBER) == placed(JANUARY) == {Place.ARCHIVED}
    assert select("SELECT count(*) FROM event WHERE subject_id = %s", [old]) == [(0,)]
    assert (exports(NOVEMBER), find.story(old), find.postings(About(old))) == before
    chained(world)
    assert broken(YEARS_LATER) == []
    assert archive(at=YEARS_LATER) == 0
    assert isinstance(choose(world, old, actor=SAM), Chosen)
    world.work_through(20)
    assert (world.refunds(), world.state(old)) == ([("choice", 1500, "done")], "refunded")
    story = [one.word for one in find.story(old) if one.what == "event"]
    assert (story[0], "refunded" in story) == ("placed", True)
    assert {one.reason for one in find.postings(About(old))} >= {"captured", "refund_due", "refund_paid"}
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
    with psycopg.connect(dsn()) as busy:  # a sale that takes its time
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
    before = exports(NOVEMBER), find.story(old), find.postings(About(old))
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
    assert find.postings(About(old)) == []
    with pytest.raises(Refused, match="is there already"):
        take_out(DECEMBER, half(tmp_path), actor=ANA, at=LATER)
    with pytest.raises(Refused, match="No such file"):
        bring_back(NOVEMBER, tmp_path / "elsewhere", actor=ANA, at=LATER)
    assert bring_back(NOVEMBER, tmp_path, actor=ANA, at=LATER) > 10
    assert placed(NOVEMBER) == {Place.ARCHIVED}
    assert (exports(NOVEMBER), find.story(old), find.postings(About(old))) == before
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


# ── months that nobody made, and what doctor says ──


def in_default() -> list[tuple[object, ...]]:
    return select(
        """SELECT (SELECT count(*) > 0 FROM event_default), (SELECT count(*) > 0 FROM transfer_default),
                  (SELECT count(*) > 0 FROM attempt_evidence_default)"""
    )


def test_rows_of_a_month_that_nobody_made_come_into_it_and_are_archived_with_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "LIVE_MONTHS", 2)
    world.clock.now = datetime(2027, 8, 20, tzinfo=UTC)
    order = world.paid(CODE)
    world.work_through(20)
    chained(world)
    assert in_default() == [(True, True, True)]
    before = find.story(order)
    assert archive(at=world.clock()) == 0
    assert in_default() == [(False, False, False)]
    assert select("SELECT count(*) > 5 FROM event WHERE tableoid = 'event_2027_08'::regclass") == [(True,)]
    assert (find.story(order), broken(world.clock())) == (before, [])
    months_ahead(world)
    world.paid(CODE)
    world.work_through(20)
    assert broken(world.clock()) == []
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic("owner"):
            cursor.execute("DELETE FROM event_2027_08")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic("owner"):
            cursor.execute("DELETE FROM event_default")


def test_doctor_says_who_does_not_go_round_and_that_one_owner_is_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = SimpleNamespace(dsn_app=dsn(), embedded=False)
    monkeypatch.setattr(doctor, "database", lambda _var: nullcontext(server))
    monkeypatch.setenv("OPLA_SANDBOX", "0")
    at = datetime.now(UTC)

    def told() -> dict[bool, str]:
        said: dict[bool, str] = {True: "", False: ""}
        for fine, sentence in doctor._keeping():
            said[fine] += sentence + "\n"
        return said

    assert "no worker goes round: the last one was heard never" in told()[False]
    assert "no owner is named" in told()[False]
    metrics.beat("worker", "here", 1, "0", at=at - timedelta(minutes=5))
    assert "heard 5 minutes ago" in told()[False]
    metrics.beat("worker", "here", 1, "0", at=at)
    assert "a worker goes round" in told()[True]
    for name in ("ana", "ben"):
        by_owner(
            """INSERT INTO house_person (id, email, name, role, language, made_at)
               VALUES (gen_random_uuid(), %s, %s, 'owner', 'en', now())""",
            [f"{name}@example.org", name],
        )
        assert ("only one owner is named" in told()[False]) is (name == "ana")
    call("opla_partitions", Argument(at.date(), "date"), Argument(2, "int"))
    assert "2 months after this one are made" in told()[True]
    world.clock.now = at - timedelta(hours=3)
    world.paid(CODE)
    assert "the janitor has stalled: what happened 3 hours ago is not chained yet" in told()[False]
    world.clock.now = datetime(2027, 8, 20, tzinfo=UTC)
    world.paid(CODE)
    assert "rows of event, transfer, attempt_evidence came for a month that nobody had made" in told()[False]
    samples = {(one.metric, *one.labels): one.value for one in metrics.figures(at=at)}
    assert (samples["opla_rows_of_no_month", "event"], samples["opla_months_ahead", "transfer"]) == (1.0, 2.0)


# ── what the page says, typed; and what an owner sees ──

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "howto" / "keep-old-months.md").read_text("utf-8")


def test_what_the_page_says_works_in_its_order(
    old: UUID, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    archive(at=LATER)

    class Now(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]  # of ours
            return LATER.astimezone(tz)

    modules = {"archive": archive_command, "books": books_command}
    for module in modules.values():
        monkeypatch.setattr(module, "datetime", Now)
        monkeypatch.setattr(module, "running", nullcontext)
    lines = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
    assert len(lines) == 4
    for line in lines:
        name, *typed = shlex.split(line.replace("/mnt/elsewhere", str(tmp_path)).removeprefix("./opla "))
        parser = argparse.ArgumentParser()
        modules[name].add_arguments(parser)
        assert modules[name].run(parser.parse_args(typed)) == 0, line
    told = capsys.readouterr().out
    assert re.search(r"^2026-11 {2}archived {2}attempt_evidence \d+, event \d+, transfer \d+$", told, re.MULTILINE)
    assert re.search(r"^2027-03 {2}live$", told, re.MULTILINE)
    assert re.search(r"^ {2}- 2026-11 transfer: outside, its \d+ rows stand by", told, re.MULTILINE)
    assert "  ✓ archived_months\n" in told
    assert "The books balance." in told
    assert "rows of 2026-11 are in the archive again." in told


def test_what_is_outside_is_said_where_somebody_would_look_for_it(old: UUID, world: World, tmp_path: Path) -> None:
    archive(at=LATER)
    take_out(NOVEMBER, tmp_path, actor=ANA, at=LATER)
    owner = signed_in(world)
    assert "was taken out of the database." in owner.get(f"/owner/orders/{old}/").text
    month = owner.get("/owner/months/2026-11/")
    assert "./opla archive back 2026-11 brings them back" in month.text
    assert owner.get("/owner/months/2026-11/trial-balance.csv").status == 422
    bring_back(NOVEMBER, tmp_path, actor=ANA, at=LATER)
    assert "was taken out" not in owner.get(f"/owner/orders/{old}/").text
    assert owner.get("/owner/months/2026-11/trial-balance.csv").status == 200


@pytest.mark.full
def test_what_a_hundred_old_months_cost(
    world: World, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    """Empty ones: what is measured is looking for them. The statement of an order's page, and a webhook's."""
    world.clock.now = datetime(2036, 1, 10, tzinfo=UTC)
    months_ahead(world)
    order = world.paid(CODE)
    [reference] = world.provider.charges

    def took_us(what: Callable[[], object], times: int = 100) -> int:
        took = []
        for _ in range(times):
            began = time.perf_counter()
            what()
            took.append(time.perf_counter() - began)
        return round(median(took) * 1_000_000)

    def measure(name: str) -> tuple[int, int]:
        with connections["default"].cursor() as cursor:
            cursor.execute("ANALYZE event")
        wakes = Argument(["charge"], "text[]"), Argument("sandbox", "text"), Argument([reference], "text[]")
        found = (
            took_us(lambda: order_by_id(order)),
            took_us(lambda: call("opla_wake", Argument(world.clock(), "timestamptz"), *wakes)),
            took_us(lambda: find.story(order)),
        )
        record_property(name, "order's page {} µs, webhook {} µs, owner's story {} µs".format(*found))
        return found[:2]

    measure("a new shop")
    for year in range(2027, 2036):
        call("opla_partitions", Argument(date(year, 1, 1), "date"), Argument(11, "int"))
    months = select("SELECT count(*) FROM kept_month WHERE name = 'event' AND place = 'live'")[0][0]
    live = measure(f"{months} months, all live")
    monkeypatch.setattr(settings, "LIVE_MONTHS", 2)
    closed_as_if(world)
    moved = archive(at=world.clock())
    assert moved > 100
    archived = measure(f"{months} months, {moved} of them archived")
    assert archived < live
    closed_as_if(world, undone=True)


def closed_as_if(world: World, *, undone: bool = False) -> None:
    """Every day until now, without a look at any of them."""
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT opla_writes(true)")
        if undone:
            cursor.execute("ALTER TABLE day_close DISABLE TRIGGER USER; ALTER TABLE month_close DISABLE TRIGGER USER")
            cursor.execute("DELETE FROM month_close; DELETE FROM day_close")
            return
        cursor.execute(
            """INSERT INTO day_close SELECT d, d, d + 1, 0, 0, 0, 0, 0, 0, 0, d, 'owner:ana'
               FROM (SELECT %s::date AS d) one""",
            [world.clock().date() - timedelta(days=10)],
        )
        cursor.execute(
            """INSERT INTO month_close SELECT '2035-12-01', day, day, from_at, closed_by, sha256('') FROM day_close"""
        )
