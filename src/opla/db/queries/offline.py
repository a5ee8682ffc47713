"""Codes that tills hold for the hours without a line, and what they say they sold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from opla.core.actor import Actor
from opla.core.offline import Result, Sale
from opla.core.order import Price
from opla.db.queries.call import Argument, Row, call, columns, expect, select


@dataclass(frozen=True)
class Key:
    """The public halves of what a tablet made for itself (SEC 1, uncompressed points of P-256)."""

    id: UUID
    station_id: UUID
    station: str
    drawer: str
    signing: bytes


def key(key_id: UUID) -> Key | None:
    rows = select(
        """SELECT k.id, k.station_id, s.name, coalesce(s.drawer, ''), k.signing
           FROM offline_key k JOIN station s ON s.id = k.station_id WHERE k.id = %s""",
        [key_id],
    )
    if not rows:
        return None
    id_, station_id, station, drawer, signing = rows[0]
    return Key(
        expect(id_, UUID), expect(station_id, UUID), expect(station, str), expect(drawer, str),
        bytes(expect(signing, bytes)),
    )  # fmt: skip


@dataclass(frozen=True)
class Held:
    """A code that a tablet holds, sealed as it lies in the database."""

    code_id: UUID
    sku: str
    sealed: bytes = field(repr=False)
    serial: str
    valid_until: date | None
    price_minor: int
    currency: str
    catalog_version: int


@dataclass(frozen=True)
class Wanted:
    """So many codes of a product, at the price of now."""

    sku: str
    times: int
    price: Price


def limit(name: str, limit_minor: int, *, actor: Actor, at: datetime) -> bool:
    [(kept,)] = call(
        "opla_offline_limit", _at(at), Argument(str(actor), "text"), Argument(name, "text"),
        Argument(limit_minor, "bigint"),
    )  # fmt: skip
    return bool(kept)


def limits() -> dict[str, tuple[int, int]]:
    """By the tablet's name: how much it may hold, and what it holds, in minor units."""
    rows = select(
        """SELECT s.name, s.offline_limit_minor, coalesce(sum(h.face_minor + h.fee_minor), 0)::bigint
           FROM station s LEFT JOIN offline_code h ON h.station_id = s.id AND h.state = 'held' GROUP BY s.id"""
    )
    return {expect(name, str): (expect(most, int), expect(held, int)) for name, most, held in rows}


def hold(
    station_id: UUID, key_id: UUID, clerk: str, wrapping: bytes, signing: bytes, wanted: Sequence[Wanted], *,
    today: date, catalog_version: int, actor: Actor, at: datetime,
) -> list[Held]:  # fmt: skip
    """Register a tablet's keys, give it codes up to its limit; all it holds then. Nothing where it is not paired."""
    rows = [
        (w.sku, w.times, w.price.face.amount_minor, w.price.fee.amount_minor, w.price.fee_vat.amount_minor,
         w.price.face.currency)
        for w in wanted
    ]  # fmt: skip
    found = call(
        "opla_offline_hold", _at(at), Argument(str(actor), "text"), Argument(station_id, "uuid"),
        Argument(key_id, "uuid"), Argument(clerk, "text"), Argument(wrapping, "bytea"), Argument(signing, "bytea"),
        Argument(today, "date"), *columns(rows, "text", "int", "bigint", "bigint", "bigint", "text"),
        Argument(catalog_version, "bigint"),
    )  # fmt: skip
    return [_held(row) for row in found]


def _held(row: Row) -> Held:
    code_id, sku, sealed, serial, until, price, currency, version = row
    return Held(
        expect(code_id, UUID), expect(sku, str), bytes(expect(sealed, bytes)), expect(serial, str),
        until if isinstance(until, date) else None, expect(price, int), expect(currency, str), expect(version, int),
    )  # fmt: skip


def on_shelf() -> dict[str, int]:
    """How many codes of each product could be given to a tablet."""
    rows = select(
        """SELECT sku, count(*)::int FROM code
           WHERE state = 'stock' AND supplier = 'code_stock' AND batch_id IS NOT NULL GROUP BY sku"""
    )
    return {expect(sku, str): expect(count, int) for sku, count in rows}


def last(key_id: UUID) -> tuple[int, str]:
    """The number and the digest of the last sale that is known of a key; 0 and an empty text before the first."""
    rows = select("SELECT n, digest FROM offline_sale WHERE key_id = %s ORDER BY n DESC, received_at LIMIT 1", [key_id])
    return (expect(rows[0][0], int), expect(rows[0][1], str)) if rows else (0, "")


