"""Our own bank in a simulation: customers transfer to it, its statements are imported, and it sends what our file asks.

What is on the account is this machine's alone to know; our books learn it from files, some of them twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Final, Protocol
from uuid import UUID
from xml.etree import ElementTree as ET

from django.db.utils import OperationalError

from opla.core.actor import Actor, Role
from opla.core.day import day_of
from opla.core.money import Money
from opla.core.own_account import OwnAccount
from opla.core.refusal import Code, Refusal
from opla.core.structured import belgian, rf
from opla.core.transfer_file import NAMESPACE
from opla.counterparts.standins import Taken
from opla.db.queries import transfers_out as queries
from opla.db.queries.bank import Book
from opla.db.queries.call import expect, select
from opla.operations import transfers_out
from opla.operations.resolve_item import Wanted, resolve_item
from opla.operations.shop import Shop
from opla.operations.statements import import_statement
from opla.payments.bank_transfer.provider import OwnAccountTransfers
from opla.proving.baton import Died
from opla.proving.faults import Fault, Faults
from opla.proving.world import Agenda

ACCOUNT: Final = OwnAccount("BE68539007547034", "Simulated Shop")
_OWNER: Final = Actor(Role.OWNER, "simulated")
_PAYER: Final = "BE71096123456769"
#: How people write a reference: as the page shows it, as banks abroad do, bare, and in a sentence of their own.
_WRITTEN: Final[tuple[Callable[[str], str], ...]] = (belgian, rf, str, lambda number: f"merci {belgian(number)} top-up")
_EVERY_S: Final = 900
_ITEM_GONE: Final = frozenset({Code.ITEM_CLOSED, Code.RESOLUTION_UNKNOWN})


class World(Protocol):
    """What the bank touches."""

    shop: Shop
    agenda: Agenda
    faults: Faults

    def now(self) -> datetime: ...


@dataclass(frozen=True)
class _Line:
    """One line of the account. `ref` is the bank's own number for it."""

    ref: str
    amount_minor: int
    text: str
    reversal: bool = False


class _Expecting(Book):
    """Tells the bank of each reference that is given out, as a customer would who opens their banking app."""

    def __init__(self, bank: Bank, shop: Shop) -> None:
        super().__init__(bank.now, shop.chance)
        self._bank = bank

    def expect(self, reference: str) -> str:
        number = super().expect(reference)
        self._bank.expected(reference, number)
        return number


