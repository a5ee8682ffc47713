"""Keeping a number alive at least cost, and leaving an operator: for a kept line, and for one typed without an account.

What is typed stands in the address and is kept nowhere: an operator, months, a day and an amount tell of nobody.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from opla.accounts.customer import customer_of
from opla.core import figures
from opla.core.calendar import start_of, zone
from opla.core.catalog import Catalog, Since
from opla.core.keep_alive import MOST_MONTHS, KeptAlive
from opla.core.line import Credit, Line
from opla.core.refusal import Code, Refusal
from opla.core.written import plain
from opla.operations import advise, catalogue, kept_lines
from opla.presenting import leaving as words
from opla.presenting import redeeming, sims
from opla.storefront import draft
from opla.storefront.forms import Form, refused
from opla.storefront.visit import Visit, visit

FIELDS: Final = ("operator", "months", "since", "credit")


@require_safe
def typed(request: HttpRequest) -> HttpResponse:
    """For a number that is kept nowhere."""
    here = visit(request)
    _, catalog = catalogue.active()
    values = {"months": "12"} | {
        name: request.GET[name][: draft.MAX_TYPED] for name in FIELDS if name in request.GET
    }  # fmt: skip
    form = Form(dict.fromkeys(FIELDS, "") | values)
    if "operator" not in request.GET or "months" not in request.GET:
        return _page(request, catalog, here, form)
    made = _line(form.values, catalog, here)
    months = _months(form.values["months"])
    wrong = [one for one in (*(made if isinstance(made, list) else ()), months) if isinstance(one, Refusal)]
    if wrong or not isinstance(made, Line) or not isinstance(months, int):
        return _page(request, catalog, here, refused(form.values, wrong), status=422)
    return _page(request, catalog, here, form, line=made, months=months)


@require_safe
def mine(request: HttpRequest, line_id: UUID) -> HttpResponse:
    """For one that is kept."""
    here, customer = visit(request), customer_of(request)
    kept = kept_lines.find(customer, line_id, shop=here.shop) if customer else None
    if kept is None:
        raise Http404
    _, catalog = catalogue.active()
    form = Form({"months": request.GET.get("months", "12")[:5]})
    months = _months(form.values["months"])
    more: dict[str, object] = {"kept": kept}
    if isinstance(months, Refusal):
        return _page(request, catalog, here, refused(form.values, [months]), more=more, status=422)
    return _page(request, catalog, here, form, line=kept.usage.line, months=months, more=more)


@require_safe
def leaving(request: HttpRequest, operator: str) -> HttpResponse:
    """Credit that is left, the number taken along: what is known, whom to ask, what to say."""
    _, catalog = catalogue.active()
    brand = catalog.operator(operator)
    if brand is None:
        raise Http404
    shown = {
        "operator": brand,
        "known": words.known(catalog.country, brand.id),
        "care": redeeming.care(brand),
        "meaning": words.meaning(),
        "spoken": words.spoken(catalog.country),
    }
    return render(request, "storefront/leaving.html", shown)


def _months(text: str) -> int | Refusal:
    found = plain(text)
    months = int(found) if found.isascii() and found.isdecimal() and len(found) < 3 else 0
    if 1 <= months <= MOST_MONTHS:
        return months
    return Refusal(Code.NEED_UNREADABLE, "months", {"least": "1", "most": str(MOST_MONTHS)})


def _line(values: dict[str, str] | object, catalog: Catalog, here: Visit) -> Line | list[Refusal]:
    """The line as it was typed: when it was last topped up or used, and the credit on it."""
    given = dict(values) if isinstance(values, dict) else {}
    operator = catalog.operator(given["operator"])
    day, credit = figures.day(plain(given["since"])), figures.money_minor(plain(given["credit"]), catalog.currency)
    wrong = [] if operator else [Refusal(Code.OPERATOR_UNKNOWN, "operator", {"operator": given["operator"][:40]})]
    since = start_of(day, zone(catalog.time_zone)) if day else None
    if given["since"].strip() and (since is None or since > here.at):
        wrong.append(Refusal(Code.DAY_UNREADABLE, "since"))
    if given["credit"].strip() and credit is None:
        wrong.append(Refusal(Code.AMOUNT_UNREADABLE, "credit"))
    if wrong or operator is None:
        return wrong
    lots = (Credit(credit, None),) if credit else ()
    line = Line(operator.id, currency=catalog.currency, credit=lots)
    return replace(line, topped_up_at=since, used_at=since)


def _page(
    request: HttpRequest,
    catalog: Catalog,
    here: Visit,
    form: Form,
    *,
    line: Line | None = None,
    months: int = 0,
    more: dict[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    selling = {product.operator for product in catalog.products if product.on_sale}
    shown: dict[str, object] = {
        "form": form,
        "operators": [one for one in catalog.operators if one.id in selling],
        "most": MOST_MONTHS,
        **(more or {}),
    }
    if line is not None:
        found = advise.alive(line, months, shop=here.shop, at=here.at)
        operator = catalog.operator(line.operator)
        shown |= {"operator": operator, "care": redeeming.care(operator) if operator else []}
        if isinstance(found, KeptAlive):
            shown["alive"] = sims.alive(found, catalog, line.currency)
            shown["sample"] = here.shop.sandbox
            shown["by_use"] = found.lives_on.since is Since.USE
        else:
            shown["not_known"] = sims.not_known(found)
    return render(request, "storefront/alive.html", shown, status=status)
