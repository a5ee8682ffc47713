"""Put SIM cards of your own into stock from a CSV file, or list how many there are.

    ./opla cards import bought.csv      columns: sku, iccid, cost
    ./opla cards list

Every row is checked before any is stored: the ICCID by its check digit. In a sandbox only those that begin with
8900 are taken: a real card would be given away. A card that is or was yours already is skipped and named by its line,
so the same file twice changes nothing. What is done with them is on the page /owner/cards/.
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
    parser.add_argument("act", choices=("import", "list"))
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    if arguments.act == "list":
        return _list(as_json=arguments.json)
    if arguments.file is None:
        raise Stop("file_unreadable", "Which file? ./opla cards import FILE.csv")
    try:
        data = arguments.file.read_bytes()
    except OSError as problem:
        raise Stop("file_unreadable", f"{arguments.file}: {problem.strerror}") from None
    with running():
        from opla.operations.card_files import import_cards
        from opla.operations.shop import current
        from opla.presenting.refusals import sentence

        found = import_cards(Actor(Role.OWNER, "terminal"), data, shop=current(), at=datetime.now(UTC))
        if isinstance(found, list):
            raise Stop(found[0].code, "\n".join(_row(refusal, sentence(refusal)) for refusal in found))
    if arguments.json:
        print(json.dumps({"stored": found.stored, "known_lines": found.known_lines, "cost_minor": found.cost_minor}))
    else:
        lines = ", ".join(map(str, found.known_lines))
        print(f"{found.stored} cards are in stock." + (f" Known already, left out: lines {lines}." if lines else ""))
    return 0


def _list(*, as_json: bool) -> int:
    with running():
        from opla.db.queries.cards import levels

        found = levels()
    if as_json:
        print(json.dumps({"cards": [vars(level) for level in found]}))
        return 0
    head = f"{'product':<14}{'free':>6}{'waiting':>9}{'gone':>6}"
    rows = [f"{one.sku:<14}{one.free:>6}{one.waiting:>9}{one.gone:>6}" for one in found]
    print("\n".join([head, *rows]) if rows else "No SIM cards in stock.")
    return 0


def _row(refusal: Refusal, sentence: str) -> str:
    return f"{refusal.about}: {sentence}" if "row" in refusal.params else sentence
