"""The database's own proof of its sums."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from opla.db.queries import audit
from opla.db.queries.call import Argument, call, expect, select


@dataclass(frozen=True)
class Check:
    """One named check: how many rows are wrong, and one of them."""

    name: str
    wrong: int
    example: str

    @property
    def holds(self) -> bool:
        return self.wrong == 0


#: So many of the newest rows of each table of the trail are read again; of older ones only the links, which is fast.
AUDITED: Final = 250_000


def books(at: datetime, *, full: bool = False) -> list[Check]:
    """All checks. `full`: every row of the trail is read again, however many there are."""
    rows = call("opla_books", Argument(at, "timestamptz"))
    checks = [Check(expect(name, str), expect(wrong, int), str(example or "")) for name, wrong, example in rows]
    broken = audit.broken(None if full else AUDITED)
    return [*checks, Check("audit", len(broken), next(iter(broken), ""))]


@dataclass(frozen=True)
class Proof:
    """The newest proof: as of when, and its checks, each with the proof that first found it wrong, if it is.

    `waits`: another is due or being made. `late`: it has been due for longer than one takes, so nobody makes it.
    """

    at: datetime | None
    checks: list[tuple[Check, datetime | None]]
    waits: bool
    late: bool

    @property
    def broken(self) -> list[Check]:
        return [check for check, _ in self.checks if not check.holds]


#: A worker makes a proof that is due within this, or there is none.
_PATIENCE: Final = timedelta(minutes=10)


def proof(at: datetime) -> Proof:
    """What was found when somebody looked last, without looking again."""
    [(due_at, begun_at, proven_at)] = select("SELECT due_at, begun_at, proven_at FROM books_proving")
    rows = select("SELECT name, wrong, example, since FROM books_proof ORDER BY wrong = 0, name")
    found = [
        (Check(expect(name, str), expect(wrong, int), expect(example, str)), since)
        for name, wrong, example, since in rows
    ]
    due = expect(due_at, datetime)
    return Proof(
        proven_at if isinstance(proven_at, datetime) else None,
        [(check, since if isinstance(since, datetime) else None) for check, since in found],
        begun_at is not None or due <= at,
        proven_at is not None and due + _PATIENCE < at,
    )


def prove_turn(at: datetime) -> bool:
    """Whether the caller is to prove the books now: one at a time."""
    [(mine,)] = call("opla_prove_turn", Argument(at, "timestamptz"))
    return expect(mine, bool)


def proven(checks: list[Check], *, at: datetime, took: timedelta, next_at: datetime) -> None:
    """Keep what a proof as of `at` has found."""
    call(
        "opla_proven",
        Argument(at, "timestamptz"),
        Argument(took // timedelta(milliseconds=1), "bigint"),
        Argument(next_at, "timestamptz"),
        Argument([check.name for check in checks], "text[]"),
        Argument([check.wrong for check in checks], "bigint[]"),
        Argument([check.example for check in checks], "text[]"),
    )


def prove_now(at: datetime) -> None:
    call("opla_prove_now", Argument(at, "timestamptz"))


@dataclass(frozen=True)
class Balance:
    code: str
    currency: str
    debits_posted: int
    credits_posted: int
    debits_pending: int
    credits_pending: int


def balances() -> list[Balance]:
    """Every account, by its code. Amounts in minor units."""
    rows = select(
        """SELECT code, currency, debits_posted, credits_posted, debits_pending, credits_pending
           FROM account ORDER BY code"""
    )
    return [Balance(expect(r[0], str), expect(r[1], str), *(expect(r[n], int) for n in (2, 3, 4, 5))) for r in rows]
