"""The tablet turned to the customer: their language by its own name, three questions in it, and the cheapest way to
have enough; then back to the clerk, whose language has not changed."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from opla.presenting import languages
from opla.storefront.views import plan
from opla.till.guard import Till, signed_in


@require_safe
@signed_in
def languages_page(request: HttpRequest, here: Till) -> HttpResponse:
    return render(request, "till/turn.html", {"here": here})


@require_safe
@signed_in
def page(request: HttpRequest, here: Till, language: str) -> HttpResponse:
    """The questions and their answer, in the customer's language. What was said here before does not count."""
    if language not in languages.NAMES:
        raise Http404
    back = {"mine": languages.current(), "back": _("Back to the clerk")}
    more = {"here": here, "begin_with": "till/plan_begin.html", **back}
    with translation.override(language.lower()):
        return plan.asked(request, None, plan.Page("till/turned.html", more))
