"""The look at the slips. It is a database call, and it can fail half-way like any other call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from opla.core.ports import Slip, SlipBack, SlipBook

T = TypeVar("T")


@dataclass(frozen=True)
class Lost:
    """The book did not answer; a person may have been told of a refund all the same. `error` names what was raised."""

    error: str


class Client:
    def __init__(self, slips: SlipBook) -> None:
        self._slips = slips

    def slip(self, reference: str) -> Slip | Lost | None:
        return _guarded(lambda: self._slips.slip(reference))

    def owe(self, reference: str) -> Lost | None:
        return _guarded(lambda: self._slips.owe(reference))

    def paid_back(self, reference: str) -> SlipBack | Lost | None:
        return _guarded(lambda: self._slips.paid_back(reference))


def _guarded(call: Callable[[], T]) -> T | Lost:
    try:
        return call()
    except Exception as why:  # noqa: BLE001 - the port's errors are its database's, which this layer may not know
        return Lost(type(why).__name__)
