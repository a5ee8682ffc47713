"""The look into our drawers. It is a database call, and it can fail half-way like any other call."""

from __future__ import annotations

from opla.core.ports import CashBook, PayOut, Till
from opla.payments.own_book import Lost, guarded


class Client:
    def __init__(self, drawers: CashBook) -> None:
        self._drawers = drawers

    def expect(self, reference: str) -> str | Lost:
        return guarded(lambda: self._drawers.expect(reference))

    def taken(self, reference: str) -> Till | Lost | None:
        return guarded(lambda: self._drawers.taken(reference))

    def owe(self, reference: str) -> str | Lost:
        return guarded(lambda: self._drawers.owe(reference))

    def paid_out(self, reference: str) -> PayOut | Lost | None:
        return guarded(lambda: self._drawers.paid_out(reference))
