"""Bugs planted in the engine are found by the simulation, each within two thousand orders. One of the rules' and one
that the database's own guard stops are planted at every run, the others with --full.

A check before the lock inside one statement cannot be: `tests/db/test_codes.py` plants it before two real connections.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from django.db.utils import IntegrityError

import support
from opla.core import attempt, delivery, take_back
from opla.core.attempt import Kind, State, Step
from opla.core.chance import Chance
from opla.core.change import Change, NewAttempt
from opla.core.order import Order
from opla.core.ports import Answer, Promises, SendReport
from opla.core.refusal import Code, Refusal
from opla.core.take_back import Back
from opla.db.queries import codes, renewals
from opla.db.queries.renewals import Consent
from opla.operations import deliver, settle, statements
from opla.proving.faults import Fault
from opla.proving.shard import Plan, Simulation

ALL = frozenset(Fault)
_SHARD, _SHARDS = 250, 8  # within two thousand orders


def nothing() -> None:
    """What a plant does to the database, where it leaves it alone."""


def is_found(var: Path, plant: Callable[[], None], *, first: int, step: int = 1) -> bool:
    """Shard after shard until one finds it: a verdict, or a last wall of the database that refuses."""
    for n in range(_SHARDS):
        with support.fresh_database():
            try:
                if not Simulation(Plan(_SHARD, 5, first + n * step, ALL, plant), var).run().verdict.clean:
                    return True
            except IntegrityError:
                return True
    return False


def resend_on_timeout(patch: pytest.MonkeyPatch) -> None:
    right = attempt.step

    def step(state: State, promises: Promises, age: timedelta) -> Step:
        return Step.REPEAT if state is State.UNKNOWN else right(state, promises, age)

    patch.setattr(attempt, "step", step)


def refund_on_unknown(patch: pytest.MonkeyPatch) -> None:
    right = delivery.settle

    def settled(send: delivery.Send, sold: object, paid: object, report: SendReport, *a: object, **k: object) -> Change:
        if report.answer is Answer.UNKNOWN:
            report = replace(report, answer=Answer.DECLINED)
        return right(send, sold, paid, report, *a, **k)  # type: ignore[arg-type]  # handed through as it came

    patch.setattr(delivery, "settle", settled)


def not_found_taken_as_proof(patch: pytest.MonkeyPatch) -> None:
    def unknown(_self: deliver.SendDesk, why: str) -> SendReport:
        proof = why == "not_found"
        return SendReport(Answer.DECLINED if proof else Answer.UNKNOWN, why=why)

    patch.setattr(deliver.SendDesk, "unknown", unknown)


def an_outbox_written_after_the_commit(patch: pytest.MonkeyPatch) -> None:
    right = settle.apply

    def twice(changes: list[Change], **k: object) -> list[settle.Result]:
        results = right([replace(c, messages=()) for c in changes], **k)  # type: ignore[arg-type]  # as it came
        told = [Change(moves=(), messages=c.messages) for c, r in zip(changes, results, strict=True) if r == "won"]
        right([c for c in told if c.messages], **k)  # type: ignore[arg-type]  # as it came
        return results

    patch.setattr(settle, "apply", twice)


def a_date_that_nobody_waits_for(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(deliver, "wait_for_date", lambda *_, **__: None)


def a_code_that_was_read_goes_back(patch: pytest.MonkeyPatch) -> None:
    right = take_back.refused

    def refused(back: Back, today: date) -> Refusal | None:
        no = right(back, today)
        return None if no is not None and no.code is Code.CODE_SEEN else no

    patch.setattr(take_back, "refused", refused)


def a_code_given_back_stays_with_its_buyer(patch: pytest.MonkeyPatch) -> None:
    right = take_back.start

    def start(back: Back, refund_id: UUID, **k: object) -> Change:
        return replace(right(back, refund_id, **k), codes=())  # type: ignore[arg-type]  # handed through as it came

    patch.setattr(take_back, "start", start)


def a_line_counts_in_each_file(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(statements, "recognised", lambda new, _: [None] * len(new))


@pytest.mark.parametrize(
    ("plant", "first"),
    [
        (resend_on_timeout, 1),
        pytest.param(refund_on_unknown, 1, marks=pytest.mark.full),
        pytest.param(not_found_taken_as_proof, 1, marks=pytest.mark.full),
        pytest.param(an_outbox_written_after_the_commit, 0, marks=pytest.mark.full),
        pytest.param(a_date_that_nobody_waits_for, 0, marks=pytest.mark.full),
        pytest.param(a_code_that_was_read_goes_back, 0, marks=pytest.mark.full),
        pytest.param(a_code_given_back_stays_with_its_buyer, 0, marks=pytest.mark.full),
        pytest.param(a_line_counts_in_each_file, 0, marks=pytest.mark.full),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_bug_planted_in_the_rules_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], first: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    assert is_found(tmp_path, nothing, first=first)


@pytest.mark.full
def test_a_transition_without_compare_and_set_is_found(tmp_path: Path) -> None:
    def plant() -> None:
        right = (Path(codes.__file__).parents[1] / "sql" / "apply.sql").read_text()
        wrong = right.replace("IS DISTINCT FROM m.source OR m.first_g <> m.g", "IS NULL").replace(
            "WHERE a.tries IS DISTINCT FROM n.tries", "WHERE false"
        )
        assert wrong.count("WHERE false") == right.count("WHERE false") + 1
        assert wrong != right.replace("WHERE a.tries IS DISTINCT FROM n.tries", "WHERE false")
        support.by_owner(wrong.replace("%", "%%"))

    assert is_found(tmp_path, plant, first=0)


@pytest.mark.full
def test_a_key_that_nobody_remembers_is_found(tmp_path: Path) -> None:
    def plant() -> None:
        right = (Path(codes.__file__).parents[1] / "sql" / "floats.sql").read_text()
        wrong = right.replace(
            "WHERE NOT EXISTS (SELECT FROM idempotency i", "WHERE true OR NOT EXISTS (SELECT FROM idempotency i"
        )
        wrong = wrong.replace(
            "FROM asked ORDER BY reseller, key\n", "FROM asked ORDER BY reseller, key ON CONFLICT DO NOTHING\n"
        )
        assert wrong.count("DO NOTHING\n") == right.count("DO NOTHING\n") + 1
        assert "true OR" in wrong
        support.by_owner(wrong.replace("%", "%%"))

    assert is_found(tmp_path, plant, first=0)


# ── renewals, of which every fourth shard has some ──


@pytest.mark.full
def test_a_period_charged_twice_is_found(tmp_path: Path) -> None:
    def plant() -> None:
        right = (Path(codes.__file__).parents[1] / "sql" / "renewals.sql").read_text()
        wrong = right.replace("SET phase = 'placed', order_id = p_order", "SET order_id = p_order")
        assert wrong != right
        support.by_owner(wrong.replace("%", "%%"))

    assert is_found(tmp_path, plant, first=2, step=4)


@pytest.mark.full
def test_a_charge_after_the_end_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    right = renewals.consents

    def consents(payment_ids: Sequence[UUID]) -> dict[UUID, Consent]:
        return {id_: replace(one, wanted=True) for id_, one in right(payment_ids).items()}

    monkeypatch.setattr(renewals, "consents", consents)
    assert is_found(tmp_path, nothing, first=2, step=4)


# ── the database's own guards ──


def a_second_send_when_the_first_is_slow(patch: pytest.MonkeyPatch) -> None:
    right = delivery.settle

    def settled(
        send: delivery.Send, sold: Order, paid: delivery.Paid, report: SendReport, *a: object, **k: object
    ) -> Change:
        change = right(send, sold, paid, report, *a, **k)  # type: ignore[arg-type]  # handed through as it came
        if report.answer is not Answer.UNKNOWN or send.state is not State.SENDING:
            return change
        at, chance = k["at"], k["chance"]
        assert isinstance(chance, Chance)
        other = "steady" if send.supplier != "steady" else "findable"
        again = NewAttempt(
            chance.uuid(at),  # type: ignore[arg-type]  # handed through as it came
            Kind.SEND,
            other,
            chance.reference(),
            due_at=at,  # type: ignore[arg-type]  # handed through as it came
            order_id=sold.id,
        )
        return replace(change, attempts=(*change.attempts, again))

    patch.setattr(delivery, "settle", settled)


def test_a_second_send_is_refused_by_the_guard_and_found_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_second_send_when_the_first_is_slow(monkeypatch)
    with support.fresh_database(), pytest.raises(IntegrityError, match="attempt_one_send"):
        Simulation(Plan(_SHARD, 5, 1, ALL), tmp_path).run()

    def plant() -> None:
        support.by_owner("DROP INDEX attempt_one_send")

    assert is_found(tmp_path, plant, first=1)
