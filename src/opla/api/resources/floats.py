"""The float: what is free, every movement, and paying in."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status
from pydantic import ConfigDict

from opla.api import paging
from opla.api.auth import Key, access
from opla.api.idempotency import key_of, once
from opla.api.paging import Paged
from opla.api.problems import Refused
from opla.api.schemas import Body, Money, Problem
from opla.api.sides import side
from opla.core import day, money
from opla.core.api_access import Access, Scope
from opla.core.refusal import Code, Refusal
from opla.core.reselling import Line
from opla.db.queries import deposits
from opla.db.queries.sold import Place
from opla.operations import pay_into_float, shop
from opla.operations.reselling import CURRENCY
from opla.presenting import languages

router = Router(tags=["float"])

#: Before there was any shop.
_FIRST = date(2000, 1, 1)
_LAST = date(9000, 1, 1)


class Float(Schema):
    """`balance` = `free` + `held`. What is held is what open orders will cost. `methods`: how `POST /float/deposits`
    may be paid."""

    balance: Money
    free: Money
    held: Money
    methods: list[str]
    sandbox: bool


class Paying(Body):
    """How much, and by which of the float's `methods`."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"amount_minor": 10_000, "method": "sandbox"}]})

    amount_minor: int = Field(ge=1, le=1_000_000_000)
    currency: str = CURRENCY
    method: str


class Deposit(Schema):
    """`state`: opening (its page is not there yet), open (to be paid at `payment_url`), paid_in (on the float), failed,
    expired, or returned: less came than was asked, and goes back. What is paid late is paid in all the same."""

    id: UUID
    key: str
    state: str
    amount: Money
    method: str
    payment_url: str | None
    made_at: datetime
    paid_in_at: datetime | None
    sandbox: bool

    @staticmethod
    def of(found: deposits.Deposit, who: Access) -> Deposit:
        return Deposit(
            id=found.id,
            key=found.key,
            state=found.status,
            amount=Money.of(found.amount),
            method=found.method,
            payment_url=found.page or None,
            made_at=found.made_at,
            paid_in_at=found.paid_in_at,
            sandbox=who.sandbox,
        )


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
    methods = list(pay_into_float.ways(shop.current()))
    return Float(balance=there, free=free, held=held, methods=methods, sandbox=who.sandbox)


@router.post(
    "/float/deposits",
    auth=Key(Scope.FLOAT_WRITE),
    response={202: Deposit, **dict.fromkeys((400, 401, 403, 409, 422, 429), Problem)},
)
def pay_in(request: HttpRequest, payload: Paying) -> Status[Deposit]:
    """Pay in: `payment_url` is there a moment later, by `GET /float/deposits/{deposit_id}`. The money is on the float
    when it is paid, and the event float.paid_in says so."""
    who, key = access(request), key_of(request)
    if payload.currency != CURRENCY:
        raise Refused(Refusal(Code.AMOUNT_UNREADABLE, "currency"))
    amount = money.Money(payload.amount_minor, CURRENCY)
    with once():
        found = side(request).pay_in(amount, payload.method, key, languages.current())
    if isinstance(found, Refusal):
        raise Refused(found)
    return Status(202, Deposit.of(found, who))


@router.get(
    "/float/deposits/{deposit_id}",
    auth=Key(Scope.FLOAT_READ),
    response={200: Deposit, **dict.fromkeys((401, 403, 404, 422, 429), Problem)},
)
def deposit(request: HttpRequest, deposit_id: UUID) -> Deposit:
    """How it stands, and where it is paid."""
    found = side(request).deposit(deposit_id)
    if found is None:
        raise Refused(Refusal(Code.NOT_FOUND))
    return Deposit.of(found, access(request))


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
