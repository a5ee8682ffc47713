"""Sellers' passports: who applied, and what the house decides of it.

    ./opla passport                                   those that wait, and those that are good or suspended
    ./opla passport show K7M3-9QXY                    one, with what is to be checked and where
    ./opla passport approve K7M3-9QXY [--until DAY]   for a year; a day as 2027-11-22
    ./opla passport refuse K7M3-9QXY --reason TEXT
    ./opla passport review K7M3-9QXY [--until DAY]    looked at again, and good for another year
    ./opla passport suspend K7M3-9QXY --reason TEXT   and resume; customers see it at their next look
    ./opla passport withdraw K7M3-9QXY --reason TEXT  for good
    ./opla passport turn-key [--leaked]               sign with a new key from now on

What is signed says one place and never changes. The keys lie in keys.json; --leaked believes none of those before, and
every QR must be put up anew. The address that customers know is signed too: it is that of ./opla up where it runs, or
OPLA_URL. The same is done on the page /owner/sellers/.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from opla.commands import Stop
from opla.commands.runtime import running
from opla.core.actor import Actor, Role
from opla.core.passport import SIGNS, Event, grouped, read_passport_number
from opla.core.refusal import Code, Refusal

if TYPE_CHECKING:
    from opla.db.queries.passports import Passport
    from opla.operations.shop import Shop

_OWNER: Final = Actor(Role.OWNER, "terminal")
_DECIDES: Final = {
    "approve": Event.APPROVED,
    "refuse": Event.REFUSED,
    "review": Event.REVIEWED,
    "suspend": Event.SUSPENDED,
    "resume": Event.RESUMED,
    "withdraw": Event.WITHDRAWN,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("act", nargs="?", choices=("list", "show", *_DECIDES, "turn-key"), default="list")
    parser.add_argument("number", nargs="?", default="", metavar="NUMBER", help="the passport's, such as K7M3-9QXY")
    parser.add_argument("--until", type=date.fromisoformat, help="of approve and review: the last day it is good")
    parser.add_argument("--reason", default="", help="of refuse, suspend and withdraw: the seller reads it")
    parser.add_argument("--leaked", action="store_true", help="of turn-key: believe no key of before")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    with running():
        match arguments.act:
            case "list":
                answer, told = _list()
            case "turn-key":
                answer, told = _turn(leaked=arguments.leaked)
            case act:
                if act in _DECIDES:
                    _decide(_DECIDES[act], arguments)
                answer, told = _show(arguments.number)
    print(json.dumps(answer, ensure_ascii=False) if arguments.json else told)
    return 0


def _refuse(refusal: Refusal) -> Stop:
    from opla.presenting.refusals import sentence

    if refusal.code is Code.NOT_FOUND:
        return Stop(refusal.code, f"There is no passport {refusal.params.get('name', '')}")
    return Stop(refusal.code, sentence(refusal))


def _number(typed: str) -> str:
    number = read_passport_number(typed)
    if isinstance(number, Refusal):
        raise _refuse(number)
    return number


def _decide(event: Event, asked: argparse.Namespace) -> None:
    from opla.operations import passports
    from opla.operations.shop import current

    shop = _signing() if event in SIGNS else current()
    refused = passports.decide(
        _OWNER, _number(asked.number), event, until=asked.until, reason=asked.reason, shop=shop, at=datetime.now(UTC)
    )
    if refused:
        raise _refuse(refused)


def _signing() -> Shop:
    """This shop as who looks a passport up knows it. Signed for another address no proof would be believed."""
    from opla.commands.up import base_url
    from opla.operations.shop import current

    shop = current()
    if known := base_url() or ("OPLA_URL" in os.environ and shop.base_url):
        return replace(shop, base_url=known)
    raise Stop(
        "address_unknown",
        "The address at which customers reach this shop is signed with a passport, and nobody said it here: start "
        "./opla up first, or set OPLA_URL.",
    )


def _list() -> tuple[dict[str, object], str]:
    from opla.operations import passports

    found = passports.listed(_OWNER)
    if isinstance(found, Refusal):
        raise _refuse(found)
    rows = [*found["waiting"], *found["living"]]
    return {"passports": [_object(one) for one in rows]}, "\n".join(map(_line, rows)) or "None yet."


def _show(typed: str) -> tuple[dict[str, object], str]:
    from opla.commands.up import base_url
    from opla.db.queries import passports as queries
    from opla.operations import passports
    from opla.operations.shop import current
    from opla.presenting import passports as words

    found = queries.by_number(_number(typed))
    if found is None:
        raise _refuse(Refusal(Code.NOT_FOUND, "number", {"name": typed}))
    checks = words.checks(found.seller, found.place.kind, found.place.text)
    lines = [_line(found), f"  {found.seller.legal_name}, {found.seller.country} {found.seller.number}"]
    lines += [f"  {'[x]' if one.done else '[ ]'} {one.text} {one.link}".rstrip() for one in checks]
    answer = _object(found)
    if found.jws:
        shop = current()
        shop = replace(shop, base_url=base_url() or shop.base_url)
        answer |= {"address": passports.page_address(found, shop), "proof": found.jws}
        lines.append(f"  {answer['address']}")
    return answer, "\n".join(lines)


def _turn(*, leaked: bool) -> tuple[dict[str, object], str]:
    from opla.operations import passports

    signed = passports.turn_key(_OWNER, leaked=leaked, shop=_signing(), at=datetime.now(UTC))
    if isinstance(signed, Refusal):
        raise _refuse(signed)
    note = "No proof of before is believed: every QR must be put up anew." if leaked else "Every QR works on."
    return {"signed": signed, "leaked": leaked}, f"{signed} passports are signed by the new key. {note}"


def _object(one: Passport) -> dict[str, object]:
    return {
        "number": grouped(one.number), "state": one.state, "reseller": one.reseller, "name": one.seller.name,
        "legal_name": one.seller.legal_name, "country": one.seller.country, "registration": one.seller.number,
        "kind": one.place.kind, "place": one.place.text, "until": one.until.isoformat() if one.until else None,
    }  # fmt: skip


def _line(one: Passport) -> str:
    from opla.presenting import passports as words

    until = f" until {words.last_day(one.until)}" if one.until else ""
    return f"{grouped(one.number)}  {words.state(one.state)}{until}  {one.seller.name}  {one.place.text}"
