"""Giving an unseen code back, and what came back on the float of an order."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from ninja import Query, Router, Schema

from opla.api import paging
from opla.api.auth import Key, access
from opla.api.idempotency import key_of, once
from opla.api.paging import Paged
from opla.api.problems import Refused
from opla.api.schemas import Money, Problem
from opla.api.sides import side
from opla.core.api_access import Access, Scope
from opla.core.refusal import Code, Refusal
from opla.core.reselling import GivenBack

router = Router(tags=["refunds"])


class Refund(Schema):
    """`reason`: unseen is a code that you gave back; choice and goodwill were given by a person of ours."""

    id: UUID
    order: UUID
    amount: Money
    reason: str
    state: str
    made_at: datetime
    ended_at: datetime | None
    sandbox: bool

    @staticmethod
    def of(found: GivenBack, order_id: UUID, who: Access) -> Refund:
        return Refund(
            id=found.id,
            order=order_id,
            amount=Money.of(found.amount),
            reason=found.reason,
            state=found.state,
            made_at=found.made_at,
            ended_at=found.ended_at,
            sandbox=who.sandbox,
        )


class Refunds(Schema):
    items: list[Refund]
    next: str | None


@router.post(
    "/orders/{order_id}/refund",
    auth=Key(Scope.REFUNDS_WRITE),
    response={200: Refund, **dict.fromkeys((400, 401, 403, 404, 409, 422, 429), Problem)},
)
def give_back(request: HttpRequest, order_id: UUID) -> Refund:
    """Give back a code that nobody has looked at. Its price is on the float at once; asked again it is the same one.

    Anything else is refunded by rule, without asking, or by a person of ours.
    """
    who, key = access(request), key_of(request)
    with once():
        found = side(request).give_back(order_id, key)
    if isinstance(found, Refusal):
        raise Refused(found)
    return Refund.of(found, order_id, who)


@router.get(
    "/orders/{order_id}/refunds",
    auth=Key(Scope.ORDERS_READ),
    response={200: Refunds, **dict.fromkeys((401, 403, 404, 422, 429), Problem)},
)
def refunds(request: HttpRequest, order_id: UUID, paged: Annotated[Paged, Query()]) -> Refunds:
    """What came back of one order, newest first. What was never delivered was only held, and is no refund."""
    who = access(request)
    after = paging.read(paged.after, UUID, str)
    found = side(request).given_back(order_id, after=after, limit=paged.limit + 1)
    if found is None:
        raise Refused(Refusal(Code.NOT_FOUND))
    shown = found[: paged.limit]
    return Refunds(
        items=[Refund.of(one, order_id, who) for one in shown],
        next=paging.write(shown[-1].id) if len(found) > len(shown) else None,
    )
