"""Stripe: `Charges`, `ListsCharges`, `Refunds`, `PaysOut`, `Notifies`. Facts: docs.stripe.com/api."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

import httpx
from stripe.params import RefundCreateParams
from stripe.params.checkout import SessionCreateParams

from opla.calling import Reply, page_of
from opla.core.money import Money
from opla.core.ports import (
    Answer,
    ChargeReport,
    ChargeRequest,
    ListedCharge,
    Payout,
    PayoutLine,
    Promises,
    RefundReport,
    RefundRequest,
    Unlisted,
)
from opla.payments.stripe import mapping, payouts, told
from opla.payments.stripe.client import Client
from opla.payments.stripe.config import Config
from opla.payments.stripe.signature import signed

_REFERENCE = re.compile(r"[0-9a-f]{32}")
_MAX_WEBHOOK = 256 * 1024
MAX_NAME = 250


class Stripe:
    """A payment page at Stripe, for the method of this way of paying; without one, for all that the account has.

    `clock` is seconds since 1970, against which the time in a webhook's signature is held.
    """

    # A refund is two calls of 8 s. Looking for a payment by our reference is at most four, and nothing is sent then.
    promises = Promises(refuses_repeat=True, repeat_within_s=23 * 3600, find_by_reference=True, max_seconds=20)

    def __init__(
        self,
        config: Config,
        method: str = "",
        *,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = Client(config, transport)
        self._base_url = config.base_url
        self._live = not config.test
        self._method = method
        self._webhook_secret = config.webhook_secret
        self._clock = clock

    def charge(self, request: ChargeRequest) -> ChargeReport:
        reply = self._client.create(self._page(request), request.reference)
        made = told.session(reply.fields) if reply.done else None
        if made is not None and made.amount != request.amount:
            return ChargeReport(Answer.UNKNOWN, why="other_amount", evidence=evidence(reply))
        if not reply.done:
            answer, why = refused(reply)
            return ChargeReport(answer, why=why, evidence=evidence(reply))
        return self._told(reply.fields, request.reference, reply)

    def fetch(self, reference: str, provider_id: str) -> ChargeReport | None:
        if provider_id:
            reply = self._client.session(provider_id)
            if not reply.done:
                return None if unknown_to_them(reply) else self._unread(reply)
            return self._told(reply.fields, reference, reply)
        return self._found(reference)

    def charges_since(self, since: datetime, until: datetime) -> Sequence[ListedCharge] | Unlisted:  # noqa: ARG002
        """Pages by their sessions; then what was charged without one: by a mandate of ours, or by others."""
        since_s = int(since.timestamp())
        pages = told.every(lambda after: self._client.sessions_since(since_s, after))
        intents = None if pages is None else told.every(lambda after: self._client.intents_since(since_s, after))
        if pages is None or intents is None:
            return Unlisted.NO_ANSWER
        of_pages = {told.text(one, "id") for page in pages if isinstance(one := page.get("payment_intent"), dict)}
        found = [
            *(self._listed_page(page) for page in pages if told.text(page, "mode") not in mapping.OTHERS),
            *(self._listed_alone(one) for one in intents if told.text(one, "id") not in of_pages),
        ]
        whole = [one for one in found if one is not None]
        return whole if len(whole) == len(found) else Unlisted.NO_ANSWER

    def _listed_page(self, fields: told.Fields) -> ListedCharge | None:
        page, intent = told.session(fields), fields.get("payment_intent")
        if page is None:
            return None
        report = Stripe._told(self, fields, page.reference, Reply())  # of consent that it leaves nothing is asked
        about = told.text(intent, "description") if isinstance(intent, dict) else ""
        return _listed(report, page.reference, about)

    def _listed_alone(self, fields: told.Fields) -> ListedCharge | None:
        one = told.intent(fields)
        answer = mapping.ALONE.get(one.status) if one else None
        if one is None or answer is None or one.live is not self._live:
            return None
        report = ChargeReport(answer, one.id, currency=one.amount.currency)
        if answer is Answer.SUCCEEDED:
            report = self._taken(one.id, one.id, one.charge, one.amount.currency, {})
        return _listed(report, one.reference, told.text(fields, "description"))

    def refund(self, request: RefundRequest) -> RefundReport:
        if told.INTENT_ID.fullmatch(request.provider_id):
            return self._give_back(request, request.provider_id)
        session = self._client.session(request.provider_id)
        paid = told.session(session.fields) if session.done else None
        if paid is None or paid.id != request.provider_id or paid.live is not self._live:
            return self._no_refund(session, sent=unknown_to_them(session))
        if not paid.intent_id:
            return RefundReport(Answer.DECLINED, why="not_captured", evidence=evidence(session))
        return self._give_back(request, paid.intent_id)

    def _give_back(self, request: RefundRequest, intent_id: str) -> RefundReport:
        body: RefundCreateParams = {
            "payment_intent": intent_id,
            "amount": request.amount.amount_minor,
            "metadata": {"reference": request.reference},
            "expand": ["balance_transaction"],
        }
        reply = self._client.refund(body, request.reference)
        if reply.done and told.amount(reply.fields) != request.amount:
            return RefundReport(Answer.UNKNOWN, why="other_amount", evidence=evidence(reply))
        return self._refunded(reply.fields, request.reference, reply) if reply.done else self._no_refund(reply)

    def fetch_refund(self, reference: str, provider_id: str) -> RefundReport | None:
        if told.INTENT_ID.fullmatch(provider_id):
            return self._given_back(reference, provider_id)
        session = self._client.session(provider_id)
        if unknown_to_them(session):
            return None
        paid = told.session(session.fields) if session.done else None
        if paid is None or paid.id != provider_id:
            return self._no_refund(session, sent=False)
        return self._given_back(reference, paid.intent_id) if paid.intent_id else None

    def _given_back(self, reference: str, intent_id: str) -> RefundReport | None:
        reply = self._client.refunds(intent_id)
        if unknown_to_them(reply):
            return None
        made = told.listed(reply)
        if made is None:
            return self._no_refund(reply, sent=False)
        ours = next((one for one in made if told.reference(one) == reference), None)
        return None if ours is None else self._refunded(ours, reference, reply)

    def payouts(self, since: date) -> Sequence[Payout] | None:
        return payouts.payouts(self._client, since, live=self._live)

    def payout_lines(self, payout: Payout) -> Sequence[PayoutLine] | None:
        return payouts.lines(self._client, payout)

    def woken(self, headers: Mapping[str, str], body: bytes) -> Sequence[str]:
        """At most one name, of what they signed: a session, our reference as payments and refunds carry it, or, of a
        dispute and a refund by their dashboard, the payment intent."""
        signature = next((value for name, value in headers.items() if name.lower() == "stripe-signature"), "")
        if len(body) > _MAX_WEBHOOK or not signed(signature, body, self._webhook_secret, at_s=self._clock()):
            return []
        try:
            found = json.loads(body)["data"]["object"]
        except (ValueError, RecursionError, LookupError, TypeError):
            return []
        if not isinstance(found, dict):
            return []
        if found.get("object") == "checkout.session":
            id_ = told.text(found, "id")
            return [id_] if told.SESSION_ID.fullmatch(id_) else []
        reference, intent_id = told.reference(found), told.text(found, "payment_intent")
        if _REFERENCE.fullmatch(reference):
            return [reference]
        return [intent_id] if told.INTENT_ID.fullmatch(intent_id) else []

    def _page(self, request: ChargeRequest) -> SessionCreateParams:
        """What is asked for: nothing in it changes from one try to the next, or they would refuse the repeat."""
        body: SessionCreateParams = {
            "mode": "payment",
            "client_reference_id": request.reference,
            "line_items": [
                {
                    "price_data": {
                        "currency": request.amount.currency.lower(),
                        "unit_amount": request.amount.amount_minor,
                        "product_data": {"name": request.description[:MAX_NAME]},
                    },
                    "quantity": 1,
                }
            ],
            "payment_intent_data": {
                "description": request.description[:MAX_NAME],
                "metadata": {"reference": request.reference},
            },
            "success_url": request.return_url,
            "cancel_url": request.return_url,
            "locale": mapping.LOCALE.get(request.language, "auto"),
            # What people saw before paying is what they pay: no other currency at a rate of theirs.
            "adaptive_pricing": {"enabled": False},
        }
        if self._method:
            body["allowed_payment_method_types"] = [self._method]
        if self._method == "wechat_pay":
            body["payment_method_options"] = {"wechat_pay": {"client": "web"}}
        return body

    def _found(self, reference: str) -> ChargeReport | None:
        """By our reference: among their newest, else whatever was ever tried to be paid with it."""
        reply = self._client.sessions()
        newest = told.listed(reply)
        if newest is None:
            return self._unread(reply)
        for one in newest:
            if told.text(one, "client_reference_id") == reference and told.SESSION_ID.fullmatch(told.text(one, "id")):
                return self.fetch(reference, told.text(one, "id"))
        reply = self._client.intents(reference)
        tried = told.listed(reply)
        if tried is None:
            return self._unread(reply)
        intent_id = next((told.text(one, "id") for one in tried if told.reference(one) == reference), "")
        if not intent_id:
            return None
        return self._page_of(intent_id, reference)

    def _page_of(self, intent_id: str, reference: str) -> ChargeReport | None:
        return self._paged(self._client.session_of(intent_id), reference)

    def _paged(self, reply: Reply, reference: str) -> ChargeReport:
        page = next(iter(told.listed(reply) or ()), None)
        return self._unread(reply) if page is None else self._told(page, reference, reply)

    def _unread(self, reply: Reply) -> ChargeReport:
        """A look-up that showed nothing. That they refuse to be asked says nothing of the payment."""
        answer, why = (Answer.UNKNOWN, "unreadable") if reply.done else refused(reply)
        answer = Answer.UNKNOWN if answer is Answer.DECLINED else answer
        return ChargeReport(answer, why=why, evidence=evidence(reply))

    def _told(self, fields: told.Fields, reference: str, reply: Reply) -> ChargeReport:
        """What a session says of the payment `reference`; of another payment, or of a test, it says nothing."""
        page = told.session(fields)
        unreadable = ChargeReport(Answer.UNKNOWN, why="unreadable", evidence=evidence(reply))
        if page is None or page.reference != reference or page.live is not self._live:
            return unreadable
        answer, why = mapping.SESSION.get(page.state, (Answer.UNKNOWN, "status_unknown"))
        if page.state == "complete-unpaid":
            answer, why = mapping.INTENT.get(page.intent_status, (Answer.UNKNOWN, "status_unknown"))
        kept, currency = evidence(reply, page.state), page.amount.currency
        if answer is not Answer.SUCCEEDED:
            url = page_of(page.url, self._base_url)
            return ChargeReport(answer, page.id, url, currency=currency, why=why, evidence=kept)
        return self._taken(page.id, page.intent_id, page.charge, currency, kept)

    def _taken(
        self, id_: str, intent_id: str, charge: told.Charge | None, currency: str, kept: Mapping[str, str]
    ) -> ChargeReport:
        """A payment that succeeded, by what was charged."""
        gone = told.Disputed(0, Money(0, currency))
        if charge is None or charge.captured.currency != currency:
            return ChargeReport(Answer.UNKNOWN, why="unreadable", evidence=kept)
        if charge.disputed:
            asked = self._client.disputes(intent_id)
            all_of_them = told.disputes(asked, currency)
            if all_of_them is None:
                return ChargeReport(Answer.UNKNOWN, why="disputes_unread", evidence=evidence(asked))
            gone = all_of_them
        return ChargeReport(
            Answer.SUCCEEDED,
            id_,
            captured_minor=charge.captured.amount_minor,
            refunded_minor=charge.refunded_minor,
            charged_back_minor=gone.gone_minor,
            currency=currency,
            evidence={**kept, "their_payment": intent_id},
            fee=charge.fee + gone.fee if charge.fee and gone.fee else None,
            answer_by=gone.answer_by,
        )

    def _refunded(self, fields: told.Fields, reference: str, reply: Reply) -> RefundReport:
        refund_id, status, back = told.text(fields, "id"), told.text(fields, "status"), told.amount(fields)
        if told.reference(fields) != reference or not refund_id.startswith(("re_", "pyr_")) or back is None:
            return RefundReport(Answer.UNKNOWN, why="unreadable", evidence=evidence(reply))
        answer = mapping.REFUND.get(status, Answer.UNKNOWN)
        why = "refused" if answer is Answer.DECLINED else ""
        return RefundReport(answer, refund_id, why, evidence(reply, status), fee=told.refund_fee(fields, back.currency))

    def _no_refund(self, reply: Reply, *, sent: bool = True) -> RefundReport:
        answer, why = refused(reply) if not reply.done else (Answer.UNKNOWN, "unreadable")
        if answer is Answer.DECLINED and not sent:
            answer = Answer.UNKNOWN
        return RefundReport(answer, why=why, evidence=evidence(reply))


def _listed(report: ChargeReport, reference: str, about: str) -> ListedCharge | None:
    if report.answer is Answer.UNKNOWN:
        return None
    kept_minor = max(report.captured_minor - report.refunded_minor - report.charged_back_minor, 0)
    still = report.answer is Answer.PENDING
    return ListedCharge(reference, report.provider_id, kept_minor, report.currency, still, about)


def refused(reply: Reply) -> tuple[Answer, str]:
    if reply.trouble:
        return reply.trouble, reply.evidence.get("error", "")
    error = reply.fields.get("error")
    if not isinstance(error, dict) or not told.text(error, "type"):  # an error of theirs has one, a gateway's does not
        return Answer.UNKNOWN, "error_unknown"
    kind = mapping.TYPE.get(told.text(error, "type"))
    return kind or mapping.ERROR.get(reply.status, (Answer.UNKNOWN, "error_unknown"))


def unknown_to_them(reply: Reply) -> bool:
    return reply.status == 404 and refused(reply) == mapping.ERROR[404]


def evidence(reply: Reply, status: str = "") -> dict[str, str]:
    """What may be kept of a reply: its status and, of an error, their words for it. Never a text of theirs."""
    error = reply.fields.get("error")
    of = error if isinstance(error, dict) and not reply.done else {}
    words = {
        "their_status": status,
        "their_type": told.text(of, "type"),
        "their_code": told.text(of, "code"),
        "their_field": told.text(of, "param"),
    }
    return {**reply.evidence, **{name: word[:64] for name, word in words.items() if word}}
