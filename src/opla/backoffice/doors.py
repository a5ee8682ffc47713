"""Which pages of the house somebody may see: the doors of each of its lists."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.actor import Act, Actor
from opla.core.item import Kind, Why

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
    ("owner-quarantine", Act.END_QUARANTINE, gettext_noop("After a restore")),
    ("owner-trail", Act.READ_TRAIL, gettext_noop("Who did and saw what")),
)


#: Kind of item → the list beside it: where it is settled, or where all of it stands. What is not here is of an order
#: or of a payment, and those have their own links.
_BESIDE: Final[dict[Kind, str]] = {
    Kind.RESERVATION: "owner-stock",
    Kind.LOW_STOCK: "owner-stock",
    Kind.FLOAT_LOW: "owner-suppliers",
    Kind.SUPPLIER_LIST: "owner-suppliers",
    Kind.ADAPTER_GONE: "owner-suppliers",
    Kind.BANK_LINE: "owner-reconciliation",
    Kind.BANK_OUT: "owner-reconciliation",
    Kind.BANK_GAP: "owner-bank",
    Kind.TRANSFER_DUE: "owner-transfers-out",
    Kind.LINE_BACK: "owner-transfers-out",
    Kind.PAYOUT_DIFFERS: "owner-payouts",
    Kind.PAYOUT_LATE: "owner-payouts",
    Kind.PAYOUT_MISSING: "owner-payouts",
    Kind.CASH_DUE: "owner-cash",
    Kind.SLIP_DUE: "owner-cash",
    Kind.PASSPORT: "owner-sellers",
    Kind.SELLER_REPORTED: "owner-sellers",
    Kind.LETTER_UNREADABLE: "owner-post",
    Kind.TABLET: "owner-stations",
    Kind.LOST_PAYMENT: "owner-payouts",
    Kind.LOST_SEND: "owner-suppliers",
    Kind.CARD_TESTING: "owner-find",
}
#: The same for a word for why, where that says more than the kind.
_BESIDE_FOR: Final[dict[str, str]] = {Why.FEW_CARDS: "owner-cards", Why.NOT_HANDED_OVER: "owner-cards"}
#: Lists that are reached from another one.
_INNER: Final = (
    ("owner-transfers-out", Act.SEND_TRANSFERS, gettext_noop("Transfers to be sent")),
    ("owner-find", Act.FIND_ORDERS, gettext_noop("Find an order")),
)


def beside(kind: Kind, why: str, actor: Actor) -> tuple[str, str] | None:
    """The list beside an item, as its address and what it is called; None where there is none that they may see."""
    wanted = _BESIDE_FOR.get(why) or _BESIDE.get(kind)
    for name, act, words in (*_DOORS, *_INNER):
        if name == wanted and actor.refused(act) is None:
            return name, _(words)
    return None


def doors(actor: Actor) -> list[tuple[str, str]]:
    """The names of their addresses, and what they are called."""
    return [(name, _(words)) for name, act, words in _DOORS if actor.refused(act) is None]
