"""The shop an operation works for: its keys, its terms, its ways of being paid and of delivering."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings

from opla.core.chance import Chance
from opla.core.money import Money
from opla.core.quote import Terms
from opla.db import keyring
from opla.db.keyring import Keyring


@dataclass(frozen=True)
class Shop:
    """One installation, reached at `base_url`. `routes` are its suppliers: of equals (`core.routing`) in this order."""

    keyring: Keyring
    chance: Chance
    terms: Terms
    sandbox: bool
    base_url: str
    payment_methods: tuple[str, ...]
    routes: tuple[str, ...]
    refund_cap_minor: int  # what goes back by rule in a day before a person looks
    var: Path
    second_person_minor: int = 10_000  # above it, what gives money or goods away needs a second person
    refund_alone_minor: int = 5_000  # what an order may be given back by choice by one person alone
    mapped: frozenset[str] = frozenset()  # suppliers that know nothing by our names: a person says which is which


@cache
def current() -> Shop:
    """The shop these settings describe."""
    return Shop(
        keyring=keyring.load(settings.VAR),
        chance=Chance(),
        terms=terms(),
        sandbox=settings.SANDBOX,
        base_url=settings.BASE_URL,
        payment_methods=(*(("sandbox",) if settings.SANDBOX else ()), *settings.PAYMENT_METHODS),
        routes=("code_stock", "card_stock", *(("sandbox",) if settings.SANDBOX else ()), *settings.SUPPLIERS),
        refund_cap_minor=settings.REFUND_CAP_MINOR,
        var=settings.VAR,
        second_person_minor=settings.SECOND_PERSON_MINOR,
        refund_alone_minor=settings.REFUND_ALONE_MINOR,
        mapped=frozenset(settings.SUPPLIERS),
    )


def terms() -> Terms:
    """How the shop of these settings sells. Raises ValueError when the fee is no amount."""
    fee = Money.parse(settings.SERVICE_FEE, "EUR")
    if fee is None or fee.amount_minor < 0:
        raise ValueError(f"OPLA_SERVICE_FEE is {settings.SERVICE_FEE!r}, not an amount such as 0.50")
    return Terms(fee_minor=fee.amount_minor)
