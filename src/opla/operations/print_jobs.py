"""Slips: asked for at a station, printed once, and looked at by a person where no printer says what became of them.

ask ──▶ print_next: the printer looks at itself ─▶ claimed, the look at the code written down ─▶ bytes ─▶ its answer
ask ──▶ hand_over: as a file, for a printer that only the asker's own machine knows; nobody can say what came out
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol
from uuid import UUID

from opla.core.actor import Act, Actor, Role
from opla.core.choice import words
from opla.core.paper import Strip
from opla.core.ports import Answer
from opla.core.print_job import BELIEVED, PRINTS, SAYABLE, TAKES, WAITS, Event, Sight, State
from opla.core.refusal import Code, Refusal
from opla.db.queries import pages, print_jobs
from opla.db.queries.codes import Revealed
from opla.db.queries.pages import OrderPage
from opla.db.queries.print_jobs import Claimed
from opla.operations.links import device_hash
from opla.operations.shop import Shop

_BRIDGE: Final = Actor(Role.SYSTEM, "print")


class Printer(Protocol):
    """One printer that is open: what it says of itself, and what became of a slip."""

    def look(self) -> Sight: ...

    def put(self, strips: Sequence[Strip]) -> Answer:
        """`succeeded` only where it said, after the last byte, that all is well. Never raises for what it did."""
        ...


#: Opens the printer for as long as one slip takes.
Opens = Callable[[], AbstractContextManager[Printer]]


@dataclass(frozen=True)
class Printing:
    """What a slip says, for whoever writes its words."""

    page: OrderPage
    copy: bool
    at: datetime
    revealed: Revealed | None = field(repr=False)


def ask(
    actor: Actor,
    job_id: UUID,
    order_id: UUID,
    *,
    station: str,
    device: bytes,
    why: str = "",
    leaves: datetime | None = None,
    at: datetime,
) -> UUID | Refusal:
    """Have a delivered order's slip printed at a station; the id of its job. `why`: of a copy, which is marked.
    `leaves`: when whoever asks may be gone, where that is sooner than slips wait.

    Who may see what is in it is the device that ordered, as on a screen. The same id again changes nothing; nor does
    asking while the slip still waits.
    """
    if refused := actor.refused(Act.PRINT):
        return refused
    until = min(leaves or at + WAITS, at + WAITS)
    said, found = print_jobs.ask(
        job_id, order_id, device_hash(device), station=station, why=words(why), actor=actor, at=at, until=until
    )
    if said in ("asked", "again"):
        return found
    return Refusal(Code(said), "why" if said == "printed_already" else "")


def say(actor: Actor, job_id: UUID, event: Event, *, station: str, why: str = "", at: datetime) -> Refusal | None:
    """What somebody sees of a slip of this station: it came out, it is spoilt, or it is not wanted any more."""
    if refused := actor.refused(Act.PRINT):
        return refused
    if event not in SAYABLE:
        return Refusal(Code.NOT_ALLOWED, params={"act": Act.PRINT, "role": actor.role})
    said = print_jobs.say(job_id, event, station=station, why=words(why), actor=actor, at=at)
    return None if said == "done" else Refusal(Code(said))


def call_off(actor: Actor, order_id: UUID, *, station: str, at: datetime) -> None:
    """Whoever asked for this order's slip at this station has gone: what is not on its way to paper stays in here."""
    for one in print_jobs.of_order(order_id, at=at):
        if one.station == station and one.state is State.NEW:
            say(actor, one.id, Event.CALLED_OFF, station=station, at=at)


def again(
    actor: Actor,
    spoilt: UUID,
    job_id: UUID,
    order_id: UUID,
    *,
    station: str,
    device: bytes,
    why: str,
    at: datetime,
) -> UUID | Refusal:
    """It did not come out as it should: a copy, marked as one. Asked twice under the same id, it is one copy."""
    if not words(why):
        return Refusal(Code.REASON_MISSING, "why")
    refused = say(actor, spoilt, Event.SPOILT, station=station, why=why, at=at)
    if refused is not None and refused.code is not Code.PRINT_NOT_NOW:
        return refused
    return ask(actor, job_id, order_id, station=station, device=device, why=why, at=at)


def hand_over(actor: Actor, job_id: UUID, *, station: str, shop: Shop, at: datetime) -> Printing | Refusal:
    """What stands on this slip, for a file that the asker prints. Given once; what came out, a person says."""
    if refused := actor.refused(Act.PRINT):
        return refused
    claimed = print_jobs.claim(station, actor=actor, at=at, until=at + TAKES, keyring=shop.keyring, job_id=job_id)
    if claimed is None:
        return Refusal(Code.PRINT_NOT_NOW)
    print_jobs.say(claimed.id, Event.CUT_OFF, station=station, why="file", actor=actor, at=at)
    return _about(claimed, at)


def sight(station: str, *, at: datetime) -> Sight:
    """What a station's printer says of itself now, for whoever sells beside it; silent where nobody looks at it."""
    found, seen_at = print_jobs.printer(station) or (Sight.SILENT, at)
    return found if at - seen_at <= BELIEVED else Sight.SILENT


def print_next(
    station: str,
    opens: Opens,
    drawn: Callable[[Printing], Sequence[Strip]],
    *,
    shop: Shop,
    clock: Callable[[], datetime],
) -> tuple[Sight, Event | None]:
    """Print what waits longest at this station: what the printer said of itself, and what became of a slip.

    Nothing is looked at, and nothing waits less, while the printer is not ready.
    """
    with opens() as printer:
        sight = printer.look()
        print_jobs.seen(station, sight, at=clock())
        if sight not in PRINTS:
            return sight, None
        at = clock()
        claimed = print_jobs.claim(station, actor=_BRIDGE, at=at, until=at + TAKES, keyring=shop.keyring)
        if claimed is None:
            return sight, None
        # What breaks from here on leaves a job that is being sent, which is unknown when its time is over.
        answer = printer.put(drawn(_about(claimed, at)))
        event = Event.CAME_OUT if answer is Answer.SUCCEEDED else Event.CUT_OFF
        print_jobs.say(claimed.id, event, station=station, why="", actor=_BRIDGE, at=clock())
        return sight, event


def _about(claimed: Claimed, at: datetime) -> Printing:
    page = pages.order_by_id(claimed.order_id)
    if page is None:
        raise LookupError(f"order {claimed.order_id} is gone")
    return Printing(page, claimed.copy, at, claimed.revealed)
