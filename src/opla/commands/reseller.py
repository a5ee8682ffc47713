"""Resellers: add one, give it a key, put money on its float, place a file of its orders.

    ./opla reseller add acme --title "Acme Phones" --email orders@acme.example
    ./opla reseller key acme                    prints a key, once; --sandbox: one that orders nothing real
    ./opla reseller member acme ana@acme.example --role owner     whoever proves that address sees its pages
    ./opla reseller revoke acme                 ends all its keys
    ./opla reseller pay-in acme 500.00 --key statement-2026-11-22-7
    ./opla reseller balance acme
    ./opla reseller place acme orders.csv       columns: key, sku or operator and amount, number, plan, email, language,
                                                device

The same deposit or order under the same key is recorded once. `up` delivers what was placed.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from opla.commands import Stop
from opla.commands.runtime import running
from opla.core.actor import Actor, Role
from opla.core.refusal import Refusal

_OWNER = Actor(Role.OWNER, "terminal")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("act", choices=("add", "key", "revoke", "member", "pay-in", "balance", "place"))
    parser.add_argument("name", help="the reseller, such as acme")
    parser.add_argument(
        "what", nargs="?", default="", help="of pay-in the amount, of place the file, of member the address"
    )
    parser.add_argument("--title", default="", help="of add: its name for people")
    parser.add_argument("--email", default="", help="of add: who is told what became of its orders")
    parser.add_argument("--key", default="", help="of pay-in: names the deposit")
    parser.add_argument("--scopes", default="", help="of key: its rights, with commas; without: all but codes:read")
    parser.add_argument("--sandbox", action="store_true", help="of key: what it orders is played, and moves nothing")
    parser.add_argument("--role", default="owner", help="of member: owner, seller or books; none ends it")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    acts = {
        "add": _add,
        "key": _key,
        "revoke": _revoke,
        "member": _member,
        "pay-in": _pay_in,
        "balance": _balance,
        "place": _place,
    }
    with running():
        said, sentence = acts[arguments.act](arguments)
    print(json.dumps(said) if arguments.json else sentence)
    return 1 if said.get("refused") else 0


def _stop(refusal: Refusal) -> Stop:
    from opla.presenting.refusals import sentence

    return Stop(refusal.code, sentence(refusal))


def _add(asked: argparse.Namespace) -> tuple[dict[str, object], str]:
    from opla.operations import resellers

    if refused := resellers.add(_OWNER, asked.name, title=asked.title, email=asked.email, at=datetime.now(UTC)):
        raise _stop(refused)
    return {"reseller": asked.name}, f"{asked.name} may order from its float once it has a key and money."


def _key(asked: argparse.Namespace) -> tuple[dict[str, object], str]:
    from opla.operations import api_keys
    from opla.operations.shop import current

    terms = api_keys.Terms(sandbox=asked.sandbox)
    if asked.scopes:
        terms = replace(terms, scopes=tuple(asked.scopes.split(",")))
    made = api_keys.make(_OWNER, asked.name, terms, shop=current(), at=datetime.now(UTC))
    if isinstance(made, Refusal):
        raise _stop(made)
    return {"reseller": asked.name, "key": made.secret}, f"{made.secret}\nIt is shown this once."


def _member(asked: argparse.Namespace) -> tuple[dict[str, object], str]:
    from opla.operations import members

    if asked.role == "none":
        refused = members.remove(_OWNER, asked.name, asked.what)
    else:
        refused = members.name(_OWNER, asked.name, asked.what, asked.role, at=datetime.now(UTC))
    if refused:
        raise _stop(refused)
    said: dict[str, object] = {"reseller": asked.name, "email": asked.what, "role": asked.role}
    return said, f"{asked.what} is {asked.role} at {asked.name}: /reseller/{asked.name}/ after signing in."


def _revoke(asked: argparse.Namespace) -> tuple[dict[str, object], str]:
    from opla.operations import resellers

    ended = resellers.revoke_keys(_OWNER, asked.name, at=datetime.now(UTC))
    if isinstance(ended, Refusal):
        raise _stop(ended)
    return {"reseller": asked.name, "revoked": ended}, f"{ended} ended."


def _pay_in(asked: argparse.Namespace) -> tuple[dict[str, object], str]:
    from opla.operations import resellers
    from opla.operations.shop import current

    recorded = resellers.pay_in(_OWNER, asked.name, asked.what, asked.key, shop=current(), at=datetime.now(UTC))
    if isinstance(recorded, Refusal):
        raise _stop(recorded)
    said, sentence = _balance(asked)
    return {**said, "recorded": recorded}, sentence if recorded else f"Recorded before. {sentence}"


def _balance(asked: argparse.Namespace) -> tuple[dict[str, object], str]:
    from opla.core.money import Money
    from opla.db.queries import floats

    found = floats.balance(asked.name, "EUR")
    free, held = Money(found.free_minor, "EUR"), Money(found.held_minor, "EUR")
    said: dict[str, object] = {"reseller": asked.name, "free_minor": found.free_minor, "held_minor": found.held_minor}
    return {**said, "currency": "EUR"}, f"{free.decimal} EUR free, {held.decimal} EUR held for open orders."


def _place(asked: argparse.Namespace) -> tuple[dict[str, object], str]:
    from opla.db.models import Reseller
    from opla.operations.reseller_file import place_file, read_file
    from opla.operations.shop import current
    from opla.presenting.refusals import sentence

    try:
        data = Path(asked.what).read_bytes()
    except OSError as problem:
        raise Stop("file_unreadable", f"{asked.what or 'Which file?'}: {problem.strerror}") from None
    known = Reseller.objects.filter(id=asked.name, active=True).first()
    if known is None:
        raise Stop("not_found", f"There is no reseller {asked.name}.")
    orders = read_file(known.id, known.email, data)
    if isinstance(orders, Refusal):
        raise _stop(orders)
    placed, again, refused = 0, 0, []
    for batch in place_file(Actor(Role.RESELLER, known.id), orders, shop=current(), at=datetime.now(UTC)):
        for line in batch:
            if isinstance(line.answer, list):
                why = [{"code": r.code, "about": r.about, "message": sentence(r)} for r in line.answer]
                refused.append({"line": line.number, "key": line.key, "refusals": why})
                print(f"line {line.number}: {why[0]['message']}", file=sys.stderr)
            else:
                placed, again = placed + (not line.answer.again), again + line.answer.again
        print(f"{placed + again + len(refused)} of {len(orders)} lines", file=sys.stderr)
    said: dict[str, object] = {"placed": placed, "again": again, "refused": refused}
    return said, f"{placed} placed, {again} placed before, {len(refused)} refused."
