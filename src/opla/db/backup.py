"""Backups of our own PostgreSQL: verified copies of its files, and every change since, so that any minute comes back.

    FOLDER/shop.json              whose it is: PostgreSQL's own number of this database
    FOLDER/base/<UTC time>/       the files, as pg_basebackup wrote and pg_verifybackup read them
    FOLDER/base/<UTC time>.json   when, from which change on, and the marks of the keys; written last
    FOLDER/wal/<UTC time>/        every change, as pg_receivewal fetches it while the shop is open; another one after a
                                  restore, or a gap: it goes on from the last file that it finds

The keys are not in it (docs/decisions/0049). `var/backup.json` says which folders it is.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import quote

from opla.db.instance import Instance, Unavailable, binaries
from opla.db.keeper import alone

#: How many base backups stay; the changes since the oldest of them stay too.
KEPT: Final = 7
_SLOT: Final = "opla_backup"
_LONGEST_S: Final = 12 * 3600
_SEGMENT: Final = re.compile(r"([0-9A-F]{24})(\.partial)?")
_TOO_EARLY: Final = "recovery ended before configured recovery target was reached"


@dataclass(frozen=True)
class Base:
    """One base backup. `first` is the file of changes it begins with; `marks` are its keys' (`Keyring.marks`)."""

    name: str
    path: Path
    ended_at: datetime
    first: str
    marks: tuple[str, ...]


@dataclass(frozen=True)
class Fetched:
    """How far the changes are kept outside. `lost`: PostgreSQL had to throw some away before anybody fetched them."""

    running: bool
    behind_bytes: int
    lost: bool


@dataclass(frozen=True)
class Brought:
    """A database that came out of a backup, and is nowhere yet: the last commit in it, and how to reach it."""

    base: Base
    last_at: datetime
    whole: bool  # the asked minute was reached; else it is all there is
    dsn_owner: str
    dsn_app: str


def remembered(var: Path) -> Path | None:
    """The folder of the last backup of this copy; None when there was none."""
    changes = _changes(var)
    return changes and changes.parents[1]


def _changes(var: Path) -> Path | None:
    """Where its changes are fetched into."""
    try:
        return Path(str(json.loads((var / "backup.json").read_text("utf-8"))["changes"]))
    except (OSError, ValueError, KeyError):
        return None


def bases(folder: Path) -> list[Base]:
    """All whole ones, oldest first."""
    found = []
    for record in sorted((folder / "base").glob("*.json")):
        told = json.loads(record.read_text("utf-8"))
        path = record.with_suffix("")
        found.append(
            Base(path.name, path, datetime.fromisoformat(told["ended_at"]), told["first"], tuple(told["keys"]))
        )
    return found


def back_up(folder: Path, instance: Instance, marks: Sequence[str], at: datetime) -> Base:
    """Copy, verify, and throw away what is too old. Raises `Unavailable` with a sentence."""
    folder = folder.resolve()
    if folder.is_relative_to(instance.var) or folder.is_relative_to(instance.home):
        raise Unavailable(f"{folder} lies in what is to be backed up: the disk that takes the one takes the other.")
    for part in (folder, folder / "base", folder / "wal"):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
    _claim(folder, instance)
    slot = f"FROM pg_replication_slots WHERE slot_name = '{_SLOT}'"
    _ask(instance, f"SELECT pg_drop_replication_slot(slot_name) {slot} AND wal_status = 'lost'")
    fresh = _ask(
        instance, f"SELECT pg_create_physical_replication_slot('{_SLOT}', true) WHERE NOT EXISTS (SELECT {slot})"
    )
    name = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    path, aside = folder / "base" / name, folder / "base" / f".{name}"
    if path.exists():
        raise Unavailable(f"There is a backup of this very second already: {path}")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        _run("pg_basebackup", *_where(instance), "-D", str(aside), "-X", "stream", "-c", "fast",
             "--manifest-checksums=SHA256", "--no-password")  # fmt: skip
        _run("pg_verifybackup", "--quiet", str(aside))
    except Unavailable:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    aside.rename(path)
    label = (path / "backup_label").read_text("utf-8")
    first = re.search(r"START WAL LOCATION: .*\(file ([0-9A-F]{24})\)", label)
    told = {"ended_at": datetime.now(UTC).isoformat(), "first": first[1] if first else "", "keys": list(marks)}
    _write(folder / "base" / f"{name}.json", told)
    changes = _changes(instance.var)
    if fresh or changes is None or changes.parents[1] != folder:
        changes = folder / "wal" / name
        changes.mkdir(mode=0o700)
        _write(instance.var / "backup.json", {"changes": str(changes)})
    fetch_now(instance)
    _throw_away(folder)
    return bases(folder)[-1]


