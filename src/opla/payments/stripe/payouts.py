"""What Stripe says it paid out, read strictly: a page that is not what it should be makes it all unreadable (None)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from opla.core.money import MINOR_DIGITS, Money
from opla.core.ports import Movement, Payout, PayoutLine
from opla.payments.stripe import mapping, told
from opla.payments.stripe.client import Client
from opla.payments.stripe.told import Fields

_ID = re.compile(r"[a-z]+_[A-Za-z0-9_]{6,250}")


def payouts(client: Client, since: date, *, live: bool) -> Sequence[Payout] | None:
    """Those that were sent or have failed."""
    since_s = int(datetime.combine(since, time(), UTC).timestamp())
    found = told.every(lambda after: client.payouts(since_s, after))
    sent: list[Payout] = []
    for one in found or ():
        state = mapping.PAYOUT.get(told.text(one, "status"), "")
        made = _payout(one, failed=state == "failed")
        if not state or made is None or one.get("livemode") is not live:
            return None
        if state != "not_yet" and told.text(one, "reconciliation_status") != "in_progress":
            sent.append(made)
    return None if found is None else sent


def lines(client: Client, payout: Payout) -> Sequence[PayoutLine] | None:
    if payout.by_hand:  # what it paid out is nowhere said: they refuse to be asked
        return [PayoutLine("whole", Movement.OTHER, payout.amount.amount_minor)]
    found = told.every(lambda after: client.moves(payout.id, after))
    if found is None:
        return None
    read = [_line(move, payout) for move in found if told.text(move, "type") != "payout"]
    return None if None in read else [line for line in read if line is not None]


def _payout(fields: Fields, *, failed: bool) -> Payout | None:
    id_, amount, arrives = told.text(fields, "id"), _signed(fields, "amount"), fields.get("arrival_date")
    if not _ID.fullmatch(id_) or amount is None or type(arrives) is not int or not 0 < arrives < 2**33:
        return None
    paid_on = datetime.fromtimestamp(arrives, UTC).date()
    by_hand = fields.get("automatic") is False or told.text(fields, "reconciliation_status") == "not_applicable"
    return Payout(id_, amount, paid_on, told.text(fields, "statement_descriptor")[:64], failed, by_hand)


def _line(move: Fields, payout: Payout) -> PayoutLine | None:
    id_, amount, fee = told.text(move, "id"), _signed(move, "amount"), _signed(move, "fee")
    if not _ID.fullmatch(id_) or amount is None or fee is None or amount.currency != payout.amount.currency:
        return None
    kind = Movement(mapping.MOVE.get(told.text(move, "type"), Movement.OTHER))
    source = move.get("source")
    of: Fields = source if isinstance(source, dict) else {}
    if kind is Movement.CHARGE_BACK and of.get("object") != "dispute":
        kind = Movement.OTHER
    refund_id = told.text(of, "id") if of.get("object") == "refund" else ""
    intent_id = told.text(of, "payment_intent")
    return PayoutLine(id_, kind, amount.amount_minor, fee.amount_minor, intent_id, refund_id)


def _signed(fields: Fields, name: str) -> Money | None:
    """In the smallest unit, and perhaps below nothing."""
    minor, currency = fields.get(name), told.text(fields, "currency").upper()
    return Money(minor, currency) if type(minor) is int and currency in MINOR_DIGITS else None
