"""Shifts: a drawer counted when a clerk begins and when they end, what is between them, and the report of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction

from opla.core import shift as core
from opla.core.actor import Act, Actor
from opla.core.choice import words
from opla.core.money import Money
from opla.core.refusal import Code, Refusal
from opla.core.shift import Sum
from opla.db.queries import offline
from opla.db.queries import stations as queries
from opla.db.queries.stations import Clerk, Shift, Station
from opla.operations.cash import CURRENCY
from opla.operations.drawers import count_for_shift


def current(station: Station) -> Shift | None:
    """The open shift of this till's drawer."""
    return queries.open_shift(station.drawer, CURRENCY) if station.drawer else None


def open_shift(
    actor: Actor, key: UUID, clerk: Clerk, station: Station, typed: Mapping[int, str], *, at: datetime
) -> Shift | Refusal:
    """Begin with what was counted; what differs from the books is posted. `key` names it: said twice it is one."""
    if refused := actor.refused(Act.WORK_SHIFT):
        return refused
    pieces = core.read_count(typed, CURRENCY)
    if isinstance(pieces, Refusal):
        return pieces
    counted = core.counted(pieces, CURRENCY)
    with transaction.atomic():
        found = count_for_shift(actor, uuid5(key, "opening"), station.drawer, counted, at=at)
        if isinstance(found, Refusal):
            return found
        result = queries.open_one(key, station.drawer, station.id, clerk.id, pieces, counted, found, actor=actor, at=at)
        if result in ("shift_open", "drawer_unknown"):
            transaction.set_rollback(True)
            return Refusal(Code.SHIFT_OPEN if result == "shift_open" else Code.DRAWER_UNKNOWN, "drawer")
    opened = queries.shift(key, CURRENCY)
    return opened if opened is not None else Refusal(Code.STILL_RUNNING, "drawer")


def close_shift(
    actor: Actor, shift_id: UUID, clerk: Clerk, typed: Mapping[int, str], *, why: str, at: datetime
) -> Shift | Refusal:
    """End with what was counted, without having been shown what should be there. Who opened it, or a manager.

    What differs needs a reason, and that it was counted differently before stays in the trail: nobody counts until it
    fits.
    """
    if refused := actor.refused(Act.WORK_SHIFT):
        return refused
    known = queries.shift(shift_id, CURRENCY)
    if known is None:
        return Refusal(Code.NOT_FOUND, "shift")
    if known.clerk != clerk.name and not clerk.manages:
        return Refusal(Code.SHIFT_NOT_YOURS, "shift")
    if offline.unbooked(known.drawer):
        return Refusal(Code.OFFLINE_UNBOOKED, "shift")  # else its coins would be nobody's
    pieces = core.read_count(typed, CURRENCY)
    if isinstance(pieces, Refusal):
        return pieces
    counted = core.counted(pieces, CURRENCY)
    with transaction.atomic():
        found = count_for_shift(actor, uuid5(shift_id, "closing"), known.drawer, counted, at=at)
        if isinstance(found, Refusal):
            return found
        unsigned = bool(found.amount_minor) and not why.strip()
        if unsigned:
            transaction.set_rollback(True)
        else:
            result = queries.close_one(shift_id, clerk.id, pieces, counted, found, words(why), actor=actor, at=at)
            if result == "shift_closed":
                transaction.set_rollback(True)
                return Refusal(Code.SHIFT_CLOSED, "shift")
    if unsigned:
        queries.did(known.station_id, "count_differs", found.decimal, actor=actor, at=at)
        return Refusal(Code.SHIFT_DIFFERS, "why")
    closed = queries.shift(shift_id, CURRENCY)
    return closed if closed is not None else Refusal(Code.NOT_FOUND, "shift")


@dataclass(frozen=True)
class Report:
    """What a shift did. `expected`: what the books say is there (X), or said when it was counted (Z)."""

    shift: Shift
    sums: tuple[Sum, ...]
    expected: Money

    @property
    def closed(self) -> bool:
        return self.shift.closed_at is not None


def report(actor: Actor, shift_id: UUID) -> Report | Refusal:
    """X while it is open, Z once it is closed: from its lines, which never change."""
    if refused := actor.refused(Act.WORK_SHIFT):
        return refused
    found = queries.shift(shift_id, CURRENCY)
    if found is None:
        return Refusal(Code.NOT_FOUND, "shift")
    sums = core.sums(queries.movements(shift_id), CURRENCY)
    expected = found.opening + sum((one.amount for one in sums), Money(0, CURRENCY))
    return Report(found, sums, expected)


def no_sale(actor: Actor, station: Station, *, why: str, at: datetime) -> Refusal | None:
    """The drawer is opened and nothing is sold: with a reason, for the trail."""
    if refused := actor.refused(Act.WORK_SHIFT):
        return refused
    if not why.strip():
        return Refusal(Code.REASON_MISSING, "why")
    if current(station) is None:
        return Refusal(Code.SHIFT_CLOSED, "shift")
    queries.did(station.id, "no_sale", words(why), actor=actor, at=at)
    return None
