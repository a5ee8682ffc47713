"""Which places somebody is shown, and in which order: near ones first where they said where they are."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from opla.core.places.hours import Opening, State, read_hours
from opla.core.places.place import Place, Position, distance_m

#: More than a person reads; who wants others says more about where.
MOST: Final = 20
#: Looked at in search of one that is open, the nearest first.
_LOOKED_AT: Final = 200


@dataclass(frozen=True)
class Asked:
    """What somebody said. `text` is a place name, a street, a postcode; `operator` an id, or empty for any."""

    text: str = ""
    operator: str = ""
    open_now: bool = False
    near: Position | None = None


@dataclass(frozen=True)
class Found:
    """`metres` from where they are; for the one elsewhere, from what they asked about."""

    place: Place
    opening: Opening
    metres: int | None = None


@dataclass(frozen=True)
class Listed:
    """What is shown. `elsewhere`: the nearest open one, where none of the shown ones is surely open."""

    found: tuple[Found, ...]
    more: int
    elsewhere: Found | None


def find(places: Iterable[Place], asked: Asked, at: datetime, where: tzinfo, country: str) -> Listed:
    """The places that fit, at most `MOST`; `where` is their time zone and `country` (ISO alpha-2) that of holidays."""
    sold = [place for place in places if not asked.operator or asked.operator in place.operators]
    words = plain(asked.text).split()
    fitting = [place for place in sold if all(word in _said(place) for word in words)]
    ordered = _ordered(fitting, asked.near)
    shown: list[Found] = []
    left = 0
    for n, place in enumerate(ordered):
        if len(shown) == MOST:
            left = len(ordered) - n if not asked.open_now else 0
            break
        opening = opening_of(place, at, where, country)
        if not asked.open_now or opening.surely_open:
            shown.append(Found(place, opening, _metres(place, asked.near)))
    elsewhere = None
    origin = asked.near or next((place.position for place in ordered if place.position), None)
    if origin and not any(found.opening.surely_open for found in shown):
        elsewhere = _nearest_open(sold, origin, at, where, country)
    return Listed(tuple(shown), left, elsewhere)


def opening_of(place: Place, at: datetime, where: tzinfo, country: str) -> Opening:
    """How it stands there now; `ask` where its hours are not known or not readable."""
    hours = read_hours(place.hours, country)
    return hours.opening(at, where) if hours else Opening(State.ASK)


def plain(text: str) -> str:
    """For comparing what people type: small letters, no accents, half-width."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(sign for sign in apart if not unicodedata.combining(sign))


def _said(place: Place) -> str:
    return plain(f"{place.name} {place.street} {place.postcode} {place.city}")


def _ordered(places: list[Place], near: Position | None) -> list[Place]:
    if near is None:
        return sorted(places, key=lambda place: (place.postcode, plain(place.name), place.source, place.ref))
    return sorted(places, key=lambda place: _far(place, near))


def _nearest_open(places: Sequence[Place], origin: Position, at: datetime, where: tzinfo, country: str) -> Found | None:
    near = sorted((place for place in places if place.position), key=lambda place: _far(place, origin))
    for place in near[:_LOOKED_AT]:
        opening = opening_of(place, at, where, country)
        if opening.surely_open:
            return Found(place, opening, _metres(place, origin))
    return None


def _far(place: Place, origin: Position) -> tuple[bool, int, str, str]:
    """Those whose position is not known come last."""
    metres = _metres(place, origin)
    return (metres is None, metres or 0, place.source, place.ref)


def _metres(place: Place, origin: Position | None) -> int | None:
    return distance_m(place.position, origin) if place.position and origin else None
