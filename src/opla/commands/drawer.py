"""Tills: open one where a place is, count it, and move its money. Money is taken on the page /owner/cash/.

    ./opla drawer list                                         each till, and what it holds by the books
    ./opla drawer open counter-1 --place own:main-street       a place of yours, as `./opla places list` names it
    ./opla drawer put-in counter-1 50 --why "change"
    ./opla drawer drop counter-1 200 --why "to the safe"
    ./opla drawer count counter-1 312.45 --why "evening"       what was counted is there now; the difference is posted
    ./opla drawer pay-in counter-1 500 --reseller acme --key receipt-17
    ./opla drawer banked 200 --key statement-2026-11-23-7      cash from the safe is on the bank account
    ./opla drawer close counter-1                              when it is empty

The same --key again changes nothing.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from opla.commands import Stop
from opla.commands.runtime import running
from opla.core.actor import Actor, Role
from opla.core.refusal import Refusal


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("act", choices=("list", "open", "close", "put-in", "drop", "count", "pay-in", "banked"))
    parser.add_argument("what", nargs="*", help="the till, and the amount; of banked the amount alone")
    parser.add_argument("--place", default="", help="of open: where it stands, as SOURCE:REF")
    parser.add_argument("--why", default="", help="kept with it")
    parser.add_argument("--reseller", default="", help="of pay-in: whose float")
    parser.add_argument("--key", default="", help="names it, so that it is recorded once")
    parser.add_argument("--by", default="terminal", help="who does it (terminal)")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    wanted = {"list": 0, "open": 1, "close": 1, "banked": 1}.get(arguments.act, 2)
    if len(arguments.what) != wanted:
        raise Stop("cell_invalid", f"./opla drawer {arguments.act} takes {wanted} words: see --help")
    with running():
        said, sentence = _done(arguments)
    print(json.dumps(said) if arguments.json else sentence)
    return 0


def _done(asked: argparse.Namespace) -> tuple[dict[str, object], str]:
    from opla.operations import drawers
    from opla.operations.shop import current

    actor, at, shop = Actor(Role.OWNER, asked.by), datetime.now(UTC), current()
    till, amount = (*asked.what, "", "")[:2]
    key = _key(asked)
    match asked.act:
        case "open" | "close":
            is_open = asked.act == "open"
            _or_stop(drawers.keep_drawer(actor, till, _place(asked), is_open=is_open, sandbox=shop.sandbox, at=at))
        case "put-in":
            _or_stop(drawers.put_in(actor, key, till, amount, why=asked.why or "put-in", at=at))
        case "drop":
            _or_stop(drawers.drop(actor, key, till, amount, why=asked.why or "drop", at=at))
        case "pay-in":
            _or_stop(drawers.pay_in(actor, key, till, asked.reseller, amount, at=at))
        case "count":
            found = drawers.count(actor, key, till, amount, why=asked.why, at=at)
            if isinstance(found, Refusal):
                raise _stop(found)
            said, sentence = _listed()
            difference = {"difference_minor": found.amount_minor}
            return {**said, **difference}, f"Difference: {found.decimal} {found.currency}.\n{sentence}"
        case "banked":
            new = drawers.banked(actor, asked.key, till, shop=shop, at=at)
            if isinstance(new, Refusal):
                raise _stop(new)
            return {"recorded": new}, "Recorded." if new else "Recorded before."
    return _listed()


def _key(asked: argparse.Namespace) -> UUID:
    return uuid5(NAMESPACE_URL, f"drawer/{asked.act}/{asked.what[:1]}/{asked.key}") if asked.key else uuid4()


def _place(asked: argparse.Namespace) -> int:
    """The place that was named; of a till that is closed the one it stands at."""
    from opla.db.queries import cash
    from opla.operations.places import known_by_id
    from opla.operations.shop import current

    if asked.act == "close":
        found = [one.place_id for one in cash.drawers() if one.name == asked.what[0]]
    else:
        found = [id_ for id_, one in known_by_id(sandbox=current().sandbox) if f"{one.source}:{one.ref}" == asked.place]
    if not found:
        raise Stop("not_found", "There is none of that name. ./opla drawer list, ./opla places list")
    return found[0]


def _listed() -> tuple[dict[str, object], str]:
    from opla.db.queries import cash
    from opla.operations.cash import CURRENCY

    found = [(one, cash.holds(one.name, CURRENCY)) for one in cash.drawers()]
    rows = [{"till": one.name, "open": one.open, "minor": held.amount_minor} for one, held in found]
    lines = [f"{one.name:<40}{'open' if one.open else 'closed':<8}{held.decimal:>12} {CURRENCY}" for one, held in found]
    return {"tills": rows, "currency": CURRENCY}, "\n".join(lines) or "There is no till yet."


def _or_stop(refused: Refusal | None) -> None:
    if refused is not None:
        raise _stop(refused)


def _stop(refused: Refusal) -> Stop:
    from opla.presenting.refusals import sentence

    return Stop(refused.code, sentence(refused))