class Bank:
    """Where transfers come in and leave. It is `Takes`, and its adapter is the real one."""

    def __init__(self, world: World, chance: Random, requests: deque[Callable[[], None]]) -> None:
        self._world, self._chance, self._requests = world, chance, requests
        self.opened: Callable[[Taken], None] = lambda _: None
        self.changed: Callable[[Taken], None] = lambda _: None
        self.taken: dict[str, Taken] = {}  # by the number it is paid under
        self.given_back: dict[str, int] = {}
        self._lines: list[_Line] = []
        self._stated = 0
        self._statements = 0
        self.unsaid: dict[str, str] = {}  # the bank's number of a line that says nothing → the number it is for
        self._asked: set[str] = set()  # the files it has taken, by their name

    def adapter(self) -> OwnAccountTransfers:
        return OwnAccountTransfers(_Expecting(self, self._world.shop))

    def now(self) -> datetime:
        return self._world.now()

    # ── what customers do ──

    def expected(self, reference: str, number: str) -> None:
        if number in self.taken:
            return
        [(amount_minor, currency)] = select(
            "SELECT p.amount_minor, p.currency FROM attempt a JOIN payment p ON p.id = a.payment_id "
            "WHERE a.reference = %s",
            [reference],
        )
        self.taken[number] = Taken(number, reference, expect(amount_minor, int), expect(currency, str))
        self.opened(self.taken[number])

    def pay(self, id_: str, amount_minor: int | None = None) -> None:
        session = self.taken[id_]
        amount_minor = session.amount_minor if amount_minor is None else amount_minor
        session.captured_minor += amount_minor
        if self._world.faults.strikes(Fault.FORGETS_REFERENCE):
            self.unsaid[self._book(amount_minor, "thank you")] = id_
        else:
            self._book(amount_minor, _WRITTEN[self._chance.randrange(len(_WRITTEN))](id_))

    def fail(self, id_: str, why: str) -> None:
        """Nobody hears of a transfer that is not made."""

    def charge_back(self, id_: str) -> None:
        """The payer's bank takes it back."""
        session = self.taken[id_]
        if session.kept_minor > 0 and id_ not in self.unsaid.values():
            self._book(-session.kept_minor, belgian(id_), reversal=True)
            session.charged_back_minor += session.kept_minor

    def refund_outside(self, id_: str) -> None:
        """The owner sends it back by hand, under the number it came with."""
        session = self.taken[id_]
        if session.kept_minor > 0 and id_ not in self.unsaid.values():
            kept = session.kept_minor
            self._book(-kept, belgian(id_))
            session.outside_minor += kept
            session.refunded_minor += kept

    def _book(self, amount_minor: int, text: str, *, reversal: bool = False) -> str:
        ref = f"R{len(self._lines):08d}"
        self._lines.append(_Line(ref, amount_minor, text, reversal))
        return ref

    # ── what the owner does, four times an hour ──

    def settle(self) -> None:
        """The owner has hours of their own."""

    def open(self) -> None:
        """The owner brings the file of what is owed, takes a statement home, decides what lies on their list, and
        comes again.
        """
        self._world.agenda.after(_EVERY_S * (8 if self._world.faults.quiet else 1), self.open)
        self._request(self._send_back)
        lines, self._stated = self._lines[self._stated :], len(self._lines)
        if lines:
            self._statements += 1
            before = sum(line.amount_minor for line in self._lines[: self._stated - len(lines)])
            number, on = self._statements, day_of(self.now()).isoformat()
            files = [_statement(lines, number, before, on, notification=False)]
            if self._world.faults.strikes(Fault.STATEMENT_AGAIN):
                files = [_statement(lines, number, before, on, notification=True), *files, *files]
            for file in files:
                self._request(lambda file=file: self._import(file))  # type: ignore[misc]  # mypy: a default in a lambda
        self._request(self._decide)

    def _request(self, act: Callable[[], None]) -> None:
        """To the shop; whose page broke presses again."""

        def request() -> None:
            try:
                act()
            except (OperationalError, Died):
                self._world.agenda.after(2, lambda: self._request(act))
                raise

        self._requests.append(request)

    def _import(self, file: bytes) -> None:
        found = import_statement(_OWNER, file, shop=self._world.shop, at=self.now())
        if isinstance(found, Refusal):
            raise AssertionError(f"a statement was refused: {found}")  # noqa: TRY004 - a finding, not a type

    def _send_back(self) -> None:
        """A file of all that is owed; what the bank refuses of an older one comes free first."""
        shop = self._world.shop
        for file in queries.files(limit=1_000):
            if not file.open:
                continue
            data = transfers_out.read(_OWNER, file.id, shop=shop)
            if isinstance(data, bytes):
                self._execute(file.id, data)
        made = transfers_out.make(_OWNER, shop=shop, at=self.now())
        if not isinstance(made, Refusal):
            data = transfers_out.read(_OWNER, made, shop=shop)
            if isinstance(data, bytes):
                self._execute(made, data)

    def _execute(self, file_id: UUID, data: bytes) -> None:
        """The bank takes a file once, whoever uploads it again; some of its transfers it refuses."""
        root = ET.fromstring(data)  # noqa: S314 - we wrote it
        name = {"p": NAMESPACE}
        message = root.findtext(".//p:MsgId", namespaces=name)
        if message is None or message in self._asked:
            return
        self._asked.add(message)
        refused = []
        for one in root.iterfind(".//p:CdtTrfTxInf", name):
            number = one.findtext("p:PmtId/p:EndToEndId", "", name)
            amount = Money.parse(one.findtext("p:Amt/p:InstdAmt", "", name), "EUR")
            if self._world.faults.strikes(Fault.TRANSFER_REFUSED) or amount is None:
                refused.append(number)
            else:
                self._send(number, amount.amount_minor)
        if refused:
            self._request(lambda: self._free(file_id, refused))

    def _send(self, number: str, amount_minor: int) -> None:
        rows = select(
            """SELECT x.reference, n.number FROM bank_reference b JOIN attempt x ON x.reference = b.attempt
               JOIN refund r ON r.id = x.refund_id JOIN attempt c ON c.payment_id = r.payment_id AND c.kind = 'charge'
               JOIN bank_reference n ON n.attempt = c.reference WHERE b.number = %s""",
            [number],
        )
        [(reference, charged)] = rows
        self._book(-amount_minor, belgian(number))
        self.given_back[expect(reference, str)] = amount_minor
        self.taken[expect(charged, str)].refunded_minor += amount_minor

    def _free(self, file_id: UUID, numbers: Sequence[str]) -> None:
        transfers_out.free(_OWNER, file_id, numbers, "the bank refused it", at=self.now())

    def _decide(self) -> None:
        """What shows no reference: the owner calls the customer, and hears which order it is for."""
        for item_id, ref in select(
            """SELECT i.id, l.bank_ref FROM item i JOIN bank_line l ON l.id = i.subject
               WHERE i.kind = 'bank_line' AND i.closed_at IS NULL ORDER BY i.id"""
        ):
            number = self.unsaid.get(expect(ref, str), "")
            [(ticket,)] = select(
                """SELECT min(o.ticket) FROM bank_reference b JOIN attempt a ON a.reference = b.attempt
                   JOIN allocation s ON s.payment_id = a.payment_id JOIN orders o ON o.id = s.order_id
                   WHERE b.number = %s""",
                [number],
            )
            wanted = Wanted("matched", "a call", ticket=str(ticket))
            done = resolve_item(_OWNER, expect(item_id, int), wanted, shop=self._world.shop, at=self.now())
            if isinstance(done, Refusal) and done.code not in _ITEM_GONE:
                raise AssertionError(f"a line could not be decided: {done}")

    # ── at the end ──

    def differences(self) -> list[str]:
        """What the account and our copy of it do not agree on: each line is there once."""
        rows = select("SELECT bank_ref, sum(amount_minor)::bigint, count(*) FROM bank_line GROUP BY bank_ref")
        ours = {expect(ref, str): (expect(amount, int), expect(count, int)) for ref, amount, count in rows}
        theirs = {line.ref: (line.amount_minor, 1) for line in self._lines}
        found = [f"line {ref}: the bank has {theirs.get(ref)}, we have {ours.get(ref)}"
                 for ref in sorted(ours.keys() | theirs.keys()) if ours.get(ref) != theirs.get(ref)]  # fmt: skip
        return found[:5]


