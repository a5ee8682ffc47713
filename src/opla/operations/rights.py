"""A consumer's right to step back: given up knowingly where delivery is wanted at once, and used with two taps.

The law: Directive 2011/83/EU art. 9, 11, 11a (a function of the website, in two steps, since 19 June 2026) and
16 (a), (m); Belgian Code of Economic Law art. VI.46 § 7, VI.47 and VI.53. What follows from it for a shop is its
owner's to confirm with a lawyer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from opla.core.actor import Act, Actor
from opla.core.quote import read_email
from opla.core.refusal import Code, Refusal
from opla.core.written import plain
from opla.db.queries import rights
from opla.db.queries.rights import Named
from opla.operations import letters, limits
from opla.operations.letters import Posted
from opla.operations.shop import Shop

_NOT_IN_A_NUMBER: Final = re.compile(r"[^0-9A-Z]")
_LONGEST_NAME: Final = 100


@dataclass(frozen=True)
class Statement:
    """As typed: who steps back, from what, and where the acknowledgement goes. `address`: of a visitor."""

    name: str
    ticket: str
    email: str = field(repr=False)
    language: str
    address: str = field(default="", repr=False)


def agree(actor: Actor, quotes: Sequence[UUID], said: Sequence[str], language: str, *, at: datetime) -> Refusal | None:
    """Keep, for each quote, the words somebody agreed to before it was bought."""
    if refused := actor.refused(Act.PLACE):
        return refused
    rights.consent([(quote, words, language) for quote, words in zip(quotes, said, strict=True)], at=at)
    return None


def checked(statement: Statement) -> Statement | list[Refusal]:
    """The statement as it will be kept, or everything that is wrong with it, each about its field."""
    name, ticket, email = plain(statement.name)[:_LONGEST_NAME], _number(statement.ticket), read_email(statement.email)
    wrong = [] if name else [Refusal(Code.NAME_MISSING, "name")]
    if not ticket:
        wrong.append(Refusal(Code.ORDER_NUMBER_UNREADABLE, "ticket"))
    if isinstance(email, Refusal):
        return [*wrong, email]
    return wrong or Statement(name, ticket, email, statement.language, statement.address)


def step_back(actor: Actor, statement: Statement, *, shop: Shop, at: datetime) -> list[Refusal]:
    """Note it, acknowledge it by e-mail, and ask a person to settle it.

    The same is answered whether number and e-mail belong together or not: nobody learns from it who bought what. An
    acknowledgement goes only to the address of the order itself.
    """
    if refused := actor.refused(Act.STEP_BACK):
        return [refused]
    read = checked(statement)
    if isinstance(read, list):
        return read
    if limited := limits.by_address(limits.WISHES, read.address, shop=shop, at=at):
        return [limited]
    named = rights.named(read.ticket)
    order = named if named is not None and named.email.lower() == read.email.lower() else None
    # From here on the database is asked the same whether they belong together or not: time says nothing either.
    rights.step_back(order.order_id if order else shop.chance.uuid(at), read.name, actor=str(actor), at=at)
    to = order.email if order else f"nobody {read.email}"
    limited = limits.by_email(limits.CONFIRMS, to, shop=shop, at=at)
    posted = [_acknowledged(order, read, at)] if order and not limited else []
    letters.post(posted, shop=shop, at=at)
    return []


def _acknowledged(order: Named, read: Statement, at: datetime) -> Posted:
    about = {"ticket": read.ticket, "product": order.product_name, "name": read.name, "at": at.isoformat()}
    return Posted("stepped_back", order.email, read.language, about)


def _number(text: str) -> str:
    """An order number as we write it, however it was typed; empty when it is none."""
    bare = _NOT_IN_A_NUMBER.sub("", plain(text).upper())
    return f"{bare[:4]}-{bare[4:8]}-{bare[8:]}" if len(bare) == 10 else ""
