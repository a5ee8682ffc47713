"""Our own bank account in the database: references, statements, lines; and `core.ports.AccountBook` over them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID

from opla.core import structured
from opla.core.actor import Actor
from opla.core.chance import Chance
from opla.core.money import Money
from opla.core.own_account import OwnAccount
from opla.core.ports import Received, SentBack
from opla.core.statement.gaps import Kept
from opla.core.statement.matching import Known, Purpose, State
from opla.core.statement.model import Source
from opla.core.statement.recognising import Again, Seen
from opla.db.keyring import Keyring
from opla.db.queries.call import Argument, Row, call, columns, expect, select

_DRAWS: Final = 20  # of ten thousand million numbers nobody draws so many that are taken


class Book:
    """`core.ports.AccountBook`: what statements brought, and what is asked of a person."""

    def __init__(self, now: Callable[[], datetime], chance: Chance) -> None:
        self._now, self._chance = now, chance

    def expect(self, reference: str) -> str:
        return self._reference(reference)

    def send_back(self, reference: str) -> str:
        return self._reference(reference)

    def received(self, reference: str) -> Received | None:
        return received(reference)

    def sent(self, reference: str) -> SentBack | None:
        rows = select(
            """SELECT b.number, EXISTS (SELECT FROM bank_line l WHERE l.number = b.number)
               FROM bank_reference b WHERE b.attempt = %s AND b.purpose = 'refund'""",
            [reference],
        )
        return SentBack(expect(rows[0][0], str), bool(rows[0][1])) if rows else None

    def _reference(self, attempt: str) -> str:
        for _ in range(_DRAWS):
            [(number,)] = call(
                "opla_bank_reference",
                Argument(self._now(), "timestamptz"),
                Argument(attempt, "text"),
                Argument(draw(self._chance), "text"),
            )
            if isinstance(number, str):
                return number
        raise LookupError(f"no reference was found for attempt {attempt}")


def float_number(reseller: str, chance: Chance, *, at: datetime) -> str:
    """The reference under which a reseller pays in, always the same one."""
    for _ in range(_DRAWS):
        [(number,)] = call(
            "opla_float_reference",
            Argument(at, "timestamptz"),
            Argument(reseller, "text"),
            Argument(draw(chance), "text"),
        )
        if isinstance(number, str):
            return number
    raise LookupError(f"no reference was found for the float of {reseller}")


def draw(chance: Chance) -> str:
    """A number that nobody can guess from another one."""
    return structured.number(int(chance.reference(), 16) % structured.NUMBERS)


def received(attempt: str) -> Received | None:
    """What the lines of our account show of one charge, refunds of its payment among them."""
    rows = select(
        """SELECT b.number, p.currency,
                  coalesce((SELECT sum(l.amount_minor) FROM bank_line l
                            WHERE l.number = b.number AND l.amount_minor > 0), 0)::bigint,
                  coalesce((SELECT -sum(l.amount_minor) FROM bank_line l WHERE l.amount_minor < 0 AND NOT l.reversal
                            AND (l.number = b.number OR l.number IN (
                                SELECT c.number FROM refund r JOIN attempt x ON x.refund_id = r.id
                                JOIN bank_reference c ON c.attempt = x.reference
                                WHERE r.payment_id = p.id))), 0)::bigint,
                  coalesce((SELECT -sum(l.amount_minor) FROM bank_line l
                            WHERE l.number = b.number AND l.amount_minor < 0 AND l.reversal), 0)::bigint,
                  EXISTS (SELECT FROM allocation s JOIN orders o ON o.id = s.order_id
                          WHERE s.payment_id = p.id AND o.state = 'placed')
           FROM bank_reference b JOIN attempt a ON a.reference = b.attempt JOIN payment p ON p.id = a.payment_id
           WHERE b.attempt = %s AND b.purpose = 'charge'""",
        [attempt],
    )
    if not rows:
        return None
    number, currency, captured, refunded, returned, waiting = rows[0]
    return Received(
        expect(number, str),
        expect(currency, str),
        expect(captured, int),
        expect(refunded, int),
        expect(returned, int),
        bool(waiting),
    )


def number_of(payment_id: UUID) -> str:
    """The reference a payment is to be made under; empty while nobody has drawn one, or where none is needed."""
    rows = select(
        """SELECT b.number FROM attempt a JOIN bank_reference b ON b.attempt = a.reference
           WHERE a.payment_id = %s AND a.kind = 'charge'""",
        [payment_id],
    )
    return expect(rows[0][0], str) if rows else ""


def transfer_to(payment_id: UUID) -> tuple[OwnAccount, str] | None:
    """The account of a provider that this payment is to be transferred to, and its reference; None: it named none."""
    rows = select(
        """SELECT e.evidence ->> 'to_iban', coalesce(e.evidence ->> 'to_holder', ''),
                  coalesce(e.evidence ->> 'to_bic', ''), coalesce(e.evidence ->> 'to_reference', '')
           FROM attempt a JOIN attempt_evidence e ON e.attempt_id = a.id
           WHERE a.payment_id = %s AND a.kind = 'charge' AND e.evidence ? 'to_iban' ORDER BY e.at DESC LIMIT 1""",
        [payment_id],
    )
    if not rows:
        return None
    iban, holder, bic, reference = (expect(word, str) for word in rows[0])
    try:
        return OwnAccount.from_mapping({"iban": iban, "holder": holder, "bic": bic}), reference
    except ValueError:  # a name or a BIC that no bank has: their own page says it then
        return None


def asked_of(ticket: str) -> str:
    """The reference of the order with this number: of its newest payment by bank transfer. Empty: it has none."""
    rows = select(
        """SELECT b.number FROM orders o JOIN allocation l ON l.order_id = o.id
           JOIN attempt a ON a.payment_id = l.payment_id AND a.kind = 'charge'
           JOIN bank_reference b ON b.attempt = a.reference
           WHERE o.ticket = %s AND o.reseller = '' ORDER BY a.made_at DESC, a.id DESC LIMIT 1""",
        [ticket],
    )
    return expect(rows[0][0], str) if rows else ""


# ── importing ─────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class NewStatement:
    """A statement on its way in."""

    id: UUID
    kept: Kept
    lines: int


@dataclass(frozen=True)
class NewLine:
    """A line on its way in. `sealed` is empty where nothing of the other party is kept."""

    id: UUID
    statement_id: UUID
    booked_on: date
    amount_minor: int
    bank_ref: str
    said: frozenset[str]
    other: bytes
    reversal: bool
    state: State
    number: str
    why: Mapping[str, str]
    sealed: bytes = field(repr=False)


def lock(account: str) -> None:
    """One import of an account at a time, until the end of the transaction."""
    select("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"bank {account}"])


def statements(account: str) -> list[tuple[UUID, Kept]]:
    rows = select(
        """SELECT id, source, identity, number, from_on, until_on, opening_minor, closing_minor FROM bank_statement
           WHERE account = %s ORDER BY until_on, imported_at, id""",
        [account],
    )
    return [(expect(row[0], UUID), _kept(row[1:])) for row in rows]


def _kept(row: Row) -> Kept:
    number, opening, closing = (value if isinstance(value, int) else None for value in (row[2], row[5], row[6]))
    return Kept(
        Source(expect(row[0], str)),
        expect(row[1], str),
        number,
        expect(row[3], date),
        expect(row[4], date),
        opening,
        closing,
    )


def lines_like(account: str, from_on: date, until_on: date, bank_refs: Sequence[str]) -> list[tuple[UUID, Seen]]:
    """Lines that one of these days, or one of these numbers of the bank, may be."""
    rows = select(
        """SELECT l.id, s.source, s.identity, l.booked_on, l.amount_minor, l.bank_ref, l.said, l.other,
                  (SELECT coalesce(jsonb_agg(jsonb_build_array(t.source, t.identity, r.bank_ref)), '[]')
                   FROM bank_again r JOIN bank_statement t ON t.id = r.statement_id WHERE r.line_id = l.id)::text
           FROM bank_line l JOIN bank_statement s ON s.id = l.statement_id
           WHERE l.account = %s AND (l.booked_on BETWEEN %s AND %s OR l.bank_ref = ANY (%s) AND l.bank_ref <> ''
                                     OR l.id IN (SELECT r.line_id FROM bank_again r
                                                 WHERE r.bank_ref = ANY (%s) AND r.bank_ref <> ''))
           ORDER BY l.id""",
        [account, from_on, until_on, list(bank_refs), list(bank_refs)],
    )
    return [
        (
            expect(row[0], UUID),
            Seen(
                Source(expect(row[1], str)),
                expect(row[2], str),
                expect(row[3], date),
                expect(row[4], int),
                expect(row[5], str),
                frozenset(expect(row[6], str).split()),
                bytes(expect(row[7], bytes)),
                _again(expect(row[8], str)),
            ),
        )
        for row in rows
    ]


def _again(text: str) -> frozenset[Again]:
    rows: list[tuple[str, str, str]] = json.loads(text)
    return frozenset(Again(Source(source), statement, bank_ref) for source, statement, bank_ref in rows)


def known(numbers: Sequence[str]) -> dict[str, Known]:
    """Those of these references that we gave out, with what is still to be sent under them."""
    rows = select(
        """SELECT b.number, b.purpose,
                  CASE WHEN b.purpose IN ('charge', 'float')
                            OR EXISTS (SELECT FROM bank_line l WHERE l.number = b.number) THEN 0
                       ELSE coalesce(r.amount_minor, n.amount_minor) END
           FROM bank_reference b LEFT JOIN attempt a ON a.reference = b.attempt LEFT JOIN refund r ON r.id = a.refund_id
           LEFT JOIN bank_line n ON n.id = b.line_id
           WHERE b.number = ANY (%s)
           UNION ALL
           SELECT s.number, 'slip', 0 FROM slip s WHERE s.number = ANY (%s)
             AND NOT EXISTS (SELECT FROM bank_reference b WHERE b.number = s.number)""",
        [list(numbers), list(numbers)],
    )
    found = [Known(expect(row[0], str), Purpose(expect(row[1], str)), expect(row[2], int)) for row in rows]
    return {one.number: one for one in found}


def store(
    account: str,
    currency: str,
    file_sha256: bytes,
    new: Sequence[NewStatement],
    lines: Sequence[NewLine],
    again: Sequence[tuple[UUID, UUID, Again]],
    gaps: Sequence[tuple[UUID, Mapping[str, str]]],
    *,
    actor: Actor,
    at: datetime,
) -> None:
    """Write what one file brought, whole. `again`: a line that was there, and a statement that shows it too; `gaps` are
    all there are now."""
    call(
        "opla_bank_import",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(account, "text"),
        Argument(currency, "text"),
        Argument(file_sha256, "bytea"),
        *columns(
            [
                (
                    s.id,
                    s.kept.source,
                    s.kept.identity,
                    s.kept.number,
                    s.kept.from_on,
                    s.kept.until_on,
                    s.kept.opening_minor,
                    s.kept.closing_minor,
                    s.lines,
                )
                for s in new
            ],
            *("uuid", "text", "text", "int", "date", "date", "bigint", "bigint", "int"),
        ),
        *columns(
            [
                (
                    n.id,
                    n.statement_id,
                    n.booked_on,
                    n.amount_minor,
                    n.bank_ref,
                    " ".join(sorted(n.said)),
                    n.other,
                    n.reversal,
                    n.state,
                    n.number,
                    json.dumps(dict(n.why)),
                    n.sealed,
                )
                for n in lines
            ],
            *("uuid", "uuid", "date", "bigint", "text", "text", "bytea", "boolean", "text", "text", "text", "bytea"),
        ),
        *columns([(line, told, a.source, a.bank_ref) for line, told, a in again], "uuid", "uuid", "text", "text"),
        *columns([(subject, json.dumps(dict(why))) for subject, why in gaps], "uuid", "text"),
    )


class FloatTooLow(Exception):  # noqa: N818 - the word for it
    """A float does not hold what went out under its reference. Nothing of this transaction may stay."""


def decide(line_id: UUID, state: State, number: str, *, actor: Actor, at: datetime) -> bool:
    """What a person said of an open line; False when it was not open any more. Raises `FloatTooLow`."""
    [(done,)] = call(
        "opla_bank_decide",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(line_id, "uuid"),
        Argument(str(state), "text"),
        Argument(number, "text"),
    )
    if done is None:
        raise FloatTooLow
    return bool(done)


def forget(before: datetime) -> int:
    """Forget whose money it was that came in before, where none of it may still have to go back. How many lines."""
    [(count,)] = call("opla_bank_forget", Argument(before, "timestamptz"))
    return expect(count, int)


# ── the other party, and what the house sees ──────────────────────────────


@dataclass(frozen=True)
class Party:
    """Who sent it, as the bank said it."""

    name: str = field(default="", repr=False)
    iban: str = field(default="", repr=False)
    text: str = field(default="", repr=False)


def seal(party: Party, line_id: UUID, keyring: Keyring) -> bytes:
    plain = json.dumps([party.name, party.iban, party.text]).encode()
    return keyring.seal(plain, line_id.bytes)


@dataclass(frozen=True)
class Shown:
    """A line as its owner sees it. `ticket` is the order it counts for, `reseller` whose float."""

    id: UUID
    booked_on: date
    amount: Money
    state: State
    number: str
    reversal: bool
    ticket: str
    reseller: str
    party: Party


_SHOWN = """
    SELECT l.id, l.booked_on, l.amount_minor, l.currency, l.state, l.number, l.reversal,
           coalesce((SELECT string_agg(o.ticket, ' ' ORDER BY o.ticket) FROM bank_reference b
                     JOIN attempt a ON a.reference = b.attempt LEFT JOIN refund r ON r.id = a.refund_id
                     JOIN allocation s ON s.payment_id = coalesce(a.payment_id, r.payment_id)
                     JOIN orders o ON o.id = s.order_id
                     WHERE b.number = l.number AND l.number <> ''), ''),
           coalesce((SELECT b.reseller_id FROM bank_reference b WHERE b.number = l.number AND l.number <> ''), ''),
           l.sealed
    FROM bank_line l
