"""CODA, the statement of Belgian banks: lines of 128 signs, version 2 (Febelfin, “Coded statement of account”, 2.x).

0 header · 1 old balance · 2.1 2.2 2.3 a movement · 3.x information · 8 new balance · 4 a free message · 9 trailer

A movement whose amount is a total (types 1 and 2) is followed by its details (5, 6, 7); those are the lines then. Other
details (8, 9) take an amount apart into costs and taxes: the movement itself is the line. The trailer counts lines and
amounts, so a file that was cut is noticed. What is not read is not guessed: communications of a type other than 101
(a structured reference) are looked through like free text, as long as they are no card's number (113, 114).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from opla.core import structured
from opla.core.own_account import clean_iban
from opla.core.refusal import Code
from opla.core.statement.model import Line, Source, Statement, Unreadable

_WIDTH: Final = 128
_ACCOUNT_BELGIAN_IBAN, _ACCOUNT_FOREIGN_IBAN = "2", "3"
_COUNTED: Final = "1238"  # by the trailer; free messages are not, as three files of three banks show
_TOTALS, _DETAILS = "12", "567"
_CARDS = ("113", "114")
#: Operations that undo an earlier booking, in every family: cancellation or correction (assumed from other readers of
#: CODA; the annex itself was not at hand).
_UNDONE: Final = ("49", "99")


@dataclass
class _Movement:
    """One movement or detail as its records say it."""

    amount_minor: int
    booked_on: date
    kind: str
    code: str
    bank_ref: str
    structured: bool
    comm_type: str
    parts: list[str] = field(default_factory=list)
    name: str = ""
    iban: str = ""
    returned: bool = False
    details: list[_Movement] = field(default_factory=list)


@dataclass
class _Open:
    """A statement that is being read. `counted` records, and what the trailer must say of them."""

    account: str = ""
    currency: str = ""
    number: int = 0
    opening_minor: int | None = None
    opened_on: date | None = None
    closing_minor: int | None = None
    closed_on: date | None = None
    counted: int = 0
    debits: int = 0  # in thousandths, as written
    credits: int = 0
    movements: list[_Movement] = field(default_factory=list)


def read(data: bytes) -> list[Statement]:
    """Every statement of the file. Raises `Unreadable`, naming the line."""
    statements: list[Statement] = []
    current: _Open | None = None
    rows = _rows(data)
    for n, row in enumerate(rows, start=1):
        line = row.ljust(_WIDTH)
        kind = line[0]
        if kind == "0":
            if current is not None:
                raise Unreadable(Code.STATEMENT_CUT, line=str(n))
            if line[127] != "2":
                raise Unreadable(Code.STATEMENT_UNKNOWN)
            current = _Open()
            continue
        if current is None:
            raise Unreadable(Code.STATEMENT_UNKNOWN if n == 1 else Code.STATEMENT_CUT, line=str(n))
        if kind == "9":
            statements.append(_ended(current, line, n))
            current = None
            continue
        current.counted += kind in _COUNTED
        try:
            _RECORDS[kind](current, line)
        except (KeyError, ValueError, IndexError):
            raise Unreadable(Code.STATEMENT_CUT if n == len(rows) else Code.STATEMENT_BROKEN, line=str(n)) from None
    if current is not None or not statements:
        raise Unreadable(Code.STATEMENT_CUT, line=str(len(rows)))
    return statements


def _rows(data: bytes) -> list[str]:
    """The lines that say something. Banks write Windows-1252; of a file saved again in UTF-8 the columns still stand.

    Raises `Unreadable` where the signs fit into no line of 128.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data:
        raise Unreadable(Code.STATEMENT_CHARSET, line="1")
    long = ""
    for charset in ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(charset, "strict" if charset == "utf-8-sig" else "replace")
        except UnicodeDecodeError:
            continue
        rows = [row for row in re.split(r"\r\n|\r|\n", text) if row.strip()]
        long = next((str(n) for n, row in enumerate(rows, start=1) if len(row.rstrip()) > _WIDTH), "")
        if not long:
            return rows
    raise Unreadable(Code.STATEMENT_BROKEN if data.isascii() else Code.STATEMENT_CHARSET, line=long)


def _old_balance(current: _Open, line: str) -> None:
    if current.opening_minor is not None or current.movements:
        raise ValueError("a second old balance")
    structure = line[1]
    if structure not in (_ACCOUNT_BELGIAN_IBAN, _ACCOUNT_FOREIGN_IBAN):
        raise Unreadable(Code.STATEMENT_INCOMPLETE, field="IBAN")
    current.account = clean_iban(line[5:39]) or line[5:39].strip()
    current.currency, current.number = line[39:42], int(line[2:5])
    current.opening_minor = _amount(line[42], line[43:58])
    current.opened_on = _day(line[58:64]) if line[58:64].strip("0 ") else None


