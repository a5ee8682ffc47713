"""An order as the house sees it: found by whatever somebody has in hand, and its whole life on one page."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from opla.backoffice.cash import key_of
from opla.backoffice.items import happened
from opla.backoffice.threads import talk
from opla.backoffice.views import sees, somebody
from opla.core import order
from opla.core.actor import Act, Actor
from opla.core.money import Money
from opla.core.refusal import Code, Refusal
from opla.db.queries import archive, audit, items, refunds
from opla.db.queries import find as queries
from opla.db.queries.find import Known
from opla.db.queries.items import About
from opla.operations import shop, threads
from opla.operations.find_orders import MOST, find_orders
from opla.operations.refund_by_choice import refund_by_choice
from opla.presenting import found as words
from opla.presenting import items as item_words
from opla.presenting import languages, orders
from opla.presenting.refusals import sentence


@require_safe
def find(request: HttpRequest) -> HttpResponse:
    """One order that is found is shown at once; several are listed."""
    at = timezone.now()
    actor = somebody(request, Act.FIND_ORDERS, at)
    typed = request.GET.get("q", "")
    hits = find_orders(actor, typed)
    if isinstance(hits, Refusal):
        raise Http404
    if len(hits) == 1:
        return redirect("owner-order", hits[0].id)
    rows = [(hit, orders.state(hit.state), [words.by(by) for by in hit.by]) for hit in hits]
    shown = {"typed": typed, "hits": rows, "more": len(hits) == MOST}
    if hits:
        # Never what was typed, which may be an address: what is written there stays for ever.
        audit.look(actor, "find", [(str(hit.id), hit.id) for hit in hits], at=at)
    return render(request, "backoffice/find.html", shown)


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, order_id: UUID) -> HttpResponse:
    at = timezone.now()
    actor = somebody(request, Act.FIND_ORDERS, at)
    known = queries.order(order_id)
    if known is None:
        raise Http404
    refused: Refusal | None = None
    if request.method == "POST":
        somebody(request, Act.REFUND, at)
        refused = _refund(request, actor, known, at)
        if refused is None:
            return redirect("owner-order", order_id)
    sees(actor, "order", known.id, order_id=known.id, at=at)
    shown = _drawn(request, actor, known, refused)
    return render(request, "backoffice/order.html", shown, status=422 if refused else 200)


def _refund(request: HttpRequest, actor: Actor, known: Known, at: datetime) -> Refusal | None:
    if request.POST.get("sure") != "yes":
        return Refusal(Code.NOT_CONFIRMED, "sure")
    typed = request.POST.get("amount", "").strip()
    case = refunds.choice(known.id)
    if case is None:
        return Refusal(Code.NOT_FOUND, "order")
    amount = Money.parse(typed, case.order.price.total.currency) if typed else None
    if typed and amount is None:
        return Refusal(Code.AMOUNT_UNREADABLE, "amount", {"amount": typed})
    here, why = shop.current(), request.POST.get("why", "")
    done = refund_by_choice(actor, known.id, refund_id=key_of(request), amount=amount, why=why, shop=here, at=at)
    return done if isinstance(done, Refusal) else None


def _drawn(request: HttpRequest, actor: Actor, known: Known, refused: Refusal | None) -> dict[str, object]:
    waits = refunds.waiting(known.id)
    case = refunds.choice(known.id)
    left = Money(0, "EUR")
    if case is not None and case.order.state is order.State.DELIVERED:
        left = Money(min(case.open_minor, case.kept_minor), case.order.price.total.currency)
    thread = threads.about_order(actor, known.id, shop=shop.current())
    return {
        "order": known,
        "state": orders.state(known.state),
        "speaks": languages.NAMES.get(known.language, known.language),
        "sold": items.sold(known.id),
        "waiting": [(id_, item_words.kind(kind)) for id_, kind in queries.open_items(known.id)],
        "story": [words.line(told) for told in queries.story(known.id)],
        "outside": outside if (outside := archive.outside_until()) and known.placed_at < outside else None,
        "postings": [words.posted(line) for line in queries.postings(About(known.id))],
        "attempts": happened(About(known.id))["attempts"],
        **(talk(thread) if thread else {}),
        "may_refund": actor.refused(Act.REFUND) is None and waits is None and left.amount_minor > 0,
        "asked": waits,
        "left": left,
        "key": request.POST.get("key") if refused else uuid4(),
        "wanted": {name: request.POST.get(name, "") for name in ("amount", "why")} if refused else {},
        "told": sentence(refused) if refused else "",
    }
