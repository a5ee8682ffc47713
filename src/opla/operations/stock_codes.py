"""Codes and eSIMs bought elsewhere come into our own stock: checked whole, sealed, never twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from opla.core import sim
from opla.core.actor import Act, Actor
from opla.core.catalog import Catalog, Product
from opla.core.money import Money
from opla.core.ports import Kind
from opla.core.refusal import Code, Refusal
from opla.core.stock import PurchaseState
from opla.db.queries import codes, purchases
from opla.db.queries.codes import NewCode
from opla.db.queries.purchases import Purchase
from opla.operations import catalogue
from opla.operations.csv_file import read_rows
from opla.operations.shop import Shop
from opla.operations.stock import look_over

COLUMNS = ("sku", "code", "serial", "cost", "valid_until")
#: Codes of the sandbox begin like this, and no others may lie on a sandbox's shelf.
SANDBOX_PREFIX = "0000"
#: And its eSIMs name a server under this, which no network ever resolves (RFC 2606).
SANDBOX_SERVERS = ".invalid"
#: Nobody buys so many at once; a file that is larger was meant for something else.
MAX_MEGABYTES = 4
_MOST_REFUSALS = 100
_LONGEST_NAME = 120


@dataclass(frozen=True)
class Stocked:
    """What one file brought. `known_lines` were in stock, or sold, before: counted from 1, the heading included.

    `odd_lines` are eSIMs whose ICCID has a wrong check digit: stored, and to be looked at.
    """

    stored: int
    known_lines: list[int]
    cost_minor: int
    odd_lines: list[int] = field(default_factory=list)


def stock_codes(
    actor: Actor, data: bytes, *, shop: Shop, at: datetime, purchase: int | None = None, file_name: str = ""
) -> Stocked | list[Refusal]:
    """Store a CSV file of codes (UTF-8, comma or semicolon), or refuse it whole, naming every bad row.

    Of a `purchase` (its number) they are of its product and cost what it says; without one they are paid already.
    """
    if refused := actor.refused(Act.STOCK_CODES):
        return [refused]
    if len(data) > MAX_MEGABYTES * 1024 * 1024:
        return [Refusal(Code.FILE_TOO_LARGE, "file", {"most": str(MAX_MEGABYTES)})]
    bought = purchases.purchase(purchase) if purchase is not None else None
    if purchase is not None and bought is None:
        return [Refusal(Code.NOT_FOUND, "purchase")]
    if bought is not None and bought.state is PurchaseState.CALLED_OFF:
        return [Refusal(Code.PURCHASE_NOT_NOW, "purchase")]
    rows = read_rows(data, {"code"} if bought else {"sku", "code", "cost"})
    if rows is None:
        return [Refusal(Code.FILE_UNREADABLE, "file", {"columns": ", ".join(COLUMNS)})]
    _, catalog = catalogue.active()
    new: list[NewCode] = []
    lines: list[int] = []
    refusals: list[Refusal] = []
    for line, row in rows:
        found = _row(_filled(row, bought), catalog, shop=shop, at=at)
        if isinstance(found, NewCode) and bought and (wrong := _unlike(found, bought)):
            found = wrong
        if isinstance(found, NewCode):
            new.append(found)
            lines.append(line)
        else:
            refusals.append(Refusal(Code.ROW_INVALID, found, {"row": str(line)}))
    if refusals or not new:
        return refusals[:_MOST_REFUSALS] or [Refusal(Code.FILE_UNREADABLE, "file", {"columns": ", ".join(COLUMNS)})]
    stored = codes.stock(
        new,
        batch=shop.chance.uuid(at),
        actor=actor,
        at=at,
        keyring=shop.keyring,
        purchase=bought.id if bought else None,
        file_name=file_name[-_LONGEST_NAME:],
    )
    if not stored:
        return [Refusal(Code.PURCHASE_NOT_NOW, "purchase")]
    look_over(at=at)
    known = [line for line, fresh in zip(lines, stored, strict=True) if not fresh]
    cost_minor = sum(code.cost_minor for code, fresh in zip(new, stored, strict=True) if fresh)
    odd = [line for line, code in zip(lines, new, strict=True) if _odd(code, catalog)]
    return Stocked(sum(stored), known, cost_minor, odd)


def _filled(row: dict[str, str], bought: Purchase | None) -> dict[str, str]:
    """What the purchase says need not be written in every row."""
    return row if bought is None else {"sku": bought.sku, "cost": bought.cost.decimal, **row}


def _unlike(code: NewCode, bought: Purchase) -> str:
    """The column that says otherwise than the purchase."""
    if code.sku != bought.sku:
        return "sku"
    return "" if Money(code.cost_minor, code.currency) == bought.cost else "cost"


def _row(row: dict[str, str], catalog: Catalog, *, shop: Shop, at: datetime) -> NewCode | str:
    """The code of one row, or the name of the column that is wrong."""
    product = catalog.sold(row.get("sku", ""))
    if product is None or product.delivery.value not in (Kind.CODE, Kind.ESIM):
        return "sku"
    esim = product.delivery.value is Kind.ESIM
    plain = read_esim(row.get("code", ""), shop) if esim else _pin(row.get("code", ""), product, catalog, shop)
    if not plain:
        return "code"
    serial = row.get("serial", "")
    if esim:
        found = sim.read_serial(serial)
        if found is None:
            return "serial"
        serial, _ = found
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
        serial,
        cost.amount_minor,
        catalog.currency,
        valid_until,
    )


def _pin(text: str, product: Product, catalog: Catalog, shop: Shop) -> str:
    """The digits of a code as its operator prints them; empty where they are none."""
    operator = catalog.operator(product.operator)
    digits = operator.code_digits.value if operator else None
    plain = "".join(c for c in text if c not in " -")
    if shop.sandbox and not plain.startswith(SANDBOX_PREFIX):
        return ""  # whoever presses "pay" in a sandbox pays nothing: a real code would be given away
    right = plain.isascii() and plain.isalnum() and (digits is None or len(plain) == digits)
    return plain if right else ""


def read_esim(text: str, shop: Shop) -> str:
    """An eSIM's activation code as a phone scans it; empty where it is none that this shop may sell."""
    found = sim.sold_code(text)
    if found is None or (shop.sandbox and not found.smdp_address.lower().endswith(SANDBOX_SERVERS)):
        return ""
    return found.raw


def _odd(code: NewCode, catalog: Catalog) -> bool:
    found = sim.read_serial(code.serial) if catalog.starter(code.sku) else None
    return found is not None and not found[1]
