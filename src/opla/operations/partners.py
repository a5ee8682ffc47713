"""Partner shops: what was agreed, each day's statement, and what is paid to them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from opla.core import day as days
from opla.core.actor import SYSTEM, Act, Actor
from opla.core.choice import words
from opla.core.money import Money
from opla.core.partner import Agreement, Day, commission
from opla.core.refusal import Code, Refusal
from opla.db.queries import partners as queries
from opla.operations import places
from opla.operations.cash import CURRENCY
from opla.operations.letters import Posted, post
from opla.operations.shop import Shop

#: What the letter is called that brings a day's statement.
STATEMENT = "partner_day"
_BATCH = 200


def keep(
    actor: Actor, agreement: Agreement | Refusal, of_places: Sequence[int], *, shop: Shop, at: datetime
) -> Refusal | None:
    """Keep what was agreed, and which places are this partner's. Days that were closed stay as they were.

    A place changes hands at midnight: the day on which it is taken from one partner is whole the next one's.
    """
    if refused := actor.refused(Act.MANAGE_PARTNERS):
        return refused
    if isinstance(agreement, Refusal):
        return agreement
    known = dict(places.known_by_id(sandbox=shop.sandbox))
    if not set(of_places) <= set(known):
        return Refusal(Code.NOT_FOUND, "places")
    result = queries.keep(shop.chance.uuid(at), agreement, sorted(set(of_places)), actor=actor, at=at)
    return Refusal(Code.PARTNER_PLACE_TAKEN, "places") if result == "place_taken" else None


def today(name: str, *, at: datetime) -> queries.Sums:
    """What was taken and given back since midnight at the places that are its today."""
    since, until = days.bounds(days.day_of(at))
    return queries.sums(name, since, until, CURRENCY)


def close(*, shop: Shop, at: datetime) -> int:
    """Close each day that is over, once, and write to its partner what it was. For workers; how many."""
    due = queries.days_to_close(days.last_over(at), limit=_BATCH)
    for name, day in due:
        _close(name, day, shop=shop, at=at)
    return len(due)


def _close(name: str, day: date, *, shop: Shop, at: datetime) -> None:
    found = queries.partner(name, CURRENCY)
    if found is None:
        return
    since, until = days.bounds(day)
    sums, agreed = queries.sums(name, since, until, CURRENCY), found.agreement
    base = sums.cash + sums.card - sums.back
    one = Day(day, sums.cash, sums.card, sums.back, agreed.permille, commission(base, agreed.permille))
    with transaction.atomic():
        if not queries.close(shop.chance.uuid(at), name, one, actor=SYSTEM, at=at):
            return
        if any(money.amount_minor for money in (one.cash, one.card, one.back)):  # of nothing nobody is told
            post([Posted(STATEMENT, agreed.email, agreed.language, _about(agreed, one))], shop=shop, at=at)


def _about(agreed: Agreement, one: Day) -> dict[str, str]:
    amounts = {"cash": one.cash, "card": one.card, "back": one.back, "commission": one.commission}
    return {
        "title": agreed.title,
        "day": one.day.isoformat(),
        "permille": str(one.permille),
        "currency": CURRENCY,
        **{name: str(money.amount_minor) for name, money in amounts.items()},
    }


def pay(actor: Actor, paid_id: UUID, name: str, amount: str, *, why: str, at: datetime) -> Refusal | None:
    """The owner has paid this partner from the bank. `paid_id` is the caller's key: said twice it is once."""
    if refused := actor.refused(Act.FUND):
        return refused
    money = Money.parse(amount, CURRENCY)
    if money is None or money.amount_minor <= 0:
        return Refusal(Code.AMOUNT_UNREADABLE, "amount", {"amount": amount[:20]})
    if not why.strip():
        return Refusal(Code.REASON_MISSING, "why")
    if queries.partner(name, CURRENCY) is None:
        return Refusal(Code.NOT_FOUND, "partner")
    match queries.paid(paid_id, name, money, words(why), actor=actor, at=at):
        case "too_much":
            return Refusal(Code.PARTNER_OWED_LESS, "amount")
        case "key_reused":
            return Refusal(Code.KEY_REUSED, "amount", {"field": "amount"})
        case _:
            return None
