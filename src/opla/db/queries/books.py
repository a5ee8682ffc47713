"""The database's own proof of its sums."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
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
