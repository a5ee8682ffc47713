"""A machine that clerks read, keeping `Charges` and `Refunds`: both are over when a slip shows it."""

from __future__ import annotations

from opla.core.ports import ChargeReport, ChargeRequest, Promises, RefundReport, RefundRequest, Slip, SlipBack, SlipBook
from opla.payments.own_book import FORGOTTEN, Lost, lost_charge, lost_refund, refund
from opla.payments.terminal import mapping
from opla.payments.terminal.client import Client


class ReadByClerks:
    """Asking again is always safe: a charge makes nothing here, and a refund is one item on a person's list."""

    promises = Promises(refuses_repeat=True, find_by_reference=True, max_seconds=5)

    def __init__(self, slips: SlipBook) -> None:
        self._client = Client(slips)

    def charge(self, request: ChargeRequest) -> ChargeReport:
        found = self.fetch(request.reference, "")
        return found if found is not None else lost_charge(mapping.CHARGE, FORGOTTEN)

    def fetch(self, reference: str, provider_id: str) -> ChargeReport | None:  # noqa: ARG002 - ours is enough
        found = self._client.slip(reference)
        if isinstance(found, Lost):
            return lost_charge(mapping.CHARGE, found)
        return None if found is None else _told(reference, found)

    def refund(self, request: RefundRequest) -> RefundReport:
        lost = self._client.owe(request.reference)
        if lost is not None:
            return lost_refund(mapping.REFUND, lost)
        found = self._client.paid_back(request.reference)
        return _paid_back(request.reference, found if found is not None else FORGOTTEN)

    def fetch_refund(self, reference: str, provider_id: str) -> RefundReport | None:  # noqa: ARG002
        found = self._client.paid_back(reference)
        return None if found is None else _paid_back(reference, found)


def _told(reference: str, found: Slip) -> ChargeReport:
    word = "declined" if found.told else "nothing_yet" if found.waiting else "over"
    answer, why = mapping.CHARGE["approved" if found.captured_minor else word]
    return ChargeReport(
        answer,
        provider_id=reference,
        captured_minor=found.captured_minor,
        currency=found.currency,
        why=why,
    )


def _paid_back(reference: str, found: SlipBack | Lost) -> RefundReport:
    if isinstance(found, Lost):
        return lost_refund(mapping.REFUND, found)
    word = "given_back" if found.paid else "withdrawn" if found.withdrawn else "waiting"
    return refund(mapping.REFUND, word, reference)
