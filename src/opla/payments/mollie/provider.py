"""Mollie, keeping `Charges`, `ListsCharges`, `Refunds` and `Notifies`. Facts: docs.mollie.com/reference, API v2."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qs, urlsplit

import httpx

from opla.calling import Reply, page_of
from opla.core.money import MINOR_DIGITS, Money
from opla.core.own_account import clean_iban
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
from opla.payments.mollie import mapping, webhook
from opla.payments.mollie.client import Client
from opla.payments.mollie.config import Config

_ID = re.compile(r"tr_[A-Za-z0-9]{6,40}")
#: What fits into the remittance of a transfer, and is nobody's words.
_REFERENCE = re.compile(r"[A-Za-z0-9+/ -]{4,40}")
#: So many pages of their list are read: what is looked for is among the newest, because it is looked for at once.
_PAGES = 4
#: They cut what is longer.
_MAX_DESCRIPTION = 255

Fields = Mapping[str, object]


class Mollie:
    """A payment page at Mollie, for one method, without a choice; without any, for all that the profile has."""

    promises = Promises(refuses_repeat=True, repeat_within_s=3000, find_by_reference=True, max_seconds=20)

    def __init__(self, config: Config, method: str = "", transport: httpx.BaseTransport | None = None) -> None:
        self._client = Client(config, transport)
        self._base_url = config.base_url
        self._webhook_secret = config.webhook_secret
        self._mode = "test" if config.test else "live"
        self._method = method

    def charge(self, request: ChargeRequest) -> ChargeReport:
        return self._started(request, self._page(request))

    def _page(self, request: ChargeRequest) -> dict[str, object]:
        """What is besides the payment itself when the person is there."""
        page: dict[str, object] = {
            "redirectUrl": request.return_url,
            "locale": mapping.LOCALE.get(request.language, "en_US"),
        }
        return page | ({"method": self._method} if self._method else {})

    def _started(self, request: ChargeRequest, besides: Mapping[str, object]) -> ChargeReport:
        body: dict[str, object] = {
            "amount": _amount(request.amount),
            "description": request.description[:_MAX_DESCRIPTION],
            **besides,
            "metadata": {"reference": request.reference},
        }
        if _reachable(request.webhook_url):
            body["webhookUrl"] = request.webhook_url
        reply = self._client.create(body, request.reference)
        if reply.done and _money(reply.fields, "amount") != request.amount:  # the first of two with one reference
            return ChargeReport(Answer.UNKNOWN, why="other_amount", evidence=evidence(reply))
        return self._charge_report(reply, request)

    def fetch(self, reference: str, provider_id: str) -> ChargeReport | None:
        if provider_id:
            reply = self._client.payment(provider_id)
            return None if _unknown_to_them(reply) else self._fetched(reply, reference)
        begins = ""
        for _ in range(_PAGES):
            reply = self._client.payments(begins)
            if not reply.done:
                return self._fetched(reply, reference)
            if (found := _with(reference, reply, "payments")) is not None:
                return self._told(found, reference, reply)
            begins = _next(reply)
            if not begins:
                break
        return None

    def charges_since(self, since: datetime, until: datetime) -> Sequence[ListedCharge] | Unlisted:  # noqa: ARG002
        """Of all ways of paying: the profile has one list, the newest first."""
        found: list[ListedCharge] = []
        begins = ""
        while True:
            reply = self._client.payments(begins)
            page = list(listed(reply, "payments"))
            if not reply.done or len(page) != reply.whole("count"):
                return Unlisted.NO_ANSWER
            for one in page:
                made_at, told = _moment(one), self._told(one, _reference(one), reply)
                if made_at is None or told.answer is Answer.UNKNOWN:
                    return Unlisted.NO_ANSWER
                if made_at < since:
                    return found
                kept_minor = max(told.captured_minor - told.refunded_minor - told.charged_back_minor, 0)
                about, still = text(one, "description"), told.answer is Answer.PENDING
                ours, theirs = _reference(one), told.provider_id
                found.append(ListedCharge(ours, theirs, kept_minor, told.currency, still, about))
            begins = _next(reply)
            if not begins:
                return found

    def refund(self, request: RefundRequest) -> RefundReport:
        body: dict[str, object] = {
            "amount": _amount(request.amount),
            "description": request.description[:_MAX_DESCRIPTION],
            "metadata": {"reference": request.reference},
        }
        reply = self._client.refund(request.provider_id, body, request.reference)
        if reply.done and _money(reply.fields, "amount") != request.amount:
            return RefundReport(Answer.UNKNOWN, why="other_amount", evidence=evidence(reply))
        return self._refund_report(reply, request.reference)

    def fetch_refund(self, reference: str, provider_id: str) -> RefundReport | None:
        reply = self._client.refunds(provider_id)
        if not reply.done:
            return None if _unknown_to_them(reply) else self._refund_report(reply, reference)
        found = _with(reference, reply, "refunds")
        return None if found is None else self._refunded(found, reference, reply)

    def woken(self, headers: Mapping[str, str], body: bytes) -> Sequence[str]:
        return webhook.named(headers, body, self._webhook_secret)

    def _charge_report(self, reply: Reply, request: ChargeRequest) -> ChargeReport:
        """What an answer to `request` says."""
        return self._fetched(reply, request.reference)

    def _fetched(self, reply: Reply, reference: str) -> ChargeReport:
        if not reply.done:
            answer, why = refused(reply)
            return ChargeReport(answer, why=why, evidence=evidence(reply))
        return self._told(reply.fields, reference, reply)

    def _told(self, fields: Fields, reference: str, reply: Reply) -> ChargeReport:
        """What these fields say of the payment `reference`; of another payment, or of a test, they say nothing."""
        amount, refunded = _money(fields, "amount"), _money(fields, "amountRefunded", absent=0)
        back = _money(fields, "amountChargedBack", absent=0)
        provider_id, mode = text(fields, "id"), text(fields, "mode")
        if not (_reference(fields) == reference and mode == self._mode and amount and refunded and back):
            return ChargeReport(Answer.UNKNOWN, why="unreadable", evidence=evidence(reply))
        if not _ID.fullmatch(provider_id) or {refunded.currency, back.currency} != {amount.currency}:
            return ChargeReport(Answer.UNKNOWN, why="unreadable", evidence=evidence(reply))
        status = text(fields, "status")
        answer, why = mapping.PAYMENT.get(status, (Answer.UNKNOWN, "status_unknown"))
        details = fields.get("details")
        if why == "refused" and isinstance(details, dict):
            why = mapping.FAILURE.get(text(details, "failureReason"), why)
        return ChargeReport(
            answer=answer,
            provider_id=provider_id,
            redirect_url=page_of(link(fields, "checkout"), self._base_url),
            captured_minor=amount.amount_minor if answer is Answer.SUCCEEDED else 0,
            refunded_minor=refunded.amount_minor,
            charged_back_minor=back.amount_minor,
            currency=amount.currency,
            why=why,
            evidence={**evidence(reply, status), **(_transfer_to(details) if answer is Answer.PENDING else {})},
        )

    def _refund_report(self, reply: Reply, reference: str) -> RefundReport:
        if not reply.done:
            answer, why = refused(reply)
            return RefundReport(answer, why=why, evidence=evidence(reply))
        return self._refunded(reply.fields, reference, reply)

    def _refunded(self, fields: Fields, reference: str, reply: Reply) -> RefundReport:
        refund_id, status = text(fields, "id"), text(fields, "status")
        if _reference(fields) != reference or text(fields, "mode") != self._mode or not refund_id:
            return RefundReport(Answer.UNKNOWN, why="unreadable", evidence=evidence(reply))
        answer = mapping.REFUND.get(status, Answer.UNKNOWN)
        why = "refused" if answer is Answer.DECLINED else ""
        return RefundReport(answer, refund_id, why, evidence(reply, status))


def _transfer_to(details: object) -> dict[str, str]:
    """Where a transfer is to go: an account of theirs, whose digits check; their reference as it is."""
    if not isinstance(details, dict) or not text(details, "transferReference"):
        return {}
    iban, reference = clean_iban(text(details, "bankAccount")), text(details, "transferReference")
    if not iban or not _REFERENCE.fullmatch(reference):
        return {}
    found = {"iban": iban, "holder": text(details, "bankName")[:70], "bic": text(details, "bankBic")[:11]}
    return {f"to_{name}": word for name, word in {**found, "reference": reference}.items()}


def _amount(money: Money) -> dict[str, str]:
    return {"currency": money.currency, "value": money.decimal}


def _reachable(url: str) -> bool:
    """They refuse addresses of the own machine. Without a webhook everything happens too, a little later."""
    parts = urlsplit(url)
    return parts.scheme == "https" and parts.hostname not in (None, "localhost", "127.0.0.1", "::1")


def _with(reference: str, reply: Reply, name: str) -> Fields | None:
    """The one of a list that carries our reference."""
    return next((one for one in listed(reply, name) if _reference(one) == reference), None)


def _next(reply: Reply) -> str:
    """With which payment the next page begins; empty after the last."""
    begins = parse_qs(urlsplit(link(reply.fields, "next")).query).get("from", [""])[0]
    return begins if _ID.fullmatch(begins) else ""


def _moment(fields: Fields) -> datetime | None:
    """When it was made; None where that cannot be read."""
    try:
        found = datetime.fromisoformat(text(fields, "createdAt"))
    except ValueError:
        return None
    return found if found.tzinfo else None


def listed(reply: Reply, name: str) -> Iterator[Fields]:
    embedded = reply.fields.get("_embedded")
    found = embedded.get(name) if isinstance(embedded, dict) else None
    return (one for one in found if isinstance(one, dict)) if isinstance(found, list) else iter(())


def _reference(fields: Fields) -> str:
    metadata = fields.get("metadata")
    return text(metadata, "reference") if isinstance(metadata, dict) else ""


def link(fields: Fields, name: str) -> str:
    links = fields.get("_links")
    found = links.get(name) if isinstance(links, dict) else None
    return text(found, "href") if isinstance(found, dict) else ""


def _money(fields: Fields, name: str, absent: int | None = None) -> Money | None:
    """An amount of theirs; `absent`, in cents of the payment's currency, where they leave it out because it is zero."""
    value = fields.get(name)
    if value is None and absent is not None:
        whole = _money(fields, "amount")
        return Money(absent, whole.currency) if whole else None
    if not isinstance(value, dict):
        return None
    currency = text(value, "currency")
    found = Money.parse(text(value, "value"), currency) if currency in MINOR_DIGITS else None
    return found if found is not None and found.amount_minor >= 0 else None


def text(fields: Fields, name: str) -> str:
    return Reply(fields=fields).text(name) or ""


def refused(reply: Reply) -> tuple[Answer, str]:
    if reply.trouble:
        return reply.trouble, reply.evidence.get("error", "")
    theirs = reply.fields.get("status") == reply.status  # an error of theirs repeats it, a gateway's does not
    return mapping.ERROR.get(reply.status if theirs else 0, (Answer.UNKNOWN, "error_unknown"))


def _unknown_to_them(reply: Reply) -> bool:
    return reply.trouble is None and reply.status == 404 and reply.fields.get("status") == 404


def evidence(reply: Reply, status: str = "") -> dict[str, str]:
    """What may be kept of a reply: its status and, of an error, which field was wrong. Never a text of theirs."""
    field = (reply.text("field") or "")[:64]
    words = {"their_status": status[:64], "their_field": field}
    return {**reply.evidence, **{name: word for name, word in words.items() if word}}
