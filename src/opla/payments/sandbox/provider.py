"""The sandbox payment provider, keeping `ChargesAgain`, `ListsCharges`, `Refunds` and `Notifies`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qs

from opla.calling import Reply, all_of
from opla.core.money import MINOR_DIGITS, Money
from opla.core.ports import (
    Answer,
    ChargeReport,
    ChargeRequest,
    ListedCharge,
    Mandate,
    Promises,
    RefundReport,
    RefundRequest,
    Unlisted,
)
from opla.payments.sandbox import mapping
from opla.payments.sandbox.client import Client
from opla.payments.sandbox.config import Config

_ID = re.compile(r"sp_[0-9a-f]{24}")
_MANDATE = re.compile(r"sm_[0-9a-f]{1,24}")
_MAX_WEBHOOK = 1024


class Sandbox:
    """Sessions and refunds are idempotent by our reference; amounts are cumulative."""

    promises = Promises(refuses_repeat=True, find_by_reference=True, max_seconds=10)

    def __init__(self, config: Config) -> None:
        self._client = Client(config)

    def charge(self, request: ChargeRequest) -> ChargeReport:
        body: dict[str, str | int] = {
            "reference": request.reference,
            "amount_minor": request.amount.amount_minor,
            "currency": request.amount.currency,
            "description": request.description,
            "language": request.language,
            "return_url": request.return_url,
            "webhook_url": request.webhook_url,
        }
        if request.keep:
            body["keep"] = True
        if request.mandate:
            body["mandate"] = request.mandate
        reply = self._client.create(body)
        if reply.done and (reply.text("charged_by") or "") != request.mandate:  # another consent's payment
            return ChargeReport(Answer.UNKNOWN, why="unreadable", evidence=_evidence(reply))
        return _charge_report(reply, request.reference)

    def fetch(self, reference: str, provider_id: str) -> ChargeReport | None:
        theirs = self._client
        reply = theirs.payment(provider_id) if provider_id else theirs.payment_by_reference(reference)
        return None if _unknown_to_them(reply) else _charge_report(reply, reference)

    def charges_since(self, since: datetime, until: datetime) -> Sequence[ListedCharge] | Unlisted:  # noqa: ARG002
        since_ms = int(since.timestamp() * 1000)
        return all_of(lambda n: self._client.payments_since(since_ms, n), "payments", _listed)

    def refund(self, request: RefundRequest) -> RefundReport:
        body: dict[str, str | int] = {
            "reference": request.reference,
            "amount_minor": request.amount.amount_minor,
            "currency": request.amount.currency,
        }
        return _refund_report(self._client.refund(request.provider_id, body), request.reference)

    def fetch_refund(self, reference: str, provider_id: str) -> RefundReport | None:  # noqa: ARG002 - theirs are unique
        reply = self._client.refund_by_reference(reference)
        return None if _unknown_to_them(reply) else _refund_report(reply, reference)

    def end_mandate(self, mandate: str) -> Answer:
        if not _MANDATE.fullmatch(mandate):  # none of theirs, so nothing can be charged by it
            return Answer.SUCCEEDED
        reply = self._client.end_mandate(mandate)
        if reply.done:
            return Answer.SUCCEEDED if reply.text("status") == "ended" else Answer.UNKNOWN
        return Answer.SUCCEEDED if _unknown_to_them(reply) else _refused(reply)[0]

    def woken(self, headers: Mapping[str, str], body: bytes) -> Sequence[str]:  # noqa: ARG002 - unsigned, as Mollie's
        """At most one id. Anybody can send one, and then all that happens is one more look."""
        if len(body) > _MAX_WEBHOOK or not body.isascii():
            return []
        ids = parse_qs(body.decode("ascii")).get("id", [])
        return ids if len(ids) == 1 and _ID.fullmatch(ids[0]) else []

    def decide(self, provider_id: str, outcome: str) -> ChargeReport:
        """Sandbox only: press a button of the checkout page (`pay`, `refuse`, `abandon`, `late`, `twice`)."""
        return _charge_report(self._client.decide(provider_id, outcome), "")


def _charge_report(reply: Reply, reference: str) -> ChargeReport:
    """What a reply says of the payment `reference`; a reply about another payment says nothing."""
    if not reply.done:
        answer, why = _refused(reply)
        return ChargeReport(answer, why=why, evidence=_evidence(reply))
    status, provider_id = reply.text("status"), reply.text("id")
    captured, refunded, back = (reply.whole(f"{name}_minor") for name in ("captured", "refunded", "charged_back"))
    currency, url = reply.text("currency"), reply.text("checkout_url")
    strange = reference and reply.text("reference") != reference
    if strange or not provider_id or not currency or captured is None or refunded is None or back is None:
        return ChargeReport(Answer.UNKNOWN, why="unreadable", evidence=_evidence(reply))
    answer, why = mapping.PAYMENT.get(status or "", (Answer.UNKNOWN, "status_unknown"))
    if why == "refused":
        why = mapping.FAILURE.get(reply.text("why") or "", why)
    return ChargeReport(
        answer=answer,
        provider_id=provider_id,
        redirect_url=url if url and url.startswith(("http://", "https://")) else "",
        captured_minor=captured,
        refunded_minor=refunded,
        charged_back_minor=back,
        currency=currency,
        why=why,
        evidence=_evidence(reply),
        fee=_fee(reply, currency),
        mandate=_mandate(reply) if answer is Answer.SUCCEEDED else None,
    )


def _listed(row: object) -> ListedCharge | None:
    """None for one that cannot be read: a list with a hole is none."""
    told = Reply(fields=row if isinstance(row, dict) else {})
    report = _charge_report(replace(told, status=200), "")
    if report.answer is Answer.UNKNOWN:
        return None
    kept_minor = report.captured_minor - report.refunded_minor - report.charged_back_minor
    return ListedCharge(
        told.text("reference") or "",
        report.provider_id,
        max(kept_minor, 0),
        report.currency,
        report.answer is Answer.PENDING,
        told.text("description") or "",
    )


def _mandate(reply: Reply) -> Mandate | None:
    """The consent it left, where it left any in a way that can be read."""
    told = reply.fields.get("mandate")
    if not isinstance(told, dict):
        return None
    kept = Reply(fields=told)
    id_, days = kept.text("id"), kept.whole("days")
    return Mandate(id_, days) if id_ and days is not None else None


def _refund_report(reply: Reply, reference: str) -> RefundReport:
    if not reply.done:
        answer, why = _refused(reply)
        return RefundReport(answer, why=why, evidence=_evidence(reply))
    answer = mapping.REFUND.get(reply.text("status") or "", Answer.UNKNOWN)
    refund_id = reply.text("id")
    if reply.text("reference") != reference or not refund_id:
        return RefundReport(Answer.UNKNOWN, why="unreadable", evidence=_evidence(reply))
    fee = _fee(reply, reply.text("currency") or "")
    return RefundReport(answer, refund_id, reply.text("why") or "", _evidence(reply), fee)


def _fee(reply: Reply, currency: str) -> Money | None:
    """What they keep, where they say so in a way that can be read."""
    fee_minor = reply.whole("fee_minor")
    return Money(fee_minor, currency) if fee_minor is not None and currency in MINOR_DIGITS else None


def _refused(reply: Reply) -> tuple[Answer, str]:
    if reply.trouble:
        return reply.trouble, reply.evidence.get("error", "")
    return mapping.ERROR.get(reply.text("error") or "", (Answer.UNKNOWN, "error_unknown"))


def _unknown_to_them(reply: Reply) -> bool:
    return reply.trouble is None and reply.status == 404 and reply.text("error") == mapping.NOT_FOUND


def _evidence(reply: Reply) -> dict[str, str]:
    """What may be kept of a reply: the status and their two words. Never an address with a secret in it."""
    words = {f"their_{name}": (reply.text(name) or "")[:64] for name in ("status", "error", "why")}
    return {**reply.evidence, **{name: word for name, word in words.items() if word}}
