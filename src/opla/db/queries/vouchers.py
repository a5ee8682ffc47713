"""Vouchers in the database: batches, where each lies, what one is worth; and `core.ports.VoucherBook` over them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID

from opla.core import voucher
from opla.core.actor import Actor, Role
from opla.core.cash import Line
from opla.core.ledger import Transfer
from opla.core.money import Money
from opla.core.order import Price
from opla.core.voucher import Event, State, Voucher
from opla.db.queries.call import Argument, Row, call, columns, expect, select

#: Who makes a voucher good again: the refund of what it paid for.
_BY_REFUND: Final = Actor(Role.SYSTEM, "refund")


class Vouchers:
    """`core.ports.VoucherBook`: what vouchers paid for, and which are good again."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now

    def paid(self, reference: str) -> Money | None:
        rows = select("SELECT minor, currency FROM voucher_use WHERE attempt = %s", [reference])
        return Money(expect(rows[0][0], int), expect(rows[0][1], str)) if rows else None

    def give_back(self, reference: str, charge: str, amount: Money) -> str:
        at = self._now()
        [(result,)] = call(
            "opla_voucher_give_back",
            Argument(at, "timestamptz"),
            Argument(str(_BY_REFUND), "text"),
            Argument(charge, "text"),
            Argument(reference, "text"),
            Argument(amount.amount_minor, "bigint"),
            Argument(amount.currency, "text"),
            Argument(at + voucher.GOOD_AGAIN, "timestamptz"),
            *_journal(voucher.transfers(Event.GIVEN_BACK, amount)),
        )
        return expect(result, str)

    def given_back(self, reference: str) -> bool:
        return bool(select("SELECT FROM voucher_use WHERE back_by = %s", [reference]))


# ── batches ──


@dataclass(frozen=True)
class Batch:
    """Vouchers that are printed together. `until` is the last day, as it is printed."""

    id: UUID
    number: int
    sku: str
    operator: str
    product_name: str
    price: Price
    language: str
    until: date


@dataclass(frozen=True)
class New:
    """One voucher to be printed: all that is kept of its code is the keyed digest."""

    id: UUID
    serial: str
    hash: bytes = field(repr=False)


def next_number() -> int:
    """Of a batch; one that nobody used is used by nobody."""
    [(number,)] = select("SELECT nextval('voucher_batch_number')::int")
    return expect(number, int)


def make(batch: Batch, vouchers: Sequence[New], *, expires_at: datetime, actor: Actor, at: datetime) -> None:
    call(
        "opla_voucher_make",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(batch.id, "uuid"),
        Argument(batch.number, "int"),
        Argument(batch.sku, "text"),
        Argument(batch.operator, "text"),
        Argument(batch.product_name, "text"),
        Argument(batch.price.face.amount_minor, "bigint"),
        Argument(batch.price.fee.amount_minor, "bigint"),
        Argument(batch.price.fee_vat.amount_minor, "bigint"),
        Argument(batch.price.face.currency, "text"),
        Argument(batch.language, "text"),
        Argument(batch.until, "date"),
        Argument(expires_at, "timestamptz"),
        *columns([(one.id, one.serial, one.hash) for one in vouchers], "uuid", "text", "bytea"),
    )


@dataclass(frozen=True)
class Lying:
    """How many of a batch are in one state at one place (None: with us), and the first and last serial of these."""

    state: State
    place_id: int | None
    count: int
    first: str
    last: str


@dataclass(frozen=True)
class Listed:
    batch: Batch
    made_at: datetime
    lying: tuple[Lying, ...]


_BATCH: Final = """b.id, b.number, b.sku, b.operator, b.product_name, b.face_minor, b.fee_minor, b.fee_vat_minor,
                   b.currency, b.language, b.until"""


def batches(*, limit: int) -> list[Listed]:
    """The newest first, each with where its vouchers are."""
    rows = select(
        f"""SELECT {_BATCH}, b.made_at, v.state, v.place_id, count(*)::int, min(v.serial), max(v.serial)
            FROM (SELECT * FROM voucher_batch ORDER BY number DESC LIMIT %s) b JOIN voucher v ON v.batch_id = b.id
            GROUP BY {_BATCH}, b.made_at, v.state, v.place_id
            ORDER BY b.number DESC, min(v.serial)""",  # noqa: S608 - a constant of ours
        [limit],
    )
    found: dict[UUID, Listed] = {}
    for row in rows:
        batch, (made_at, state, place, count, first, last) = _batch(row)
        known = found.get(batch.id) or Listed(batch, expect(made_at, datetime), ())
        lying = Lying(
            State(expect(state, str)),
            place if isinstance(place, int) else None,
            expect(count, int),
            expect(first, str),
            expect(last, str),
        )
        found[batch.id] = Listed(batch, known.made_at, (*known.lying, lying))
    return list(found.values())


