"""Suppliers that take another currency: what it is worth, told by a person; and our own money sent to their floats."""

from __future__ import annotations

from datetime import datetime

from opla.core.actor import Act, Actor
from opla.core.fx import Rate, read_micros
from opla.core.ledger import SHELVES
from opla.core.money import MINOR_DIGITS, Money
from opla.core.refusal import Code, Refusal
from opla.db.queries import rates
from opla.operations.place_from_float import differing, digests
from opla.operations.shop import Shop

_FILLED_FIELDS = ("paid", "arrived")


def tell_rate(
    actor: Actor, base: str, quote: str, typed: str, *, source: str, as_of: datetime, at: datetime
) -> Rate | Refusal:
    """One `base` is worth so much of `quote`, as `source` said on `as_of`. From then on costs are reckoned by it."""
    if refused := actor.refused(Act.TELL_RATE):
        return refused
    micros = read_micros(typed)
    if base == quote or not {base, quote} <= MINOR_DIGITS.keys() or micros is None or as_of > at:
        return Refusal(Code.AMOUNT_UNREADABLE, "rate", {"amount": typed})
    if not source.strip():
        return Refusal(Code.REASON_MISSING, "source")
    told = Rate(base, quote, micros, source.strip(), as_of)
    return told if rates.tell(told, actor=actor, at=at) else Refusal(Code.KEY_REUSED, "rate", {"field": "rate"})


def fill_float(
    actor: Actor, supplier: str, *, paid: Money, arrived: Money, key: str, shop: Shop, at: datetime
) -> bool | Refusal:
    """`paid` left our bank account, `arrived` stands on the float at the supplier. `key` names the transfer.

    True when it was recorded, False when it had been before; the same key with another amount is refused.
    """
    if refused := actor.refused(Act.FUND):
        return refused
    if supplier not in shop.routes or supplier in SHELVES:
        return Refusal(Code.NOT_FOUND, "supplier", {"name": supplier})
    same = paid.currency == arrived.currency
    if paid.amount_minor <= 0 or arrived.amount_minor <= 0 or (same and paid != arrived):
        return Refusal(Code.AMOUNT_UNREADABLE, "amount", {"amount": arrived.decimal})
    if not key:
        return Refusal(Code.KEY_MISSING, "key")
    fields = digests([f"{m.amount_minor} {m.currency}" for m in (paid, arrived)], shop.keyring.fingerprint_key)
    filled_id = shop.chance.uuid(at)
    result, known = rates.fill_float(supplier, key, fields, filled_id, paid=paid, arrived=arrived, actor=actor, at=at)
    if field := differing(_FILLED_FIELDS, known, fields):
        return Refusal(Code.KEY_REUSED, field, {"field": field})
    return result == "filled"
