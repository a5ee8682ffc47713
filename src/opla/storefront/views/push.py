"""A browser that wants to be told posts where it takes messages, or that it wants none any more."""

from __future__ import annotations

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.http import require_POST

from opla.core.refusal import Code, Refusal
from opla.db.queries.push import About
from opla.operations import push
from opla.operations.push import Given
from opla.storefront.views.order import ticket
from opla.storefront.visit import Visit, visit

#: An endpoint is longer than what people type; this is well above those of every push service.
_LONGEST = 2000


@require_POST
def order(request: HttpRequest, link: str) -> JsonResponse:
    """Of an order: for a device that may see its code."""
    here = visit(request)
    page = ticket(request, link, here).page
    if not page.proven:
        raise Http404
    return _answered(request, About(order_id=page.id), here)


@require_POST
def reminder(request: HttpRequest, link: str) -> JsonResponse:
    """Of a reminder: for whoever has its link, and only once it is confirmed."""
    about = push.reminder(link)
    if about is None:
        raise Http404
    return _answered(request, about, visit(request))


def _answered(request: HttpRequest, about: About, here: Visit) -> JsonResponse:
    endpoint, p256dh, auth = (request.POST.get(name, "")[:_LONGEST] for name in ("endpoint", "p256dh", "auth"))
    refused: Refusal | None
    if "stop" in request.POST:
        refused = push.stop(here.actor, about, endpoint, shop=here.shop)
    else:
        given = Given(endpoint, p256dh, auth, here.address)
        refused = push.keep(here.actor, about, given, shop=here.shop, at=here.at)
    if refused is None:
        return JsonResponse({})
    return JsonResponse({"refused": refused.code}, status=429 if refused.code is Code.TOO_MANY_TRIES else 422)
