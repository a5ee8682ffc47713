"""What Stripe's objects say, read strictly: a field that is not what it should be makes the whole unreadable (None)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from opla.calling import Reply
from opla.core.money import MINOR_DIGITS, Money

Fields = Mapping[str, object]

SESSION_ID = re.compile(r"cs_[A-Za-z0-9_]{6,250}")
#: Beyond any year that can be a date's: what is no time is none.
_FAR: Final = 253_402_300_800
INTENT_ID = re.compile(r"pi_[A-Za-z0-9_]{6,250}")
_ID = re.compile(r"[a-z]+_[A-Za-z0-9_]{6,250}")
#: A list longer than this is not read: of tens a page, more than anybody has.
_PAGES: Final = 1000


@dataclass(frozen=True)
class Charge:
    """What was taken in a session. `fee` is None where they do not say it (yet), or in another currency."""

    captured: Money
    refunded_minor: int
    disputed: bool
    fee: Money | None


@dataclass(frozen=True)
class Session:
    """`state` is a word of `mapping.SESSION`, `url` is as told; `intent_id` is empty until somebody tried to pay."""

    id: str
    reference: str
    live: bool
    state: str
    amount: Money
    url: str
    intent_id: str
    intent_status: str
    charge: Charge | None


@dataclass(frozen=True)
class Disputed:
    """What disputes have taken out of a charge, what they cost, and until when the first one can be answered."""

    gone_minor: int
    fee: Money | None
    answer_by: datetime | None = None


def session(fields: Fields) -> Session | None:
    found, live = _money(fields, "amount_total"), fields.get("livemode")
    id_, url, intent = text(fields, "id"), text(fields, "url"), fields.get("payment_intent")
    if fields.get("object") != "checkout.session" or not SESSION_ID.fullmatch(id_) or found is None:
        return None
    if not isinstance(live, bool):
        return None
    whole = intent if isinstance(intent, dict) else {"id": intent or ""}
    intent_id, latest = text(whole, "id"), whole.get("latest_charge")
    if intent and not INTENT_ID.fullmatch(intent_id):
        return None
    return Session(
        id_,
        text(fields, "client_reference_id"),
        live,
        f"{text(fields, 'status')}-{text(fields, 'payment_status')}",
        found,
        url,
        intent_id,
        text(whole, "status"),
        _charge(latest) if isinstance(latest, dict) else None,
    )


@dataclass(frozen=True)
class Intent:
    """A payment without a page. `codes`: what went wrong with it, in their words."""

    id: str
    reference: str
    live: bool
    status: str
    amount: Money
    customer_id: str
    method_id: str
    codes: Sequence[str]
    charge: Charge | None


def intent(fields: Fields) -> Intent | None:
    found, live, id_ = _money(fields, "amount"), fields.get("livemode"), text(fields, "id")
    if fields.get("object") != "payment_intent" or not INTENT_ID.fullmatch(id_) or found is None:
        return None
    if not isinstance(live, bool):
        return None
    latest, wrong = fields.get("latest_charge"), fields.get("last_payment_error")
    return Intent(
        id_,
        reference(fields),
        live,
        text(fields, "status"),
        found,
        text(fields, "customer"),
        text(fields, "payment_method"),
        codes(wrong) if isinstance(wrong, dict) else (),
        _charge(latest) if isinstance(latest, dict) else None,
    )


def codes(error: Fields) -> Sequence[str]:
    """What an error of theirs says went wrong; the bank's own word first."""
    return text(error, "decline_code"), text(error, "code")


def left(fields: Fields) -> tuple[str, str, str]:
    """What a paid session left for later: the customer, their payment method, and its type; empty where nothing."""
    paid = fields.get("payment_intent")
    latest = paid.get("latest_charge") if isinstance(paid, dict) else None
    details = latest.get("payment_method_details") if isinstance(latest, dict) else None
    if not isinstance(paid, dict) or not isinstance(details, dict) or paid.get("setup_future_usage") != "off_session":
        return "", "", ""
    how = text(details, "type")
    bank = details.get(how)
    method_id = text(paid, "payment_method")
    if how == "bancontact":  # it pays once; what can be charged later is the account behind it
        method_id = text(bank, "generated_sepa_debit") if isinstance(bank, dict) else ""
    return text(paid, "customer"), method_id, how


