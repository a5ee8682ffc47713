"""A shop that came out of a backup: what it waits for, and the steps out of it. The database itself keeps it still."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.utils import DatabaseError

from opla.core.actor import Actor
from opla.db.queries.call import Argument, call, columns, expect, select

#: What the database says when it stands still (sql/quarantine.sql).
_STILL = "OPQ01"
_LOOK_AGAIN_S = 1.0
_open: dict[str, float] = {}


#: What a person counts, and nothing waits for.
SHELF = "shelf"


@dataclass(frozen=True)
class Step:
    """One provider or supplier that is to be compared. `strange`: what it lists and our books do not know; `undecided`
    of these may still be paid or delivered there. `unlisted`: why the look of `looked_at` showed no list."""

    area: str
    name: str
    listed: int
    strange: int
    undecided: int
    done_at: datetime | None
    done_by: str
    note: str
    looked_at: datetime | None = None
    unlisted: str = ""

    @property
    def holds_up(self) -> bool:
        """Whether the shop stays closed for it."""
        return self.done_at is None and self.area != SHELF


@dataclass(frozen=True)
class Quarantine:
    """`asked` is what a page asked of a worker and is not done yet, `answered` what was: `look` or `leave`."""

    id: UUID
    backup: str
    restored_to: datetime
    entered_at: datetime
    entered_by: str
    left_at: datetime | None
    left_by: str
    asked: str
    asked_at: datetime | None
    answered: str
    answered_at: datetime | None
    steps: tuple[Step, ...]
    in_doubt: int  # orders that had not ended
    codes: int  # unsold ones that were taken off the shelf
    vouchers: int  # that were blocked


@dataclass(frozen=True)
class Told:
    """One thing in somebody's list: `found` is `given`, `open` or `nothing`."""

    reference: str
    their_id: str
    found: str
    amount_minor: int
    currency: str
    about: str


@dataclass(frozen=True)
class Undecided:
    """A send or refund of ours that was under way when the shop was restored."""

    kind: str
    adapter: str
    reference: str
    payment_id: str  # the provider's, of a refund


def closed() -> bool:
    """Whether the shop is in quarantine: to be asked often. One that is open stays so until it is restored again."""
    name, at = str(connection.settings_dict["NAME"]), time.monotonic()
    if _open.get(name, -_LOOK_AGAIN_S) > at - _LOOK_AGAIN_S:
        return False
    if select("SELECT FROM quarantine WHERE left_at IS NULL"):
        return True
    _open[name] = at
    return False


def stands_still(problem: BaseException) -> bool:
    """Whether it is the quarantine that refused."""
    return isinstance(problem, DatabaseError) and getattr(problem.__cause__, "sqlstate", "") == _STILL


def current() -> Quarantine | None:
    """None when the shop is open."""
    found = last()
    return found if found and found.left_at is None else None


def last() -> Quarantine | None:
    """The one that the shop is in, or was in at last; None of a shop that was never restored."""
    rows = select(
        """SELECT q.id, q.backup, q.restored_to, q.entered_at, q.entered_by, q.left_at, q.left_by,
                  q.asked, q.asked_at, q.answered, q.answered_at,
                  (SELECT count(*)::int FROM order_in_doubt d WHERE d.quarantine_id = q.id AND d.cleared_at IS NULL),
                  (SELECT count(*)::int FROM code c JOIN batch b ON b.id = c.batch_id
                   WHERE b.state = 'blocked' AND b.why = 'restored' AND c.state = 'blocked' AND c.order_id IS NULL),
                  (SELECT count(*)::int FROM voucher v WHERE v.state = 'blocked' AND v.since = q.entered_at)
           FROM quarantine q ORDER BY q.entered_at DESC LIMIT 1"""
    )
    if not rows:
        return None
    [(id_, backup, restored_to, entered_at, entered_by, left_at, left_by, asked, asked_at, answered, answered_at,
      in_doubt, codes, vouchers)] = rows  # fmt: skip
    steps = select(
        """SELECT area, name, listed, strange, open, done_at, done_by, note, looked_at, unlisted FROM quarantine_step
           WHERE quarantine_id = %s ORDER BY area, name""",
        [id_],
    )
    return Quarantine(
        expect(id_, UUID),
        expect(backup, str),
        expect(restored_to, datetime),
        expect(entered_at, datetime),
        expect(entered_by, str),
        _moment(left_at),
        expect(left_by, str),
        expect(asked, str),
        _moment(asked_at),
        expect(answered, str),
        _moment(answered_at),
        tuple(
            Step(
                expect(area, str), expect(name, str), expect(listed, int), expect(strange, int), expect(undecided, int),
                _moment(done_at), expect(done_by, str), expect(note, str), _moment(looked_at), expect(unlisted, str),
            )
            for area, name, listed, strange, undecided, done_at, done_by, note, looked_at, unlisted in steps
        ),
        expect(in_doubt, int),
        expect(codes, int),
        expect(vouchers, int),
    )  # fmt: skip


def _moment(value: object) -> datetime | None:
    return None if value is None else expect(value, datetime)


def known_adapters() -> tuple[set[str], set[str]]:
    """Who was ever asked for a payment, and for a delivery."""
    rows = select("SELECT DISTINCT kind = 'charge', adapter FROM attempt WHERE kind IN ('charge', 'send')")
    return {str(name) for charge, name in rows if charge}, {str(name) for charge, name in rows if not charge}


def has_cards() -> bool:
    """Whether SIM cards were ever brought in."""
    return bool(select("SELECT FROM card LIMIT 1"))


