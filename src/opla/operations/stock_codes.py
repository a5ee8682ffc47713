"""Codes bought elsewhere come into our own stock: checked whole, sealed, never twice."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime

from opla.core.actor import Act, Actor
from opla.core.catalog import Catalog
from opla.core.money import Money
from opla.core.ports import Kind
from opla.core.refusal import Code, Refusal
from opla.db.queries import codes
from opla.db.queries.codes import NewCode
from opla.operations import catalogue
from opla.operations.shop import Shop

COLUMNS = ("sku", "code", "serial", "cost", "valid_until")
#: Codes of the sandbox begin like this, and no others may lie on a sandbox's shelf.
SANDBOX_PREFIX = "0000"
_MOST_REFUSALS = 100


@dataclass(frozen=True)
class Stocked:
    """What one file brought. `known_lines` were in stock, or sold, before: counted from 1, the heading included."""

    stored: int
    known_lines: list[int]
    cost_minor: int


def stock_codes(actor: Actor, data: bytes, *, shop: Shop, at: datetime) -> Stocked | list[Refusal]:
    """Store a CSV file of codes (UTF-8, comma or semicolon), or refuse it whole, naming every bad row."""
    if refused := actor.refused(Act.STOCK_CODES):
        return [refused]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return [Refusal(Code.FILE_UNREADABLE, "file")]
    delimiter = ";" if text.partition("\n")[0].count(";") > text.partition("\n")[0].count(",") else ","
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    if reader.fieldnames is None or not {"sku", "code", "cost"} <= {name.strip().lower() for name in reader.fieldnames}:
        return [Refusal(Code.FILE_UNREADABLE, "file", {"columns": ", ".join(COLUMNS)})]
    _, catalog = catalogue.active()
    new: list[NewCode] = []
    lines: list[int] = []
    refusals: list[Refusal] = []
    for row in reader:
        clean = {str(k).strip().lower(): v.strip() for k, v in row.items() if isinstance(v, str)}
        found = _row(clean, catalog, shop=shop, at=at)
        if isinstance(found, NewCode):
            new.append(found)
            lines.append(reader.line_num)
        else:
            refusals.append(Refusal(Code.ROW_INVALID, found, {"row": str(reader.line_num)}))
    if refusals or not new:
        return refusals[:_MOST_REFUSALS] or [Refusal(Code.FILE_UNREADABLE, "file", {"columns": ", ".join(COLUMNS)})]
    stored = codes.stock(new, batch=shop.chance.uuid(at), actor=actor, at=at, keyring=shop.keyring)
    known = [line for line, fresh in zip(lines, stored, strict=True) if not fresh]
    cost_minor = sum(code.cost_minor for code, fresh in zip(new, stored, strict=True) if fresh)
    return Stocked(sum(stored), known, cost_minor)


def _row(row: dict[str, str], catalog: Catalog, *, shop: Shop, at: datetime) -> NewCode | str:
    """The code of one row, or the name of the column that is wrong."""
    product = catalog.product(row.get("sku", ""))
    if product is None or product.delivery.value is not Kind.CODE:
        return "sku"
    pin = row.get("code", "")
    operator = catalog.operator(product.operator)
    digits = operator.code_digits.value if operator else None
    plain = "".join(c for c in pin if c not in " -")
    if shop.sandbox and not plain.startswith(SANDBOX_PREFIX):
        return "code"  # whoever presses "pay" in a sandbox pays nothing: a real code would be given away
    if not plain.isascii() or not plain.isalnum() or (digits is not None and len(plain) != digits):
        return "code"
    cost = Money.parse(row.get("cost", ""), catalog.currency)
    if cost is None or cost.amount_minor < 0:
        return "cost"
    valid_until: date | None = None
    if row.get("valid_until"):
        try:
            valid_until = date.fromisoformat(row["valid_until"])
        except ValueError:
            return "valid_until"
    return NewCode(
        shop.chance.uuid(at),
        product.sku,
        plain,
        row.get("serial", ""),
        cost.amount_minor,
        catalog.currency,
        valid_until,
    )
