"""What one answer about a send changes: the table that keeps promise 2 and promise 3."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.cases import AT, ATTEMPT, CHANCE, ORDER, PAYMENT, attempt_after, money, moved, sold
from opla.core import attempt, order
from opla.core.attempt import Contradiction
from opla.core.change import Change, Subject
from opla.core.delivery import Paid, Send, settle
from opla.core.money import Money
from opla.core.ports import Answer, Kind, Pin, Promises, SendReport

PROMISES = Promises(True, True, 10, may_reverse=True, park_after_s=900)
S, O = attempt.State, order.State
GIVEN = SendReport(Answer.SUCCEEDED, "s1", 1440, Pin("123456789"))


def settled(
    report: SendReport,
    state: attempt.State = S.SENDING,
    order_state: order.State = O.PAID,
    *,
    age_s: int = 1,
    next_supplier: str = "",
    kind: Kind = Kind.CODE,
) -> Change:
    return settle(
        Send(ATTEMPT, state, "sandbox", 2, AT), sold(order_state, kind), Paid(PAYMENT, "sandbox", 1550, 1440), report,
        PROMISES, next_supplier=next_supplier, at=AT + timedelta(seconds=age_s), chance=CHANCE,
    )  # fmt: skip


def consequences(change: Change) -> str:
    """Everything an answer leads to, in one word each."""
    return " ".join(
        [m.event for m in change.moves if m.subject is Subject.ORDER]
        + [f"{a.kind}>{a.adapter}" for a in change.attempts]
        + [f"back:{r.reason}" for r in change.refunds]
        + [i.kind for i in change.items]
    )


#: state, answer, seconds since made, is there another supplier → state after, and everything that follows.
TABLE = """
sending succeeded 1    no  succeeded delivered
pending succeeded 9999 yes succeeded delivered
unknown succeeded 9999 yes succeeded delivered
sending declined  1    no  declined  declined refund>sandbox back:declined
unknown declined  1    no  declined  declined refund>sandbox back:declined
sending declined  1    yes declined  rerouted send>second
pending declined  9999 yes declined  rerouted send>second
unknown declined  9999 yes declined  rerouted send>second
sending pending   1    yes pending
pending pending   899  yes pending
pending pending   900  yes pending   unknown_send
pending unknown   900  yes pending   unknown_send
unknown pending   899  yes pending
sending unknown   1    yes unknown
sending unknown   899  yes unknown
sending unknown   900  yes unknown   unknown_send
unknown unknown   9999 yes unknown   unknown_send
unknown unknown   9999 no  unknown   unknown_send
unknown not_sent  9999 yes unknown   unknown_send
sending not_sent  899  yes new
sending not_sent  900  yes declined  rerouted send>second
sending not_sent  900  no  declined  declined refund>sandbox back:declined
pending not_sent  9999 no  pending   unknown_send
"""


@pytest.mark.parametrize("row", TABLE.strip().splitlines())
def test_an_answer_leads_to_this_and_nothing_else(row: str) -> None:
    state, answer, age_s, another, after, *follows = row.split()
    report = GIVEN if answer == "succeeded" else SendReport(Answer(answer))
    change = settled(report, S(state), age_s=int(age_s), next_supplier="second" if another == "yes" else "")
    assert (attempt_after(change), consequences(change)) == (after, " ".join(follows))
    assert (change.notes[0].due_at is not None) == (attempt.State(after) in attempt.OPEN)


def test_no_unknown_pending_or_unsent_answer_ever_moves_money() -> None:
    for state in (S.SENDING, S.PENDING, S.UNKNOWN):
        for answer in (Answer.UNKNOWN, Answer.PENDING, Answer.NOT_SENT):
            for age_s in (1, 899, 10**6):
                if (state, answer) == (S.SENDING, Answer.NOT_SENT) and age_s > 899:
                    continue  # nothing ever left: that one may be given up
                change = settled(SendReport(answer), state, age_s=age_s, next_supplier="second")
                assert (change.refunds, change.attempts, change.sums, moved(change, Subject.ORDER)) == ((), (), (), [])


@pytest.mark.parametrize("answer", [Answer.SUCCEEDED, Answer.PENDING, Answer.UNKNOWN, Answer.NOT_SENT])
def test_told_twice_delivers_once(answer: Answer) -> None:
    change = settled(replace(GIVEN, answer=answer), S.SUCCEEDED, O.DELIVERED)
    assert (len(change.moves), change.deliveries, change.messages) == (1, (), ())


@pytest.mark.parametrize(
    ("arrived", "state"),
    [
        (Money(1500, "EUR"), "succeeded"),
        (Money(1501, "EUR"), "succeeded"),
        (Money(1499, "EUR"), "unknown"),
        (Money(1500, "USD"), "unknown"),
    ],
)
def test_less_than_was_sold_is_no_success_and_moves_no_money(arrived: Money, state: str) -> None:
    change = settled(replace(GIVEN, delivered=arrived))
    assert attempt_after(change) == state
    assert change.notes[0].why == ("" if state == "succeeded" else "delivered_less")
    assert bool(change.deliveries) is (state == "succeeded")
    assert attempt_after(settled(replace(GIVEN, delivered=arrived), S.UNKNOWN)) == state


def test_a_reversal_is_refunded_with_every_cent_undone_and_told_twice_undone_once() -> None:
    change = settled(replace(GIVEN, reversed=True), S.SUCCEEDED, O.DELIVERED, next_supplier="second")
    assert consequences(change) == "reversed refund>sandbox back:reversed"
    assert money(change.moves[1]) == [
        ("cost_back", 1440), ("margin_back", 60), ("fee_back", 41), ("fee_vat_back", 9), ("refund_due", 1550),
    ]  # fmt: skip
    assert consequences(settled(replace(GIVEN, reversed=True), S.SUCCEEDED, O.REFUNDING)) == ""


@pytest.mark.parametrize("state", [S.SENDING, S.PENDING, S.UNKNOWN])
def test_reversed_before_we_heard_of_it_is_refunded_and_never_rerouted(state: attempt.State) -> None:
    change = settled(replace(GIVEN, reversed=True), state, next_supplier="second")
    assert (attempt_after(change), consequences(change)) == ("declined", "declined refund>sandbox back:declined")


@pytest.mark.parametrize(
    ("report", "state", "order_state"),
    [
        (GIVEN, S.DECLINED, O.REFUNDING),  # refused, and then given after all
        (SendReport(Answer.DECLINED), S.SUCCEEDED, O.DELIVERED),
        (GIVEN, S.UNKNOWN, O.REFUNDED),
        (replace(GIVEN, cost_minor=None), S.SENDING, O.PAID),
        (replace(GIVEN, pin=None), S.SENDING, O.PAID),
    ],
    ids=["given after refused", "refused after given", "given after refunded", "no cost", "no code"],
)
def test_what_cannot_be_is_a_contradiction(report: SendReport, state: attempt.State, order_state: order.State) -> None:
    with pytest.raises(Contradiction):
        settled(report, state, order_state)


def test_credit_on_a_number_is_looked_at_again_in_case_it_is_taken_back() -> None:
    given = settled(replace(GIVEN, pin=None), kind=Kind.DIRECT)
    assert given.notes[0].due_at == AT + timedelta(seconds=5)
    assert settled(GIVEN).notes[0].due_at is None
    assert [d.order_id for d in given.deliveries] == [ORDER]
