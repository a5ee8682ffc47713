"""What payment providers paid out to the bank account, and what they kept, held against the books.

    ./opla payouts                     the newest, each with what does not agree
    ./opla payouts look [NAME]         ask them now; a worker does so once a day
    ./opla payouts lines THEIR_ID      one payout, line by line

What a payout names is never guessed at: a line of no payment of this shop, or of another sum, waits for a person. The
same is seen on the page /owner/payouts/.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from opla.commands import Stop
from opla.commands.runtime import running
from opla.core.actor import Actor, Role
from opla.core.money import Money
from opla.core.refusal import Code, Refusal

if TYPE_CHECKING:
    from opla.db.queries.payouts import Shown, ShownLine
    from opla.operations.payouts import Looked

_OWNER: Final = Actor(Role.OWNER, "terminal")
_NEWEST: Final = 100
_LINES: Final = 1_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("act", nargs="?", choices=("show", "look", "lines"), default="show")
    parser.add_argument("name", nargs="?", default="", metavar="NAME", help="a provider (look), a payout (lines)")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    with running(counterparts=arguments.act == "look"):
        match arguments.act:
            case "look":
                answer, told = _look(arguments.name)
            case "lines":
                answer, told = _lines(arguments.name)
            case _:
                answer, told = _show()
    print(json.dumps(answer, ensure_ascii=False) if arguments.json else told)
    return 0


def _refuse(refusal: Refusal) -> Stop:
    from opla.presenting.refusals import sentence

    if refusal.code is Code.NOT_FOUND:
        return Stop(refusal.code, f"There is no such thing: {refusal.params.get('name', '')}")
    return Stop(refusal.code, f"{refusal.params.get('provider', '')}: {sentence(refusal)}")


def _show() -> tuple[dict[str, object], str]:
    from opla.db.queries.payouts import newest

    found = newest(limit=_NEWEST)
    return {"payouts": [_object(one) for one in found]}, "\n".join(map(_told, found)) or "None yet."


def _object(one: Shown) -> dict[str, object]:
    return {
        "provider": one.provider, "id": one.their_id, "state": one.state, "amount_minor": one.amount.amount_minor,
        "currency": one.amount.currency, "paid_on": one.paid_on.isoformat(), "reference": one.reference,
        "lines": one.lines, "gross_minor": one.gross_minor, "fees_minor": one.fees_minor, "differing": one.differs,
    }  # fmt: skip


def _told(one: Shown) -> str:
    from opla.presenting import payouts as words

    fees = Money(one.fees_minor, one.amount.currency)
    said = f"{one.paid_on} {one.provider:<10}{one.amount.decimal:>12} {one.amount.currency}  kept {fees.decimal:>8}  "
    differs = f"  {one.differs} of {one.lines} lines do not agree" if one.differs else ""
    return f"{said}{one.their_id}  {words.state(one.state)}{differs}"


def _look(name: str) -> tuple[dict[str, object], str]:
    from opla.db.queries.cards import Shelves
    from opla.operations.outside import Adapters
    from opla.operations.payouts import look, providers
    from opla.operations.shop import current

    shop = current()
    outside = Adapters(shop, Shelves(lambda: datetime.now(UTC)))
    done: dict[str, Looked | Refusal] = {
        one: look(_OWNER, one, shop=shop, outside=outside, at=datetime.now(UTC))
        for one in ([name] if name else sorted(providers(shop)))
    }
    if len(done) == 1 and isinstance(only := next(iter(done.values())), Refusal):
        raise _refuse(only)
    answer = {n: vars(d) if not isinstance(d, Refusal) else {"refused": str(d.code)} for n, d in done.items()}
    return {"looked": answer}, "\n".join(f"{one}: {_looked(came)}" for one, came in done.items()) or "None."


def _looked(one: Looked | Refusal) -> str:
    from opla.presenting.refusals import sentence

    if isinstance(one, Refusal):
        return sentence(one)
    return f"{one.new} new payouts of {one.lines} lines; {one.differing} lines in all do not agree."


def _lines(their_id: str) -> tuple[dict[str, object], str]:
    from opla.db.queries.payouts import by_their_id, lines

    found = by_their_id(their_id)
    if not found:
        raise _refuse(Refusal(Code.NOT_FOUND, "name", {"name": their_id}))
    told = [(one, line) for one in found for line in lines(one.id, limit=_LINES)]
    answer: dict[str, object] = {
        "payouts": [_object(one) for one in found],
        "lines": [_line(line) for _, line in told],
    }
    return answer, "\n".join(_written(line, one.amount.currency) for one, line in told)


def _line(one: ShownLine) -> dict[str, object]:
    return {
        "id": one.line.id, "kind": one.line.kind, "gross_minor": one.line.gross_minor,
        "fee_minor": one.line.fee_minor, "of": one.line.of, "verdict": one.verdict, "orders": one.tickets.split(),
    }  # fmt: skip


def _written(one: ShownLine, currency: str) -> str:
    from opla.presenting import payouts as words

    gross, fee = Money(one.line.gross_minor, currency), Money(one.line.fee_minor, currency)
    said = f"{gross.decimal:>10} {currency}  kept {fee.decimal:>7}  {words.movement(one.line.kind):<24}"
    return f"{said}{words.verdict(one.verdict):<32}{one.line.of} {one.tickets}".rstrip()
