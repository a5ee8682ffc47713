"""What a reseller sees of its own: orders, what came back of them, and what moved on its float."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opla.core.money import Money
from opla.core.order import Price, State
from opla.core.ports import Kind


@dataclass(frozen=True, slots=True)
class Sold:
    """An order as its reseller sees it: state, never the code. `key` is what the reseller calls it."""

    id: UUID
    key: str
    ticket: str
    state: State
    sku: str
    operator: str
    product_name: str
    kind: Kind
    price: Price
    number: str
    plan: str
    language: str
    placed_at: datetime
    delivered_at: datetime | None
    ended_at: datetime | None
    seen: bool  # somebody has looked at its code


@dataclass(frozen=True, slots=True)
class Which:
    """Of a reseller's orders those that are in this state, under this key, for this number (E.164); empty: any."""

    state: str = ""
    key: str = ""
    number: str = ""


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What came back on the float of a delivered order: by rule, or because a person of ours chose to."""

    id: UUID
    amount: Money
    reason: str
    state: str
    made_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Line:
    """One event that moved something on a float: `moved` what lies there, `held` what of it open orders will cost.

    `balance` and `holding` are what that left. A line is by event and not by posting: how a price divides into cost and
    margin is nobody's business but the shop's.
    """

    at: datetime
    event_id: int
    name: str  # an event of an order (`core.order`), or paid_in, paid_out
    order_id: UUID | None
    key: str  # of the order, or of the deposit
    moved: Money
    held: Money
    balance: Money
    holding: Money
