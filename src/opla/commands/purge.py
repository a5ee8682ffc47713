"""Remove this copy's database, and what Opla keeps outside the clone."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path

from opla.commands import VAR, Stop
from opla.db.instance import STATE, Instance, Unavailable, locate, users_lock
from opla.db.locks import open_lock, release, take

_CLOSING_S = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--orphans", action="store_true", help="instead, remove the databases of clones that are gone")
    parser.add_argument("--yes", action="store_true", help="do it without asking")


def run(arguments: argparse.Namespace) -> int:
    if arguments.orphans:
        doomed = orphans()
    elif VAR.is_dir():
        try:
            doomed = [locate(VAR).home]
        except Unavailable as problem:
            raise Stop("database_unavailable", str(problem)) from problem
    else:
        doomed = []
    if not doomed:
        sys.stderr.write("There is nothing to remove.\n")
        return 0
    told = "\n".join(f"  {home}{_clone(home)}" for home in doomed)
    if arguments.orphans:
        told += "\nA clone that was moved and not started since looks gone: start it once, and it is not in this list."
    if not arguments.yes and not _agreed(f"This removes for good, with every order in it:\n{told}"):
        raise Stop("not_confirmed", "Nothing was removed. Say --yes to remove it.")
    if not arguments.orphans:
        remove(locate(VAR))
    for home in doomed if arguments.orphans else ():
        shutil.rmtree(home)
    _remove_unused_binaries()
    sys.stderr.write(f"Removed {len(doomed)}.\n")
    return 0


def remove(instance: Instance) -> None:
    """Remove one copy's database, with its socket folder. Raises `Stop` while somebody uses it."""
    locks = [open_lock(path) for path in (users_lock(instance.var), instance.keeper_lock, instance.postgres_lock)]
    try:
        _wait_until_unused(locks)
        if instance.sockets.parent != instance.home:
            shutil.rmtree(instance.sockets, ignore_errors=True)
        shutil.rmtree(instance.home)
        link = instance.var / "pg"
        if link.is_symlink():
            link.unlink()
        (instance.var / "instance.json").unlink()
    finally:
        for lock in locks:
            os.close(lock)


def _wait_until_unused(locks: list[int]) -> None:
    """Take them all. The keeper waits for the users' lock too, so whoever has not got all lets go of them again."""
    deadline = time.monotonic() + _CLOSING_S
    while time.monotonic() < deadline:
        if all(take(lock, timeout_s=0) for lock in locks):
            return
        for lock in locks:
            release(lock)
        time.sleep(0.05)
    raise Stop("in_use", "This copy is in use. Please close it first (Ctrl-C where ./opla up runs).")


def orphans() -> list[Path]:
    """The databases in /var/lib/opla whose clone is gone, or has another database now."""
    found = []
    for record in sorted(STATE.glob("*/clone")) if os.geteuid() == 0 else ():
        link = Path(os.fsdecode(record.read_bytes())) / "pg"
        if not (link.is_symlink() and link.readlink() == record.parent):
            found.append(record.parent)
    return found


def _remove_unused_binaries() -> None:
    if os.geteuid() == 0 and not any(STATE.glob("*/clone")):
        for folder in STATE.glob("pg-*"):
            shutil.rmtree(folder)
        (STATE / "useradd.lock").unlink(missing_ok=True)
        with suppress(OSError):
            STATE.rmdir()


def _clone(home: Path) -> str:
    record = home / "clone"
    return f"  (of {os.fsdecode(record.read_bytes())})" if record.is_file() else ""


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    sys.stderr.write(f"{question}\nRemove it? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
