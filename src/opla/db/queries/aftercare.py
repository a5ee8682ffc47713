"""After a delivery: what the buyer says of it, who is reminded of a code, and who else may see the order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from opla.core.actor import Actor
from opla.core.nudge import Nudge, Said, Waiting
from opla.core.promotion import Kept
from opla.db.keyring import Keyring
from opla.db.queries.call import Argument, call, columns, expect, select
from opla.db.queries.codes import Revealed, read_revealed


@dataclass(frozen=True)
class Looked:
    """A code that is looked after. `said`: the newest word of its buyer; not `open`: taken back, or refunded."""

    order_id: UUID
    waiting: Waiting
    said: str
    open: bool


@dataclass(frozen=True)
class Decided:
    """When to look next, and what to send now under which reference."""

    order_id: UUID
    due_at: datetime | None
    nudge: Nudge | None
    reference: str


@dataclass(frozen=True)
class Share:
    """A link of an order. `revealed`: a device has looked at the code through it."""

    order_id: UUID
    with_code: bool
    made_at: datetime
    ends_at: datetime
    ended: bool  # taken back, or another one took its place
    revealed: bool
    mine: bool  # by this device

    def over(self, at: datetime) -> bool:
        return self.ended or self.ends_at <= at


def say(order_id: UUID, device_hash: bytes, customer: UUID | None, said: Said, *, actor: Actor, at: datetime) -> str:
    """`said`, or why not: `not_found`, `proof_needed`, `not_delivered_yet`, `too_many_tries`."""
    rows = call(
        "opla_said",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(order_id, "uuid"),
        Argument(device_hash, "bytea"),
        Argument(customer, "uuid"),
        Argument(str(said), "text"),
    )
    return expect(rows[0][0], str)


def said_of(order_ids: Sequence[UUID]) -> dict[UUID, tuple[Said, datetime]]:
    """The newest word of each buyer who said one, and when it was said."""
    rows = select(
        "SELECT DISTINCT ON (order_id) order_id, said, at FROM order_said WHERE order_id = ANY (%s::uuid[]) "
        "ORDER BY order_id, id DESC",
        [list(order_ids)],
    )
    return {expect(row[0], UUID): (Said(expect(row[1], str)), expect(row[2], datetime)) for row in rows}


def promotions_of(order_id: UUID) -> Kept | None:
    """The promotions that an order was quoted with."""
    rows = select("SELECT q.offer::text FROM orders o JOIN quote q ON q.id = o.quote_id WHERE o.id = %s", [order_id])
    return Kept.read(json.loads(offer)) if rows and isinstance(offer := rows[0][0], str) else None


def claim_nudges(*, after: datetime, by: datetime, at: datetime, limit: int, lease: timedelta) -> list[Looked]:
    """Codes to look at, hidden from other workers for `lease`; those delivered from `after` until `by` join them."""
    rows = call(
        "opla_nudge_claim",
        Argument(at, "timestamptz"),
        Argument(after, "timestamptz"),
        Argument(by, "timestamptz"),
        Argument(at + lease, "timestamptz"),
        Argument(limit, "int"),
    )
    return [
        Looked(
            expect(row[0], UUID),
            Waiting(expect(row[1], datetime), row[2] if isinstance(row[2], date) else None, expect(row[5], list)),
            expect(row[3], str),
            expect(row[4], bool),
        )
        for row in rows
    ]


def decide_nudges(decided: Sequence[Decided], *, at: datetime) -> int:
    """Write what was decided; how many messages were made."""
    rows = [(one.order_id, one.due_at, str(one.nudge or ""), one.reference) for one in decided]
    [(made,)] = call(
        "opla_nudge_decide", Argument(at, "timestamptz"), *columns(rows, "uuid", "timestamptz", "text", "text")
    )
    return expect(made, int)


def share(
    id_: UUID, order_id: UUID, device_hash: bytes, customer: UUID | None, link_hash: bytes, *, with_code: bool,
    ends_at: datetime, actor: Actor, at: datetime,
) -> str:  # fmt: skip
    """`shared`, or why not: `not_found`, `proof_needed`, `not_delivered_yet`, `too_many_tries`. The one before ends."""
    rows = call(
        "opla_share",
        Argument(at, "timestamptz"),
        Argument(ends_at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(id_, "uuid"),
        Argument(order_id, "uuid"),
        Argument(device_hash, "bytea"),
        Argument(customer, "uuid"),
        Argument(link_hash, "bytea"),
        Argument(with_code, "boolean"),
    )
    return expect(rows[0][0], str)


def end_share(order_id: UUID, device_hash: bytes, customer: UUID | None, *, at: datetime) -> str:
    """`ended`, or `proof_needed`."""
    rows = call(
        "opla_share_end",
        Argument(at, "timestamptz"),
        Argument(order_id, "uuid"),
        Argument(device_hash, "bytea"),
        Argument(customer, "uuid"),
    )
    return expect(rows[0][0], str)


def share_by_link(link_hash: bytes, device_hash: bytes) -> Share | None:
    """What this link is; None for a guess."""
    return _share("link_hash = %(key)s", link_hash, device_hash)


def share_of(order_id: UUID) -> Share | None:
    """The link of an order that stands, or stood last."""
    return _share("order_id = %(key)s ORDER BY made_at DESC, id DESC LIMIT 1", order_id, b"")


def _share(where: str, key: object, device_hash: bytes) -> Share | None:
    rows = select(
        "SELECT order_id, with_code, made_at, ends_at, ended_at IS NOT NULL, device_hash IS NOT NULL, "  # noqa: S608 - our own words
        f"coalesce(device_hash = %(device)s, false) FROM order_share WHERE {where}",
        {"key": key, "device": device_hash},
    )
    if not rows:
        return None
    order_id, with_code, made_at, ends_at, ended, revealed, mine = rows[0]
    return Share(
        expect(order_id, UUID),
        expect(with_code, bool),
        expect(made_at, datetime),
        expect(ends_at, datetime),
        expect(ended, bool),
        expect(revealed, bool),
        expect(mine, bool),
    )


def reveal_shared(
    link_hash: bytes, device_hash: bytes, *, actor: Actor, at: datetime, keyring: Keyring
) -> Revealed | str:
    """The code, or why not: `not_found`, `share_over`, `share_used`, `not_delivered_yet`."""
    rows = call(
        "opla_share_reveal",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(link_hash, "bytea"),
        Argument(device_hash, "bytea"),
    )
    return read_revealed(rows[0], keyring)
