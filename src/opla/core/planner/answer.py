"""What the planner answers: facts with figures. Surfaces put words to them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from opla.core.effects import Uncertain
from opla.core.line import Bucket, Credit, Kind
from opla.core.promotion import Applied


class Reason(StrEnum):
    """Why something is bought when it is."""

    RUNS_OUT = "runs_out"  # `kinds` would not be met on this day
    KEEPS_WHAT_IS_LEFT = (
        "keeps_what_is_left"  # bought before the need fails: what is left, a window or the number would lapse
    )
    PAYS = "pays"  # credit, for what is bought or renewed with it


@dataclass(frozen=True)
class Purchase:
    """One purchase.

    face_minor      its price without our fee and promotions
    cost_minor      the money paid, our fee and promotions counted; 0 for what is paid out of the credit on the SIM
    credit_minor    what that takes from the credit
    fee_minor       our own fee in it
    promotions      ours that are in the price, each with its part
    while_it_lasts  one of them is for so many orders in all, and may be gone by then
    """

    at: datetime
    sku: str
    cost_minor: int
    credit_minor: int
    reason: Reason
    kinds: tuple[Kind, ...]
    face_minor: int
    fee_minor: int = 0
    promotions: tuple[Applied, ...] = ()
    while_it_lasts: bool = False


@dataclass(frozen=True)
class LeftOver:
    """What the line still holds when the last day ends; worth nothing to the plan."""

    buckets: tuple[Bucket, ...]
    credit: tuple[Credit, ...]


@dataclass(frozen=True)
class Waiting:
    """Nothing need be bought before `until`: the line lasts until then, and the first purchase is cheaper by promotions
    that have not begun yet. `saves_minor`: against the cheapest plan that buys today, for the same line."""

    until: datetime
    saves_minor: int
    promotions: tuple[str, ...]


@dataclass(frozen=True)
class Missed:
    """A day that is not covered: of these kinds there is not enough on it, of data so many kB less."""

    day: date
    kinds: tuple[Kind, ...]
    data_kb: int


@dataclass(frozen=True)
class Gap:
    """Days in a row that are not covered, `since` and `until` counted; kinds that fail on any of them."""

    since: date
    until: date
    kinds: tuple[Kind, ...]


def gaps(missed: Sequence[Missed]) -> Iterator[Gap]:
    """The days that a plan does not cover, without a gap together."""
    run: list[Missed] = []
    for one in missed:
        if run and one.day - run[-1].day != timedelta(days=1):
            yield _gap(run)
            run = []
        run.append(one)
    if run:
        yield _gap(run)


def _gap(run: Sequence[Missed]) -> Gap:
    kinds = tuple(kind for kind in Kind if any(kind in one.kinds for one in run))
    return Gap(run[0].day, run[-1].day, kinds)


@dataclass(frozen=True)
class Plan:
    """The purchases for one line of one operator.

    exact         no list of purchases at the instants considered costs less; otherwise it is the best that was found
    own_line      for the line that was given; else for a new SIM
    plan          the tariff plan the SIM is on, or is to be put on
    per_gb_minor  rounded to the nearest; None when no data is needed
    uncertain     cells that are not plain fact, each with its product; the operator's own without one
    sim_minor     the price of the new SIM, counted in `cost_minor`; None when it is not known, and so not counted
    missed        days that it does not cover, where a budget does not pay for all
    waiting       where waiting is cheaper, and safe; None also where that is not known for certain
    """

    operator: str
    own_line: bool
    plan: str
    currency: str
    cost_minor: int
    exact: bool
    purchases: tuple[Purchase, ...]
    left_over: LeftOver
    uncertain: tuple[tuple[str, Uncertain], ...]
    per_gb_minor: int | None
    per_day_minor: int
    labels: int
    sim_minor: int | None = 0
    missed: tuple[Missed, ...] = ()
    waiting: Waiting | None = None

    @property
    def order(self) -> tuple[int, int, tuple[int, ...]]:
        return self.cost_minor, len(self.purchases), tuple(-int(p.at.timestamp()) for p in self.purchases)


@dataclass(frozen=True)
class LeftOut:
    """A product that is not considered, because these cells are not known."""

    operator: str
    sku: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Uncovered:
    """An operator with which the need cannot be covered: `kinds` fail alone, or, when empty, only together."""

    operator: str
    kinds: tuple[Kind, ...]
    exact: bool


@dataclass(frozen=True)
class Change:
    """From `amount` of this kind per 30 days on (kB, seconds, messages), the answer costs `cost_minor`."""

    kind: Kind
    amount: int
    cost_minor: int | None
    operator: str
    skus: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """The best plan, and beside it the best of every other operator, cheapest first.

    Within a budget: whatever covers the most days first. `first_days`: covered before the first one that is not.
    """

    best: Plan
    runners_up: tuple[Plan, ...]
    left_out: tuple[LeftOut, ...]
    uncovered: tuple[Uncovered, ...]
    first_days: int
    days: int
