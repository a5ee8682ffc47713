"""The first page of the house: where the money is, what is stuck, and what to do; and the proof of the books."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from opla.accounts import owner as house
from opla.accounts.customer import customer_of
from opla.backoffice.doors import doors
from opla.backoffice.items import age_of
from opla.backoffice.views import anybody, somebody
from opla.core.actor import Act, Actor
from opla.core.day import bounds, day_of
from opla.db.queries import books as proof
from opla.db.queries import today as queries
from opla.operations import shop, stock, suppliers, threads
from opla.presenting import items as words
from opla.presenting import suppliers as routed
from opla.presenting import today

#: Where our money lies, where others' does, and what is owed (`core.ledger`).
_LIES: Final = ("bank", "in_transit", "psp_clearing", "till_drawer", "cash_outside", "supplier_float", "code_stock",
                "card_stock", "customer_held", "reseller_float", "vouchers", "refunds_due", "suspense", "vat_due",
                "supplier_payable", "partner_owed")  # fmt: skip


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    actor = anybody(request, at)
    shown: dict[str, object] = {
        "day": day_of(at),
        "iso": day_of(at).isoformat(),
        "finds": actor.refused(Act.FIND_ORDERS) is None,
        "doors": doors(actor),
        "who": words.actor(str(actor)),
        "skipped": house.skipped(request),
        "has_account": customer_of(request) is not None,
    }
    if actor.refused(Act.SEE_ITEMS) is None:
        shown |= {"items": True, **_waiting(at)}
    if actor.refused(Act.SEE_FIGURES) is None:
        shown |= {"figures": True, **_figures(actor, at)}
    return render(request, "backoffice/today.html", shown)


def _waiting(at: datetime) -> dict[str, object]:
    return {
        "waiting": [(one, words.kind(one.kind), age_of(at - one.oldest_at)) for one in queries.waiting()],
        "ages": today.ages(),
        "underway": today.underway(queries.underway(at)),
        "overdue": threads.overdue(at),
    }


def _figures(actor: Actor, at: datetime) -> dict[str, object]:
    from_at, until_at = bounds(day_of(at))
    hours = queries.hours(from_at, until_at)
    asked, waited = queries.suppliers(from_at, until_at), queries.waited(from_at, until_at)
    before = queries.hours(*bounds(day_of(at) - timedelta(days=1)))
    overview, levels = suppliers.overview(actor, shop=shop.current()), stock.levels(actor, at=at)
    return {
        "hours": hours,
        "placed": sum(one.placed for one in hours),
        "delivered": sum(one.delivered for one in hours),
        "sold": today.amounts(one.sold for one in hours),
        "sold_before": today.amounts(one.sold for one in before),
        "earned": today.earned(queries.earned(from_at, until_at)),
        "lying": [(today.account(one.kind), one.amount) for one in queries.lying(_LIES)],
        "asked": asked,
        "waited": [(one, today.lasted(one.half_s), today.lasted(one.most_s)) for one in waited],
        "sales_picture": today.sales_picture(hours),
        "suppliers_picture": today.suppliers_picture(asked),
        "waits_picture": today.waits_picture(waited),
        "health": [(one, routed.health(one.state, at), routed.float_left(one), routed.is_below(one))
                   for one in (overview if isinstance(overview, list) else [])],
        "few": [one for one in (levels if isinstance(levels, list) else []) if one.few],
        "proof": proof.proof(at),
    }  # fmt: skip


@require_safe
def underway(request: HttpRequest) -> HttpResponse:
    """What is asked about by itself, one by one: each leads to its order, with all that was asked and answered."""
    at = timezone.now()
    somebody(request, Act.SEE_ITEMS, at)
    kind, unknown, age = request.GET.get("kind", ""), "unknown" in request.GET, request.GET.get("age", "")
    called = today.on_its_way(kind, unknown=unknown)
    if not called or (age and age not in [str(n) for n in range(len(queries.AGES) + 1)]):
        raise Http404
    found = queries.on_its_way(kind, int(age) if age else None, at, unknown=unknown)
    shown = {
        "called": called,
        "age": today.ages()[int(age)] if age else "",
        "found": [(one, age_of(at - one.made_at)) for one in found],
    }
    return render(request, "backoffice/underway.html", shown)


@require_safe
def figures_file(request: HttpRequest, day: str, name: str) -> HttpResponse:
    """The figures behind a picture, of any day."""
    somebody(request, Act.SEE_FIGURES, timezone.now())
    files: dict[str, Callable[[datetime, datetime], str]] = {
        "sales": lambda a, b: today.sales_csv(queries.hours(a, b)),
        "suppliers": lambda a, b: today.suppliers_csv(queries.suppliers(a, b)),
        "waits": lambda a, b: today.waits_csv(queries.waited(a, b)),
    }
    try:
        from_at, until_at = bounds(date.fromisoformat(day))
    except (ValueError, OverflowError):
        raise Http404 from None
    if name not in files:
        raise Http404
    named = {"Content-Disposition": f'attachment; filename="{name}-{day_of(from_at).isoformat()}.csv"'}
    return HttpResponse(files[name](from_at, until_at), content_type="text/csv; charset=utf-8", headers=named)


@require_http_methods(["GET", "HEAD", "POST"])
def books(request: HttpRequest) -> HttpResponse:
    """What the newest proof found of every check; pressed, a worker makes another."""
    at = timezone.now()
    somebody(request, Act.SEE_FIGURES, at)
    if request.method == "POST":
        proof.prove_now(at)
        return redirect("owner-books")
    return render(request, "backoffice/books.html", {"proof": proof.proof(at)})
