"""One standing renewal by its link: what comes, what it costs at most, what was, and every way out with one tap.

Whoever has the link sees it and may end it, and never sees the address it writes to. Looking changes nothing: programs
that look at every link of an e-mail would.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from opla.accounts.device import remember
from opla.core.quote import Quote
from opla.core.refusal import Refusal
from opla.core.renewal import Phase, State
from opla.db.queries import renewals as rows
from opla.db.queries import text_pay
from opla.operations import change_renewal, links, renewals
from opla.operations.renewals import Standing
from opla.presenting import languages, numbers, renewing
from opla.presenting.announcing import operator_name
from opla.presenting.refusals import sentence
from opla.storefront import draft
from opla.storefront.forms import Form, refused, status_of
from opla.storefront.views.language import chosen
from opla.storefront.visit import Visit, visit, visit_with_device

Change = Callable[..., Refusal | None]


@require_safe
def show(request: HttpRequest, link: str) -> HttpResponse:
    here = visit(request)
    return _page(request, _standing(request, link, here), here)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def skip(request: HttpRequest, link: str) -> HttpResponse:
    """From the notice: asked once more, so that nothing that only looks skips anything."""
    return _sure(request, link, change_renewal.skip, "skip")


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: HttpRequest, link: str) -> HttpResponse:
    """For good. The link alone is enough, without cookies: it ends, and can do no harm."""
    return _sure(request, link, change_renewal.end, "end")


@require_POST
def pause(request: HttpRequest, link: str) -> HttpResponse:
    return _changed(request, link, change_renewal.pause)


@require_POST
def resume(request: HttpRequest, link: str) -> HttpResponse:
    return _changed(request, link, change_renewal.resume)


@require_POST
def ceiling(request: HttpRequest, link: str) -> HttpResponse:
    here = visit(request)
    found = _standing(request, link, here)
    typed = {name: draft.typed(request, name) for name in ("cap", "month_cap")}
    said = partial(renewing.new_ceiling, at=here.at)
    wrong = change_renewal.change_ceiling(
        here.actor, found, typed["cap"], typed["month_cap"], said, shop=here.shop, at=here.at
    )
    if wrong:
        return _page(request, found, here, form=refused(typed, wrong), status=status_of(wrong))
    return redirect("renewal", link=link)


@require_POST
def by_text(request: HttpRequest, link: str) -> HttpResponse:
    """Whether whoever has the SIM may order by text: as the box stands that was sent."""
    here = visit(request)
    found = _standing(request, link, here)
    may = "by_text" in request.POST
    wrong = change_renewal.allow_by_text(
        here.actor, found, renewing.by_text_consent(), may=may, shop=here.shop, at=here.at
    )  # fmt: skip
    if wrong is not None:
        return _page(request, found, here, wrong=wrong, status=409)
    return redirect("renewal", link=link)


@require_POST
def now(request: HttpRequest, link: str) -> HttpResponse:
    """The same bought by hand: its price, on this device. Nothing is bought yet."""
    here = visit_with_device(request)
    found = _standing(request, link, here)
    made = change_renewal.quote_now(
        here.actor, found, device=here.device, shop=here.shop, at=here.at, address=here.address
    )
    if not isinstance(made, Quote):
        return _page(request, found, here, wrong=made[0], status=status_of(made))
    answer = redirect("quote", quote_id=made.id)
    remember(answer, here.device, secure=here.shop.base_url.startswith("https://"))
    return answer


def cards(found: list[Standing]) -> list[dict[str, object]]:
    """Renewals as a list of somebody's own shows them."""
    return [
        {
            "link": one.whose.link,
            "product": one.kept.product_name,
            "operator": operator_name(one.kept.operator),
            "number": numbers.grouped(one.whose.number),
            "state": renewing.state(one.kept.state),
            "due_at": _due(one),
        }
        for one in found
    ]


def _due(found: Standing) -> object:
    last = found.kept.last
    return last.due_at if last and last.phase is Phase.PLANNED and found.kept.state is State.ACTIVE else None


def _sure(request: HttpRequest, link: str, change: Change, what: str) -> HttpResponse:
    here = visit(request)
    found = _standing(request, link, here)
    if request.method == "POST":
        wrong = change(here.actor, found, shop=here.shop, at=here.at)
        if wrong is None:
            return redirect("renewal", link=link)
        return _page(request, found, here, wrong=wrong, status=409)
    shown = {"what": what, "link": link, **_told(found)}
    return render(request, "storefront/renewal_sure.html", shown)


def _changed(request: HttpRequest, link: str, change: Change) -> HttpResponse:
    here = visit(request)
    found = _standing(request, link, here)
    wrong = change(here.actor, found, shop=here.shop, at=here.at)
    if wrong is not None:
        return _page(request, found, here, wrong=wrong, status=409)
    return redirect("renewal", link=link)


def _standing(request: HttpRequest, link: str, here: Visit) -> Standing:
    """The renewal of this link, or 404: a guessed link and a wrong one look the same."""
    found = renewals.find(link, shop=here.shop)
    if found is None:
        raise Http404
    if not chosen(request) and found.kept.language in languages.NAMES:
        translation.activate(found.kept.language.lower())
    return found


def _told(found: Standing) -> dict[str, object]:
    kept = found.kept
    return {
        "product": kept.product_name,
        "operator": operator_name(kept.operator),
        "number": numbers.grouped(found.whose.number),
        "rule": renewing.rule(found.rule),
        "cap": kept.cap,
        "month_cap": kept.month_cap,
        "due_at": _due(found),
        "state": str(kept.state),
        "said": renewing.state(kept.state),
    }


def _page(
    request: HttpRequest,
    found: Standing,
    here: Visit,
    *,
    wrong: Refusal | None = None,
    form: Form | None = None,
    status: int = 200,
) -> HttpResponse:
    kept, last = found.kept, found.kept.last
    by_hand = ""
    if last and last.phase is Phase.REFUSED and last.order_id and last.order_state == "placed":
        by_hand = links.link_of(last.order_id, here.shop.keyring) or ""
    typed = {"cap": kept.cap.decimal, "month_cap": kept.month_cap.decimal if kept.month_cap else ""}
    shown = {
        **_told(found),
        "link": found.whose.link,
        "costs": change_renewal.costs_now(found, shop=here.shop),
        "past": renewing.past(rows.periods(kept.id)),
        "agreed": kept.agreed,
        "made_at": kept.made_at,
        "language": kept.language,
        "by_hand": by_hand,
        "by_text": text_pay.allowed(kept.id),
        "by_text_consent": renewing.by_text_consent(),
        "form": form or Form(typed),
        "refused": sentence(wrong) if wrong else "",
    }
    return render(request, "storefront/renewal.html", shown, status=status)
