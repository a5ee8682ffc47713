"""Statements (camt.053) and notifications (camt.054) of ISO 20022, in any version from 02 on.

Only what is booked is money: entries that are pending or for information are left out. An entry that bundles several
transfers is as many lines, where the bank tells their amounts and they make the entry's; else it is one.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from opla.core import structured
from opla.core.money import MINOR_DIGITS, Money
from opla.core.own_account import clean_iban
from opla.core.refusal import Code
from opla.core.statement.model import Line, Source, Statement, Unreadable
from opla.core.statement.xml import Element, parse

_NAMESPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.05([34])\.001\.(\d\d)")
#: Message → what holds its statements, what one is called, what sort of file it is.
_SHAPES: Final = {
    "3": ("BkToCstmrStmt", "Stmt", Source.CAMT_053),
    "4": ("BkToCstmrDbtCdtNtfctn", "Ntfctn", Source.CAMT_054),
}
#: What banks write where they have no number.
_NO_REF: Final = ("NONREF", "NOREF", "NOTPROVIDED")
_OPENING, _CLOSING = ("OPBD", "PRCD"), ("CLBD",)


def read(data: bytes) -> list[Statement]:
    """Every statement of the file. Raises `Unreadable`."""
    root = parse(data)
    found = _NAMESPACE.fullmatch(root.namespace)
    if root.name != "Document" or found is None:
        raise Unreadable(Code.STATEMENT_UNKNOWN)
    message, one, source = _SHAPES[found[1]]
    statements = [_statement(element, source) for element in root.all(message, one)]
    if not statements:
        raise Unreadable(Code.STATEMENT_EMPTY)
    return statements


def _statement(element: Element, source: Source) -> Statement:
    identity = element.said("Id")
    account = clean_iban(element.said("Acct", "Id", "IBAN") or element.said("Acct", "Id", "Othr", "Id"))
    entries = [e for e in element.all("Ntry") if (e.said("Sts", "Cd") or e.said("Sts")) == "BOOK"]
    balances = element.all("Bal")
    opening, closing = _balance(balances, _OPENING), _balance(balances, _CLOSING)
    currency = element.said("Acct", "Ccy") or next(
        (amount.attributes.get("Ccy", "") for e in (*balances, *entries) if (amount := e.one("Amt"))), ""
    )
    days = [_day(e) for e in entries]
    made = _date(element.said("CreDtTm"))
    from_on = _date(element.said("FrToDt", "FrDtTm")) or min(days, default=None) or made
    until_on = _date(element.said("FrToDt", "ToDtTm")) or max(days, default=None) or made
    if not identity or not account or not currency or from_on is None or until_on is None:
        raise Unreadable(Code.STATEMENT_INCOMPLETE, field=_missing(identity, account, currency))
    number = element.said("ElctrncSeqNb") or element.said("LglSeqNb")
    return Statement(
        source,
        account,
        currency,
        identity,
        int(number) if number.isdigit() else None,
        from_on,
        until_on,
        opening,
        closing,
        tuple(line for entry in entries for line in _lines(entry, currency)),
    )


def _missing(identity: str, account: str, currency: str) -> str:
    return "Id" if not identity else "Acct" if not account else "Ccy" if not currency else "CreDtTm"


def _balance(balances: list[Element], codes: tuple[str, ...]) -> int | None:
    """The balance of the first of these codes that is there, in minor units."""
    for code in codes:
        for balance in balances:
            if balance.said("Tp", "CdOrPrtry", "Cd") == code:
                return _signed(balance)
    return None


def _signed(element: Element) -> int:
    """An amount with its direction, in minor units."""
    amount = element.one("Amt")
    currency = amount.attributes.get("Ccy", "") if amount is not None else ""
    if amount is None or currency not in MINOR_DIGITS:
        raise Unreadable(Code.STATEMENT_CURRENCY, currency=currency or "?")
    found = _decimal(amount.text.strip(), currency)
    if found is None:
        raise Unreadable(Code.STATEMENT_INCOMPLETE, field="Amt")
    direction = element.said("CdtDbtInd")
    if direction not in ("CRDT", "DBIT"):
        raise Unreadable(Code.STATEMENT_INCOMPLETE, field="CdtDbtInd")
    return -found if direction == "DBIT" else found


def _decimal(text: str, currency: str) -> int | None:
    """Exactly; ISO 20022 allows more digits after the point than a currency has, as long as they are zeros."""
    whole, _, rest = text.partition(".")
    digits = MINOR_DIGITS[currency]
    if rest[digits:].strip("0"):
        return None
    found = Money.parse(f"{whole}.{rest[:digits]}" if rest[:digits] else whole, currency)
    return found.amount_minor if found is not None and found.amount_minor >= 0 else None


def _day(entry: Element) -> date:
    for name in ("BookgDt", "ValDt"):
        found = _date(entry.said(name, "Dt") or entry.said(name, "DtTm"))
        if found is not None:
            return found
    raise Unreadable(Code.STATEMENT_INCOMPLETE, field="BookgDt")


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _lines(entry: Element, currency: str) -> list[Line]:
    whole, day = _signed(entry), _day(entry)
    amount = entry.one("Amt")
    if amount is not None and amount.attributes.get("Ccy") != currency:
        raise Unreadable(Code.STATEMENT_CURRENCY, currency=amount.attributes.get("Ccy", "?"))
    details = entry.all("NtryDtls", "TxDtls")
    parts = _parts(details, whole, currency)
    if len(details) > 1 and parts is not None:
        return [_line(entry, detail, part, day) for detail, part in zip(details, parts, strict=True)]
    if len(details) == 1:
        return [_line(entry, details[0], whole, day)]
    # Several transfers, and no amounts for them: who sent what cannot be known, so no reference is taken.
    return [Line(day, whole, _bank_ref(entry), entry.said("AddtlNtryInf"), reversal=_reversal(entry))]


def _parts(details: list[Element], whole_minor: int, currency: str) -> list[int] | None:
    """What each transfer of an entry moved, where the bank says so and they make the whole."""
    found = []
    for detail in details:
        amount = detail.one("Amt") or detail.one("AmtDtls", "TxAmt", "Amt")
        if amount is None or amount.attributes.get("Ccy") != currency:
            return None
        part = _decimal(amount.text.strip(), currency)
        if part is None:
            return None
        direction = detail.said("CdtDbtInd")
        found.append(-part if direction == "DBIT" or (not direction and whole_minor < 0) else part)
    return found if sum(found) == whole_minor else None


def _line(entry: Element, detail: Element, amount_minor: int, day: date) -> Line:
    other = ("Dbtr", "DbtrAcct") if amount_minor >= 0 else ("Cdtr", "CdtrAcct")
    if _reversal(entry, detail):  # the parties are those of what is taken back
        other = ("Cdtr", "CdtrAcct") if amount_minor >= 0 else ("Dbtr", "DbtrAcct")
    party, account = other
    remittance = [e.text.strip() for e in detail.all("RmtInf", "Ustrd")]
    numbered = [e.text.strip() for e in detail.all("RmtInf", "Strd", "CdtrRefInf", "Ref")]
    said = [e.text.strip() for e in detail.all("RmtInf", "Strd", "AddtlRmtInf")]
    end_to_end = detail.said("Refs", "EndToEndId")
    text = " ".join(part for part in (*numbered, *remittance, *said) if part)
    return Line(
        day,
        amount_minor,
        _bank_ref(entry, detail),
        text or entry.said("AddtlNtryInf"),
        # A bank breaks long texts into several elements, with or without a blank that was there.
        structured.found_in(*numbered, *said, *remittance, " ".join(remittance), "".join(remittance), end_to_end),
        detail.said("RltdPties", party, "Nm") or detail.said("RltdPties", party, "Pty", "Nm"),
        clean_iban(detail.said("RltdPties", account, "Id", "IBAN")),
        reversal=_reversal(entry, detail),
    )


def _bank_ref(entry: Element, detail: Element | None = None) -> str:
    found = (detail.said("Refs", "AcctSvcrRef") if detail is not None else "") or entry.said("AcctSvcrRef")
    return "" if found.upper().replace(" ", "") in _NO_REF else found


def _reversal(entry: Element, detail: Element | None = None) -> bool:
    returned = detail is not None and detail.one("RtrInf") is not None
    return entry.said("RvslInd") in ("true", "1") or returned
