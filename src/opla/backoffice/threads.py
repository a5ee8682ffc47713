"""What customers write: the longest waiting first, and a page for each with everything that is known beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from opla.backoffice.items import age_of, happened
from opla.backoffice.views import sees, somebody
from opla.core.actor import Act, Actor
from opla.core.catalog import Product
from opla.core.refusal import Code, Refusal
from opla.core.thread import MAX_MESSAGE, OVERDUE
from opla.db.queries import items as queries
from opla.db.queries import pages
from opla.db.queries.items import About
from opla.db.queries.pages import OrderPage
from opla.operations import catalogue, shop, threads
from opla.operations.threads import Thread
from opla.presenting import facts, items, languages, orders, trouble
from opla.presenting.phrases import meaning, phrases
from opla.presenting.refusals import sentence


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    actor = somebody(request, Act.ANSWER, at)
    found = threads.open_threads(actor, shop=shop.current())
    if isinstance(found, Refusal):
        raise Http404
    sees(actor, "threads", at=at)
    rows = [
        (
            one,
            languages.NAMES.get(one.language, one.language),
            age_of(at - one.waiting_since) if one.waiting_since else "",
            one.waiting_since is not None and at - one.waiting_since > OVERDUE,
        )
        for one in found
    ]
    return render(request, "backoffice/threads.html", {"threads": rows})


@dataclass(frozen=True)
class _Typed:
    """What the clerk has typed, and why it was not sent."""

    text: str = ""
    language: str = ""
    refused: Refusal | None = None


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, thread_id: UUID) -> HttpResponse:
    at = timezone.now()
    actor = somebody(request, Act.ANSWER, at)
    found = threads.read(actor, thread_id, shop=shop.current())
    if isinstance(found, Refusal):
        raise Http404
    typed = _Typed()
    if request.method == "POST":
        done = _done(request, actor, found, at)
        if done is None and request.POST.get("from") == "order" and found.order_id is not None:
            return redirect("owner-order", found.order_id)
        if done is None:
            return redirect("owner-thread", thread_id)
        typed = done
        again = threads.read(actor, thread_id, shop=shop.current())
        found = again if isinstance(again, Thread) else found
    sees(actor, "thread", found.id, order_id=found.order_id, at=at)
    status = 200 if typed.refused is None else 422
    return render(request, "backoffice/thread.html", _drawn(found, typed, at), status=status)


def _done(request: HttpRequest, actor: Actor, found: Thread, at: datetime) -> _Typed | None:
    """None when it is done. A phrase is put below what was typed, and sends nothing."""
    text = request.POST.get("message", "")[: 4 * MAX_MESSAGE]
    language = request.POST.get("language", found.language)[:20]
    if key := request.POST.get("phrase", ""):
        more = next((phrase.theirs for phrase in phrases(found.language) if phrase.key == key), "")
        return _Typed("\n".join(part for part in (text.rstrip(), more) if part), language)
    seen = request.POST.get("seen", "")
    count = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 6 else -1
    if request.POST.get("act") == "close":
        refused = threads.close(actor, found.id, seen=count)
    else:
        here = shop.current()
        refused = threads.answer(actor, found.id, text, seen=count, language=language, shop=here, at=at)
    if refused is not None and refused.code is Code.NOT_FOUND:
        raise Http404
    return None if refused is None else _Typed(text, language, refused)


def talk(found: Thread) -> dict[str, object]:
    """What was written, each in its language, and what an answer can be made of: for `talk.html` and `answer.html`."""
    return {
        "thread": found,
        "said": [(m, items.actor(m.actor), trouble.told(m.tried), meaning(m.text, m.language)) for m in found.said],
        "spoken": found.language,
        "written_in": found.language,
        "languages": languages.NAMES,
        "phrases": phrases(found.language),
        "most": MAX_MESSAGE,
    }


def _drawn(found: Thread, typed: _Typed, at: datetime) -> dict[str, object]:
    page = pages.order_by_id(found.order_id) if found.order_id else None
    product = _product(found, page)
    refused = typed.refused
    newer = refused is not None and refused.code is Code.STILL_RUNNING
    return {
        **talk(found),
        "written_in": typed.language or found.language,
        "spoken_name": languages.NAMES.get(found.language, found.language),
        "age": age_of(at - found.waiting_since) if found.waiting_since else "",
        "order": page,
        "state": orders.state(page.state) if page else "",
        "status": orders.status(page, at) if page else None,
        "sold": queries.sold(found.order_id) if found.order_id else None,
        "product": product,
        "when": facts.when(product) if product else [],
        "email": page.email if page else found.about.get("email", ""),
        "typed": typed.text,
        "newer": newer,
        "refused": sentence(refused) if refused and not newer else "",
        **(happened(About(found.order_id)) if found.order_id else {}),
    }


def _product(found: Thread, page: OrderPage | None) -> Product | None:
    """What it is about, as the catalogue said it when it was shown."""
    if page is not None:
        return catalogue.at_version(page.catalog_version).sold(page.sku)
    return catalogue.at_version(int(found.about["version"])).sold(found.about["sku"])
