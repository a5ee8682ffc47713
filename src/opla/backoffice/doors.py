"""Which pages of the house somebody may see: the doors of each of its lists."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.actor import Act, Actor

#: Each list of the house, by what one must be allowed to do to read it.
_DOORS: Final[tuple[tuple[str, Act, str], ...]] = (
    ("owner-items", Act.SEE_ITEMS, gettext_noop("Waiting for a person")),
    ("owner-threads", Act.ANSWER, gettext_noop("Messages of customers")),
    ("owner-cards", Act.HAND_OVER, gettext_noop("SIM cards")),
    ("owner-post", Act.SEND_LETTERS, gettext_noop("Letters and slips")),
    ("owner-cash", Act.READ_DRAWERS, gettext_noop("Tills")),
    ("owner-stations", Act.MANAGE_STATIONS, gettext_noop("Tablets and clerks")),
    ("owner-partners", Act.READ_PARTNERS, gettext_noop("Partner shops")),
    ("owner-stock", Act.COUNT_STOCK, gettext_noop("Codes in stock")),
    ("owner-vouchers", Act.MANAGE_VOUCHERS, gettext_noop("Vouchers")),
    ("owner-days", Act.READ_BOOKS, gettext_noop("Closed days")),
    ("owner-months", Act.READ_BOOKS, gettext_noop("Closed months")),
    ("owner-reconciliation", Act.READ_BOOKS, gettext_noop("Reconciliation")),
    ("owner-bank", Act.READ_BOOKS, gettext_noop("Bank account")),
    ("owner-payouts", Act.READ_BOOKS, gettext_noop("Payouts")),
    ("owner-catalogue", Act.CHANGE_CATALOGUE, gettext_noop("Catalogue")),
    ("owner-promotions", Act.CHANGE_CATALOGUE, gettext_noop("Promotions")),
    ("owner-prices", Act.CHANGE_CATALOGUE, gettext_noop("Prices")),
    ("owner-places", Act.MANAGE_PLACES, gettext_noop("Places")),
    ("owner-suppliers", Act.MANAGE_SUPPLIERS, gettext_noop("Suppliers")),
    ("owner-sellers", Act.CHECK_SELLERS, gettext_noop("Sellers")),
    ("owner-books", Act.SEE_FIGURES, gettext_noop("Proof of the books")),
    ("owner-people", Act.MANAGE_PEOPLE, gettext_noop("People of the house")),
    ("owner-trail", Act.READ_TRAIL, gettext_noop("Who did and saw what")),
)


def doors(actor: Actor) -> list[tuple[str, str]]:
    """The names of their addresses, and what they are called."""
    return [(name, _(words)) for name, act, words in _DOORS if actor.refused(act) is None]
