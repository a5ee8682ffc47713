"""Mollie: cards with their wallets, Bancontact, PayPal, KBC, Belfius, on its own payment page; bank transfers to an
account of its own; a card machine on the counter.

One registered way of paying is one method of it, `mollie_bancontact` for example, all with the same key; plain `mollie`
lets people choose on Mollie's page among those that are switched on there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from opla.payments.mollie.config import Config
from opla.payments.mollie.consent import MollieAgain
from opla.payments.mollie.mapping import KEEPS, METHOD
from opla.payments.mollie.payouts import MolliePaysOut
from opla.payments.mollie.provider import Mollie
from opla.payments.mollie.terminal import MollieRings, MollieRingsAndPaysOut

NAME = "mollie"
LIVE = True
METHODS = tuple(METHOD)


class Whole(MolliePaysOut, MollieAgain):
    """Keeps consent and tells what was paid out."""


#: By what is done besides, and whether the owner gave a token that may read what was paid out.
_KINDS: Final[Mapping[tuple[str, bool], type[Mollie]]] = {
    ("", False): Mollie,
    ("keeps", False): MollieAgain,
    ("rings", False): MollieRings,
    ("", True): MolliePaysOut,
    ("keeps", True): Whole,
    ("rings", True): MollieRingsAndPaysOut,
}


def build(config: Mapping[str, str], method: str = "") -> Mollie:
    found = Config.from_mapping(config)
    theirs = METHOD[method] if method else ""
    besides = "rings" if method == "terminal" else "keeps" if not theirs or theirs in KEEPS else ""
    # What was paid out is of real money, so beside a key for trying nobody asks for it.
    pays_out = bool(found.access_token) and not found.test
    return _KINDS[besides, pays_out](found, theirs)


def moves_money(config: Mapping[str, str]) -> bool:
    """Not with a test key: everything is as with a live one, except that nobody pays."""
    return not Config.from_mapping(config).test
