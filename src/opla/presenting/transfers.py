"""How an order is paid by bank transfer: what to fill in, on paper and as a picture for a bank's app."""

from __future__ import annotations

from dataclasses import dataclass

from opla.core import structured
from opla.core.money import Money
from opla.core.own_account import OwnAccount
from opla.presenting.pictures import transfer_qr


@dataclass(frozen=True)
class Transfer:
    """What somebody fills in. `rf` is the same reference for banks elsewhere; empty where it is one for all.

    `ours`: it goes to our own account.
    """

    amount: Money
    account: OwnAccount
    reference: str
    rf: str
    picture: str
    ours: bool = True


def transfer(account: OwnAccount, amount: Money, number: str) -> Transfer:
    belgian = structured.belgian(number)
    return Transfer(amount, account, belgian, structured.rf(number), transfer_qr(account, amount, belgian))


def transfer_to(account: OwnAccount, amount: Money, reference: str) -> Transfer:
    """To an account of a payment provider, with its own reference as it wrote it."""
    return Transfer(amount, account, reference, "", transfer_qr(account, amount, reference), ours=False)
