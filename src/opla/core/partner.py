"""A partner shop: somebody else's counter, at which this shop's tablets sell; and what it keeps for that.

    what it took       coins and cards at its places: top-ups, what was ordered elsewhere and paid there, vouchers
  − what it gave back  undone, refunded, paid out
  = base, of one day   × permille, half up to a cent = commission, owed to it from the next day on

A day on which more went back than came in takes from what is owed. Commission is on what was taken there, whatever
becomes of an order later: money that goes back another way than over its counter was not the partner's doing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from opla.core.money import Money, share_half_up
from opla.core.quote import read_email, read_language
from opla.core.refusal import Code, Refusal

#: It stands in account codes, for ever.
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,38}[a-z0-9]")
#: A third is more than any counter was ever given for prepaid credit, and more than its face value leaves.
MOST_PERMILLE: Final = 300
_TITLE_MAX: Final = 80


@dataclass(frozen=True)
class Agreement:
    """What was agreed with a partner. `permille` of what is taken; `paper`: where the signed agreement lies."""

    name: str
    title: str
    enterprise: str
    permille: int
    email: str
    language: str
    agreed_on: date
    ends_on: date | None
    paper: str

    def runs(self, day: date) -> bool:
        """Whether that day is paid for."""
        return self.agreed_on <= day and (self.ends_on is None or day < self.ends_on)


def read(
    name: str, title: str, *, enterprise: str, percent: str, email: str, language: str, agreed_on: str, ends_on: str,
    paper: str,
) -> Agreement | Refusal:  # fmt: skip
    """An agreement as it was typed. The percentage has one decimal at most."""
    shown, mail, tag = " ".join(title.split()), read_email(email), read_language(language)
    permille = Money.parse(percent.strip().replace("%", "").strip() or "x", "EUR")  # two decimals, as of money
    begins, ends = _day(agreed_on), _day(ends_on) if ends_on.strip() else None
    if not _NAME.fullmatch(name) or not 2 <= len(shown) <= _TITLE_MAX:
        return Refusal(Code.PARTNER_NAME_INVALID, "name", {"name": name[:40]})
    if permille is None or permille.amount_minor % 10 or not 0 <= permille.amount_minor // 10 <= MOST_PERMILLE:
        return Refusal(Code.COMMISSION_INVALID, "percent", {"most": str(MOST_PERMILLE // 10)})
    for one in (mail, tag):
        if isinstance(one, Refusal):
            return one
    if begins is None or (ends_on.strip() and ends is None) or (ends is not None and ends <= begins):
        return Refusal(Code.AGREEMENT_DAY_INVALID, "agreed_on")
    return Agreement(
        name, shown, " ".join(enterprise.split())[:40], permille.amount_minor // 10, str(mail), str(tag), begins, ends,
        " ".join(paper.split())[:200],
    )  # fmt: skip


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def commission(base: Money, permille: int) -> Money:
    """What is kept of it, half up to a minor unit; of a negative base the same, negative."""
    kept = share_half_up(abs(base.amount_minor), permille, 1000)
    return Money(kept if base.amount_minor >= 0 else -kept, base.currency)


@dataclass(frozen=True)
class Day:
    """One day of one partner, as it was closed."""

    day: date
    cash: Money
    card: Money
    back: Money
    permille: int
    commission: Money

    @property
    def base(self) -> Money:
        return self.cash + self.card - self.back
