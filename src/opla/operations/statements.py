"""Statements of our bank come in by files: read whole or not at all, every line once, each to the payment it is for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction

from opla.core import payout, statement
from opla.core.actor import Act, Actor
from opla.core.item import Why
from opla.core.money import Money
from opla.core.payout import Waiting
from opla.core.refusal import Code, Refusal
from opla.core.statement import Line, Statement, Unreadable
from opla.core.statement.gaps import Gap, Kept, gaps
from opla.core.statement.matching import Known, Place, State, place
from opla.core.statement.recognising import Again, Seen, recognised
from opla.db.queries import bank, payouts
from opla.db.queries.bank import NewLine, NewStatement, Party
from opla.operations.payout_lines import shown_by
from opla.operations.shop import Shop

#: What this shop's account is kept in.
CURRENCY = "EUR"


@dataclass(frozen=True)
class Imported:
    """What one file brought. Of its lines so many were `known` before; of the new ones so many are `matched` to a
    payment or refund, `open` for a person, or the owner's own and `ignored`. `gaps`: statements that are missing now.
    """

    statements: int
    lines: int
    known: int
    matched: int
    open: int
    ignored: int
    gaps: int


def import_statement(actor: Actor, data: bytes, *, shop: Shop, at: datetime) -> Imported | Refusal:
    """Take in one camt.053, camt.054 or CODA file of our account, or refuse it whole."""
    if refused := actor.refused(Act.IMPORT_STATEMENTS):
        return refused
    if shop.account is None:
        return Refusal(Code.BANK_ACCOUNT_MISSING)
    try:
        found = statement.read(data, account=shop.account.iban, currency=CURRENCY)
    except Unreadable as why:
        return Refusal(why.code, "file", why.params)
    account = shop.account.iban
    with transaction.atomic():
        bank.lock(account)
        return _Importing(account, shop, at).all(found, hashlib.sha256(data).digest(), actor)


class _Importing:
    """One file on its way in, under the account's lock."""

    def __init__(self, account: str, shop: Shop, at: datetime) -> None:
        self._account, self._shop, self._at = account, shop, at
        self._ids = {(kept.source, kept.identity): id_ for id_, kept in bank.statements(account)}
        self._kept = [kept for _, kept in bank.statements(account)]
        self._new: list[NewStatement] = []
        self._lines: list[NewLine] = []
        self._seen: list[tuple[UUID, Seen]] = []  # those of statements before in this file
        self._again: dict[UUID, set[Again]] = {}  # where this file shows lines that were there
        self._known = 0
        self._waiting = payouts.waiting()
        self._tell = [name for name, one in payouts.looks().items() if one.looked_at]  # of what they paid out
        self._shows: list[tuple[Waiting, UUID]] = []  # payouts, each with the line that shows it

    def all(self, found: Sequence[Statement], sha256: bytes, actor: Actor) -> Imported:
        ours = bank.known([r for one in found for line in one.lines for r in line.references])
        for one in found:
            self._one(one, ours)
        missing = gaps(self._kept)
        bank.store(
            self._account,
            CURRENCY,
            sha256,
            self._new,
            self._lines,
            [(line, self._ids[a.source, a.statement], a) for line, found in self._again.items() for a in found],
            [(_subject(self._account, gap), _why(self._account, gap)) for gap in missing],
            actor=actor,
            at=self._at,
        )
        payouts.arrived(self._shows, actor=actor, at=self._at)
        count = {state: sum(line.state is state for line in self._lines) for state in State}
        total = sum(len(one.lines) for one in found)
        return Imported(
            len(found), total, self._known, count[State.MATCHED], count[State.OPEN], count[State.IGNORED], len(missing)
        )

    def _one(self, found: Statement, ours: dict[str, Known]) -> None:
        key = found.source, found.identity
        if key not in self._ids:
            self._ids[key] = self._shop.chance.uuid(self._at)
            kept = Kept(
                found.source, found.identity, found.number, found.from_on, found.until_on, found.opening_minor,
                found.closing_minor,
            )  # fmt: skip
            self._new.append(NewStatement(self._ids[key], kept, len(found.lines)))
            self._kept.append(kept)
        if not found.lines:
            return
        shown = [self._shown(found, line) for line in found.lines]
        days = [line.booked_on for line in found.lines]
        before = bank.lines_like(self._account, min(days), max(days), [s.bank_ref for s in shown if s.bank_ref])
        before += self._seen
        known = recognised(shown, [self._with(id_, seen) for id_, seen in before])
        for line, seen, old in zip(found.lines, shown, known, strict=True):
            if old is None:
                self._lines.append(self._line(line, seen, self._ids[key], self._place(line, ours)))
                self._seen.append((self._lines[-1].id, seen))
                self._shows_payout(self._lines[-1])
                _proved(self._lines[-1], ours)
                continue
            self._known += 1
            id_, first = before[old]
            if first.source is not seen.source:
                self._again.setdefault(id_, set()).add(Again(seen.source, seen.statement, seen.bank_ref))

    def _with(self, id_: UUID, seen: Seen) -> Seen:
        return replace(seen, again=seen.again | self._again.get(id_, set()))

    def _place(self, line: Line, ours: dict[str, Known]) -> Place:
        """What shows no reference of ours may show a provider's payout, in or, of one below nothing, out."""
        to = place(line, ours)
        self._payout = None
        if to.why in (Why.NO_REFERENCE, Why.REFERENCE_UNKNOWN) or to.state is State.IGNORED:
            self._payout = shown_by([line], CURRENCY, self._waiting).get(0)
        if self._payout is not None:
            return Place(State.PAYOUT)
        if to.state is State.IGNORED and line.amount_minor < 0 and payout.named(line, self._tell):
            return Place(State.OPEN, why=Why.PROVIDER_TOOK)  # its payout may be known tomorrow
        return to

    def _shows_payout(self, line: NewLine) -> None:
        if self._payout is not None:
            self._shows.append((self._payout, line.id))
            self._waiting.remove(self._payout)

    def _shown(self, found: Statement, line: Line) -> Seen:
        other = self._shop.keyring.fingerprint(f"bank account {line.iban}") if line.iban else b""
        return Seen(
            found.source, found.identity, line.booked_on, line.amount_minor, line.bank_ref, line.references, other
        )

    def _line(self, line: Line, seen: Seen, statement_id: UUID, to: Place) -> NewLine:
        line_id = self._shop.chance.uuid(self._at)
        party = Party(line.name, line.iban, line.text if to.state is State.OPEN else "")
        # Whose money it was is needed where a person decides, or where it may have to go back; else by nobody here.
        needed = to.state is State.OPEN or (to.state is State.MATCHED and line.amount_minor > 0)
        why = {"why": str(to.why)} if to.why else {}
        if to.asked_minor is not None:
            why["asked"] = Money(to.asked_minor, CURRENCY).decimal
        if to.slip:
            why["number"] = to.slip
        return NewLine(
            line_id,
            statement_id,
            line.booked_on,
            line.amount_minor,
            line.bank_ref,
            line.references,
            seen.other if needed else b"",
            line.reversal,
            to.state,
            to.number,
            why,
            bank.seal(party, line_id, self._shop.keyring) if needed else b"",
        )


def _proved(line: NewLine, ours: dict[str, Known]) -> None:
    """What was to be sent under a reference is sent once."""
    if line.number and line.amount_minor < 0:
        ours[line.number] = replace(ours[line.number], owed_minor=0)


def _subject(account: str, gap: Gap) -> UUID:
    return uuid5(UUID(int=0), f"{account}|{gap.name}")


def _why(account: str, gap: Gap) -> Mapping[str, str]:
    return {
        "why": str(Why.STATEMENT_MISSING),
        "account": account,
        "before": gap.before.identity,
        "after": gap.after.identity,
    }
