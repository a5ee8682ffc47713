"""What the columns of a file of orders mean: ours by their names, a marketplace's by what its seller said once.

Every row has a key of its own, for ever: what was bought under it is not bought again, whatever file it stands in. In
a file of ours it is the column `key`. A marketplace's row has the platform's own number of the order, the product as
it is called there and which of those in the order it is: an export taken again, in another order or in part, buys
nothing twice.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from opla.core.bulk.reading import MAX_BYTES, MAX_ROWS, Table, too_many
from opla.core.refusal import Code, Refusal

#: What is asked of a row, as `quote_topup.Wanted` calls it.
FIELDS: Final = ("sku", "operator", "amount", "number", "plan", "email", "language", "device")
#: The columns of a file of ours: `key`, and either `sku`, or `operator` and `amount`.
COLUMNS: Final = ("key", *FIELDS)
NOT_SAID: Final = ("",) * len(FIELDS)
#: Nobody at a marketplace buys more of one product in one order.
MOST_PIECES: Final = 100
_KEY_LENGTH: Final = 64
_NUMBER_SHOWN: Final = 31
#: How a spreadsheet writes a number of which it shows, or kept, not every digit.
_ROUNDED: Final = re.compile(r"[+-]?\d+([.,]\d+)?E\+\d+", re.IGNORECASE)
#: What a refusal is about, where its field has another name.
_ABOUT: Final = {"product": "sku"}


@dataclass(frozen=True)
class Source:
    """How a marketplace writes its export: the names of its columns, and which product of ours each of theirs is.

    quantity, number, language  empty where the export has no such column
    speaks                      the language of buyers whose language is not said
    """

    platform: str
    order: str
    product: str
    skus: Mapping[str, str]
    quantity: str = ""
    number: str = ""
    language: str = ""
    speaks: str = "en"


@dataclass(frozen=True)
class Row:
    """One order that a file asks for. `asked` is in the order of `FIELDS`; what is wrong with it already, is known."""

    line: int
    key: str
    asked: tuple[str, ...]
    cells: tuple[str, ...]
    refusals: tuple[Refusal, ...] = field(default=())


def headings(source: Source | None) -> dict[str, str]:
    """Field → how its column is called in the file."""
    if source is None:
        return {name: name for name in COLUMNS}
    named = {"key": source.order, "sku": source.product, "quantity": source.quantity, "number": source.number}
    return {**named, "language": source.language}


def column_of(about: str, named: Mapping[str, str]) -> str:
    """The column that a refusal is about, as the file calls it; empty where it is about none."""
    return named.get(_ABOUT.get(about, about), "")


def rows_of(table: Table, source: Source | None = None) -> list[Row] | Refusal:
    """Every order that the file asks for, a key that comes twice named; or which columns are missing, or unknown."""
    found = _own(table) if source is None else _theirs(table, source)
    if isinstance(found, Refusal):
        return found
    first: dict[str, int] = {}
    rows = []
    for row in found:
        if row.key and (before := first.setdefault(row.key, row.line)) != row.line:
            twice = Refusal(Code.ROW_TWICE, "key", {"line": str(before)})
            row = Row(row.line, row.key, row.asked, row.cells, (*row.refusals, twice))  # noqa: PLW2901
        rows.append(row)
    return rows


def _own(table: Table) -> list[Row] | Refusal:
    names = [name.lower() for name in table.names]
    unknown, missing = [name for name in names if name not in COLUMNS], [] if "key" in names else ["key"]
    if unknown or missing:
        return _columns(unknown, missing)
    places = [names.index(one) if one in names else None for one in COLUMNS]
    rows = []
    for line, cells in table.rows:
        key, *asked = ["" if place is None else cells[place].strip() for place in places]
        refusals = [] if 1 <= len(key) <= _KEY_LENGTH else [Refusal(Code.KEY_MISSING, "key")]
        refusals += _rounded(key, asked[FIELDS.index("number")])
        rows.append(Row(line, key, tuple(asked), cells, tuple(refusals)))
    return rows


def _theirs(table: Table, source: Source) -> list[Row] | Refusal:
    at = {name.casefold(): place for place, name in enumerate(table.names)}
    wanted = (source.order, source.product, source.quantity, source.number, source.language)
    if missing := [name for name in wanted if name and name.casefold() not in at]:
        return _columns([], missing)
    places = [at[name.casefold()] if name else None for name in wanted]
    skus = {theirs.casefold(): sku for theirs, sku in source.skus.items()}
    seen: Counter[tuple[str, str]] = Counter()
    rows: list[Row] = []
    repeated = 0
    for line, cells in table.rows:
        order, product, quantity, number, language = ["" if p is None else cells[p].strip() for p in places]
        sku = skus.get(product.casefold(), "")
        refusals = _rounded(order, number)
        if not order:
            refusals.append(Refusal(Code.KEY_MISSING, "key"))
        if not sku:
            refusals.append(Refusal(Code.PRODUCT_NOT_MAPPED, "product"))
        pieces = int(quantity or "1") if (quantity or "1").isdecimal() and len(quantity) <= 3 else 0
        if not 1 <= pieces <= MOST_PIECES:
            refusals.append(Refusal(Code.QUANTITY_UNREADABLE, "quantity", {"most": str(MOST_PIECES)}))
            pieces = 1
        asked = (sku, "", "", number, "", "", language, "")
        if len(rows) + pieces > MAX_ROWS:
            return too_many()
        repeated += (pieces - 1) * sum(map(len, cells))
        if repeated > MAX_BYTES:  # a long note in each row, and a hundred pieces of each
            return Refusal(Code.FILE_TOO_LARGE, "file", {"most": str(MAX_BYTES // 1024**2), "why": "pieces"})
        for _ in range(pieces):
            seen[order, product.casefold()] += 1
            nth = seen[order, product.casefold()]
            key = _key(source.platform, order, product, nth) if order else ""
            rows.append(Row(line, key, asked, cells, tuple(refusals)))
    return rows


def _rounded(key: str, number: str) -> list[Refusal]:
    """Of two orders whose numbers were rounded to the same one, the second would be the first's."""
    said = (("key", key), ("number", number))
    return [Refusal(Code.CELL_ROUNDED, about) for about, text in said if _ROUNDED.fullmatch(text)]


def _key(platform: str, order: str, product: str, nth: int) -> str:
    """At most 64 signs that begin with the order's number, so that a person knows it again."""
    told = "\0".join((platform, order, product.casefold(), str(nth))).encode()
    return f"{order[:_NUMBER_SHOWN]}#{hashlib.blake2b(told, digest_size=16).hexdigest()}"


def _columns(unknown: list[str], missing: list[str]) -> Refusal:
    told = {"unknown": ", ".join(name[:40] for name in unknown[:20]), "missing": ", ".join(missing)}
    return Refusal(Code.COLUMNS_WRONG, "file", told)
