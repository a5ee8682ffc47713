"""Stripe where it keeps consent: Checkout leaves a payment method of a customer, and later charges go by that.

Facts: docs.stripe.com/payments/save-during-payment and docs.stripe.com/payments/bancontact/save-during-payment. A
charge by a mandate has no session: its payment intent is what we call the payment.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from stripe.params import PaymentIntentCreateParams
from stripe.params.checkout import SessionCreateParams

from opla.calling import Reply
from opla.core.ports import Answer, ChargeReport, ChargeRequest, Mandate
from opla.payments.stripe import mapping, told
from opla.payments.stripe.provider import MAX_NAME, Stripe, evidence, refused, unknown_to_them

#: How this adapter writes a mandate: whose, which payment method, and of what type.
_MANDATE = re.compile(r"(cus_[A-Za-z0-9_]{4,250})/(pm_[A-Za-z0-9_]{4,250})/([a-z_]{2,40})")


class StripeAgain(Stripe):
    """Of a method that keeps consent, or of the choice on their page, which then offers such methods alone."""

    def charge(self, request: ChargeRequest) -> ChargeReport:
        return self._again(request) if request.mandate else super().charge(request)

    def fetch(self, reference: str, provider_id: str) -> ChargeReport | None:
        if not told.INTENT_ID.fullmatch(provider_id):
            return super().fetch(reference, provider_id)
        reply = self._client.intent(provider_id)
        if not reply.done:
            return None if unknown_to_them(reply) else self._unread(reply)
        return self._charged(reply, reference)

    def end_mandate(self, mandate: str) -> Answer:
        found = _MANDATE.fullmatch(mandate)
        if found is None:  # none of theirs, so nothing can be charged by it
            return Answer.SUCCEEDED
        reply = self._client.detach(found[2])
        if reply.status == 400 and not reply.trouble:  # it may be of nobody already; then that is what it says
            reply = self._client.method(found[2])
        if reply.done:
            of_nobody = "customer" in reply.fields and reply.fields["customer"] is None
            return Answer.SUCCEEDED if of_nobody and told.text(reply.fields, "id") == found[2] else Answer.UNKNOWN
        return Answer.SUCCEEDED if unknown_to_them(reply) else refused(reply)[0]

    def _page(self, request: ChargeRequest) -> SessionCreateParams:
        body = super()._page(request)
        if request.keep:
            body["customer_creation"] = "always"
            body["payment_intent_data"]["setup_future_usage"] = "off_session"
            body.setdefault("allowed_payment_method_types", list(mapping.KEEPS))
        return body

    def _again(self, request: ChargeRequest) -> ChargeReport:
        found = _MANDATE.fullmatch(request.mandate)
        if found is None or found[3] not in mapping.DAYS:
            return ChargeReport(Answer.DECLINED, why="mandate_ended")
        customer_id, method_id, kind = found.groups()
        body: PaymentIntentCreateParams = {
            "amount": request.amount.amount_minor,
            "currency": request.amount.currency.lower(),
            "customer": customer_id,
            "payment_method": method_id,
            "allowed_payment_method_types": [kind],
            "confirm": True,
            "off_session": True,
            "description": request.description[:MAX_NAME],
            "metadata": {"reference": request.reference},
            "expand": ["latest_charge.balance_transaction"],
        }
        reply = self._client.charge(body, request.reference)
        if not reply.done:
            answer, why = _refused_again(reply)
            return ChargeReport(answer, why=why, evidence=evidence(reply))
        made = told.intent(reply.fields)
        if made is not None and made.amount != request.amount:
            return ChargeReport(Answer.UNKNOWN, why="other_amount", evidence=evidence(reply))
        if made is None or made.customer_id != customer_id or made.method_id != method_id:
            return ChargeReport(Answer.UNKNOWN, why="unreadable", evidence=evidence(reply))
        return self._charged(reply, request.reference)

    def _charged(self, reply: Reply, reference: str) -> ChargeReport:
        """What a payment intent without a page says of the payment `reference`."""
        made = told.intent(reply.fields)
        if made is None or made.reference != reference or made.live is not self._live:
            return ChargeReport(Answer.UNKNOWN, why="unreadable", evidence=evidence(reply))
        answer, why = mapping.AGAIN.get(made.status, (Answer.UNKNOWN, "status_unknown"))
        currency, kept = made.amount.currency, evidence(reply, made.status)
        if answer is Answer.SUCCEEDED:
            return self._taken(made.id, made.id, made.charge, currency, kept)
        if answer is Answer.DECLINED:
            why = _why(made.codes)
        return ChargeReport(answer, made.id, currency=currency, why=why, evidence=kept)

    def _page_of(self, intent_id: str, reference: str) -> ChargeReport | None:
        reply = self._client.session_of(intent_id)
        if told.listed(reply) == []:  # nobody was shown a page for it
            return self.fetch(reference, intent_id)
        return self._paged(reply, reference)

    def _told(self, fields: told.Fields, reference: str, reply: Reply) -> ChargeReport:
        report = super()._told(fields, reference, reply)
        if report.answer is not Answer.SUCCEEDED:
            return report
        return replace(report, mandate=self._kept(*told.left(fields)))

    def _kept(self, customer_id: str, method_id: str, how: str) -> Mandate | None:
        """The consent that was left, while it is of that customer. No answer is a "not yet"."""
        kind = mapping.KEEPS.get(how, "")
        mandate = f"{customer_id}/{method_id}/{kind}"
        if not kind or not _MANDATE.fullmatch(mandate):
            return None
        reply = self._client.method(method_id)
        same = told.text(reply.fields, "id") == method_id and told.text(reply.fields, "customer") == customer_id
        if not reply.done or not same or told.text(reply.fields, "type") != kind:
            return None
        return Mandate(mandate, mapping.DAYS[kind])


def _why(codes: Sequence[str]) -> str:
    return next((mapping.FAILURE[code] for code in codes if code in mapping.FAILURE), "refused")


def _refused_again(reply: Reply) -> tuple[Answer, str]:
    """An error to a charge by a mandate: the bank's no, that consent is gone, or what it would be of any call."""
    answer, why = refused(reply)
    error = reply.fields.get("error")
    if reply.trouble or answer is not Answer.DECLINED or not isinstance(error, dict):
        return answer, why
    kind = told.text(error, "type")
    if kind == "card_error":
        return answer, _why(told.codes(error))
    if kind == "invalid_request_error":
        return answer, mapping.ENDED.get(told.text(error, "param"), "rejected")
    return answer, why
