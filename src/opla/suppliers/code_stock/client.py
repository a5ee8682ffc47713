"""The call to our own stock. It is a database call, and it can fail half-way like any other call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from opla.core.ports import CodeStock, StockedCode


@dataclass(frozen=True)
class Lost:
    """The stock did not answer; a claim may have been committed all the same. `error` names what was raised."""

    error: str


class Client:
    def __init__(self, stock: CodeStock) -> None:
        self._stock = stock

    def claim(self, reference: str, sku: str) -> StockedCode | Lost | None:
        return _guarded(lambda: self._stock.claim(reference, sku))

    def claimed(self, reference: str) -> StockedCode | Lost | None:
        return _guarded(lambda: self._stock.claimed(reference))


def _guarded(call: Callable[[], StockedCode | None]) -> StockedCode | Lost | None:
    try:
        return call()
    except Exception as why:  # noqa: BLE001 - the port's errors are its database's, which this layer may not know
        return Lost(type(why).__name__)
