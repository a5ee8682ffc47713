"""Who calls: a reseller's key, with the right that the address asks for, and a token out of its bucket."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from opla.accounts.address import address_of
from opla.api.problems import Refused
from opla.core.api_access import Access, Scope
from opla.core.refusal import Code, Refusal
from opla.operations import api_keys


class Key(HttpBearer):
    """`Authorization: Bearer opla_…`. `cost`: how many calls this one counts as (`operations.api_keys`)."""

    def __init__(self, scope: Scope, cost: int = 1) -> None:
        super().__init__()
        self.scope = scope
        self._cost = cost

    def __call__(self, request: HttpRequest) -> Access:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise Refused(Refusal(Code.API_KEY_WRONG))
        return self.authenticate(request, secret.strip())

    def authenticate(self, request: HttpRequest, token: str) -> Access:
        found = api_keys.enter(token, self._cost, address=address_of(request), at=timezone.now())
        if isinstance(found, Refusal):
            raise Refused(found)
        request.opla_access = found  # type: ignore[attr-defined]  # the limits' headers are written from it
        if refused := found.refused(self.scope):
            raise Refused(refused)
        return found


def access(request: HttpRequest) -> Access:
    """Who calls, on an address that has asked for a key."""
    found = getattr(request, "auth", None)
    if not isinstance(found, Access):
        raise TypeError("this address asks for no key")
    return found
