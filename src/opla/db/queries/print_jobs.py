"""Slips on their way to paper, and what stations' printers say of themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from opla.core.actor import Actor
from opla.core.print_job import Event, Sight, State
from opla.db.keyring import Keyring
from opla.db.queries.call import Argument, Row, call, expect, select
from opla.db.queries.codes import Revealed, read_revealed


@dataclass(frozen=True)
class Job:
    """One slip. `until`: of a new one, to be begun; of one that is sent, to be told of."""

    id: UUID
    station: str
    order_id: UUID
    ticket: str
    copy: bool
    why: str
    state: State
    asked_at: datetime
    asked_by: str
    until: datetime


@dataclass(frozen=True)
class Claimed:
    """A slip that is being sent now; its code in the clear, where the order has one."""

    id: UUID
    order_id: UUID
    copy: bool
    revealed: Revealed | None = field(repr=False)


def ask(
    job_id: UUID,
    order_id: UUID,
    device_hash: bytes,
    *,
    station: str,
    why: str,
    actor: Actor,
    at: datetime,
    until: datetime,
) -> tuple[str, UUID]:
    """`asked` or `again` with the job's id; or why not (db/sql/printing.sql)."""
    rows = call(
        "opla_print_ask",
        Argument(at, "timestamptz"),
        Argument(until, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(job_id, "uuid"),
        Argument(station, "text"),
        Argument(order_id, "uuid"),
        Argument(device_hash, "bytea"),
        Argument(why, "text"),
    )
    return expect(rows[0][0], str), expect(rows[0][1], UUID)


def claim(
    station: str, *, actor: Actor, at: datetime, until: datetime, keyring: Keyring, job_id: UUID | None = None
) -> Claimed | None:
    """The next slip of this station, or this very one; the row that says who looked at its code is committed."""
    rows = call(
        "opla_print_claim",
        Argument(at, "timestamptz"),
        Argument(until, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(station, "text"),
        Argument(job_id, "uuid"),
    )
    if not rows:
        return None
    claimed, order_id, copy, *sealed = rows[0]
    revealed = read_revealed(tuple(sealed), keyring)
    return Claimed(
        expect(claimed, UUID),
        expect(order_id, UUID),
        expect(copy, bool),
        revealed if isinstance(revealed, Revealed) else None,
    )


def say(job_id: UUID, event: Event, *, station: str, why: str, actor: Actor, at: datetime) -> str:
    """`done`, or why not: `not_found`, `print_not_now`."""
    rows = call(
        "opla_print_say",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(station, "text"),
        Argument(job_id, "uuid"),
        Argument(event, "text"),
        Argument(why, "text"),
    )
    return expect(rows[0][0], str)


def seen(station: str, sight: Sight, *, at: datetime) -> None:
    call("opla_printer_seen", Argument(at, "timestamptz"), Argument(station, "text"), Argument(sight, "text"))


def printer(station: str) -> tuple[Sight, datetime] | None:
    """What its printer last said of itself, and when; None: it never did."""
    rows = select("SELECT sight, seen_at FROM printer WHERE station = %s", [station])
    return (Sight(expect(rows[0][0], str)), expect(rows[0][1], datetime)) if rows else None


def waits(station: str) -> bool:
    """Whether a slip waits for this station's printer."""
    return bool(select("SELECT FROM print_job WHERE station = %s AND state = 'new' LIMIT 1", [station]))


_SELECT = """SELECT j.id, j.station, j.order_id, o.ticket, j.copy, j.why, j.state, j.asked_at, j.asked_by, j.until
             FROM print_job j JOIN orders o ON o.id = j.order_id"""


def of_order(order_id: UUID, *, at: datetime) -> list[Job]:
    """Every slip of an order, oldest first."""
    return [
        _job(row, at)
        for row in select(f"{_SELECT} WHERE j.order_id = %s ORDER BY j.asked_at, j.copy, j.id", [order_id])
    ]


def open_at(station: str, *, at: datetime) -> list[Job]:
    """What waits at a station, is being printed, or is to be looked at by a person; oldest first."""
    rows = select(
        f"{_SELECT} WHERE j.station = %s AND j.state IN ('new', 'sending', 'unknown') ORDER BY j.asked_at, j.id",
        [station],
    )
    found = [_job(row, at) for row in rows]
    return [one for one in found if one.state is not State.REFUSED]


def _job(row: Row, at: datetime) -> Job:
    """As it stands at this instant, also where nobody has come by to write down that its time is over."""
    state, until = State(expect(row[6], str)), expect(row[9], datetime)
    if until <= at:
        state = {State.NEW: State.REFUSED, State.SENDING: State.UNKNOWN}.get(state, state)
    return Job(
        expect(row[0], UUID),
        expect(row[1], str),
        expect(row[2], UUID),
        expect(row[3], str),
        expect(row[4], bool),
        expect(row[5], str),
        state,
        expect(row[7], datetime),
        expect(row[8], str),
        until,
    )
