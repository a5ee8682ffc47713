"""Vouchers of ours as a way of paying: nobody is called, what a voucher paid for is read from our own book of them."""

from __future__ import annotations

from collections.abc import Mapping

from opla.core.ledger import VOUCHER
from opla.core.ports import VoucherBook
from opla.payments.voucher.config import Config
from opla.payments.voucher.provider import OnPaper

NAME = VOUCHER
#: What a voucher was sold for is ours, wherever the shop stands: it runs beside either.
LIVE = True
BY_OUR_VOUCHERS = True


def build(config: Mapping[str, str], vouchers: VoucherBook | None = None) -> OnPaper:
    """Raises LookupError where no book of the vouchers is handed in."""
    Config.from_mapping(config)
    if vouchers is None:
        raise LookupError("nobody keeps the vouchers here")
    return OnPaper(vouchers)