def _batch(row: Row) -> tuple[Batch, Row]:
    id_, number, sku, operator, name, face, fee, vat, currency, language, until, *rest = row
    unit = expect(currency, str)
    price = Price(Money(expect(face, int), unit), Money(expect(fee, int), unit), Money(expect(vat, int), unit))
    batch = Batch(
        expect(id_, UUID),
        expect(number, int),
        expect(sku, str),
        expect(operator, str),
        expect(name, str),
        price,
        expect(language, str),
        expect(until, date),
    )
    return batch, tuple(rest)


# ── one voucher ──


@dataclass(frozen=True)
class Found:
    """One voucher, and the order that it pays for now, if it does, with the device that ordered it."""

    id: UUID
    serial: str
    voucher: Voucher
    place_id: int | None
    batch: Batch
    order_id: UUID | None
    device_hash: bytes = field(repr=False)
    texted: bytes = field(repr=False)  # whoever is told of that order by text, as `text_wish` knows a number


_FOUND: Final = f"""
    SELECT {_BATCH}, v.id, v.serial, v.state, v.expires_at, v.place_id, o.id, coalesce(o.device_hash, ''),
           coalesce(t.who, '')
    FROM voucher v JOIN voucher_batch b ON b.id = v.batch_id
    LEFT JOIN voucher_use u ON u.voucher_id = v.id AND u.back_at IS NULL
    LEFT JOIN attempt a ON a.reference = u.attempt LEFT JOIN allocation l ON l.payment_id = a.payment_id
    LEFT JOIN orders o ON o.id = l.order_id LEFT JOIN text_wish t ON t.quote_id = o.quote_id
"""  # noqa: S608 - constants of ours


def by_hash(hash_: bytes) -> Found | None:
    return _one(select(f"{_FOUND} WHERE v.hash = %s", [hash_]))


def by_serial(serial: str) -> Found | None:
    return _one(select(f"{_FOUND} WHERE v.serial = %s", [serial]))


def _one(rows: list[Row]) -> Found | None:
    if not rows:
        return None
    batch, (id_, serial, state, expires_at, place, order_id, device, texted) = _batch(rows[0])
    return Found(
        expect(id_, UUID),
        expect(serial, str),
        Voucher(State(expect(state, str)), expect(expires_at, datetime), batch.price.total),
        place if isinstance(place, int) else None,
        batch,
        order_id if isinstance(order_id, UUID) else None,
        expect(device, bytes),
        expect(texted, bytes),
    )


# ── what happens to them ──


def move(
    serials: Sequence[str], event: Event, *, place_id: int | None, why: str, actor: Actor, at: datetime
) -> list[str]:
    """One word per serial, in their order: `moved`, the state that it is in instead, or `unknown`."""
    rows = call(
        "opla_voucher_move",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(str(event), "text"),
        Argument(place_id, "bigint"),
        Argument(why, "text"),
        Argument(list(serials), "text[]"),
        *columns(list(voucher.ways(event).items()), "text", "text"),
    )
    return [expect(result, str) for _, result in rows]


def over_counter(
    line_id: UUID, line: Line, of: Found, event: Event, *, given_minor: int | None, why: str, actor: Actor, at: datetime
) -> str:
    """The line of a drawer that pays for a voucher, or gives its price back: `done`, `again`, or why not."""
    [(source, target)] = voucher.ways(event).items()
    [(result,)] = call(
        "opla_voucher_over_counter",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(line_id, "uuid"),
        Argument(line.drawer, "text"),
        Argument(str(line.kind), "text"),
        Argument(line.minor, "bigint"),
        Argument(line.settled_minor, "bigint"),
        Argument(line.currency, "text"),
        Argument(given_minor, "bigint"),
        Argument(why, "text"),
        Argument(of.id, "uuid"),
        Argument(str(event), "text"),
        Argument(str(source), "text"),
        Argument(str(target), "text"),
        *_journal(line.transfers()),
    )
    return expect(result, str)


def redeem(of: Found, reference: str, *, actor: Actor, at: datetime) -> bool:
    """Let it pay for what this charge asks. In the transaction that places the order; False undoes that."""
    [(done,)] = call(
        "opla_voucher_redeem",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(of.id, "uuid"),
        Argument(reference, "text"),
        *_journal(voucher.transfers(Event.REDEEMED, of.voucher.price)),
    )
    return bool(done)


def _journal(lines: Sequence[Transfer]) -> list[Argument]:
    rows = [(t.debit, t.credit, t.amount_minor, t.currency, t.reason, t.phase) for t in lines]
    return columns(rows, "text", "text", "bigint", "text", "text", "text")
