"""Order slips and letters on paper: how many are where, and slips as a PDF to hand out.

    ./opla post list
    ./opla post slips proximus slips.pdf --count 20 --language nl

A slip is filled in by somebody without internet, comes back by post, and is entered on the page /owner/post/, where
letters are printed too.
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
from opla.core.slip import MOST_SLIPS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("act", choices=("list", "slips"))
    parser.add_argument("operator", nargs="?", default="")
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("--count", type=int, default=1, help=f"how many slips, at most {MOST_SLIPS}")
    parser.add_argument("--language", default="en", help="of whoever fills them in")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    if arguments.act == "list":
        return _list(as_json=arguments.json)
    if arguments.file is None:
        raise Stop("file_unreadable", "Whose slips, into which file? ./opla post slips OPERATOR FILE.pdf")
    with running():
        from django.conf import settings

        from opla.backoffice.post import house
        from opla.db.queries import post
        from opla.operations import catalogue, slips
        from opla.operations.shop import current
        from opla.presenting.post import blank
        from opla.presenting.refusals import sentence

        if not settings.SHOP_ADDRESS:
            raise Stop("address_missing", "Nobody could send a slip back: set OPLA_SHOP_ADDRESS.")
        owner, name, here = Actor(Role.OWNER, "terminal"), arguments.operator, current()
        made = slips.make(owner, name, arguments.language, count=arguments.count, shop=here, at=datetime.now(UTC))
        if isinstance(made, Refusal):
            raise Stop(made.code, sentence(made))
        operator = catalogue.active()[1].operator(name)
        if operator is None:
            raise Stop("operator_unknown", name)
        pdf = blank(post.by_numbers(made), operator, house(here))
    try:
        arguments.file.write_bytes(pdf)
    except OSError as problem:
        raise Stop("file_unreadable", f"{arguments.file}: {problem.strerror}") from None
    print(json.dumps({"slips": made}) if arguments.json else f"{len(made)} slips are in {arguments.file}.")
    return 0


def _list(*, as_json: bool) -> int:
    with running():
        from opla.db.queries import post

        counts, out, paid = post.counts(), post.out(), post.paid_without()
    if as_json:
        letters = [{"topic": topic, "state": state, "count": n} for (topic, state), n in counts.items()]
        print(json.dumps({"letters": letters, "slips_out": out, "paid_without_slip": len(paid)}))
        return 0
    for (topic, state), n in sorted(counts.items()):
        print(f"{topic:<10} {state:<9} {n:>6}")
    print(f"{out} slips are out, {len(paid)} transfers came for slips that did not.")
    return 0
