"""Bank transfers into the owner's own account: nobody is called, what came in is read from the bank's statements."""

from __future__ import annotations

from collections.abc import Mapping

from opla.core.ports import AccountBook
from opla.payments.bank_transfer.config import Config
from opla.payments.bank_transfer.provider import OwnAccountTransfers

NAME = "bank_transfer"
#: What comes in is what the owner's statements say, wherever the shop stands: it runs beside either.
LIVE = True
ON_OUR_BOOK = True


def build(config: Mapping[str, str], book: AccountBook | None = None) -> OwnAccountTransfers:
    """Raises LookupError where no book of the account is handed in."""
    Config.from_mapping(config)
    if book is None:
        raise LookupError("nobody keeps the lines of our bank account here")
    return OwnAccountTransfers(book)
