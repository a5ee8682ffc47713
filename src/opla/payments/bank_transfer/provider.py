"""Our own account, keeping `Charges` and `Refunds`. A charge is a reference that is waited for; a refund a task for a
person. Both are over when a line of a statement shows it."""

from __future__ import annotations

from opla.core.ports import (
    AccountBook,
    ChargeReport,
    ChargeRequest,
    Promises,
    Received,
    RefundReport,
    RefundRequest,
    SentBack,
)
from opla.payments.bank_transfer import mapping
from opla.payments.bank_transfer.client import Client
from opla.payments.own_book import FORGOTTEN, Lost, lost_charge, lost_refund, refund


class OwnAccountTransfers:
    """One attempt has one reference, so asking again is always safe."""

    promises = Promises(refuses_repeat=True, find_by_reference=True, max_seconds=5)

    def __init__(self, book: AccountBook) -> None:
        self._client = Client(book)

    def charge(self, request: ChargeRequest) -> ChargeReport:
        expected = self._client.expect(request.reference)
        if isinstance(expected, Lost):
            return lost_charge(mapping.CHARGE, expected)
        found = self.fetch(request.reference, expected)
        return found if found is not None else lost_charge(mapping.CHARGE, FORGOTTEN)

    def fetch(self, reference: str, provider_id: str) -> ChargeReport | None:  # noqa: ARG002 - ours is enough
        found = self._client.received(reference)
        if isinstance(found, Lost):
            return lost_charge(mapping.CHARGE, found)
        return None if found is None else _told(found)

    def refund(self, request: RefundRequest) -> RefundReport:
        asked = self._client.send_back(request.reference)
        if isinstance(asked, Lost):
            return lost_refund(mapping.REFUND, asked)
        found = self._client.sent(request.reference)
        return _sent(found if found is not None else FORGOTTEN)

    def fetch_refund(self, reference: str, provider_id: str) -> RefundReport | None:  # noqa: ARG002
        found = self._client.sent(reference)
        return None if found is None else _sent(found)


def _told(found: Received) -> ChargeReport:
    word = "came_in" if found.captured_minor else "nothing_yet" if found.waiting else "over"
    answer, why = mapping.CHARGE[word]
    return ChargeReport(
        answer,
        provider_id=found.number,
        captured_minor=found.captured_minor,
        refunded_minor=found.refunded_minor,
        charged_back_minor=found.returned_minor,
        currency=found.currency,
        why=why,
    )


def _sent(found: SentBack | Lost) -> RefundReport:
    if isinstance(found, Lost):
        return lost_refund(mapping.REFUND, found)
    return refund(mapping.REFUND, "booked" if found.booked else "asked", found.number)
