"""Our counters, keeping `Charges` and `Refunds`. A charge is a code that is waited for; a refund is one that is paid
out. Both are over when a line of a drawer shows it."""

from __future__ import annotations

from opla.core.ports import CashBook, ChargeReport, ChargeRequest, PayOut, Promises, RefundReport, RefundRequest, Till
from opla.payments.cash import mapping
from opla.payments.cash.client import Client
from opla.payments.own_book import FORGOTTEN, Lost, lost_charge, lost_refund, refund


class OverTheCounter:
    """One attempt has one code, so asking again is always safe. The code itself is no evidence: it may be money."""

    promises = Promises(refuses_repeat=True, find_by_reference=True, max_seconds=5)

    def __init__(self, drawers: CashBook) -> None:
        self._client = Client(drawers)

    def charge(self, request: ChargeRequest) -> ChargeReport:
        expected = self._client.expect(request.reference)
        if isinstance(expected, Lost):
            return lost_charge(mapping.CHARGE, expected)
        found = self.fetch(request.reference, "")
        return found if found is not None else lost_charge(mapping.CHARGE, FORGOTTEN)

    def fetch(self, reference: str, provider_id: str) -> ChargeReport | None:  # noqa: ARG002 - ours is enough
        found = self._client.taken(reference)
        if isinstance(found, Lost):
            return lost_charge(mapping.CHARGE, found)
        return None if found is None else _told(reference, found)

    def refund(self, request: RefundRequest) -> RefundReport:
        owed = self._client.owe(request.reference)
        if isinstance(owed, Lost):
            return lost_refund(mapping.REFUND, owed)
        found = self._client.paid_out(request.reference)
        return _paid_out(request.reference, found if found is not None else FORGOTTEN)

    def fetch_refund(self, reference: str, provider_id: str) -> RefundReport | None:  # noqa: ARG002
        found = self._client.paid_out(reference)
        return None if found is None else _paid_out(reference, found)


def _told(reference: str, found: Till) -> ChargeReport:
    word = "taken" if found.captured_minor else "nothing_yet" if found.waiting else "over"
    answer, why = mapping.CHARGE[word]
    return ChargeReport(
        answer,
        provider_id=reference,
        captured_minor=found.captured_minor,
        currency=found.currency,
        why=why,
    )


def _paid_out(reference: str, found: PayOut | Lost) -> RefundReport:
    if isinstance(found, Lost):
        return lost_refund(mapping.REFUND, found)
    word = "paid_out" if found.paid else "withdrawn" if found.withdrawn else "waiting"
    return refund(mapping.REFUND, word, reference)
