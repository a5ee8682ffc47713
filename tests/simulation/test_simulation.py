"""The simulation holds every promise, repeats itself, and says what it breaks."""

from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import support
from opla.commands._reference import FOLDER
from opla.counterparts.standins import PaysOut
from opla.proving import faults
from opla.proving.faults import RULES, Fault
from opla.proving.shard import Outcome, Plan, Simulation

ALL = frozenset(Fault)


def simulated(var: Path, *, orders: int, seed: int, shard: int = 0) -> Outcome:
    with support.fresh_database():
        return Simulation(Plan(orders, seed, shard, ALL), var).run()


def test_with_every_fault_no_order_is_lost_and_nothing_happens_twice(tmp_path: Path) -> None:
    seed = secrets.randbelow(10**9)
    found = simulated(tmp_path, orders=400, seed=seed, shard=seed % 4)
    assert found.verdict.clean, f"seed {seed}: {found.verdict.examples}"
    assert sum(found.verdict.states.values()) == 400 + found.verdict.renewed
    assert len(found.faults) > 20  # it was not a quiet day
    tills = ("mollie", "simulated", "cash")
    assert min(found.verdict.by[till] for till in tills) > 0, f"seed {seed}: {found.verdict.by}"  # nor were all lost


def test_the_same_seed_gives_the_same_trace(tmp_path: Path) -> None:
    first = simulated(tmp_path, orders=100, seed=11)
    again = simulated(tmp_path, orders=100, seed=11)
    other = simulated(tmp_path, orders=100, seed=12)
    assert first.trace_hash == again.trace_hash != other.trace_hash


def test_a_payment_that_a_provider_forgets_to_pay_out_is_found(tmp_path: Path) -> None:
    with support.fresh_database():
        simulation = Simulation(Plan(60, 12, 0, frozenset()), tmp_path)
        mollie = simulation.tills["mollie"]
        assert isinstance(mollie, PaysOut)
        mollie.forgets |= {f"tr_{n:010d}" for n in range(1, 6)}
        found = simulation.run().verdict
    assert mollie.paid_out
    assert found.unbalanced == 1
    assert [e for e in found.examples if e.startswith("psp_clearing of mollie is ")]


def test_the_shards_live_through_both_changes_of_the_clock_and_two_month_ends() -> None:
    changes = [Plan(1, 1, shard, ALL).changes_at for shard in range(4)]
    brussels = ZoneInfo("Europe/Brussels")
    offsets = [
        (at - timedelta(1)).astimezone(brussels).utcoffset() != at.astimezone(brussels).utcoffset() for at in changes
    ]
    assert offsets == [True, True, False, False]
    assert [at.day for at in changes[2:]] == [1, 1]
    assert all(Plan(1, 1, shard, ALL).starts_at < at for shard, at in enumerate(changes))


def test_every_fault_has_its_rule_and_the_page_says_it() -> None:
    assert list(RULES) == list(Fault)
    assert (FOLDER / "faults.md").read_text("utf-8") == faults.page(), "run ./opla _reference"
