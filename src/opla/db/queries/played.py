"""Orders of sandbox keys, in the table of their own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opla.core.api_sandbox import News, Played
from opla.core.ports import Kind
from opla.db.queries.call import Argument, Row, call, columns, expect, select
from opla.db.queries.orders import read_price


@dataclass(frozen=True, slots=True)
class NewPlay:
    """One to be played, and what its reseller's endpoints are told of it, each under a reference of its own."""

    order: Played
    fields: bytes
    news: Mapping[str, News]


def play(reseller: str, new: Sequence[NewPlay], *, at: datetime, forget: datetime) -> list[tuple[UUID, bytes]]:
    """What stands under each key now, in their order: its id, and the digests of its fields."""
    if not new:
        return []
    rows = call(
        "opla_play",
        Argument(at, "timestamptz"),
        Argument(forget, "timestamptz"),
        Argument(reseller, "text"),
        *columns(
            map(_row, new),
            *("text", "bytea", "uuid", "text", "text", "text", "text", "text", "bigint", "bigint", "bigint"),
            *("text", "text", "text", "text"),
        ),
        *columns(
            (
                (one.order.id, told.at, reference, str(told.event), json.dumps(dict(told.data)))
                for one in new
                for reference, told in one.news.items()
            ),
            *("uuid", "timestamptz", "text", "text", "jsonb"),
        ),
    )
    return [(expect(row[1], UUID), bytes(expect(row[2], bytes))) for row in rows]


def _row(one: NewPlay) -> tuple[object, ...]:
    order, price = one.order, one.order.price
    return (
        *(
            order.key,
            one.fields,
            order.id,
            order.ticket,
            order.sku,
            order.operator,
            order.product_name,
            str(order.kind),
        ),
        *(price.face.amount_minor, price.fee.amount_minor, price.fee_vat.amount_minor, price.face.currency),
        *(order.number, order.plan, order.language),
    )


def look(reseller: str, order_id: UUID, *, at: datetime) -> bool:
    """Its code is seen from now on. False where it was given back."""
    return _on(reseller, order_id, None, "", {}, at)


def give_back(reseller: str, order_id: UUID, refund_id: UUID, reference: str, told: News, *, at: datetime) -> bool:
    """False where it was seen, or given back before. `told` is told in place of what was to come."""
    return _on(reseller, order_id, refund_id, reference, told.data, at)


def _on(
    reseller: str, order_id: UUID, refund_id: UUID | None, reference: str, data: Mapping[str, object], at: datetime
) -> bool:
    rows = call(
        "opla_play_on",
        Argument(at, "timestamptz"),
        Argument(reseller, "text"),
        Argument(order_id, "uuid"),
        Argument(refund_id, "uuid"),
        Argument(reference, "text"),
        Argument(json.dumps(dict(data)), "jsonb"),
    )
    return expect(rows[0][0], bool)


def under(reseller: str, keys: Sequence[str]) -> dict[str, tuple[UUID, bytes]]:
    """What stands under these keys: its id, and the digests of its fields."""
    rows = select(
        "SELECT key, id, fields FROM played_order WHERE reseller = %s AND key = ANY (%s)", [reseller, list(keys)]
    )
    return {expect(key, str): (expect(found, UUID), bytes(expect(fields, bytes))) for key, found, fields in rows}


_PLAYED = """
    SELECT id, key, ticket, sku, operator, product_name, kind, face_minor, fee_minor, fee_vat_minor, currency, number,
           plan, language, placed_at, seen_at, refund_id, given_back_at
    FROM played_order WHERE reseller = %(reseller)s
"""


def one(reseller: str, order_id: UUID) -> Played | None:
    rows = select(f"{_PLAYED} AND id = %(id)s", {"reseller": reseller, "id": order_id})
    return _played(rows[0]) if rows else None


def newest(reseller: str, *, key: str = "", number: str = "", after: UUID | None = None) -> list[Played]:
    """All of them, newest first: a week holds few enough (`core.api_sandbox.MOST_A_DAY`)."""
    rows = select(
        f"""{_PLAYED} AND (%(key)s = '' OR key = %(key)s) AND (%(number)s = '' OR number = %(number)s)
            AND (%(after)s::uuid IS NULL OR id < %(after)s) ORDER BY id DESC""",
        {"reseller": reseller, "key": key, "number": number, "after": after},
    )
    return [_played(row) for row in rows]


def since(reseller: str, at: datetime) -> list[Played]:
    """Those placed since then."""
    rows = select(f"{_PLAYED} AND placed_at >= %(at)s ORDER BY id", {"reseller": reseller, "at": at})
    return [_played(row) for row in rows]


def _played(row: Row) -> Played:
    return Played(
        id=expect(row[0], UUID),
        key=expect(row[1], str),
        ticket=expect(row[2], str),
        sku=expect(row[3], str),
        operator=expect(row[4], str),
        product_name=expect(row[5], str),
        kind=Kind(expect(row[6], str)),
        price=read_price(row[7], row[8], row[9], 0, expect(row[10], str)),
        number=expect(row[11], str),
        plan=expect(row[12], str),
        language=expect(row[13], str),
        placed_at=expect(row[14], datetime),
        seen_at=row[15] if isinstance(row[15], datetime) else None,
        refund_id=row[16] if isinstance(row[16], UUID) else None,
        given_back_at=row[17] if isinstance(row[17], datetime) else None,
    )
