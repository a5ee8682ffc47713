"""SIM cards bought elsewhere come into our own stock by a file: checked whole, each ICCID once for ever."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from opla.core import sim
from opla.core.actor import Act, Actor
from opla.core.catalog import Catalog
from opla.core.money import Money
from opla.core.ports import Kind
from opla.core.refusal import Code, Refusal
from opla.core.sim import Iccid
from opla.db.queries import cards
from opla.db.queries.cards import NewCard
from opla.operations import catalogue
from opla.operations.csv_file import read_rows
from opla.operations.shop import Shop

COLUMNS: Final = ("sku", "iccid", "cost")
#: No country's calling code begins with a zero, so no card in the world is numbered like this; and no others may lie on
#: a sandbox's shelf, because whoever presses "pay" there pays nothing.
SANDBOX_PREFIX: Final = "8900"
#: Nobody has so many in one box; a file that is larger was meant for something else.
MAX_ROWS: Final = 10_000
MAX_MEGABYTES: Final = 1
_MOST_REFUSALS: Final = 100


@dataclass(frozen=True)
class Stocked:
    """What one file brought. `known_lines` are or were ours before: counted from 1, the heading included."""

    stored: int
    known_lines: list[int]
    cost_minor: int


def import_cards(actor: Actor, data: bytes, *, shop: Shop, at: datetime) -> Stocked | list[Refusal]:
    """Store a CSV file of cards (UTF-8, comma or semicolon), or refuse it whole, naming every bad row."""
    if refused := actor.refused(Act.STOCK_CODES):
        return [refused]
    if len(data) > MAX_MEGABYTES * 1024 * 1024:
        return [Refusal(Code.FILE_TOO_LARGE, "file", {"most": str(MAX_MEGABYTES)})]
    unreadable = [Refusal(Code.FILE_UNREADABLE, "file", {"columns": ", ".join(COLUMNS)})]
    rows = read_rows(data, COLUMNS)
    if rows is None:
        return unreadable
    _, catalog = catalogue.active()
    new: list[tuple[int, NewCard]] = []
    refusals: list[Refusal] = []
    for line, row in rows:
        found = _row(row, catalog, shop=shop, at=at)
        if isinstance(found, NewCard) and len(new) < MAX_ROWS:
            new.append((line, found))
        else:
            about = found if isinstance(found, str) else "file"
            refusals.append(Refusal(Code.ROW_INVALID, about, {"row": str(line)}))
    if refusals or not new:
        return refusals[:_MOST_REFUSALS] or unreadable
    stored = cards.stock([card for _, card in new], batch=shop.chance.uuid(at), actor=actor, at=at)
    known = [line for (line, _), fresh in zip(new, stored, strict=True) if not fresh]
    cost_minor = sum(card.cost_minor for (_, card), fresh in zip(new, stored, strict=True) if fresh)
    return Stocked(sum(stored), known, cost_minor)


def _row(row: dict[str, str], catalog: Catalog, *, shop: Shop, at: datetime) -> NewCard | str:
    """The card of one row, or the name of the column that is wrong."""
    product = catalog.starter(row.get("sku", ""))
    if product is None or str(product.delivery.value) != Kind.SIM:
        return "sku"
    found = sim.identify(row.get("iccid", ""))
    if not isinstance(found, Iccid) or (shop.sandbox and not found.digits.startswith(SANDBOX_PREFIX)):
        return "iccid"
    cost = Money.parse(row.get("cost", ""), catalog.currency)
    if cost is None or cost.amount_minor < 0:
        return "cost"
    return NewCard(shop.chance.uuid(at), found.digits, product.sku, cost.amount_minor, catalog.currency)
