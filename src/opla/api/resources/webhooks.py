"""Where a reseller's programs are told, what they were told, and telling it again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import AwareDatetime, Field

from opla.api.auth import Key, access
from opla.api.problems import Refused
from opla.api.schemas import Body, Problem
from opla.core.actor import Actor, Role
from opla.core.api_access import Access, Scope
from opla.core.refusal import Code, Refusal
from opla.core.webhook import SAID, Event
from opla.db.models import WebhookEndpoint
from opla.db.queries.webhooks import MessageRow, TryRow
from opla.operations import shop, webhooks
from opla.operations.webhooks import Made, Wish

router = Router(tags=["webhooks"])
_KEY: Final = Key(Scope.WEBHOOKS)
_MIGHT = {401: Problem, 403: Problem, 429: Problem}
_FOUND = {**_MIGHT, 404: Problem}
_READ = {**_MIGHT, 422: Problem}
_BOTH = {**_FOUND, 422: Problem}
_ENDED = {**_FOUND, 409: Problem}

Url = Annotated[str, Field(max_length=500, description="https, at port 443 or 8443 of a public address")]
Events = Annotated[list[str], Field(max_length=50, description="Which events are posted; an empty list: all of them")]


class Endpoint(Schema):
    """`state` is active or ended; `ended_why` is then gone, dead or by_hand (docs/reference/webhooks.md)."""

    id: UUID
    url: str
    events: list[str]
    state: Literal["active", "ended"]
    ended_why: str
    ended_at: datetime | None
    failing_since: datetime | None
    made_at: datetime


class NewEndpoint(Endpoint):
    """`secret` is shown this once. The one before it, if any, signs as well until `old_secret_until`."""

    secret: str
    old_secret_until: datetime | None


class Endpoints(Schema):
    items: list[Endpoint]
    next: str | None


class Wanted(Body):
    url: Url
    events: Events = Field(default_factory=list)


class Change(Body):
    """What is not named stays as it is."""

    url: Url | None = None
    events: Events | None = None
    state: Literal["active", "ended"] | None = None


class Delivery(Schema):
    """One message for one endpoint: waiting (until `due_at`), delivered, or given_up."""

    endpoint: UUID
    state: Literal["waiting", "delivered", "given_up"]
    tries: int
    due_at: datetime | None
    last_status: int | None
    last_why: str


class Message(Schema):
    """`id` stands in `webhook-id`."""

    id: str
    type: str
    timestamp: datetime
    data: dict[str, object]
    deliveries: list[Delivery]


class Messages(Schema):
    items: list[Message]
    next: str | None


class Try(Schema):
    """`status` 0: nobody answered, and `why` says what happened. `said`: how the answer began."""

    endpoint: UUID
    at: datetime
    status: int
    why: str
    said: Annotated[str, Field(max_length=SAID)]


class MessageWithTries(Message):
    tries: list[Try]


class Since(Body):
    since: AwareDatetime


class Page(Schema):
    """The newest first. `after`: the `next` of the page before."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    after: Annotated[str, Field(max_length=64)] | None = None
    type: Event | None = None
    endpoint: UUID | None = None


class Told(Schema):
    """The id of a message that was just made."""

    message: str


class Again(Schema):
    """How many messages are posted again."""

    messages: int


@router.get("/webhooks", auth=_KEY, response={200: Endpoints, **_MIGHT})
def endpoints(request: HttpRequest) -> Endpoints:
    """Every endpoint; a key of the sandbox has its own."""
    return Endpoints(items=[_endpoint(one) for one in webhooks.endpoints_of(access(request))], next=None)


@router.post("/webhooks", auth=_KEY, response={201: NewEndpoint, **_READ})
def make(request: HttpRequest, payload: Wanted) -> Status[NewEndpoint]:
    """One more. Its secret is in this answer and nowhere else."""
    who = access(request)
    made = webhooks.make(
        _actor(who), who, payload.url, payload.events, shop=shop.current(), at=timezone.now()
    )  # fmt: skip
    if not isinstance(made, Made):
        raise Refused(*made)
    return Status(201, _new(made))


@router.get("/webhooks/messages", auth=_KEY, response={200: Messages, **_READ})
def messages(request: HttpRequest, page: Query[Page]) -> Messages:
    """What was told in the last thirty days."""
    who, at = access(request), timezone.now()
    if page.after and webhooks.message(who, page.after, at=at) is None:
        raise Refused(Refusal(Code.FIELD_INVALID, "after", {"why": "cursor"}))
    rows = webhooks.messages(
        who, limit=page.limit + 1, after=page.after, type_=page.type, endpoint_id=page.endpoint, at=at
    )
    more = rows[: page.limit]
    return Messages(items=[_message(row) for row in more], next=more[-1].reference if len(rows) > page.limit else None)


@router.get("/webhooks/messages/{message_id}", auth=_KEY, response={200: MessageWithTries, **_FOUND})
def message(request: HttpRequest, message_id: str) -> MessageWithTries:
    """One message, and every try to post it."""
    found = webhooks.message(access(request), message_id, at=timezone.now())
    if found is None:
        raise Refused(Refusal(Code.NOT_FOUND))
    row, tries = found
    return MessageWithTries(**_message(row).dict(), tries=[_try(one) for one in tries])


