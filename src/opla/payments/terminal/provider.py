"""A machine that clerks read, keeping `Charges` and `Refunds`: both are over when a slip shows it."""

from __future__ import annotations

from opla.core.ports import ChargeReport, ChargeRequest, Promises, RefundReport, RefundRequest, Slip, SlipBack, SlipBook
from opla.payments.terminal import mapping
from opla.payments.terminal.client import Client, Lost


class ReadByClerks:
    """Asking again is always safe: a charge makes nothing here, and a refund is one item on a person's list."""

    promises = Promises(refuses_repeat=True, find_by_reference=True, max_seconds=5)

    def __init__(self, slips: SlipBook) -> None:
        self._client = Client(slips)

    def charge(self, request: ChargeRequest) -> ChargeReport:
        found = self.fetch(request.reference, "")
        return found if found is not None else _lost(Lost("forgotten"))

    def fetch(self, reference: str, provider_id: str) -> ChargeReport | None:  # noqa: ARG002 - ours is enough
        found = self._client.slip(reference)
        if isinstance(found, Lost):
            return _lost(found)
        return None if found is None else _told(reference, found)

    def refund(self, request: RefundRequest) -> RefundReport:
        lost = self._client.owe(request.reference)
        if lost is not None:
            return _refund("lost", error=lost.error)
        found = self._client.paid_back(request.reference)
        return _paid_back(request.reference, found if found is not None else Lost("forgotten"))

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


def _lost(lost: Lost) -> ChargeReport:
    answer, why = mapping.CHARGE["lost"]
    return ChargeReport(answer, why=why, evidence={"error": lost.error})


def _paid_back(reference: str, found: SlipBack | Lost) -> RefundReport:
    if isinstance(found, Lost):
        return _refund("lost", error=found.error)
    word = "given_back" if found.paid else "withdrawn" if found.withdrawn else "waiting"
    return _refund(word, refund_id=reference)


def _refund(word: str, *, refund_id: str = "", **evidence: str) -> RefundReport:
    answer, why = mapping.REFUND[word]
    return RefundReport(answer, refund_id=refund_id, why=why, evidence=evidence)
