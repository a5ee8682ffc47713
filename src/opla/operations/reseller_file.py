"""A reseller's file of orders: read whole, then placed in batches. The same file again places nothing new."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from opla.core.actor import Actor
from opla.core.refusal import Code, Refusal
from opla.operations.place_from_float import Asked, Reserved, place_from_float
from opla.operations.quote_topup import Wanted
from opla.operations.shop import Shop

#: `key` is what the reseller calls the order; either `sku`, or `operator` and `amount`.
#: `device` is what was said of the phone that an eSIM is for, as the shop's own check of it writes it.
COLUMNS = ("key", "sku", "operator", "amount", "number", "plan", "email", "language", "device")
_NEEDED = frozenset({"key"})
MAX_BYTES = 32 * 1024 * 1024
#: Orders that are placed, or not, together. A float is locked while they are.
BATCH = 1000


@dataclass(frozen=True)
class Line:
    """What became of one line of the file, counted from 1, its heading included."""

    number: int
    key: str
    answer: Reserved | list[Refusal]


def read_file(reseller: str, email: str, data: bytes) -> list[tuple[int, Asked]] | Refusal:
    """The orders of a CSV file (UTF-8, comma or semicolon), each with its line; `email` where a line has none."""
    if len(data) > MAX_BYTES:
        return Refusal(Code.FILE_UNREADABLE, "file", {"why": "size"})
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Refusal(Code.FILE_UNREADABLE, "file", {"why": "encoding"})
    heading, _, _ = text.partition("\n")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";" if heading.count(";") > heading.count(",") else ",")
    asked = []
    try:
        names = [name.strip().lower() for name in next(rows, [])]
        if not set(names) >= _NEEDED or not set(names) <= set(COLUMNS) or len(set(names)) != len(names):
            return Refusal(Code.FILE_UNREADABLE, "file", {"why": "columns"})
        places = [names.index(column) if column in names else len(names) for column in COLUMNS]
        for row in rows:
            if not row:
                continue
            values = [*row, *[""] * (len(names) + 1 - len(row))]
            key, sku, operator, amount, number, plan, to, language, device = [values[place] for place in places]
            wanted = Wanted(
                operator, amount, to or email, language or "en", sku=sku, number=number, plan=plan, device=device
            )
            asked.append((rows.line_num, Asked(reseller, key, wanted)))
    except csv.Error:
        return Refusal(Code.FILE_UNREADABLE, "file", {"why": "csv"})
    return asked


def place_file(actor: Actor, asked: list[tuple[int, Asked]], *, shop: Shop, at: datetime) -> Iterator[list[Line]]:
    """Place them, a batch at a time, with what became of each line. A bad line never fails the others."""
    lines = iter(asked)
    while batch := list(islice(lines, BATCH)):
        answers = place_from_float(actor, [one for _, one in batch], shop=shop, at=at)
        yield [Line(number, one.key, answer) for (number, one), answer in zip(batch, answers, strict=True)]
