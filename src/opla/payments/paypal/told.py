"""What PayPal's objects say, read strictly: a field that is not what it should be makes the whole unreadable (None)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opla.calling import Reply
from opla.core.money import MINOR_DIGITS, Money
from opla.core.ports import Answer
from opla.payments.paypal import mapping

Fields = Mapping[str, object]

ORDER_ID = re.compile(r"[A-Z0-9]{10,40}")


@dataclass(frozen=True)
class Refund:
    id: str
    reference: str
    status: str
    amount: Money


@dataclass(frozen=True)
class Capture:
    """`fee` is None where they do not say it (yet)."""

    id: str
    status: str
    amount: Money
    fee: Money | None


@dataclass(frozen=True)
class Order:
    """`capture` is the last one made: one that was declined may be followed by another."""

    id: str
    reference: str
    status: str
    amount: Money
    url: str
    capture: Capture | None
    refunds: Sequence[Refund]

    @property
    def refunded_minor(self) -> int:
        """Of what did not fail, also while it is under way."""
        gone = (Answer.SUCCEEDED, Answer.PENDING)
        return sum(one.amount.amount_minor for one in self.refunds if mapping.REFUND.get(one.status) in gone)


def order(fields: Fields) -> Order | None:
    units, id_, status = _dicts(fields.get("purchase_units")), text(fields, "id"), text(fields, "status")
    if not ORDER_ID.fullmatch(id_) or len(units) != 1:
        return None
    [unit] = units
    amount, payments = money(unit, "amount"), unit.get("payments")
    done: Fields = payments if isinstance(payments, dict) else {}
    captures, refunds = _dicts(done.get("captures")), _dicts(done.get("refunds"))
    captured, gone = [_capture(one) for one in captures], [refund(one) for one in refunds]
    if amount is None or any(one is None or one.amount.currency != amount.currency for one in (*captured, *gone)):
        return None
    whole = [one for one in gone if one is not None]
    last = captured[-1] if captured else None
    return Order(id_, text(unit, "custom_id"), status, amount, _approve(fields), last, whole)


def refund(fields: Fields) -> Refund | None:
    id_, amount = text(fields, "id"), money(fields, "amount")
    return Refund(id_, text(fields, "custom_id"), text(fields, "status"), amount) if id_ and amount else None


def issue(reply: Reply) -> str:
    """The word of an error of theirs; empty when it has none, or is somebody else's."""
    found = _dicts(reply.fields.get("details"))
    return text(found[0], "issue") if found and text(reply.fields, "name") else ""


def resolved(reply: Reply) -> Sequence[str] | None:
    """The ids of the disputes of a list that have ended; None when it is none."""
    found = reply.fields.get("items")
    if not reply.done or not isinstance(found, list):
        return None
    return [text(one, "dispute_id") for one in _dicts(found) if text(one, "status") == "RESOLVED"]


def lost(reply: Reply, currency: str) -> int | None:
    """What an ended dispute took from us, in minor units; None when it cannot be read."""
    outcome = reply.fields.get("dispute_outcome")
    if not reply.done or not isinstance(outcome, dict):
        return None
    if text(outcome, "outcome_code") != "RESOLVED_BUYER_FAVOUR":
        return 0
    taken = money(outcome, "amount_refunded")
    return taken.amount_minor if taken and taken.currency == currency else None


def money(fields: Fields, name: str) -> Money | None:
    value = fields.get(name)
    if not isinstance(value, dict):
        return None
    currency = text(value, "currency_code")
    found = Money.parse(text(value, "value"), currency) if currency in MINOR_DIGITS else None
    return found if found is not None and found.amount_minor >= 0 else None


def text(fields: Fields, name: str) -> str:
    return Reply(fields=fields).text(name) or ""


def _capture(fields: Fields) -> Capture | None:
    id_, amount, kept = text(fields, "id"), money(fields, "amount"), fields.get("seller_receivable_breakdown")
    if not ORDER_ID.fullmatch(id_) or amount is None:
        return None
    fee = money(kept, "paypal_fee") if isinstance(kept, dict) else None
    return Capture(id_, text(fields, "status"), amount, fee if fee and fee.currency == amount.currency else None)


def _approve(fields: Fields) -> str:
    """Where people go to approve: called so, or `payer-action` where the order names how it is paid."""
    links = _dicts(fields.get("links"))
    return next((text(one, "href") for one in links if text(one, "rel") in ("payer-action", "approve")), "")


def _dicts(value: object) -> list[Fields]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
