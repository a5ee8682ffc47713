"""A place out of the cells of a table, and back: every wrong cell is named, and none is repaired.

| column                | holds                                                                  |
|-----------------------|------------------------------------------------------------------------|
| source, ref           | who says so (`own`: the shop itself), and its name there: its identity |
| kind                  | a word of `Kind`                                                       |
| name, street, …       | as they are written there; name or street, and city or position, needed |
| latitude, longitude   | degrees (WGS 84), both or none                                         |
| phone                 | any habit of writing a number                                          |
| languages             | tags of languages, such as `nl fr zh-Hans`                             |
| operators             | ids of the catalogue                                                   |
| sells, takes          | words of `Sells` and `Takes`                                           |
| opening_hours         | OpenStreetMap's syntax                                                 |
| confirmed_on          | a day such as 2026-11-22; empty: ask first                             |

Lists are separated by spaces, commas or semicolons.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, TypeVar

import rphonenumbers

from opla.core.cell import FORMULA, quoted
from opla.core.places.hours import read_hours
from opla.core.places.place import Kind, Place, Position, Sells, Takes, read_position

COLUMNS: Final = (
    "source", "ref", "kind", "name", "street", "postcode", "city", "latitude", "longitude", "phone", "languages",
    "operators", "sells", "takes", "opening_hours", "confirmed_on",
)  # fmt: skip
_LONGEST: Final = {"source": 40, "ref": 80, "postcode": 12, "opening_hours": 500}
_LONGEST_ELSE: Final = 160
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-[A-Z]{2})?")
_Word = TypeVar("_Word", bound=StrEnum)


class Wrong(StrEnum):
    """What may be wrong with a cell."""

    MISSING = "missing"
    NO_CHOICE = "no_choice"  # not one of the words of this column
    TOO_LONG = "too_long"
    SIGN = "sign"  # a sign that no text has, such as a line feed
    POSITION = "position"
    PHONE = "phone"
    LANGUAGE = "language"
    OPERATOR = "operator"
    HOURS = "hours"
    DAY = "day"
    LATER = "later"  # confirmed on a day to come
    TWICE = "twice"  # the same source and ref as an earlier row
    SAMPLE = "sample"  # invented, in a shop that is none
    NO_COLUMN = "no_column"  # more cells than the heading has
    COORDINATES = "coordinates"  # of GeoJSON: neither a point nor an outline


#: Column → what is wrong with it.
Wrongs = dict[str, Wrong]


@dataclass(frozen=True)
class Known:
    """What a file is read against: operators by id, the country of numbers and holidays, and today."""

    operators: Collection[str]
    country: str
    today: date
    sandbox: bool = False


def read_place(cells: Mapping[str, str], known: Known) -> Place | Wrongs:
    """The place in these cells (missing ones are empty), or every cell that is wrong."""
    cell = {column: _unquoted(cells.get(column, "")).strip() for column in COLUMNS}
    wrong: Wrongs = {}
    for column, text in cell.items():
        if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in text):
            wrong[column] = Wrong.SIGN
        elif len(text) > _LONGEST.get(column, _LONGEST_ELSE):
            wrong[column] = Wrong.TOO_LONG
    if wrong:
        return wrong
    for column in ("source", "ref", "kind"):
        if not cell[column]:
            wrong[column] = Wrong.MISSING
    place = Place(
        source=cell["source"],
        ref=cell["ref"],
        kind=_word(Kind, cell, wrong),
        name=cell["name"],
        street=cell["street"],
        postcode=cell["postcode"],
        city=cell["city"],
        position=_position(cell, wrong),
        phone=_phone(cell["phone"], known.country, wrong),
        languages=_languages(cell["languages"], wrong),
        operators=_operators(cell["operators"], known, wrong),
        sells=_words(Sells, "sells", cell, wrong),
        takes=_words(Takes, "takes", cell, wrong),
        hours=cell["opening_hours"],
        confirmed_on=_day(cell["confirmed_on"], known.today, wrong),
    )
    if place.sample and not known.sandbox:
        wrong["source"] = Wrong.SAMPLE
    if not place.name and not place.street:
        wrong.setdefault("name", Wrong.MISSING)
    if not place.city and not cell["latitude"] and not cell["longitude"]:
        wrong.setdefault("city", Wrong.MISSING)
    if place.hours and read_hours(place.hours, known.country) is None:
        wrong["opening_hours"] = Wrong.HOURS
    return wrong or place


def cells_in(place: Place) -> dict[str, str]:
    """The cells that `read_place` makes it from again. What a spreadsheet would take for a formula is quoted."""
    cells = {
        "source": place.source,
        "ref": place.ref,
        "kind": str(place.kind),
        "name": place.name,
        "street": place.street,
        "postcode": place.postcode,
        "city": place.city,
        "latitude": place.position.latitude if place.position else "",
        "longitude": place.position.longitude if place.position else "",
        "phone": place.phone,
        "languages": " ".join(place.languages),
        "operators": " ".join(place.operators),
        "sells": " ".join(place.sells),
        "takes": " ".join(place.takes),
        "opening_hours": place.hours,
        "confirmed_on": place.confirmed_on.isoformat() if place.confirmed_on else "",
    }
    return {column: quoted(text) for column, text in cells.items()}


def _unquoted(text: str) -> str:
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text


def _list(text: str) -> list[str]:
    return list(dict.fromkeys(part for part in re.split(r"[\s,;]+", text) if part))


def _word(words: type[Kind], cell: Mapping[str, str], wrong: Wrongs) -> Kind:
    text = cell["kind"].lower()
    if text in list(words):
        return words(text)
    wrong.setdefault("kind", Wrong.NO_CHOICE)
    return Kind.PARTNER  # never kept: the row is refused


def _words(words: type[_Word], column: str, cell: Mapping[str, str], wrong: Wrongs) -> tuple[_Word, ...]:
    found = _list(cell[column].lower())
    if any(text not in list(words) for text in found):
        wrong[column] = Wrong.NO_CHOICE
        return ()
    return tuple(words(text) for text in found)


def _position(cell: Mapping[str, str], wrong: Wrongs) -> Position | None:
    latitude, longitude = cell["latitude"], cell["longitude"]
    if not latitude and not longitude:
        return None
    for column, text in (("latitude", latitude), ("longitude", longitude)):
        if not text:
            wrong[column] = Wrong.MISSING
        elif read_position(*((text, "0") if column == "latitude" else ("0", text))) is None:
            wrong[column] = Wrong.POSITION
    return read_position(latitude, longitude)


def _phone(text: str, country: str, wrong: Wrongs) -> str:
    """E.164, of any number that can exist: a place has a landline as a rule, which no top-up would take."""
    if not text:
        return ""
    try:
        number = rphonenumbers.parse(text, country)
        if rphonenumbers.is_valid_number(number):
            return str(rphonenumbers.format_number(number, rphonenumbers.PhoneNumberFormat.E164))
    except rphonenumbers.NumberParseException:
        pass
    wrong["phone"] = Wrong.PHONE
    return ""


def _languages(text: str, wrong: Wrongs) -> tuple[str, ...]:
    found = _list(text)
    if any(not _LANGUAGE.fullmatch(tag) for tag in found):
        wrong["languages"] = Wrong.LANGUAGE
    return tuple(found)


def _operators(text: str, known: Known, wrong: Wrongs) -> tuple[str, ...]:
    found = _list(text.lower())
    if any(name not in known.operators for name in found):
        wrong["operators"] = Wrong.OPERATOR
    return tuple(found)


def _day(text: str, today: date, wrong: Wrongs) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        wrong["confirmed_on"] = Wrong.DAY
        return None
    if day > today:
        wrong["confirmed_on"] = Wrong.LATER
    return day
