"""The look into the lines of our own account. It is a database call, and it can fail half-way like any other call."""

from __future__ import annotations

from opla.core.ports import AccountBook, Received, SentBack
from opla.payments.own_book import Lost, guarded


class Client:
    def __init__(self, book: AccountBook) -> None:
        self._book = book

    def expect(self, reference: str) -> str | Lost:
        return guarded(lambda: self._book.expect(reference))

    def received(self, reference: str) -> Received | Lost | None:
        return guarded(lambda: self._book.received(reference))

    def send_back(self, reference: str) -> str | Lost:
        return guarded(lambda: self._book.send_back(reference))

    def sent(self, reference: str) -> SentBack | Lost | None:
        return guarded(lambda: self._book.sent(reference))
