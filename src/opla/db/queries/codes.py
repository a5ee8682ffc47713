"""Our own stock of codes, and revealing them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from opla.core.actor import Actor
from opla.core.ports import StockedCode
from opla.db.keyring import Keyring
from opla.db.queries.call import Argument, Row, call, columns, expect, select


@dataclass(frozen=True)
class NewCode:
    """One PIN on its way into stock. It lives in the clear for this one call."""

    id: UUID
    sku: str
    pin: str = field(repr=False)
    serial: str
    cost_minor: int
    currency: str
    valid_until: date | None


def stock(
    codes: Sequence[NewCode],
    *,
    batch: UUID,
    actor: Actor,
    at: datetime,
    keyring: Keyring,
    purchase: UUID | None = None,
    file_name: str = "",
) -> list[bool]:
    """Seal and store; False for a PIN that is or was known already. The books get the batch's cost in one line.

    Without a purchase they are paid for. Empty: the purchase takes none (any more).
    """
    if not codes:
        return []
    rows = call(
        "opla_stock_codes",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        *columns(
            [
                (
                    c.id,
                    c.sku,
                    keyring.seal(c.pin.encode(), c.id.bytes),
                    keyring.fingerprint(c.pin),
                    c.serial,
                    c.cost_minor,
                    c.currency,
                    c.valid_until,
                )
                for c in codes
            ],
            *("uuid", "text", "bytea", "bytea", "text", "bigint", "text", "date"),
        ),
        Argument(batch, "uuid"),
        Argument(purchase, "uuid"),
        Argument(file_name, "text"),
    )
    return [row[1] is not None for row in rows]


class Stock:
    """`core.ports.CodeStock` over PostgreSQL."""

    def __init__(self, today: Callable[[], date]) -> None:
        self._today = today

    def claim(self, reference: str, sku: str) -> StockedCode | None:
        rows = call(
            "opla_code_claim",
            Argument(self._today(), "date"),
            Argument([reference], "text[]"),
            Argument([sku], "text[]"),
        )
        return _stocked(rows[0][1:]) if rows else None

    def claimed(self, reference: str) -> StockedCode | None:
        return held(reference)


def held(reference: str) -> StockedCode | None:
    """The code that this attempt's reference has taken off the shelf."""
    rows = select("SELECT id, serial, cost_minor, valid_until FROM code WHERE claimed_by = %s", [reference])
    return _stocked(rows[0]) if rows else None


def _stocked(row: tuple[object, ...]) -> StockedCode:
    valid_until = row[3]
    return StockedCode(
        str(row[0]), expect(row[1], str), expect(row[2], int), valid_until if isinstance(valid_until, date) else None
    )


@dataclass(frozen=True)
class Revealed:
    """A code in the clear, after the row that says who looked was committed."""

    pin: str = field(repr=False)
    serial: str
    valid_until: date | None


def reveal(
    order_id: UUID, device_hash: bytes, *, actor: Actor, at: datetime, keyring: Keyring, customer: UUID | None = None
) -> Revealed | str:
    """The code, or why not: `not_found`, `proof_needed`, `not_delivered_yet`."""
    rows = call(
        "opla_reveal",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(order_id, "uuid"),
        Argument(device_hash, "bytea"),
        Argument(customer, "uuid"),
    )
    return read_revealed(rows[0], keyring)


def valid_until(order_id: UUID) -> date | None:
    """The last day of an order's code, where it has one."""
    rows = select("SELECT valid_until FROM code WHERE order_id = %s", [order_id])
    return rows[0][0] if rows and isinstance(rows[0][0], date) else None


def reveal_sold(order_id: UUID, reseller: str, *, actor: Actor, at: datetime, keyring: Keyring) -> Revealed | str:
    """The code of an order of this reseller, or why not: `not_found`, `not_delivered_yet`."""
    rows = call(
        "opla_reveal",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(order_id, "uuid"),
        Argument(b"", "bytea"),
        Argument(None, "uuid"),
        Argument(reseller, "text"),
    )
    return read_revealed(rows[0], keyring)


