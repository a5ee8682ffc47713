"""Our own stock of codes as its owner sees it: the batches they came in, what lies on the shelf, how many are left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from opla.core import stock
from opla.core.actor import Actor
from opla.core.money import Money
from opla.core.stock import Arrow, BatchEvent, BatchState
from opla.db.queries.call import Argument, Row, call, columns, expect, select

# ── batches ──


@dataclass(frozen=True)
class Batch:
    """What came in one file. `earned` is the margin of what was sold of it, as the books have it."""

    id: UUID
    number: int
    purchase: int | None
    vendor: str
    file_name: str
    state: BatchState
    why: str
    made_at: datetime
    made_by: str
    skus: str
    codes: int
    left: int
    off: int
    sold: int
    lost: int
    cost: Money
    earned: Money


#: The margin of an order is what its transfers say; it is looked up by order, so only for the batches on the screen.
_BATCH = """
    SELECT b.id, b.number, p.number, coalesce(p.vendor, ''), b.file_name, b.state, b.why, b.made_at, b.made_by, c.skus,
           c.codes, c.left_over, c.off, c.sold, c.lost, c.cost, c.currency,
           coalesce((SELECT sum(CASE a.id WHEN t.credit THEN t.amount_minor ELSE -t.amount_minor END)
                     FROM code k JOIN every_transfer t ON t.order_id = k.order_id
                     JOIN account a ON a.id IN (t.debit, t.credit) AND a.kind = 'margin'
                     WHERE k.batch_id = b.id), 0)::bigint
    FROM batch b LEFT JOIN purchase p ON p.id = b.purchase_id
    CROSS JOIN LATERAL (
        SELECT count(*)::int AS codes, coalesce(string_agg(DISTINCT k.sku, ' '), '') AS skus,
               count(*) FILTER (WHERE k.state IN ('stock', 'claimed'))::int AS left_over,
               count(*) FILTER (WHERE k.state = 'blocked' AND k.order_id IS NULL)::int AS off,
               count(*) FILTER (WHERE k.order_id IS NOT NULL)::int AS sold,
               count(*) FILTER (WHERE k.state IN ('written_off', 'sent_back'))::int AS lost,
               coalesce(sum(k.cost_minor), 0)::bigint AS cost, coalesce(min(k.currency), 'EUR') AS currency
        FROM code k WHERE k.batch_id = b.id
    ) c"""


def batches(*, limit: int = 50) -> list[Batch]:
    """The newest first."""
    return [_batch(row) for row in select(f"{_BATCH} ORDER BY b.number DESC LIMIT %s", [limit])]


def batch(number: int) -> Batch | None:
    rows = select(f"{_BATCH} WHERE b.number = %s", [number])
    return _batch(rows[0]) if rows else None


def _batch(row: Row) -> Batch:
    codes, left, off, sold, lost = (expect(n, int) for n in row[10:15])
    currency = expect(row[16], str)
    return Batch(
        expect(row[0], UUID),
        expect(row[1], int),
        row[2] if isinstance(row[2], int) else None,
        expect(row[3], str),
        expect(row[4], str),
        BatchState(expect(row[5], str)),
        expect(row[6], str),
        expect(row[7], datetime),
        expect(row[8], str),
        expect(row[9], str),
        codes,
        left,
        off,
        sold,
        lost,
        Money(expect(row[15], int), currency),
        Money(expect(row[17], int), currency),
    )


def move_batch(
    lying: Batch, event: BatchEvent, arrow: Arrow, *, why: str = "", actor: Actor, at: datetime
) -> int | None:
    """How many codes moved with it; None: somebody else was quicker."""
    rows = call(
        "opla_batch_move",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(lying.id, "uuid"),
        Argument(str(event), "text"),
        Argument(str(lying.state), "text"),
        Argument(str(arrow.target), "text"),
        Argument(why, "text"),
    )
    return expect(rows[0][1], int) if rows[0][0] == "done" else None


@dataclass(frozen=True)
class SoldCode:
    """A code of a batch that somebody has: whom to tell, and whether it was looked at. Never the code."""

    ticket: str
    order_id: UUID
    sku: str
    serial: str
    email: str
    number: str
    reseller: str
    language: str
    state: str
    at: datetime
    seen: bool


def sold_of(batch_id: UUID, *, limit: int | None = None) -> list[SoldCode]:
    """The newest first; all of them without a limit."""
    rows = select(
        """SELECT o.ticket, o.id, k.sku, k.serial, o.email, o.number, o.reseller, o.language, o.state, d.at,
                  EXISTS (SELECT FROM reveal r WHERE r.order_id = o.id)
           FROM code k JOIN orders o ON o.id = k.order_id JOIN delivery d ON d.order_id = o.id
           WHERE k.batch_id = %s ORDER BY d.at DESC, o.ticket LIMIT %s""",
        [batch_id, limit],
    )
    return [_sold(row) for row in rows]


def _sold(row: Row) -> SoldCode:
    sku, serial, email, number, reseller, language, state = (expect(text, str) for text in row[2:9])
    return SoldCode(
        expect(row[0], str),
        expect(row[1], UUID),
        sku,
        serial,
        email,
        number,
        reseller,
        language,
        state,
        expect(row[9], datetime),
        expect(row[10], bool),
    )


# ── the shelf ──


@dataclass(frozen=True)
class Rule:
    """What the owner wants of one product's codes. `below` None: no alarm."""

    below: int | None = None
    min_days: int = 0


