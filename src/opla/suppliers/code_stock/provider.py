"""Our own stock, keeping `Sends` and `Finds`. The code stays sealed: only its place in the stock is told."""

from __future__ import annotations

from opla.core.ports import CodeStock, Promises, SendReport, SendRequest, StockedCode
from opla.suppliers.code_stock import mapping
from opla.suppliers.code_stock.client import Client, Lost


class OwnStock:
    """One attempt reference holds one code until it comes back unseen, so asking again is always safe."""

    promises = Promises(refuses_repeat=True, find_by_reference=True, max_seconds=5)

    def __init__(self, stock: CodeStock) -> None:
        self._client = Client(stock)

    def send(self, request: SendRequest) -> SendReport:
        if not request.kind.is_secret:
            return _report("kind_not_sold")
        found = self._client.claim(request.reference, request.sku)
        return _report("out_of_stock") if found is None else _told(found, request.reference)

    def find(self, reference: str) -> SendReport | None:
        found = self._client.claimed(reference)
        return None if found is None else _told(found, reference)


def _told(found: StockedCode | Lost, reference: str) -> SendReport:
    if isinstance(found, Lost):
        return _report("lost", error=found.error)
    answer, _ = mapping.CLAIM["claimed"]
    return SendReport(
        answer=answer,
        supplier_id=reference,  # of the claim: a code that came back unseen is claimed again, by another
        cost_minor=found.cost_minor,
        stock_id=found.stock_id,
        evidence={"serial": found.serial},
    )


def _report(word: str, **evidence: str) -> SendReport:
    answer, why = mapping.CLAIM[word]
    return SendReport(answer, why=why, evidence=evidence)
