"""What consumers agreed to and withdrew from, as the database keeps it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from opla.db.queries.call import Argument, call, columns, expect, select


@dataclass(frozen=True)
class Named:
    """The order of an order number, with the address that its messages go to."""

    order_id: UUID
    email: str = field(repr=False)
    product_name: str
    language: str


def consent(rows: Sequence[tuple[UUID, str, str]], *, at: datetime) -> None:
    """(quote, the words that were read, their language) each; what was agreed before stays as it is."""
    call("opla_consent", Argument(at, "timestamptz"), *columns(rows, "uuid", "text", "text"))


def named(ticket: str) -> Named | None:
    """The order of a number, of a customer: a reseller's own customers step back at the reseller's."""
    rows = select("SELECT id, email, product_name, language FROM orders WHERE ticket = %s AND reseller = ''", [ticket])
    if not rows:
        return None
    order_id, email, product, language = rows[0]
    return Named(expect(order_id, UUID), expect(email, str), expect(product, str), expect(language, str))


def step_back(order_id: UUID, name: str, *, actor: str, at: datetime) -> bool:
    """True when it was noted now; False when it had been before."""
    [(new,)] = call(
        "opla_step_back", Argument(at, "timestamptz"), Argument(order_id, "uuid"), Argument(name, "text"),
        Argument(actor, "text"),
    )  # fmt: skip
    return expect(new, bool)
