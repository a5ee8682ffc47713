"""Quotes become orders, once each, under payments whose attempts are committed before anybody is called."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import transaction

from opla.core.actor import Act, Actor
from opla.core.ports import Kind
from opla.core.refusal import Code, Refusal
from opla.db.keyring import digest
from opla.db.queries import cards, orders, pages, terminals
from opla.db.queries.orders import NewOrder, NewPayment
from opla.db.queries.terminals import Terminal
from opla.operations import card_to, cash
from opla.operations.card_testing import Asked, too_much
from opla.operations.card_to import Going
from opla.operations.links import device_hash, link_of, write_link
from opla.operations.shop import Shop


@dataclass(frozen=True)
class Placement:
    """One quote to be bought. `total_minor` is what the person saw, in minor units: it must be what the quote says."""

    quote_id: UUID
    total_minor: int
    method: str
    card_to: Going | None = None  # where it goes, of a SIM card


@dataclass(frozen=True)
class Placed:
    """An order that stands. `again`: this quote had become this order before; nothing new was made."""

    order_id: UUID
    ticket: str
    link: str = field(repr=False)
    again: bool


def new_payment(method: str, *, shop: Shop, at: datetime) -> NewPayment:
    """A payment about to be made: its receipt number, and its charge attempt's own random reference."""
    return NewPayment(
        shop.chance.uuid(at),
        "R" + shop.chance.order_number().replace("-", ""),
        method,
        shop.chance.uuid(at),
        shop.chance.reference(),
    )


def place_orders(
    actor: Actor,
    placements: Sequence[Placement],
    *,
    device: bytes,
    shop: Shop,
    at: datetime,
    together: bool = False,
    address: str = "",
    terminal: Terminal | None = None,
) -> list[Placed | Refusal]:
    """One answer per placement, in their order. `address` is a visitor's: whoever asks for too many payments waits.
    `terminal`: at a counter, the card machine they are paid on.

    `together`: all of them under one payment, allocated to the cent; or none, where one of them is refused or was
    ordered before. The others then answer that the basket changed: what is paid is the total that was shown.
    """
    if refused := actor.refused(Act.PLACE):
        return [refused for _ in placements]
    hashed = device_hash(device)
    quotes = pages.quotes([p.quote_id for p in placements], hashed)
    answers: dict[int, Placed | Refusal] = {}
    new: dict[int, NewOrder] = {}
    links: dict[int, str] = {}
    payments: dict[UUID, NewPayment] = {}
    shared: NewPayment | None = None
    for n, placement in enumerate(placements):
        quote = quotes.get(placement.quote_id)
        if not (placement.method == terminal.method if terminal else cash.may_pay(placement.method, shop)):
            answers[n] = Refusal(Code.PAYMENT_METHOD_UNKNOWN, "method", {"method": placement.method})
        elif quote is None:
            answers[n] = Refusal(Code.QUOTE_UNKNOWN, "quote")
        elif placement.total_minor != quote.price.total.amount_minor:
            answers[n] = Refusal(Code.QUOTE_CHANGED, "total")
        elif quote.kind is Kind.SIM and placement.card_to is None:
            answers[n] = Refusal(Code.ADDRESS_MISSING, "name", {"field": "name"})
        else:
            if shared is None or not together:
                shared = new_payment(placement.method, shop=shop, at=at)
                payments[shared.payment_id] = shared
            order_id, secret = shop.chance.uuid(at), shop.chance.secret()
            links[n] = write_link(secret)
            new[n] = NewOrder(
                quote.id,
                hashed,
                order_id,
                shop.chance.order_number(),
                digest(secret),
                shop.keyring.seal(secret, order_id.bytes),
                shared.payment_id,
            )
    if together and answers:
        return [answers.get(n, Refusal(Code.BASKET_CHANGED, "basket")) for n in range(len(placements))]
    asked = [
        Asked(
            order.payment_id,
            quotes[order.quote_id].email,
            quotes[order.quote_id].number,
            quotes[order.quote_id].price.total,
        )
        for order in new.values()
        if quotes[order.quote_id].refused(at) is None
    ]
    bought = [order.quote_id for order in new.values()]
    # One tablet of ours pays for everybody who comes; its cards are read by a machine beside it.
    paused = (
        None if actor.at_counter else too_much(asked, quotes=bought, device=device, address=address, shop=shop, at=at)
    )
    if paused:
        return [paused if n in new else answers[n] for n in range(len(placements))]
    if new:
        rows = _placed(
            new,
            placements,
            list(payments.values()),
            actor=actor,
            shop=shop,
            at=at,
            together=together,
            terminal=terminal,
        )
        for (n, order), row in zip(new.items(), rows, strict=True):
            answers[n] = _answer(order, links[n], row, shop)
    return [answers[n] for n in range(len(placements))]


def _placed(
    new: Mapping[int, NewOrder],
    placements: Sequence[Placement],
    payments: Sequence[NewPayment],
    *,
    actor: Actor,
    shop: Shop,
    at: datetime,
    together: bool,
    terminal: Terminal | None,
) -> list[orders.PlacedRow]:
    """The orders, and in the same transaction where their cards go and which machine is rung: without the one nobody
    could deliver them, without the other nobody could pay."""
    going = {new[n].order_id: to for n, p in enumerate(placements) if n in new and (to := p.card_to) is not None}
    provider = {payment.payment_id: payment.provider for payment in payments}
    waits = {n: shop.terms.valid(provider[order.payment_id]) for n, order in new.items()}
    found: dict[int, orders.PlacedRow] = {}
    with transaction.atomic() if going or terminal else nullcontext():
        for valid in sorted(set(waits.values())):  # one call, unless some of them are paid by bank transfer
            some = {n: order for n, order in new.items() if waits[n] == valid}
            paying = {order.payment_id for order in some.values()}
            rows = orders.place(
                list(some.values()),
                [payment for payment in payments if payment.payment_id in paying],
                actor=actor,
                at=at,
                expires_at=at + valid,
                together=together,
            )
            found |= dict(zip(some, rows, strict=True))
        placed = [row.order_id for row in found.values() if row.result == "placed" and row.order_id in going]
        if placed:
            cards.send_to({one: card_to.seal(going[one], one, shop=shop) for one in placed}, at=at)
        if terminal:
            terminals.rings(terminal.name, [payment.payment_id for payment in payments])
    return [found[n] for n in new]


def _answer(order: NewOrder, link: str, row: orders.PlacedRow, shop: Shop) -> Placed | Refusal:
    if row.result == "placed":
        return Placed(order.order_id, order.ticket, link, again=False)
    if row.result == "again" and row.order_id is not None:
        page = pages.order_by_id(row.order_id)
        known = link_of(row.order_id, shop.keyring)
        if page is not None and known is not None:
            return Placed(row.order_id, page.ticket, known, again=True)
    return Refusal(Code(row.result if row.result != "again" else "quote_taken"), "quote")
