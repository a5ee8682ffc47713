"""Our own SIM cards: into stock, reserved, listed, and where they go. Their moves are written by `apply`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from opla.core.actor import SYSTEM, Actor
from opla.core.card import ACTIVE, FEW, GIVEN, SHELF, Card, State
from opla.core.ports import StockedCard
from opla.db.queries.call import Argument, Row, call, columns, expect, select
from opla.db.queries.codes import Stock


@dataclass(frozen=True)
class NewCard:
    id: UUID
    iccid: str
    sku: str
    cost_minor: int
    currency: str


def stock(cards: Sequence[NewCard], *, batch: UUID, actor: Actor, at: datetime) -> list[bool]:
    """False for an ICCID that is or was known already. The books get the cost of the others in one line."""
    if not cards:
        return []
    rows = call(
        "opla_stock_cards",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(FEW, "int"),
        *columns(
            [(c.id, c.iccid, c.sku, c.cost_minor, c.currency) for c in cards], "uuid", "text", "text", "bigint", "text"
        ),
        Argument(batch, "uuid"),
    )
    return [row[1] is not None for row in rows]


def reserve(reference: str, sku: str, *, at: datetime) -> StockedCard | None:
    """A card for the order of this send; None: there is none. An order that has one keeps it."""
    rows = call(
        "opla_card_reserve",
        Argument(at, "timestamptz"),
        Argument(str(SYSTEM), "text"),
        Argument(FEW, "int"),
        Argument([reference], "text[]"),
        Argument([sku], "text[]"),
    )
    return _stocked(rows[0][1:]) if rows else None


def held(reference: str) -> StockedCard | None:
    """The card that the order of this send has."""
    rows = select(
        """SELECT c.id, c.cost_minor, c.state FROM attempt a JOIN card c ON c.order_id = a.order_id
           WHERE a.reference = %s AND c.state = ANY (%s)""",
        [reference, [str(state) for state in ACTIVE]],
    )
    return _stocked(rows[0]) if rows else None


def _stocked(row: Row) -> StockedCard:
    return StockedCard(str(row[0]), expect(row[1], int), State(expect(row[2], str)) in GIVEN)


class Shelves(Stock):
    """Both of our shelves: `core.ports.CodeStock` and `core.ports.CardStock` over PostgreSQL."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(lambda: now().date())
        self._now = now

    def reserve_card(self, reference: str, sku: str) -> StockedCard | None:
        return reserve(reference, sku, at=self._now())

    def card_of(self, reference: str) -> StockedCard | None:
        return held(reference)


_CARD = "c.id, c.iccid, c.sku, c.state, c.cost_minor, c.currency, c.order_id, c.tracking, c.since"


@dataclass(frozen=True)
class Kept:
    """A card as it lies in the database. `since`: since when it is in its state."""

    card: Card
    since: datetime


def _kept(row: Row) -> Kept:
    id_, iccid, sku, state, cost_minor, currency, order_id, tracking, since = row
    return Kept(
        Card(
            expect(id_, UUID),
            expect(iccid, str),
            expect(sku, str),
            State(expect(state, str)),
            expect(cost_minor, int),
            expect(currency, str),
            order_id if isinstance(order_id, UUID) else None,
            expect(tracking, str),
        ),
        expect(since, datetime),
    )


def by_iccid(iccid: str) -> Card | None:
    rows = select(f"SELECT {_CARD} FROM card c WHERE c.iccid = %s", [iccid])  # noqa: S608 - a constant of ours
    return _kept(rows[0]).card if rows else None


def by_id(card_id: UUID) -> Card | None:
    rows = select(f"SELECT {_CARD} FROM card c WHERE c.id = %s", [card_id])  # noqa: S608
    return _kept(rows[0]).card if rows else None


def free(sku: str) -> Card | None:
    """One that could be reserved now; somebody else may be quicker."""
    rows = select(f"SELECT {_CARD} FROM card c WHERE c.sku = %s AND c.state = 'in_stock' ORDER BY c.id LIMIT 1", [sku])  # noqa: S608
    return _kept(rows[0]).card if rows else None


