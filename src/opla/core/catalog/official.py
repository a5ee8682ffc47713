"""What a country and its operators offer people themselves: apps, words on a phone's screen, offices that help."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from opla.core.catalog.cell import UNKNOWN, Cell, Texts
from opla.core.catalog.place import Place, texts


@dataclass(frozen=True)
class App:
    """An operator's app. Whoever publishes it in the stores is what tells it from a fake."""

    name: Cell[str] = UNKNOWN
    publisher: Cell[str] = UNKNOWN
    google_play: Cell[str] = UNKNOWN  # its page in each store
    app_store: Cell[str] = UNKNOWN


@dataclass(frozen=True)
class Term:
    """A word as an operator's messages and pages have it, in their language, and what it means in ours."""

    word: str
    language: str  # BCP 47
    means: Texts


class AuthorityKind(StrEnum):
    REGULATOR = "regulator"  # watches over operators, and says what they must publish
    OMBUDSMAN = "ombudsman"  # helps when an operator does not
    CONSUMERS = "consumers"  # helps when a shop does not
    COMPARATOR = "comparator"  # lists every tariff, and sells none
    NUMBER_LOOKUP = "number_lookup"  # says whose a number is now


@dataclass(frozen=True)
class Authority:
    """An office of the country. `name` is its own, in each language; `law` is what it rests on."""

    id: str
    kind: AuthorityKind
    name: Texts
    website: Cell[str] = UNKNOWN
    dial: Cell[str] = UNKNOWN  # E.164
    email: Cell[str] = UNKNOWN
    post: Cell[str] = UNKNOWN
    law: Cell[str] = UNKNOWN


def read_app(at: Place) -> App:
    return App(
        name=at["name"].cell(Place.text),
        publisher=at["publisher"].cell(Place.text),
        google_play=at["google_play"].cell(Place.text),
        app_store=at["app_store"].cell(Place.text),
    )


def read_term(at: Place) -> Term:
    return Term(at.required("word"), at.required("language"), texts(at["means"]))


def read_authority(at: Place) -> Authority:
    return Authority(
        id=at.required("id"),
        kind=at["kind"].enum(AuthorityKind) or AuthorityKind.REGULATOR,
        name=texts(at["name"]),
        website=at["website"].cell(Place.text),
        dial=at["dial"].cell(Place.text),
        email=at["email"].cell(Place.text),
        post=at["post"].cell(Place.text),
        law=at["law"].cell(Place.text),
    )
