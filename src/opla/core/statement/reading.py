"""Which kind of file it is, and whether it is one of ours."""

from __future__ import annotations

from opla.core.refusal import Code
from opla.core.statement import camt, coda
from opla.core.statement.model import MAX_BYTES, Statement, Unreadable

#: What may stand before the first sign: marks of byte order, blanks, and the other halves of wide signs.
_BEFORE = bytes({*b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"})


def read(data: bytes, *, account: str, currency: str) -> list[Statement]:
    """The statements of one file for this account, each seen to add up. Raises `Unreadable`: then none of it counts."""
    if len(data) > MAX_BYTES:
        raise Unreadable(Code.FILE_TOO_LARGE, most=str(MAX_BYTES // 1024 // 1024))
    begins = data.lstrip(_BEFORE)[:1]
    if not begins:
        raise Unreadable(Code.STATEMENT_EMPTY)
    if begins == b"<":
        statements = camt.read(data)
    elif begins == b"0":
        statements = coda.read(data)
    else:
        raise Unreadable(Code.STATEMENT_UNKNOWN)
    for found in statements:
        if found.account != account:
            raise Unreadable(Code.STATEMENT_OTHER_ACCOUNT, ends=found.account[-4:])
        if found.currency != currency:
            raise Unreadable(Code.STATEMENT_CURRENCY, currency=found.currency)
        if not found.adds_up:
            raise Unreadable(Code.STATEMENT_SUM, statement=found.identity)
    return statements
