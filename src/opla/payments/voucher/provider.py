"""Our vouchers, keeping `Charges` and `Refunds`. A voucher pays in the transaction that places the order, so a charge
is over when it is first looked at; a refund makes the voucher good again, at once."""

from __future__ import annotations

from opla.core.money import Money
from opla.core.ports import ChargeReport, ChargeRequest, Promises, RefundReport, RefundRequest, VoucherBook
from opla.payments.own_book import Lost, lost_charge, lost_refund, refund
from opla.payments.voucher import mapping
from opla.payments.voucher.client import Client


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
        if isinstance(said, Lost):
            return lost_refund(mapping.REFUND, said)
        return refund(mapping.REFUND, said, request.reference)

    def fetch_refund(self, reference: str, provider_id: str) -> RefundReport | None:  # noqa: ARG002
        found = self._client.given_back(reference)
        if isinstance(found, Lost):
            return lost_refund(mapping.REFUND, found)
        return refund(mapping.REFUND, "done", reference) if found else None


def _paid(reference: str, found: Money | Lost | None) -> ChargeReport:
    if isinstance(found, Lost):
        return lost_charge(mapping.CHARGE, found)
    answer, why = mapping.CHARGE["nothing" if found is None else "paid"]
    minor, currency = (0, "") if found is None else (found.amount_minor, found.currency)
    return ChargeReport(answer, provider_id=reference, captured_minor=minor, currency=currency, why=why)
