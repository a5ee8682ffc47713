"""Resellers: who they are, their keys (shown once, kept hashed), and the money they paid in."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction

from opla.core.actor import Act, Actor
from opla.core.money import Money
from opla.core.quote import read_email
from opla.core.refusal import Code, Refusal
from opla.db.models import Reseller
from opla.db.queries import bulk, floats, members
from opla.operations.place_from_float import differing, digests
from opla.operations.shop import Shop

#: It stands in account codes and events; the colon there separates, so it may not be one.
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,38}[a-z0-9]")
#: What is kept of it. Never renamed: they stand beside events.
SWITCHED_OFF: Final = "switched_off"
SWITCHED_ON: Final = "switched_on"
_PAID_IN_FIELDS = ("reseller", "amount")


def add(actor: Actor, name: str, *, title: str, email: str, at: datetime) -> Refusal | None:
    """A new reseller. `name` is 2 to 40 small letters, digits and hyphens, for ever."""
    if refused := actor.refused(Act.MANAGE_RESELLERS):
        return refused
    if not _NAME.fullmatch(name):
        return Refusal(Code.RESELLER_NAME_INVALID, "name", {"name": name})
    address = read_email(email)
    if isinstance(address, Refusal):
        return address
    try:
        Reseller.objects.create(id=name, name=title or name, email=address, made_at=at)
    except IntegrityError:
        return Refusal(Code.RESELLER_NAME_TAKEN, "name", {"name": name})
    return None


def switch(actor: Actor, name: str, *, on: bool, why: str, at: datetime) -> int | Refusal:
    """Let a reseller order no more, its people and programs in no more, or again. Its money stays its own; what was
    ordered goes on. How many of its files were paused with it: whoever may, lets each go on."""
    if refused := actor.refused(Act.MANAGE_RESELLERS):
        return refused
    if not why.strip():
        return Refusal(Code.REASON_MISSING, "why")
    with transaction.atomic():
        if not members.alone(name):
            return Refusal(Code.NOT_FOUND, "name", {"name": name})
        Reseller.objects.filter(id=name).update(active=on)
        members.changed(name, SWITCHED_ON if on else SWITCHED_OFF, why.strip(), actor=actor, at=at)
        return 0 if on else bulk.stop(name, actor=actor, at=at)


#: How long order intake believes a key without looking again.
KNOWN_FOR_S = 5


def pay_in(actor: Actor, name: str, amount: str, key: str, *, shop: Shop, at: datetime) -> bool | Refusal:
    """A reseller's money came in at the bank: on its float. `key` names the deposit, such as the statement's line.

    True when it was recorded, False when it had been before; the same key with another amount is refused.
    """
    if refused := actor.refused(Act.FUND):
        return refused
    if not Reseller.objects.filter(id=name).exists():
        return Refusal(Code.NOT_FOUND, "name", {"name": name})
    money = Money.parse(amount, "EUR")
    if money is None or money.amount_minor <= 0:
        return Refusal(Code.AMOUNT_UNREADABLE, "amount", {"amount": amount})
    if not key:
        return Refusal(Code.KEY_MISSING, "key")
    fields = digests([name, str(money.amount_minor)], shop.keyring.fingerprint_key)
    deposit_id = shop.chance.uuid(at)
    result, known = floats.pay_in(name, key, fields, deposit_id, money.amount_minor, "EUR", actor=actor, at=at)
    if field_ := differing(_PAID_IN_FIELDS, known, fields):
        return Refusal(Code.KEY_REUSED, field_, {"field": field_})
    return result == "paid_in"
