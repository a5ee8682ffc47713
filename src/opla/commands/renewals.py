"""Standing renewals: what is charged by itself, and ending one for good.

    ./opla renewals                      those that are not over, the newest first
    ./opla renewals --end ID             nothing is charged by it any more; its consent is ended at the provider

Numbers stand here by their last four digits. Whoever is charged ends it as well, by the link in every e-mail.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from uuid import UUID

from opla.commands import Stop
from opla.commands.runtime import running
from opla.core.actor import Actor, Role
from opla.core.refusal import Code, Refusal

_OWNER = Actor(Role.OWNER, "terminal")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--end", metavar="ID", default="", help="end this one for good")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    with running():
        from opla.operations import change_renewal, renewals
        from opla.operations.renewals import Standing
        from opla.operations.shop import current
        from opla.presenting.refusals import sentence

        shop = current()
        if arguments.end:
            found = _find(arguments.end)
            refused: Refusal | None = Refusal(Code.NOT_FOUND)
            if isinstance(found, Standing):
                refused = change_renewal.end(_OWNER, found, shop=shop, at=datetime.now(UTC))
            if refused is not None:
                raise Stop(refused.code, sentence(refused))
            print(json.dumps({"ended": arguments.end}) if arguments.json else f"{arguments.end} has ended")
            return 0
        rows = [
            {
                "id": str(one.kept.id),
                "state": str(one.kept.state),
                "product": one.kept.sku,
                "number": f"…{one.whose.number[-4:]}",
                "rule": one.kept.rule,
                "at_most": f"{one.kept.cap.decimal} {one.kept.cap.currency}",
                "next": last.due_at.date().isoformat() if (last := one.kept.last) and not last.closed_at else "",
                "refused": one.kept.refused,
            }
            for one in renewals.standing(shop=shop)
        ]
    if arguments.json:
        print(json.dumps({"renewals": rows}))
    for row in rows if not arguments.json else ():
        print("  ".join(str(value) for value in row.values()))
    if not rows and not arguments.json:
        print("nothing is charged by itself")
    return 0


def _find(text: str) -> object:
    """The renewal of this id; None where there is none."""
    from opla.db.queries import renewals as rows
    from opla.operations import renewals
    from opla.operations.shop import current

    try:
        kept = rows.load([UUID(text)])
    except ValueError:
        return None
    return renewals.opened(kept[0], shop=current()) if kept else None
