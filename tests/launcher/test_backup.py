"""Copies of the database and every change after them: what comes back, and what is refused."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from opla.db import backup
from opla.db.embedded import database
from opla.db.instance import Unavailable, locate
from opla.db.keyring import load

from .conftest import MakeVar

MARKS = ("a", "b")


@contextmanager
def writing(var: Path) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with database(var) as server, psycopg.connect(server.dsn_owner, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS said (word text)")
        yield connection


def say(connection: psycopg.Connection[tuple[object, ...]], word: str) -> datetime:
    """The moment after it."""
    connection.execute("INSERT INTO said VALUES (%s)", [word])
    time.sleep(0.05)
    return datetime.now(UTC)


def back_up(var: Path, folder: Path, at: datetime | None = None) -> backup.Base:
    return backup.back_up(folder, locate(var), MARKS, at or datetime.now(UTC))


def words(dsn: str) -> str:
    with psycopg.connect(dsn) as connection:
        return " ".join(str(word) for (word,) in connection.execute("SELECT word FROM said ORDER BY word"))


def brought_back(folder: Path, var: Path, until: datetime | None = None) -> tuple[str, bool]:
    base = backup.choose(folder, until)
    assert base is not None
    with backup.brought(folder, base, until, locate(var)) as found:
        return words(found.dsn_owner), found.whole


def test_it_comes_back_as_it_was_at_a_minute(make_var: MakeVar, tmp_path: Path) -> None:
    old, folder = make_var("old"), tmp_path / "elsewhere"
    with writing(old) as connection:
        say(connection, "a")
        before = datetime.now(UTC)
        made = back_up(old, folder)
        until = say(connection, "b")
        say(connection, "c")
        backup.fetch_now(locate(old))
    assert (made.marks, backup.remembered(old), backup.choose(folder, before)) == (MARKS, folder, None)
    assert brought_back(folder, make_var("then", data=False), until) == ("a b", True)
    assert brought_back(folder, make_var("all", data=False)) == ("a b c", True)
    assert brought_back(folder, make_var("late", data=False), until + timedelta(hours=1)) == ("a b c", False)
    new = make_var("again", data=False)
    brought_back(folder, new)
    with writing(new) as connection:  # it lives on, and is backed up into the same folder
        say(connection, "d")
        back_up(new, folder)
    assert brought_back(folder, make_var("later", data=False)) == ("a b c d", True)


def test_changes_are_fetched_while_the_shop_is_open(make_var: MakeVar, tmp_path: Path) -> None:
    import subprocess

    old, folder = make_var("old"), tmp_path / "elsewhere"
    with writing(old) as connection, database(old) as server:
        back_up(old, folder)
        fetching = subprocess.Popen(backup.fetching(locate(old)), stderr=subprocess.DEVNULL)
        try:
            say(connection, "a")
            deadline = time.monotonic() + 30
            while not ((found := backup.fetched(server.dsn_app)) and found.running and found.behind_bytes == 0):
                assert time.monotonic() < deadline, found
                time.sleep(0.1)
        finally:
            fetching.kill()  # as our machine would die
            fetching.wait()
    assert brought_back(folder, make_var("new", data=False)) == ("a", True)


def test_what_is_damaged_or_somebody_elses_is_refused(make_var: MakeVar, tmp_path: Path) -> None:
    old, other, folder = make_var("old"), make_var("other"), tmp_path / "elsewhere"
    with writing(old):
        with pytest.raises(Unavailable, match="lies in what is to be backed up"):
            back_up(old, old / "backups")
        made = back_up(old, folder)
    backup._write(folder / "shop.json", {"database": "4711"})
    with writing(other), pytest.raises(Unavailable, match="another shop"):
        back_up(other, folder)
    victim = max((made.path / "base").rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0)
    data = victim.read_bytes()
    victim.write_bytes(bytes([data[0] ^ 0xFF]) + data[1:])
    new = make_var("new", data=False)
    with pytest.raises(Unavailable, match="pg_verifybackup"):
        brought_back(folder, new)
    assert not locate(new).data.exists()


def test_a_restore_that_breaks_off_leaves_nothing_that_could_be_opened(make_var: MakeVar, tmp_path: Path) -> None:
    old, new, folder = make_var("old"), make_var("new", data=False), tmp_path / "elsewhere"
    with writing(old):
        base = back_up(old, folder)
    with pytest.raises(RuntimeError), backup.brought(folder, base, None, locate(new)):
        raise RuntimeError("before the quarantine was entered")
    assert not locate(new).data.exists()
    assert brought_back(folder, new) == ("", True)
    assert locate(new).data.exists()


def test_the_newest_copies_stay_with_their_changes(
    make_var: MakeVar, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "KEPT", 2)
    old, folder, at = make_var("old"), tmp_path / "elsewhere", datetime(2026, 11, 23, tzinfo=UTC)
    with writing(old) as connection:
        for n in range(3):
            say(connection, f"{n}")
            back_up(old, folder, at + timedelta(days=n))
    assert [base.name for base in backup.bases(folder)] == ["20261124T000000Z", "20261125T000000Z"]
    assert [path.name for path in sorted((folder / "base").glob("*Z"))] == ["20261124T000000Z", "20261125T000000Z"]
    first = backup.bases(folder)[0].first
    assert min(path.name for path in (folder / "wal").glob("*/*")) >= first
    assert brought_back(folder, make_var("new", data=False)) == ("0 1 2", True)


def test_marks_tell_keys_apart_and_nothing_of_them(tmp_path: Path) -> None:
    one, other = load(tmp_path / "one"), load(tmp_path / "other")
    assert one.marks == load(tmp_path / "one").marks
    assert not set(one.marks) & set(other.marks)
    assert not any(mark in one.fingerprint_key.hex() + one.sealing_keys[0].hex() for mark in one.marks)
