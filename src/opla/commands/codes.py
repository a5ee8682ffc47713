"""Put codes and eSIMs of your own into stock from a CSV file, or count them.

    ./opla codes import bought.csv      columns: sku, code, serial, cost, valid_until (YYYY-MM-DD, may be empty)
    ./opla codes count

Of an eSIM the code is its activation code (LPA:1$server$matching id), the serial its ICCID. One that asks for a
confirmation code is refused, because that comes another way.
In a sandbox only codes that begin with 0000 are taken, and eSIMs of a server under .invalid: a real one would be given
away.
Every row is checked before any is stored. A code that is or was known already is skipped and named by its line.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

from opla.commands import Stop
from opla.commands.runtime import running
from opla.core.actor import Actor, Role
from opla.core.refusal import Refusal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("act", choices=("import", "count"))
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    if arguments.act == "count":
        with running():
            from opla.db.queries.codes import stock_levels

            levels = stock_levels()
        lines = [f"{sku:<12}{count:>6}" for sku, count in sorted(levels.items())] or ["No codes in stock."]
        print(json.dumps({"stock": levels}) if arguments.json else "\n".join(lines))
        return 0
    if arguments.file is None:
        raise Stop("file_unreadable", "Which file? ./opla codes import FILE.csv")
    try:
        data = arguments.file.read_bytes()
    except OSError as problem:
        raise Stop("file_unreadable", f"{arguments.file}: {problem.strerror}") from None
    with running():
        from opla.operations.shop import current
        from opla.operations.stock_codes import stock_codes
        from opla.presenting.refusals import sentence

        found = stock_codes(Actor(Role.OWNER, "terminal"), data, shop=current(), at=datetime.now(UTC))
        if isinstance(found, list):
            raise Stop(found[0].code, "\n".join(_row(refusal, sentence(refusal)) for refusal in found))
    if arguments.json:
        print(
            json.dumps(
                {
                    "stored": found.stored,
                    "known_lines": found.known_lines,
                    "cost_minor": found.cost_minor,
                    "odd_lines": found.odd_lines,
                }
            )
        )
    else:
        known = (
            f" Known already, left out: lines {', '.join(map(str, found.known_lines))}." if found.known_lines else ""
        )
        odd_lines = ", ".join(map(str, found.odd_lines))
        odd = f" Look again, the ICCID's check digit is wrong: lines {odd_lines}." if odd_lines else ""
        print(f"{found.stored} codes are in stock.{known}{odd}")
    return 0


def _row(refusal: Refusal, sentence: str) -> str:
    return f"{refusal.about}: {sentence}" if "row" in refusal.params else sentence
