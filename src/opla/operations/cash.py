"""Money over a counter: where it is taken, what a code stands for, and taking, paying out and undoing it.

Nothing here decides what becomes of an order: a taking wakes its charge, and a worker captures it like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from opla.core import cash, order
from opla.core.actor import Act, Actor
from opla.core.cash import Kind, Line, Purpose
from opla.core.choice import words
from opla.core.ledger import CASH
from opla.core.money import Money
from opla.core.places import Place
from opla.core.refund import State
from opla.core.refusal import Code, Refusal
from opla.db.queries import cash as queries
from opla.db.queries import refunds
from opla.db.queries.cash import Charge, Drawers, Kept, Owed
from opla.operations import catalogue, places
from opla.operations.refund_by_choice import refund_by_choice
from opla.operations.shop import Shop

#: What drawers are kept in.
CURRENCY: Final = "EUR"
#: For so long a taking may be undone as a mistake; later it is a refund, with its rules.
VOID_WITHIN: Final = timedelta(minutes=15)

_REFUSALS: Final = {
    "drawer_unknown": Code.DRAWER_UNKNOWN,
    "drawer_short": Code.DRAWER_SHORT,
    "code_unknown": Code.CASH_CODE_UNKNOWN,
    "taken": Code.CASH_TAKEN,
    "not_waited_for": Code.CASH_NOT_WAITED_FOR,
    "paid_out": Code.CASH_PAID_OUT,
    "not_due": Code.CASH_NOT_DUE,
    "captured": Code.TAKING_USED,
    "undone": Code.TAKING_UNDONE,
    "still_running": Code.STILL_RUNNING,
    "moved": Code.STILL_RUNNING,
    "key_reused": Code.KEY_REUSED,
    "shift_closed": Code.SHIFT_CLOSED,
}


def refusal(result: str) -> Refusal | None:
    """What the database said of a line, as a refusal; None when the line is there."""
    return None if result in ("done", "again") else Refusal(_REFUSALS[result], "drawer", {"field": "drawer"})


@dataclass(frozen=True)
class Counter:
    """An open drawer, and where it stands."""

    drawer: str
    place: Place


def counters(shop: Shop) -> list[Counter]:
    """Where cash is taken: open drawers at places whose address and hours are known."""
    known = dict(places.known_by_id(sandbox=shop.sandbox))
    found = [(one.name, known.get(one.place_id)) for one in queries.drawers() if one.open]
    return [Counter(name, place) for name, place in found if place is not None and reachable(place)]


def reachable(place: Place) -> bool:
    """Whether somebody who never was there finds it, and finds it open."""
    return bool(place.street and place.city and place.hours)


def ways(shop: Shop) -> tuple[str, ...]:
    """The ways of paying that there are now: in cash where some counter takes it."""
    return tuple(name for name in shop.payment_methods if may_pay(name, shop))


def may_pay(method: str, shop: Shop) -> bool:
    return method in shop.payment_methods and (method != CASH or bool(counters(shop)))


@dataclass(frozen=True)
class Due:
    """What is to be taken for a code, in coins too. `refused`: why it may not be, now."""

    charge: Charge
    coins: Money
    refused: Refusal | None


@dataclass(frozen=True)
class ToPay:
    """What is to be paid out for a code, in coins too."""

    owed: Owed
    coins: Money
    refused: Refusal | None


def look_up(actor: Actor, typed: str, *, at: datetime) -> Due | ToPay | Refusal:
    """What a code, or the number of an order, stands for. A refund is found by its own code alone."""
    if refused := actor.refused(Act.TAKE_CASH):
        return refused
    code = cash.read(typed) or queries.code_of_ticket(typed.strip().upper())
    if cash.purpose_of(code) is Purpose.REFUND and (owed := queries.owed_of(code)):
        no = None
        if owed.paid:
            no = Refusal(Code.CASH_PAID_OUT, "code")
        elif owed.withdrawn or not owed.due:
            no = Refusal(Code.CASH_NOT_DUE, "code")
        return ToPay(owed, _coins(owed.amount), no)
    if cash.purpose_of(code) is Purpose.CHARGE and (charge := queries.charge_of(code)):
        no = None
        if charge.taken:
            no = Refusal(Code.CASH_TAKEN, "code")
        elif not charge.waits(at):
            no = Refusal(Code.CASH_NOT_WAITED_FOR, "code")
        return Due(charge, _coins(charge.amount), no)
    return Refusal(Code.CASH_CODE_UNKNOWN, "code")


def _coins(amount: Money) -> Money:
    return cash.rounded(amount, step_minor())


def step_minor() -> int:
    """What totals are rounded to in the country of this shop's catalogue."""
    return cash.step_minor(catalogue.active()[1].country)


def read_given(typed: str, coins: Money) -> Money | Refusal:
    """What somebody handed over, as it was typed; nothing typed: just what is due."""
    if not typed.strip():
        return coins
    given = Money.parse(typed, coins.currency)
    return given if given is not None and given.amount_minor > 0 else Refusal(Code.AMOUNT_UNREADABLE, "given")


@dataclass(frozen=True)
class Taken:
    """It is in the drawer. `again`: it was before, by this very press of the button."""

    coins: Money
    change: Money
    again: bool


