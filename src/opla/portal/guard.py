"""What stands in front of every page of a reseller: whoever does not act for it sees nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from opla.core.actor import Actor, Role
from opla.core.api_access import Scope
from opla.operations import members
from opla.operations.members import Person
from opla.storefront.visit import Visit, visit

P = ParamSpec("P")


@dataclass(frozen=True)
class Seller:
    """Somebody of a reseller who is signed in, and their visit."""

    person: Person
    here: Visit

    @property
    def actor(self) -> Actor:
        """A reseller, and which of its people."""
        return Actor(Role.RESELLER, f"{self.person.reseller}/{self.person.email}")

    def may(self, scope: Scope) -> bool:
        return self.person.access.refused(scope) is None


Page = Callable[Concatenate[HttpRequest, Seller, P], HttpResponseBase]
#: With the reseller that the address names, `reseller`, before the page's own.
View = Callable[..., HttpResponseBase]


def may(scope: Scope) -> Callable[[Page[P]], View]:
    """For whoever has this right at the reseller that the address names; to everybody else there is nothing here."""

    def guarded(page: Page[P]) -> View:
        @wraps(page)
        def view(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            reseller = kwargs.pop("reseller")
            here = visit(request)
            if here.customer is None:
                return to_sign_in(request)
            person = next((one for one in members.of(here.customer.email) if one.reseller == reseller), None)
            if person is None or person.access.refused(scope):
                raise Http404
            return page(request, Seller(person, here), *args, **kwargs)

        return view

    return guarded


def to_sign_in(request: HttpRequest) -> HttpResponse:
    """And back here."""
    back = request.path if request.method in ("GET", "HEAD") else reverse("reseller-home")
    return redirect(f"{reverse('sign-in')}?{urlencode({'next': back})}")
