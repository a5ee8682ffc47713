"""Transfers that our own bank account owes, and the files in which a bank was asked for them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from opla.core.actor import Actor
from opla.core.money import Money
from opla.core.transfer_file import Transfer
from opla.db.keyring import Keyring
from opla.db.queries.call import Argument, Row, call, columns, expect, select

#: The lines that brought the money of each item: of a refund those of its payment, else the line itself.
_OWED = """
    SELECT i.why ->> 'reference', i.amount_minor, i.currency, b.id, b.sealed
    FROM item i
    LEFT JOIN attempt x ON x.id = i.attempt_id AND i.kind = 'transfer_due'
    LEFT JOIN refund r ON r.id = x.refund_id
    LEFT JOIN attempt c ON c.payment_id = r.payment_id AND c.kind = 'charge'
    LEFT JOIN bank_reference n ON n.attempt = c.reference
    LEFT JOIN bank_line b ON b.amount_minor > 0 AND (b.number = n.number AND n.number <> ''
                          OR i.kind = 'line_back' AND b.id = i.subject)
    WHERE i.kind IN ('transfer_due', 'line_back')
"""


@dataclass(frozen=True)
class Owed:
    """What is to be sent under `number`. `to` is None where nobody knows one account to send it to; `line` is the one
    of our account that shows it."""

    number: str
    amount: Money
    to: Transfer | None
    line: UUID | None


@dataclass(frozen=True)
class Sending:
    """One transfer of a file. `seen`: a line of our account has shown it; `freed`: the bank did not send it."""

    number: str
    amount: Money
    seen: bool
    freed: bool


@dataclass(frozen=True)
class TransferFile:
    """A file that was made for the bank."""

    id: UUID
    made_at: datetime
    made_by: str
    execute_on: date
    transfers: tuple[Sending, ...]

    @property
    def open(self) -> tuple[Sending, ...]:
        """Those that have not left the account yet, as far as its lines show."""
        return tuple(one for one in self.transfers if not one.seen and not one.freed)

    @property
    def whole(self) -> bool:
        """Whether it may be written again: without what the bank did not send it would be another file."""
        return not any(one.freed for one in self.transfers)

    @property
    def total(self) -> Money:
        return Money(sum(one.amount.amount_minor for one in self.transfers), "EUR")


def owed(keyring: Keyring) -> list[Owed]:
    """What waits to be sent, is in no file and was not sent by hand, the oldest first."""
    rows = select(
        f"""{_OWED} AND i.closed_at IS NULL AND NOT EXISTS (
                SELECT FROM transfer_file_line l WHERE l.number = i.why ->> 'reference' AND l.freed_at IS NULL)
            AND NOT EXISTS (SELECT FROM bank_line s WHERE s.number = i.why ->> 'reference' AND s.amount_minor < 0)
            ORDER BY i.id, b.booked_on, b.id"""  # noqa: S608 - a constant of ours
    )
    return _owed(rows, keyring)


def in_file(file_id: UUID, keyring: Keyring) -> list[Owed]:
    """What a file asks for, to the account that was known when it was made; what the bank did not send is no part of
    it."""
    rows = select(
        """SELECT l.number, l.amount_minor, 'EUR', b.id, b.sealed
           FROM transfer_file_line l LEFT JOIN bank_line b ON b.id = l.line_id
           WHERE l.file_id = %s AND l.freed_at IS NULL ORDER BY l.number""",
        [file_id],
    )
    return _owed(rows, keyring)


def _owed(rows: Sequence[Row], keyring: Keyring) -> list[Owed]:
    amounts: dict[str, Money] = {}
    payers: dict[str, list[tuple[str, str, UUID]]] = {}
    for number, amount, currency, line, sealed in rows:
        known = expect(number, str)
        amounts[known] = Money(expect(amount, int), expect(currency, str))
        if isinstance(line, UUID):
            name, iban = "", ""
            if isinstance(sealed, bytes | memoryview):
                name, iban, _ = json.loads(keyring.open(bytes(sealed), line.bytes))
            payers.setdefault(known, []).append((iban, name, line))
    found = []
    for number, amount in amounts.items():
        to = payers.get(number, [])
        if len({iban for iban, *_ in to}) == 1 and to[0][0]:
            iban, name, line = to[0]
            found.append(Owed(number, amount, Transfer(number, amount, name, iban), line))
        else:
            found.append(Owed(number, amount, None, None))
    return found


def make(
    file_id: UUID, transfers: Sequence[Owed], execute_on: date, sha256: bytes, *, actor: Actor, at: datetime
) -> bool:
    """Keep what a new file asks for, and the digest of its bytes; False when one of these is owed no more, was sent, or
    stands in another."""
    [(done,)] = call(
        "opla_transfer_file",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(file_id, "uuid"),
        Argument(execute_on, "date"),
        Argument(sha256, "bytea"),
        *columns([(one.number, one.amount.amount_minor, one.line) for one in transfers], "text", "bigint", "uuid"),
    )
    return bool(done)


def free(file_id: UUID, numbers: Sequence[str], why: str, *, actor: Actor, at: datetime) -> int:
    """The bank did not send these; how many of them may be sent in another file now."""
    [(count,)] = call(
        "opla_transfer_free",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(file_id, "uuid"),
        *columns([(number,) for number in numbers], "text"),
        Argument(why, "text"),
    )
    return expect(count, int)


def files(*, limit: int) -> list[TransferFile]:
    """The newest first."""
    rows = select(
        """SELECT f.id, f.made_at, f.made_by, f.execute_on, l.number, l.amount_minor, l.freed_at IS NOT NULL,
                  EXISTS (SELECT FROM bank_line b WHERE b.number = l.number AND b.amount_minor < 0)
           FROM (SELECT * FROM transfer_file ORDER BY made_at DESC, id DESC LIMIT %s) f
           JOIN transfer_file_line l ON l.file_id = f.id ORDER BY f.made_at DESC, f.id DESC, l.number""",
        [limit],
    )
    made: dict[UUID, tuple[datetime, str, date, list[Sending]]] = {}
    for id_, at, by, on, number, amount, freed, seen in rows:
        known = made.setdefault(expect(id_, UUID), (expect(at, datetime), expect(by, str), expect(on, date), []))
        known[3].append(Sending(expect(number, str), Money(expect(amount, int), "EUR"), bool(seen), bool(freed)))
    return [TransferFile(id_, at, by, on, tuple(lines)) for id_, (at, by, on, lines) in made.items()]


def file(file_id: UUID) -> tuple[datetime, date, bytes] | None:
    """When it was made, the day it asks for, the digest of its bytes (empty: it was not kept); None: no such file."""
    rows = select("SELECT made_at, execute_on, coalesce(sha256, '') FROM transfer_file WHERE id = %s", [file_id])
    if not rows:
        return None
    made_at, execute_on, sha256 = rows[0]
    return expect(made_at, datetime), expect(execute_on, date), bytes(expect(sha256, bytes))
