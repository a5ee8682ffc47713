"""Mollie where it keeps consent: a first payment of a customer leaves a mandate, and later charges go by it.

Facts: docs.mollie.com/docs/recurring-payments and the specification (customers, mandates, `sequenceType`).
"""

from __future__ import annotations

import re
from dataclasses import replace

from opla.calling import Reply
from opla.core.ports import Answer, ChargeReport, ChargeRequest, Mandate
from opla.payments.mollie import mapping
from opla.payments.mollie.client import CUSTOMER_S
from opla.payments.mollie.provider import Fields, Mollie, evidence, refused, text

_CUSTOMER = re.compile(r"cst_[A-Za-z0-9]{4,40}")
#: How this adapter writes a mandate: whose, and which one.
_MANDATE = re.compile(r"(cst_[A-Za-z0-9]{4,40})/(mdt_[A-Za-z0-9]{4,40})")


class MollieAgain(Mollie):
    """Of a method that keeps consent, or of the choice on their page, which then offers such methods alone."""

    # A first payment is two calls: that of the customer moves nothing.
    promises = replace(Mollie.promises, max_seconds=Mollie.promises.max_seconds + round(CUSTOMER_S))

    def charge(self, request: ChargeRequest) -> ChargeReport:
        if request.mandate:
            return self._again(request)
        if not request.keep:
            return super().charge(request)
        reply = self._client.customer(request.reference)
        customer_id = text(reply.fields, "id") if reply.done else ""
        if not _CUSTOMER.fullmatch(customer_id):
            return _not_begun(reply)
        return self._started(request, {**self._page(request), "sequenceType": "first", "customerId": customer_id})

    def end_mandate(self, mandate: str) -> Answer:
        found = _MANDATE.fullmatch(mandate)
        if found is None:  # none of theirs, so nothing can be charged by it
            return Answer.SUCCEEDED
        reply = self._client.revoke(*found.groups())
        if reply.done:
            return Answer.SUCCEEDED if reply.status == 204 else Answer.UNKNOWN
        return Answer.SUCCEEDED if _gone(reply) else refused(reply)[0]

    def _again(self, request: ChargeRequest) -> ChargeReport:
        found = _MANDATE.fullmatch(request.mandate)
        if found is None:
            return ChargeReport(Answer.DECLINED, why="mandate_ended")
        customer_id, mandate_id = found.groups()
        by = {"sequenceType": "recurring", "customerId": customer_id, "mandateId": mandate_id}
        return self._started(request, by)

    def _charge_report(self, reply: Reply, request: ChargeRequest) -> ChargeReport:
        report = super()._charge_report(reply, request)
        if not request.mandate:
            return report
        if reply.done:
            by = f"{text(reply.fields, 'customerId')}/{text(reply.fields, 'mandateId')}"
            same = by == request.mandate and text(reply.fields, "sequenceType") == "recurring"
            return report if same else ChargeReport(Answer.UNKNOWN, why="unreadable", evidence=evidence(reply))
        if _gone(reply):
            return replace(report, answer=Answer.DECLINED, why="mandate_ended")
        return report

    def _told(self, fields: Fields, reference: str, reply: Reply) -> ChargeReport:
        report = super()._told(fields, reference, reply)
        sequence, details = text(fields, "sequenceType"), fields.get("details")
        if report.answer is Answer.DECLINED and sequence == "recurring" and isinstance(details, dict):
            why = mapping.FAILURE_AGAIN.get(text(details, "failureReason"), report.why)
            return replace(report, why=why)
        if report.answer is Answer.SUCCEEDED and sequence == "first":
            return replace(report, mandate=self._kept(text(fields, "customerId"), text(fields, "mandateId")))
        return report

    def _kept(self, customer_id: str, mandate_id: str) -> Mandate | None:
        """The consent that was left, once it is valid. No answer is a "not yet": the payment is what it is."""
        if not _MANDATE.fullmatch(f"{customer_id}/{mandate_id}"):
            return None
        reply = self._client.mandate(customer_id, mandate_id)
        same = text(reply.fields, "id") == mandate_id and text(reply.fields, "customerId") == customer_id
        days = mapping.DAYS.get(text(reply.fields, "method"))
        if not reply.done or not same or text(reply.fields, "status") != "valid" or days is None:
            return None
        return Mandate(f"{customer_id}/{mandate_id}", days)


def _not_begun(reply: Reply) -> ChargeReport:
    """Without a customer no payment was asked for, whatever became of that call; a no to it stays one."""
    answer, why = refused(reply) if not reply.done else (Answer.UNKNOWN, "unreadable")
    answer = Answer.DECLINED if answer is Answer.DECLINED else Answer.NOT_SENT
    return ChargeReport(answer, why=why, evidence=evidence(reply))


def _gone(reply: Reply) -> bool:
    """An error of theirs that says: no such mandate (any more), or none that can be used."""
    if reply.trouble or reply.fields.get("status") != reply.status:
        return False
    field = f"-{text(reply.fields, 'field')}" if reply.status == 422 else ""
    return f"{reply.status}{field}" in mapping.ENDED