def of_order(order_id: UUID) -> list[Kept]:
    """Every card that an order has or had, in the order in which they came to where they are."""
    rows = select(f"SELECT {_CARD} FROM card c WHERE c.order_id = %s ORDER BY c.since, c.id", [order_id])  # noqa: S608
    return [_kept(row) for row in rows]


@dataclass(frozen=True)
class To:
    """Where the card of an order goes: a place of ours, or what is sealed about the order. Neither: forgotten."""

    place: str
    sealed: bytes | None = field(repr=False)


def _to(place: object, sealed: object) -> To:
    return To(expect(place, str), bytes(sealed) if isinstance(sealed, (bytes, memoryview)) else None)


@dataclass(frozen=True)
class Line:
    """One card on the clerk's list, with its order."""

    kept: Kept
    ticket: str
    product_name: str
    language: str
    to: To


def lines(states: Sequence[State], *, since: datetime | None = None, limit: int = 200) -> list[Line]:
    """Cards of orders in these states, who waits longest first; of those since `since` only."""
    rows = select(
        f"""SELECT {_CARD}, o.ticket, o.product_name, o.language, coalesce(t.place, ''), t.sealed
            FROM card c JOIN orders o ON o.id = c.order_id LEFT JOIN card_to t ON t.order_id = o.id
            WHERE c.state = ANY (%s) AND (%s::timestamptz IS NULL OR c.since >= %s::timestamptz)
            ORDER BY c.since, c.id LIMIT %s""",  # noqa: S608 - a constant of ours
        [[str(state) for state in states], since, since, limit],
    )
    return [
        Line(_kept(row[:9]), expect(row[9], str), expect(row[10], str), expect(row[11], str), _to(row[12], row[13]))
        for row in rows
    ]


@dataclass(frozen=True)
class Level:
    """How many cards of one product there are: free on the shelf, waiting to be handed over, and all others ever."""

    sku: str
    free: int
    waiting: int
    gone: int


def levels() -> list[Level]:
    rows = select(
        """SELECT sku, count(*) FILTER (WHERE state = 'in_stock'), count(*) FILTER (WHERE state = ANY (%s)),
                  count(*) FROM card GROUP BY sku ORDER BY sku""",
        [[str(state) for state in SHELF - {State.IN_STOCK}]],
    )
    found = []
    for sku, *counts in rows:
        free_, waiting, every = (expect(n, int) for n in counts)
        found.append(Level(expect(sku, str), free_, waiting, every - free_ - waiting))
    return found


def send_to(going: Mapping[UUID, To], *, at: datetime) -> None:
    """In the transaction that places the orders. What was said first stands."""
    rows = [(order_id, to.place, to.sealed or b"") for order_id, to in going.items()]
    call("opla_card_to", Argument(at, "timestamptz"), *columns(rows, "uuid", "text", "bytea"))


def to_of(order_ids: Sequence[UUID]) -> dict[UUID, To]:
    rows = select("SELECT order_id, place, sealed FROM card_to WHERE order_id = ANY (%s::uuid[])", [list(order_ids)])
    return {expect(order_id, UUID): _to(place, sealed) for order_id, place, sealed in rows}


def forget(before: datetime) -> int:
    """Forget where the cards of orders went that ended before then; how many."""
    return expect(call("opla_card_forget", Argument(before, "timestamptz"))[0][0], int)


def send_of(order_id: UUID) -> UUID | None:
    """The send of this order that is open, or succeeded."""
    rows = select("SELECT id FROM attempt WHERE order_id = %s AND kind = 'send' AND stands", [order_id])
    return expect(rows[0][0], UUID) if rows else None


def handed_over_at(order_id: UUID) -> datetime | None:
    """When the order's first card was sent or collected."""
    rows = select("SELECT at FROM delivery WHERE order_id = %s", [order_id])
    return expect(rows[0][0], datetime) if rows else None