def undecided() -> list[Undecided]:
    rows = select(
        """SELECT a.kind, a.adapter, a.reference, coalesce(c.provider_id, '')
           FROM attempt a LEFT JOIN refund r ON r.id = a.refund_id
           LEFT JOIN attempt c ON c.payment_id = r.payment_id AND c.kind = 'charge'
           WHERE a.kind <> 'charge' AND a.state IN ('unknown', 'pending') ORDER BY a.made_at, a.id"""
    )
    return [Undecided(*(expect(value, str) for value in row)) for row in rows]


def enter(
    id_: UUID, *, backup: str, restored_to: datetime, steps: Sequence[tuple[str, str]], actor: Actor, at: datetime
) -> bool:
    """`steps` are areas and names. False when it is in quarantine already."""
    [(entered,)] = call(
        "opla_quarantine_enter",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(id_, "uuid"),
        Argument(backup, "text"),
        Argument(restored_to, "timestamptz"),
        *columns(steps, "text", "text"),
    )
    return expect(entered, bool)


def listed(area: str, name: str, told: Sequence[Told], *, actor: Actor, at: datetime) -> tuple[int, int, int]:
    """How many were listed, how many of them nobody here knows, and how many of these are undecided."""
    rows = call(
        "opla_quarantine_listed",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(area, "text"),
        Argument(name, "text"),
        *columns(
            [(t.reference, t.their_id, t.found, t.amount_minor, t.currency, t.about) for t in told],
            "text", "text", "text", "bigint", "text", "text",
        ),
    )  # fmt: skip
    [(count, strange, still)] = rows or [(0, 0, 0)]
    return expect(count, int), expect(strange, int), expect(still, int)


def unlisted(area: str, name: str, why: str, *, at: datetime) -> None:
    """They showed no list at this look."""
    call(
        "opla_quarantine_unlisted",
        Argument(at, "timestamptz"),
        Argument(area, "text"),
        Argument(name, "text"),
        Argument(why, "text"),
    )


def ask(what: str, *, actor: Actor, at: datetime) -> bool:
    """A worker is to `look`, or to `leave`. False: the shop is open."""
    [(asked,)] = call(
        "opla_quarantine_ask", Argument(at, "timestamptz"), Argument(str(actor), "text"), Argument(what, "text")
    )
    return expect(asked, bool)


def take(*, patience: timedelta, at: datetime) -> tuple[str, str] | None:
    """What a page asked and who, once: whoever gets it does it."""
    rows = call("opla_quarantine_take", Argument(at, "timestamptz"), Argument(patience, "interval"))
    return (str(rows[0][0]), str(rows[0][1])) if rows else None


def answered(*, taken_at: datetime, at: datetime) -> None:
    call("opla_quarantine_answered", Argument(at, "timestamptz"), Argument(taken_at, "timestamptz"))


def made(references: Sequence[str], *, at: datetime) -> int:
    """These sends and refunds of ours were made, as the other side says: they are settled when the shop opens."""
    if not references:
        return 0
    [(count,)] = call("opla_quarantine_made", Argument(at, "timestamptz"), *columns([(r,) for r in references], "text"))
    return expect(count, int)


def compared(area: str, name: str, note: str, *, actor: Actor, at: datetime) -> bool:
    [(found,)] = call(
        "opla_quarantine_compared",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(area, "text"),
        Argument(name, "text"),
        Argument(note, "text"),
    )
    return expect(found, bool)


def batches() -> list[tuple[int, str, int]]:
    """Batches that a restore took off the shelf: number, product, and how many codes lie in each."""
    rows = select(
        """SELECT b.number, min(c.sku), count(*)::int FROM batch b JOIN code c ON c.batch_id = b.id
           WHERE b.state = 'blocked' AND b.why = 'restored' AND c.state = 'blocked' AND c.order_id IS NULL
           GROUP BY b.number ORDER BY b.number"""
    )
    return [(expect(number, int), expect(sku, str), expect(count, int)) for number, sku, count in rows]


def released(since: datetime) -> list[tuple[int, datetime, str, str]]:
    """Batches that a restore took off the shelf and somebody brought back since then: number, when, who, and how many
    of its codes, with the reason."""
    rows = select(
        """SELECT b.number, r.at, r.actor, r.why FROM batch b
           JOIN LATERAL (SELECT e.at, e.actor, e.why FROM event e
                         WHERE e.subject = 'batch' AND e.subject_id = b.id AND e.name = 'released' AND e.at >= %s
                         ORDER BY e.id LIMIT 1) r ON true
           WHERE b.why = 'restored' ORDER BY b.number""",
        [since],
    )
    return [(expect(n, int), expect(at, datetime), expect(who, str), expect(why, str)) for n, at, who, why in rows]


def release(
    batch: int, unsold: Sequence[str] | None, note: str, *, actor: Actor, at: datetime
) -> tuple[int, int] | None:
    """How many came back on sale, and how many were written off; None: no such batch was taken off by a restore."""
    [(result, released, lost)] = call(
        "opla_quarantine_release",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(batch, "int"),
        Argument(None if unsold is None else list(unsold), "text[]"),
        Argument(note, "text"),
    )
    return (expect(released, int), expect(lost, int)) if result == "done" else None


def gave(ticket: str, serial: str, *, actor: Actor, at: datetime) -> bool:
    """This order was given this code. False where it waits for none, or the code is not off the shelf."""
    [(result,)] = call(
        "opla_quarantine_gave",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(ticket, "text"),
        Argument(serial, "text"),
    )
    return result == "done"


def leave(*, until: datetime, actor: Actor, at: datetime) -> str:
    """`left`, `not_now` or `steps_left`. What waits to be paid waits until `until` at least."""
    [(result,)] = call(
        "opla_quarantine_leave",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(until, "timestamptz"),
    )
    return expect(result, str)
