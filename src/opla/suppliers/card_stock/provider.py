"""Our own SIM cards, keeping `Sends` and `Finds`. A card is given when a clerk says so: until then it is pending."""

from __future__ import annotations

from opla.core.ports import CardStock, Kind, Promises, SendReport, SendRequest, StockedCard
from opla.suppliers.card_stock import mapping
from opla.suppliers.card_stock.client import Client, Lost

_DAY_S = 24 * 3600


class OwnCards:
    """An order has one card, so asking again is always safe. After five days unsent it is on a person's list."""

    promises = Promises(refuses_repeat=True, find_by_reference=True, max_seconds=5, park_after_s=5 * _DAY_S)

    def __init__(self, stock: CardStock) -> None:
        self._client = Client(stock)

    def send(self, request: SendRequest) -> SendReport:
        if request.kind is not Kind.SIM:
            return _report("kind_not_sold")
        found = self._client.reserve(request.reference, request.sku)
        return _report("out_of_stock") if found is None else _told(found, request.reference)

    def find(self, reference: str) -> SendReport | None:
        found = self._client.held(reference)
        return None if found is None else _told(found, reference)


def _told(found: StockedCard | Lost, reference: str) -> SendReport:
    if isinstance(found, Lost):
        return _report("lost", error=found.error)
    answer, _ = mapping.CARD["given" if found.given else "reserved"]
    return SendReport(answer=answer, supplier_id=reference, cost_minor=found.cost_minor)


def _report(word: str, **evidence: str) -> SendReport:
    answer, why = mapping.CARD[word]
    return SendReport(answer, why=why, evidence=evidence)