def fetching(instance: Instance) -> list[str]:
    """The command that fetches changes until it is ended, each written to disk before PostgreSQL forgets it.

    Raises `Unavailable` where there is nowhere to put them.
    """
    changes = _changes(instance.var)
    if changes is None or not changes.is_dir():  # where a disk is not there, its folder may be
        raise Unavailable(f"The folder of the backups is not there: {changes}. Changes are kept here until it is.")
    return [
        str(binaries() / "pg_receivewal"), *_where(instance), "-D", str(changes), "-S", _SLOT, "--synchronous",
        "--no-password",
    ]  # fmt: skip


def fetched(dsn: str) -> Fetched | None:
    """None when nobody ever asked for changes to be kept."""
    import psycopg

    with psycopg.connect(dsn) as connection:
        row = connection.execute(
            """SELECT active, coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint,
                      wal_status = 'lost' FROM pg_replication_slots WHERE slot_name = %s""",
            [_SLOT],
        ).fetchone()
    return Fetched(*row) if row else None


def choose(folder: Path, until: datetime | None) -> Base | None:
    """The newest base that had ended by then; None when there is none so old."""
    fitting = [base for base in bases(folder) if until is None or base.ended_at <= until]
    return fitting[-1] if fitting else None


@contextmanager
def brought(folder: Path, base: Base, until: datetime | None, instance: Instance) -> Iterator[Brought]:
    """Bring a database back, aside; when `with` ends well, it takes its place. Raises `Unavailable` with a sentence.

    Nobody reaches it before, and killed half-way it leaves nothing that could be opened.
    """
    aside = replace(instance, home=instance.home / "restoring")
    shutil.rmtree(aside.home, ignore_errors=True)
    _run("pg_verifybackup", "--quiet", str(base.path))
    aside.home.mkdir(mode=0o750)
    if os.geteuid() == 0:
        os.chown(aside.home, 0, instance.user.pw_gid)
    shutil.copytree(base.path, aside.data)
    (aside.data / "recovery.signal").touch()
    changes = aside.home / "wal"
    changes.mkdir()
    for path in sorted((folder / "wal").glob("*/*")):
        segment = _SEGMENT.fullmatch(path.name)
        if path.suffix == ".history":
            shutil.copy(path, changes / path.name)
        elif segment and segment[1][8:] >= base.first[8:] and not (segment[2] and (path.parent / segment[1]).exists()):
            shutil.copy(path, changes / segment[1])
    _hand_over(aside.data, instance)
    _hand_over(changes, instance)
    settings = {
        "restore_command": f"cp {shlex.quote(str(changes)).replace('%', '%%')}/%f %p",
        "recovery_target_action": "promote",
        "hot_standby": "off",
        **({} if until is None else {"recovery_target_time": until.isoformat()}),
    }
    instance.log.parent.mkdir(parents=True, exist_ok=True)
    with instance.log.open("ab") as said, ExitStack() as running:
        begins, whole = said.tell(), True
        try:
            running.enter_context(alone(aside, settings, said))
        except Unavailable:
            if _TOO_EARLY.encode() not in instance.log.read_bytes()[begins:]:
                raise
            # Nothing changed between the last change there is and that minute, or what did is lost.
            whole = False
            del settings["recovery_target_time"]
            running.enter_context(alone(aside, settings, said))
        yield _told(aside, base, whole=whole)
    aside.data.rename(instance.data)
    place = os.open(instance.home, os.O_RDONLY)
    os.fsync(place)
    os.close(place)
    shutil.rmtree(aside.home, ignore_errors=True)


