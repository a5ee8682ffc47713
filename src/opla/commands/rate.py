"""Say what a currency is worth, for suppliers that take another one than the order's.

    ./opla rate EUR USD 1.0867 --source "ECB reference rate"               one euro is 1.0867 dollars
    ./opla rate EUR USD 1.0867 --source "ECB reference rate" --day 2026-11-20

A rate is good for seven days. Without a fresh one a delivery that cost another currency waits for a person. What is
kept is never changed: tell the next rate on its own day.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, date, datetime, time

from opla.commands import Stop
from opla.commands.runtime import running
from opla.core.actor import Actor, Role
from opla.core.refusal import Code, Refusal

_OWNER = Actor(Role.OWNER, "terminal")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("base", help="the currency of which one is meant, such as EUR")
    parser.add_argument("quote", help="the currency it is told in, such as USD")
    parser.add_argument("rate", help="how many of these one of those is worth, such as 1.0867")
    parser.add_argument("--source", default="", help="who says so (needed)")
    parser.add_argument("--day", default="", help="of which day it is; otherwise of now")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    with running():
        from opla.operations.rates import tell_rate
        from opla.presenting.refusals import sentence

        at = datetime.now(UTC)
        try:
            as_of = datetime.combine(date.fromisoformat(arguments.day), time(), UTC) if arguments.day else at
        except ValueError:
            raise Stop(Code.DAY_UNREADABLE, sentence(Refusal(Code.DAY_UNREADABLE, "day"))) from None
        told = tell_rate(
            _OWNER,
            arguments.base.upper(),
            arguments.quote.upper(),
            arguments.rate,
            source=arguments.source,
            as_of=as_of,
            at=at,
        )
        if isinstance(told, Refusal):
            raise Stop(told.code, sentence(told))
    said = {"base": told.base, "quote": told.quote, "micros": told.micros, "as_of": told.as_of.isoformat()}
    print(json.dumps(said) if arguments.json else f"{told}, {told.source}")
    return 0