def disputes(reply: Reply, currency: str) -> Disputed | None:
    """All of one charge. An inquiry takes nothing, and a dispute that was won has given it back."""
    found, gone_minor = listed(reply), 0
    told: Money | None = Money(0, currency)
    due: list[datetime] = []
    if found is None:
        return None
    for one in found:
        moved, disputed = one.get("balance_transactions"), _money(one, "amount")
        if not isinstance(moved, list) or disputed is None or disputed.currency != currency:
            return None
        left_minor = 0
        for move in moved:
            amount_minor = move.get("amount") if isinstance(move, dict) else None
            if not isinstance(move, dict) or type(amount_minor) is not int:
                return None
            fee = _fee(move, currency)
            told = told + fee if told and fee else None
            if text(move, "currency").upper() == currency:
                left_minor -= amount_minor
            else:  # their account is in another currency: then it is all or nothing
                left_minor += disputed.amount_minor if amount_minor < 0 else -disputed.amount_minor
        gone_minor += max(0, left_minor)
        due += _answer_by(one)
    return Disputed(gone_minor, told, min(due, default=None))


def _answer_by(dispute: Fields) -> Sequence[datetime]:
    """Until when they take evidence, while they wait for it (docs.stripe.com/api/disputes/object, evidence_details)."""
    details = dispute.get("evidence_details")
    due = details.get("due_by") if isinstance(details, dict) else None
    waits = text(dispute, "status") in ("needs_response", "warning_needs_response")
    return [datetime.fromtimestamp(due, UTC)] if waits and type(due) is int and 0 < due < _FAR else []


def refund_fee(fields: Fields, currency: str) -> Money | None:
    moved = fields.get("balance_transaction")
    return _fee(moved, currency) if isinstance(moved, dict) else None


def listed(reply: Reply) -> Sequence[Fields] | None:
    """What a list holds; None when the reply is none."""
    found = reply.fields.get("data")
    return [one for one in found if isinstance(one, dict)] if reply.done and isinstance(found, list) else None


def every(ask: Callable[[str], Reply]) -> list[Fields] | None:
    """All pages of a list: `ask` is told after which one the next begins. None without one of them."""
    found: list[Fields] = []
    after = ""
    for _ in range(_PAGES):
        reply = ask(after)
        some = listed(reply)
        if some is None or not isinstance(reply.fields.get("has_more"), bool):
            return None
        found += some
        if not reply.fields["has_more"]:
            return found
        after = text(some[-1], "id") if some else ""
        if not _ID.fullmatch(after):
            return None
    return None


def reference(fields: Fields) -> str:
    """Ours, as payment intents, charges and refunds carry it."""
    metadata = fields.get("metadata")
    return text(metadata, "reference") if isinstance(metadata, dict) else ""


def amount(fields: Fields) -> Money | None:
    return _money(fields, "amount")


def text(fields: Fields, name: str) -> str:
    return Reply(fields=fields).text(name) or ""


def _charge(fields: Fields) -> Charge | None:
    captured, refunded = _money(fields, "amount_captured"), _money(fields, "amount_refunded")
    disputed, moved = fields.get("disputed"), fields.get("balance_transaction")
    if captured is None or refunded is None or not isinstance(disputed, bool):
        return None
    fee = _fee(moved, captured.currency) if isinstance(moved, dict) else None
    return Charge(captured, refunded.amount_minor, disputed, fee)


def _fee(moved: Fields, currency: str) -> Money | None:
    """May be below nothing, where a dispute that was won gives one back."""
    fee = moved.get("fee")
    return Money(fee, currency) if type(fee) is int and text(moved, "currency").upper() == currency else None


def _money(fields: Fields, name: str) -> Money | None:
    """They count in the smallest unit too, and write currencies in small letters."""
    currency, minor = text(fields, "currency").upper(), Reply(fields=fields).whole(name)
    return Money(minor, currency) if minor is not None and currency in MINOR_DIGITS else None
