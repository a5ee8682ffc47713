"""What waits for a person: list it, look at one, or decide it.

./opla items                                          open items, oldest first
./opla items show 7                                   all that is known, and what may be done
./opla items resolve 7 --as delivered --note "their portal says so" --amount 14.40
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from opla.commands import Stop
from opla.commands.runtime import running

if TYPE_CHECKING:
    from opla.core.item import Resolution
    from opla.db.queries.items import Item


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("act", nargs="?", choices=("list", "show", "resolve"), default="list")
    parser.add_argument("id", nargs="?", type=int)
    parser.add_argument("--as", dest="resolution", metavar="WHAT", default="", help="what you know, as `show` lists it")
    parser.add_argument("--note", default="", help="how you know it; kept for ever")
    parser.add_argument("--evidence", metavar="FILE", type=Path, help="a file to keep with it, 2 MB at most")
    parser.add_argument("--amount", default="", help="what came in (paid), or what it cost us (delivered)")
    parser.add_argument("--supplier-id", default="", help="the supplier's number for it")
    parser.add_argument("--code", action="store_true", help="read the code the supplier gave from standard input")
    parser.add_argument("--serial", default="", help="the code's serial")
    parser.add_argument("--valid-until", metavar="YYYY-MM-DD", default="", help="the code's last day")
    parser.add_argument("--order", metavar="NUMBER", default="", help="the order that money is for (matched)")
    parser.add_argument("--reseller", metavar="NAME", default="", help="whose float money is for (on_float)")
    parser.add_argument("--by", default="terminal", help="who decides (terminal); a second person is another name")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    if arguments.act == "list":
        return _list(as_json=arguments.json)
    if arguments.id is None:
        raise Stop("not_found", f"Which one? ./opla items {arguments.act} ID")
    return _show(arguments) if arguments.act == "show" else _resolve(arguments)


def _list(*, as_json: bool) -> int:
    with running():
        from opla.db.queries.items import open_items
        from opla.presenting.items import why

        found, now = [(item, why(item)) for item in open_items()], datetime.now(UTC)
    if as_json:
        print(json.dumps({"items": [_object(item) for item, _ in found]}))
        return 0
    for item, said in found:
        age = str(now - item.opened_at).split(".", maxsplit=1)[0]
        at_risk = f"{item.at_risk.decimal:>8} {item.at_risk.currency}"
        print(f"{item.id:>5}  {item.kind:<16} {item.ticket or item.reseller or '-':<12} {at_risk}  {age:>9}  {said}")
    print("Nothing waits for a person." if not found else f"{len(found)} open.")
    return 0


def _object(item: Item) -> dict[str, object]:
    return {
        "id": item.id,
        "kind": item.kind,
        "order": item.ticket,
        "state": item.state,
        "at_risk_minor": item.at_risk.amount_minor,
        "currency": item.at_risk.currency,
        "why": item.why,
        "params": dict(item.params),
        "opened_at": item.opened_at.isoformat(),
        "closed_at": item.closed_at.isoformat() if item.closed_at else None,
        "closed_by": item.closed_by,
        "reference": item.reference,
        "proposed": item.proposed,
        "file": str(item.file) if item.file else None,
    }


def _show(arguments: argparse.Namespace) -> int:
    with running():
        from opla.db.queries import items
        from opla.operations.resolve_item import offers
        from opla.operations.shop import current
        from opla.presenting import items as words

        found = items.item(arguments.id)
        if found is None:
            raise Stop("not_found", f"There is no item {arguments.id}.")
        may = offers(found, shop=current())
        tried, said = items.attempts_about(found), items.evidence(found.id)
        events = items.events_about(found)
        whose = found.ticket or found.reseller or "no order"
        lines = [
            f"{found.id}  {words.kind(found.kind)}",
            words.why(found),
            f"{found.at_risk.decimal} {found.at_risk.currency} at risk · {whose} {found.state}",
            *(f"  {e.at:%Y-%m-%d %H:%M:%S}  {words.word(e.name)} ({e.actor})" for e in events),
            *(f"  {t.kind} {t.state} at {t.adapter}: ours {t.reference}, theirs {t.provider_id or '-'}" for t in tried),
            *(f"  {e.at:%Y-%m-%d %H:%M:%S}  {e.actor} {e.step}: {e.resolution}. {e.note}" for e in said),
            *(f"  {_how(found, o.resolution):<25} {words.choice(o.resolution).does}" for o in may),
        ]
    if not arguments.json:
        print("\n".join(line for line in lines if line.strip()))
        return 0
    answer = _object(found)
    answer["may"] = [{"as": o.resolution, "asks": list(o.asks), "second_person": o.second_person} for o in may]
    answer["events"] = [{"at": e.at.isoformat(), "name": e.name, "actor": e.actor} for e in events]
    answer["attempts"] = [
        {
            "kind": t.kind,
            "state": t.state,
            "adapter": t.adapter,
            "reference": t.reference,
            "provider_id": t.provider_id,
            "answers": [
                {"at": a.at.isoformat(), "answer": a.answer, "why": a.why, "evidence": dict(a.evidence)}
                for a in t.answers
            ],
        }
        for t in tried
    ]
    answer["said"] = [
        {
            "at": e.at.isoformat(),
            "by": e.actor,
            "step": e.step,
            "as": e.resolution,
            "note": e.note,
            "facts": dict(e.facts),
            "file": e.file_name,
            "sha256": e.sha256,
        }
        for e in said
    ]
    print(json.dumps(answer, ensure_ascii=False))
    return 0


def _how(item: Item, resolution: Resolution) -> str:
    """A refund is approved by the account this runs under, never by a name that is typed."""
    return f"./opla refund {item.ticket} --{resolution}" if item.kind == "refund_approval" else f"--as {resolution}"


def _resolve(arguments: argparse.Namespace) -> int:
    data = b""
    if arguments.evidence:
        try:
            data = arguments.evidence.read_bytes()
        except OSError as problem:
            raise Stop("file_unreadable", f"{arguments.evidence}: {problem.strerror}") from None
    # Not an argument: those stand in the shell's history and in the list of processes.
    code = sys.stdin.readline().strip() if arguments.code else ""
    with running():
        from opla.core.actor import Actor, Role
        from opla.core.refusal import Refusal
        from opla.db.queries import items
        from opla.operations.resolve_item import Wanted, resolve_item
        from opla.operations.shop import current
        from opla.presenting.items import step
        from opla.presenting.refusals import sentence

        wanted = Wanted(
            arguments.resolution,
            arguments.note,
            amount=arguments.amount,
            supplier_id=arguments.supplier_id,
            code=code,
            serial=arguments.serial,
            valid_until=arguments.valid_until,
            ticket=arguments.order,
            reseller=arguments.reseller,
            file_name=arguments.evidence.name if arguments.evidence else "",
            file=data,
        )
        about = items.item(arguments.id)
        if about is not None and about.kind == "refund_approval":
            raise Stop("resolution_unknown", f"./opla refund {about.ticket} --approve, or --deny")
        actor = Actor(Role.OWNER, arguments.by.strip() or "terminal")
        found = resolve_item(actor, arguments.id, wanted, shop=current(), at=datetime.now(UTC))
        if isinstance(found, Refusal):
            raise Stop(found.code, sentence(found))
        told = step(found)
    print(json.dumps({"item": arguments.id, "step": found}) if arguments.json else f"{told}.")
    return 0
