"""The look into the lines of our own account. It is a database call, and it can fail half-way like any other call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from opla.core.ports import AccountBook, Received, SentBack

T = TypeVar("T")


@dataclass(frozen=True)
class Lost:
    """The book did not answer; a reference may have been given out all the same. `error` names what was raised."""

    error: str


class Client:
    def __init__(self, book: AccountBook) -> None:
        self._book = book

    def expect(self, reference: str) -> str | Lost:
        return _guarded(lambda: self._book.expect(reference))

    def received(self, reference: str) -> Received | Lost | None:
        return _guarded(lambda: self._book.received(reference))

    def send_back(self, reference: str) -> str | Lost:
        return _guarded(lambda: self._book.send_back(reference))

    def sent(self, reference: str) -> SentBack | Lost | None:
        return _guarded(lambda: self._book.sent(reference))


def _guarded(call: Callable[[], T]) -> T | Lost:
    try:
        return call()
    except Exception as why:  # noqa: BLE001 - the port's errors are its database's, which this layer may not know
        return Lost(type(why).__name__)
