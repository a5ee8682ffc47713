"""The shop an operation works for: its keys, its terms, its ways of being paid and of delivering."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path

from django.conf import settings

from opla import payments
from opla.core.chance import Chance
from opla.core.ledger import CASH, OWN_ACCOUNTS, TERMINAL
from opla.core.money import Money
from opla.core.own_account import OwnAccount
from opla.core.quote import Terms
from opla.core.ways import Means, means
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
    keeping: frozenset[str] = frozenset()  # the ways of paying that keep consent for later charges
    texts_a_day: int = 1_000  # parts of text messages that a day may cost
    account: OwnAccount | None = None  # our own, where people transfer to; None: nobody can
    counter_methods: tuple[str, ...] = ()  # the ways of paying on a card machine, at counters alone

    @property
    def every_method(self) -> tuple[str, ...]:
        """Wherever people pay by it."""
        return (*self.payment_methods, *self.counter_methods)


@cache
def current() -> Shop:
    """The shop these settings describe."""
    account = _account()
    methods = _methods(account)
    return Shop(
        keyring=keyring.load(settings.VAR),
        chance=Chance(),
        terms=terms(),
        sandbox=settings.SANDBOX,
        base_url=settings.BASE_URL,
        payment_methods=methods,
        routes=("code_stock", "card_stock", *(("sandbox",) if settings.SANDBOX_SUPPLIES else ()), *settings.SUPPLIERS),
        refund_cap_minor=settings.REFUND_CAP_MINOR,
        var=settings.VAR,
        second_person_minor=settings.SECOND_PERSON_MINOR,
        refund_alone_minor=settings.REFUND_ALONE_MINOR,
        mapped=frozenset(settings.SUPPLIERS),
        keeping=frozenset(name for name in methods if payments.keeps(name)),
        texts_a_day=settings.TEXTS_A_DAY,
        account=account,
        counter_methods=_counter_methods(),
    )


def _account() -> OwnAccount | None:
    """The account these settings name, if they name one: what is wrong with them, `opla doctor` says."""
    try:
        return OwnAccount.from_mapping(settings.BANK)
    except ValueError:
        return None


def _methods(account: OwnAccount | None) -> tuple[str, ...]:
    """The ways of paying in their order. Wherever there is an account, bank transfer is one, and wherever a drawer is
    open, cash (`operations.cash.ways`): the last, unless named.

    A card machine is none of them: nobody on the web rings the one on the counter.
    """
    over_the_web = [name for name in settings.PAYMENT_METHODS if means(name) is not Means.TERMINAL]
    named = [name for name in over_the_web if name not in OWN_ACCOUNTS or account]
    rest = sorted(OWN_ACCOUNTS - set(named)) if account else []
    rest += [CASH] if CASH not in named else []
    return (*(("sandbox",) if settings.SANDBOX else ()), *named, *rest)


def _counter_methods() -> tuple[str, ...]:
    """Those named, and in a sandbox a machine that clerks read, so that it can be tried."""
    named = [name for name in settings.PAYMENT_METHODS if means(name) is Means.TERMINAL]
    return (*named, *([TERMINAL] if settings.SANDBOX and TERMINAL not in named else []))


def terms() -> Terms:
    """How the shop of these settings sells. Raises ValueError when the fee is no amount, or a time is none."""
    fee = Money.parse(settings.SERVICE_FEE, "EUR")
    if fee is None or fee.amount_minor < 0:
        raise ValueError(f"OPLA_SERVICE_FEE is {settings.SERVICE_FEE!r}, not an amount such as 0.50")
    if settings.CASH_HOURS <= 0:
        raise ValueError(f"OPLA_CASH_HOURS is {settings.CASH_HOURS}, not how long an order may wait for cash")
    return Terms(fee_minor=fee.amount_minor, cash_valid=timedelta(hours=settings.CASH_HOURS))
