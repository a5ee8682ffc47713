"""What the shop charges above the face value: proposed on a page, seen before it counts, and approved.

Until somebody approves a fee there, the one of the settings counts. A quote keeps the fee that was shown, so whatever
was shown is what is charged; the VAT inside it is worked out with it (`core.quote.price`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from opla.core.actor import Act, Actor
from opla.core.money import Money
from opla.core.quote import Terms
from opla.core.refusal import Code, Refusal
from opla.db.models import FeeVersion
from opla.db.queries import prices as queries
from opla.operations import four_eyes
from opla.operations.shop import Shop

_CURRENCY: Final = "EUR"
#: More than any amount on sale: somebody forgot the dot.
_MOST_MINOR: Final = 10_000


def terms(shop: Shop) -> Terms:
    """How this shop sells at this moment."""
    found = queries.active_fee()
    return shop.terms if found is None else replace(shop.terms, fee_minor=found[1].amount_minor)


@dataclass(frozen=True)
class Draft:
    """The fee that counts and, where one is proposed, the one that would."""

    version: int
    active: int
    now: Money
    then: Money
    made_by: str = ""
    why: str = ""

    @property
    def is_new(self) -> bool:
        return self.version != self.active


def draft(actor: Actor, *, shop: Shop) -> Draft | Refusal:
    if refused := actor.refused(Act.CHANGE_CATALOGUE):
        return refused
    active, now = queries.active_fee() or (0, Money(shop.terms.fee_minor, _CURRENCY))
    new = FeeVersion.objects.filter(state="proposed", base=active).order_by("-id").first()
    if new is None:
        return Draft(active, active, now, now)
    return Draft(new.pk, active, now, Money(new.fee_minor, new.currency), new.made_by, new.note)


def propose(actor: Actor, typed: str, *, why: str, seen: int, shop: Shop, at: datetime) -> Refusal | None:
    """This fee, in the place of whatever was proposed before."""
    with transaction.atomic():
        found = _editing(actor, seen, shop)
        if isinstance(found, Refusal):
            return found
        fee, said = Money.parse(typed, _CURRENCY), " ".join(why.split())
        if fee is None or not 0 <= fee.amount_minor <= _MOST_MINOR:
            return Refusal(Code.AMOUNT_UNREADABLE, "fee", {"amount": typed[:40]})
        if not said:
            return Refusal(Code.REASON_MISSING, "why")
        _retire(found)
        FeeVersion.objects.create(
            made_at=at, made_by=str(actor), state="proposed", note=said, base=found.active,
            fee_minor=fee.amount_minor, currency=fee.currency,
        )  # fmt: skip
    return None


def discard(actor: Actor, *, seen: int, shop: Shop) -> Refusal | None:
    with transaction.atomic():
        found = _editing(actor, seen, shop)
        if isinstance(found, Refusal):
            return found
        _retire(found)
    return None


def approve(actor: Actor, *, seen: int, shop: Shop, at: datetime) -> Refusal | None:
    """Every price that is made from now on has this fee; every one that was shown keeps its own."""
    with transaction.atomic():
        found = _editing(actor, seen, shop)
        if isinstance(found, Refusal):
            return found
        if not found.is_new:
            return Refusal(Code.NOT_FOUND, "version")
        if no := four_eyes.alone(actor, Act.CHANGE_CATALOGUE, found.made_by):
            return no
        FeeVersion.objects.filter(state="active").update(state="retired")
        FeeVersion.objects.filter(id=found.version).update(state="active", approved_at=at, approved_by=str(actor))
    return None


@dataclass(frozen=True)
class Sales:
    """Orders by their fee, with what all of them would have cost more (or, below nothing, less) by the proposal."""

    rows: tuple[queries.Sold, ...]
    orders: int
    difference: Money


def would_have_cost(found: Draft, *, days: int, at: datetime) -> Sales:
    """Of the orders of so many days. Where a promotion took the fee off, it would have done so again."""
    rows = queries.sold_since(at - timedelta(days=days), found.then.currency)
    minor = sum((found.then - one.fee).amount_minor * (one.orders - one.waived) for one in rows)
    return Sales(tuple(rows), sum(one.orders for one in rows), Money(minor, found.then.currency))


def versions(limit: int) -> list[FeeVersion]:
    """Those that counted, the newest first."""
    return list(FeeVersion.objects.filter(approved_at__isnull=False).order_by("-approved_at", "-id")[:limit])


def _editing(actor: Actor, seen: int, shop: Shop) -> Draft | Refusal:
    """What is edited, locked against others who edit."""
    if refused := actor.refused(Act.CHANGE_CATALOGUE):
        return refused
    queries.lock()
    found = draft(actor, shop=shop)
    if isinstance(found, Draft) and found.version != seen:
        return Refusal(Code.FEE_CHANGED, "version")
    return found


def _retire(found: Draft) -> None:
    FeeVersion.objects.filter(state="proposed", base=found.active).update(state="retired")
