"""What do I have? Which operator, how to ask it, what it answered, and what that means. The shop keeps none of it."""

from __future__ import annotations

import json

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from opla.accounts.customer import customer_of
from opla.core import sim
from opla.core.calendar import zone
from opla.core.catalog import Catalog, Operator
from opla.core.entered import fields_bought
from opla.core.line_file import write_line
from opla.core.phone import Number
from opla.core.refusal import Refusal
from opla.core.usage import Usage
from opla.core.which import proposals
from opla.operations import catalogue
from opla.operations.remind import INTERVALS
from opla.presenting import facts, figures, numbers, usage
from opla.storefront import asking, draft, keeping, planning
from opla.storefront.asking import Place
from opla.storefront.forms import Form, refused
from opla.storefront.visit import Visit, visit


@require_safe
def have(request: HttpRequest) -> HttpResponse:
    _, catalog = catalogue.active()
    return render(request, "storefront/have.html", {"operators": _prepaid(catalog)})


@require_http_methods(["GET", "HEAD", "POST"])
def which(request: HttpRequest) -> HttpResponse:
    """I don't know: by what the phone or the card shows, a number, or a code to dial."""
    _, catalog = catalogue.active()
    dials = usage.dials(_prepaid(catalog))
    if request.method != "POST":
        kept = draft.number(request)
        form = Form({"seen": "", "number": numbers.grouped(kept, catalog.country) if kept else ""})
        return render(request, "storefront/have_which.html", {"form": form, "dials": dials})
    typed = {name: draft.typed(request, name) for name in ("seen", "number")}
    wrong: list[Refusal] = []
    e164 = ""
    if typed["number"].strip():
        found = sim.identify(typed["number"], home=catalog.country, served=frozenset({catalog.country}))
        if isinstance(found, Number):
            e164 = found.e164
        else:
            why = found if isinstance(found, Refusal) else sim.why_not(found)
            wrong = [why] if why else []
    form = refused(typed, wrong)
    proposed = [(p.operator, usage.why(p.why)) for p in proposals(catalog, typed["seen"], e164)]
    shown = {"form": form, "dials": dials, "proposed": proposed, "looked": not wrong}
    return render(request, "storefront/have_which.html", shown, status=422 if wrong else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: HttpRequest, operator: str) -> HttpResponse:
    place, here = place_of(operator), visit(request)
    return asking.answered(request, place, here) if request.method == "POST" else asking.ask(request, place, here)


@require_http_methods(["GET", "HEAD", "POST"])
def line(request: HttpRequest, operator: str) -> HttpResponse:
    """The fields to type (GET; of something just bought: as it fills them), or what they come to (POST)."""
    place, here = place_of(operator), visit(request)
    if request.method != "POST":
        at = asking.now_typed(here)
        product = place.catalog.product(request.GET.get("sku", ""))
        if product is None or product.operator != place.operator.id:
            return asking.fields(request, place, at)
        form = Form(fields_bought(product, at, zone(place.catalog.time_zone)))
        more: dict[str, object] = {"bought": product.name, "sample": facts.has_sample(product)}
        return asking.fields(request, place, at, form, more=more)
    return asking.entered(request, place, here, lambda found: result(request, place, here, found))


def result(
    request: HttpRequest, place: Place, here: Visit, found: Usage, form: Form | None = None, status: int = 200
) -> HttpResponse:
    """What the line holds, until when, and when the data ends; kept by the person, and by their browser for prices."""
    draft.keep_line(request, found.line)
    shown = {
        "place": place,
        "operator": place.operator,
        "rows": usage.rows(found, here.at),
        "forecast": usage.forecast(found, here.at),
        "number_until": found.line.number_ends,
        "read_at": found.read_at,
        "usage": asking.carry(found),
        "keep": keeping.line(place.operator, found, here.at),
        "measured_gb": planning.measured_gb(found),
        "form": form or Form({"email": draft.email(request), "every": "7"}),
        "signed_in": customer_of(request) is not None,
        "intervals": [(str(days), usage.interval(days)) for days in INTERVALS],
    }
    return render(request, "storefront/have_line.html", shown, status=status)


@require_POST
def file(request: HttpRequest, operator: str) -> HttpResponse:
    """The line as a file, for the person to keep: what `opla line` reads, and this page next time."""
    place = place_of(operator)
    found = asking.carried(request)
    if found is None:
        return redirect("have-operator", operator=place.operator.id)
    text = json.dumps(write_line(found.line), ensure_ascii=False, indent=1) + "\n"
    day = f"-{figures.local_day(found.read_at).isoformat()}" if found.read_at else ""
    name = f"opla-{place.operator.id}{day}.json"
    return HttpResponse(
        text, content_type="application/json", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


def place_of(operator_id: str) -> Place:
    """Where this operator's answer is asked for, or 404."""
    _, catalog = catalogue.active()
    operator = catalog.operator(operator_id)
    if operator is None:
        raise Http404
    name = operator.id
    return Place(
        operator,
        catalog,
        reverse("have-operator", args=[name]),
        reverse("have-line", args=[name]),
        reverse("have-operator", args=[name]),
    )


def _prepaid(catalog: Catalog) -> list[Operator]:
    """All but those that are known to have no prepaid."""
    return [operator for operator in catalog.operators if operator.prepaid.value is not False]
