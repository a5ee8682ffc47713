"""The look into our book of vouchers. It is a database call, and it can fail half-way like any other call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from opla.core.money import Money
from opla.core.ports import VoucherBook

T = TypeVar("T")


@dataclass(frozen=True)
class Lost:
    """The book did not answer; a voucher may be good again all the same. `error` names what was raised."""

    error: str


class Client:
    def __init__(self, vouchers: VoucherBook) -> None:
        self._vouchers = vouchers

    def paid(self, reference: str) -> Money | Lost | None:
        return _guarded(lambda: self._vouchers.paid(reference))

    def give_back(self, reference: str, charge: str, amount: Money) -> str | Lost:
        return _guarded(lambda: self._vouchers.give_back(reference, charge, amount))

    def given_back(self, reference: str) -> bool | Lost:
        return _guarded(lambda: self._vouchers.given_back(reference))


def _guarded(call: Callable[[], T]) -> T | Lost:
    try:
        return call()
    except Exception as why:  # noqa: BLE001 - the port's errors are its database's, which this layer may not know
        return Lost(type(why).__name__)
