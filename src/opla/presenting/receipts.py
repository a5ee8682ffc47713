"""The receipt of a payment: one row for each order it paid. Facts only; pages and papers draw them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opla.core.money import Money
from opla.core.order import Price
from opla.db.queries import together
from opla.presenting import numbers, orders, payment_methods


@dataclass(frozen=True)
class Row:
    """One order of a receipt. `number` is grouped for reading and empty where none is needed; `state` is in words."""

    order_id: UUID
    ticket: str
    product_name: str
    sample: bool  # its figures are invented
    number: str
    serial: str
    state: str
    price: Price
    refunded: Money


@dataclass(frozen=True)
class Receipt:
    """What was paid when and how, and what became of it.

    `rows` are the orders that whoever looks may know of, the one looked at among them; where `whole` is False there are
    more under this payment, and the sums are of these rows alone.
    """

    number: str
    paid_at: datetime
    method: str
    rows: tuple[Row, ...]
    whole: bool
    total: Money
    refunded: Money  # of the rows' prices, and of what was paid beyond them where `whole`
    beside: Money  # the part of `refunded` that was paid beyond the orders' sum


def receipt(order_id: UUID, device_hash: bytes) -> Receipt | None:
    """The receipt of the payment that paid this order, as this device may see it. None before money has arrived."""
    paid = together.paid(order_id)
    if paid.paid_at is None:
        return None
    shares = together.shares(order_id, device_hash)
    whole = len(shares) == paid.orders
    beside = paid.beside if whole else Money(0, paid.amount.currency)
    zero = Money(0, paid.amount.currency)
    return Receipt(
        paid.receipt,
        paid.paid_at,
        payment_methods.method(paid.provider).name,
        tuple(
            Row(
                share.order_id,
                share.ticket,
                share.product_name,
                share.sample,
                numbers.grouped(share.number) if share.number else "",
                share.serial,
                orders.state(share.state),
                share.price,
                share.refunded,
            )
            for share in shares
        ),
        whole,
        sum((share.price.total for share in shares), zero),
        sum((share.refunded for share in shares), beside),
        beside,
    )
