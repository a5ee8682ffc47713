"""The call to our own cards. It is a database call, and it can fail half-way like any other call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from opla.core.ports import CardStock, StockedCard


@dataclass(frozen=True)
class Lost:
    """The stock did not answer; a reservation may have been committed all the same. `error` names what was raised."""

    error: str


class Client:
    def __init__(self, stock: CardStock) -> None:
        self._stock = stock

    def reserve(self, reference: str, sku: str) -> StockedCard | Lost | None:
        return _guarded(lambda: self._stock.reserve_card(reference, sku))

    def held(self, reference: str) -> StockedCard | Lost | None:
        return _guarded(lambda: self._stock.card_of(reference))


def _guarded(call: Callable[[], StockedCard | None]) -> StockedCard | Lost | None:
    try:
        return call()
    except Exception as why:  # noqa: BLE001 - the port's errors are its database's, which this layer may not know
        return Lost(type(why).__name__)
