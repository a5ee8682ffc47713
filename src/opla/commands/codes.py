"""Codes and eSIMs of your own: from whom they were bought, the files they came in, and what lies on the shelf.

    ./opla codes import FILE.csv [--purchase 3]         columns: sku, code, serial, cost, valid_until (YYYY-MM-DD)
    ./opla codes count                                  how many are for sale
    ./opla codes shelf                                  the same, what they are worth, and how many to order
    ./opla codes alarm PRODUCT NUMBER                   tell me when fewer are for sale; 0: never
    ./opla codes minimum PRODUCT DAYS                   sell none that is good for fewer days
    ./opla codes order VENDOR PRODUCT NUMBER COST       note a purchase: so many, each at that cost [--invoice TEXT]
    ./opla codes purchases
    ./opla codes received PURCHASE [--damaged 2]        nothing more will come of it [--invoice TEXT]
    ./opla codes off PURCHASE                           it was called off
    ./opla codes paid PURCHASE AMOUNT                   from the bank account; with --back: it came back
    ./opla codes batches
    ./opla codes batch BATCH                            what became of it, and who has its codes
    ./opla codes block BATCH WHY                        at once, all of it that is left
    ./opla codes release BATCH                          back on sale
    ./opla codes recall BATCH                           written off: our loss
    ./opla codes return BATCH                           sent back to the vendor

Of an eSIM the code is its activation code (LPA:1$server$matching id), the serial its ICCID. One that asks for a
confirmation code is refused, because that comes another way.
In a sandbox only codes that begin with 0000 are taken, and eSIMs of a server under .invalid: a real one would be given
away.
Every row is checked before any is stored. A code that is or was known already is skipped and named by its line. With
--purchase the product and the cost are the purchase's, and the vendor is owed; without it they are paid already.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from opla.commands import Stop
from opla.commands.runtime import running
from opla.core.actor import Actor, Role
from opla.core.refusal import Code, Refusal
from opla.core.stock import BatchEvent

if TYPE_CHECKING:
    from opla.db.queries.purchases import Purchase
    from opla.db.queries.stock import Batch, Level, SoldCode

_OWNER: Final = Actor(Role.OWNER, "terminal")
T = TypeVar("T")
Told = tuple[Mapping[str, object], str]
_MOVES: Final = {
    "block": BatchEvent.BLOCKED,
    "release": BatchEvent.RELEASED,
    "recall": BatchEvent.RECALLED,
    "return": BatchEvent.SENT_BACK,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("act", choices=("import", "count", *_ACTS, *_MOVES))
    parser.add_argument("words", nargs="*", metavar="FILE | PRODUCT | PURCHASE | BATCH …", default=[])
    parser.add_argument("--purchase", type=int, metavar="NUMBER", help="whose codes they are (import)")
    parser.add_argument("--invoice", default=None, metavar="TEXT", help="what the vendor calls it (order, received)")
    parser.add_argument("--damaged", type=int, default=0, metavar="N", help="came, and of no use (received)")
    parser.add_argument("--back", action="store_true", help="the money came back (paid)")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    if arguments.act == "import":
        answer, told = _import(arguments)
    else:
        needs, do = (1, _move) if arguments.act in _MOVES else _ACTS.get(arguments.act, (0, _count))
        if len(arguments.words) < needs:
            raise Stop("not_found", f"Which one? ./opla codes {arguments.act} … (./opla codes --help)")
        with running():
            answer, told = do(arguments)
    print(json.dumps(answer, default=str) if arguments.json else told)
    return 0


def _import(arguments: argparse.Namespace) -> Told:
    if not arguments.words:
        raise Stop("file_unreadable", "Which file? ./opla codes import FILE.csv")
    path = Path(arguments.words[0])
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise Stop("file_unreadable", f"{path}: {problem.strerror}") from None
    with running():
        from opla.operations.shop import current
        from opla.operations.stock_codes import stock_codes
        from opla.presenting.refusals import sentence

        at = datetime.now(UTC)
        found = stock_codes(_OWNER, data, shop=current(), at=at, purchase=arguments.purchase, file_name=path.name)
        if isinstance(found, list):
            raise Stop(found[0].code, "\n".join(_row(refusal, sentence(refusal)) for refusal in found))
    known = f" Known already, left out: lines {', '.join(map(str, found.known_lines))}." if found.known_lines else ""
    odd_lines = ", ".join(map(str, found.odd_lines))
    odd = f" Look again, the ICCID's check digit is wrong: lines {odd_lines}." if odd_lines else ""
    return asdict(found), f"{found.stored} codes are in stock.{known}{odd}"


def _row(refusal: Refusal, sentence: str) -> str:
    return f"{refusal.about}: {sentence}" if "row" in refusal.params else sentence


def _count(_arguments: argparse.Namespace) -> Told:
    from opla.db.queries.codes import stock_levels

    levels = stock_levels()
    lines = [f"{sku:<12}{count:>6}" for sku, count in sorted(levels.items())] or ["No codes in stock."]
    return {"stock": levels}, "\n".join(lines)


def _shelf(_arguments: argparse.Namespace) -> Told:
    from opla.operations import stock

    found = _kept(stock.levels(_OWNER, at=datetime.now(UTC)))
    return {"shelf": [{**asdict(one), "suggested": one.suggested} for one in found]}, "\n".join(
        map(_level, found)
    ) or "No codes in stock."


def _level(one: Level) -> str:
    parts = [f"{one.left} for sale", f"{one.cost.decimal} {one.cost.currency}", f"{one.sold} sold in four weeks"]
    parts += [f"{n} {what}" for n, what in ((one.held, "held"), (one.off, "off sale"), (one.expected, "to come")) if n]
    parts += [f"the first ends on {one.ends}"] if one.ends else []
    parts += [f"fewer than {one.rule.below}: order {one.suggested}"] if one.few else []
    return f"{one.sku:<14}" + " · ".join(parts)


def _rule(arguments: argparse.Namespace) -> Told:
    from opla.operations import stock
    from opla.operations.shop import current

    sku, number = arguments.words[0], _number(arguments.words[1])
    given = {"below" if arguments.act == "alarm" else "min_days": number}
    rule = _kept(stock.tell_rule(_OWNER, sku, **given, shop=current(), at=datetime.now(UTC)))
    told = f"An alarm when fewer than {rule.below} are for sale" if rule.below else "No alarm"
    return {
        "sku": sku,
        **asdict(rule),
    }, f"{sku}: {told}; each is good for at least {rule.min_days} days when it is sold."


def _order(arguments: argparse.Namespace) -> Told:
    from opla.operations import stock
    from opla.operations.shop import current

    vendor, sku, quantity, cost = arguments.words[:4]
    number = _kept(
        stock.order(
            _OWNER,
            vendor,
            sku,
            _number(quantity),
            cost,
            invoice=arguments.invoice or "",
            shop=current(),
            at=datetime.now(UTC),
        )
    )
    return {
        "purchase": number
    }, f"Purchase {number}. When its codes come: ./opla codes import FILE.csv --purchase {number}"


def _purchases(_arguments: argparse.Namespace) -> Told:
    from opla.operations import stock

    found = _kept(stock.purchases(_OWNER))
    return {"purchases": [_bought(one) for one in found]}, "\n".join(map(_purchase, found)) or "None."


def _bought(one: Purchase) -> dict[str, object]:
    return {**asdict(one), "missing": one.missing}


def _purchase(one: Purchase) -> str:
    parts = [f"{one.vendor}: {one.quantity} × {one.sku} at {one.cost.decimal}", str(one.state), f"{one.arrived} came"]
    parts += [f"{one.missing} missing"] if one.missing else []
    parts += [f"paid {one.paid.decimal}, owed {one.owed.decimal} {one.owed.currency}"]
    return f"{one.number:>5}  " + " · ".join([*parts, *([one.invoice] if one.invoice else [])])


def _of_purchase(arguments: argparse.Namespace) -> Told:
    from opla.operations import stock

    number, at = _number(arguments.words[0]), datetime.now(UTC)
    match arguments.act:
        case "received":
            found = stock.received(_OWNER, number, damaged=arguments.damaged, invoice=arguments.invoice, at=at)
        case "off":
            found = stock.call_off(_OWNER, number, at=at)
        case _:
            found = stock.pay(_OWNER, number, arguments.words[1], back=arguments.back, at=at)
    one = _kept(found)
    return _bought(one), _purchase(one)


def _batches(_arguments: argparse.Namespace) -> Told:
    from opla.operations import stock

    found = _kept(stock.batches(_OWNER))
    return {"batches": [asdict(one) for one in found]}, "\n".join(map(_batch, found)) or "None."


def _batch(one: Batch) -> str:
    counts = (
        f"{one.codes} codes, {one.left} left, {one.sold} sold, {one.off} off sale, {one.lost} written off or sent back"
    )
    parts = [
        one.skus,
        str(one.state),
        counts,
        f"cost {one.cost.decimal}, margin {one.earned.decimal} {one.cost.currency}",
    ]
    return f"{one.number:>5}  " + " · ".join([*parts, f"{one.made_at:%Y-%m-%d} {one.made_by} {one.file_name}".strip()])


def _one_batch(arguments: argparse.Namespace) -> Told:
    from opla.operations import stock

    one, sold = _kept(stock.batch(_OWNER, _number(arguments.words[0]), at=datetime.now(UTC)))
    answer = {**asdict(one), "sold_codes": [asdict(code) for code in sold]}
    return answer, "\n".join([_batch(one), *map(_sold, sold)])


def _sold(one: SoldCode) -> str:
    seen = "looked at" if one.seen else "not looked at"
    whose = one.reseller or one.email
    return f"       {one.ticket}  {one.serial}  {seen}  {whose} {one.number}  {one.at:%Y-%m-%d %H:%M}"


def _move(arguments: argparse.Namespace) -> Told:
    from opla.operations import stock

    number, why = _number(arguments.words[0]), " ".join(arguments.words[1:])
    moved = _kept(stock.move_batch(_OWNER, number, _MOVES[arguments.act], why=why, at=datetime.now(UTC)))
    return {"batch": number, "codes": moved}, f"Batch {number}: {moved} codes. ./opla codes batch {number}"


def _number(text: str) -> int:
    """What was typed; -1, which nothing is called, for what is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _kept(found: T | Refusal) -> T:
    if not isinstance(found, Refusal):
        return found
    from opla.presenting.refusals import sentence

    if found.code is Code.NOT_FOUND:
        raise Stop(found.code, f"There is no such thing: {found.params.get('name', '')}")
    raise Stop(found.code, sentence(found))


#: Act → how many words it needs, and what does it.
_ACTS: Final[dict[str, tuple[int, Callable[[argparse.Namespace], Told]]]] = {
    "shelf": (0, _shelf),
    "alarm": (2, _rule),
    "minimum": (2, _rule),
    "order": (4, _order),
    "purchases": (0, _purchases),
    "received": (1, _of_purchase),
    "off": (1, _of_purchase),
    "paid": (2, _of_purchase),
    "batches": (0, _batches),
    "batch": (1, _one_batch),
}
