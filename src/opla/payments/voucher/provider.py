"""Our vouchers, keeping `Charges` and `Refunds`. A voucher pays in the transaction that places the order, so a charge
is over when it is first looked at; a refund makes the voucher good again, at once."""

from __future__ import annotations

from opla.core.money import Money
from opla.core.ports import ChargeReport, ChargeRequest, Promises, RefundReport, RefundRequest, VoucherBook
from opla.payments.voucher import mapping
from opla.payments.voucher.client import Client, Lost


class OnPaper:
    """One charge is paid by one voucher, and one refund gives one back, so asking again is always safe."""

    promises = Promises(refuses_repeat=True, find_by_reference=True, max_seconds=5)

    def __init__(self, vouchers: VoucherBook) -> None:
        self._client = Client(vouchers)

    def charge(self, request: ChargeRequest) -> ChargeReport:
        return _paid(request.reference, self._client.paid(request.reference))

    def fetch(self, reference: str, provider_id: str) -> ChargeReport | None:  # noqa: ARG002 - ours is enough
        found = self._client.paid(reference)
        return None if found is None else _paid(reference, found)

    def refund(self, request: RefundRequest) -> RefundReport:
        # The payment is known at the provider, which is us, by the reference of its charge.
        said = self._client.give_back(request.reference, request.provider_id, request.amount)
        return _refund("lost", error=said.error) if isinstance(said, Lost) else _refund(said, request.reference)

    def fetch_refund(self, reference: str, provider_id: str) -> RefundReport | None:  # noqa: ARG002
        found = self._client.given_back(reference)
        if isinstance(found, Lost):
            return _refund("lost", error=found.error)
        return _refund("done", reference) if found else None


def _paid(reference: str, found: Money | Lost | None) -> ChargeReport:
    if isinstance(found, Lost):
        answer, why = mapping.CHARGE["lost"]
        return ChargeReport(answer, why=why, evidence={"error": found.error})
    answer, why = mapping.CHARGE["nothing" if found is None else "paid"]
    minor, currency = (0, "") if found is None else (found.amount_minor, found.currency)
    return ChargeReport(answer, provider_id=reference, captured_minor=minor, currency=currency, why=why)


def _refund(word: str, refund_id: str = "", **evidence: str) -> RefundReport:
    answer, why = mapping.REFUND[word]
    return RefundReport(answer, refund_id=refund_id, why=why, evidence=evidence)
