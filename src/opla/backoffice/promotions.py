"""Promotions as their owner reads and changes them: what runs and costs, what a change would do, every version."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_safe

from opla.backoffice import promotion_form as forms
from opla.backoffice.proposals import told, version_seen, whole
from opla.backoffice.views import somebody
from opla.core.actor import Act, Actor
from opla.core.catalog import Catalog, Sure
from opla.core.money import Money
from opla.core.promotion import Channel, Promotion, Side, entry_of
from opla.core.refusal import Refusal
from opla.db.queries import promotions as queries
from opla.operations import catalogue, shop
from opla.operations import edit_promotions as editing
from opla.operations import promotions as promoting
from opla.operations.edit_promotions import Draft
from opla.presenting import catalogue as sureness
from opla.presenting import items, languages
from opla.presenting import promotions as words

_DAYS: Final = 30
#: Whoever asks for more asks for a report, not for a preview.
_MOST_DAYS: Final = 366
_SHOWN: Final = 50
_VERSIONS: Final = 20


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    actor = somebody(request, Act.CHANGE_CATALOGUE, at)
    refused: Refusal | list[str] | None = None
    if request.method == "POST":
        refused = _done(request, actor, at)
        if refused is None:
            return redirect("owner-promotions")
    shown = _drawn(request, _draft(actor), at)
    return render(request, "backoffice/promotions.html", {**shown, **told(refused)}, status=422 if refused else 200)


def _done(request: HttpRequest, actor: Actor, at: datetime) -> Refusal | list[str] | None:
    seen, here, why = version_seen(request), shop.current(), forms.typed(request.POST, "why")
    match request.POST.get("act"):
        case "approve":
            return editing.approve(actor, seen=seen, shop=here, at=at)
        case "discard":
            return editing.discard(actor, seen=seen)
        case "end":
            name = forms.typed(request.POST, "id")
            return editing.end(actor, name, why=why, seen=seen, shop=here, at=at)
        case _:
            raise Http404


def _drawn(request: HttpRequest, found: Draft, at: datetime) -> dict[str, object]:
    _, catalog = catalogue.active()
    asked = whole(request.GET.get("days", ""), 0) or _DAYS
    days, language = min(asked, _MOST_DAYS), request.GET.get("language", "")
    language = language if language in languages.NAMES else languages.current()
    names = [one.id for one in found.now.ours]
    used, costs = queries.uses(names, []), queries.costs(names)

    def rows(ours: list[Promotion]) -> list[words.Ran]:
        none = queries.Cost(0, 0, 0)
        return [
            words.ran(
                one, found.now, catalog, used.get((one.id, b""), 0),
                costs.get(one.id, none).minor, costs.get(one.id, none).fees_minor,
            )
            for one in ours
        ]  # fmt: skip

    ours = found.now.ours
    shown: dict[str, object] = {
        "draft": found,
        "running": rows([one for one in ours if one.window.runs(at)]),
        "coming": rows([one for one in ours if at < one.window.start]),
        "over": rows([one for one in ours if one.window.over(at)]),
        "theirs": [(one.id, words.entry_of(one.id, found.now, catalog)) for one in found.now.theirs],
        "cost": queries.cost_in_all(found.now.currency),
        "versions": [
            (one, items.actor(one.made_by), items.actor(one.approved_by)) for one in queries.versions(_VERSIONS)
        ],
        "days": days,
        "spoken": language,
        "tongues": languages.NAMES.items(),
    }
    return {**shown, **_preview(found, catalog, language, days, at)} if found.is_new else shown


def _preview(found: Draft, catalog: Catalog, language: str, days: int, at: datetime) -> dict[str, object]:
    sales = editing.would_have_cost(found, days=days, at=at)
    return {
        "changes": [words.difference(one) for one in found.changes],
        "made_by": items.actor(found.made_by),
        "seen": [_as_customers_see(found, name, catalog, language, at) for name in editing.touched(found)],
        "sales": sales,
        "difference": Money(abs(sales.difference_minor), found.then.currency),
        "orders": sales.tried[: -_SHOWN - 1 : -1],
        "more": len(sales.tried) > _SHOWN,
    }


def _as_customers_see(found: Draft, name: str, catalog: Catalog, language: str, at: datetime) -> SafeString:
    """The part of the shop's own pages that tells of it, in this language."""
    with languages.speaking(language):
        example = editing.example(found, name, shop=shop.current(), at=at)
        ours = found.then.find(name)
        shown = {
            "name": name,
            "entry": words.entry_of(name, found.then, catalog),
            "coupon": ours is not None and bool(ours.coupons),
            "example": example,
            "promotions": words.of_quote(example.kept, found.then) if example else None,
            "operator": catalog.operator(example.operator) if example else None,
            "expired": True,  # the part of the price page without what only a price that counts has
        }
        return render_to_string("backoffice/promotion_seen.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest) -> HttpResponse:
    """A promotion of ours or of theirs, new or changed."""
    at = timezone.now()
    actor = somebody(request, Act.CHANGE_CATALOGUE, at)
    found, side, name = _draft(actor), _side(request), request.GET.get("id", "")
    old = entry_of(found.document, side, name) if name else {}
    if old is None:
        raise Http404
    if side is Side.OURS:
        values, typed, read = forms.ours_values(old), forms.ours_typed, forms.read_ours
    else:
        values, typed, read = forms.theirs_values(old), forms.theirs_typed, forms.read_theirs
    refused: Refusal | list[str] | None = None
    if request.method == "POST":
        values = {**values, **typed(request.POST)}
        entry, more = read(request.POST, old, found.document)
        refused = editing.change(
            actor, side, entry, more=more, new=not name, why=forms.typed(request.POST, "why"),
            seen=version_seen(request), shop=shop.current(), at=at,
        )  # fmt: skip
        if refused is None:
            return redirect("owner-promotions")
    shown = {**_choices(found, values), "name": name, "side": str(side), **told(refused)}
    return render(request, "backoffice/promotion.html", shown, status=422 if refused else 200)


def _choices(found: Draft, values: Mapping[str, object]) -> dict[str, object]:
    _, catalog = catalogue.active()
    titles = values["titles"]
    said = titles if isinstance(titles, Mapping) else {}
    needed = found.document.get("languages")
    invented = found.then.sample
    return {
        "draft": found,
        "values": values,
        "titles": [
            (tag, name, said.get(tag, ""), isinstance(needed, list) and tag in needed)
            for tag, name in languages.NAMES.items()
        ],
        "operators": [(one.id, one.name) for one in catalog.operators],
        "products": [(one.sku, one.name) for one in catalog.products],
        "channels": [(str(one), words.channel(one)) for one in Channel],
        "groups": forms.groups_of(found.document),
        "sources": forms.sources_of(found.document),
        "sure": [(str(one), sureness.sure(one)) for one in Sure if invented or one is not Sure.SAMPLE],
        "cells": [
            (name, words.cell(name), values.get(name, ""),
             *(values.get(f"{name}_{part}", "") for part in ("sure", "source", "verified_on")))
            for name in forms.CELLS
        ],
        "bonus": [(f"gives_{part}", words.bonus_part(part), values.get(f"gives_{part}", "")) for part in forms.BONUS],
        "zone": found.document.get("time_zone"),
    }  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def version(request: HttpRequest, number: int) -> HttpResponse:
    """What a version changed, and the way back to it."""
    at = timezone.now()
    actor = somebody(request, Act.CHANGE_CATALOGUE, at)
    past, found = editing.past(actor, number), _draft(actor)
    if isinstance(past, Refusal):
        raise Http404
    refused: Refusal | list[str] | None = None
    if request.method == "POST":
        refused = editing.go_back(
            actor, number, why=forms.typed(request.POST, "why"), seen=version_seen(request),
            shop=shop.current(), at=at,
        )  # fmt: skip
        if refused is None:
            return redirect("owner-promotions")
    shown = {
        "past": past,
        "draft": found,
        "by": items.actor(past.version.made_by),
        "approved_by": items.actor(past.version.approved_by),
        "changes": [words.difference(one) for one in past.changes],
        **told(refused),
    }
    return render(request, "backoffice/promotions_version.html", shown, status=422 if refused else 200)


@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """What counts, as the file that `./opla promotions import` reads."""
    actor = somebody(request, Act.CHANGE_CATALOGUE, timezone.now())
    text = promoting.export(actor)
    if isinstance(text, Refusal) or not text:
        raise Http404
    answer = HttpResponse(text, content_type="application/yaml; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="promotions.yaml"'
    return answer


def _side(request: HttpRequest) -> Side:
    return Side.THEIRS if request.GET.get("of") == Side.THEIRS else Side.OURS


def _draft(actor: Actor) -> Draft:
    found = editing.draft(actor)
    if isinstance(found, Refusal):
        raise Http404
    return found
