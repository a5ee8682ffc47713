"""What waits for a person: the list, oldest first, and a page for each with all that is known and what may be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from opla.backoffice.doors import doors
from opla.backoffice.views import sees, somebody
from opla.core.actor import Act, Actor
from opla.core.day import day_of
from opla.core.item import Kind
from opla.core.refusal import Code, Refusal
from opla.db.queries import bank, suppliers, texts
from opla.db.queries import items as queries
from opla.db.queries.bank import Shown
from opla.db.queries.items import About, Evidence, Item
from opla.operations import shop, threads
from opla.operations.resolve_item import MAX_FILE, Offer, Wanted, offers, resolve_item
from opla.presenting import items as words
from opla.presenting import orders
from opla.presenting import suppliers as routed
from opla.presenting.items import Choice
from opla.presenting.refusals import sentence

_TYPED: Final = ("note", "amount", "supplier_id", "serial", "valid_until", "ticket", "reseller")

#: What is resolved among the sellers.
_OF_SELLERS: Final = (Kind.PASSPORT, Kind.SELLER_REPORTED)


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    actor = somebody(request, Act.SEE_ITEMS, at)
    asked = request.GET.get("kind", "")
    kind = Kind(asked) if asked in set(Kind) else None
    found = [
        (item, words.kind(item.kind), words.why(item), orders.state(item.state), age_of(at - item.opened_at))
        for item in queries.open_items(kind)
    ]
    shown = {
        "items": found,
        "only": words.kind(kind) if kind else "",
        "doors": doors(actor),
        "overdue": threads.overdue(at),
        "sms_parts": next((parts for day, parts in texts.spent(day_of(at)) if day == day_of(at)), 0),
        "sms_most": shop.current().texts_a_day,
    }
    return render(request, "backoffice/items.html", shown)


@dataclass(frozen=True)
class _Form:
    """One resolution as it is offered."""

    offer: Offer
    choice: Choice
    amount_label: str
    typed: dict[str, str]
    refused: str  # why it was not done just now
    about: str  # the field that is wrong


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, item_id: int) -> HttpResponse:
    at = timezone.now()
    actor = somebody(request, Act.SEE_ITEMS, at)
    refused: Refusal | None = None
    if request.method == "POST":
        somebody(request, Act.RESOLVE_ITEM, at)
        refused = _resolved(request, actor, item_id, at)
        if refused is None:
            return redirect("owner-item", item_id)
    found = queries.item(item_id)
    if found is None:
        raise Http404
    sees(actor, "item", item_id, order_id=found.order_id, at=at)
    said = queries.evidence(item_id)
    shown = {
        "item": found,
        "kind": words.kind(found.kind),
        "why": words.why(found),
        "age": age_of(at - found.opened_at),
        "closed_by": words.actor(found.closed_by),
        "sold": queries.sold(found.order_id) if found.order_id else None,
        "state": orders.state(found.state),
        **happened(found),
        "said": [_line(e, found) for e in said],
        "parties": _parties(found) if actor.refused(Act.RESOLVE_ITEM) is None else [],
        "forms": _forms(request, actor, found, refused),
        "told": "" if refused is None else sentence(refused),
        "may": actor.refused(Act.RESOLVE_ITEM) is None,
        "sellers": found.kind in _OF_SELLERS and actor.refused(Act.CHECK_SELLERS) is None,
    }
    return render(request, "backoffice/item.html", shown, status=400 if refused else 200)


def _parties(found: Item) -> list[Shown]:
    """Lines of our bank account that it is about: whose money it is, and where it would go back to, unless a file that
    is at the bank sends it there."""
    if found.open and found.file is not None:
        return []
    keyring = shop.current().keyring
    if found.kind in (Kind.BANK_LINE, Kind.BANK_OUT, Kind.LINE_BACK):
        line = bank.line(found.subject, keyring)
        return [line] if line else []
    if found.kind is Kind.TRANSFER_DUE and found.open:
        return bank.payers(found.subject, keyring)
    return []


def happened(found: Item | About) -> dict[str, object]:
    """Everything that is known of it, for `happened.html`."""
    tried = queries.attempts_about(found)
    routes = suppliers.routes_of([t.id for t in tried])
    return {
        "events": [(e.at, words.word(e.name), words.actor(e.actor)) for e in queries.events_about(found)],
        "attempts": [
            (
                t,
                words.word(t.kind),
                words.word(t.state),
                [(a, words.word(a.answer), words.word(a.why)) for a in t.answers],
                routed.why(routes.get(t.id, ()), t.adapter),
            )
            for t in tried
        ],
    }


def _line(e: Evidence, found: Item) -> tuple[Evidence, str, str, str, list[tuple[str, str]]]:
    label = words.choice(e.resolution).label
    return e, words.step(e.step), label, words.actor(e.actor), words.facts(e, found.at_risk.currency)


def _resolved(request: HttpRequest, actor: Actor, item_id: int, at: datetime) -> Refusal | None:
    if request.POST.get("sure") != "yes":
        return Refusal(Code.NOT_CONFIRMED, "sure")
    typed = {name: request.POST.get(name, "") for name in _TYPED}
    upload = request.FILES.get("file")
    name, data = "", b""
    if upload is not None:
        # One byte more than may be kept is enough to be refused by.
        name, data = (upload.name or "file")[-120:], upload.read(MAX_FILE + 1)
    wanted = Wanted(
        request.POST.get("resolution", ""), code=request.POST.get("code", ""), file_name=name, file=data, **typed
    )
    found = resolve_item(actor, item_id, wanted, shop=shop.current(), at=at)
    if isinstance(found, Refusal) and found.code is Code.NOT_FOUND:
        raise Http404
    return found if isinstance(found, Refusal) else None


def _forms(request: HttpRequest, actor: Actor, found: Item, refused: Refusal | None) -> list[_Form]:
    if actor.refused(Act.RESOLVE_ITEM):
        return []
    chosen = request.POST.get("resolution", "") if refused else ""
    typed = {name: request.POST.get(name, "") for name in _TYPED}  # never the code: it is typed again
    suggested = {"ticket": request.GET.get("ticket", "")[:40]}  # by the page of reconciliation
    labels = {"paid": _("How much came in"), "delivered": _("What the supplier charged us")}
    return [
        _Form(
            offer,
            words.choice(offer.resolution),
            labels.get(offer.resolution, ""),
            typed if offer.resolution == chosen else suggested,
            sentence(refused) if refused and offer.resolution == chosen else "",
            refused.about if refused and offer.resolution == chosen else "",
        )
        for offer in offers(found, shop=shop.current())
    ]


@require_safe
def kept_file(request: HttpRequest, item_id: int, evidence_id: int) -> HttpResponse:
    """A file somebody kept: always downloaded, never shown, for it may hold anything."""
    at = timezone.now()
    actor = somebody(request, Act.SEE_ITEMS, at)
    found = queries.evidence_file(item_id, evidence_id)
    if found is None:
        raise Http404
    sees(actor, "evidence", f"{item_id}/{evidence_id}", at=at)
    name, data = found
    disposition = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    headers = {"Content-Disposition": disposition}
    return HttpResponse(data, content_type="application/octet-stream", headers=headers)


def age_of(lived: timedelta) -> str:
    """In the largest unit that says enough."""
    hours = int(lived.total_seconds() // 3600)
    if hours >= 48:
        return ngettext("%(n)s day", "%(n)s days", hours // 24) % {"n": hours // 24}
    if hours:
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    minutes = int(lived.total_seconds() // 60)
    return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
