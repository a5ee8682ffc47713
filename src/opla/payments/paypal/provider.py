"""PayPal, keeping `Charges`, `ListsCharges`, `Refunds` and `Notifies`. Facts: developer.paypal.com/docs/api.

An order is captured in two acts: people approve it there, then we take the money. The second act is in `fetch`, which
whoever comes back, a webhook and the poller all lead to. It is one act however often it is asked for: they capture an
order once, and the key of the call is made of our reference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

import httpx

from opla.calling import Reply, page_of
from opla.core.money import Money
from opla.core.ports import (
    Answer,
    ChargeReport,
    ChargeRequest,
    ListedCharge,
    Promises,
    RefundReport,
    RefundRequest,
    Unlisted,
)
from opla.payments.paypal import listing, mapping, told
from opla.payments.paypal.client import Client
from opla.payments.paypal.config import Config

_REFERENCE = re.compile(r"[0-9a-f]{32}")
_MAX_WEBHOOK = 256 * 1024
_MAX_DESCRIPTION = 127
#: A payment has hardly ever one dispute. How many of those that ended are looked at.
_MAX_DISPUTES = 2


class PayPal:
    """An order at PayPal."""

    # A refund is at most three calls of 7 s (token, order, refund); a look at most five, one of which may take money.
    promises = Promises(refuses_repeat=True, repeat_within_s=5 * 3600, find_by_reference=True, max_seconds=25)

    def __init__(self, config: Config, *, transport: httpx.BaseTransport | None = None) -> None:
        self._client = Client(config, transport)
        self._base_url = config.base_url

    def charge(self, request: ChargeRequest) -> ChargeReport:
        reply = self._client.create(_body(request), request.reference)
        if not reply.done:
            answer, why = _refused(reply)
            return ChargeReport(answer, why=why, evidence=_evidence(reply))
        made = told.order(reply.fields)
        if made is not None and made.amount != request.amount:
            return ChargeReport(Answer.UNKNOWN, why="other_amount", evidence=_evidence(reply))
        return self._told(made, request.reference, reply)

    def fetch(self, reference: str, provider_id: str) -> ChargeReport | None:
        """By their id alone: orders cannot be searched. One whose id never reached us was never shown to anybody."""
        if not provider_id:
            return None
        reply = self._client.order(provider_id)
        if _unknown_to_them(reply):
            # Only we capture, so one that they have dropped took nothing.
            ours = told.ORDER_ID.fullmatch(provider_id)
            return ChargeReport(Answer.DECLINED, why="expired", evidence=_evidence(reply)) if ours else None
        if not reply.done:
            return _unread(reply)
        made = told.order(reply.fields)
        if made is not None and made.reference == reference and made.status == "APPROVED":
            return self._captured(made, reference)
        return self._told(made, reference, reply)

    def charges_since(self, since: datetime, until: datetime) -> Sequence[ListedCharge] | Unlisted:
        return listing.charges(self._client, since, until)

    def refund(self, request: RefundRequest) -> RefundReport:
        found = self._client.order(request.provider_id)
        paid = told.order(found.fields) if found.done else None
        if paid is None or paid.id != request.provider_id:
            return _no_refund(found, sent=_unknown_to_them(found))
        if paid.capture is None:
            return RefundReport(Answer.DECLINED, why="not_captured", evidence=_evidence(found))
        body = {
            "amount": _amount(request.amount),
            "custom_id": request.reference,
            "note_to_payer": request.description[:_MAX_DESCRIPTION],
        }
        reply = self._client.refund(paid.capture.id, body, request.reference)
        if not reply.done:
            return _no_refund(reply)
        made = told.refund(reply.fields)
        if made is not None and made.amount != request.amount:
            return RefundReport(Answer.UNKNOWN, why="other_amount", evidence=_evidence(reply))
        return _refunded(made, request.reference, reply)

    def fetch_refund(self, reference: str, provider_id: str) -> RefundReport | None:
        reply = self._client.order(provider_id)
        if _unknown_to_them(reply):
            return None
        paid = told.order(reply.fields) if reply.done else None
        if paid is None or paid.id != provider_id:
            return _no_refund(reply, sent=False)
        ours = next((one for one in paid.refunds if one.reference == reference), None)
        return None if ours is None else _refunded(ours, reference, reply)

    def woken(self, headers: Mapping[str, str], body: bytes) -> Sequence[str]:  # noqa: ARG002 - see MAPPING.md
        """At most one name. Anybody can send one, and then all that happens is one more look."""
        if len(body) > _MAX_WEBHOOK:
            return []
        try:
            event = json.loads(body)
            resource = event["resource"]
            kind, id_ = str(event["resource_type"]), str(resource.get("id", ""))
        except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
            return []
        if kind == "checkout-order":
            return [id_] if told.ORDER_ID.fullmatch(id_) else []
        # A dispute has ours beside the transaction that it is about.
        disputed = resource.get("disputed_transactions")
        about = disputed[0] if isinstance(disputed, list) and disputed and isinstance(disputed[0], dict) else {}
        ours = told.text(resource, "custom_id") or told.text(about, "custom")
        return [ours] if _REFERENCE.fullmatch(ours) else []

    def _captured(self, approved: told.Order, reference: str) -> ChargeReport:
        reply = self._client.capture(approved.id, reference)
        if reply.done:
            return self._told(told.order(reply.fields), reference, reply, just_now=True)
        answer, why = mapping.ISSUE.get(told.issue(reply), (Answer.UNKNOWN, _refused(reply)[1]))
        return ChargeReport(answer, approved.id, currency=approved.amount.currency, why=why, evidence=_evidence(reply))

    def _told(self, made: told.Order | None, reference: str, reply: Reply, *, just_now: bool = False) -> ChargeReport:
        """What an order says of the payment `reference`; of another payment it says nothing.

        `just_now`: we took it with this call, so nobody can have disputed it, and nobody waits for that to be asked.
        """
        if made is None or made.reference != reference:
            return ChargeReport(Answer.UNKNOWN, why="unreadable", evidence=_evidence(reply))
        answer, why = mapping.ORDER.get(made.status, (Answer.UNKNOWN, "status_unknown"))
        word, capture = made.status, made.capture
        if made.status == "COMPLETED" and capture is not None:
            answer, why = mapping.CAPTURE.get(capture.status, (Answer.UNKNOWN, "status_unknown"))
            word = f"{made.status}-{capture.status}"
        evidence, currency = _evidence(reply, word), made.amount.currency
        if answer is not Answer.SUCCEEDED or capture is None:
            url = page_of(made.url, self._base_url)
            return ChargeReport(answer, made.id, url, currency=currency, why=why, evidence=evidence)
        lost_minor = 0 if just_now else self._lost_minor(capture)
        if lost_minor is None:
            return ChargeReport(Answer.UNKNOWN, why="disputes_unread", evidence=evidence)
        return ChargeReport(
            answer,
            made.id,
            captured_minor=capture.amount.amount_minor,
            refunded_minor=made.refunded_minor,
            charged_back_minor=lost_minor,
            currency=currency,
            evidence=evidence,
            fee=capture.fee,
        )

    def _lost_minor(self, capture: told.Capture) -> int | None:
        """What disputes that have ended took; nothing where the app may not read them; None when nobody could say."""
        reply = self._client.disputes(capture.id)
        if reply.trouble is None and reply.status == 403:
            return 0
        ended = told.resolved(reply)
        if ended is None or len(ended) > _MAX_DISPUTES:
            return None
        taken = [told.lost(self._client.dispute(id_), capture.amount.currency) for id_ in ended]
        return None if None in taken else sum(minor for minor in taken if minor)


def _body(request: ChargeRequest) -> dict[str, object]:
    back = {"return_url": request.return_url, "cancel_url": request.return_url}
    unit = {
        "amount": _amount(request.amount),
        "description": request.description[:_MAX_DESCRIPTION],
        "custom_id": request.reference,
        # They refuse to capture a second order with the same one.
        "invoice_id": request.reference,
    }
    how = {
        **back,
        "locale": mapping.LOCALE.get(request.language, "en-US"),
        "shipping_preference": "NO_SHIPPING",
        "user_action": "PAY_NOW",
        # Not by a bank transfer that takes days.
        "payment_method_preference": "IMMEDIATE_PAYMENT_REQUIRED",
    }
    return {
        "intent": "CAPTURE",
        "purchase_units": [unit],
        "payment_source": {"paypal": {"experience_context": how}},
    }


def _amount(money: Money) -> dict[str, str]:
    return {"currency_code": money.currency, "value": money.decimal}


def _refunded(made: told.Refund | None, reference: str, reply: Reply) -> RefundReport:
    if made is None or made.reference != reference:
        return RefundReport(Answer.UNKNOWN, why="unreadable", evidence=_evidence(reply))
    answer = mapping.REFUND.get(made.status, Answer.UNKNOWN)
    why = "refused" if answer is Answer.DECLINED else ""
    return RefundReport(answer, made.id, why, _evidence(reply, made.status))


def _no_refund(reply: Reply, *, sent: bool = True) -> RefundReport:
    """`sent`: the refund itself was what they refused; a look-up that they refuse says nothing of it."""
    answer, why = (Answer.UNKNOWN, "unreadable") if reply.done else _refused(reply)
    if answer is Answer.DECLINED and not sent:
        answer = Answer.UNKNOWN
    return RefundReport(answer, why=why, evidence=_evidence(reply))


def _unread(reply: Reply) -> ChargeReport:
    answer, why = _refused(reply)
    answer = Answer.UNKNOWN if answer is Answer.DECLINED else answer
    return ChargeReport(answer, why=why, evidence=_evidence(reply))


def _refused(reply: Reply) -> tuple[Answer, str]:
    if reply.trouble:
        return reply.trouble, reply.evidence.get("error", "")
    theirs = told.text(reply.fields, "name") or reply.status == 401  # a wrong token is told in words of another kind
    return mapping.ERROR.get(reply.status if theirs else 0, (Answer.UNKNOWN, "error_unknown"))


def _unknown_to_them(reply: Reply) -> bool:
    return reply.trouble is None and reply.status == 404 and bool(told.text(reply.fields, "name"))


def _evidence(reply: Reply, status: str = "") -> dict[str, str]:
    """What may be kept of a reply: its status and, of an error, their words for it. Never a text of theirs."""
    name = told.text(reply.fields, "name") if not reply.done else ""
    words = {"their_status": status, "their_name": name, "their_issue": told.issue(reply)}
    return {**reply.evidence, **{key: word[:64] for key, word in words.items() if re.fullmatch(r"[A-Z0-9_-]+", word)}}
