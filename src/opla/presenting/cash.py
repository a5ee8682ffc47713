"""Cash over a counter in words: what to bring and show, and where; and what became of a drawer's money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core import cash
from opla.core.calendar import zone
from opla.core.cash import Kind
from opla.core.catalog import Catalog
from opla.core.money import Money
from opla.core.places import Found, Place, read_hours
from opla.core.places.finding import opening_of
from opla.presenting import places
from opla.presenting.pictures import qr

_KINDS: Final[dict[Kind, str]] = {
    Kind.TAKEN: gettext_noop("Taken"),
    Kind.VOIDED: gettext_noop("Undone"),
    Kind.PAID_OUT: gettext_noop("Refund paid out"),
    Kind.PAID_IN: gettext_noop("Paid in by a reseller"),
    Kind.PUT_IN: gettext_noop("Change put in"),
    Kind.DROPPED: gettext_noop("Taken to the safe or the bank"),
    Kind.COUNTED: gettext_noop("Counted"),
    Kind.VOUCHER_SOLD: gettext_noop("Voucher sold"),
    Kind.VOUCHER_BACK: gettext_noop("Voucher given back"),
}


@dataclass(frozen=True)
class Shown:
    """A code as somebody shows it at a counter. `coins` is the amount as coins make it."""

    amount: Money
    coins: Money
    code: str = field(repr=False)
    picture: str = field(repr=False)

    @property
    def rounded(self) -> bool:
        return self.amount != self.coins


def shown(amount: Money, code: str, country: str) -> Shown:
    return Shown(amount, cash.rounded(amount, cash.step_minor(country)), cash.grouped(code), qr(code))


def where(known: Sequence[Place], catalog: Catalog, at: datetime) -> list[places.Card]:
    """The counters, those that are open first."""
    clocks, names = zone(catalog.time_zone), {operator.id: operator.name for operator in catalog.operators}
    cards = [
        places.card(
            Found(place, opening_of(place, at, clocks, catalog.country)),
            names,
            read_hours(place.hours, catalog.country),
            at,
            clocks,
        )
        for place in known
    ]
    return sorted(cards, key=lambda card: card.state != "open")


def kind(of: Kind) -> str:
    return _(_KINDS[of])