def _statement(lines: Sequence[_Line], number: int, opening_minor: int, on: str, *, notification: bool) -> bytes:
    """A camt.053 of these lines, or a camt.054 that says them sooner."""
    message, root, one = (
        ("054", "BkToCstmrDbtCdtNtfctn", "Ntfctn") if notification else ("053", "BkToCstmrStmt", "Stmt")
    )
    closing_minor = opening_minor + sum(line.amount_minor for line in lines)
    balances = "" if notification else _balance("OPBD", opening_minor, on) + _balance("CLBD", closing_minor, on)
    entries = "".join(_entry(line, on) for line in lines)
    return (
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{message}.001.08"><{root}>'
        f"<GrpHdr><MsgId>{number}</MsgId><CreDtTm>{on}T06:00:00</CreDtTm></GrpHdr><{one}><Id>{message}-{number}</Id>"
        f"<ElctrncSeqNb>{number}</ElctrncSeqNb><CreDtTm>{on}T06:00:00</CreDtTm><Acct><Id><IBAN>{ACCOUNT.iban}</IBAN></Id><Ccy>EUR</Ccy></Acct>"
        f"{balances}{entries}</{one}></{root}></Document>"
    ).encode()


def _money(minor: int) -> str:
    side = "CRDT" if minor >= 0 else "DBIT"
    return f'<Amt Ccy="EUR">{Money(abs(minor), "EUR").decimal}</Amt><CdtDbtInd>{side}</CdtDbtInd>'


def _balance(code: str, minor: int, on: str) -> str:
    return f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_money(minor)}<Dt><Dt>{on}</Dt></Dt></Bal>"


def _entry(line: _Line, on: str) -> str:
    party = "Dbtr" if (line.amount_minor >= 0) is not line.reversal else "Cdtr"
    return (
        f"<Ntry>{_money(line.amount_minor)}<RvslInd>{str(line.reversal).lower()}</RvslInd><Sts><Cd>BOOK</Cd></Sts>"
        f"<BookgDt><Dt>{on}</Dt></BookgDt><AcctSvcrRef>{line.ref}</AcctSvcrRef><BkTxCd/><NtryDtls><TxDtls><RltdPties>"
        f"<{party}><Pty><Nm>Somebody</Nm></Pty></{party}><{party}Acct><Id><IBAN>{_PAYER}</IBAN></Id></{party}Acct></RltdPties>"
        f"<RmtInf><Ustrd>{line.text}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )
