"""A place as OpenStreetMap's tools write it: a GeoJSON feature whose properties are tags, turned into our cells.

What OpenStreetMap does not know stays empty: which operators a place sells, and what. Only the shop of an operator's
own brand says so itself. Tags that mean nothing here are left out. Sources: wiki.openstreetmap.org, the pages of the
keys below.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from opla.core.places.place import OPENSTREETMAP, Kind, Takes

#: Tag → kind, the first that fits. Any other shop is a partner: who imports it knows that it sells.
_KINDS: Final[tuple[tuple[str, str, Kind], ...]] = (
    ("amenity", "fuel", Kind.PETROL_STATION),
    ("amenity", "taxi", Kind.TAXI_RANK),
    ("amenity", "post_office", Kind.POST_OFFICE),
    ("amenity", "parcel_locker", Kind.PARCEL_POINT),
    ("post_office", "post_partner", Kind.PARCEL_POINT),
    ("shop", "outpost", Kind.PARCEL_POINT),
    ("shop", "supermarket", Kind.SUPERMARKET),
)
_PHONE_SHOPS: Final = ("mobile_phone", "telecommunication")
_NIGHT: Final = re.compile(r"night ?(?:shop|store)|nachtwinkel|magasin de nuit", re.IGNORECASE)
#: What stands after `payment:`. `cards` says too little to name one.
_TAKES: Final[Mapping[str, Takes]] = {
    "cash": Takes.CASH,
    "bancontact": Takes.BANCONTACT,
    "debit_cards": Takes.DEBIT_CARD,
    "maestro": Takes.DEBIT_CARD,
    "visa_debit": Takes.DEBIT_CARD,
    "credit_cards": Takes.CREDIT_CARD,
    "visa": Takes.CREDIT_CARD,
    "mastercard": Takes.CREDIT_CARD,
    "american_express": Takes.CREDIT_CARD,
    "contactless": Takes.CONTACTLESS,
    "alipay": Takes.ALIPAY,
    "wechat": Takes.WECHAT_PAY,
}
_YES: Final = ("yes", "only")
_ID: Final = re.compile(r"(?:node|way|relation)/\d+")
#: Our column → the tag that a person finds in the file.
TAGS: Final[Mapping[str, str]] = {
    "ref": "id", "kind": "shop", "street": "addr:street", "postcode": "addr:postcode", "city": "addr:city",
    "latitude": "geometry", "longitude": "geometry", "languages": "language:*", "takes": "payment:*",
    "operators": "brand", "confirmed_on": "check_date",
}  # fmt: skip


@dataclass(frozen=True)
class Cells:
    """`point`: a position could be read from the geometry."""

    cells: dict[str, str]
    point: bool


def cells_of(feature: Mapping[str, object], operators: Mapping[str, str]) -> Cells:
    """The cells of a feature; `operators` are the catalogue's ids by name in small letters."""
    properties = feature.get("properties")
    tags = {str(k): str(v) for k, v in properties.items()} if isinstance(properties, Mapping) else {}
    tags = {key: text.strip() for key, text in tags.items()}
    longitude, latitude = _point(feature.get("geometry")) or ("", "")
    operator = operators.get(tags.get("brand", "").lower()) or operators.get(tags.get("operator", "").lower(), "")
    kind = _kind(tags, own=bool(operator))
    own = operator if kind is Kind.OPERATOR_SHOP else ""
    phone = tags.get("phone") or tags.get("contact:phone") or tags.get("contact:mobile") or tags.get("mobile", "")
    street, number = tags.get("addr:street") or tags.get("addr:place", ""), tags.get("addr:housenumber", "")
    cells = {
        "source": OPENSTREETMAP,
        "ref": _ref(feature, tags),
        "kind": str(kind or ""),
        "name": tags.get("name") or tags.get("brand") or tags.get("operator", ""),
        "street": f"{street} {number}".strip() if street else "",
        "postcode": tags.get("addr:postcode", ""),
        "city": tags.get("addr:city", ""),
        "latitude": latitude,
        "longitude": longitude,
        "phone": phone.partition(";")[0],
        "languages": " ".join(
            key.partition(":")[2] for key in tags if key.startswith("language:") and _says(tags, key)
        ),
        "operators": own,
        "sells": "",
        "takes": " ".join(dict.fromkeys(t for word, t in _TAKES.items() if _says(tags, f"payment:{word}"))),
        "opening_hours": tags.get("opening_hours", ""),
        "confirmed_on": _whole_day(tags.get("check_date", "")),
    }
    return Cells(cells, bool(latitude))


def _says(tags: Mapping[str, str], key: str) -> bool:
    return tags.get(key, "").lower() in _YES


def _kind(tags: Mapping[str, str], *, own: bool) -> Kind | None:
    for key, value, kind in _KINDS:
        if tags.get(key) == value:
            return kind
    if not tags.get("shop"):
        return None
    if tags["shop"] in _PHONE_SHOPS and own:
        return Kind.OPERATOR_SHOP
    return Kind.NIGHT_SHOP if _NIGHT.search(tags.get("name", "")) else Kind.PARTNER


def _ref(feature: Mapping[str, object], tags: Mapping[str, str]) -> str:
    """`node/123`, as overpass-turbo (`@id`, `id`) and osmtogeojson write it, or made of osmium's two properties."""
    for found in (feature.get("id"), tags.get("@id"), tags.get("id")):
        if isinstance(found, str) and _ID.fullmatch(found):
            return found
    made = f"{tags.get('@type') or tags.get('osm_type', '')}/{tags.get('@id') or tags.get('osm_id', '')}"
    return made if _ID.fullmatch(made) else ""


def _point(geometry: object) -> tuple[str, str] | None:
    """Longitude and latitude: a point's own; of an outline (a building) the middle of its corners."""
    if not isinstance(geometry, Mapping):
        return None
    corners = geometry.get("coordinates")
    depth = {"Point": 0, "LineString": 1, "Polygon": 2, "MultiPolygon": 3}.get(str(geometry.get("type")))
    if depth is None:
        return None
    for _ in range(depth - 1):
        corners = corners[0] if isinstance(corners, list) and corners else None
    points = [corners] if depth == 0 else corners
    if not isinstance(points, list) or not points:
        return None
    found = [_pair(point) for point in points]
    if any(pair is None for pair in found):
        return None
    pairs = [pair for pair in found if pair is not None]
    return _middle([lon for lon, _ in pairs]), _middle([lat for _, lat in pairs])


def _pair(point: object) -> tuple[int, int] | None:
    """In millionths of a degree; numbers of a JSON file, so never a text or a truth value."""
    if not isinstance(point, list) or len(point) < 2:
        return None
    numbers = [n for n in point[:2] if not isinstance(n, bool | str) and n is not None]
    try:
        lon, lat = (round(number * 1_000_000) for number in numbers)
    except (TypeError, ValueError, OverflowError):
        return None
    return lon, lat


def _middle(of: list[int]) -> str:
    mean = round(sum(of) / len(of))
    whole, part = divmod(abs(mean), 1_000_000)
    return f"{'-' if mean < 0 else ''}{whole}.{part:06d}"


def _whole_day(text: str) -> str:
    """`check_date` may be a year or a month, which confirms no day."""
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""
