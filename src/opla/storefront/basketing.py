"""The basket: quotes of this device that wait to be paid together. Their names live in the person's own browser, as
`draft` does; what they are and cost stands with the quotes, so nothing here can be wrong about a price."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.http import HttpRequest

from opla.storefront.draft_cookie import draft_of

_BASKET: Final = "basket"
#: So many SIMs under one payment: a family's, and short enough for a cookie.
MOST: Final = 8


@dataclass(frozen=True)
class Entry:
    """One quote in the basket. `was_minor` is what it cost before its price was asked again; None: it was not."""

    quote_id: UUID
    was_minor: int | None = None


def entries(request: HttpRequest) -> list[Entry]:
    """In the order they were put in."""
    held, found = draft_of(request).get(_BASKET), []
    for name, was_minor in held if isinstance(held, list) else []:
        found.append(Entry(UUID(hex=str(name)), was_minor if isinstance(was_minor, int) else None))
    return found


def keep(request: HttpRequest, wanted: Iterable[Entry]) -> None:
    """Nothing forgets it."""
    kept = [[entry.quote_id.hex, entry.was_minor] for entry in wanted][:MOST]
    if kept:
        draft_of(request).keep(_BASKET, kept)
    else:
        draft_of(request).forget(_BASKET)


def add(request: HttpRequest, quote_id: UUID) -> bool:
    """Put it in, once; False when there is no room."""
    before = entries(request)
    if any(entry.quote_id == quote_id for entry in before):
        return True
    if len(before) >= MOST:
        return False
    keep(request, [*before, Entry(quote_id)])
    return True


def drop(request: HttpRequest, quote_ids: Iterable[UUID]) -> None:
    gone = set(quote_ids)
    keep(request, [entry for entry in entries(request) if entry.quote_id not in gone])


def swap(request: HttpRequest, old: UUID, new: Entry) -> None:
    """The same wish at another price, in its place."""
    keep(request, [new if entry.quote_id == old else entry for entry in entries(request)])


def held(request: HttpRequest, *, without: UUID | None = None) -> int:
    """How many lie in it, besides this one."""
    return sum(entry.quote_id != without for entry in entries(request))
