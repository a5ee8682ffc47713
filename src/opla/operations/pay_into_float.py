"""A reseller pays into its float at a payment provider; a person gives some of it back; what left is recovered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import IntegrityError

from opla.core import choice, deposit
from opla.core.actor import SYSTEM, Act, Actor
from opla.core.attempt import Kind
from opla.core.money import Money
from opla.core.payment import State
from opla.core.quote import read_language
from opla.core.refusal import Code, Refusal
from opla.db.queries import attempts, cases, deposits
from opla.db.queries.apply import Result, apply
from opla.db.queries.deposits import Deposit, NewDeposit
from opla.operations.place_from_float import differing, digests
from opla.operations.place_orders import new_payment
from opla.operations.shop import Shop

_FIELDS: Final = ("amount", "currency", "method")
_KEY_LENGTH: Final = 64
_BATCH: Final = 50
_ROUNDS: Final = 4
#: So many that wait or came to nothing, of one reseller within this long, and it waits: cards may be being tried.
_MOST_UNPAID: Final = 10
_WITHIN: Final = timedelta(hours=1)


def ways(shop: Shop) -> tuple[str, ...]:
    """How it is paid in here, besides by bank transfer and over a counter."""
    return deposit.ways(shop.payment_methods)


def pay_into_float(
    actor: Actor,
    reseller: str,
    amount: Money | None,
    method: str,
    key: str,
    *,
    language: str,
    shop: Shop,
    at: datetime,
) -> Deposit | Refusal:
    """A payment that waits for a worker to open its page. The same key again is the same payment."""
    if refused := actor.refused(Act.PAY_IN):
        return refused
    if actor.name.partition("/")[0] != reseller:
        return Refusal(Code.NOT_FOUND)
    tag = read_language(language)
    if isinstance(tag, Refusal):
        return tag
    if not 1 <= len(key) <= _KEY_LENGTH:
        return Refusal(Code.KEY_MISSING, "key")
    if refused := deposit.refused(amount, method, shop.payment_methods):
        return refused
    if amount is None:
        raise TypeError("an amount that is none is refused")
    asked = digests([str(amount.amount_minor), amount.currency, method], shop.keyring.fingerprint_key)
    made = new_payment(method, shop=shop, at=at)
    new = NewDeposit(
        reseller, key, asked, made.payment_id, made.receipt, method, amount, tag, made.attempt_id, made.reference
    )
    found = deposits.ask(new, since=at - _WITHIN, most=_MOST_UNPAID, actor=actor, at=at)
    if found is None:
        minutes = int(_WITHIN.total_seconds()) // 60
        return Refusal(Code.PAYMENTS_PAUSED, params={"minutes": str(minutes)})
    payment_id, known = found
    if field := differing(_FIELDS, known, asked):
        return Refusal(Code.KEY_REUSED, field, {"field": field})
    return deposits.one(reseller, payment_id) or Refusal(Code.NOT_FOUND)


def came_back(deposit_id: UUID, *, at: datetime) -> str:
    """Whoever paid, or did not, has come back from the payment page: asked about now. Whose it is; empty: nobody's."""
    charged = deposits.charge_of(deposit_id)
    if charged is None:
        return ""
    provider, reference = charged
    attempts.wake([Kind.CHARGE], provider, [reference], at=at)
    return cases.payment_cases([deposit_id])[deposit_id].payment.float_of


def give_back(
    actor: Actor, deposit_id: UUID, *, refund_id: UUID, amount: Money | None, why: str, shop: Shop, at: datetime
) -> Money | Refusal:
    """What was paid in, or (with an amount) a part, goes back to where it came from, while the float holds it free.

    `refund_id` is the caller's key: the same again is the same refund. No second person: it is the reseller's own
    money, and never more than came from there.
    """
    if refused := actor.refused(Act.GIVE_BACK_DEPOSIT):
        return refused
    if not choice.words(why):
        return Refusal(Code.REASON_MISSING, "why")
    for _ in range(_ROUNDS):
        if before := deposits.given_back(refund_id):
            return before if amount in (None, before) else Refusal(Code.KEY_REUSED, "amount", {"field": "amount"})
        case = cases.payment_cases([deposit_id]).get(deposit_id)
        if case is None or not case.payment.float_of:
            return Refusal(Code.NOT_FOUND)
        paid = case.payment
        if paid.state is not State.CAPTURED or paid.kept_minor <= 0:
            return Refusal(Code.NOTHING_TO_REFUND)
        if amount is not None and amount.currency != paid.amount.currency:
            return Refusal(Code.AMOUNT_UNREADABLE, "amount")
        minor = paid.kept_minor if amount is None else amount.amount_minor
        change = deposit.given_back(paid, refund_id, minor, choice.words(why), at=at, chance=shop.chance)
        if isinstance(change, Refusal):
            return change
        try:
            [result] = apply([change], actor=actor, at=at, keyring=shop.keyring, chance=shop.chance)
        except IntegrityError:  # the account holds less than that free: the float has spent it, or is about to
            if deposits.given_back(refund_id) is None:
                return Refusal(Code.FLOAT_SPENT, "amount")
            continue
        if result is Result.REFUND_TOO_MUCH:
            return Refusal(Code.REFUND_TOO_MUCH, "amount")
        if result is Result.WON:
            return Money(minor, paid.amount.currency)
    return Refusal(Code.STILL_RUNNING)


def recover(*, at: datetime) -> int:
    """Floats bear what left of their deposits without us, as far as they can, and have back what came again."""
    found = deposits.uneven(_BATCH)
    return sum(deposits.recover(one, actor=SYSTEM, at=at) > 0 for one in found)
