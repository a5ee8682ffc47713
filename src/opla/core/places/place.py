"""A place that sells top-ups, and how far it is. What is not known is empty, and is said as not known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final

#: The mean radius of the Earth (IUGG, 6371.0088 km).
_EARTH_M: Final = 6_371_009
_MICRO: Final = 1_000_000
#: Where invented places of the sandbox come from. No other source is a sample, and no real shop shows these.
SAMPLE: Final = "sample"
OPENSTREETMAP: Final = "openstreetmap"
#: The shop's own counters, in a file of its owner: SIM cards are collected there.
OWN: Final = "own"


class Kind(StrEnum):
    """What a person looks for in the street. Published: a file names them."""

    OPERATOR_SHOP = "operator_shop"
    PARTNER = "partner"
    SUPERMARKET = "supermarket"
    NIGHT_SHOP = "night_shop"
    PETROL_STATION = "petrol_station"
    TAXI_RANK = "taxi_rank"
    POST_OFFICE = "post_office"
    PARCEL_POINT = "parcel_point"


class Sells(StrEnum):
    TOP_UP = "top_up"
    SIM = "sim"
    ESIM = "esim"


class Takes(StrEnum):
    CASH = "cash"
    BANCONTACT = "bancontact"
    DEBIT_CARD = "debit_card"
    CREDIT_CARD = "credit_card"
    CONTACTLESS = "contactless"
    ALIPAY = "alipay"
    WECHAT_PAY = "wechat_pay"


@dataclass(frozen=True)
class Position:
    """A point on the Earth (WGS 84), in millionths of a degree: a tenth of a metre, and no float to compare."""

    lat_microdeg: int
    lon_microdeg: int

    @property
    def written(self) -> str:
        """`50.835500,4.336400`, as `geo:` addresses write it (RFC 5870)."""
        return f"{_decimal(self.lat_microdeg)},{_decimal(self.lon_microdeg)}"

    @property
    def latitude(self) -> str:
        return _decimal(self.lat_microdeg)

    @property
    def longitude(self) -> str:
        return _decimal(self.lon_microdeg)


@dataclass(frozen=True)
class Place:
    """One place. `source` and `ref` (its name there) are its identity; `phone` is E.164; `hours` OpenStreetMap's."""

    source: str
    ref: str
    kind: Kind
    name: str = ""
    street: str = ""
    postcode: str = ""
    city: str = ""
    position: Position | None = None
    phone: str = ""
    languages: tuple[str, ...] = ()
    operators: tuple[str, ...] = ()  # ids of the catalogue
    sells: tuple[Sells, ...] = ()
    takes: tuple[Takes, ...] = ()
    hours: str = ""
    confirmed_on: date | None = None  # when somebody last saw that it is so; None: ask first

    @property
    def sample(self) -> bool:
        return self.source == SAMPLE


def distance_m(a: Position, b: Position) -> int:
    """Metres as the crow flies, to the metre (haversine on a sphere: at most 0.6 % from the ellipsoid's)."""
    lat_a, lat_b = (math.radians(p.lat_microdeg / _MICRO) for p in (a, b))
    north = (lat_b - lat_a) / 2
    east = math.radians((b.lon_microdeg - a.lon_microdeg) / _MICRO) / 2
    chord = math.sin(north) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(east) ** 2
    return round(2 * _EARTH_M * math.asin(min(1, math.sqrt(chord))))


def read_position(latitude: str, longitude: str) -> Position | None:
    """Two decimal numbers of degrees, point or comma; None where they are no point on the Earth."""
    lat, lon = _microdegrees(latitude, 90), _microdegrees(longitude, 180)
    return None if lat is None or lon is None else Position(lat, lon)


def _microdegrees(text: str, most: int) -> int | None:
    if len(text) > 40:
        return None
    try:
        degrees = Decimal(text.strip().replace(",", "."))
    except InvalidOperation:
        return None
    if not degrees.is_finite() or abs(degrees) > most:
        return None
    return int((degrees * _MICRO).to_integral_value())


def _decimal(microdegrees: int) -> str:
    whole, part = divmod(abs(microdegrees), _MICRO)
    return f"{'-' if microdegrees < 0 else ''}{whole}.{part:06d}"
