"""Bring the shop back out of its backups, as it was at a minute, into a fresh folder; it stands still until compared.

./opla restore /mnt/elsewhere/opla                               all that there is
./opla restore /mnt/elsewhere/opla --until "2026-11-23 09:41"    as it was then, by the clock of the shop

Put keys.json back first. What happened after that minute is not known, so the shop is in quarantine: ./opla quarantine
"""

from __future__ import annotations

import argparse
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from opla.commands import VAR, Stop
from opla.db import backup, keyring
from opla.db.backup import Base
from opla.db.instance import Instance, Unavailable, locate, users_lock
from opla.db.locks import open_lock, take

_OUTSIDE = (
    "The database is the server of DATABASE_URL: restore it where it runs, then ./opla quarantine enter, before "
    "anybody opens the shop."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="as it was given to ./opla backup")
    parser.add_argument("--until", metavar="TIME", default="", help="the last minute wanted, by the shop's clock")
    parser.add_argument("--without-keys", action="store_true", help="the books alone: nothing sealed opens again")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    if os.environ.get("DATABASE_URL"):
        raise Stop("restore_outside", _OUTSIDE)
    try:
        instance, until = locate(VAR), _until(arguments.until)
        lock = open_lock(users_lock(VAR))
        if instance.data.exists() or not take(lock, timeout_s=1.0):
            raise Stop(
                "shop_there",
                f"A shop lives in {VAR} already, and nothing is restored over it. Name a fresh folder in OPLA_VAR, or "
                f"move {VAR} away first.",
            )
        base = backup.choose(arguments.folder, until)
        if base is None:
            raise Stop("no_backup", f"There is no backup in {arguments.folder}{' that is so old' if until else ''}.")
        if not arguments.without_keys:
            _same_keys(base)
        told = _restored(arguments.folder, base, until, instance)
    except (Unavailable, OSError) as problem:
        raise Stop("restore_failed", str(problem)) from problem
    finally:
        os.environ.pop("OPLA_DSN_APP", None)
    print(json.dumps(told) if arguments.json else _words(told))
    return 0


def _until(text: str) -> datetime | None:
    from opla.core.day import ZONE

    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Stop("time_unreadable", 'Write the minute such as "2026-11-23 09:41".') from None
    found = found if found.tzinfo else found.replace(tzinfo=ZONE)
    if found > datetime.now(UTC):
        raise Stop("time_unreadable", "That minute has not come yet.")
    return found


def _same_keys(base: Base) -> None:
    place = keyring.place(VAR)
    if not place.exists():
        raise Stop(
            "keys_missing",
            f"The keys of this shop are not in its backup, and not in {place}: without them no code, address or link "
            "in it opens. Put keys.json back there, or restore the books alone: --without-keys",
        )
    if not set(base.marks) <= set(keyring.load(VAR).marks):
        raise Stop(
            "keys_differ", f"{place} holds other keys than this backup was sealed with. Put the right ones there."
        )


def _restored(folder: Path, base: Base, until: datetime | None, instance: Instance) -> dict[str, object]:
    with backup.brought(folder, base, until, instance) as found:
        os.environ |= {"OPLA_VAR": str(VAR), "OPLA_DSN_APP": found.dsn_app, "OPLA_DSN_OWNER": found.dsn_owner}
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opla.site.settings")
        import django

        django.setup()
        from django.db import connections

        from opla.core.actor import Actor, Role
        from opla.db import setup
        from opla.operations import quarantine
        from opla.operations.shop import current

        at = datetime.now(UTC)
        setup.prepare(at)
        actor = Actor(Role.OWNER, "restore")
        quarantine.enter(actor, backup=base.name, restored_to=found.last_at, shop=current(), at=at)
        connections.close_all()
    asked = until.isoformat() if until else None
    return {"backup": base.name, "restored_to": found.last_at.isoformat(), "asked": asked, "reached": found.whole}


def _words(told: dict[str, object]) -> str:
    from opla.core.day import ZONE

    last_at = datetime.fromisoformat(str(told["restored_to"])).astimezone(ZONE)
    short = "" if told["reached"] else " Nothing later is in the backup: look whether some of it is missing."
    return (
        f"The shop is back as it was at its last change, {last_at:%Y-%m-%d %H:%M:%S}.{short}\n"
        "It is in quarantine: nothing is sold, sent, shown or paid back. ./opla quarantine says what is to be done. "
        "./opla up opens its pages meanwhile."
    )