def read_revealed(row: Row, keyring: Keyring) -> Revealed | str:
    """The code in a row of a function that reveals, or why it does not."""
    result, code_id, sealed, serial, valid_until = row
    if result != "revealed":
        return expect(result, str)
    pin = keyring.open(bytes(expect(sealed, bytes)), expect(code_id, UUID).bytes)
    return Revealed(pin.decode(), expect(serial, str), valid_until if isinstance(valid_until, date) else None)


def ask_proof(
    order_id: UUID, *, code_hash: bytes, sealed: bytes, reference: str, at: datetime, expires_at: datetime
) -> bool:
    """Keep a new one-time proof and its message; False when one was made less than a minute ago."""
    rows = call(
        "opla_ask_proof",
        Argument(at, "timestamptz"),
        Argument(expires_at, "timestamptz"),
        Argument(order_id, "uuid"),
        Argument(code_hash, "bytea"),
        Argument(sealed, "bytea"),
        Argument(reference, "text"),
    )
    return bool(rows[0][0])


def show_proof(order_id: UUID, *, code_hash: bytes, sealed: bytes, at: datetime, expires_at: datetime) -> bool:
    """Keep a proof that is shown and mailed to nobody; False when one was made less than a minute ago."""
    rows = call(
        "opla_ask_proof",
        Argument(at, "timestamptz"),
        Argument(expires_at, "timestamptz"),
        Argument(order_id, "uuid"),
        Argument(code_hash, "bytea"),
        Argument(sealed, "bytea"),
        Argument(None, "text"),
    )
    return bool(rows[0][0])


def proof_waits(order_id: UUID, *, at: datetime) -> bool:
    """Whether somebody was given digits for this order that are good now."""
    return bool(select("SELECT 1 FROM proof WHERE order_id = %s AND expires_at > %s", [order_id, at]))


def prove(order_id: UUID, code_hash: bytes, device_hash: bytes, *, at: datetime) -> str:
    """`proved`, or `proof_wrong`, `proof_expired`, `too_many_tries`."""
    rows = call(
        "opla_prove",
        Argument(at, "timestamptz"),
        Argument(order_id, "uuid"),
        Argument(code_hash, "bytea"),
        Argument(device_hash, "bytea"),
    )
    return expect(rows[0][0], str)


def good_longest(sku: str) -> date | None:
    """The last day that the code on our shelf that is good longest may be delivered for; in 9999 of one that does not
    end. None: no code."""
    rows = select(
        """SELECT coalesce(c.valid_until - coalesce(r.min_days, 0), '9999-12-31')
           FROM code c LEFT JOIN stock_rule r ON r.sku = c.sku WHERE c.sku = %s AND c.state = 'stock'
           ORDER BY c.valid_until DESC NULLS FIRST LIMIT 1""",
        [sku],
    )
    return expect(rows[0][0], date) if rows else None


def ever_stocked(skus: Sequence[str]) -> dict[str, int]:
    """How many of each there are or were, sold ones too."""
    rows = select("SELECT sku, count(*) FROM code WHERE sku = ANY (%s) GROUP BY sku", [list(skus)])
    return {expect(sku, str): expect(count, int) for sku, count in rows}


def stock_levels() -> dict[str, int]:
    """How many codes of our own are for sale, by sku."""
    rows = select("SELECT sku, count(*) FROM code WHERE state = 'stock' GROUP BY sku")
    return {expect(sku, str): expect(count, int) for sku, count in rows}


def left_behind(*, at: datetime, until: datetime, since: datetime) -> int:
    """An item for each code of a kiosk that was delivered by `until` and that nobody can get at; how many."""
    [row] = call("opla_codes_left", *(Argument(one, "timestamptz") for one in (at, until, since)))
    return expect(row[0], int)