@dataclass(frozen=True)
class Level:
    """One product on our shelf. `left` are for sale, `held` for orders, `off` taken off sale; `cost` is of all three.

    `expected` are ordered and have not come; `sold` is of the last `stock.SALES_DAYS`.
    """

    sku: str
    left: int
    held: int
    off: int
    cost: Money
    ends: date | None  # the first last day of those for sale
    rule: Rule
    expected: int
    sold: int

    @property
    def few(self) -> bool:
        return self.rule.below is not None and self.left < self.rule.below

    @property
    def suggested(self) -> int:
        return stock.suggested(left=self.left, expected=self.expected, sold=self.sold, below=self.rule.below or 0)


_LEVELS = """
    WITH lying AS (
        SELECT k.sku, k.state, k.cost_minor, k.currency, k.valid_until FROM code k
        WHERE k.state = 'stock' AND k.supplier = 'code_stock'
        UNION ALL
        SELECT k.sku, k.state, k.cost_minor, k.currency, k.valid_until FROM code k
        WHERE k.state IN ('claimed', 'blocked') AND k.order_id IS NULL AND k.supplier = 'code_stock'
    ), shelf AS (
        SELECT sku, count(*) FILTER (WHERE state = 'stock')::int AS left_over,
               count(*) FILTER (WHERE state = 'claimed')::int AS held,
               count(*) FILTER (WHERE state = 'blocked')::int AS off,
               sum(cost_minor)::bigint AS cost, min(currency) AS currency,
               min(valid_until) FILTER (WHERE state = 'stock') AS ends
        FROM lying GROUP BY sku
    ), expected AS (
        SELECT p.sku, min(p.currency) AS currency, sum(greatest(p.quantity - p.damaged - coalesce((
            SELECT count(*) FROM batch b JOIN code k ON k.batch_id = b.id WHERE b.purchase_id = p.id), 0), 0))::int
               AS pieces
        FROM purchase p WHERE p.state = 'ordered' GROUP BY p.sku
    ), sold AS (
        SELECT k.sku, count(*)::int AS pieces FROM delivery d JOIN code k ON k.id = d.code_id
        WHERE d.at >= %(since)s AND d.supplier = 'code_stock' AND %(fast)s GROUP BY k.sku
    )
    SELECT s.sku, coalesce(h.left_over, 0), coalesce(h.held, 0), coalesce(h.off, 0), coalesce(h.cost, 0),
           coalesce(h.currency, e.currency, 'EUR'), h.ends, r.below, coalesce(r.min_days, 0), coalesce(e.pieces, 0),
           coalesce(v.pieces, 0)
    FROM (SELECT sku FROM shelf UNION SELECT sku FROM stock_rule UNION SELECT sku FROM expected) s
    LEFT JOIN shelf h ON h.sku = s.sku LEFT JOIN stock_rule r ON r.sku = s.sku
    LEFT JOIN expected e ON e.sku = s.sku LEFT JOIN sold v ON v.sku = s.sku
    ORDER BY s.sku"""


def levels(at: datetime, *, fast: bool = True) -> list[Level]:
    """Every product that lies on our shelf, is expected there, or has a rule. Not `fast`: without its latest sales."""
    return [_level(row) for row in select(_LEVELS, {"since": at - timedelta(days=stock.SALES_DAYS), "fast": fast})]


def _level(row: Row) -> Level:
    left, held, off, cost_minor = (expect(n, int) for n in row[1:5])
    return Level(
        expect(row[0], str),
        left,
        held,
        off,
        Money(cost_minor, expect(row[5], str)),
        row[6] if isinstance(row[6], date) else None,
        Rule(row[7] if isinstance(row[7], int) else None, expect(row[8], int)),
        expect(row[9], int),
        expect(row[10], int),
    )


def any_rule() -> bool:
    """Whether the owner wants to know when few of anything are left."""
    return bool(select("SELECT 1 FROM stock_rule WHERE below IS NOT NULL LIMIT 1"))


def tell_rule(sku: str, rule: Rule, event_id: UUID, *, actor: Actor, at: datetime) -> None:
    call(
        "opla_stock_rule",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(event_id, "uuid"),
        Argument(sku, "text"),
        Argument(rule.below, "int"),
        Argument(rule.min_days, "int"),
    )


@dataclass(frozen=True)
class LookedOver:
    """How many codes were written off as expired, taken off sale for too little time left, and put back on sale."""

    expired: int
    off: int
    back: int


def look_over(today: date, *, actor: Actor, at: datetime) -> LookedOver:
    [row] = call("opla_shelf", Argument(at, "timestamptz"), Argument(str(actor), "text"), Argument(today, "date"))
    return LookedOver(*(expect(n, int) for n in row))


def alarm(few: Sequence[Level], *, at: datetime) -> None:
    """These are on the owner's list, and no others."""
    rows = [(o.sku, o.cost.currency, o.left, o.rule.below or 0, o.sold, o.suggested) for o in few]
    call("opla_stock_alarms", Argument(at, "timestamptz"), *columns(rows, *("text",) * 2, *("int",) * 4))
