"""Mollie's settlements, keeping `PaysOut`. Facts: docs.mollie.com/reference, API v2 (settlements, balances).

Which payments, refunds and charge-backs a settlement pays out is said by its lists; what each moved, and what was
kept of it, by the movements of the balance alone. What was kept beyond those (`costs`, roundings that they make good
later) is a fee of no payment; what is left of the sum after that has no name here, and is for a person.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from urllib.parse import parse_qs, urlsplit

import httpx

from opla.calling import Reply
from opla.core.money import MINOR_DIGITS, Money
from opla.core.ports import Movement, Payout, PayoutLine
from opla.payments.mollie import mapping
from opla.payments.mollie.client import Settlements
from opla.payments.mollie.config import Config
from opla.payments.mollie.provider import Fields, Mollie, link, listed, text

_ID = re.compile(r"[a-z]+_[A-Za-z0-9]{3,60}")
_EXACT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")
#: A list longer than this is not read: of 250 a page, more than anybody has.
_PAGES = 400
#: Their sum is rounded once, and so is that of the costs: so far may the two lie apart.
_ROUNDED_MINOR = 1
#: A settlement's lists → what their members are, and by which id a movement of the balance names them.
_LISTS: Mapping[str, tuple[Movement, str]] = {
    "payments": (Movement.PAYMENT, "paymentId"),
    "refunds": (Movement.REFUND, "refundId"),
    "chargebacks": (Movement.CHARGE_BACK, "chargebackId"),
}
#: A type of movement → the name under which one form of their `context` holds it. Others belong to no member.
_TYPES = {"payment": "payments", "refund": "refunds", "chargeback": "chargebacks"}


class MolliePaysOut(Mollie):
    """With a token of the organisation: `settlements.read`, `balances.read`, `payments.read`, `refunds.read`."""

    def __init__(self, config: Config, method: str = "", transport: httpx.BaseTransport | None = None) -> None:
        super().__init__(config, method, transport)
        self._settlements = Settlements(config, transport)
        self._balances: dict[str, str] = {}  # settlement → the balance it was paid out of
        self._costs: dict[str, int] = {}

    def payouts(self, since: date) -> Sequence[Payout] | None:
        found = _all(self._settlements.settlements, "settlements", lambda one: (_day(one) or since) < since)
        if found is None:
            return None
        told = []
        for one in found:
            state = mapping.SETTLEMENT.get(text(one, "status"), "")
            if state == "not_yet":
                continue
            id_, paid_on, amount, costs = text(one, "id"), _day(one), _signed(one, "amount"), _costs(one)
            balance = text(one, "balanceId")
            if not (state and _ID.fullmatch(id_) and paid_on and amount and _ID.fullmatch(balance)) or costs is None:
                return None
            if paid_on < since:
                continue
            self._balances[id_], self._costs[id_] = balance, costs
            told.append(Payout(id_, amount, paid_on, text(one, "reference")[:64], failed=state == "failed"))
        return told

    def payout_lines(self, payout: Payout) -> Sequence[PayoutLine] | None:
        balance = self._balances.get(payout.id)
        if balance is None:
            return None
        members: dict[tuple[str, str], str] = {}  # (list, id) → of which payment
        for kind in _LISTS:
            some = _all(partial(self._settlements.members, payout.id, kind), kind)
            if some is None:
                return None
            for one in some:
                settled = _settled(one, payout.amount.currency)
                if settled is None:
                    return None
                if not settled.amount_minor:
                    continue  # another one settles it, as PayPal does: it is on their list and moves nothing
                id_ = text(one, "id")
                of = id_ if kind == "payments" else text(one, "paymentId")
                if not _ID.fullmatch(id_) or not _ID.fullmatch(of):
                    return None
                members[kind, id_] = of
        moves = self._moves(balance, set(members))
        if moves is None:
            return None
        lines = []
        for (kind, id_), of in members.items():
            line = _line(kind, id_, of, moves.get((kind, id_)), payout.amount.currency)
            if line is None:
                return None
            lines.append(line)
        return [*lines, *self._rest(payout, lines)]

    def _moves(self, balance: str, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], Fields] | None:
        """The movement of each of these; one that has none was not found in all that the balance tells."""
        found: dict[tuple[str, str], Fields] = {}

        def all_of_them(one: Fields) -> bool:
            key = _member(one)
            if key in wanted:
                found[key] = one
            return len(found) == len(wanted)

        read = _all(partial(self._settlements.moves, balance), "balance_transactions", all_of_them)
        return None if read is None else found

    def _rest(self, payout: Payout, lines: Sequence[PayoutLine]) -> Iterator[PayoutLine]:
        costs_minor = self._costs[payout.id] - sum(line.fee_minor for line in lines)
        rest_minor = payout.amount.amount_minor - sum(line.net_minor for line in lines) + costs_minor
        if abs(rest_minor) <= _ROUNDED_MINOR:
            costs_minor, rest_minor = costs_minor - rest_minor, 0
        if costs_minor:
            yield PayoutLine("costs", Movement.FEE, 0, costs_minor)
        if rest_minor:
            yield PayoutLine("rest", Movement.OTHER, rest_minor)


def _all(
    ask: Callable[[str], Reply], name: str, enough: Callable[[Fields], bool] = lambda _: False
) -> list[Fields] | None:
    """All of a list, page by page, up to the first that is `enough`; None when one page could not be read."""
    found: list[Fields] = []
    begins = ""
    for _ in range(_PAGES):
        reply = ask(begins)
        if not reply.done or not isinstance(reply.fields.get("_embedded"), dict):
            return None
        for one in listed(reply, name):
            found.append(one)
            if enough(one):
                return found
        following = link(reply.fields, "next")
        if not following:
            return found
        begins = parse_qs(urlsplit(following).query).get("from", [""])[0]
        if not _ID.fullmatch(begins):
            return None
    return None


def _line(kind: str, id_: str, of: str, move: Fields | None, currency: str) -> PayoutLine | None:
    movement, _ = _LISTS[kind]
    refund_id = id_ if kind == "refunds" else ""
    if move is None:
        return PayoutLine(id_, movement, 0, of=of, refund_id=refund_id)
    gross = _signed(move, "initialAmount")
    details = move.get("deductionDetails")
    fees = _signed(details, "fees") if isinstance(details, dict) and details.get("fees") else None
    kept = fees or (_signed(move, "deductions") if move.get("deductions") else Money(0, currency))
    if gross is None or kept is None or {gross.currency, kept.currency} != {currency}:
        return None
    return PayoutLine(id_, movement, gross.amount_minor, -kept.amount_minor, of, refund_id)


def _member(move: Fields) -> tuple[str, str]:
    """Of which list's member this is. Their examples have its ids in `context`, their schema one level below."""
    kind = _TYPES.get(text(move, "type"), "")
    context = move.get("context")
    if not kind or not isinstance(context, dict):
        return "", ""
    within = context.get(text(move, "type"))
    _, name = _LISTS[kind]
    return kind, text(within if isinstance(within, dict) else context, name)