def take(actor: Actor, line_id: UUID, *, drawer: str, code: str, given: str, at: datetime) -> Taken | Refusal:
    """Take what is due for a code. `line_id` is the caller's key, made when the form is drawn."""
    if refused := actor.refused(Act.TAKE_CASH):
        return refused
    charge = queries.charge_of(code)
    if charge is None:
        return Refusal(Code.CASH_CODE_UNKNOWN, "code")
    coins = _coins(charge.amount)
    handed = read_given(given, coins)
    if isinstance(handed, Refusal):
        return handed
    change = cash.change(coins, handed, step_minor())
    if isinstance(change, Refusal):
        return change
    new = Line(Kind.TAKEN, drawer, coins.currency, coins.amount_minor, charge.amount.amount_minor)
    result = queries.write(line_id, new, actor=actor, at=at, code=code, given_minor=handed.amount_minor)
    return refusal(result) or Taken(coins, change, result == "again")


def pay_out(actor: Actor, line_id: UUID, *, drawer: str, code: str, why: str, at: datetime) -> Money | Refusal:
    """Give back what is owed under a code; how much. `why` says how it was known whose it is."""
    if refused := actor.refused(Act.TAKE_CASH):
        return refused
    if not why.strip():
        return Refusal(Code.REASON_MISSING, "why")
    owed = queries.owed_of(code)
    if owed is None:
        return Refusal(Code.CASH_CODE_UNKNOWN, "code")
    coins = _coins(owed.amount)
    return _out(actor, line_id, drawer, code, owed.amount, coins, why=why, at=at) or coins


def _out(
    actor: Actor, line_id: UUID, drawer: str, code: str, amount: Money, coins: Money, *, why: str, at: datetime
) -> Refusal | None:
    new = Line(Kind.PAID_OUT, drawer, coins.currency, -coins.amount_minor, -amount.amount_minor)
    return refusal(queries.write(line_id, new, actor=actor, at=at, code=code, why=words(why)))


def by_bank(actor: Actor, code: str, *, why: str, at: datetime) -> Refusal | None:
    """Whoever is owed wants it on their bank account: the code ends, and a person sends the money (an item)."""
    if refused := actor.refused(Act.TAKE_CASH):
        return refused
    if not why.strip():
        return Refusal(Code.REASON_MISSING, "why")
    return None if queries.withdraw(code, why=words(why), actor=actor, at=at) else Refusal(Code.CASH_NOT_DUE, "code")


def void(actor: Actor, taking_id: UUID, *, why: str, shop: Shop, at: datetime) -> Refusal | None:
    """Undo a taking that was a mistake, while nobody has had anything for it: the money leaves the drawer again.

    Where a worker has captured it already, each order is given back whole by choice, and its refund paid out at once;
    only where its code lies unseen, so that it goes back on the shelf.
    """
    if refused := actor.refused(Act.TAKE_CASH):
        return refused
    if not why.strip():
        return Refusal(Code.REASON_MISSING, "why")
    taking = queries.line(taking_id)
    if taking is None or taking.kind is not Kind.TAKEN:
        return Refusal(Code.NOT_FOUND, "line")
    if taking.undone:
        return None
    if at - taking.at > VOID_WITHIN:
        return Refusal(Code.TAKING_TOO_OLD, "line")
    minus = Line(
        Kind.VOIDED, taking.drawer, taking.amount.currency, -taking.amount.amount_minor, -taking.settled.amount_minor
    )
    key = uuid5(taking.id, "voided")
    no = refusal(queries.write(key, minus, actor=actor, at=at, code=taking.code, undoes=taking.id, why=words(why)))
    if no is None or no.code is not Code.TAKING_USED:
        return no
    return _undo(actor, taking, why, shop=shop, at=at)


def _undo(actor: Actor, taking: Kept, why: str, *, shop: Shop, at: datetime) -> Refusal | None:
    """Each step answers a repeat as it did at first, so that pressing again ends what broke half-way."""
    charge = queries.charge_of(taking.code)
    keys = {one.id: uuid5(taking.id, str(one.id)) for one in charge.orders} if charge else {}
    if charge is None or not all(unused(one) or refunds.chosen(key) for one, key in keys.items()):
        return Refusal(Code.TAKING_USED, "line")
    for order_id, key in keys.items():
        given = refund_by_choice(actor, order_id, refund_id=key, amount=None, why=why, shop=shop, at=at)
        if isinstance(given, Refusal):
            return given
        if given.state is State.ASKED:
            return Refusal(Code.REFUND_WAITS, "order")
    drawers = Drawers(lambda: at, shop.chance)
    back = queries.back_in_cash(charge.payment_id)
    # What coins left of the taking, and leave of each refund, goes on to the next one: all of them are what was taken.
    left, nothing = taking.amount - taking.settled, Money(0, CURRENCY)
    for one in back:
        coins = one.coins or max(_coins(one.amount + left), nothing)
        left += one.amount - coins
        if one.coins:
            continue
        key, code = uuid5(taking.id, one.reference), drawers.owe(one.reference)
        if no := _out(actor, key, taking.drawer, code, one.amount, coins, why=why, at=at):
            return no
    return None


def unused(order_id: UUID) -> bool:
    """Whether all that was given for it lies unseen on our own shelf again, if it is given back."""
    case = refunds.choice(order_id)
    if case is None or case.order.state is not order.State.DELIVERED:
        return False
    return case.code is not None and case.code.ours and not case.code.revealed
