"""Statements of our bank, written by hand: small files with whatever a test wants in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, timedelta
from xml.sax.saxutils import escape

OUR_IBAN = "BE68539007547034"
PAYER = "BE71096123456769"
DAY = date(2026, 11, 23)


def _amount(minor: int) -> str:
    return f"{abs(minor) // 100}.{abs(minor) % 100:02d}"


def _remittance(text: str, structured: str) -> str:
    """`|` is where the bank breaks a text into two elements."""
    parts = "".join(f"<Ustrd>{escape(part)}</Ustrd>" for part in text.split("|") if part)
    if structured:
        kind = "<Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry><Issr>BBA</Issr></Tp>"
        parts += f"<Strd><CdtrRefInf>{kind}<Ref>{structured}</Ref></CdtrRefInf></Strd>"
    return f"<RmtInf>{parts}</RmtInf>" if parts else ""


def entry(
    minor: int, *, text: str = "", structured: str = "", iban: str = "", name: str = "", ref: str = "",
    day: date = DAY, status: str = "BOOK", reversal: bool = False, parts: list[tuple[int | None, str]] | None = None,
) -> tuple[int, str]:  # fmt: skip
    """One entry of camt, as the balance counts it and as it is written. `parts` are (amount, text) of a bundle."""
    side = "CRDT" if minor >= 0 else "DBIT"
    party = "Dbtr" if (minor >= 0) is not reversal else "Cdtr"
    related = f"<{party}><Pty><Nm>{escape(name)}</Nm></Pty></{party}>" if name else ""
    related += f"<{party}Acct><Id><IBAN>{iban}</IBAN></Id></{party}Acct>" if iban else ""
    details = ""
    for amount, said in parts or [(None, text)]:
        own = f'<Amt Ccy="EUR">{_amount(amount)}</Amt><CdtDbtInd>{side}</CdtDbtInd>' if amount is not None else ""
        details += f"<TxDtls>{own}<RltdPties>{related}</RltdPties>{_remittance(said, structured)}</TxDtls>"
    written = (
        f'<Ntry><Amt Ccy="EUR">{_amount(minor)}</Amt><CdtDbtInd>{side}</CdtDbtInd>'
        f"<RvslInd>{str(reversal).lower()}</RvslInd><Sts><Cd>{status}</Cd></Sts><BookgDt><Dt>{day}</Dt></BookgDt>"
        + (f"<AcctSvcrRef>{ref}</AcctSvcrRef>" if ref else "")
        + f"<BkTxCd/><NtryDtls>{details}</NtryDtls></Ntry>"
    )
    return (minor if status == "BOOK" else 0), written


def camt(
    *entries: tuple[int, str], message: str = "053", version: str = "08", number: int = 1, opening: int = 10000,
    identity: str = "", iban: str = OUR_IBAN,
) -> bytes:  # fmt: skip
    """A statement (053), or a notification (054)."""
    closing = opening + sum(minor for minor, _ in entries)

    def balance(code: str, minor: int) -> str:
        side = "CRDT" if minor >= 0 else "DBIT"
        return (
            f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{_amount(minor)}</Amt>'
            f"<CdtDbtInd>{side}</CdtDbtInd><Dt><Dt>{DAY}</Dt></Dt></Bal>"
        )

    root, one = ("BkToCstmrStmt", "Stmt") if message == "053" else ("BkToCstmrDbtCdtNtfctn", "Ntfctn")
    name = identity or f"{message}-{number}"
    balances = balance("OPBD", opening) + balance("CLBD", closing) if message == "053" else ""
    made = DAY + timedelta(days=number)
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{message}.001.{version}"><{root}>'
        f"<GrpHdr><MsgId>m{number}</MsgId><CreDtTm>{made}T06:00:00</CreDtTm></GrpHdr>"
        f"<{one}><Id>{name}</Id><ElctrncSeqNb>{number}</ElctrncSeqNb><CreDtTm>{made}T06:00:00</CreDtTm>"
        f"<Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>EUR</Ccy></Acct>{balances}"
        + "".join(written for _, written in entries)
        + f"</{one}></{root}></Document>\n"
    )
    if version < "08":  # before that a status was a word, and who a party is stood in it
        text = re.sub(r"<Sts><Cd>(\w+)</Cd></Sts>", r"<Sts>\1</Sts>", text)
        text = text.replace("<Pty>", "").replace("</Pty>", "")
    return text.encode()


@dataclass
class Coda:
    """A statement in lines of 128 signs."""

    number: int = 7
    opening: int = 5000
    iban: str = OUR_IBAN
    day: date = DAY
    rows: list[str] = field(default_factory=list)
    total: int = 0
    debits: int = 0
    credits: int = 0
    articles: int = 0

    def move(
        self, minor: int, *, reference: str = "", text: str = "", iban: str = "", name: str = "", ref: str = "",
        kind: str = "0", comm_type: str = "101", returned: str = " ", details: list[tuple[int, str]] | None = None,
    ) -> Coda:  # fmt: skip
        self.articles += 1
        self._movement(0, minor, reference, text, iban, name, ref, kind, comm_type, returned)
        self.total += minor
        if minor < 0:
            self.debits -= minor
        else:
            self.credits += minor
        for n, (part, number) in enumerate(details or [], start=1):
            self._movement(n, part, number, "", "", "", "", "6" if kind == "2" else "5", "101", " ")
        return self

    def _movement(
        self, detail: int, minor: int, reference: str, text: str, iban: str, name: str, ref: str, kind: str,
        comm_type: str, returned: str,
    ) -> None:  # fmt: skip
        place = f"{self.articles:04d}{detail:04d}"
        said = f"1{comm_type}{reference:<50}" if reference else f"0{text:<53.53}"
        day, sign = f"{self.day:%d%m%y}", "1" if minor < 0 else "0"
        code = f"{kind}0150000" if minor >= 0 else f"{kind}0101000"
        self._row(f"21{place}{ref:<21}{sign}{abs(minor) * 10:015d}{day}{code}{said:<54}{day}{self.number:03d}01 0")
        self._row(f"22{place}{text[53:106]:<53}{'':<35}{'':<11}   {returned}{'':<12}1 0")
        self._row(f"23{place}{iban:<34}EUR{name:<35.35}{'':<43}0 0")

    def _row(self, row: str) -> None:
        assert len(row) <= 128, (len(row), row)
        self.rows.append(row.ljust(128))

    def file(self) -> bytes:
        closing, day = self.opening + self.total, f"{self.day:%d%m%y}"

        def balance(minor: int) -> str:
            return f"{'1' if minor < 0 else '0'}{abs(minor) * 10:015d}{day}"

        head = [
            f"00000{day}53905{'':<8}{'':<10}{'THE SHOP':<26}{'KREDBEBB':<11}00000000000 00000".ljust(127) + "2",
            f"12{self.number:03d}{self.iban:<34}EUR{balance(self.opening)}".ljust(128),
        ]
        tail = [
            f"8{self.number:03d}{self.iban:<34}EUR{balance(closing)}".ljust(127) + "0",
            f"9{'':<15}{len(self.rows) + 2:06d}{self.debits * 10:015d}{self.credits * 10:015d}".ljust(127) + "2",
        ]
        return "\n".join([*head, *self.rows, *tail, ""]).encode("cp1252")
