"""What waits for a person: open items, oldest first, with age and money at risk."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime

from opla.commands.runtime import running


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    with running():
        from opla.db.queries.items import open_items

        items, now = open_items(), datetime.now(UTC)
    if arguments.json:
        rows = [
            {
                "id": item.id,
                "kind": item.kind,
                "order": item.ticket,
                "state": item.state,
                "at_risk_minor": item.at_risk.amount_minor,
                "currency": item.at_risk.currency,
                "why": item.why,
                "opened_at": item.opened_at.isoformat(),
                "reference": item.reference,
            }
            for item in items
        ]
        print(json.dumps({"items": rows}))
        return 0
    for item in items:
        age = str(now - item.opened_at).split(".", maxsplit=1)[0]
        at_risk = f"{item.at_risk.decimal:>8} {item.at_risk.currency}"
        print(f"{item.kind:<16} {item.ticket or '-':<12} {at_risk}  {age:>9}  {item.why}")
    print("Nothing waits for a person." if not items else f"{len(items)} open.")
    return 0
