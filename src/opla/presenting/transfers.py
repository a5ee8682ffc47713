"""How an order is paid by bank transfer: what to fill in, on paper and as a picture for a bank's app."""

from __future__ import annotations

from dataclasses import dataclass

from opla.core import structured
from opla.core.money import Money
from opla.core.own_account import OwnAccount
from opla.presenting.pictures import transfer_qr


@dataclass(frozen=True)
class Transfer:
    """What somebody fills in. `belgian` and `rf` are the same reference, for banks here and elsewhere."""

    amount: Money
    account: OwnAccount
    belgian: str
    rf: str
    picture: str


def transfer(account: OwnAccount, amount: Money, number: str) -> Transfer:
    belgian = structured.belgian(number)
    return Transfer(amount, account, belgian, structured.rf(number), transfer_qr(account, amount, belgian))
