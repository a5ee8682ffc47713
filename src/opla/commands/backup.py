"""Copy the shop's database, verified, and keep every change from now on, so that any minute can be restored.

./opla backup /mnt/elsewhere/opla        every night; while the shop is open, changes follow by themselves

The newest seven copies stay, and every change since the oldest of them. The keys (keys.json) are not in it: keep them
elsewhere, or nobody who restores can open a code.
"""

from __future__ import annotations

import argparse
import json
import os
from datetime import UTC, datetime
from pathlib import Path

from opla.commands import VAR, Stop
from opla.commands.runtime import running

OUTSIDE = (
    "The database is the server of DATABASE_URL: back it up where it runs, with pg_basebackup and pg_receivewal or "
    "what your host offers. After a restore there, ./opla quarantine enter keeps the shop still until it was compared."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="on another disk, best on another machine")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    if os.environ.get("DATABASE_URL"):
        raise Stop("backup_outside", OUTSIDE)
    with running():
        from opla.db import backup, keyring
        from opla.db.instance import Unavailable, locate

        try:
            made = backup.back_up(arguments.folder, locate(VAR), keyring.load(VAR).marks, datetime.now(UTC))
        except (Unavailable, OSError) as problem:
            raise Stop("backup_failed", str(problem)) from problem
        kept = [base.name for base in backup.bases(arguments.folder)]
    if arguments.json:
        told = {"backup": made.name, "path": str(made.path), "ended_at": made.ended_at.isoformat(), "kept": kept}
        print(json.dumps(told, ensure_ascii=False))
        return 0
    print(f"{made.path} is whole. Kept: {len(kept)}. Changes from now on follow it while the shop is open.")
    print(f"The keys are not in it. Keep a copy of them elsewhere: {keyring.place(VAR)}")
    return 0
