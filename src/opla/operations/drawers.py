"""Drawers: opened where a place is, filled, emptied and counted; and what resellers and the bank bring them into touch
with. Every line has the caller's key, so that saying it twice is saying it once."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final
from uuid import UUID

from opla.core.actor import Act, Actor
from opla.core.cash import Kind, Line
from opla.core.choice import words
from opla.core.money import Money
from opla.core.refusal import Code, Refusal
from opla.db.models import Reseller
from opla.db.queries import cash as queries
from opla.operations import places
from opla.operations.cash import CURRENCY, reachable, refusal
from opla.operations.place_from_float import differing, digests
from opla.operations.shop import Shop

#: It stands in account codes, for ever.
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,38}[a-z0-9]")
_ROUNDS: Final = 4
_BANKED_FIELDS: Final = ("amount",)


def keep_drawer(
    actor: Actor, name: str, place_id: int, *, is_open: bool, sandbox: bool, at: datetime
) -> Refusal | None:
    """Open a drawer at a place, move it, or close it while it is empty.

    `name` is 2 to 40 small letters, digits and hyphens, for ever.
    """
    if refused := actor.refused(Act.MANAGE_DRAWERS):
        return refused
    if not _NAME.fullmatch(name):
        return Refusal(Code.DRAWER_NAME_INVALID, "name", {"name": name})
    place = dict(places.known_by_id(sandbox=sandbox)).get(place_id)
    if is_open and (place is None or not reachable(place)):
        return Refusal(Code.DRAWER_PLACE_MISSING, "place")
    kept = queries.keep_drawer(name, place_id, is_open=is_open, actor=actor, at=at)
    no = {"not_empty": Code.DRAWER_NOT_EMPTY, "holds_codes": Code.DRAWER_HOLDS_CODES}.get(kept)
    return Refusal(no, "name", {"name": name}) if no else None


def put_in(actor: Actor, line_id: UUID, drawer: str, amount: str, *, why: str, at: datetime) -> Refusal | None:
    """Our own change goes into a drawer."""
    return _moved(actor, Act.MANAGE_DRAWERS, line_id, Kind.PUT_IN, drawer, amount, why=why, at=at)


def drop(actor: Actor, line_id: UUID, drawer: str, amount: str, *, why: str, at: datetime) -> Refusal | None:
    """Money leaves a drawer for the safe or the bank."""
    return _moved(actor, Act.MANAGE_DRAWERS, line_id, Kind.DROPPED, drawer, amount, why=why, at=at)


def drop_in_shift(actor: Actor, line_id: UUID, drawer: str, amount: str, *, why: str, at: datetime) -> Refusal | None:
    """The same by a clerk."""
    return _moved(actor, Act.WORK_SHIFT, line_id, Kind.DROPPED, drawer, amount, why=why, at=at)


def pay_in(actor: Actor, line_id: UUID, drawer: str, reseller: str, amount: str, *, at: datetime) -> Refusal | None:
    """A reseller pays cash in, onto its float."""
    if refused := actor.refused(Act.FUND):
        return refused
    if not Reseller.objects.filter(id=reseller).exists():
        return Refusal(Code.NOT_FOUND, "reseller", {"name": reseller})
    return _moved(actor, Act.FUND, line_id, Kind.PAID_IN, drawer, amount, why=reseller, at=at, reseller=reseller)


def _moved(
    actor: Actor,
    act: Act,
    line_id: UUID,
    kind: Kind,
    drawer: str,
    amount: str,
    *,
    why: str,
    at: datetime,
    reseller: str = "",
) -> Refusal | None:
    if refused := actor.refused(act):
        return refused
    money = Money.parse(amount, CURRENCY)
    if money is None or money.amount_minor <= 0:
        return Refusal(Code.AMOUNT_UNREADABLE, "amount", {"amount": amount})
    if not why.strip():
        return Refusal(Code.REASON_MISSING, "why")
    minor = -money.amount_minor if kind is Kind.DROPPED else money.amount_minor
    new = Line(kind, drawer, CURRENCY, minor, reseller=reseller)
    return refusal(queries.write(line_id, new, actor=actor, at=at, why=words(why)))


def count(actor: Actor, line_id: UUID, drawer: str, amount: str, *, why: str, at: datetime) -> Money | Refusal:
    """What was counted is what is there now; how much more than the books said it was (less: negative)."""
    if refused := actor.refused(Act.MANAGE_DRAWERS):
        return refused
    counted = Money.parse(amount, CURRENCY)
    if counted is None or counted.amount_minor < 0:
        return Refusal(Code.AMOUNT_UNREADABLE, "amount", {"amount": amount})
    return _counted(actor, line_id, drawer, counted, why=why, at=at)


def count_for_shift(actor: Actor, line_id: UUID, drawer: str, counted: Money, *, at: datetime) -> Money | Refusal:
    """The same by a clerk, who begins or ends a shift with it."""
    return actor.refused(Act.WORK_SHIFT) or _counted(actor, line_id, drawer, counted, why="", at=at)


def _counted(actor: Actor, line_id: UUID, drawer: str, counted: Money, *, why: str, at: datetime) -> Money | Refusal:
    for _ in range(_ROUNDS):
        if (known := queries.line(line_id)) is not None:
            same = known.kind is Kind.COUNTED and known.given_minor == counted.amount_minor and known.drawer == drawer
            return known.amount if same else Refusal(Code.KEY_REUSED, "amount", {"field": "amount"})
        found = counted - queries.holds(drawer, CURRENCY)
        new = Line(Kind.COUNTED, drawer, CURRENCY, found.amount_minor)
        result = queries.write(line_id, new, actor=actor, at=at, given_minor=counted.amount_minor, why=words(why))
        if result != "moved":  # somebody took or gave money between the look and the line
            return refusal(result) or found
    return Refusal(Code.STILL_RUNNING, "drawer")


def banked(actor: Actor, key: str, amount: str, *, shop: Shop, at: datetime) -> bool | Refusal:
    """Cash that had left the drawers is on the bank account. `key` names the line; False: it was recorded before. The
    same key with another amount is refused."""
    if refused := actor.refused(Act.FUND):
        return refused
    money = Money.parse(amount, CURRENCY)
    if money is None or money.amount_minor <= 0:
        return Refusal(Code.AMOUNT_UNREADABLE, "amount", {"amount": amount})
    if not key:
        return Refusal(Code.KEY_MISSING, "key")
    fields = digests([str(money.amount_minor)], shop.keyring.fingerprint_key)
    result, known = queries.banked(key, fields, shop.chance.uuid(at), money, actor=actor, at=at)
    if field := differing(_BANKED_FIELDS, known, fields):
        return Refusal(Code.KEY_REUSED, field, {"field": field})
    return result == "banked"
