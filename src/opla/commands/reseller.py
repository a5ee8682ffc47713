"""Resellers: add one, give it a key, put money on its float, place a file of its orders.

    ./opla reseller add acme --title "Acme Phones" --email orders@acme.example
    ./opla reseller key acme                    prints a key, once; --sandbox: one that orders nothing real
    ./opla reseller member acme ana@acme.example --role owner     whoever proves that address sees its pages
    ./opla reseller revoke acme                 ends all its keys
    ./opla reseller stop acme --why "its owner called: a key was stolen"    it orders nothing more, its files pause
    ./opla reseller go acme --why "new keys are made"
    ./opla reseller pay-in acme 500.00 --key statement-2026-11-22-7
    ./opla reseller deposits acme               what it paid in at a payment provider, the newest first
    ./opla reseller give-back acme 100.00 --deposit 0198… --why "paid in twice" --key mail-7    to where it came from
    ./opla reseller balance acme
    ./opla reseller place acme orders.csv       CSV, XLSX or a JSON object a line; columns: key, sku or operator and
                                                amount, number, plan, email, language, device

The same deposit, give-back or order under the same key is recorded once; without a key, the same amount of one deposit
does not go back twice within an hour. `up` delivers what was placed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID, uuid5

from opla.commands import Stop
from opla.commands.runtime import running
from opla.core.actor import Actor, Role
from opla.core.refusal import Refusal

if TYPE_CHECKING:
    from opla.db.queries.bulk import File

_OWNER = Actor(Role.OWNER, "terminal")
#: Within this, the same give-back without a key is taken for the same line typed again.
_AGAIN = timedelta(hours=1)
_ACTS = ("add", "key", "revoke", "stop", "go", "member", "pay-in", "deposits", "give-back", "balance", "place")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("act", choices=_ACTS)
    parser.add_argument("name", help="the reseller, such as acme")
    parser.add_argument(
        "what",
        nargs="?",
        default="",
        help="of pay-in and give-back the amount, of place the file, of member the address",
    )
    parser.add_argument("--title", default="", help="of add: its name for people")
    parser.add_argument("--email", default="", help="of add: who is told what became of its orders")
    parser.add_argument("--key", default="", help="of pay-in: names the deposit; of give-back: names what goes back")
    parser.add_argument("--deposit", default="", help="of give-back: which one, as deposits names it")
    parser.add_argument("--why", default="", help="of give-back, stop and go: the reason, which is kept")
    parser.add_argument("--scopes", default="", help="of key: its rights, with commas; without: all but codes:read")
    parser.add_argument("--sandbox", action="store_true", help="of key: what it orders is played, and moves nothing")
    parser.add_argument("--role", default="owner", help="of member: owner, seller or books; none ends it")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    acts = {
        "add": _add,
        "key": _key,
        "revoke": _revoke,
        "stop": _switch,
        "go": _switch,
        "member": _member,
        "pay-in": _pay_in,
        "deposits": _deposits,
        "give-back": _give_back,
        "balance": _balance,
        "place": _place,
    }
    with running():
        said, sentence = acts[arguments.act](arguments)
    print(json.dumps(said) if arguments.json else sentence)
    return 1 if said.get("refused") or said.get("missing_minor") else 0


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
        refused = members.remove(_OWNER, asked.name, asked.what, at=datetime.now(UTC))
    else:
        refused = members.name(_OWNER, asked.name, asked.what, asked.role, at=datetime.now(UTC))
    if refused:
        raise _stop(refused)
    said: dict[str, object] = {"reseller": asked.name, "email": asked.what, "role": asked.role}
    return said, f"{asked.what} is {asked.role} at {asked.name}: /reseller/{asked.name}/ after signing in."


def _revoke(asked: argparse.Namespace) -> tuple[dict[str, object], str]:
    from opla.operations import api_keys

    ended = api_keys.revoke_all(_OWNER, asked.name, at=datetime.now(UTC))
    if isinstance(ended, Refusal):
        raise _stop(ended)
    return {"reseller": asked.name, "revoked": ended}, f"{ended} ended."


def _switch(asked: argparse.Namespace) -> tuple[dict[str, object], str]:
    from opla.operations import resellers

    on = asked.act == "go"
    paused = resellers.switch(_OWNER, asked.name, on=on, why=asked.why, at=datetime.now(UTC))
    if isinstance(paused, Refusal):
        raise _stop(paused)
    said: dict[str, object] = {"reseller": asked.name, "active": on, "paused": paused}
    if on:
        return said, f"{asked.name} may order again. Files that were paused wait until somebody lets them go on."
    return said, f"{asked.name} orders nothing more. {paused} files were paused; what was ordered goes on."


def _pay_in(asked: argparse.Namespace) -> tuple[dict[str, object], str]:
    from opla.operations import resellers
    from opla.operations.shop import current

    recorded = resellers.pay_in(_OWNER, asked.name, asked.what, asked.key, shop=current(), at=datetime.now(UTC))
    if isinstance(recorded, Refusal):
        raise _stop(recorded)
    said, sentence = _balance(asked)
    return {**said, "recorded": recorded}, sentence if recorded else f"Recorded before. {sentence}"


def _deposits(asked: argparse.Namespace) -> tuple[dict[str, object], str]:
    from opla.db.queries import deposits

    found = deposits.newest(asked.name, limit=20)
    rows = [
        {
            "id": str(one.id),
            "state": one.status,
            "amount_minor": one.amount.amount_minor,
            "back_minor": one.back.amount_minor,
            "method": one.method,
            "receipt": one.receipt,
            "made_at": one.made_at.isoformat(),
        }
        for one in found
    ]
    lines = [
        f"{one.id}  {one.made_at:%Y-%m-%d %H:%M}  {one.amount.decimal:>9} {one.status:<8} {one.method}" for one in found
    ]
    said: dict[str, object] = {"reseller": asked.name, "deposits": rows}
    return said, "\n".join(lines) or f"{asked.name} has paid nothing in at a payment provider."


_GIVEN_BACK = (
    "This was given back at {at:%H:%M} UTC already. If it is to go back once more, say so with a key: --key NAME. "
    "The same under the same key goes back once."
)


def _give_back(asked: argparse.Namespace) -> tuple[dict[str, object], str]:
    from opla.core.money import Money
    from opla.core.refusal import Code
    from opla.db.queries import deposits
    from opla.operations import pay_into_float
    from opla.operations.shop import current

    try:
        deposit = deposits.one(asked.name, UUID(asked.deposit))
    except ValueError:
        deposit = None
    if deposit is None:
        raise _stop(Refusal(Code.NOT_FOUND, "deposit"))
    amount = Money.parse(asked.what, deposit.amount.currency) if asked.what else None
    if asked.what and amount is None:
        raise _stop(Refusal(Code.AMOUNT_UNREADABLE, "amount"))
    shop, at = current(), datetime.now(UTC)
    if amount and not asked.key and (before := deposits.last_back(deposit.id, amount, since=at - _AGAIN)):
        raise Stop("given_back_before", _GIVEN_BACK.format(at=before))
    key = uuid5(deposit.id, asked.key) if asked.key else shop.chance.uuid(at)
    back = pay_into_float.give_back(_OWNER, deposit.id, refund_id=key, amount=amount, why=asked.why, shop=shop, at=at)
    if isinstance(back, Refusal):
        raise _stop(back)
    said, sentence = _balance(asked)
    said |= {"deposit": str(deposit.id), "back_minor": back.amount_minor}
    return said, f"{back.decimal} {back.currency} goes back to where it was paid from. {sentence}"


def _balance(asked: argparse.Namespace) -> tuple[dict[str, object], str]:
    from opla.core.money import Money
    from opla.db.queries import floats

    found = floats.balance(asked.name, "EUR")
    free, held = Money(found.free_minor, "EUR"), Money(found.held_minor, "EUR")
    said: dict[str, object] = {"reseller": asked.name, "free_minor": found.free_minor, "held_minor": found.held_minor}
    return {**said, "currency": "EUR"}, f"{free.decimal} EUR free, {held.decimal} EUR held for open orders."


def _place(asked: argparse.Namespace) -> tuple[dict[str, object], str]:
    from opla.core.api_access import Access, Scope
    from opla.db.models import Reseller
    from opla.operations import bulk
    from opla.operations.shop import current

    try:
        data = Path(asked.what).read_bytes()
    except OSError as problem:
        raise Stop("file_unreadable", f"{asked.what or 'Which file?'}: {problem.strerror}") from None
    known = Reseller.objects.filter(id=asked.name, active=True).first()
    if known is None:
        raise Stop("not_found", f"There is no reseller {asked.name}.")
    shop, who = current(), Access(known.id, known.email, frozenset(Scope))
    key = shop.chance.reference()
    file = bulk.upload(who, data, key=key, name=Path(asked.what).name, shop=shop, at=datetime.now(UTC))
    if isinstance(file, Refusal):
        raise _stop(file)
    checked = _followed(file.file_id)
    if checked.refusals:
        raise _stop(checked.refusals[0])
    sure = bulk.confirm(who, file.file_id, checked.total_minor, key=key, at=datetime.now(UTC))
    if sure is not None:
        raise _stop(sure)
    done = _followed(file.file_id)
    missing = done.missing
    if missing.amount_minor:  # what is left of it is in the same file, placed again when there is money
        bulk.cancel(who, file.file_id, at=datetime.now(UTC))
    said: dict[str, object] = {"placed": done.placed, "again": done.again, "refused": _refused(file.file_id)}
    sentence = f"{done.placed} placed, {done.again} placed before, {done.bad + done.refused} refused."
    if missing.amount_minor:
        said |= {"missing_minor": missing.amount_minor, "currency": missing.currency}
        sentence += f" On the float {missing.decimal} {missing.currency} is missing for the rest: place it again then."
    return said, sentence


def _followed(file_id: UUID) -> File:
    """Do what a worker does with this file, beside the workers there are, until somebody is to decide."""
    from opla.core.bulk import WORKED_ON
    from opla.db.queries import bulk as files
    from opla.operations import bulk
    from opla.operations.shop import current

    told = ""
    while (found := files.file(file_id)) is not None and found.state in WORKED_ON:
        if not bulk.step(shop=current(), at=datetime.now(UTC), only=file_id):
            time.sleep(0.05)  # a worker has it
        done = found.upto if found.rows else 0
        if (line := f"{found.state}: {done} of {found.rows} rows") != told and found.rows:
            print(line, file=sys.stderr)
            told = line
    if found is None:
        raise Stop("not_found", "The file is gone.")
    return found


def _refused(file_id: UUID) -> list[dict[str, object]]:
    """Every row that was not placed, with its reasons, which are told as well."""
    from opla.core.bulk import column_of
    from opla.db.queries import bulk
    from opla.presenting.refusals import sentence

    found, after = [], 0
    file = bulk.file(file_id)
    while rows := bulk.wrong(file_id, after=after, limit=1000):
        after = rows[-1].n
        for row in rows:
            why = [{"code": str(r.code), "about": r.about, "message": sentence(r)} for r in row.refusals]
            found.append({"line": row.line, "key": row.key, "refusals": why})
            column = column_of(row.refusals[0].about, file.named) if file else ""
            where = f"line {row.line}, {column}" if column else f"line {row.line}"
            print(f"{where}: {why[0]['message']}", file=sys.stderr)
    return found