def _settled(member: Fields, currency: str) -> Money | None:
    """What they settle of a member of a list; they leave it out where that is nothing."""
    return Money(0, currency) if member.get("settlementAmount") is None else _signed(member, "settlementAmount")


def _costs(settlement: Fields) -> int | None:
    """What was kept in all, VAT included, in minor units; None when it cannot be read.

    Costs are written with four decimals (`2.5410`), and only their sum is rounded.
    """
    total, currency = Decimal(0), text(_amount_of(settlement, "amount"), "currency")
    if currency not in MINOR_DIGITS:
        return None
    for year in _inner(settlement.get("periods")):
        for month in _inner(year):
            rows = month.get("costs") if isinstance(month, dict) else None
            for row in rows if isinstance(rows, list) else []:
                gross = _amount_of(row, "amountGross") if isinstance(row, dict) else {}
                if not _EXACT.fullmatch(text(gross, "value")) or text(gross, "currency") != currency:
                    return None
                total += Decimal(text(gross, "value"))
    return int(total.scaleb(MINOR_DIGITS[currency]).quantize(Decimal(1), ROUND_HALF_UP))


def _amount_of(fields: Fields, name: str) -> Fields:
    found = fields.get(name)
    return found if isinstance(found, dict) else {}


def _inner(found: object) -> Iterator[object]:
    return iter(found.values()) if isinstance(found, dict) else iter(())


def _day(settlement: Fields) -> date | None:
    try:
        return date.fromisoformat((text(settlement, "settledAt") or text(settlement, "createdAt"))[:10])
    except ValueError:
        return None


def _signed(fields: Fields, name: str) -> Money | None:
    """An amount of theirs, which may be below nothing."""
    value = fields.get(name)
    if not isinstance(value, dict):
        return None
    currency = text(value, "currency")
    return Money.parse(text(value, "value"), currency) if currency in MINOR_DIGITS else None
