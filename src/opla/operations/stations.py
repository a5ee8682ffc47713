"""Tablets: made by the owner, paired by a code that is typed in once, ended at once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from opla.core import station
from opla.core.actor import Act, Actor
from opla.core.chance import ALPHABET
from opla.core.choice import words
from opla.core.refusal import Code, Refusal
from opla.core.station import PAIRING_LETTERS, PAIRING_VALID, Kind, State
from opla.db.keyring import digest
from opla.db.queries import cash
from opla.db.queries import stations as queries
from opla.db.queries.stations import Station
from opla.operations import places
from opla.operations.shop import Shop

#: It stands in events, for ever.
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,38}[a-z0-9]")
_AGENT_MAX: Final = 200


@dataclass(frozen=True)
class Pairing:
    """A code that pairs one tablet, in the clear for the one time it is shown."""

    station: str
    code: str = field(repr=False)
    until: datetime


def keep(
    actor: Actor, name: str, kind: Kind, *, drawer: str = "", place_id: int = 0, shop: Shop, at: datetime
) -> Pairing | Refusal:
    """A tablet and a code that pairs it. One that was paired by this name is nobody's from now on.

    A till stands where its drawer does; a kiosk at `place_id`.
    """
    if refused := actor.refused(Act.MANAGE_STATIONS):
        return refused
    if not NAME.fullmatch(name):
        return Refusal(Code.STATION_NAME_INVALID, "name", {"name": name})
    if kind is Kind.TILL:
        found = next((one for one in cash.drawers() if one.name == drawer and one.open), None)
        if found is None:
            return Refusal(Code.DRAWER_UNKNOWN, "drawer")
        place_id = found.place_id
    elif place_id not in dict(places.known_by_id(sandbox=shop.sandbox)):
        return Refusal(Code.DRAWER_PLACE_MISSING, "place")
    letters, until = _letters(shop), at + PAIRING_VALID
    result = queries.keep(
        shop.chance.uuid(at), name, kind, drawer if kind is Kind.TILL else "", place_id,
        pairing=digest(letters.encode()), until=until, actor=actor, at=at,
    )  # fmt: skip
    match result:
        case "drawer_unknown":
            return Refusal(Code.DRAWER_UNKNOWN, "drawer")
        case "kind_fixed":
            return Refusal(Code.STATION_FIXED, "name", {"name": name})
        case _:
            return Pairing(name, station.pairing_shown(letters), until)


def _letters(shop: Shop) -> str:
    number, drawn = int(shop.chance.reference(), 16), []
    for _ in range(PAIRING_LETTERS):
        number, letter = divmod(number, len(ALPHABET))
        drawn.append(ALPHABET[letter])
    return "".join(drawn)


@dataclass(frozen=True)
class Paired:
    """What the tablet keeps: whoever has it is this station."""

    secret: bytes = field(repr=False)


def pair(typed: str, agent: str, *, shop: Shop, at: datetime) -> Paired | Refusal:
    """The tablet on which this code was typed is a station from now on. Says the same of every code that is none.

    The code has 30⁸ possibilities and lives a quarter of an hour; how often one visitor may try, the page's limits say.
    """
    letters = station.read_pairing(typed)
    secret = shop.chance.secret()
    if letters and queries.pair(digest(letters.encode()), digest(secret), agent[:_AGENT_MAX], at=at):
        return Paired(secret)
    return Refusal(Code.PAIRING_CODE_WRONG, "code")


def enter(secret: bytes, *, at: datetime) -> Station | None:
    """Whose request this is, while the tablet is paired."""
    found = queries.by_secret(digest(secret)) if secret else None
    if found is not None and (found.seen_at is None or (at - found.seen_at).total_seconds() >= 60):
        queries.seen(found.id, at=at)
    return found


def unpair(actor: Actor, name: str, *, why: str, at: datetime) -> Refusal | None:
    """A tablet is nobody's any more: it was stolen, or goes elsewhere."""
    return _ended(actor, name, State.UNPAIRED, why, at)


def lock(actor: Actor, name: str, *, why: str, at: datetime) -> Refusal | None:
    """Nothing is sold on it until it is paired anew."""
    return _ended(actor, name, State.LOCKED, why, at)


def _ended(actor: Actor, name: str, state: State, why: str, at: datetime) -> Refusal | None:
    if refused := actor.refused(Act.MANAGE_STATIONS):
        return refused
    if not why.strip():
        return Refusal(Code.REASON_MISSING, "why")
    if queries.named(name) is None:
        return Refusal(Code.STATION_UNKNOWN, "name", {"name": name})
    queries.end(name, state, words(why), actor=actor, at=at)
    return None
