"""Codes bought from vendors: ordered, received, paid."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opla.core import stock
from opla.core.actor import Actor
from opla.core.money import Money
from opla.core.stock import Arrow, PurchaseEvent, PurchaseState
from opla.db.queries.call import Argument, Row, call, expect, select


@dataclass(frozen=True)
class NewPurchase:
    """So many codes of one product, each at `cost`."""

    id: UUID
    vendor: str
    sku: str
    quantity: int
    cost: Money
    invoice: str = ""


@dataclass(frozen=True)
class Purchase:
    """`arrived` are the codes that came into stock, whatever became of them; `owed` is negative where they owe us."""

    id: UUID
    number: int
    vendor: str
    sku: str
    quantity: int
    cost: Money
    state: PurchaseState
    damaged: int
    invoice: str
    paid: Money
    made_at: datetime
    arrived: int
    owed: Money

    @property
    def missing(self) -> int:
        return stock.missing(self.quantity, self.arrived, self.damaged)

    @property
    def total(self) -> Money:
        return Money(self.quantity * self.cost.amount_minor, self.cost.currency)


def order(bought: NewPurchase, *, actor: Actor, at: datetime) -> int | None:
    """The number that the purchase is called by, the same for the same id; None: that id is of another one."""
    rows = call(
        "opla_purchase",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(bought.id, "uuid"),
        Argument(bought.vendor, "text"),
        Argument(bought.sku, "text"),
        Argument(bought.quantity, "int"),
        Argument(bought.cost.amount_minor, "bigint"),
        Argument(bought.cost.currency, "text"),
        Argument(bought.invoice, "text"),
    )
    return expect(rows[0][0], int) if rows else None


_PURCHASE = """
    SELECT p.id, p.number, p.vendor, p.sku, p.quantity, p.cost_minor, p.currency, p.state, p.damaged, p.invoice,
           p.paid_minor, p.made_at, coalesce(c.arrived, 0), coalesce(c.due, 0) - p.paid_minor
    FROM purchase p
    LEFT JOIN LATERAL (
        SELECT count(*)::int AS arrived, sum(CASE k.state WHEN 'sent_back' THEN 0 ELSE k.cost_minor END)::bigint AS due
        FROM batch b JOIN code k ON k.batch_id = b.id WHERE b.purchase_id = p.id
    ) c ON true"""


def purchases(*, limit: int = 200) -> list[Purchase]:
    """Those still expected, or not settled, first; then the newest."""
    rows = select(
        f"""{_PURCHASE} ORDER BY p.state <> 'ordered' AND coalesce(c.due, 0) = p.paid_minor, p.number DESC LIMIT %s""",
        [limit],
    )
    return [_purchase(row) for row in rows]


def purchase(number: int) -> Purchase | None:
    rows = select(f"{_PURCHASE} WHERE p.number = %s", [number])
    return _purchase(rows[0]) if rows else None


def _purchase(row: Row) -> Purchase:
    currency = expect(row[6], str)
    return Purchase(
        expect(row[0], UUID),
        expect(row[1], int),
        expect(row[2], str),
        expect(row[3], str),
        expect(row[4], int),
        Money(expect(row[5], int), currency),
        PurchaseState(expect(row[7], str)),
        expect(row[8], int),
        expect(row[9], str),
        Money(expect(row[10], int), currency),
        expect(row[11], datetime),
        expect(row[12], int),
        Money(expect(row[13], int), currency),
    )


def move_purchase(
    bought: Purchase,
    event: PurchaseEvent,
    arrow: Arrow,
    *,
    damaged: int | None = None,
    invoice: str | None = None,
    paid_minor: int = 0,
    actor: Actor,
    at: datetime,
) -> bool:
    """False: somebody else was quicker than who saw `bought`, or it cannot be. Never more is paid than what was ordered
    costs."""
    rows = call(
        "opla_purchase_move",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(bought.id, "uuid"),
        Argument(str(event), "text"),
        Argument(str(bought.state), "text"),
        Argument(str(arrow.target), "text"),
        Argument(damaged, "int"),
        Argument(invoice, "text"),
        Argument(paid_minor, "bigint"),
        Argument(bought.paid.amount_minor, "bigint"),
        Argument(bought.total.amount_minor, "bigint"),
    )
    return rows[0][0] == "done"
