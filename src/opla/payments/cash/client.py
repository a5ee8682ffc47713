"""The look into our drawers. It is a database call, and it can fail half-way like any other call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from opla.core.ports import CashBook, PayOut, Till

T = TypeVar("T")


@dataclass(frozen=True)
class Lost:
    """The book did not answer; a code may have been given out all the same. `error` names what was raised."""

    error: str


class Client:
    def __init__(self, drawers: CashBook) -> None:
        self._drawers = drawers

    def expect(self, reference: str) -> str | Lost:
        return _guarded(lambda: self._drawers.expect(reference))

    def taken(self, reference: str) -> Till | Lost | None:
        return _guarded(lambda: self._drawers.taken(reference))

    def owe(self, reference: str) -> str | Lost:
        return _guarded(lambda: self._drawers.owe(reference))

    def paid_out(self, reference: str) -> PayOut | Lost | None:
        return _guarded(lambda: self._drawers.paid_out(reference))


def _guarded(call: Callable[[], T]) -> T | Lost:
    try:
        return call()
    except Exception as why:  # noqa: BLE001 - the port's errors are its database's, which this layer may not know
        return Lost(type(why).__name__)
