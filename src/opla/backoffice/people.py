"""People of the house: who they are and what they are, named, invited, let go."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from opla.backoffice.views import somebody
from opla.core.actor import HOUSE, Act, Actor
from opla.core.refusal import Code, Refusal
from opla.db.queries import people as queries
from opla.operations import people, shop
from opla.presenting import house as words
from opla.presenting import items, languages
from opla.presenting.refusals import sentence

_MAX_TYPED = 200


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    at = timezone.now()
    actor, no = somebody(request, Act.MANAGE_PEOPLE, at), None
    if request.method == "POST":
        no = _done(request, actor)
        if no is None:
            return redirect("owner-people")
        if no.code is Code.NOT_FOUND:
            raise Http404
    known = queries.everybody()
    shown = {
        "here": [
            (one, items.role(one.role), words.factors(one), one.actor == actor) for one in known if not one.ended_at
        ],
        "gone": [(one, items.role(one.role)) for one in known if one.ended_at],
        "roles": [(str(role), items.role(role), words.may(role)) for role in HOUSE],
        "speaks": languages.NAMES.items(),
        "language": languages.current(),
        "typed": request.POST if no else None,
        "refused": sentence(no) if no else "",
        "sandbox": settings.SANDBOX,
    }
    return render(request, "backoffice/people.html", shown, status=422 if no else 200)


def _done(request: HttpRequest, actor: Actor) -> Refusal | None:
    at, here = timezone.now(), shop.current()

    def typed(name: str) -> str:
        return request.POST.get(name, "")[:_MAX_TYPED].replace("\0", "").strip()

    act = typed("act")
    if act == "name":
        new = queries.by_email(typed("email").lower()) is None
        named = people.name(actor, typed("email"), typed("name"), typed("role"), typed("speaks"), shop=here, at=at)
        if isinstance(named, Refusal):
            return named
        return people.invite(actor, named, shop=here, at=at) if new else None
    try:
        who = UUID(typed("person"))
    except ValueError:
        return Refusal(Code.NOT_FOUND, "person")
    if act == "remove":
        return people.remove(actor, who, at=at)
    if act == "lost":
        lost = people.forget_factors(actor, who, at=at)
        return lost if isinstance(lost, Refusal) else people.invite(actor, lost, shop=here, at=at)
    if act == "invite":
        known = queries.by_id(who)
        if known is None or known.ended_at or known.has_factor:
            return Refusal(Code.NOT_FOUND, "person")
        return people.invite(actor, known, shop=here, at=at)
    return Refusal(Code.NOT_FOUND, "act")
