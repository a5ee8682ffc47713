"""Agreeing to a standing renewal, where one pays: what can be agreed to, what was typed, and the order that begins it.

It is offered for credit on a number alone: a code that nobody asked for would lie unentered while its days run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from opla.core import renewal
from opla.core.actor import Act, Actor
from opla.core.day import day_of
from opla.core.money import Money
from opla.core.ports import Kind
from opla.core.quote import Quote, price
from opla.core.refusal import Code, Refusal
from opla.core.renewal import Every, Rule
from opla.db.keyring import digest
from opla.db.queries import renewals
from opla.db.queries.renewals import Asked
from opla.operations import prices
from opla.operations.links import write_link
from opla.operations.place_orders import Placed, Placement, place_orders
from opla.operations.renewals import Whose, effect_now, hash_of, seal
from opla.operations.shop import Shop

#: The version of the words that are agreed to: raised whenever what they promise changes.
TERMS: Final = 1
#: The days between that can be chosen, beside the end of the plan and a day of the month.
INTERVALS: Final = (7, 14, 28, 30, 60, 90, 180)


@dataclass(frozen=True)
class Choices:
    """What can be agreed to of this quote. `now`: what one charge would be today; `methods` keep consent."""

    rules: tuple[Rule, ...]
    now: Money
    methods: tuple[str, ...]


@dataclass(frozen=True)
class Typed:
    """As typed: a rule, and what is charged at most, each time and (perhaps) in a month."""

    rule: str
    cap: str
    month_cap: str = ""


@dataclass(frozen=True)
class Agreed:
    rule: Rule
    cap: Money
    month_cap: Money | None


def choices(quote: Quote, *, shop: Shop) -> Choices | None:
    """None where a standing renewal is not offered."""
    methods = tuple(name for name in shop.payment_methods if name in shop.keeping)
    if not methods or quote.kind is not Kind.DIRECT or not quote.number:
        return None
    now = price(quote.price.face, prices.terms(shop)).total
    rules = [Rule(Every.DAYS, days) for days in INTERVALS]
    rules.insert(0, Rule(Every.MONTHLY, day_of(quote.reaches_at).day))
    effect = effect_now(quote.sku, quote.price.face.amount_minor)
    known = renewal.safe(effect, quote.reaches_at, now.amount_minor, quote.plan) if effect else None
    if known and known.due:
        rules.insert(0, Rule(Every.ENDS))
    return Choices(tuple(rules), now, methods)


def read(typed: Typed, quote: Quote, method: str, *, shop: Shop) -> Agreed | list[Refusal]:
    """What was typed, as it will be kept; or everything that is wrong with it."""
    offered = choices(quote, shop=shop)
    if offered is None or method not in offered.methods:
        return [Refusal(Code.METHOD_KEEPS_NO_CONSENT, "method", {"method": method})]
    rule = renewal.read_rule(typed.rule)
    wrong = [] if rule in offered.rules else [Refusal(Code.INTERVAL_UNKNOWN, "rule")]
    cap = read_cap(typed.cap, offered.now, "cap")
    month_cap = read_cap(typed.month_cap, cap if isinstance(cap, Money) else offered.now, "month_cap", needed=False)
    wrong += [one for one in (cap, month_cap) if isinstance(one, Refusal)]
    if wrong or rule is None or not isinstance(cap, Money) or isinstance(month_cap, Refusal):
        return wrong
    return Agreed(rule, cap, month_cap)


def read_cap(text: str, least: Money, about: str, *, needed: bool = True) -> Money | Refusal | None:
    """A ceiling of at least this, or why it is none; None where nothing was typed and nothing is needed."""
    if not text.strip() and not needed:
        return None
    found = Money.parse(text, least.currency)
    if found is None or found.amount_minor > 10**9:
        return Refusal(Code.AMOUNT_UNREADABLE, about, {"amount": text})
    if found.amount_minor < least.amount_minor:
        return Refusal(Code.CEILING_TOO_LOW, about, {"min": str(least.amount_minor), "currency": least.currency})
    return found


def place(
    actor: Actor,
    placement: Placement,
    agreed: Agreed,
    quote: Quote,
    *,
    said: str,
    device: bytes,
    shop: Shop,
    at: datetime,
    address: str = "",
) -> Placed | Refusal:
    """Place the order, and with it what was agreed to: before a worker can ask the provider for its payment."""
    if refused := actor.refused(Act.RENEW):
        return refused
    with transaction.atomic():
        [placed] = place_orders(actor, [placement], device=device, shop=shop, at=at, address=address)
        if isinstance(placed, Placed) and not placed.again:
            secret, renewal_id = shop.chance.secret(), shop.chance.uuid(at)
            whose = Whose(quote.email, quote.number, write_link(secret))
            asked = Asked(
                renewal_id,
                placed.order_id,
                digest(secret),
                hash_of(quote.email, shop.keyring),
                seal(whose, renewal_id, shop.keyring),
                placement.method,
                agreed.cap.amount_minor,
                agreed.month_cap.amount_minor if agreed.month_cap else None,
                str(agreed.rule),
                renewal.NOTICE_DAYS,
                TERMS,
                said,
            )
            renewals.ask(asked, at=at, look_at=at + renewal.PATIENCE)
    return placed
