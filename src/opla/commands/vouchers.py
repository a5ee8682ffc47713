"""Vouchers on paper: print them, say where they are, sell one. Each is for one product, and worth nothing until sold.

    ./opla vouchers make PX-15 200 --until 2027-12-31 --language fr --out vouchers.pdf
    ./opla vouchers list                                       each batch, and where its vouchers are
    ./opla vouchers send 00012000000175..00012000020060 --place own:main-street
    ./opla vouchers arrive 00012000000175..00012000020060      they lie there now, and can be sold
    ./opla vouchers activate 00012000000175 --till counter-1 --given 20
    ./opla vouchers lost 00012000000272 --why "not in the parcel"
    ./opla vouchers return 00012000000369                      back with us; they may be sent again
    ./opla vouchers block 00012000000175 --why "stolen from its buyer"
    ./opla vouchers release 00012000000175

The codes are in the file of make and nowhere else: keep it like cash until it is on paper, then delete it.
"""

from __future__ import annotations

import argparse
import json
import os
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from opla.commands import Stop
from opla.commands.runtime import running
from opla.core.actor import Actor, Role
from opla.core.refusal import Refusal
from opla.core.voucher import Event

_MOVES = {
    "send": Event.SENT,
    "arrive": Event.ARRIVED,
    "lost": Event.LOST,
    "return": Event.RETURNED,
    "block": Event.BLOCKED,
    "release": Event.RELEASED,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("act", choices=("make", "list", "activate", *_MOVES))
    parser.add_argument("what", nargs="*", help="of make the product and how many; else serial numbers, FIRST..LAST")
    parser.add_argument("--amount", default="", help="of make: where the product has several")
    parser.add_argument("--until", default="", help="of make: the last day, such as 2027-12-31")
    parser.add_argument("--language", default="en", help="of make: zh-Hans, en, fr, nl or de (en)")
    parser.add_argument("--out", default="vouchers.pdf", help="of make: a file that is not there yet (vouchers.pdf)")
    parser.add_argument("--place", default="", help="of send: where to, as SOURCE:REF (./opla places list)")
    parser.add_argument("--till", default="", help="of activate: which drawer takes the money")
    parser.add_argument("--given", default="", help="of activate: what was handed over; the change is told")
    parser.add_argument("--key", default="", help="of activate: names it, so that it is sold once")
    parser.add_argument("--why", default="", help="of lost and block: kept with it")
    parser.add_argument("--by", default="terminal", help="who does it (terminal)")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    with running():
        said, sentence = _done(arguments)
    print(json.dumps(said) if arguments.json else sentence)
    return 0


def _done(asked: argparse.Namespace) -> tuple[dict[str, object], str]:
    actor, at = Actor(Role.OWNER, asked.by), datetime.now(UTC)
    match asked.act:
        case "make":
            return _make(asked, actor, at)
        case "activate":
            return _activate(asked, actor, at)
        case "list":
            return _listed(actor)
        case act:
            return _move(asked, _MOVES[act], actor, at)


def _make(asked: argparse.Namespace, actor: Actor, at: datetime) -> tuple[dict[str, object], str]:
    from opla.operations import vouchers
    from opla.operations.shop import current
    from opla.presenting.voucher_sheet import pdf

    if len(asked.what) != 2 or not asked.what[1].isdecimal():
        raise Stop("cell_invalid", "./opla vouchers make takes a product and how many: see --help")
    sku, quantity = asked.what
    try:
        until = date.fromisoformat(asked.until)
    except ValueError:
        raise Stop("time_not_possible", f"--until is {asked.until!r}, not a day such as 2027-12-31") from None
    shop, out = current(), Path(asked.out)
    try:  # before anything is kept: whoever cannot write the file has no voucher either
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as why:
        raise Stop("file_unreadable", f"{out} cannot be written: {why.strerror}") from None
    with os.fdopen(handle, "wb") as file:
        made = vouchers.make(
            actor, sku, int(quantity), amount=asked.amount, until=until, language=asked.language,
            draw=lambda printed: pdf(printed, shop=shop), shop=shop, at=at,
        )  # fmt: skip
        if isinstance(made, Refusal):
            out.unlink()
            raise _stop(made)
        file.write(made.paper)
    said = {"batch": made.number, "first": made.first, "last": made.last, "file": str(out)}
    return said, f"Batch {made.number}, {made.first}..{made.last}: {out}. Keep it like cash."


def _move(asked: argparse.Namespace, event: Event, actor: Actor, at: datetime) -> tuple[dict[str, object], str]:
    from opla.operations import vouchers
    from opla.operations.places import known_by_id
    from opla.operations.shop import current
    from opla.presenting.vouchers import moved

    sandbox = current().sandbox
    place = None
    if event is Event.SENT:
        found = [id_ for id_, one in known_by_id(sandbox=sandbox) if f"{one.source}:{one.ref}" == asked.place]
        place = found[0] if found else None
    done = vouchers.move(
        actor, " ".join(asked.what), event, place_id=place, why=asked.why, sandbox=sandbox, at=at
    )  # fmt: skip
    if isinstance(done, Refusal):
        raise _stop(done)
    return {"serials": dict(done)}, "\n".join(moved(done))


def _activate(asked: argparse.Namespace, actor: Actor, at: datetime) -> tuple[dict[str, object], str]:
    from opla.operations import vouchers

    if len(asked.what) != 1:
        raise Stop("cell_invalid", "./opla vouchers activate takes one serial number: see --help")
    [serial] = asked.what
    key: UUID = uuid5(NAMESPACE_URL, f"voucher/{serial}/{asked.key}") if asked.key else uuid4()
    done = vouchers.activate(actor, serial, drawer=asked.till, line_id=key, given=asked.given, at=at)
    if isinstance(done, Refusal):
        raise _stop(done)
    taken, change = done.coins, done.change
    said = {
        "serial": done.serial, "sku": done.batch.sku, "taken_minor": taken.amount_minor,
        "change_minor": change.amount_minor, "currency": taken.currency, "again": done.again,
    }  # fmt: skip
    return said, f"{done.batch.product_name}: {taken.decimal} {taken.currency} taken, {change.decimal} back."


def _listed(actor: Actor) -> tuple[dict[str, object], str]:
    from opla.operations import vouchers

    batches = vouchers.listed(actor)
    if isinstance(batches, Refusal):
        raise _stop(batches)
    rows: list[dict[str, object]] = []
    lines: list[str] = []
    for one in batches:
        batch = one.batch
        price = batch.price.total
        lines.append(f"{batch.number}  {batch.sku}  {price.decimal} {price.currency}  {batch.language}  {batch.until}")
        for lying in one.lying:
            rows.append(
                {
                    "batch": batch.number, "sku": batch.sku, "price_minor": price.amount_minor,
                    "until": str(batch.until),
                    "state": lying.state, "place": lying.place_id, "count": lying.count, "first": lying.first,
                    "last": lying.last,
                }
            )  # fmt: skip
            where = f"  place {lying.place_id}" if lying.place_id else ""
            lines.append(f"    {lying.count:>5} {lying.state:<11} {lying.first} … {lying.last}{where}")
    return {"vouchers": rows}, "\n".join(lines) or "There are none yet."


def _stop(refused: Refusal) -> Stop:
    from opla.presenting.refusals import sentence

    return Stop(refused.code, sentence(refused))
