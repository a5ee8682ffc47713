"""Step 1: a number, or an operator. A SIM's own numbers get an answer too."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from opla.core import sim
from opla.core.catalog import Catalog, Operator
from opla.core.phone import Number
from opla.core.refusal import Refusal
from opla.operations import catalogue, look_up
from opla.presenting import figures, numbers
from opla.storefront import draft
from opla.storefront.forms import Form, refused
from opla.storefront.visit import visit


@require_http_methods(["GET", "HEAD", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    _, catalog = catalogue.active()
    if request.method != "POST":
        return _home(request, catalog, Form({"number": _grouped(draft.number(request), catalog)}))
    text = draft.typed(request, "number")
    found = sim.identify(text, home=catalog.country, served=frozenset({catalog.country}))
    if isinstance(found, Refusal):
        return _home(request, catalog, refused({"number": text}, [found]), status=422)
    if isinstance(found, Number):
        draft.keep_number(request, found.e164)
        here = visit(request)
        look_up.ask(found.e164, address=here.address, shop=here.shop, at=here.at)
        return redirect("number")
    why = sim.why_not(found)
    return redirect("sim", kind=why.params["kind"] if why else "eid")


def _home(request: HttpRequest, catalog: Catalog, form: Form, status: int = 200) -> HttpResponse:
    selling, others = operators(catalog)
    shown = {"form": form, "selling": selling, "others": others, "step": 1}
    return render(request, "storefront/home.html", shown, status=status)


def operators(catalog: Catalog) -> tuple[list[Operator], list[Operator]]:
    """Those with something on sale, and those whose page says what is known."""
    sells = {product.operator for product in catalog.products if product.on_sale}
    return [o for o in catalog.operators if o.id in sells], [o for o in catalog.operators if o.id not in sells]


@require_safe
def number(request: HttpRequest) -> HttpResponse:
    """The number read back, and the operator as a question: numbers move between operators."""
    _, catalog = catalogue.active()
    found = sim.identify(draft.number(request), home=catalog.country, served=frozenset({catalog.country}))
    if not isinstance(found, Number):
        return redirect("home")
    here = visit(request)
    told = look_up.found(found.e164, shop=here.shop, at=here.at)
    proposed = told.operator or catalog.hinted_operator(found.e164)
    selling, others = operators(catalog)
    shown = {
        "number": found.grouped,
        "country": figures.country(found.country),
        "proposed": proposed,
        "told": told,
        "selling": [o for o in selling if o != proposed],
        "others": [o for o in others if o != proposed],
        "step": 1,
    }
    return render(request, "storefront/number.html", shown)


@require_safe
def sim_page(request: HttpRequest, kind: str) -> HttpResponse:
    if kind not in numbers.sim_kinds():
        raise Http404
    title, told = numbers.what_it_is(kind)
    shown = {"title": title, "told": told, "places": numbers.places(kind), "step": 1, "form": Form({"number": ""})}
    return render(request, "storefront/sim.html", shown)


def _grouped(e164: str, catalog: Catalog) -> str:
    return numbers.grouped(e164, catalog.country) if e164 else ""
