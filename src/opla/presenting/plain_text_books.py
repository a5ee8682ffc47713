"""A month's books as hledger and ledger read them: https://hledger.org/hledger.html#journal.

One transaction per event, in the order they were written, each line of ours as its own pair of postings: so the sums
of debits and of credits are ours too, and not only the balances. Times are the shop's. The same month gives the same
bytes, in any language.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import Final

from opla.core import month as months
from opla.core.chart import Chart
from opla.core.day import ZONE
from opla.core.money import Money
from opla.db.queries.days import AccountDay, Line

#: Two spaces end an account's name, a semicolon begins a comment.
_SIGNS: Final = re.compile(r"[\s;()]+")


def account(chart: Chart, code: str) -> str:
    """`416:psp_clearing:sandbox:EUR`: a part of its number's account."""
    return f"{chart.of(code).number}:{_SIGNS.sub('_', code)}"


def journal(month: date, chart: Chart, accounts: Sequence[AccountDay], lines: Iterable[Line]) -> Iterator[str]:
    """Piece by piece. What each account began with is a transaction of the first day, so the file stands alone."""
    yield f"; Opla {months.name(month)}: each line debits one account (+) and credits another (-)\n\n"
    for currency in sorted({one.opening.currency for one in accounts}):
        yield f"commodity {currency}\n    format {Money(10**6, currency).decimal} {currency}\n"
    yield "\n"
    for one in accounts:
        # The comment on a line of its own: ledger takes what stands behind the name as a part of it.
        yield f"account {account(chart, one.account)}\n    ; type:{chart.of(one.account).type.letter}\n"
    began = [one for one in accounts if one.opening.amount_minor]
    if began:
        yield f"\n{month.isoformat()} * opening balances\n"
        yield from (_posting(account(chart, one.account), one.opening) for one in began)
    for entry, grouped in groupby(lines, key=lambda line: line.entry):
        together = list(grouped)
        first = together[0]
        at = first.at.astimezone(ZONE)
        code = next((line.ticket or line.receipt for line in together if line.ticket or line.receipt), "")
        receipt = next((line.receipt for line in together if line.receipt), "")
        tags = [
            f"entry:{entry}",
            f"time:{at.isoformat(timespec='seconds')}",
            *([f"receipt:{receipt}"] if receipt else []),
        ]
        yield f"\n{at.date().isoformat()} * {f'({code}) ' if code else ''}{first.event}  ; {', '.join(tags)}\n"
        for line in together:
            yield _posting(account(chart, line.debit), line.amount, line.reason)
            yield _posting(account(chart, line.credit), -line.amount)


def _posting(name: str, amount: Money, reason: str = "") -> str:
    said = f"{amount.decimal:>14} {amount.currency}"
    return f"    {name:<46}  {said}{f'  ; {reason}' if reason else ''}\n"