def digest_of(key_id: UUID, n: int) -> list[str]:
    """What is known under this number: nothing, one, or (of two tablets) several."""
    return [
        expect(digest, str)
        for (digest,) in select("SELECT digest FROM offline_sale WHERE key_id = %s AND n = %s", [key_id, n])
    ]


def say(key_id: UUID, sales: Sequence[tuple[Sale, bytes]], *, at: datetime) -> list[tuple[int, Result]]:
    """What came of each, in the order of their numbers. Each signature was checked."""
    rows = [(s.digest, s.n, s.code_id, s.price_minor, s.at, s.clerk, s.text, signature) for s, signature in sales]
    found = call(
        "opla_offline_say", _at(at), Argument(key_id, "uuid"),
        *columns(rows, "text", "int", "uuid", "bigint", "timestamptz", "text", "text", "bytea"),
    )  # fmt: skip
    return [(expect(n, int), Result(expect(result, str))) for n, result in found]


@dataclass(frozen=True)
class Due:
    """A code that a tablet sold, whose order or whose money is not in the books yet."""

    code_id: UUID
    sku: str
    face_minor: int
    fee_minor: int
    fee_vat_minor: int
    currency: str
    catalog_version: int
    order_id: UUID | None
    sold_at: datetime
    clerk: str
    station: str
    drawer: str


def due(limit: int) -> list[Due]:
    rows = select(
        """SELECT h.code_id, c.sku, h.face_minor, h.fee_minor, h.fee_vat_minor, h.currency, h.catalog_version,
                  h.order_id, o.at, o.clerk, s.name, s.drawer
           FROM offline_code h JOIN code c ON c.id = h.code_id JOIN station s ON s.id = h.station_id
           JOIN offline_sale o ON o.code_id = h.code_id AND o.result = 'booked'
           LEFT JOIN item i ON i.kind = 'tablet' AND i.subject = h.code_id AND i.closed_at IS NULL
           WHERE h.state = 'sold' AND NOT h.taken ORDER BY i.id IS NOT NULL, h.changed_at, h.code_id LIMIT %s""",
        [limit],
    )
    return [_due(row) for row in rows]


def _due(row: Row) -> Due:
    code_id, sku, face, fee, vat, currency, version, order_id, sold_at, clerk, station, drawer = row
    return Due(
        expect(code_id, UUID), expect(sku, str), expect(face, int), expect(fee, int), expect(vat, int),
        expect(currency, str), expect(version, int), order_id if isinstance(order_id, UUID) else None,
        expect(sold_at, datetime), expect(clerk, str), expect(station, str), expect(drawer, str),
    )  # fmt: skip


def unbooked(drawer: str) -> int:
    """How many sales without a line of this drawer's tablets are known, and whose money is not in its books yet."""
    [(count,)] = select(
        """SELECT count(*)::int FROM offline_code h JOIN station s ON s.id = h.station_id
           WHERE s.drawer = %s AND h.state = 'sold' AND NOT h.taken""",
        [drawer],
    )
    return expect(count, int)


def stuck(code_id: UUID, why: str, *, at: datetime) -> None:
    """A sale that cannot be booked is a person's to see, once."""
    call("opla_offline_stuck", _at(at), Argument(code_id, "uuid"), Argument(why, "text"))


def booked(code_id: UUID, order_id: UUID, sold_at: datetime, *, actor: Actor, at: datetime) -> bool:
    [(done,)] = call(
        "opla_offline_order", _at(at), Argument(str(actor), "text"), Argument(code_id, "uuid"),
        Argument(order_id, "uuid"), Argument(sold_at, "timestamptz"),
    )  # fmt: skip
    return bool(done)


def taken(code_id: UUID, *, at: datetime) -> None:
    call("opla_offline_taken", _at(at), Argument(code_id, "uuid"))


def charge_reference(order_id: UUID) -> str:
    """The reference of the charge that waits for an order's cash."""
    rows = select(
        """SELECT a.reference FROM allocation s JOIN attempt a ON a.payment_id = s.payment_id AND a.kind = 'charge'
           WHERE s.order_id = %s AND a.adapter = 'cash' ORDER BY a.made_at DESC, a.id DESC LIMIT 1""",
        [order_id],
    )
    return expect(rows[0][0], str) if rows else ""


def _at(at: datetime) -> Argument:
    return Argument(at, "timestamptz")
