"""The trail is chained once it is committed, and whoever rewrites it is found: by the row."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest
from django.db import connection, connections

from fakes import CODE, START, World
from opla.core.actor import Actor, Role
from opla.db.queries import audit
from opla.db.queries.books import books
from opla.db.queries.call import select
from opla.db.queries.forget import forget
from support import as_owner

ANA = Actor(Role.OWNER, "ana")
LATER = START + timedelta(hours=1)


@pytest.fixture
def trail(world: World) -> World:
    """A shop with a sale and some looks, all of it chained in groups of four rows."""
    world.paid(CODE)
    world.work_through(20)
    for n in range(10):
        audit.look(ANA, "item", [(str(n), None)], at=world.clock())
    audit.seal(rows=4, groups=100, at=LATER)
    audit.seal(rows=4, groups=100, at=LATER + timedelta(minutes=10))
    return world


def segments(stream: str) -> list[tuple[object, ...]]:
    return select("SELECT number, cardinality(ids) FROM audit_segment WHERE stream = %s ORDER BY number", [stream])


def test_everything_that_was_committed_is_in_the_chain(trail: World) -> None:
    for stream in ("event", "transfer", "look"):
        [(count,)] = select(f"SELECT count(*) FROM {stream}")
        assert sum(int(str(rows)) for _, rows in segments(stream)) == count, stream
    assert segments("look") == [(1, 4), (2, 4), (3, 2)]
    assert audit.broken(None) == []
    assert books(LATER)[-1].holds


#: As a superuser would: past every guard. What is said of it then.
FORGERIES = [
    ("UPDATE look SET actor = 'owner:eve' WHERE id = 6", "look 6 was changed"),
    ("UPDATE look SET at = at + interval '1 microsecond' WHERE id = 3", "look 3 was changed"),
    ("DELETE FROM look WHERE id = 7", "look 7 was removed"),
    ("DELETE FROM look WHERE id IN (1, 2, 3, 4)", "look 1 was removed"),
    (
        """UPDATE look SET id = DEFAULT WHERE id = 5;
           INSERT INTO look (id, at, actor, page, subject) OVERRIDING SYSTEM VALUE
           SELECT 0, at, actor, page, subject FROM look WHERE id = 6""",
        "look 0 was slipped in",
    ),
    ("DELETE FROM event WHERE id = (SELECT min(id) FROM event)", "event 1 was removed"),
    ("UPDATE transfer SET amount_minor = amount_minor + 1 WHERE id = 2", "transfer 2 was changed"),
    # And who mends the chain behind it.
    ("DELETE FROM audit_segment WHERE stream = 'look' AND number = 1", "look: link 2 does not follow"),
    ("UPDATE audit_segment SET digest = '' WHERE stream = 'look' AND number = 3", "look: link 3 does not follow"),
    ("UPDATE audit_segment SET number = 4 WHERE stream = 'look' AND number = 3", "look: link 4 does not follow"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "said"), FORGERIES, ids=lambda value: str(value)[:50])
def test_whoever_rewrites_it_is_found_by_the_row(trail: World, sql: str, said: str) -> None:
    with as_owner() as cursor:
        for statement in sql.split(";"):
            cursor.execute(statement)
            assert cursor.rowcount > 0
        cursor.execute("SELECT example FROM opla_audit(NULL) ORDER BY stream, number")
        found = [str(example) for (example,) in cursor.fetchall()]
    assert found, "nothing was noticed"
    assert found[0].startswith(said), found
    assert audit.broken(None) == []


def test_a_shop_that_never_stopped_reads_only_its_newest_rows_again_unless_asked_for_all(trail: World) -> None:
    with as_owner() as cursor:
        cursor.execute("UPDATE look SET actor = 'owner:eve' WHERE id = 2")
        cursor.execute("SELECT count(*) FROM opla_audit(2)")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT example FROM opla_audit(10)")
        assert cursor.fetchone() == ("look 2 was changed",)


def test_a_chain_that_is_made_anew_holds_and_has_lost_the_link_that_was_noted(trail: World) -> None:
    noted = next(one.link for one in audit.sealed() if one.stream == "look")
    assert audit.holds_link(noted)
    with as_owner() as cursor:
        cursor.execute("UPDATE look SET actor = 'owner:eve' WHERE id = 2; TRUNCATE audit_segment, audit_mark")
        for minutes in (0, 10):
            cursor.execute("SELECT opla_audit_seal(%s, 4, 100)", [LATER + timedelta(minutes=minutes)])
            cursor.execute("SELECT set_config('opla.writes', 'function', true)")
        cursor.execute("SELECT count(*) FROM opla_audit(NULL)")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*), count(*) FILTER (WHERE encode(link, 'hex') = %s) FROM audit_segment", [noted])
        [segments_now, kept] = cursor.fetchone()
        assert (segments_now > 3, kept) == (True, 0)


def test_whoever_is_forgotten_leaves_a_chain_that_holds(trail: World) -> None:
    """Nothing that is erased stands in it."""
    assert forget(ANA, "ana@example.org", [], b"", at=LATER) == 0
    assert select("SELECT count(*) FROM orders WHERE email <> ''") == [(0,)]
    audit.seal(rows=4, groups=100, at=LATER + timedelta(hours=1))
    assert audit.broken(None) == []
    rows = " ".join(str(line) for (line,) in select("SELECT line FROM audit_row"))
    assert "example.org" not in rows
    assert "32470" not in rows


@pytest.fixture
def slow(world: World) -> Iterator[psycopg.Connection]:
    """Somebody else's connection, with the owner's rights, in a transaction of its own."""
    with psycopg.connect(**connections["owner"].get_connection_params()) as other:
        yield other


def test_what_is_committed_late_is_waited_for_though_its_id_is_smaller(world: World, slow: psycopg.Connection) -> None:
    """It drew its number, and then took its time: nothing behind it is chained before it is over."""
    slow.execute("SELECT opla_look(%s, 'owner:ben', 'item', ARRAY['slow'], ARRAY[NULL]::uuid[])", [START])
    audit.look(ANA, "item", [("fast", None)], at=START)
    for _ in range(3):
        assert audit.seal(rows=4, groups=10, at=LATER) == 0
    slow.commit()
    audit.seal(rows=4, groups=10, at=LATER)
    assert segments("look") == [(1, 2)]
    assert audit.broken(None) == []


def test_who_writes_all_the_time_does_not_keep_the_rest_out_of_the_chain(
    world: World, slow: psycopg.Connection
) -> None:
    """What was written before they began is whole once those who wrote then are over."""
    audit.look(ANA, "item", [("first", None)], at=START)
    slow.execute("SELECT opla_look(%s, 'owner:ben', 'item', ARRAY['slow'], ARRAY[NULL]::uuid[])", [START])
    assert audit.seal(rows=4, groups=10, at=LATER) == 0  # who writes now may have drawn any number up to here
    slow.commit()
    slow.execute("SELECT opla_look(%s, 'owner:ben', 'item', ARRAY['slow'], ARRAY[NULL]::uuid[])", [START])
    assert audit.seal(rows=4, groups=10, at=LATER) == 2
    slow.rollback()
    assert audit.broken(None) == []


def test_few_rows_wait_for_others_but_not_for_long(world: World) -> None:
    for minute in (0, 1, 11):
        audit.look(ANA, "item", [(str(minute), None)], at=START)
        audit.seal(rows=4, groups=10, at=START + timedelta(minutes=minute))
    assert segments("look") == [(1, 1), (2, 2)]


def test_a_setting_of_the_session_changes_no_link(trail: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TimeZone = 'Asia/Shanghai'; SET DateStyle = 'German'; SET bytea_output = 'escape'")
        try:
            assert audit.broken(None) == []
        finally:
            cursor.execute("RESET TimeZone; RESET DateStyle; RESET bytea_output")
