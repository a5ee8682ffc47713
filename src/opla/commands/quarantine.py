"""A shop that came out of a backup: what must be compared with the outside, and how it opens again.

./opla quarantine                                                     what is to be done
./opla quarantine look                                                ask everybody who has a list
./opla quarantine compared payments cash --note "drawer counted" --by Ana
./opla quarantine release 3 --unsold serials.txt --note "their portal"  codes of batch 3 back on the shelf
./opla quarantine gave K7M3-9QX2-TB 0012345                           its buyer has this code of the shelf
./opla quarantine leave --yes                                         the shop opens
./opla quarantine enter --until "2026-11-23 09:41"                    of a database that somebody else restored
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from opla.commands import Stop
from opla.commands.restore import _until
from opla.commands.runtime import running

if TYPE_CHECKING:
    from opla.core.actor import Actor
    from opla.core.refusal import Refusal
    from opla.db.queries.quarantine import Step
    from opla.operations.outside import Adapters

_UNLISTED = {
    "no_list": "no list from here.",
    "no_answer": "its list could not be read. Look again, or:",
    "not_allowed": "our key may not read its list. Give it that right and look again, or:",
    "not_yet": "its list is not that far yet. Look again in a few hours, or:",
    "too_old": "its list does not reach back so far.",
}
_ACTS = ("list", "look", "compared", "release", "gave", "leave", "enter")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("act", nargs="?", choices=_ACTS, default="list")
    parser.add_argument("what", nargs="*", help="compared: AREA NAME; release: BATCH; gave: ORDER SERIAL")
    parser.add_argument("--note", default="", help="how you know it; kept for ever")
    parser.add_argument("--by", default="terminal", help="who says so (terminal)")
    parser.add_argument("--unsold", metavar="FILE", type=Path, help="serials known to be unsold; the others are a loss")
    parser.add_argument("--until", metavar="TIME", default="", help="enter: the last minute that is in the database")
    parser.add_argument("--yes", action="store_true", help="leave, enter: I mean it")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    words = {"compared": 2, "release": 1, "gave": 2}.get(arguments.act, 0)
    if len(arguments.what) != words:
        raise Stop("not_found", f"./opla quarantine {arguments.act} needs {words or 'no'} words after it: see --help")
    if arguments.act in ("leave", "enter") and not arguments.yes:
        raise Stop("not_confirmed", f"./opla quarantine {arguments.act} --yes")
    with running(counterparts=arguments.act in ("look", "leave")):
        from opla.core.actor import Actor, Role

        actor, at = Actor(Role.OWNER, arguments.by.strip() or "terminal"), datetime.now(UTC)
        return _ACT[arguments.act](arguments, actor, at)


def _list(arguments: argparse.Namespace, _actor: Actor, _at: datetime) -> int:
    from opla.core.day import ZONE
    from opla.db.queries import quarantine

    now, batches = quarantine.current(), quarantine.batches()
    shelf = [{"batch": number, "sku": sku, "codes": count} for number, sku, count in batches]
    if arguments.json:
        steps = now.steps if now else ()
        told = {
            "quarantine": now is not None,
            "restored_to": now.restored_to.isoformat() if now else None,
            "orders_in_doubt": now.in_doubt if now else 0,
            "steps": [
                {"area": s.area, "name": s.name, "done": s.done_at is not None, "by": s.done_by, "listed": s.listed,
                 "strange": s.strange, "undecided": s.undecided, "unlisted": s.unlisted, "note": s.note}
                for s in steps
            ],
            "off_the_shelf": shelf,
            "vouchers_blocked": now.vouchers if now else 0,
        }  # fmt: skip
        print(json.dumps(told, ensure_ascii=False))
        return 0
    if now is None:
        print("The shop is open: it is in no quarantine.")
    else:
        known = now.restored_to.astimezone(ZONE)
        print(f"Restored from {now.backup}; nothing after {known:%Y-%m-%d %H:%M:%S} is known.")
        for step in now.steps:
            print(f"  {'✓' if step.done_at else '✗'} {step.area} {step.name:<14} {_became(step)}")
        print(f"  {now.in_doubt} orders had not ended: nothing is sent or paid back for one by itself (./opla items).")
        if now.vouchers:
            print(f"  {now.vouchers} vouchers are blocked: they may have been redeemed (./opla vouchers release)")
    for number, sku, count in batches:
        print(f"  batch {number}: {count} codes of {sku} are off the shelf, because they may have been sold")
    if now is not None:
        done = not any(step.holds_up for step in now.steps)
        print(f"Next: ./opla quarantine {'leave --yes' if done else 'look'}")
    return 0


def _became(step: Step) -> str:
    if step.note and step.done_at is not None:
        return f"compared by {step.done_by}: {step.note}"
    if step.undecided:
        return f"{step.undecided} that no book here knows are still undecided there: look again when they have ended"
    if step.done_at is not None:
        return f"listed: {step.listed}; no book here knows: {step.strange}"
    return f"to be compared; {_UNLISTED[step.unlisted].partition('.')[0]}" if step.unlisted else "to be compared"


def _look(arguments: argparse.Namespace, actor: Actor, at: datetime) -> int:
    from opla.core.refusal import Refusal
    from opla.operations import quarantine
    from opla.operations.shop import current

    shop = current()
    found = quarantine.look(actor, shop=shop, outside=_outside(), at=at)
    if isinstance(found, Refusal):
        raise _stop(found)
    if arguments.json:
        print(json.dumps({"looked": [vars(one) for one in found]}))
        return 0
    for one in found:
        if one.listed is None:
            print(f"  {one.area} {one.name}: {_UNLISTED[one.unlisted]} Compare it yourself, then: "
                  f'./opla quarantine compared {one.area} {one.name} --note "how" --by YOUR-NAME')  # fmt: skip
        else:
            print(f"  {one.area} {one.name}: listed {one.listed}; no book here knows {one.strange}")
        if one.made:
            print(f"    {one.made} of ours that were under way were made; they are settled when the shop opens")
    return 0


def _compared(arguments: argparse.Namespace, actor: Actor, at: datetime) -> int:
    from opla.operations import quarantine

    area, name = arguments.what
    _or_stop(quarantine.compared(actor, area, name, arguments.note, at=at))
    return _done(arguments, {"compared": f"{area} {name}"}, "Written down.")


def _release(arguments: argparse.Namespace, actor: Actor, at: datetime) -> int:
    from opla.core.refusal import Refusal
    from opla.operations import quarantine

    unsold = None
    if arguments.unsold is not None:
        try:
            unsold = arguments.unsold.read_text("utf-8").split()
        except (OSError, ValueError) as problem:
            raise Stop("file_unreadable", f"{arguments.unsold}: {problem}") from None
    if not arguments.what[0].isdecimal():
        raise Stop("not_found", "Which batch? Its number, as ./opla quarantine lists it.")
    found = quarantine.release(actor, int(arguments.what[0]), unsold, arguments.note, at=at)
    if isinstance(found, Refusal):
        raise _stop(found)
    back, lost = found
    return _done(arguments, {"released": back, "lost": lost}, f"Back on the shelf: {back}. Posted as lost: {lost}.")


def _gave(arguments: argparse.Namespace, actor: Actor, at: datetime) -> int:
    from opla.operations import quarantine

    ticket, serial = arguments.what
    _or_stop(quarantine.gave(actor, ticket, serial, at=at))
    return _done(arguments, {"gave": ticket}, "It is delivered by that code when the shop is open.")


def _leave(arguments: argparse.Namespace, actor: Actor, at: datetime) -> int:
    from opla.core.refusal import Refusal
    from opla.operations import quarantine
    from opla.operations.shop import current

    left = quarantine.leave(actor, shop=current(), outside=_outside(), at=at)
    if isinstance(left, Refusal):
        raise _stop(left)
    if left:
        names = ", ".join(f"{step.area} {step.name}" for step in left)
        raise Stop("steps_left", f"Still to be compared: {names}. ./opla quarantine says how.")
    return _done(arguments, {"left": True}, "The shop is open. ./opla items lists what a person has to look at.")


def _enter(arguments: argparse.Namespace, actor: Actor, at: datetime) -> int:
    from opla.operations import quarantine
    from opla.operations.shop import current

    until = _until(arguments.until)
    if until is None:
        raise Stop("time_unreadable", 'Say the last minute that is in the database: --until "2026-11-23 09:41"')
    if not quarantine.enter(actor, backup="outside", restored_to=until, shop=current(), at=at):
        raise Stop("not_now", "It is in quarantine already.")
    return _done(arguments, {"entered": True}, "The shop stands still. ./opla quarantine says what is to be done.")


def _done(arguments: argparse.Namespace, told: dict[str, object], sentence: str) -> int:
    print(json.dumps(told) if arguments.json else sentence)
    return 0


def _outside() -> Adapters:
    from opla.db.queries.cards import Shelves
    from opla.operations.outside import Adapters
    from opla.operations.shop import current

    return Adapters(current(), Shelves(lambda: datetime.now(UTC)))


def _or_stop(refusal: Refusal | None) -> None:
    if refusal is not None:
        raise _stop(refusal)


def _stop(refusal: Refusal) -> Stop:
    from opla.presenting.refusals import sentence

    return Stop(refusal.code, sentence(refusal))


_ACT = {
    "list": _list,
    "look": _look,
    "compared": _compared,
    "release": _release,
    "gave": _gave,
    "leave": _leave,
    "enter": _enter,
}
