"""The catalogue as its owner reads and changes it: what should be looked at again, each figure, what a change does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from opla.backoffice.proposals import told, version_seen
from opla.backoffice.views import somebody
from opla.core.actor import Act, Actor
from opla.core.catalog import Catalog, Held, Sure, parse, stale
from opla.core.catalog import held as cells
from opla.core.catalog.editing import read_value, written_value
from opla.core.day import bounds, day_of
from opla.core.refusal import Refusal
from opla.db.queries import catalog as queries
from opla.operations import catalogue, edit_catalogue, prices, shop
from opla.operations.edit_catalogue import Draft, Typed
from opla.presenting import catalogue as words
from opla.presenting import items

#: After so many days a figure is looked at again, unless somebody asks for another time.
_DAYS: Final = 90
_SHOWN: Final = 100
_SOLD: Final = timedelta(days=30)
_SURE: Final = tuple(Sure)


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    actor = somebody(request, Act.CHANGE_CATALOGUE, at)
    refused: Refusal | list[str] | None = None
    if request.method == "POST":
        refused = _done(request, actor, at)
        if refused is None:
            return redirect(request.get_full_path())
    shown = _drawn(request, _draft(actor), at)
    return render(request, "backoffice/catalogue.html", {**shown, **told(refused)}, status=422 if refused else 200)


def _done(request: HttpRequest, actor: Actor, at: datetime) -> Refusal | list[str] | None:
    posted, seen = request.POST, version_seen(request)
    match posted.get("act"):
        case "confirm":
            return edit_catalogue.confirm_cells(actor, posted.getlist("cell"), day_of(at), seen=seen, at=at)
        case "approve":
            return catalogue.approve(actor, seen)
        case "discard":
            return edit_catalogue.discard(actor, seen=seen)
        case _:
            raise Http404


def _drawn(request: HttpRequest, found: Draft, at: datetime) -> dict[str, object]:
    asked = request.GET.get("days", "")
    days = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 5 else _DAYS
    of, catalog = request.GET.get("of", ""), parse(found.document)
    old = stale(found.document, day_of(at) - timedelta(days=days))
    listed = [one for one in cells(found.document) if one.subject == of] if of else old
    terms = prices.terms(shop.current())
    sold = queries.sold_since(bounds(day_of(at - _SOLD))[0]) if found.is_new else {}
    return {
        "draft": found,
        "active_at": catalogue.made_at(found.active),
        "changes": [words.change(one) for one in found.changes],
        "preview": [(words.preview(one, terms), sold.get(one.sku)) for one in edit_catalogue.preview(found)],
        "days": days,
        "of": of,
        "subjects": [*(o.id for o in catalog.operators), *(p.sku for p in (*catalog.products, *catalog.starters))],
        "cells": [_row(one, catalog) for one in listed[:_SHOWN]],
        "count": len(listed),
        "more": len(listed) > _SHOWN,
        "versions": [(one, items.actor(one.made_by)) for one in queries.newest_versions(20)],
    }


@dataclass(frozen=True)
class _Row:
    """A cell in a list: `sheet` is the page with its operator's information sheet, or its website."""

    held: Held
    value: str
    sheet: str
    link: str


def _row(one: Held, catalog: Catalog) -> _Row:
    link = f"{reverse('owner-cell')}?{urlencode({'key': one.key})}"
    return _Row(one, words.value(one.cell), words.sheet(one, catalog), link)


@require_http_methods(["GET", "HEAD", "POST"])
def cell(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    actor = somebody(request, Act.CHANGE_CATALOGUE, at)
    key = request.GET.get("key", "")
    found = _draft(actor)
    one = edit_catalogue.cell_of(found, key)
    if one is None:
        raise Http404
    typed = Typed(
        written_value(one.cell.get("value")), str(one.sure), str(one.cell.get("source") or ""),
        verified_on=str(one.cell.get("verified_on") or ""), note=str(one.cell.get("note") or ""),
    )  # fmt: skip
    refused: Refusal | list[str] | None = None
    if request.method == "POST":
        typed = Typed(**{name: request.POST.get(name, "") for name in vars(typed)})
        refused = edit_catalogue.change_cell(actor, key, typed, seen=version_seen(request), at=at)
        if refused is None:
            return redirect("owner-catalogue")
    sources = found.document.get("sources")
    shown = {
        "draft": found,
        "cell": _row(one, parse(found.document)),
        "typed": typed,
        "long": len(typed.value) > 60 or isinstance(read_value(typed.value), list | dict),
        "sure": [(str(level), words.sure(level)) for level in _SURE if level is not Sure.SAMPLE or one.sure is level],
        "sources": [(name, source["where"]) for name, source in sources.items()] if isinstance(sources, dict) else [],
        "today": day_of(at).isoformat(),
        **told(refused),
    }
    return render(request, "backoffice/cell.html", shown, status=422 if refused else 200)


def _draft(actor: Actor) -> Draft:
    found = edit_catalogue.draft(actor)
    if isinstance(found, Refusal):
        raise Http404
    return found
