"""Prove that the books balance: every named check, in the database itself.

Exit 0 when all hold. With --accounts also the balance of every account. The chain over the trail is followed from its
first link, and its newest rows are read again; with --full all of them are.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime

from opla.commands.runtime import running
from opla.core.money import Money


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--accounts", action="store_true", help="also every account's balance")
    parser.add_argument("--full", action="store_true", help="read every row of the trail again")
    parser.add_argument("--link", default="", help="a link of the chain that was noted once: is it still in it?")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    with running():
        from opla.db.queries import archive
        from opla.db.queries.audit import holds_link, sealed
        from opla.db.queries.books import Check, balances, books

        checks = books(datetime.now(UTC), full=arguments.full)
        if link := arguments.link.strip().lower():
            checks.append(Check("link", 0 if holds_link(link) else 1, link))
        accounts, chain = balances() if arguments.accounts else [], sealed()
        outside = [one for one in archive.months() if one.place is archive.Place.OUTSIDE]
        since = archive.outside_until()
    balanced = all(check.holds for check in checks)
    if arguments.json:
        answer: dict[str, object] = {
            "books": "balanced" if balanced else "broken",
            "checks": [{"name": c.name, "wrong": c.wrong, "example": c.example} for c in checks],
        }
        # To be kept elsewhere: a chain that was made anew from its beginning ends in other links.
        answer["outside"] = [f"{one.month:%Y-%m} {one.name}" for one in outside]
        answer["chain"] = [{"table": one.stream, "rows": one.rows, "link": one.link} for one in chain]
        if arguments.accounts:
            answer["accounts"] = [
                {
                    "account": a.code,
                    "currency": a.currency,
                    "debits_posted": a.debits_posted,
                    "credits_posted": a.credits_posted,
                    "debits_pending": a.debits_pending,
                    "credits_pending": a.credits_pending,
                }
                for a in accounts
            ]
        print(json.dumps(answer))
        return 0 if balanced else 1
    for check in checks:
        print(
            f"  {'✓' if check.holds else '✗'} {check.name}"
            + ("" if check.holds else f": {check.wrong} wrong, such as {check.example}")
        )
    for one in outside:
        print(f"  - {one.month:%Y-%m} {one.name}: outside, its {one.rows} rows stand by what was written down of them")
    if since:
        print(f"  - so orders and payments from before {since:%Y-%m-%d} are proved by their sums, and not one by one")
    for account in accounts:
        posted = Money(account.debits_posted - account.credits_posted, account.currency)
        pending = Money(account.debits_pending - account.credits_pending, account.currency)
        print(
            f"  {account.code:<32}{posted.decimal:>14}"
            + (f"   pending {pending.decimal}" if pending.amount_minor else "")
        )
    print(
        "The books balance." if balanced else "The books do not balance.", file=sys.stdout if balanced else sys.stderr
    )
    return 0 if balanced else 1
