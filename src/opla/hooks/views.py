"""The payment provider's two doors. Both only wake the poller, so it does not matter who knocks, or how often."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from opla.accounts.device import device_of
from opla.db.queries import pages
from opla.operations import pay_into_float, wake
from opla.operations.links import device_hash, hash_link


@require_safe
def returned(request: HttpRequest, link: str) -> HttpResponse:
    """Where the customer comes back from paying, or not paying: ask the provider soon, and show the order.

    Visited before, without or after a payment, once or often, it changes nothing. A link that is nobody's leads to the
    order page too, which says so.
    """
    link_hash = hash_link(link)
    page = pages.order_by_link(link_hash, device_hash(device_of(request))) if link_hash else None
    if page is not None:
        wake.wake_order(page.id, at=timezone.now())
    answer = HttpResponseRedirect(f"/o/{link}/")
    answer.status_code = 303
    return answer


@require_safe
def deposit_returned(_request: HttpRequest, deposit_id: UUID) -> HttpResponse:
    """The same of a payment into a float, whose page is for its reseller's people alone."""
    reseller = pay_into_float.came_back(deposit_id, at=timezone.now())
    answer = HttpResponseRedirect(f"/reseller/{reseller}/float/in/{deposit_id}/" if reseller else "/reseller/")
    answer.status_code = 303
    return answer


@csrf_exempt
@require_POST
def payment_webhook(request: HttpRequest, provider: str) -> HttpResponse:
    """A provider says something happened. What, is fetched from them: nothing in the body is believed.

    Always 200, also for what nobody sent: an answer that differs would tell a stranger which payments exist.
    """
    wake.woken(provider, dict(request.headers), request.body, at=timezone.now())
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")
