"""What to know before buying a SIM or an eSIM: how they differ, whether a phone takes one, how it is installed."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from opla.core.catalog import Catalog
from opla.core.device_check import Answers, Why, check
from opla.core.refusal import Refusal
from opla.operations import catalogue
from opla.operations.devices import families
from opla.presenting import comparing, device_check, guide, identifying
from opla.presenting.refusals import sentence
from opla.storefront import device_form
from opla.storefront.indexed import indexed
from opla.storefront.kept import Drawing, Kept

_KEPT: Final = Kept()


@require_safe
@indexed
def compare(request: HttpRequest) -> HttpResponse:
    version, catalog = catalogue.active()
    return _KEPT.page(request, catalog, lambda: _compare(catalog, version))


@require_safe
@indexed
def identify(request: HttpRequest) -> HttpResponse:
    version, catalog = catalogue.active()
    return _KEPT.page(request, catalog, lambda: _identify(catalog, version))


@require_safe
@indexed
def installing(request: HttpRequest) -> HttpResponse:
    _version, catalog = catalogue.active()
    return _KEPT.page(request, catalog, lambda: ("storefront/esim_install.html", {}))


@require_http_methods(["GET", "HEAD", "POST"])
def check_device(request: HttpRequest) -> HttpResponse:
    """Posted, because an EID must not stand in an address; the answer then has one, without the EID."""
    if request.method == "POST":
        answers = device_form.read(request.POST)
        refusal = answers if isinstance(answers, Refusal) else _mistyped(answers)
        if refusal is not None:
            return _page(
                request, device_form.context(request.POST.dict(), refusal), {"refused": sentence(refusal)}, 422
            )
        if isinstance(answers, Answers):
            encoded = urlencode({device_form.HIDDEN: answers.encode()}, safe=":")
            return redirect(f"{reverse('esim-check')}?{encoded}#answer")
    if device_form.HIDDEN not in request.GET:
        return _page(request, device_form.context())
    answers = Answers.decode(request.GET[device_form.HIDDEN])
    if isinstance(answers, Refusal):
        return _page(request, device_form.context(), status=422)
    found = check(answers, families())
    shown = device_form.context(answers)
    if isinstance(found, Refusal):
        return _page(request, shown, {"why_not": sentence(found)})
    return _page(request, shown, {"result": device_check.result(found)})


def _page(
    request: HttpRequest, fields: dict[str, object], shown: dict[str, object] | None = None, status: int = 200
) -> HttpResponse:
    known = {"rows": device_check.rows(), "sources": guide.sources(families().all)[0]}
    return render(request, "storefront/esim_check.html", fields | known | (shown or {}), status=status)


def _compare(catalog: Catalog, version: int) -> Drawing:
    operators = comparing.operators(catalog)
    sources, seen = guide.sources(tuple((one.esim, one.prepaid_esim, one.sim_price) for one, _said in operators))
    return "storefront/esim.html", {
        "rows": comparing.rows(),
        "operators": operators,
        "sources": sources,
        "seen": seen,
        "made_at": catalogue.made_at(version),
    }


def _identify(catalog: Catalog, version: int) -> Drawing:
    rests_on = [(one.id_documents, one.rules.reidentify_months) for one in catalog.operators]
    sources, seen = guide.sources((catalog.identification, *rests_on))
    return "storefront/identify.html", {
        "rule": identifying.rule(catalog),
        "sources": sources,
        "seen": seen,
        "made_at": catalogue.made_at(version),
    }


def _mistyped(answers: Answers) -> Refusal | None:
    found = check(answers, families())
    return found if isinstance(found, Refusal) and found.params["why"] == Why.EID_WRONG else None
