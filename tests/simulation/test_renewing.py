"""Renewals in the simulation: a week's credit comes again by itself, and the judge knows what people were told."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

import support
from opla.counterparts.standins import Again
from opla.counterparts.standins.mollie import Mollie
from opla.counterparts.standins.stripe import Stripe
from opla.proving.customers import World
from opla.proving.faults import Fault
from opla.proving.renewing import Renewers, _Agreed
from opla.proving.shard import Plan, Simulation

_SHARD = 2  # of four, the one of weeks
_FIRST = datetime(2026, 12, 8, 5, tzinfo=UTC)
_WEEK, _DAY = timedelta(days=7), timedelta(days=1)


@pytest.mark.full
def test_with_every_fault_people_are_charged_as_they_were_told_or_not_at_all(tmp_path: Path) -> None:
    with support.fresh_database():
        simulation = Simulation(Plan(100, 5, _SHARD, frozenset(Fault)), tmp_path)
        found = simulation.run()
    assert found.verdict.clean, found.verdict.examples
    assert found.faults[Fault.RENEWS] > 8
    assert found.verdict.renewed >= simulation.renewers.count > 4


class _Judged(Renewers):
    """One person who was told of two charges in time, and whom Stripe charged twice, to the minute."""

    def __init__(self) -> None:
        stripe = Stripe("sk_test_x", lambda: _FIRST)
        tills = {"mollie": Mollie("test_x", lambda: _FIRST), "stripe": stripe}
        super().__init__(cast("World", SimpleNamespace(tills=tills)), None, deque())  # type: ignore[arg-type]  # no chance
        self.stripe = stripe
        told = {due_at: due_at - 3 * _DAY for due_at in (_FIRST, _FIRST + _WEEK)}
        self.one = _Agreed("ana@example.org", "stripe", b"", told=told, caps=[(_FIRST - 9 * _DAY, 600)])
        stripe._left_by["pm_1"] = "cs_1"
        stripe.methods["pm_1"] = {"customer": None}
        stripe.taken["cs_1"] = SimpleNamespace(reference="first")  # type: ignore[assignment]  # all that is looked at
        for n, at in enumerate((_FIRST, _FIRST + _WEEK)):
            stripe.taken[f"pi_{n}"] = SimpleNamespace(reference=f"r{n}", amount_minor=535)  # type: ignore[assignment]
            stripe.again.append(Again(f"pi_{n}", "pm_1", at))

    def _whose(self, reference: str) -> _Agreed | None:
        return self.one if reference == "first" else None


def told_late(judged: _Judged) -> None:
    judged.one.told[_FIRST] += 2 * timedelta(hours=1)


def untold(judged: _Judged) -> None:
    judged.one.told.clear()


def told_once(judged: _Judged) -> None:
    del judged.one.told[_FIRST + _WEEK]


def skipped(judged: _Judged) -> None:
    judged.one.skipped.add(_FIRST)


def capped(judged: _Judged) -> None:
    judged.one.caps.append((_FIRST - _DAY, 500))


def ended(judged: _Judged) -> None:
    judged.one.off.append((_FIRST + _DAY, None))


def paused(judged: _Judged) -> None:
    judged.one.off.append((_FIRST - _DAY, _FIRST + _DAY))


def of_nobody(judged: _Judged) -> None:
    judged.stripe.taken["cs_1"].reference = "another"


def kept(judged: _Judged) -> None:
    judged.stripe.methods["pm_1"]["customer"] = "cus_1"


@pytest.mark.parametrize(
    ("breaks", "says"),
    [
        (told_late, "pi_0 at stripe, 2026-12-08 05:00:00+00:00: they were told too late"),
        (untold, "nobody was told of it"),
        (told_once, "pi_1 at stripe, 2026-12-15 05:00:00+00:00: its period was charged before"),
        (skipped, "it had been skipped"),
        (capped, "535 is above the ceiling of 500"),
        (ended, "pi_1 at stripe, 2026-12-15 05:00:00+00:00: it had been paused or ended"),
        (paused, "pi_0 at stripe, 2026-12-08 05:00:00+00:00: it had been paused or ended"),
        (of_nobody, "by consent of nobody"),
        (kept, "stripe still keeps pm_1"),
    ],
)
def test_the_judge_knows_each_charge_that_should_not_have_been(breaks: Callable[[_Judged], None], says: str) -> None:
    judged = _Judged()
    assert judged.differences() == []
    breaks(judged)
    assert any(says in one for one in judged.differences())


def test_a_charge_that_was_handed_over_before_the_end_may_come_after_it() -> None:
    judged = _Judged()
    judged.one.off.append((_FIRST + _WEEK - timedelta(minutes=1), None))
    judged.handed["r1"] = _FIRST + _WEEK - timedelta(minutes=2)
    assert judged.differences() == []
