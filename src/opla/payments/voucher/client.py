"""The look into our book of vouchers. It is a database call, and it can fail half-way like any other call."""

from __future__ import annotations

from opla.core.money import Money
from opla.core.ports import VoucherBook
from opla.payments.own_book import Lost, guarded


class Client:
    def __init__(self, vouchers: VoucherBook) -> None:
        self._vouchers = vouchers

    def paid(self, reference: str) -> Money | Lost | None:
        return guarded(lambda: self._vouchers.paid(reference))

    def give_back(self, reference: str, charge: str, amount: Money) -> str | Lost:
        return guarded(lambda: self._vouchers.give_back(reference, charge, amount))

    def given_back(self, reference: str) -> bool | Lost:
        return guarded(lambda: self._vouchers.given_back(reference))