"""


def _shown(row: Row, keyring: Keyring) -> Shown:
    id_ = expect(row[0], UUID)
    party = Party()
    if isinstance(row[9], bytes | memoryview):
        party = Party(*json.loads(keyring.open(bytes(row[9]), id_.bytes)))
    return Shown(
        id_,
        expect(row[1], date),
        Money(expect(row[2], int), expect(row[3], str)),
        State(expect(row[4], str)),
        expect(row[5], str),
        bool(row[6]),
        expect(row[7], str),
        expect(row[8], str),
        party,
    )


def line(line_id: UUID, keyring: Keyring) -> Shown | None:
    rows = select(f"{_SHOWN} WHERE l.id = %s", [line_id])
    return _shown(rows[0], keyring) if rows else None


def newest(account: str, keyring: Keyring, *, limit: int) -> list[Shown]:
    """Lines that are somebody's: the owner's own business is not listed."""
    rows = select(
        f"{_SHOWN} WHERE l.account = %s AND l.state <> 'ignored' ORDER BY l.booked_on DESC, l.id DESC LIMIT %s",
        [account, limit],
    )
    return [_shown(row, keyring) for row in rows]


def open_lines(account: str, keyring: Keyring) -> list[Shown]:
    """Lines that lie on a person's list, or of which a person has said that they are no customer's money."""
    rows = select(
        f"{_SHOWN} WHERE l.account = %s AND l.state IN ('open', 'not_ours') ORDER BY l.booked_on, l.id", [account]
    )
    return [_shown(row, keyring) for row in rows]


def payers(attempt_id: UUID, keyring: Keyring) -> list[Shown]:
    """The lines that paid what this refund sends back: to whom it goes."""
    rows = select(
        f"""{_SHOWN} WHERE l.amount_minor > 0 AND l.number <> '' AND l.number IN (
                SELECT b.number FROM attempt x JOIN refund r ON r.id = x.refund_id
                JOIN attempt c ON c.payment_id = r.payment_id JOIN bank_reference b ON b.attempt = c.reference
                WHERE x.id = %s)
            ORDER BY l.booked_on, l.id""",  # noqa: S608 - a constant of ours
        [attempt_id],
    )
    return [_shown(row, keyring) for row in rows]
