"""Paying by card at a counter: on which machine, how it stands, and what a clerk reads on one that nobody can ask.

    start ──▶ a worker rings their machine ──▶ asked until it says yes or no           (`mollie_terminal`)
        └───▶ a clerk types the amount on ours ──▶ confirm with its number, or refuse  (`terminal`)

One payment, one way: while it is open no other begins, so an amount is never divided over two ways of paying. Nothing
here decides what becomes of an order: a slip wakes its charge, and a worker captures it like any other.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID, uuid5

from opla import payments
from opla.core import payment, ports
from opla.core import terminal as rules
from opla.core.actor import Act, Actor
from opla.core.choice import words
from opla.core.ledger import TERMINAL
from opla.core.money import Money
from opla.core.refund import State as RefundState
from opla.core.refusal import Code, Refusal
from opla.core.terminal import Kind, Sums
from opla.db.queries import refunds
from opla.db.queries import terminals as queries
from opla.db.queries.terminals import Back, Kept, Terminal
from opla.operations import payouts
from opla.operations.cash import CURRENCY, VOID_WITHIN, unused
from opla.operations.outside import Outside
from opla.operations.pay_again import pay_again
from opla.operations.payouts import Looked
from opla.operations.place_orders import Placed, Placement, place_orders
from opla.operations.refund_by_choice import refund_by_choice
from opla.operations.shop import Shop

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,38}[a-z0-9]")
_THEIR_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")

_REFUSALS: Final = {
    "drawer_unknown": Code.DRAWER_UNKNOWN,
    "taken": Code.TERMINAL_TAKEN,
    "not_found": Code.NOT_FOUND,
    "told": Code.SLIP_TOLD,
    "receipt_used": Code.RECEIPT_USED,
    "captured": Code.TAKING_USED,
    "still_running": Code.STILL_RUNNING,
    "not_due": Code.SLIP_NOT_DUE,
    "key_reused": Code.KEY_REUSED,
}


def _refusal(result: str, field: str) -> Refusal | None:
    """What the database said, as a refusal; None when it is done."""
    fine = result in ("done", "again", "opened", "changed")
    return None if fine else Refusal(_REFUSALS[result], field, {"field": field})


# ── machines ──────────────────────────────────────────────────────────────


def keep_terminal(
    actor: Actor,
    name: str,
    method: str,
    *,
    their_id: str = "",
    drawer: str = "",
    station: str = "",
    is_open: bool,
    shop: Shop,
    at: datetime,
) -> Refusal | None:
    """Put a card machine at a till's drawer or, where there is none, at a station; move it, or take it away.

    `their_id` is its provider's (`./opla terminal found`), and empty for one that clerks read. What a name stands for
    stays so for ever.
    """
    if refused := actor.refused(Act.MANAGE_DRAWERS):
        return refused
    if not _NAME.fullmatch(name) or (station and not _NAME.fullmatch(station)):
        return Refusal(Code.TERMINAL_NAME_INVALID, "name", {"name": name})
    if is_open and method not in shop.counter_methods:
        return Refusal(Code.PAYMENT_METHOD_UNKNOWN, "method", {"method": method})
    by_clerk = method == TERMINAL
    where = bool(drawer) if by_clerk else bool(drawer) != bool(station)
    if by_clerk == bool(their_id) or not where or (their_id and not _THEIR_ID.fullmatch(their_id)):
        return Refusal(Code.TERMINAL_UNKNOWN, "terminal", {"name": name})
    wanted = Terminal(name, method, their_id, drawer, station, is_open)
    return _refusal(queries.keep(wanted, actor=actor, at=at), "terminal")


def terminals_at(shop: Shop, *, drawer: str = "", station: str = "") -> list[Terminal]:
    """The card machines that a customer may pay on there, now."""
    return [
        one
        for one in queries.terminals()
        if one.open
        and one.method in shop.counter_methods
        and (one.drawer == drawer if one.drawer else one.station == station)
    ]


def every() -> list[Terminal]:
    return queries.terminals()


def known(name: str) -> Terminal | None:
    return queries.terminal(name)


def found(*, shop: Shop, outside: Outside) -> dict[str, Sequence[ports.Terminal]]:
    """By way of paying the machines that its provider names; of one that gives no answer, none. Calls the outside."""
    told: dict[str, Sequence[ports.Terminal]] = {}
    for method in shop.counter_methods:
        if payments.calls_somebody(method) and isinstance(adapter := outside.payment(method), ports.Terminals):
            told[method] = adapter.terminals() or ()
    return told


def _standing(name: str, shop: Shop) -> Terminal | Refusal:
    found = queries.terminal(name)
    if found is None or not found.open or found.method not in shop.counter_methods:
        return Refusal(Code.TERMINAL_UNKNOWN, "terminal", {"name": name})
    return found


# ── a payment ─────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Wish:
    """One quote to be paid at a counter, at the total that was shown."""

    quote_id: UUID
    total_minor: int


def start(
    actor: Actor, wishes: Sequence[Wish], *, device: bytes, terminal: str, shop: Shop, at: datetime
) -> list[Placed | Refusal]:
    """Buy these quotes together, all or none, under one payment on this machine."""
    found = _standing(terminal, shop)
    if isinstance(found, Refusal):
        return [found for _ in wishes]
    placements = [Placement(one.quote_id, one.total_minor, found.method) for one in wishes]
    return place_orders(actor, placements, device=device, shop=shop, at=at, together=len(wishes) > 1, terminal=found)


def start_again(actor: Actor, order_id: UUID, *, terminal: str, shop: Shop, at: datetime) -> Refusal | None:
    """Another try on this machine, after one did not go through; with whatever it was to pay for together."""
    found = _standing(terminal, shop)
    if isinstance(found, Refusal):
        return found
    return pay_again(actor, order_id, shop=shop, method=found.method, at=at, terminal=found)


class Stand(StrEnum):
    """How a payment on a machine stands, for whoever looks at it. Published."""

    RINGING = "ringing"  # a worker rings the machine now
    WAITING = "waiting"  # for a card, or for what the clerk says
    APPROVED = "approved"
    DECLINED = "declined"  # `why`; another may begin
    EXPIRED = "expired"  # the same: nobody paid in time


_STANDS: Final = {
    payment.State.OPENING: Stand.RINGING,
    payment.State.OPEN: Stand.WAITING,
    payment.State.CAPTURED: Stand.APPROVED,
    payment.State.FAILED: Stand.DECLINED,
    payment.State.EXPIRED: Stand.EXPIRED,
}


@dataclass(frozen=True)
class Shown:
    """A payment on a machine. `why` it did not go through is a provider's word, as `presenting.paying` knows it.

    `told`: a clerk has said what the machine said, and a worker has not written it yet or has. `page`: where it is only
    tried, their page that says what the machine does; else empty.
    """

    payment_id: UUID
    stand: Stand
    amount: Money
    terminal: Terminal
    why: str
    told: bool
    page: str

    @property
    def by_clerk(self) -> bool:
        return self.terminal.method == TERMINAL


def state(payment_id: UUID) -> Shown | None:
    """How it stands; None where this payment is made on no machine. Reads only: a page may ask every second."""
    found = queries.on_terminal(payment_id)
    if found is None:
        return None
    stand, told = _STANDS[found.state], found.slip is not None
    if found.terminal.method == TERMINAL and stand is Stand.RINGING:
        stand = Stand.WAITING  # there is nothing to ring
    return Shown(found.payment_id, stand, found.amount, found.terminal, found.why, told, found.page)


def of_order(order_id: UUID) -> Shown | None:
    """The same of the newest payment of an order."""
    found = queries.payment_of(order_id)
    return state(found) if found else None


# ── what a clerk reads ────────────────────────────────────────────────────


def confirm(actor: Actor, key: UUID, payment_id: UUID, receipt: str, *, at: datetime) -> Refusal | None:
    """The machine said yes, and printed this number. `key` is the caller's, made when the form is drawn.

    Also for an order whose time is over: what the machine took is taken, and goes back by rule.
    """
    number = rules.read_receipt(receipt)
    if refused := actor.refused(Act.TAKE_CASH):
        return refused
    if not number:
        return Refusal(Code.RECEIPT_INVALID, "receipt")
    return _told(actor, key, payment_id, Kind.APPROVED, receipt=number, at=at)


def refuse(actor: Actor, key: UUID, payment_id: UUID, why: str = "", *, at: datetime) -> Refusal | None:
    """The machine said no, or nobody held a card to it: nothing was taken, and another way may begin."""
    if refused := actor.refused(Act.TAKE_CASH):
        return refused
    return _told(actor, key, payment_id, Kind.DECLINED, why=words(why), at=at)


def _told(
    actor: Actor, key: UUID, payment_id: UUID, kind: Kind, *, receipt: str = "", why: str = "", at: datetime
) -> Refusal | None:
    found = queries.on_terminal(payment_id)
    if found is None or found.terminal.method != TERMINAL:
        return Refusal(Code.NOT_FOUND, "payment")
    result = queries.write(
        key,
        kind,
        drawer=found.terminal.drawer,
        reference=found.reference,
        actor=actor,
        at=at,
        receipt=receipt,
        why=why,
    )
    return _refusal(result, "receipt")


def void(actor: Actor, slip_id: UUID, *, receipt: str, why: str, shop: Shop, at: datetime) -> Refusal | None:
    """Undo an approval that was a mistake: taken back on the machine at once (its number is `receipt`), or never there.

    The rules are those of cash (`operations.cash.void`): within minutes; and where a worker has captured it already,
    only while each order's code lies unseen, so that it goes back on the shelf.
    """
    if refused := actor.refused(Act.TAKE_CASH):
        return refused
    if not why.strip():
        return Refusal(Code.REASON_MISSING, "why")
    number = rules.read_receipt(receipt)
    if receipt.strip() and not number:
        return Refusal(Code.RECEIPT_INVALID, "receipt")
    slip = queries.slip(slip_id)
    if slip is None or slip.kind is not Kind.APPROVED:
        return Refusal(Code.NOT_FOUND, "slip")
    if slip.undone:
        return None
    if at - slip.at > VOID_WITHIN:
        return Refusal(Code.TAKING_TOO_OLD, "slip")
    result = queries.write(
        uuid5(slip.id, "voided"),
        Kind.VOIDED,
        drawer=slip.drawer,
        reference=slip.attempt,
        actor=actor,
        at=at,
        receipt=number,
        undoes=slip.id,
        why=words(why),
    )
    if result != "captured":
        return _refusal(result, "slip")
    if not number:  # a worker has given its money to an order: what undoes that is a slip of its own
        return Refusal(Code.RECEIPT_INVALID, "receipt")
    return _undo(actor, slip, number, why, shop=shop, at=at)


def _undo(actor: Actor, slip: Kept, receipt: str, why: str, *, shop: Shop, at: datetime) -> Refusal | None:
    """Each step answers a repeat as it did at first, so that pressing again ends what broke half-way."""
    keys = {order_id: uuid5(slip.id, str(order_id)) for order_id in queries.orders(slip.payment_id)}
    if not all(unused(one) or refunds.chosen(key) for one, key in keys.items()):
        return Refusal(Code.TAKING_USED, "slip")
    for order_id, key in keys.items():
        given = refund_by_choice(actor, order_id, refund_id=key, amount=None, why=why, shop=shop, at=at)
        if isinstance(given, Refusal):
            return given
        if given.state is RefundState.ASKED:
            return Refusal(Code.REFUND_WAITS, "order")
    for back in queries.back(slip.payment_id):
        if back.due and back.slip is None:
            key = uuid5(slip.id, back.reference)
            no = _given_back(actor, key, back.reference, slip.drawer, receipt, words(why), at)
            if no is not None:
                return no
    return None


def give_back(
    actor: Actor, key: UUID, reference: str, *, drawer: str, receipt: str, why: str, at: datetime
) -> Refusal | None:
    """The money of a refund went back to its card on the machine at this drawer. `why` says how it was known whose."""
    if refused := actor.refused(Act.TAKE_CASH):
        return refused
    if not why.strip():
        return Refusal(Code.REASON_MISSING, "why")
    number = rules.read_receipt(receipt)
    if not number:
        return Refusal(Code.RECEIPT_INVALID, "receipt")
    return _given_back(actor, key, reference, drawer, number, words(why), at)


def _given_back(
    actor: Actor, key: UUID, reference: str, drawer: str, receipt: str, why: str, at: datetime
) -> Refusal | None:
    result = queries.write(
        key, Kind.GIVEN_BACK, drawer=drawer, reference=reference, actor=actor, at=at, receipt=receipt, why=why
    )
    return _refusal(result, "refund")


def owed(ticket: str) -> list[Back]:
    """The refunds of the order with this number that wait to be given back on a machine."""
    return [one for one in queries.back_of(ticket) if one.due and one.slip is None]


def by_bank(actor: Actor, reference: str, *, why: str, at: datetime) -> Refusal | None:
    """Whoever is owed cannot come with the card: a person sends the money from the bank account (an item)."""
    if refused := actor.refused(Act.TAKE_CASH):
        return refused
    if not why.strip():
        return Refusal(Code.REASON_MISSING, "why")
    done = queries.withdraw(reference, why=words(why), actor=actor, at=at)
    return None if done else Refusal(Code.SLIP_NOT_DUE, "refund")


def slips(drawer: str, since: datetime, until: datetime) -> Sums:
    """What a shift's slips add up to, for its X and Z reports: the machine's own total must say the same."""
    return queries.sums(drawer, since, until)


# ── what its owner pays out ───────────────────────────────────────────────


def paid_out(
    actor: Actor, key: str, amount: str, *, until: date, day: date, reference: str, shop: Shop, at: datetime
) -> Looked | Refusal:
    """A bank's line, or the acquirer's own statement, shows what it sent for all slips until the end of `until`.

    `key` names that line: the same again changes nothing. What is missing to the slips is what was kept, a fee of no
    payment; more than they are is refused. It leaves the way when a statement of our bank shows `reference`.
    """
    if refused := actor.refused(Act.FUND) or actor.refused(Act.READ_PAYOUTS):
        return refused
    money = Money.parse(amount, CURRENCY)
    if money is None or money.amount_minor <= 0:
        return Refusal(Code.AMOUNT_UNREADABLE, "amount", {"amount": amount})
    if not key.strip():
        return Refusal(Code.KEY_MISSING, "key")
    if payouts.known(TERMINAL, key):
        return Looked(0, 0, 0)
    told = rules.paid_out(key, money, day, reference, queries.unpaid(until))
    return told if isinstance(told, Refusal) else payouts.keep(actor, TERMINAL, [told], shop=shop, at=at)
