"""What resellers' programs are told: messages, who posts them now, and what became of every try."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from opla.db.models import WebhookEndpoint
from opla.db.queries.call import Argument, Row, call, columns, expect, select


@dataclass(frozen=True)
class Due:
    """One message for one endpoint, leased to this worker. `tries`: those before this one."""

    reference: str
    endpoint_id: UUID
    tries: int
    reseller: str
    type: str
    data: Mapping[str, object]
    made_at: datetime
    url: str
    secret_sealed: bytes = field(repr=False)
    old_secret_sealed: bytes | None = field(repr=False)


@dataclass(frozen=True)
class Done:
    """What one try came to, as it is kept."""

    reference: str
    endpoint_id: UUID
    tries: int
    due_at: datetime | None
    status: int
    why: str
    said: str


@dataclass(frozen=True)
class Delivery:
    """One message for one endpoint as it stands: `waiting` until `due_at`, or over."""

    endpoint_id: UUID
    state: Literal["waiting", "delivered", "given_up"]
    tries: int
    due_at: datetime | None
    last_status: int | None
    last_why: str


@dataclass(frozen=True)
class MessageRow:
    reference: str
    type: str
    made_at: datetime
    data: Mapping[str, object]
    deliveries: tuple[Delivery, ...]


@dataclass(frozen=True)
class TryRow:
    endpoint_id: UUID
    at: datetime
    status: int
    why: str
    said: str


def claim(*, at: datetime, limit: int, each: int, most: int, lease_s: int) -> list[Due]:
    """At most `limit`, of one endpoint `each`, of one reseller `most`, those under way elsewhere included."""
    rows = call(
        "opla_webhook_claim",
        Argument(at, "timestamptz"),
        Argument(limit, "int"),
        Argument(each, "int"),
        Argument(most, "int"),
        Argument(lease_s, "int"),
    )
    found = [
        Due(
            expect(row[0], str), expect(row[1], UUID), expect(row[2], int), expect(row[3], str), expect(row[4], str),
            json.loads(expect(row[5], str)), expect(row[6], datetime), expect(row[7], str),
            bytes(expect(row[8], bytes)), None if row[9] is None else bytes(expect(row[9], bytes)),
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda due: (due.made_at, due.reference, due.endpoint_id))


def done(ended: Sequence[Done], *, at: datetime) -> None:
    if ended:
        rows = [(d.reference, d.endpoint_id, d.tries, d.due_at, d.status, d.why, d.said) for d in ended]
        types = ("text", "uuid", "int", "timestamptz", "int", "text", "text")
        call("opla_webhook_done", Argument(at, "timestamptz"), *columns(rows, *types))


def dead(after: timedelta) -> list[WebhookEndpoint]:
    """Those that are to be ended: gone, or failing for so long."""
    rows = select(
        """SELECT id FROM webhook_endpoint WHERE ended_at IS NULL
             AND (gone_at IS NOT NULL OR failed_at >= failing_since + %s) ORDER BY id""",
        [after],
    )
    return list(WebhookEndpoint.objects.filter(id__in=[row[0] for row in rows]).select_related("reseller"))


def end(
    endpoint_id: UUID,
    why: str,
    letters: Sequence[tuple[UUID, bytes, str, str]],
    *,
    at: datetime,
    dead_after: timedelta | None,
) -> bool:
    """False: it is not so any more. `letters` as `queries.letters.post` has them."""
    [(ended,)] = call(
        "opla_webhook_end",
        Argument(at, "timestamptz"),
        Argument(endpoint_id, "uuid"),
        Argument(why, "text"),
        Argument(None if dead_after is None else int(dead_after.total_seconds()), "int"),
        *columns(letters, "uuid", "bytea", "text", "text"),
    )
    return expect(ended, bool)


def say_test(endpoint_id: UUID, reference: str, type_: str, note: str, *, at: datetime) -> bool:
    [(made,)] = call(
        "opla_webhook_test",
        Argument(at, "timestamptz"),
        Argument(endpoint_id, "uuid"),
        Argument(reference, "text"),
        Argument(type_, "text"),
        Argument(note, "text"),
    )
    return expect(made, bool)


def again(
    reseller: str,
    *,
    sandbox: bool,
    besides: str,
    at: datetime,
    reference: str | None = None,
    endpoint_id: UUID | None = None,
    since: datetime | None = None,
) -> int:
    """Due once more, from the first try on; how many. `besides`: a type that is not posted again."""
    [(count,)] = call(
        "opla_webhook_again",
        Argument(at, "timestamptz"),
        Argument(reseller, "text"),
        Argument(sandbox, "boolean"),
        Argument(reference, "text"),
        Argument(endpoint_id, "uuid"),
        Argument(since, "timestamptz"),
        Argument(besides, "text"),
    )
    return expect(count, int)


def forget(before: datetime, *, limit: int) -> None:
    call("opla_webhook_forget", Argument(before, "timestamptz"), Argument(limit, "int"))


_MESSAGES = """
    SELECT m.reference, m.type, m.made_at, m.data::text, coalesce((
        SELECT json_agg(json_build_object('endpoint', d.endpoint_id, 'tries', d.tries, 'due_at', d.due_at,
                   'state', CASE WHEN d.due_at IS NOT NULL THEN 'waiting' WHEN d.done_at IS NOT NULL THEN 'delivered'
                                 ELSE 'given_up' END,
                   'status', t.status, 'why', coalesce(t.why, '')) ORDER BY d.endpoint_id)
        FROM webhook_delivery d LEFT JOIN LATERAL (
            SELECT t.status, t.why FROM webhook_try t WHERE t.reference = d.reference AND t.endpoint_id = d.endpoint_id
            ORDER BY t.id DESC LIMIT 1
        ) t ON true
        WHERE d.reference = m.reference
          AND NOT EXISTS (SELECT FROM webhook_endpoint e WHERE e.id = d.endpoint_id AND e.ended_why = 'removed')
        ), '[]')::text
    FROM webhook_message m WHERE m.reseller_id = %(reseller)s AND m.sandbox = %(sandbox)s
      AND m.made_at <= %(at)s """


def messages(
    reseller: str,
    *,
    sandbox: bool,
    limit: int,
    after: str | None = None,
    type_: str | None = None,
    endpoint_id: UUID | None = None,
    at: datetime,
) -> list[MessageRow]:
    """The newest first; those older than the message `after`. What a sandbox will tell is not told yet."""
    rows = select(
        _MESSAGES  # noqa: S608 - our own words
        + """AND (%(type)s::text IS NULL OR m.type = %(type)s)
             AND (%(endpoint)s::uuid IS NULL OR EXISTS (
                 SELECT FROM webhook_delivery d WHERE d.reference = m.reference AND d.endpoint_id = %(endpoint)s))
             AND (%(after)s::text IS NULL OR (m.made_at, m.reference) < (
                 SELECT a.made_at, a.reference FROM webhook_message a WHERE a.reference = %(after)s
                 AND a.reseller_id = %(reseller)s AND a.sandbox = %(sandbox)s))
             ORDER BY m.made_at DESC, m.reference DESC LIMIT %(limit)s""",
        {
            "reseller": reseller, "sandbox": sandbox, "type": type_, "endpoint": endpoint_id, "after": after,
            "limit": limit, "at": at,
        },
    )  # fmt: skip
    return [_message(row) for row in rows]


def message(reseller: str, reference: str, *, sandbox: bool, at: datetime) -> MessageRow | None:
    rows = select(
        _MESSAGES + "AND m.reference = %(reference)s",
        {"reseller": reseller, "sandbox": sandbox, "reference": reference, "at": at},
    )
    return _message(rows[0]) if rows else None


def tries(reference: str) -> list[TryRow]:
    """Every try of a message, the oldest first. Whose it is, the caller has asked."""
    rows = select(
        """SELECT t.endpoint_id, t.at, t.status, t.why, t.said
           FROM webhook_try t JOIN webhook_endpoint e ON e.id = t.endpoint_id
           WHERE t.reference = %s AND e.ended_why <> 'removed' ORDER BY t.id""",
        [reference],
    )
    return [
        TryRow(
            expect(row[0], UUID), expect(row[1], datetime), expect(row[2], int), expect(row[3], str),
            expect(row[4], str),
        )
        for row in rows
    ]  # fmt: skip


def _message(row: Row) -> MessageRow:
    deliveries = tuple(
        Delivery(
            UUID(one["endpoint"]),
            one["state"],
            one["tries"],
            datetime.fromisoformat(one["due_at"]) if one["due_at"] else None,
            one["status"],
            one["why"],
        )
        for one in json.loads(expect(row[4], str))
    )
    data = json.loads(expect(row[3], str))
    return MessageRow(expect(row[0], str), expect(row[1], str), expect(row[2], datetime), data, deliveries)
