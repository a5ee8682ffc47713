"""Which way of paying to try after one did not go through: a table of what a person has in hand.

A provider's word for "no" says whether the same way can work at all: a card that expired will not, one whose number was
typed wrong will. Nobody tells a person which of theirs will work; this is the order in which the others are offered.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final


class Means(StrEnum):
    """What somebody pays with."""

    CARD = "card"
    WALLET = "wallet"  # an account with a company that pays for them
    BANK = "bank"  # their bank's own app or card
    PAGE = "page"  # whatever they choose on the provider's page
    TRANSFER = "transfer"  # days
    TERMINAL = "terminal"  # a card machine on a counter: no way to pay over the web
    CASH = "cash"  # a way to a counter, for whom nothing else works


#: A way's own name, without its provider's → what it is paid with. What is not here leads to a page of choices.
MEANS: Final[dict[str, Means]] = {
    "card": Means.CARD,
    "applepay": Means.CARD,
    "paypal": Means.WALLET,
    "alipay": Means.WALLET,
    "wechat_pay": Means.WALLET,
    "bancontact": Means.BANK,
    "kbc": Means.BANK,
    "belfius": Means.BANK,
    "bank_transfer": Means.TRANSFER,
    "terminal": Means.TERMINAL,
    "cash": Means.CASH,
}

#: The last, whatever happened: a counter must be gone to.
_LAST: Final = (Means.TERMINAL, Means.CASH)
_ANOTHER: Final = (Means.WALLET, Means.BANK, Means.CARD, Means.PAGE, Means.TRANSFER, *_LAST)
#: A card that its bank will not let through is seldom let through a second time, so other cards come late.
_NO_CARD: Final = (Means.WALLET, Means.BANK, Means.PAGE, Means.CARD, Means.TRANSFER, *_LAST)

#: Why it did not go through (the words of `ChargeReport.why`) → whether the same way comes first, and then what.
AFTER: Final[dict[str, tuple[bool, tuple[Means, ...]]]] = {
    "": (True, _ANOTHER),
    "abandoned": (True, _ANOTHER),
    "expired": (True, _ANOTHER),
    "card_details": (True, _ANOTHER),
    "refused": (False, _NO_CARD),
    "not_confirmed": (False, _NO_CARD),
    "card_expired": (False, _NO_CARD),
    "card_kind": (False, _NO_CARD),
    "no_funds": (False, (Means.BANK, Means.WALLET, Means.CARD, Means.PAGE, Means.TRANSFER, *_LAST)),
}


def means(method: str) -> Means:
    return MEANS.get(method) or MEANS.get(method.partition("_")[2], Means.PAGE)


def next_ways(method: str, why: str, offered: Sequence[str]) -> tuple[str, ...]:
    """Every way the shop offers, the one to try first in front. `method` did not go through, because of `why`."""
    same_first, order = AFTER.get(why, AFTER[""])
    others = sorted((name for name in offered if name != method), key=lambda name: order.index(means(name)))
    same = [name for name in offered if name == method]
    return (*same, *others) if same_first else (*others, *same)
