"""The box "do this again by itself" beside a price: what can be chosen, and what was."""

from __future__ import annotations

from django.http import HttpRequest

from opla.core.quote import Quote
from opla.operations import agree_renewal
from opla.operations.agree_renewal import Agreed, Typed
from opla.presenting import payment_methods, renewing
from opla.storefront import draft
from opla.storefront.forms import Form, refused
from opla.storefront.visit import Visit

_FIELDS = ("rule", "cap", "month_cap")


def read(request: HttpRequest, made: Quote, method: str, here: Visit) -> Agreed | Form | None:
    """What was agreed to; None where the box is not ticked; the form again where something is wrong with it."""
    if "by_itself" not in request.POST:
        return None
    typed = {name: draft.typed(request, name) for name in _FIELDS}
    agreed = agree_renewal.read(Typed(**typed), made, method, shop=here.shop)
    return agreed if isinstance(agreed, Agreed) else refused(typed, agreed)


def shown(request: HttpRequest, made: Quote, here: Visit, form: Form | None) -> dict[str, object]:
    """What the page of a price needs for it; nothing where it is not offered."""
    choices = agree_renewal.choices(made, shop=here.shop)
    if choices is None:
        return {}
    values = {"rule": str(choices.rules[0]), "cap": choices.now.decimal, "month_cap": ""}
    if request.method == "POST" and "cap" in request.POST:
        values = {name: draft.typed(request, name) for name in _FIELDS}
    others = len(choices.methods) < len(here.shop.payment_methods)
    return {
        "by_itself": {
            "form": form or Form(values),
            "ticked": "by_itself" in request.POST,
            "rules": [(str(rule), renewing.rule(rule)) for rule in choices.rules],
            "consent": renewing.consent(),
            "now": choices.now,
            "methods": [payment_methods.method(name).name for name in choices.methods] if others else [],
        }
    }
