"""What people read about a place, in the active language: what it is, whether it is open, what nobody knows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Final
from urllib.parse import quote

import rphonenumbers
from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_decimal
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.places import OPENSTREETMAP, Day, Found, Hours, Kind, Opening, Place, Sells, State, Takes, Wrong
from opla.core.places.rows import COLUMNS
from opla.presenting import figures, languages

_KINDS: Final[dict[Kind, str]] = {
    Kind.OPERATOR_SHOP: gettext_noop("Operator's own shop"),
    Kind.PARTNER: gettext_noop("Partner shop"),
    Kind.SUPERMARKET: gettext_noop("Supermarket"),
    Kind.NIGHT_SHOP: gettext_noop("Night shop"),
    Kind.PETROL_STATION: gettext_noop("Petrol station"),
    Kind.TAXI_RANK: gettext_noop("Taxi rank"),
    Kind.POST_OFFICE: gettext_noop("Post office"),
    Kind.PARCEL_POINT: gettext_noop("Parcel point"),
}
_SELLS: Final[dict[Sells, str]] = {
    Sells.TOP_UP: gettext_noop("top-ups"),
    Sells.SIM: gettext_noop("SIM cards"),
    Sells.ESIM: gettext_noop("eSIM"),
}
_TAKES: Final[dict[Takes, str]] = {
    Takes.CASH: gettext_noop("cash"),
    Takes.BANCONTACT: "Bancontact",
    Takes.DEBIT_CARD: gettext_noop("debit card"),
    Takes.CREDIT_CARD: gettext_noop("credit card"),
    Takes.CONTACTLESS: gettext_noop("contactless"),
    Takes.ALIPAY: gettext_noop("Alipay"),
    Takes.WECHAT_PAY: gettext_noop("WeChat Pay"),
}
_WRONG: Final[dict[Wrong, str]] = {
    Wrong.MISSING: gettext_noop("this is missing."),
    Wrong.TOO_LONG: gettext_noop("this is too long."),
    Wrong.SIGN: gettext_noop("a sign in it is no part of a text."),
    Wrong.POSITION: gettext_noop("not a position in degrees, such as 50.8467 and 4.3525."),
    Wrong.PHONE: gettext_noop("not a phone number that can exist."),
    Wrong.LANGUAGE: gettext_noop("not a list of languages such as nl fr zh-Hans."),
    Wrong.OPERATOR: gettext_noop("not an operator of the catalogue."),
    Wrong.HOURS: gettext_noop("not opening hours as OpenStreetMap writes them, such as Mo-Fr 09:00-18:00; PH off."),
    Wrong.DAY: gettext_noop("not a day such as 2026-11-22."),
    Wrong.LATER: gettext_noop("a day to come."),
    Wrong.TWICE: gettext_noop("the same place as in an earlier row."),
    Wrong.SAMPLE: gettext_noop("an invented place, in a shop that takes real money."),
    Wrong.NO_COLUMN: gettext_noop("there are more cells after it than columns."),
    Wrong.COORDINATES: gettext_noop("neither a point nor an outline."),
}
_CHOICES: Final[Mapping[str, Collection[str]]] = {"kind": list(Kind), "sells": list(Sells), "takes": list(Takes)}
#: What nobody looked at for so long is asked about first.
_FRESH: Final = timedelta(days=365)
_ROUND_M: Final = 50


@dataclass(frozen=True)
class Card:
    """One place as it is shown. `lately`: it was confirmed within a year."""

    place: Place
    title: str
    kind: str
    state: str  # open, closed, ask: how it is drawn
    told: str  # the same in words, with the next change
    note: str  # the hours' own remark
    address: str
    far: str
    phone: str
    languages: str
    operators: str
    sells: str
    takes: str
    confirmed: str
    lately: bool
    route: str
    week: tuple[tuple[str, str, str], ...]  # day, its hours, a remark


def card(found: Found, operators: Mapping[str, str], hours: Hours | None, at: datetime, where: tzinfo) -> Card:
    """`operators` are names by id."""
    place = found.place
    today = at.astimezone(where).date()
    confirmed = place.confirmed_on
    lately = confirmed is not None and today - confirmed <= _FRESH
    return Card(
        place=place,
        title=place.name or kind(place.kind),
        kind=kind(place.kind),
        state=str(State.ASK if found.opening.holiday else found.opening.state),
        told=told(found.opening, at, where, known=hours is not None),
        note=found.opening.note,
        address=", ".join(part for part in (place.street, f"{place.postcode} {place.city}".strip()) if part),
        far=distance(found.metres),
        phone=phone(place.phone),
        languages=_listed(language(tag) for tag in place.languages),
        operators=_listed(operators.get(name, name) for name in place.operators),
        sells=_listed(_(_SELLS[word]) for word in place.sells),
        takes=_listed(_(_TAKES[word]) for word in place.takes),
        confirmed=figures.day(confirmed) if confirmed else "",
        lately=lately,
        route=route(place),
        week=tuple(_day(day) for day in hours.week(today)) if hours and not hours.always else (),
    )


def kind(of: Kind) -> str:
    return _(_KINDS[of])


def told(opening: Opening, at: datetime, where: tzinfo, *, known: bool = True) -> str:
    """`open · closes at 18:00`, `closed · opens Mon 23 Nov, 09:00`, or why to ask first."""
    if not known:
        return _("Hours not known: ask first")
    if opening.holiday:
        return _("Public holiday, and its hours do not say: ask first")
    if opening.state is State.ASK:
        return _("Not sure that it is open: ask first")
    if opening.until is None:
        return _("Open, day and night") if opening.state is State.OPEN else _("Not open in the days to come")
    time = _when(opening.until, at, where)
    if opening.state is State.OPEN:
        return _("Open · closes at %(time)s") % {"time": time}
    return _("Closed · opens at %(time)s") % {"time": time}


def distance(metres: int | None) -> str:
    """`350 m`, `1.2 km`, `12 km`: as exact as a position in a street is."""
    if metres is None:
        return ""
    if metres < 1000 - _ROUND_M // 2:
        return f"{max(_ROUND_M, round(metres / _ROUND_M) * _ROUND_M)} m"
    kilometres = (Decimal(metres) / 1000).quantize(Decimal("0.1") if metres < 9_950 else Decimal(1))
    return f"{format_decimal(kilometres, locale=figures.locale())} km"


def phone(e164: str) -> str:
    """As it is dialled from anywhere, in groups."""
    if not e164:
        return ""
    number = rphonenumbers.parse(e164, None)
    return str(rphonenumbers.format_number(number, rphonenumbers.PhoneNumberFormat.INTERNATIONAL))


def language(tag: str) -> str:
    """The name of a language in the active one; the tag where it has none."""
    try:
        return Locale.parse(tag, sep="-").get_display_name(figures.locale()) or tag
    except (UnknownLocaleError, ValueError):
        return tag


def route(place: Place) -> str:
    """An address for the phone's own map (RFC 5870); the query is how Android's maps set a pin. Empty without one."""
    if place.position is None:
        return ""
    return f"geo:{place.position.written}?q={place.position.written}({quote(place.name or place.street, safe='')})"


def wrong(why: Wrong, column: str) -> str:
    """What is wrong with a cell of this column, as the end of a sentence."""
    if why is Wrong.NO_CHOICE:
        return _("not one of: %(words)s.") % {"words": ", ".join(_CHOICES.get(column, COLUMNS))}
    return _(_WRONG[why])


def from_openstreetmap(of: Collection[Place]) -> bool:
    """Whether its contributors are to be named, as the Open Database License asks."""
    return any(place.source == OPENSTREETMAP for place in of)


def _listed(words: Iterable[str]) -> str:
    return ("、" if languages.current() == "zh-Hans" else ", ").join(words)


def _when(until: datetime, at: datetime, where: tzinfo) -> str:
    """The time; with the day where it is neither today nor the night after."""
    local, now = until.astimezone(where), at.astimezone(where)
    if local.date() == now.date() or until - at < timedelta(hours=12):
        return f"{local:%H:%M}"
    if languages.current() == "zh-Hans":
        return f"{_weekday(local.date())} {local:%H:%M}"
    return f"{local:%H:%M} ({_weekday(local.date())})"


def _weekday(day: date) -> str:
    pattern = "M月d日EEE" if languages.current() == "zh-Hans" else "EEE d MMM"
    return format_date(day, pattern, locale=figures.locale())


def _day(day: Day) -> tuple[str, str, str]:
    spans = ", ".join(
        f"{span.starts:%H:%M}–{'24:00' if span.ends == _midnight_after(span.starts) else f'{span.ends:%H:%M}'}"
        + (" ?" if span.ask else "")
        for span in day.spans
    )
    return _weekday(day.day), spans or _("closed"), _("public holiday: ask first") if day.holiday else ""


def _midnight_after(starts: datetime) -> datetime:
    return datetime.combine(starts.date() + timedelta(days=1), datetime.min.time())
