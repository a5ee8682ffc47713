"""The cheapest purchases for a need, asked by a page: the planner, within what a page may cost others.

A search is computing and nothing else, and each process that serves the shop does one thing at a time. So a page asks
for fewer days and fewer labels than the terminal may, one search runs at a time on a machine (the others go on
selling), and an answer that holds nothing of a person's SIM is remembered for the next who asks the same.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from opla.core.calendar import start_of, zone
from opla.core.catalog import Catalog
from opla.core.drawing import FAST_ENOUGH_KBPS, Quality
from opla.core.effects import Effect
from opla.core.line import Bucket, Credit, Kind, Line
from opla.core.planner import (
    Answer,
    Change,
    Market,
    Need,
    Selling,
    changes_at,
    market,
    need_evenly,
    plan,
    plan_for_budget,
)
from opla.core.promotion import Channel, Facts
from opla.core.refusal import Code, Refusal
from opla.db import locks
from opla.operations import catalogue, prices, promotions
from opla.operations.shop import Shop

MOST_DAYS: Final = 184
#: For one operator's search, and for each of the several that a budget needs; the terminal may make more.
_MOST_LABELS: Final = 600
_MOST_LABELS_OF_BUDGET: Final = 30
#: For how long a page may look for what would change its answer; it is looked at between two searches.
_CHANGES_S: Final = 1.0
_REMEMBERED: Final = 256


@dataclass(frozen=True)
class Asked:
    """What somebody needs, and of whom.

    data_kb, voice_s, sms  per 30 days, spread evenly
    abroad                 first and last day of a stay elsewhere in the EU
    sim                    whose SIM there is already; empty: a new one
    only                   look at no other operator than this; empty: at all
    budget_minor           None: whatever it costs
    """

    data_kb: int
    voice_s: int
    sms: int
    first: date
    days: int
    abroad: tuple[date, date] | None = None
    sim: str = ""
    only: str = ""
    budget_minor: int | None = None

    @property
    def amounts(self) -> dict[Kind, int]:
        return {Kind.DATA: self.data_kb, Kind.VOICE: self.voice_s, Kind.SMS: self.sms}

    @property
    def days_away(self) -> int:
        """How many of the days are elsewhere in the EU."""
        if self.abroad is None:
            return 0
        since, last = self.abroad
        return sum(since <= self.first + timedelta(days=n) <= last for n in range(self.days))

    def need(self, amounts: Mapping[Kind, int] | None = None) -> Need:
        """The need day by day; with other `amounts` per 30 days, the same need with these."""
        wanted = amounts or self.amounts
        return need_evenly(
            wanted[Kind.DATA], wanted[Kind.VOICE], wanted[Kind.SMS], first=self.first, days=self.days,
            abroad=[self.abroad] if self.abroad else [], quality=Quality(min_kbps=FAST_ENOUGH_KBPS),
        )  # fmt: skip


@dataclass(frozen=True)
class Planned:
    """An answer, with the catalogue and the market it was found in."""

    catalog: Catalog
    market: Market
    answer: Answer | Refusal


#: What an answer rests on: the catalogue, how the shop sells, and what was asked.
_Key = tuple[int, bool, int, int, tuple[tuple[str, datetime], ...], Asked]
_remembered: dict[_Key, Planned] = {}


def find_plan(asked: Asked, line: Line | None, shop: Shop, at: datetime) -> Planned | Refusal:
    """The answer; refused with STILL_RUNNING while another search runs.

    line  what is on the SIM there is, of operator `asked.sim`, where somebody told; else nothing is taken to be on it
    """
    version, catalog = catalogue.active()
    promoted, known = promotions.to_be_had()
    fee_minor = prices.terms(shop).fee_minor
    # What anybody pays here: no coupon, no group, and whoever bought before.
    selling = Selling(fee_minor, known.ours, Facts("", "", Channel.WEB))
    selling = selling.seen_at(at, start_of(asked.first, zone(catalog.time_zone)))
    running = tuple((p.id, p.window.start) for p in selling.promotions)
    key = (version, shop.sandbox, promoted, fee_minor, running, asked)
    if line is None and key in _remembered:
        return _remembered[key]
    with _alone(shop.var) as alone:
        if not alone:
            return Refusal(Code.STILL_RUNNING)
        found = _planned(version, asked, line, selling, sandbox=shop.sandbox)
    if line is None:
        while len(_remembered) >= _REMEMBERED:
            _remembered.pop(next(iter(_remembered)))
        _remembered[key] = found
    return found


def changeable(asked: Asked, answer: Answer) -> bool:
    """Whether what would change an answer can be known: not of one that is cut off, or that a budget cuts short."""
    return asked.budget_minor is None and answer.best.exact and all(one.exact for one in answer.uncovered)


def find_changes(asked: Asked, planned: Planned, shop: Shop) -> tuple[list[Change], bool] | Refusal:
    """What more of each kind would cost more, and whether it was looked at for all of them in the time there is."""
    answer = planned.answer
    if isinstance(answer, Refusal) or not changeable(asked, answer):
        return [], False
    with _alone(shop.var) as alone:
        if not alone:
            return Refusal(Code.STILL_RUNNING)
        looked = changes_at(planned.market, asked.first, answer, asked.amounts, _for_a_while(asked.need))
        found: list[Change] = []
        try:
            found.extend(looked)  # what was found before the time was up stays
        except _TimeIsUpError:
            return found, False
        return found, True


def _planned(version: int, asked: Asked, line: Line | None, selling: Selling, *, sandbox: bool) -> Planned:
    catalog = catalogue.at_version(version)

    def found(line: Line | None) -> Market:
        operators = (asked.only,) if asked.only else ()
        return market(
            catalog, line=line, operators=operators, sandbox=sandbox, abroad=bool(asked.abroad), selling=selling
        )

    where = found(line or (Line(asked.sim, currency=catalog.currency) if asked.sim else None))
    if line is not None:
        effects = next((one.effects for one in where.candidates if one.own), ())
        where = found(_as_of(line, effects, asked))
    need = asked.need()
    if asked.budget_minor is None:
        answer = plan(where, need, asked.first, most_labels=_MOST_LABELS)
    else:
        answer = plan_for_budget(where, need, asked.first, asked.budget_minor, most_labels=_MOST_LABELS_OF_BUDGET)
    return Planned(catalog, where, answer)


def _as_of(line: Line, effects: Sequence[Effect], asked: Asked) -> Line:
    """What was told of a SIM, as the first day begins.

    It was read some time that day or before, and came from nobody knows which product: where all of this operator's
    renew each other, it is taken for one of them.
    """
    if not effects:
        return line
    start = start_of(asked.first, effects[0].zone)
    groups = {effect.group for effect in effects if effect.portions}
    group = groups.pop() if len(groups) == 1 else ""

    def bucket(one: Bucket) -> Bucket:
        return replace(one, starts=min(one.starts, start), group=one.group or ("" if one.sku else group))

    def lot(one: Credit) -> Credit:
        return replace(one, starts=min(one.starts, start) if one.starts else None)

    return replace(line, buckets=tuple(map(bucket, line.buckets)), credit=tuple(map(lot, line.credit)))


class _TimeIsUpError(Exception):
    pass


def _for_a_while(need: Callable[[Mapping[Kind, int]], Need]) -> Callable[[dict[Kind, int]], Need]:
    """The same, until the time is up: every search begins by asking for its need."""
    until = time.monotonic() + _CHANGES_S

    def bounded(amounts: dict[Kind, int]) -> Need:
        if time.monotonic() > until:
            raise _TimeIsUpError
        return need(amounts)

    return bounded


@contextmanager
def _alone(var: Path) -> Iterator[bool]:
    """Whether no other search runs on this machine; if so, none does until the end."""
    lock = locks.open_lock(var / "planning.lock")
    try:
        yield locks.take(lock, timeout_s=0)
    finally:
        os.close(lock)
