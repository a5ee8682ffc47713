"""Import statements of the shop's own bank account, so that bank transfers are known to have come in.

    ./opla statement 2026-11-23.xml more.cod      camt.053, camt.054 or CODA, as the bank gives them

Each file is taken in whole or refused whole, and the same file twice changes nothing. A transfer is known by its
reference and pays its order; what shows none waits for a person on /owner/items/. A statement that is
missing between two is noticed. The same is done on the page /owner/bank/.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from opla.commands import Stop
from opla.commands.runtime import running
from opla.core.actor import Actor, Role
from opla.core.refusal import Refusal
from opla.core.statement import MAX_BYTES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--by", default="terminal", help="who imports it (terminal)")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    files = [(path, _read(path)) for path in arguments.file]
    told: list[dict[str, object]] = []
    with running():
        from opla.operations.shop import current
        from opla.operations.statements import import_statement
        from opla.presenting.refusals import sentence

        actor = Actor(Role.OWNER, arguments.by)
        for path, data in files:
            found = import_statement(actor, data, shop=current(), at=datetime.now(UTC))
            if isinstance(found, Refusal):
                before = f" Imported before it: {', '.join(str(one['file']) for one in told)}." if told else ""
                raise Stop(found.code, f"{path}: {sentence(found)}{before}")
            told.append({"file": str(path), **asdict(found)})
    if arguments.json:
        print(json.dumps({"files": told}))
        return 0
    for one in told:
        print(
            "{file}: {lines} lines, {known} known before; of the new ones {matched} are matched, {open} wait for a "
            "person, {ignored} are your own.".format(**one)
        )
    if gaps := told[-1]["gaps"]:
        print(f"Statements are missing: {gaps} gaps in all. ./opla items names them.")
    return 0


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as problem:
        raise Stop("file_unreadable", f"{path}: {problem.strerror}") from None
