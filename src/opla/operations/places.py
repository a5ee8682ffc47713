"""Where top-ups are sold over a counter: what is kept, found, confirmed and removed. Files come in `place_files`."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from django.db import transaction
from django.db.models import QuerySet

from opla.core.actor import Act, Actor
from opla.core.places import SAMPLE, Kind, Place, Position, Sells, Takes
from opla.core.refusal import Code, Refusal
from opla.db.models import Place as Row
from opla.db.queries.places import as_of


@dataclass(frozen=True)
class Kept:
    """What an import did; places it did not name stay as they were."""

    added: int
    changed: int
    same: int


def known(*, sandbox: bool) -> tuple[Place, ...]:
    """Every place there is; the invented ones beside the sandbox only."""
    return tuple(place for _, place in known_by_id(sandbox=sandbox))


def known_by_id(*, sandbox: bool) -> tuple[tuple[int, Place], ...]:
    """The same with what a button names them by."""
    return _read(as_of(), sandbox=sandbox)


def keep(actor: Actor, places: Collection[Place], *, at: datetime) -> Kept | Refusal:
    """Add these, or bring those of the same source and ref up to date: all or none. The same is not touched."""
    if refused := actor.refused(Act.MANAGE_PLACES):
        return refused
    return _keep(places, by=str(actor), at=at)


def none_yet() -> bool:
    return not Row.objects.exists()


def seed(places: Collection[Place], *, at: datetime) -> None:
    """The invented ones, for a sandbox that has no place yet."""
    _keep(places, by="system", at=at)


def confirm(actor: Actor, place_id: int, on: date, *, at: datetime) -> Refusal | None:
    """Somebody has seen today that it is so."""
    if refused := actor.refused(Act.MANAGE_PLACES):
        return refused
    changed = Row.objects.filter(id=place_id).update(confirmed_on=on, changed_at=at, changed_by=str(actor))
    return None if changed else Refusal(Code.NOT_FOUND, "place")


def remove(actor: Actor, *, place_id: int | None = None, source: str = "", ref: str = "") -> int | Refusal:
    """Forget one place, by id or by source and ref, or (without ref) all of a source: how many there were."""
    if refused := actor.refused(Act.MANAGE_PLACES):
        return refused
    rows = Row.objects.filter(id=place_id) if place_id is not None else Row.objects.filter(source=source)
    count, _ = (rows.filter(ref=ref) if ref else rows).delete()
    return count or Refusal(Code.NOT_FOUND, "place")


def _keep(places: Collection[Place], *, by: str, at: datetime) -> Kept:
    sources = {place.source for place in places}
    with transaction.atomic():
        # In one order, so that two imports at once wait for each other instead of blocking each other.
        before = {
            (row.source, row.ref): _place(row)
            for row in Row.objects.select_for_update().filter(source__in=sources).order_by("id")
        }
        fresh = [place for place in places if before.get((place.source, place.ref)) != place]
        Row.objects.bulk_create(
            [_row(place, by=by, at=at) for place in sorted(fresh, key=lambda p: (p.source, p.ref))],
            batch_size=1000,
            update_conflicts=True,
            unique_fields=["source", "ref"],
            update_fields=[f.name for f in Row._meta.fields if f.name not in ("id", "source", "ref")],  # noqa: SLF001  (Django's documented name)
        )
    added = sum((place.source, place.ref) not in before for place in fresh)
    return Kept(added, len(fresh) - added, len(places) - len(fresh))


def _rows(*, sandbox: bool) -> QuerySet[Row]:
    return Row.objects.all() if sandbox else Row.objects.exclude(source=SAMPLE)


@lru_cache(maxsize=2)
def _read(_as_of: tuple[object, ...], *, sandbox: bool) -> tuple[tuple[int, Place], ...]:
    """Read once for as long as nothing was changed: a page asks for no more than whether it was."""
    return tuple((row.pk, _place(row)) for row in _rows(sandbox=sandbox).order_by("source", "ref"))


def _place(row: Row) -> Place:
    lat, lon = row.lat_microdeg, row.lon_microdeg
    return Place(
        source=row.source,
        ref=row.ref,
        kind=Kind(row.kind),
        name=row.name,
        street=row.street,
        postcode=row.postcode,
        city=row.city,
        position=Position(lat, lon) if lat is not None and lon is not None else None,
        phone=row.phone,
        languages=_texts(row.languages),
        operators=_texts(row.operators),
        sells=tuple(Sells(text) for text in _texts(row.sells)),
        takes=tuple(Takes(text) for text in _texts(row.takes)),
        hours=row.hours,
        confirmed_on=row.confirmed_on,
    )


def _row(place: Place, *, by: str, at: datetime) -> Row:
    return Row(
        source=place.source,
        ref=place.ref,
        kind=str(place.kind),
        name=place.name,
        street=place.street,
        postcode=place.postcode,
        city=place.city,
        lat_microdeg=place.position.lat_microdeg if place.position else None,
        lon_microdeg=place.position.lon_microdeg if place.position else None,
        phone=place.phone,
        languages=list(place.languages),
        operators=list(place.operators),
        sells=[str(word) for word in place.sells],
        takes=[str(word) for word in place.takes],
        hours=place.hours,
        confirmed_on=place.confirmed_on,
        changed_at=at,
        changed_by=by,
    )


def _texts(of: Iterable[object]) -> tuple[str, ...]:
    return tuple(str(text) for text in of)
