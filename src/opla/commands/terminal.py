"""Card machines: which stand at which till or kiosk, and what became of those that nobody can ask.

    ./opla terminal list                                        each machine, and where it stands
    ./opla terminal found                                       those of your provider: asks outside
    ./opla terminal open bank-1 --drawer counter-1              one of your bank, that clerks read
    ./opla terminal open card-1 --drawer counter-1 --as mollie_terminal --id term_7MgL4wea46qkRcoTZjWEH
    ./opla terminal open card-2 --station main-kiosk --as mollie_terminal --id term_8NhM5xfb57rlSdpUakXFI
    ./opla terminal close bank-1
    ./opla terminal slips counter-1 --day 2026-11-22            what clerks told of that day
    ./opla terminal give-back K7M3-9QX2-TB 0042 --drawer counter-1 --why "the same card"
    ./opla terminal by-bank K7M3-9QX2-TB --why "moved away"     a refund whose card does not come
    ./opla terminal paid-out 512.40 --until 2026-11-22 --reference 4711-0815 --key statement-2026-11-24-3

`paid-out` is what your acquirer sent for all slips until the end of that day; what is missing to them is its fee. The
same --key again changes nothing.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, date, datetime, time, timedelta
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5
from zoneinfo import ZoneInfo

from opla.commands import Stop
from opla.commands.runtime import running
from opla.core.actor import Actor, Role
from opla.core.refusal import Refusal

_WORDS = {"list": 0, "found": 0, "open": 1, "close": 1, "slips": 1, "give-back": 2, "by-bank": 1, "paid-out": 1}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("act", choices=tuple(_WORDS))
    parser.add_argument("what", nargs="*", help="the machine, the till, the order (and a receipt), or the amount")
    parser.add_argument("--drawer", default="", help="the till it stands at, or where something is given back")
    parser.add_argument("--station", default="", help="of open: where it stands without a till")
    parser.add_argument("--as", dest="method", default="terminal", help="of open: the way of paying (terminal)")
    parser.add_argument("--id", dest="their_id", default="", help="of open: what its provider calls it")
    parser.add_argument("--day", type=date.fromisoformat, help="of slips: today where none is said")
    parser.add_argument("--until", type=date.fromisoformat, help="of paid-out: the last day that is in it")
    parser.add_argument("--reference", default="", help="of paid-out: what the bank's line shows")
    parser.add_argument("--why", default="", help="kept with it")
    parser.add_argument("--key", default="", help="names it, so that it is recorded once")
    parser.add_argument("--by", default="terminal", help="who does it (terminal)")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    wanted = _WORDS[arguments.act]
    if len(arguments.what) != wanted:
        raise Stop("cell_invalid", f"./opla terminal {arguments.act} takes {wanted} words: see --help")
    with running(counterparts=arguments.act == "found"):
        said, sentence = _done(arguments)
    print(json.dumps(said, ensure_ascii=False) if arguments.json else sentence)
    return 0


def _done(asked: argparse.Namespace) -> tuple[dict[str, object], str]:
    from opla.operations import terminal
    from opla.operations.shop import current

    actor, at, shop = Actor(Role.OWNER, asked.by), datetime.now(UTC), current()
    first, second = (*asked.what, "", "")[:2]
    match asked.act:
        case "found":
            return _found()
        case "open" | "close":
            _keep(asked, actor, first, at)
        case "slips":
            return _slips(first, asked.day or at.astimezone(ZoneInfo("Europe/Brussels")).date())
        case "give-back":
            for owed in _owed(first):
                key = _key(asked, owed)
                _or_stop(
                    terminal.give_back(actor, key, owed, drawer=asked.drawer, receipt=second, why=asked.why, at=at)
                )
            return {"given_back": first}, "Noted."
        case "by-bank":
            for owed in _owed(first):
                _or_stop(terminal.by_bank(actor, owed, why=asked.why, at=at))
            return {"by_bank": first}, "Noted: send it from the bank account, as ./opla items says."
        case "paid-out":
            until = asked.until or at.date() - timedelta(days=1)
            found = terminal.paid_out(
                actor, asked.key, first, until=until, day=at.date(), reference=asked.reference, shop=shop, at=at
            )
            if isinstance(found, Refusal):
                raise _stop(found)
            return {"recorded": bool(found.new)}, "Recorded." if found.new else "Recorded before."
    return _listed()


def _key(asked: argparse.Namespace, of: str) -> UUID:
    return uuid5(NAMESPACE_URL, f"terminal/{asked.act}/{of}/{asked.key}") if asked.key else uuid4()


def _owed(ticket: str) -> list[str]:
    from opla.operations.terminal import owed

    found = [one.reference for one in owed(ticket.strip().upper())]
    if not found:
        raise Stop("slip_not_due", f"No refund of {ticket} waits for a card.")
    return found


def _keep(asked: argparse.Namespace, actor: Actor, name: str, at: datetime) -> None:
    """As it is asked for; one that is closed stays where it was."""
    from opla.operations import terminal
    from opla.operations.shop import current

    is_open = asked.act == "open"
    known = terminal.known(name)
    if not is_open and known is None:
        raise Stop("terminal_unknown", "There is none of that name. ./opla terminal list")
    method, their_id, drawer, station = (
        (asked.method, asked.their_id, asked.drawer, asked.station)
        if is_open or known is None
        else (known.method, known.their_id, known.drawer, known.station)
    )
    _or_stop(
        terminal.keep_terminal(
            actor, name, method, their_id=their_id, drawer=drawer, station=station, is_open=is_open, shop=current(),
            at=at,
        )
    )  # fmt: skip


def _found() -> tuple[dict[str, object], str]:
    from opla.db.queries.cards import Shelves
    from opla.operations.outside import Adapters
    from opla.operations.shop import current
    from opla.operations.terminal import found

    shop = current()
    told = found(shop=shop, outside=Adapters(shop, Shelves(lambda: datetime.now(UTC))))
    rows = [
        {"as": method, "id": one.id, "name": one.name, "currency": one.currency, "ready": one.ready}
        for method, machines in told.items()
        for one in machines
    ]
    lines = [f"{row['as']:<20}{row['id']:<34}{'ready' if row['ready'] else 'off':<8}{row['name']}" for row in rows]
    return {"terminals": rows}, "\n".join(lines) or "No provider of yours names any."


def _slips(drawer: str, day: date) -> tuple[dict[str, object], str]:
    from opla.core.money import Money
    from opla.operations import terminal
    from opla.operations.cash import CURRENCY

    here = ZoneInfo("Europe/Brussels")
    since, until = (datetime.combine(one, time(), here) for one in (day, day + timedelta(days=1)))
    told = terminal.slips(drawer, since, until)
    sentence = (
        f"{day}: {told.approved} approved, {told.voided} voided, {told.given_back} given back, {told.declined} "
        f"declined. Together {Money(told.minor, CURRENCY).decimal} {CURRENCY}."
    )
    return {"day": day.isoformat(), **vars(told), "minor": told.minor, "currency": CURRENCY}, sentence


def _listed() -> tuple[dict[str, object], str]:
    from opla.operations.terminal import every

    found = every()
    rows = [
        {"name": one.name, "as": one.method, "id": one.their_id, "drawer": one.drawer, "station": one.station,
         "open": one.open} for one in found
    ]  # fmt: skip
    lines = [
        f"{one.name:<24}{'open' if one.open else 'closed':<8}{one.drawer or one.station:<24}{one.method:<20}"
        f"{one.their_id}".rstrip()
        for one in found
    ]
    return {"terminals": rows}, "\n".join(lines) or "There is no card machine yet."


def _or_stop(refused: Refusal | None) -> None:
    if refused is not None:
        raise _stop(refused)


def _stop(refused: Refusal) -> Stop:
    from opla.presenting.refusals import sentence

    return Stop(refused.code, sentence(refused))
