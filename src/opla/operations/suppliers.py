"""Suppliers' own lists and floats: read by a worker, kept with their time, and decided by a person.

What a supplier lists never changes what is sent or what a customer is shown: it is news until somebody approves it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from opla.core import supply
from opla.core.actor import SYSTEM, Act, Actor
from opla.core.ledger import SHELVES
from opla.core.money import MINOR_DIGITS, Money
from opla.core.ports import Floats, Listed, Lists, Sends
from opla.core.refusal import Code, Refusal
from opla.core.supply import State
from opla.db.queries import suppliers as queries
from opla.db.queries.suppliers import Overview, Supplied, Synced, Theirs
from opla.operations import catalogue
from opla.operations.outside import Outside
from opla.operations.shop import Shop

_log = logging.getLogger(__name__)

#: How often a supplier is asked what of our money lies there, when nothing was sent meanwhile.
FLOAT_EVERY_S: Final = 180
#: And what it lists.
SYNC_EVERY_S: Final = 24 * 3600


def outsiders(shop: Shop) -> list[str]:
    """The suppliers of this shop that are not its own shelves."""
    return [name for name in shop.routes if name not in SHELVES]


def watch(*, shop: Shop, outside: Outside, at: datetime) -> int:
    """Ask for the floats and lists whose time has come; how many were asked for. For workers: calls the outside."""
    names = outsiders(shop)
    if not names or not queries.anything_due(names, at=at):
        return 0
    able = {name: found for name in names if (found := _built(name, outside)) is not None}
    floats = {name: found for name, found in able.items() if isinstance(found, Floats)}
    lists = [name for name, found in able.items() if isinstance(found, Lists)]
    done = 0
    for name in queries.float_due(sorted(floats), at=at, again_s=FLOAT_EVERY_S) if floats else ():
        done += 1
        if (left := _float_left(name, floats[name])) is not None:
            queries.float_told(name, left, at=at)
    for name in queries.sync_due(lists, at=at, again_s=SYNC_EVERY_S) if lists else ():
        done += 1
        if isinstance(told := sync(SYSTEM, name, shop=shop, outside=outside, at=at), Refusal):
            _log.warning("the list of %s was not used: %s", name, told.code)
    return done


def sync(
    actor: Actor, supplier: str, *, shop: Shop, outside: Outside, at: datetime, even_if_short: bool = False
) -> Synced | Refusal:
    """Read what a supplier lists for this shop's country, and keep it as news. Calls the outside.

    A list that cannot be read, or has lost half of what it held, changes nothing; `even_if_short` believes it.
    """
    if refused := actor.refused(Act.SYNC_SUPPLIERS):
        return refused
    found = _built(supplier, outside) if supplier in outsiders(shop) else None
    if found is None:
        return Refusal(Code.NOT_FOUND, "supplier", {"name": supplier})
    if not isinstance(found, Lists):
        return Refusal(Code.SUPPLIER_LISTS_NOTHING, "supplier", {"supplier": supplier})
    _, catalog = catalogue.active()
    before = queries.listed_count(supplier, catalog.country)
    told = _products(supplier, found, catalog.country)
    usable = None if told is None else [one for one in told if not _problem(one, catalog.country)]
    if usable is None or (told and not usable):
        queries.unusable(supplier, "unreadable", catalog.currency, before, 0, at=at)
        return Refusal(Code.LIST_UNREADABLE, "supplier", {"supplier": supplier})
    if supply.suspicious(before, len(usable)) and not even_if_short:
        queries.unusable(supplier, "too_short", catalog.currency, before, len(usable), at=at)
        counts = {"count_before": str(before), "count": str(len(usable))}
        return Refusal(Code.LIST_TOO_SHORT, "supplier", {"supplier": supplier, **counts})
    likely = [(shop.chance.uuid(at), ours.sku, theirs.sku) for ours, theirs in supply.likely(usable, catalog)]
    return queries.keep_list(supplier, catalog.country, usable, likely, at=at)


def decide(
    actor: Actor, supplier: str, sku: str, their_sku: str, decision: State, *, seen: str = "", shop: Shop, at: datetime
) -> Refusal | None:
    """Say which of theirs is which of ours. `seen` is what was on the screen (`Supplied.seen`): should they list it
    otherwise by now, nothing is decided. Without it, whatever they list now is meant.
    """
    if refused := actor.refused(Act.MANAGE_SUPPLIERS):
        return refused
    if supplier not in outsiders(shop):
        return Refusal(Code.NOT_FOUND, "supplier", {"name": supplier})
    found = queries.listing(supplier, their_sku)
    if found is None:
        return Refusal(Code.NOT_FOUND, "their_sku", {"name": their_sku})
    theirs, now = found
    if decision is State.APPROVED:
        _, catalog = catalogue.active()
        product = catalog.sold(sku)
        if product is None:
            return Refusal(Code.PRODUCT_UNKNOWN, "product", {"sku": sku})
        if differs := supply.differs(product, theirs):
            return Refusal(Code.SUPPLY_DIFFERS, "their_sku", {"sku": sku, "their_sku": their_sku, "what": differs})
    new_id = shop.chance.uuid(at)
    result = queries.decide(supplier, sku, their_sku, decision, seen or now, new_id, actor=actor, at=at)
    match result:
        case "done":
            return None
        case "changed":
            return Refusal(Code.LIST_CHANGED, "their_sku", {"their_sku": their_sku})
        case _:
            return Refusal(Code.NOT_FOUND, "their_sku", {"name": their_sku})


def tell_below(actor: Actor, supplier: str, below: Money | None, *, shop: Shop, at: datetime) -> Refusal | None:
    """The owner wants to know when less than this lies at a supplier; None: not any more."""
    if refused := actor.refused(Act.MANAGE_SUPPLIERS):
        return refused
    if supplier not in outsiders(shop):
        return Refusal(Code.NOT_FOUND, "supplier", {"name": supplier})
    if below is not None and below.amount_minor <= 0:
        return Refusal(Code.AMOUNT_UNREADABLE, "below", {"amount": below.decimal})
    queries.float_below(supplier, below, shop.chance.uuid(at), actor=actor, at=at)
    return None


def overview(actor: Actor, *, shop: Shop) -> list[Overview] | Refusal:
    """Each supplier with what is known of it."""
    return actor.refused(Act.MANAGE_SUPPLIERS) or queries.overview(outsiders(shop))


def supplied(actor: Actor, *, shop: Shop) -> list[Supplied] | Refusal:
    """Everything that was ever said of which of theirs is which of ours, news first."""
    if refused := actor.refused(Act.MANAGE_SUPPLIERS):
        return refused
    return sorted(queries.supplied(outsiders(shop)), key=lambda one: not one.news)


def unmatched(actor: Actor, supplier: str, *, shop: Shop) -> list[Theirs] | Refusal:
    """What a supplier lists that is like nothing of ours."""
    if refused := actor.refused(Act.MANAGE_SUPPLIERS):
        return refused
    if supplier not in outsiders(shop):
        return Refusal(Code.NOT_FOUND, "supplier", {"name": supplier})
    return queries.unmatched(supplier)


def _built(name: str, outside: Outside) -> Sends | None:
    try:
        return outside.supplier(name)
    except Exception:  # noqa: BLE001 - not set up, or not up yet: its sends say so too, and a person hears of those
        _log.warning("supplier %s cannot be built", name, exc_info=True)
        return None


def _float_left(name: str, supplier: Floats) -> Money | None:
    try:
        return supplier.float_left()
    except Exception:  # noqa: BLE001 - a bug in an adapter: nothing is known
        _log.exception("the adapter of %s broke", name)
        return None


def _products(name: str, supplier: Lists, country: str) -> Sequence[Listed] | None:
    try:
        return supplier.products(country)
    except Exception:  # noqa: BLE001 - as above
        _log.exception("the adapter of %s broke", name)
        return None


def _problem(one: Listed, country: str) -> str:
    if one.country != country:
        return "country"
    known = one.currency in MINOR_DIGITS and (one.cost_minor is None or one.cost_currency in MINOR_DIGITS)
    return supply.problem(one) or ("" if known else "currency")
