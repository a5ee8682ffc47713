"""Our own stock of codes: bought, received, paid; batches off sale and what becomes of them; few left; the last day."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from opla.core import stock as rules
from opla.core.actor import SYSTEM, Act, Actor
from opla.core.day import day_of
from opla.core.money import Money
from opla.core.ports import Kind
from opla.core.refusal import Code, Refusal
from opla.core.stock import BatchEvent, PurchaseEvent
from opla.db.queries import audit
from opla.db.queries import purchases as bought
from opla.db.queries import stock as queries
from opla.db.queries.purchases import NewPurchase, Purchase
from opla.db.queries.stock import Batch, Level, LookedOver, Rule, SoldCode
from opla.operations import catalogue
from opla.operations.shop import Shop

MOST_PIECES: Final = 100_000
#: So many days no code that is sold anywhere is good for.
MOST_DAYS: Final = 3650
_LONGEST: Final = 60
_LONGEST_WHY: Final = 200


def order(
    actor: Actor,
    vendor: str,
    sku: str,
    quantity: int,
    cost: str,
    *,
    invoice: str = "",
    key: UUID | None = None,
    shop: Shop,
    at: datetime,
) -> int | Refusal:
    """Note that codes were ordered, each at `cost` (such as `14.25`); the number of the purchase. Nobody is told.

    `key` is the caller's, made when the form is drawn: sent twice it is one purchase.
    """
    if refused := actor.refused(Act.STOCK_CODES):
        return refused
    named = _line(vendor, _LONGEST + 1)
    if not 0 < len(named) <= _LONGEST:
        return Refusal(Code.VENDOR_MISSING, "vendor")
    _, catalog = catalogue.active()
    product = catalog.sold(sku)
    if product is None or product.delivery.value not in (Kind.CODE, Kind.ESIM):
        return Refusal(Code.PRODUCT_UNKNOWN, "product", {"sku": sku})
    if not 0 < quantity <= MOST_PIECES:
        return Refusal(Code.QUANTITY_UNREADABLE, "quantity", {"most": str(MOST_PIECES)})
    each = Money.parse(cost, catalog.currency)
    if each is None or each.amount_minor < 0:
        return Refusal(Code.AMOUNT_UNREADABLE, "cost", {"amount": cost})
    new = NewPurchase(key or shop.chance.uuid(at), named, product.sku, quantity, each, _line(invoice, _LONGEST))
    number = bought.order(new, actor=actor, at=at)
    return Refusal(Code.KEY_REUSED, "purchase", {"field": "purchase"}) if number is None else number


def received(
    actor: Actor, number: int, *, damaged: int = 0, invoice: str | None = None, at: datetime
) -> Purchase | Refusal:
    """Nothing more is expected of this purchase: what has not come by now is short, and `damaged` came of no use."""
    if not 0 <= damaged <= MOST_PIECES:
        return Refusal(Code.QUANTITY_UNREADABLE, "damaged", {"most": str(MOST_PIECES)})
    said = None if invoice is None else _line(invoice, _LONGEST)
    return _moved(actor, number, PurchaseEvent.RECEIVED, damaged=damaged, invoice=said, at=at)


def call_off(actor: Actor, number: int, *, at: datetime) -> Purchase | Refusal:
    """Nothing came of it, and nothing will."""
    return _moved(actor, number, PurchaseEvent.CALLED_OFF, at=at)


def pay(
    actor: Actor, number: int, amount: str, *, back: bool = False, seen_minor: int | None = None, at: datetime
) -> Purchase | Refusal:
    """Note that so much was paid to the vendor from the bank account, or (`back`) came from it.

    `seen_minor`: what had been paid when the form was drawn, so that one that is sent twice pays once.
    """
    if refused := actor.refused(Act.STOCK_CODES):
        return refused
    found = bought.purchase(number)
    if found is None:
        return Refusal(Code.NOT_FOUND, "purchase", {"name": str(number)})
    if seen_minor not in (None, found.paid.amount_minor):
        return Refusal(Code.PURCHASE_NOT_NOW, "purchase")
    paid = Money.parse(amount, found.cost.currency)
    if paid is None or paid.amount_minor <= 0:
        return Refusal(Code.AMOUNT_UNREADABLE, "amount", {"amount": amount})
    if (found.paid if back else found.total - found.paid) < paid:
        return Refusal(Code.PURCHASE_TOO_MUCH, "amount")
    event = PurchaseEvent.PAID_BACK if back else PurchaseEvent.PAID
    return _moved(actor, number, event, paid_minor=-paid.amount_minor if back else paid.amount_minor, at=at)


def _moved(
    actor: Actor,
    number: int,
    event: PurchaseEvent,
    *,
    damaged: int | None = None,
    invoice: str | None = None,
    paid_minor: int = 0,
    at: datetime,
) -> Purchase | Refusal:
    if refused := actor.refused(Act.STOCK_CODES):
        return refused
    found = bought.purchase(number)
    if found is None:
        return Refusal(Code.NOT_FOUND, "purchase", {"name": str(number)})
    arrow = rules.PURCHASES.get((found.state, event))
    if arrow is None or not bought.move_purchase(
        found, event, arrow, damaged=damaged, invoice=invoice, paid_minor=paid_minor, actor=actor, at=at
    ):
        return Refusal(Code.PURCHASE_NOT_NOW, "purchase")
    return bought.purchase(number) or found


def move_batch(actor: Actor, number: int, event: BatchEvent, *, why: str = "", at: datetime) -> int | Refusal:
    """How many codes went with it. What is blocked comes off sale at once; why, is kept.

    Only what was bought from a vendor can be sent back to one.
    """
    if refused := actor.refused(Act.STOCK_CODES):
        return refused
    found = queries.batch(number)
    if found is None:
        return Refusal(Code.NOT_FOUND, "batch", {"name": str(number)})
    arrow = rules.BATCHES.get((found.state, event)) if event is not BatchEvent.EXPIRED else None
    if arrow is None or (event is BatchEvent.SENT_BACK and found.purchase is None):
        return Refusal(Code.BATCH_NOT_NOW, "batch")
    said = _line(why, _LONGEST_WHY)
    if event is BatchEvent.BLOCKED and not said:
        return Refusal(Code.REASON_MISSING, "why")
    moved = queries.move_batch(found, event, arrow, why=said, actor=actor, at=at)
    if moved is None:
        return Refusal(Code.BATCH_NOT_NOW, "batch")
    look_over(at=at)
    return moved


def tell_rule(
    actor: Actor, sku: str, *, below: int | None = None, min_days: int | None = None, shop: Shop, at: datetime
) -> Rule | Refusal:
    """What the owner wants of one product's codes; what is None stays as it was.

    `below`: an alarm when fewer are for sale, 0: none any more. `min_days`: none is sold that is good for fewer.
    """
    if refused := actor.refused(Act.STOCK_CODES):
        return refused
    _, catalog = catalogue.active()
    known = next((one.rule for one in queries.levels(at, fast=False) if one.sku == sku), None)
    if known is None and catalog.sold(sku) is None:
        return Refusal(Code.PRODUCT_UNKNOWN, "product", {"sku": sku})
    for about, given, most in (("below", below, MOST_PIECES), ("min_days", min_days, MOST_DAYS)):
        if given is not None and not 0 <= given <= most:
            return Refusal(Code.QUANTITY_UNREADABLE, about, {"most": str(most)})
    before = known or Rule()
    rule = Rule(before.below if below is None else below or None, before.min_days if min_days is None else min_days)
    queries.tell_rule(sku, rule, shop.chance.uuid(at), actor=actor, at=at)
    look_over(at=at)
    return rule


def look_over(*, at: datetime) -> LookedOver:
    """Take off the shelf what may not be sold (any more), and say of what few are left. For workers."""
    done = queries.look_over(day_of(at), actor=SYSTEM, at=at)
    few = [one for one in queries.levels(at, fast=False) if one.few] if queries.any_rule() else []
    if few:
        names = {one.sku for one in few}
        few = [one for one in queries.levels(at) if one.sku in names and one.few]
    queries.alarm(few, at=at)
    return done


def levels(actor: Actor, *, at: datetime) -> list[Level] | Refusal:
    return actor.refused(Act.COUNT_STOCK) or queries.levels(at)


def purchases(actor: Actor) -> list[Purchase] | Refusal:
    return actor.refused(Act.STOCK_CODES) or bought.purchases()


def batches(actor: Actor) -> list[Batch] | Refusal:
    """The newest first, each with what it earned."""
    return actor.refused(Act.STOCK_CODES) or queries.batches()


def batch(
    actor: Actor, number: int, *, newest: int | None = None, at: datetime
) -> tuple[Batch, list[SoldCode]] | Refusal:
    """One batch, and who has a code of it: all of them, or so many of the newest. That somebody looked is written."""
    if refused := actor.refused(Act.STOCK_CODES):
        return refused
    found = queries.batch(number)
    if found is None:
        return Refusal(Code.NOT_FOUND, "batch", {"name": str(number)})
    audit.look(actor, "batch", [(str(number), None)], at=at)
    return found, queries.sold_of(found.id, limit=newest)


def _line(text: str, most: int) -> str:
    """What was typed, on one line."""
    return " ".join(text.split())[:most]
