"""After a delivery, on the order's page: entered or not, and what the operator answered beside what was bought."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from opla.core.balance import MAX_ANSWER, read_answer
from opla.core.calendar import zone
from opla.core.matching import Comparison, compare, expected
from opla.core.nudge import Said
from opla.core.ports import Kind
from opla.core.refusal import Code, Refusal
from opla.db.queries import aftercare as kept
from opla.operations import aftercare, catalogue
from opla.operations.effect_sold import effect_sold
from opla.presenting import aftercare as words
from opla.presenting.refusals import sentence
from opla.storefront.views.order import Ticket, draw, ticket, trouble
from opla.storefront.visit import Visit, visit

_STATUS = {Code.PROOF_NEEDED: 403, Code.TOO_MANY_TRIES: 429}


@require_POST
def say(request: HttpRequest, link: str) -> HttpResponse:
    """Yes, not yet, or it did not work: which leads to help."""
    here = visit(request)
    found = ticket(request, link, here)
    typed = request.POST.get("said", "")
    if typed not in tuple(Said):
        return redirect("order", link=link)
    refused = aftercare.say(
        here.actor, found.page.id, Said(typed), device=here.device, at=here.at, customer=here.customer_id
    )
    if refused is not None:
        return draw(request, found, refused=sentence(refused), status=_STATUS.get(refused.code, 409))
    return redirect(trouble(link)) if typed == Said.FAILED else redirect("order", link=link)


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, link: str) -> HttpResponse:
    """Its answer, read and compared. Nothing of it is kept: a reloaded page asks again."""
    if request.method != "POST":
        return redirect("order", link=link)
    here = visit(request)
    found = ticket(request, link, here)
    if not found.page.proven or found.page.delivered_at is None:
        return draw(request, found, refused=sentence(Refusal(Code.PROOF_NEEDED)), status=403)
    text = request.POST.get("answer", "")[: MAX_ANSWER + 1]
    judged = _compared(found, text, here)
    if isinstance(judged, Refusal):
        return draw(request, found, answer=text, answer_error=sentence(judged), status=422)
    currency = found.page.price.face.currency
    shown = {
        "ticket": found,
        "operator": found.operator,
        "compared": words.compared(judged, here.at, currency),
        "trouble": trouble(link),
    }
    return render(request, "storefront/order_answer.html", shown)


def _compared(found: Ticket, text: str, here: Visit) -> Comparison | Refusal:
    page = found.page
    catalog = catalogue.at_version(page.catalog_version)
    where = zone(catalog.time_zone)
    at = here.at.replace(microsecond=0)
    reading = read_answer(page.operator, text, at, where, samples=here.shop.sandbox)
    if isinstance(reading, Refusal):
        return reading
    unknown = Refusal(Code.EFFECT_UNKNOWN, "answer", {"sku": page.sku, "cells": ""})
    reached_at = min(_reached_at(found, here.at), at).replace(microsecond=0)
    given = kept.promotions_of(page.id)
    effect = effect_sold(page.catalog_version, page.sku, page.price.face.amount_minor, given, reached_at)
    line = expected(effect, reached_at, at, where, plan=page.plan) if effect else unknown
    if isinstance(line, Refusal):
        return unknown
    return compare(line, reading, reached_at) or unknown


def _reached_at(found: Ticket, at: datetime) -> datetime:
    """When it reached the SIM: of a code, when its buyer said so, and else a moment ago."""
    if found.page.kind is Kind.DIRECT:
        return found.page.delivered_at or at
    said, said_at = kept.said_of([found.page.id]).get(found.page.id, (None, at))
    return said_at if said is Said.ENTERED else at
