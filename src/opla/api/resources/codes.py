"""The codes of delivered orders."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema

from opla.api.auth import Key, access
from opla.api.problems import Refused
from opla.api.schemas import Problem
from opla.api.sides import side
from opla.core.api_access import Scope
from opla.core.refusal import Refusal

router = Router(tags=["orders"])


class Delivered(Schema):
    """`code` is what its holder enters: a PIN, or an eSIM's activation code. It is money."""

    code: str
    serial: str
    valid_until: date | None
    sandbox: bool


@router.get(
    "/orders/{uuid:order_id}/code",
    auth=Key(Scope.CODES_READ),
    response={200: Delivered, **dict.fromkeys((401, 403, 404, 409, 429), Problem)},
)
def code(request: HttpRequest, response: HttpResponse, order_id: UUID) -> Delivered:
    """The code of one order. Every look is written down, and what was seen does not go back by itself."""
    who = access(request)
    found = side(request).code(order_id)
    if isinstance(found, Refusal):
        raise Refused(found)
    response["Cache-Control"] = "no-store"
    return Delivered(code=found.pin, serial=found.serial, valid_until=found.valid_until, sandbox=who.sandbox)
