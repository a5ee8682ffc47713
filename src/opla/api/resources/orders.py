"""Orders from a float: one, or up to a hundred together; and what became of them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Query, Router, Schema, Status

from opla.api import paging
from opla.api.auth import Key, access
from opla.api.idempotency import key_of, once
from opla.api.paging import Paged
from opla.api.problems import Refused
from opla.api.resources.quotes import Wish
from opla.api.schemas import Body, Money, Problem
from opla.api.sides import side
from opla.core import idempotency
from opla.core.api_access import Access, Scope
from opla.core.order import State
from opla.core.refusal import Code, Refusal
from opla.core.reselling import Sold, Which
from opla.operations import reselling, shop
from opla.operations.keyed import keyed
from opla.operations.place_from_float import Reserved
from opla.presenting import problems

router = Router(tags=["orders"])

MOST = 100


class Placed(Schema):
    """It stands, and its price is held on the float. `state` is null where it stood before: what has become of it,
    `GET /orders/{order}` says."""

    order: UUID
    state: State | None
    sandbox: bool


class Order(Schema):
    """`key` is what you called it, `ticket` what a person reads out. `code_seen`: somebody has looked at its code."""

    id: UUID
    key: str
    ticket: str
    state: State
    sku: str
    operator: str
    name: str
    kind: str
    face: Money
    fee: Money
    total: Money
    number: str
    plan: str
    language: str
    placed_at: datetime
    delivered_at: datetime | None
    ended_at: datetime | None
    code_seen: bool
    sandbox: bool

    @staticmethod
    def of(found: Sold, who: Access) -> Order:
        return Order(
            id=found.id,
            key=found.key,
            ticket=found.ticket,
            state=found.state,
            sku=found.sku,
            operator=found.operator,
            name=found.product_name,
            kind=str(found.kind),
            face=Money.of(found.price.face),
            fee=Money.of(found.price.fee),
            total=Money.of(found.price.total),
            number=found.number,
            plan=found.plan,
            language=found.language,
            placed_at=found.placed_at,
            delivered_at=found.delivered_at,
            ended_at=found.ended_at,
            code_seen=found.seen,
            sandbox=who.sandbox,
        )


class Orders(Schema):
    items: list[Order]
    next: str | None


class Filter(Paged):
    state: State | None = None
    key: str = Field("", max_length=idempotency.LENGTH, pattern=f"^({idempotency.VISIBLE})?$")
    number: str = Field("", max_length=40)


class Named(Wish):
    """One order of several, under a key of its own: the same key in another batch is the same order."""

    key: str = Field(max_length=idempotency.LENGTH, pattern=f"^{idempotency.VISIBLE}$")


class Batch(Body):
    orders: list[Named] = Field(min_length=1, max_length=MOST)


class Answered(Schema):
    """What became of one order of a batch: as alone, its status and either the order or the problem."""

    key: str
    status: int
    order: UUID | None
    state: State | None
    problem: Problem | None


class BatchAnswered(Schema):
    answers: list[Answered]
    sandbox: bool


@router.post(
    "/orders",
    auth=Key(Scope.ORDERS_WRITE),
    response={
        200: Placed,
        202: Placed,
        **dict.fromkeys((400, 401, 402, 403, 409, 422, 429, 503), Problem),
    },
)
def place(request: HttpRequest, payload: Wish) -> Status[Placed]:
    """Order one. 202: it stands and survives whatever happens next. 200: it stood before, under this key."""
    who, key = access(request), key_of(request)
    with once():
        [found] = side(request).place([(key, payload.wanted(who))])
    if isinstance(found, list):
        raise Refused(*found)
    return Status(_status(found), Placed(order=found.order_id, state=_state(found), sandbox=who.sandbox))


@router.post(
    "/orders/batch",
    auth=Key(Scope.ORDERS_WRITE, cost=5),
    response={200: BatchAnswered, **dict.fromkeys((400, 401, 403, 409, 422, 429, 503), Problem)},
)
def place_batch(request: HttpRequest, payload: Batch) -> BatchAnswered:
    """Order up to a hundred, one answer each, in their order. One that cannot be fails no other.

    The header's key is of the batch as a whole, each order has its own besides.
    """
    who, key, at = access(request), key_of(request), timezone.now()
    wishes = {"orders": str(len(payload.orders))}
    wishes |= {f"orders.{n}": json.dumps(one.dict(), sort_keys=True) for n, one in enumerate(payload.orders)}
    wanted = [(one.key, one.wanted(who)) for one in payload.orders]
    with once():
        kept = keyed(f"{'played_' if who.sandbox else ''}batch:{who.reseller}", key, wishes, shop=shop.current(), at=at)
        if isinstance(kept, Refusal):
            raise Refused(kept)
        found = side(request).place(wanted)
    answers = [_answered(one.key, answer) for one, answer in zip(payload.orders, found, strict=True)]
    return BatchAnswered(answers=answers, sandbox=who.sandbox)


@router.get(
    "/orders",
    auth=Key(Scope.ORDERS_READ),
    response={200: Orders, **dict.fromkeys((401, 403, 422, 429), Problem)},
)
def listed(request: HttpRequest, which: Annotated[Filter, Query()]) -> Orders:
    """Yours, newest first; of one state, under one key, for one number."""
    who = access(request)
    number = reselling.read_number(which.number) if which.number else ""
    if isinstance(number, Refusal):
        raise Refused(number)
    after = paging.read(which.after, UUID, str)
    found = side(request).orders(Which(which.state or "", which.key, number), after=after, limit=which.limit + 1)
    shown = found[: which.limit]
    return Orders(
        items=[Order.of(one, who) for one in shown],
        next=paging.write(shown[-1].id) if len(found) > len(shown) else None,
    )


@router.get(
    "/orders/{order_id}",
    auth=Key(Scope.ORDERS_READ),
    response={200: Order, **dict.fromkeys((401, 403, 404, 422, 429), Problem)},
)
def one(request: HttpRequest, order_id: UUID) -> Order:
    """What became of it."""
    who = access(request)
    found = side(request).one(order_id)
    if found is None:
        raise Refused(Refusal(Code.NOT_FOUND))
    return Order.of(found, who)


def _status(found: Reserved) -> int:
    return 200 if found.again else 202


def _state(found: Reserved) -> State | None:
    return None if found.again else State.PLACED


def _answered(key: str, found: Reserved | list[Refusal]) -> Answered:
    if isinstance(found, Reserved):
        return Answered(key=key, status=_status(found), order=found.order_id, state=_state(found), problem=None)
    status = problems.status_of(found)
    problem = Problem.model_validate_json(problems.document(status, found))
    return Answered(key=key, status=status, order=None, state=None, problem=problem)
