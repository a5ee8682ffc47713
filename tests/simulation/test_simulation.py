"""The simulation holds every promise, repeats itself, and finds the bugs that are planted in the engine."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import support
from opla.core import attempt, delivery
from opla.core.attempt import State, Step
from opla.core.change import Change
from opla.core.ports import Answer, Promises, SendReport
from opla.operations import deliver, settle
from opla.proving.faults import Fault
from opla.proving.shard import Outcome, Plan, Simulation

ALL = frozenset(Fault)


def simulated(var: Path, *, orders: int, seed: int, shard: int = 0, plant: Callable[[], None] | None = None) -> Outcome:
    with support.fresh_database():
        return Simulation(Plan(orders, seed, shard, ALL, plant), var).run()


def test_with_every_fault_no_order_is_lost_and_nothing_happens_twice(tmp_path: Path) -> None:
    seed = secrets.randbelow(10**9)
    found = simulated(tmp_path, orders=400, seed=seed, shard=seed % 3)
    assert found.verdict.clean, f"seed {seed}: {found.verdict.examples}"
    assert sum(found.verdict.states.values()) == 400
    assert len(found.faults) > 15  # it was not a quiet day


def test_the_same_seed_gives_the_same_trace(tmp_path: Path) -> None:
    first = simulated(tmp_path, orders=120, seed=11)
    again = simulated(tmp_path, orders=120, seed=11)
    other = simulated(tmp_path, orders=120, seed=12)
    assert first.trace_hash == again.trace_hash != other.trace_hash


def resend_on_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    right = attempt.step

    def step(state: State, promises: Promises) -> Step:
        return Step.REPEAT if state is State.UNKNOWN else right(state, promises)

    monkeypatch.setattr(attempt, "step", step)


def refund_on_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    right = delivery.settle

    def settled(send: delivery.Send, sold: object, paid: object, report: SendReport, *a: object, **k: object) -> Change:
        if report.answer is Answer.UNKNOWN:
            report = replace(report, answer=Answer.DECLINED)
        return right(send, sold, paid, report, *a, **k)  # type: ignore[arg-type]  # handed through as it came

    monkeypatch.setattr(delivery, "settle", settled)


def not_found_taken_as_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_self: deliver.SendDesk, why: str) -> SendReport:
        proof = why.startswith("not found")
        return SendReport(Answer.DECLINED if proof else Answer.UNKNOWN, why=why)

    monkeypatch.setattr(deliver.SendDesk, "unknown", unknown)


def an_outbox_written_after_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    right = settle.apply

    def twice(changes: list[Change], **k: object) -> list[settle.Result]:
        results = right([replace(c, messages=()) for c in changes], **k)  # type: ignore[arg-type]
        told = [Change(moves=(), messages=c.messages) for c, r in zip(changes, results, strict=True) if r == "won"]
        right([c for c in told if c.messages], **k)  # type: ignore[arg-type]
        return results

    monkeypatch.setattr(settle, "apply", twice)


@pytest.mark.parametrize(
    "plant",
    [resend_on_timeout, refund_on_unknown, not_found_taken_as_proof, an_outbox_written_after_the_commit],
    ids=lambda plant: plant.__name__,
)
def test_a_planted_bug_is_found_within_two_thousand_orders(
    plant: Callable[[pytest.MonkeyPatch], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    for shard in (1, 0, 2, 3):  # each begins with another supplier
        if not simulated(tmp_path, orders=500, seed=5, shard=shard).verdict.clean:
            return
    pytest.fail("the planted bug went unnoticed")


def test_a_transition_without_compare_and_set_is_found(tmp_path: Path) -> None:
    def plant() -> None:
        right = (Path(deliver.__file__).parents[1] / "db" / "sql" / "apply.sql").read_text()
        wrong = right.replace("IS DISTINCT FROM m.source OR m.first_g <> m.g", "IS NULL").replace(
            "WHERE a.tries IS DISTINCT FROM n.tries", "WHERE false"
        )
        assert wrong != right
        support.by_owner(wrong)

    for shard in (0, 1, 2, 3):
        try:
            if not simulated(tmp_path, orders=500, seed=5, shard=shard, plant=plant).verdict.clean:
                return
        except Exception as refused:  # noqa: BLE001 - the database's last walls refuse what the planted bug lets through
            assert "violates" in str(refused)  # noqa: PT017
            return
    pytest.fail("the planted bug went unnoticed")