def _movement(current: _Open, line: str) -> None:
    article, first = line[1], line[6:10] == "0000"
    if article == "1":
        thousandths = int(line[32:47])
        if first and line[31] == "1":
            current.debits += thousandths
        elif first:
            current.credits += thousandths
        moved = _Movement(
            _amount(line[31], line[32:47]),
            _day(line[115:121]),
            line[53],
            line[54:58],
            line[10:31].strip(),
            line[61] == "1",
            line[62:65] if line[61] == "1" else "",
            [line[65:115] if line[61] == "1" else line[62:115]],
        )
        (current.movements if first else current.movements[-1].details).append(moved)
        return
    moved = current.movements[-1] if first else current.movements[-1].details[-1]
    if article == "2":
        moved.parts.append(line[10:63])
        moved.parts.append(" " + line[63:98].strip())  # the customer's reference, apart from the text
        moved.returned = line[112] in "1234"  # an R-transaction: reject, return, refund, reversal
    elif article == "3":
        moved.iban, moved.name = clean_iban(line[10:44]), line[47:82].strip()
        moved.parts.append(line[82:125])
    else:
        raise ValueError("no such record")


def _beside(current: _Open, line: str) -> None:
    """Information: what a transfer says beyond 2.3, as free text."""
    if line[1] == "1" and current.movements and line[39] == "0":
        moved = current.movements[-1]
        (moved.details[-1] if moved.details else moved).parts.append(" " + line[40:113].rstrip())


def _new_balance(current: _Open, line: str) -> None:
    current.closing_minor, current.closed_on = _amount(line[41], line[42:57]), _day(line[57:63])


def _message(_current: _Open, _line: str) -> None:
    """The bank's free text to its customer."""


_RECORDS: Final = {"1": _old_balance, "2": _movement, "3": _beside, "8": _new_balance, "4": _message}


def _amount(sign: str, text: str) -> int:
    """Fifteen digits in thousandths, as minor units. Raises ValueError where it is no whole cent."""
    thousandths = int(text)
    if sign not in "01" or thousandths % 10 or not text.isdigit():
        raise ValueError("no amount")
    return -thousandths // 10 if sign == "1" else thousandths // 10


def _day(text: str) -> date:
    return date(2000 + int(text[4:6]), int(text[2:4]), int(text[:2]))


def _ended(current: _Open, trailer: str, n: int) -> Statement:
    """The statement, if the trailer agrees with what came before it."""
    try:
        counted, debits, credits_ = int(trailer[16:22]), int(trailer[22:37]), int(trailer[37:52])
    except ValueError:
        raise Unreadable(Code.STATEMENT_CUT, line=str(n)) from None
    if (counted, debits, credits_) != (current.counted, current.debits, current.credits):
        raise Unreadable(Code.STATEMENT_CUT, line=str(n))
    if current.opening_minor is None or current.closing_minor is None or current.closed_on is None:
        raise Unreadable(Code.STATEMENT_CUT, line=str(n))
    lines = tuple(line for moved in current.movements for line in _lines(moved))
    days = [line.booked_on for line in lines]
    return Statement(
        Source.CODA,
        current.account,
        current.currency,
        f"{current.closed_on.year}/{current.number:03d}/{current.closed_on:%m%d}",
        current.number,
        min([*days, current.closed_on]),
        current.closed_on,
        current.opening_minor,
        current.closing_minor,
        lines,
    )


def _lines(moved: _Movement) -> list[Line]:
    details = [one for one in moved.details if one.kind in _DETAILS]
    if moved.kind in _TOTALS and details and sum(one.amount_minor for one in details) == moved.amount_minor:
        return [_line(one) for one in details]
    return [_line(moved)]


def _line(moved: _Movement) -> Line:
    text = "".join(moved.parts)
    found = frozenset[str]()
    if moved.structured and moved.comm_type == "101":
        twelve = moved.parts[0][:12]
        found = frozenset({twelve} if structured.is_number(twelve) else ())
    elif not moved.structured or moved.comm_type not in _CARDS:
        found = structured.found_in(text, " ".join(moved.parts))
    return Line(
        moved.booked_on,
        moved.amount_minor,
        moved.bank_ref,
        " ".join(text.split()),
        found,
        moved.name,
        moved.iban,
        reversal=moved.returned or moved.code[2:] in _UNDONE,
    )