@router.post("/webhooks/messages/{message_id}/replay", auth=_KEY, response={202: Again, **_FOUND})
def replay(request: HttpRequest, message_id: str) -> Status[Again]:
    """This message once more, under the same id, to every endpoint that wants it."""
    who = access(request)
    return Status(202, Again(messages=_count(webhooks.replay(_actor(who), who, message_id, at=timezone.now()))))


@router.get("/webhooks/{uuid:endpoint_id}", auth=_KEY, response={200: Endpoint, **_FOUND})
def endpoint(request: HttpRequest, endpoint_id: UUID) -> Endpoint:
    """One endpoint, without its secret."""
    found = webhooks.endpoint(access(request), endpoint_id)
    if found is None:
        raise Refused(Refusal(Code.NOT_FOUND))
    return _endpoint(found)


@router.patch("/webhooks/{uuid:endpoint_id}", auth=_KEY, response={200: Endpoint, **_BOTH})
def change(request: HttpRequest, endpoint_id: UUID, payload: Change) -> Endpoint:
    """Another address, other events; `ended`, and nothing is posted to it; `active` again, and it begins anew."""
    who = access(request)
    wish = Wish(payload.url, payload.events, None if payload.state is None else payload.state == "active")
    found = webhooks.change(_actor(who), who, endpoint_id, wish, shop=shop.current(), at=timezone.now())
    if isinstance(found, list):
        raise Refused(*found)
    return _endpoint(found)


@router.delete("/webhooks/{uuid:endpoint_id}", auth=_KEY, response={200: Endpoint, **_FOUND})
def remove(request: HttpRequest, endpoint_id: UUID) -> Endpoint:
    """For good, with whatever waited for it. The answer is what it was."""
    who = access(request)
    found = webhooks.endpoint(who, endpoint_id)
    refused = webhooks.remove(_actor(who), who, endpoint_id, at=timezone.now())
    if found is None or refused is not None:
        raise Refused(refused or Refusal(Code.NOT_FOUND))
    return _endpoint(found)


@router.post("/webhooks/{uuid:endpoint_id}/secret", auth=_KEY, response={200: NewEndpoint, **_FOUND})
def rotate(request: HttpRequest, endpoint_id: UUID) -> NewEndpoint:
    """Another secret. For a day every message is signed with both."""
    who = access(request)
    made = webhooks.rotate(_actor(who), who, endpoint_id, shop=shop.current(), at=timezone.now())
    if not isinstance(made, Made):
        raise Refused(made)
    return _new(made)


@router.post("/webhooks/{uuid:endpoint_id}/test", auth=_KEY, response={202: Told, **_ENDED})
def send_test(request: HttpRequest, endpoint_id: UUID) -> Status[Told]:
    """A message that says nothing, to this endpoint alone."""
    who = access(request)
    made = webhooks.send_test(_actor(who), who, endpoint_id, shop=shop.current(), at=timezone.now())
    if isinstance(made, Refusal):
        raise Refused(made)
    return Status(202, Told(message=made))


@router.post("/webhooks/{uuid:endpoint_id}/replay", auth=_KEY, response={202: Again, **_BOTH, 409: Problem})
def replay_since(request: HttpRequest, endpoint_id: UUID, payload: Since) -> Status[Again]:
    """Everything this endpoint wants since then, whether it had come or not."""
    who = access(request)
    told = webhooks.replay_since(_actor(who), who, endpoint_id, payload.since, at=timezone.now())
    return Status(202, Again(messages=_count(told)))


def _actor(who: Access) -> Actor:
    return Actor(Role.RESELLER, who.reseller)


def _count(told: int | Refusal) -> int:
    if isinstance(told, Refusal):
        raise Refused(told)
    return told


def _endpoint(one: WebhookEndpoint) -> Endpoint:
    return Endpoint(
        id=one.id,
        url=one.url,
        events=one.events,
        state="active" if one.ended_at is None else "ended",
        ended_why=one.ended_why,
        ended_at=one.ended_at,
        failing_since=one.failing_since,
        made_at=one.made_at,
    )


def _new(made: Made) -> NewEndpoint:
    return NewEndpoint(
        **_endpoint(made.endpoint).dict(), secret=made.secret, old_secret_until=made.endpoint.old_until
    )  # fmt: skip


def _message(row: MessageRow) -> Message:
    return Message(
        id=row.reference,
        type=row.type,
        timestamp=row.made_at.astimezone(UTC),
        data=dict(row.data),
        deliveries=[
            Delivery(
                endpoint=one.endpoint_id,
                state=one.state,
                tries=one.tries,
                due_at=one.due_at,
                last_status=one.last_status,
                last_why=one.last_why,
            )
            for one in row.deliveries
        ],
    )


def _try(row: TryRow) -> Try:
    return Try(endpoint=row.endpoint_id, at=row.at, status=row.status, why=row.why, said=row.said)
