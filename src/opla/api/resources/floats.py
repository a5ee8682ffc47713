"""The float: what is free, and every movement."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from opla.api import paging
from opla.api.auth import Key, access
from opla.api.paging import Paged
from opla.api.schemas import Money, Problem
from opla.api.sides import side
from opla.core import day, money
from opla.core.api_access import Access, Scope
from opla.core.reselling import Line
from opla.db.queries.sold import Place
from opla.operations.reselling import CURRENCY

router = Router(tags=["float"])

#: Before there was any shop.
_FIRST = date(2000, 1, 1)
_LAST = date(9000, 1, 1)


class Float(Schema):
    """`balance` = `free` + `held`. What is held is what open orders will cost."""

    balance: Money
    free: Money
    held: Money
    sandbox: bool


class Movement(Schema):
    """One event, by what it changed: `moved` of the balance, `held` of what is held. The others are what that left."""

    id: int
    at: datetime
    event: str
    order: UUID | None
    key: str
    moved: Money
    held: Money
    balance: Money
    holding: Money
    sandbox: bool

    @staticmethod
    def of(found: Line, who: Access) -> Movement:
        return Movement(
            id=found.event_id,
            at=found.at,
            event=found.name,
            order=found.order_id,
            key=found.key,
            moved=Money.of(found.moved),
            held=Money.of(found.held),
            balance=Money.of(found.balance),
            holding=Money.of(found.holding),
            sandbox=who.sandbox,
        )


class Movements(Schema):
    items: list[Movement]
    next: str | None


class Span(Paged):
    """Days of the shop (midnight in Brussels), both included."""

    since: date | None = Field(None, alias="from", ge=_FIRST, le=_LAST)
    until: date | None = Field(None, alias="to", ge=_FIRST, le=_LAST)


@router.get("/float", auth=Key(Scope.FLOAT_READ), response={200: Float, **dict.fromkeys((401, 403, 429), Problem)})
def balance(request: HttpRequest) -> Float:
    """What is there, what of it is free to order with, and what is held."""
    who = access(request)
    found = side(request).balance()
    there, free, held = (
        Money.of(money.Money(minor, CURRENCY)) for minor in (found.balance_minor, found.free_minor, found.held_minor)
    )
    return Float(balance=there, free=free, held=held, sandbox=who.sandbox)


@router.get(
    "/float/movements",
    auth=Key(Scope.FLOAT_READ),
    response={200: Movements, **dict.fromkeys((401, 403, 422, 429), Problem)},
)
def movements(request: HttpRequest, span: Annotated[Span, Query()]) -> Movements:
    """Every movement, newest first, with what it left. They add up to the balance, to the cent."""
    who = access(request)
    after = paging.read(span.after, Place, paging.instant, paging.number)
    since = day.bounds(span.since or _FIRST)[0]
    until = day.bounds(span.until or day.day_of(timezone.now()) + timedelta(days=1))[1]
    found = side(request).lines(since, until, after=after, limit=span.limit + 1)
    shown = found[: span.limit]
    return Movements(
        items=[Movement.of(one, who) for one in shown],
        next=paging.write(shown[-1].at, shown[-1].event_id) if len(found) > len(shown) else None,
    )