def _told(aside: Instance, base: Base, *, whole: bool) -> Brought:
    [(last,)] = _ask(aside, "SELECT pg_last_xact_replay_timestamp()")
    where = f"/opla?host={quote(str(aside.sockets), safe='')}&port=5432"
    last_at = last if isinstance(last, datetime) else base.ended_at
    return Brought(base, last_at, whole, f"postgresql://opla_owner@{where}", f"postgresql://opla_app@{where}")


def _claim(folder: Path, instance: Instance) -> None:
    [(number,)] = _ask(instance, "SELECT system_identifier::text FROM pg_control_system()")
    record = folder / "shop.json"
    if not record.exists():
        _write(record, {"database": number})
    elif json.loads(record.read_text("utf-8"))["database"] != number:
        raise Unavailable(f"{folder} holds the backups of another shop: please give this one a folder of its own.")


def fetch_now(instance: Instance) -> None:
    """Where the shop is not open nobody fetches: what changed until now is fetched here."""
    if _is_fetched(instance):
        return
    _ask(instance, "SELECT pg_logical_emit_message(true, 'opla', 'backup')")  # so that there is something to fetch
    [(until,)] = _ask(instance, "SELECT pg_switch_wal()::text")
    try:
        _run(*fetching(instance), f"--endpos={until}", "--no-loop")
    except Unavailable:
        if not _is_fetched(instance):  # else a shop that has just begun to was first
            raise


def _is_fetched(instance: Instance) -> bool:
    return _ask(instance, f"SELECT FROM pg_replication_slots WHERE slot_name = '{_SLOT}' AND active") != []


def _throw_away(folder: Path) -> None:
    found = bases(folder)
    oldest = found[-KEPT:][0]
    for base in found[:-KEPT]:
        (folder / "base" / f"{base.name}.json").unlink()
        shutil.rmtree(base.path)
    for path in (folder / "wal").glob("*/*"):
        segment = _SEGMENT.fullmatch(path.name)
        if segment and segment[1][8:] < oldest.first[8:]:
            path.unlink()


def _where(instance: Instance) -> list[str]:
    return ["-h", str(instance.sockets), "-p", "5432", "-U", "postgres"]


def _run(program: str, *words: str) -> None:
    command = [program if "/" in program else str(binaries() / program), *words]
    env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    try:
        done = subprocess.run(
            command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False,
            timeout=_LONGEST_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{Path(command[0]).name} did not end within {_LONGEST_S // 3600} hours.") from None
    if done.returncode:
        raise Unavailable(f"{Path(command[0]).name}: {done.stderr.decode('utf-8', 'replace').strip()}")


def _ask(instance: Instance, sql: str) -> list[tuple[object, ...]]:
    import psycopg

    place = quote(str(instance.sockets), safe="")
    with psycopg.connect(f"postgresql://postgres@/postgres?host={place}&port=5432", autocommit=True) as connection:
        return connection.execute(sql).fetchall()


def _write(path: Path, told: dict[str, object]) -> None:
    """Whole or not at all."""
    aside = path.with_name(f".{path.name}")
    with aside.open("w", encoding="utf-8") as file:
        file.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)


def _hand_over(folder: Path, instance: Instance) -> None:
    """To the user who runs PostgreSQL, and to nobody else."""
    for place, _, files in os.walk(folder):
        Path(place).chmod(0o700)
        for path in (Path(place), *(Path(place, name) for name in files)):
            if os.geteuid() == 0:
                os.chown(path, instance.user.pw_uid, instance.user.pw_gid)
