"""The look at the slips. It is a database call, and it can fail half-way like any other call."""

from __future__ import annotations

from opla.core.ports import Slip, SlipBack, SlipBook
from opla.payments.own_book import Lost, guarded


class Client:
    def __init__(self, slips: SlipBook) -> None:
        self._slips = slips

    def slip(self, reference: str) -> Slip | Lost | None:
        return guarded(lambda: self._slips.slip(reference))

    def owe(self, reference: str) -> Lost | None:
        return guarded(lambda: self._slips.owe(reference))

    def paid_back(self, reference: str) -> SlipBack | Lost | None:
        return guarded(lambda: self._slips.paid_back(reference))
