"""Reminders: asked for beside what one has, confirmed from the e-mail, read again and stopped on a page of their own.

The link is the only secret of it: whoever has it sees the line, and never the address it writes to. News of promotions
is kept as a reminder is, so it has the same addresses, and a page of its own (`follow`).
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from opla.core.refusal import Refusal
from opla.core.usage import Usage, is_stale
from opla.operations import catalogue, push, wishes
from opla.operations import count_in as counting
from opla.operations import remind as reminding
from opla.operations.remind import Wanted
from opla.operations.wishes import Watched, Wished
from opla.presenting import languages, usage
from opla.presenting.refusals import sentence
from opla.storefront import asking, draft, pushes
from opla.storefront.asking import Place
from opla.storefront.forms import refused, status_of
from opla.storefront.patience import patient
from opla.storefront.views import follow, have, order
from opla.storefront.views.language import chosen
from opla.storefront.visit import Visit, visit


@require_POST
@patient
def ask(request: HttpRequest, operator: str) -> HttpResponse:
    """Send the e-mail that asks to confirm. The answer is the same whether the address was asked before or not."""
    here, found = visit(request), asking.carried(request)
    place = have.place_of(operator)
    if found is None or found.line.operator != place.operator.id:
        return redirect("have-operator", operator=place.operator.id)
    typed = {name: draft.typed(request, name) for name in ("email", "every")}
    wanted = Wanted(typed["email"], typed["every"], languages.current(), here.address)
    if wrong := reminding.ask(here.actor, wanted, found, shop=here.shop, at=here.at):
        return have.result(request, place, here, found, refused(typed, wrong), status=status_of(wrong))
    draft.keep_email(request, typed["email"].strip())
    return render(request, "storefront/remind_asked.html", {"operator": place.operator})


@require_safe
def show(request: HttpRequest, link: str) -> HttpResponse:
    here = visit(request)
    found = _wished(request, link, here)
    if isinstance(found, Watched) and found.confirmed:
        draft.keep_reminder(request, link)
    return _page(request, link, found, here) if isinstance(found, Watched) else follow.page(request, found, link)


@require_safe
def top_up(request: HttpRequest, link: str) -> HttpResponse:
    """From a reminder to the amounts of its operator: what is bought then can be counted in on it."""
    watched = _watched(request, link, visit(request))
    draft.keep_reminder(request, link)
    return redirect("amounts", operator=watched.usage.line.operator)


@require_POST
def count_in(request: HttpRequest, link: str) -> HttpResponse:
    """Count an order in on the reminder that was opened in this browser; on a device that may see the order's code."""
    here = visit(request)
    found = order.ticket(request, link, here)
    if not found.page.proven:
        raise Http404
    wrong = counting.count_in(here.actor, draft.reminder(request), found.page.id, shop=here.shop, at=here.at)
    if wrong is not None:
        return order.draw(request, found, refused=sentence(wrong), status=409)
    return redirect("order", link=link)


@require_POST
def confirm(request: HttpRequest, link: str) -> HttpResponse:
    here = visit(request)
    _wished(request, link, here)
    wrong = wishes.confirm(here.actor, link, at=here.at)
    if wrong is not None:
        raise Http404
    return redirect("reminder", link=link)


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, link: str) -> HttpResponse:
    """How to ask, and what it answered this time."""
    here = visit(request)
    place = _place(link, _watched(request, link, here))
    return asking.answered(request, place, here) if request.method == "POST" else asking.ask(request, place, here)


@require_http_methods(["GET", "HEAD", "POST"])
def line(request: HttpRequest, link: str) -> HttpResponse:
    """The figures of a new reading, which the reminders follow from then on."""
    here = visit(request)
    watched = _watched(request, link, here)
    place = _place(link, watched)
    if request.method != "POST":
        return asking.fields(request, place, asking.now_typed(here))

    def keep(found: Usage) -> HttpResponse:
        wrong = reminding.read(here.actor, link, found, shop=here.shop, at=here.at)
        if wrong is not None:
            return _page(request, link, watched, here, wrong)
        return redirect("reminder", link=link)

    return asking.entered(request, place, here, keep)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, link: str) -> HttpResponse:
    """One tap in a mail program is a POST without cookies or page (RFC 8058), so the link alone is enough.

    Looking stops nothing: programs that look at every link of an e-mail would.
    """
    here = visit(request)
    if request.method == "POST":
        wishes.stop(here.actor, link)
        if draft.reminder(request) == link:
            draft.keep_reminder(request, "")
    wished = wishes.find(link, shop=here.shop)
    _speak(request, wished)
    shown = {"link": link, "stopped": wished is None, "news": wished is not None and not isinstance(wished, Watched)}
    return render(request, "storefront/remind_stop.html", shown)


def _page(request: HttpRequest, link: str, watched: Watched, here: Visit, wrong: Refusal | None = None) -> HttpResponse:
    place = _place(link, watched)
    every = watched.every
    about = push.reminder(link) if watched.confirmed else None
    tag = push.tag_of(about.reminder_id, here.shop) if about and about.reminder_id else ""
    shown = {
        "push": pushes.offer(request, tag, reverse("reminder-push", args=[link])) if tag else None,
        "place": place,
        "operator": place.operator,
        "link": link,
        "confirmed": watched.confirmed,
        "every_days": watched.every_days,
        "rows": usage.rows(watched.usage, here.at),
        "forecast": usage.forecast(watched.usage, here.at),
        "number_until": watched.usage.line.number_ends,
        "read_at": watched.usage.read_at,
        "stale": every is not None and is_stale(watched.usage, here.at, every),
        "usage": asking.carry(watched.usage),
        "refused": sentence(wrong) if wrong else "",
    }
    return render(request, "storefront/remind.html", shown, status=409 if wrong else 200)


def _wished(request: HttpRequest, link: str, here: Visit) -> Wished:
    """What this link opens, or 404: a guessed link and a wrong one look the same."""
    wished = wishes.find(link, shop=here.shop)
    if wished is None:
        raise Http404
    _speak(request, wished)
    return wished


def _watched(request: HttpRequest, link: str, here: Visit) -> Watched:
    """The line of this link, or 404."""
    found = _wished(request, link, here)
    if not isinstance(found, Watched):
        raise Http404
    return found


def _speak(request: HttpRequest, wished: Wished | None) -> None:
    """Opened from an e-mail: its language, until the person says otherwise."""
    if wished and not chosen(request) and wished.language in languages.NAMES:
        translation.activate(wished.language.lower())


def _place(link: str, watched: Watched) -> Place:
    _, catalog = catalogue.active()
    operator = catalog.operator(watched.usage.line.operator)
    if operator is None:
        raise Http404
    return Place(
        operator,
        catalog,
        reverse("reminder-answer", args=[link]),
        reverse("reminder-line", args=[link]),
        reverse("reminder", args=[link]),
    )
