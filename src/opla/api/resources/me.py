"""Whose key this is."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Schema

from opla.api.auth import Key, access
from opla.api.schemas import Problem
from opla.core.api_access import Scope

router = Router(tags=["me"])


class Me(Schema):
    reseller: str
    scopes: list[str]
    sandbox: bool


@router.get("/me", auth=Key(Scope.CATALOGUE), response={200: Me, 401: Problem, 403: Problem, 429: Problem})
def me(request: HttpRequest) -> Me:
    """Whose key this is, and what it may."""
    who = access(request)
    return Me(reseller=who.reseller, scopes=sorted(who.scopes), sandbox=who.sandbox)
