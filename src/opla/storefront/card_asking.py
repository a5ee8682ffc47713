"""Where a SIM card goes, as it is asked beside the price: by post, or to a place of the shop's own."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest

from opla.core import address
from opla.core.refusal import Refusal
from opla.operations import card_to
from opla.operations.card_to import Going
from opla.operations.shop import Shop
from opla.storefront.forms import Form, refused

#: Which place of ours; empty: by post.
COLLECT_AT = "collect_at"
#: Asked for; all cards are sent within one country, so that is not.
FIELDS = tuple(field for field in address.FIELDS if field != "country")


@dataclass(frozen=True)
class Asked:
    form: Form
    places: list[tuple[str, str]]


def again(request: HttpRequest, shop: Shop) -> Asked:
    """The form with what was typed, where something else on the page was wrong."""
    return Asked(Form(_typed(request)), card_to.collection_places(shop=shop))


def _typed(request: HttpRequest) -> dict[str, str]:
    return {name: request.POST.get(name, "")[: 4 * address.MAX_LINE] for name in (*FIELDS, COLLECT_AT)}


def read(request: HttpRequest, shop: Shop) -> Going | Asked:
    """Where it goes, or the form again with what is wrong. Nothing of it is kept before there is an order."""
    values = _typed(request)
    found: Going | Refusal | list[Refusal]
    if values[COLLECT_AT]:
        found = card_to.at_place(values[COLLECT_AT], shop=shop)
    else:
        typed = address.read(values)
        found = typed if isinstance(typed, list) else Going(typed)
    if isinstance(found, Going):
        return found
    no = found if isinstance(found, list) else [found]
    return Asked(refused(values, no), card_to.collection_places(shop=shop))
