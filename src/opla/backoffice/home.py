"""Which pages of the house somebody may see: their table of contents."""

from __future__ import annotations

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_safe

from opla.accounts import owner as house
from opla.accounts.customer import customer_of
from opla.backoffice.views import anybody
from opla.core.actor import Act
from opla.presenting import items

#: Each list of the house, by what one must be allowed to do to read it.
_PAGES: Final[tuple[tuple[str, Act, str], ...]] = (
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
    ("owner-bank", Act.READ_BOOKS, gettext_noop("Bank account")),
    ("owner-payouts", Act.READ_BOOKS, gettext_noop("Payouts")),
    ("owner-places", Act.MANAGE_PLACES, gettext_noop("Places")),
    ("owner-suppliers", Act.MANAGE_SUPPLIERS, gettext_noop("Suppliers")),
    ("owner-sellers", Act.CHECK_SELLERS, gettext_noop("Sellers")),
    ("owner-people", Act.MANAGE_PEOPLE, gettext_noop("People of the house")),
    ("owner-trail", Act.READ_TRAIL, gettext_noop("Who did and saw what")),
)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    actor = anybody(request, timezone.now())
    shown = [(name, _(words)) for name, act, words in _PAGES if actor.refused(act) is None]
    about = {
        "pages": shown,
        "who": items.actor(str(actor)),
        "skipped": house.skipped(request),
        "has_account": customer_of(request) is not None,
    }
    return render(request, "backoffice/home.html", about)
