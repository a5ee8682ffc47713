"""Who works on what: claims, the last step before a socket, waking up, and the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from opla.core import attempt
from opla.core.actor import Actor
from opla.db.queries.call import Argument, Row, call, columns, expect, select


@dataclass(frozen=True)
class Claimed:
    """An attempt leased to this worker. Its state says what to do with it (`core.attempt.step`)."""

    id: UUID
    kind: attempt.Kind
    state: attempt.State
    adapter: str
    reference: str
    order_id: UUID | None
    payment_id: UUID | None
    refund_id: UUID | None
    tries: int
    made_at: datetime
    provider_id: str
    gone: bool  # its adapter was not there when it was looked at last


def _id(value: object) -> UUID | None:
    return value if isinstance(value, UUID) else None


def _claimed(row: Row) -> Claimed:
    return Claimed(
        expect(row[0], UUID),
        attempt.Kind(expect(row[1], str)),
        attempt.State(expect(row[2], str)),
        expect(row[3], str),
        expect(row[4], str),
        _id(row[5]),
        _id(row[6]),
        _id(row[7]),
        expect(row[8], int),
        expect(row[9], datetime),
        expect(row[10], str),
        expect(row[11], bool),
    )


def claim(worker: UUID, kinds: Sequence[attempt.Kind], *, at: datetime, limit: int, lease_s: int) -> list[Claimed]:
    """Attempts that are due, at most `limit` of each kind, leased to `worker` for `lease_s` seconds."""
    rows = call(
        "opla_claim",
        Argument(at, "timestamptz"),
        Argument(worker, "uuid"),
        Argument([str(kind) for kind in kinds], "text[]"),
        Argument(limit, "int"),
        Argument(lease_s, "int"),
    )
    return sorted((_claimed(row) for row in rows), key=lambda claimed: claimed.id)


def load(attempt_ids: Sequence[UUID]) -> list[Claimed]:
    """Attempts as they are now, whoever holds them."""
    rows = select(
        """SELECT id, kind, state, adapter, reference, order_id, payment_id, refund_id, tries, made_at, provider_id,
                  gone_at IS NOT NULL
           FROM attempt WHERE id = ANY (%s::uuid[])""",
        [list(attempt_ids)],
    )
    return [_claimed(row) for row in rows]


def last_send(adapter: str, number: str, *, besides: UUID) -> datetime | None:
    """When this supplier was last asked to send to this number, by another attempt."""
    rows = select(
        """SELECT max(greatest(a.made_at, o.deliver_at)) FROM attempt a JOIN orders o ON o.id = a.order_id
           WHERE a.kind = 'send' AND a.adapter = %s AND o.number = %s AND a.id <> %s
             AND (a.tries > 0 OR a.state NOT IN ('new', 'claimed'))""",
        [adapter, number, besides],
    )
    return rows[0][0] if isinstance(rows[0][0], datetime) else None


def sending(worker: UUID, attempts: Sequence[tuple[UUID, int]]) -> set[UUID]:
    """The last act before the socket, for (attempt, max_seconds): those that may go. The others lost their lease."""
    if not attempts:
        return set()
    rows = call("opla_sending", Argument(worker, "uuid"), *columns(attempts, "uuid", "int"))
    return {expect(row[0], UUID) for row in rows}


def unclaim(worker: UUID, attempt_ids: Sequence[UUID], *, due_at: datetime) -> None:
    """Give claims back untouched."""
    call(
        "opla_unclaim",
        Argument(worker, "uuid"),
        Argument(list(attempt_ids), "uuid[]"),
        Argument(due_at, "timestamptz"),
    )


def wait(
    attempt_id: UUID, *, at: datetime, good_after: date, topic: str, reference: str
) -> tuple[bool, date | None] | None:
    """Hold a code of our own shelf for a claimed send that waits for its date, if it is the shelf that is asked.

    Whether one is held that was good later than `good_after` when it was taken, and its last day. A message of `topic`
    leaves, once for its `reference`. None: nobody claims it any more.
    """
    rows = call(
        "opla_wait",
        Argument(at, "timestamptz"),
        Argument(attempt_id, "uuid"),
        Argument(good_after, "date"),
        Argument(topic, "text"),
        Argument(reference, "text"),
    )
    if not rows:
        return None
    holds, valid_until = rows[0]
    return expect(holds, bool), valid_until if isinstance(valid_until, date) else None


def standing_send(order_id: UUID) -> Claimed | None:
    """The send of an order that may give value, or has."""
    rows = select("SELECT id FROM attempt WHERE order_id = %s AND stands", [order_id])
    return next(iter(load([expect(row[0], UUID) for row in rows])), None)


def gone(worker: UUID, attempt_id: UUID, *, at: datetime, due_at: datetime, after_s: int) -> bool:
    """Give back a claim whose adapter is not there; True when it is time for a person to hear of it."""
    rows = call(
        "opla_gone",
        Argument(at, "timestamptz"),
        Argument(worker, "uuid"),
        Argument([attempt_id], "uuid[]"),
        Argument(due_at, "timestamptz"),
        Argument(after_s, "int"),
    )
    return bool(rows)


def wake(kinds: Sequence[attempt.Kind], adapter: str, names: Sequence[str], *, at: datetime) -> int:
    """Ask about these now; how many were asleep. Names nobody knows change nothing."""
    rows = call(
        "opla_wake",
        Argument(at, "timestamptz"),
        Argument([str(kind) for kind in kinds], "text[]"),
        Argument(adapter, "text"),
        Argument(list(names), "text[]"),
    )
    return expect(rows[0][0], int)


def wake_order(order_id: UUID, *, at: datetime) -> int:
    """Ask about every charge of this order now."""
    names = select(
        """SELECT a.adapter, a.reference FROM allocation l JOIN attempt a ON a.payment_id = l.payment_id
           WHERE l.order_id = %s AND a.kind = 'charge'""",
        [order_id],
    )
    return sum(wake([attempt.Kind.CHARGE], expect(name, str), [expect(ref, str)], at=at) for name, ref in names)


@dataclass(frozen=True)
class Outgoing:
    """One message of the outbox, leased to this worker: about an order, a reminder, or as a letter says."""

    reference: str
    topic: str
    order_id: UUID | None
    reminder_id: UUID | None
    tries: int
    made_at: datetime
    letter_id: UUID | None = None


def claim_outbox(worker: UUID, *, at: datetime, limit: int, lease_s: int) -> list[Outgoing]:
    rows = call(
        "opla_outbox_claim",
        Argument(at, "timestamptz"),
        Argument(worker, "uuid"),
        Argument(limit, "int"),
        Argument(lease_s, "int"),
    )
    due = (
        Outgoing(
            expect(row[0], str),
            expect(row[1], str),
            _id(row[2]),
            _id(row[3]),
            expect(row[4], int),
            expect(row[5], datetime),
            _id(row[6]),
        )
        for row in rows
    )
    return sorted(due, key=lambda outgoing: outgoing.reference)


def finish_outbox(done: Sequence[tuple[str, bool, datetime | None]], *, actor: Actor, at: datetime) -> None:
    """(reference, told, when to try again or None)."""
    if done:
        call(
            "opla_outbox_done",
            Argument(at, "timestamptz"),
            Argument(str(actor), "text"),
            *columns(done, "text", "boolean", "timestamptz"),
        )
