"""Changing single figures of the catalogue: each makes a new proposal, and what is sold changes by approval only.

There is one proposal from the page at a time. It grows by each change, and the one before it is retired, so that
nothing that was proposed is ever rewritten.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db import transaction

from opla.core.actor import Act, Actor
from opla.core.catalog import Change, Held, Sure, diff, held, parse, put
from opla.core.catalog.editing import read_value
from opla.core.catalog.model import Product
from opla.core.refusal import Code, Refusal
from opla.db.models import CatalogVersion
from opla.db.queries.catalog import active_version
from opla.operations.read_catalog import mistakes_in

_NOTE: Final = "the page of the catalogue"
_LONGEST: Final = 20_000
#: Fields of a cell that the form has; the others stay.
_TYPED: Final = frozenset({"value", "sure", "source", "verified_on", "note"})
_KEY: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Draft:
    """What would be sold: the proposal made here, or (without changes) the version that is sold from."""

    version: int
    active: int
    document: Mapping[str, object]
    changes: tuple[Change, ...]

    @property
    def is_new(self) -> bool:
        return self.version != self.active


@dataclass(frozen=True)
class Typed:
    """A cell as a form has it. `where` and `dated` name a source that is not in the list yet."""

    value: str = ""
    sure: str = ""
    source: str = ""
    where: str = ""
    dated: str = ""
    verified_on: str = ""
    note: str = ""


def draft(actor: Actor) -> Draft | Refusal:
    """Raises `LookupError` in a shop without a catalogue."""
    if refused := actor.refused(Act.CHANGE_CATALOGUE):
        return refused
    active = active_version()
    if active is None:
        raise LookupError("there is no catalogue yet")
    sold = CatalogVersion.objects.get(id=active)
    new = CatalogVersion.objects.filter(state="proposed", base=active).order_by("-id").first()
    if new is None:
        return Draft(active, active, sold.document, ())
    return Draft(new.pk, active, new.document, tuple(diff(sold.document, new.document)))


def change_cell(actor: Actor, key: str, typed: Typed, *, seen: int, at: datetime) -> Refusal | list[str] | None:
    """One cell becomes another. A list says in words what would be wrong with the catalogue then; nothing is kept.

    `seen` is the version that whoever typed was shown.
    """
    with transaction.atomic():
        found = _editing(actor, seen)
        if isinstance(found, Refusal):
            return found
        old = cell_of(found, key)
        if old is None or sum(map(len, vars(typed).values())) > _LONGEST:
            return Refusal(Code.NOT_FOUND, "cell")
        sources, source = _source(found.document, typed)
        cell = _cell(old, typed, source)
        document = put({**found.document, "sources": sources}, old.path, cell)
        return _propose(actor, found, document, at)


def confirm_cells(
    actor: Actor, keys: Sequence[str], day: date, *, seen: int, at: datetime
) -> Refusal | list[str] | None:
    """Somebody has seen on this day that these are still so."""
    with transaction.atomic():
        found = _editing(actor, seen)
        if isinstance(found, Refusal):
            return found
        document: Mapping[str, object] = found.document
        there = {one.key: one for one in held(document)}
        for key in keys:
            if key not in there:
                return Refusal(Code.NOT_FOUND, "cell")
            document = put(document, there[key].path, {**there[key].cell, "verified_on": day.isoformat()})
        return _propose(actor, found, dict(document), at) if keys else Refusal(Code.NOT_FOUND, "cell")


def discard(actor: Actor, *, seen: int) -> Refusal | None:
    """The proposal is dropped; what is sold stays."""
    with transaction.atomic():
        found = _editing(actor, seen)
        if isinstance(found, Refusal):
            return found
        CatalogVersion.objects.filter(state="proposed", base=found.active).update(state="retired")
    return None


def cell_of(found: Draft, key: str) -> Held | None:
    return next((one for one in held(found.document) if one.key == key), None)


@dataclass(frozen=True)
class Seen:
    """A product as it is sold and as it would be; None where it is not."""

    sku: str
    name: str
    now: Product | None
    then: Product | None


def preview(found: Draft) -> list[Seen]:
    """Every product of which customers would see, or pay, something else."""
    sold, new = parse(CatalogVersion.objects.get(id=found.active).document), parse(found.document)
    now = {one.sku: one for one in (*sold.products, *sold.starters)}
    then = {one.sku: one for one in (*new.products, *new.starters)}
    known = {**now, **then}
    return [
        Seen(sku, one.name, now.get(sku), then.get(sku)) for sku, one in known.items() if now.get(sku) != then.get(sku)
    ]


def _editing(actor: Actor, seen: int) -> Draft | Refusal:
    """What is edited, locked against others who edit."""
    if refused := actor.refused(Act.CHANGE_CATALOGUE):
        return refused
    CatalogVersion.objects.select_for_update().filter(state="active").first()
    found = draft(actor)
    if isinstance(found, Draft) and found.version != seen:
        return Refusal(Code.CATALOGUE_CHANGED, "version")
    return found


def _propose(actor: Actor, found: Draft, document: dict[str, object], at: datetime) -> list[str] | None:
    if mistakes := mistakes_in(document):
        return [f"{one.about}: {one.what}" for one in mistakes]
    CatalogVersion.objects.filter(state="proposed", base=found.active).update(state="retired")
    CatalogVersion.objects.create(
        made_at=at, made_by=str(actor), state="proposed", note=_NOTE, document=document, base=found.active
    )
    return None


def _source(document: Mapping[str, object], typed: Typed) -> tuple[Mapping[str, object], str]:
    """The list of sources with the one that was typed, and its key."""
    known = document.get("sources")
    sources: Mapping[str, object] = known if isinstance(known, Mapping) else {}
    where = " ".join(typed.where.split())
    if not where:
        return sources, typed.source
    base = _KEY.sub("-", where.lower()).strip("-")[:40] or "source"
    key = next(key for key in (base, *(f"{base}-{n}" for n in range(2, 10_000))) if key not in sources)
    return {**sources, key: {"where": where, "dated": typed.dated.strip() or "nd"}}, key


def _cell(old: Held, typed: Typed, source: str) -> dict[str, object]:
    cell: dict[str, object] = {name: value for name, value in old.cell.items() if name not in _TYPED}
    if typed.sure != Sure.UNKNOWN:
        cell["value"] = read_value(typed.value)
    cell |= {"sure": typed.sure, "source": source}
    if typed.verified_on:
        cell["verified_on"] = typed.verified_on
    if note := " ".join(typed.note.split()):
        cell["note"] = note
    return cell
