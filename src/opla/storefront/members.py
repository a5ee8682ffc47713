"""What stands in front of every page below /me/: whoever is not signed in is asked to, and sees nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from opla.accounts.customer import cleared, is_recent
from opla.accounts.owner import may_change
from opla.db.models import Customer
from opla.storefront.visit import Visit, visit

P = ParamSpec("P")


@dataclass(frozen=True)
class Member:
    """A customer who is signed in, and their visit."""

    customer: Customer
    here: Visit


Page = Callable[Concatenate[HttpRequest, Member, P], HttpResponse]
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def signed_in(page: Page[P]) -> View[P]:
    """For customers."""
    return _guarded(page, recent=False)


def just_signed_in(page: Page[P]) -> View[P]:
    """For customers who signed in a moment ago: what opens or ends the account is not done by whoever finds a phone."""
    return _guarded(page, recent=True)


def _guarded(page: Page[P], *, recent: bool) -> View[P]:
    @wraps(page)
    def view(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        here = visit(request)
        if here.customer is None:
            return _asked(request, ended=settings.SESSION_COOKIE_NAME in request.COOKIES)
        if recent and not (is_recent(request, here.at) and may_change(request, here.customer)):
            return _asked(request, ended=False)
        return page(request, Member(here.customer, here), *args, **kwargs)

    return view


def _asked(request: HttpRequest, *, ended: bool) -> HttpResponse:
    """To the sign-in, and back. Where a session was ended elsewhere, what pages kept on this device goes too."""
    back = request.path if request.method in ("GET", "HEAD") else request.POST.get("from", "")
    answer = redirect(f"{reverse('sign-in')}?{urlencode({'next': inside(back)})}")
    if ended:
        cleared(request, answer)
    return answer


def inside(back: str) -> str:
    """Where to go after signing in: a page of the account, or the first of them. Never another site."""
    mine = back.startswith(("/me/", "/reseller/", "/owner/")) and url_has_allowed_host_and_scheme(
        back, allowed_hosts=None
    )
    return back[:200] if mine and not back.startswith("/me/in/") else reverse("me")
