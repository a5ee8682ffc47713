"""Whose number is it? A supplier is asked while somebody looks at what they typed. A proposal: the person decides.

A page only notes the question; a worker asks, and the page looks again. What was told is kept for a day under a keyed
digest of the number. It costs money, and it tells strangers whose customer somebody is, so it is limited per address.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from opla.core import supply
from opla.core.catalog import Catalog, Operator
from opla.core.ports import LookedUp, LooksUp
from opla.db.queries import look_ups as queries
from opla.db.queries import suppliers as supplier_rows
from opla.operations import catalogue, limits
from opla.operations.outside import Outside
from opla.operations.shop import Shop
from opla.operations.suppliers import outsiders

_log = logging.getLogger(__name__)

#: Numbers move within days, not hours.
KEPT: Final = timedelta(days=1)
#: So long a page looks again by itself; an answer that comes later is shown to whoever comes back.
PATIENCE: Final = timedelta(seconds=6)
#: Nobody waits for what was asked longer ago.
_STALE: Final = timedelta(minutes=1)
_AT_ONCE: Final = 4
_LEASE_S: Final = 60


@dataclass(frozen=True)
class Found:
    """`waiting`: look again in a second. `operator` None: nobody knows, or not yet."""

    waiting: bool
    operator: Operator | None = None


def ask(number: str, *, address: str, shop: Shop, at: datetime) -> None:
    """Note that somebody who typed this number (E.164) would like to know. Nothing is noted where nobody could tell,
    where there is nothing to choose, or where this address asks too often: then the page is as it always was."""
    _, catalog = catalogue.active()
    if not outsiders(shop) or len({product.operator for product in catalog.products if product.on_sale}) < 2:
        return
    if queries.of(digest := _digest(number, shop), since=at - KEPT) is not None:
        return
    if limits.by_address(limits.LOOK_UPS, address, shop=shop, at=at) or limits.by_name(
        limits.LOOK_UPS_OF_ALL, "look-ups", shop=shop, at=at
    ):
        return
    queries.ask(digest, shop.keyring.seal(number.encode(), digest), kept=KEPT, at=at)


def found(number: str, *, shop: Shop, at: datetime) -> Found:
    """What is known by now of this number."""
    known = queries.of(_digest(number, shop), since=at - KEPT)
    if known is None:
        return Found(waiting=False)
    if known.told_at is None:
        return Found(waiting=at < known.asked_at + PATIENCE)
    _, catalog = catalogue.active()
    return Found(waiting=False, operator=catalog.operator(known.operator))


def answer(*, shop: Shop, outside: Outside, at: datetime) -> int:
    """Ask the suppliers what pages want to know; how much that was. For workers: calls the outside."""
    if not queries.waiting(since=at - _STALE):
        return 0
    asked = queries.claim(since=at - _STALE, limit=_AT_ONCE, lease_s=_LEASE_S, at=at)
    states = supplier_rows.states(outsiders(shop)) if asked else {}
    able = [name for name in outsiders(shop) if not (name in states and states[name].silent(at))]
    for one in asked:
        number = shop.keyring.open(one.sealed, one.digest).decode()
        operator, supplier = _asked(number, able, outside)
        queries.tell(one.digest, operator, supplier, at=at)
    return len(asked)


def forget(*, at: datetime) -> None:
    queries.forget(at - KEPT, at - 2 * _STALE)


def _asked(number: str, names: list[str], outside: Outside) -> tuple[str, str]:
    """Our operator and who named it, by the first who knows; both empty where nobody does."""
    _, catalog = catalogue.active()
    for name in names:
        told = _told(name, number, outside)
        if told is not None and (operator := _ours(name, told, catalog)):
            return operator, name
    return "", ""


def _told(name: str, number: str, outside: Outside) -> LookedUp | None:
    try:
        supplier = outside.supplier(name)
        return supplier.look_up(number) if isinstance(supplier, LooksUp) else None
    except Exception:  # noqa: BLE001 - not set up, or a bug in an adapter: nothing is known, and nobody's order waits
        _log.warning("%s could not be asked for a number", name, exc_info=True)
        return None


def _ours(supplier: str, told: LookedUp, catalog: Catalog) -> str:
    """By what a person approved of theirs, where that names one operator; else by its name."""
    if told.country != catalog.country:
        return ""
    products = (catalog.sold(sku) for sku in supplier_rows.ours(supplier, told.skus)) if told.skus else ()
    approved = {product.operator for product in products if product}
    if len(approved) == 1:
        return approved.pop()
    named = catalog.operator(told.operator) or supply.operator_named(told.operator, catalog)
    return named.id if named else ""


def _digest(number: str, shop: Shop) -> bytes:
    """16 bytes that say nothing without the shop's keys: every number could be tried."""
    key = shop.keyring.fingerprint_key
    return hashlib.blake2b(number.encode(), key=key, person=b"look-up", digest_size=16).digest()
