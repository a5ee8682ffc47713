"""What one answer about a refund changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.cases import AT, ATTEMPT, CHANCE, ORDER, PAYMENT, REFUND, attempt_after, money, moved
from opla.core import attempt, order
from opla.core.attempt import Contradiction
from opla.core.change import Change, Subject
from opla.core.money import Money
from opla.core.ports import Answer, Promises, RefundReport
from opla.core.refund import BY_RULE, ENDS_ORDER, Refund, State, Try, by_rule, settle

PROMISES = Promises(True, True, 10, park_after_s=900)
DUE = Refund(REFUND, State.DUE, PAYMENT, "sandbox", ORDER, order.State.REFUNDING, Money(1550, "EUR"), "declined")


def settled(
    answer: Answer, refund: Refund = DUE, state: attempt.State = attempt.State.SENDING, age_s: int = 1
) -> Change:
    report = RefundReport(answer, "re_1", why="a word")
    at = AT + timedelta(seconds=age_s)
    return settle(Try(ATTEMPT, state, 2, AT), refund, report, PROMISES, at=at, chance=CHANCE)


@pytest.mark.parametrize(
    ("reason", "event"),
    [("declined", "refunded: refunding → refunded"), ("second", "second_refunded: refunding → refunding")],
)
def test_done_pays_the_debt_and_ends_the_order_if_it_was_its_ending(reason: str, event: str) -> None:
    change = settled(Answer.SUCCEEDED, replace(DUE, reason=reason))
    assert moved(change, Subject.ORDER) == [event]
    assert moved(change, Subject.REFUND) == ["done: due → done"]
    assert money(change.moves[-1]) == [("refund_paid", 1550)]
    assert (change.sums[0].refunding_minor, change.sums[0].refunded_minor) == (-1550, 1550)
    assert {kind for kind, _ in change.closes} == {
        "unknown_refund",
        "refund_cap",
        "transfer_due",
        "cash_due",
        "slip_due",
    }


def test_what_was_paid_beyond_the_orders_belongs_to_the_payment_alone() -> None:
    change = settled(Answer.SUCCEEDED, replace(DUE, order_id=None, order_state=None, reason="overpaid"))
    assert moved(change, Subject.PAYMENT) == ["extra_refunded: captured → captured"]
    assert (moved(change, Subject.ORDER), change.messages) == ([], ())


def test_a_refusal_leaves_the_debt_and_one_item() -> None:
    change = settled(Answer.DECLINED)
    assert (moved(change, Subject.REFUND), moved(change, Subject.ORDER)) == (["refused: due → refused"], [])
    assert [(i.kind, i.at_risk.amount_minor) for i in change.items] == [("refund_refused", 1550)]
    assert (change.sums[0].refunding_minor, change.sums[0].refunded_minor) == (-1550, 0)


@pytest.mark.parametrize(
    ("state", "answer", "age_s", "after", "parked"),
    [
        (attempt.State.SENDING, Answer.UNKNOWN, 899, "unknown", False),
        (attempt.State.UNKNOWN, Answer.UNKNOWN, 900, "unknown", True),
        (attempt.State.UNKNOWN, Answer.NOT_SENT, 900, "unknown", True),
        (attempt.State.SENDING, Answer.NOT_SENT, 900, "new", True),
        (attempt.State.SENDING, Answer.NOT_SENT, 899, "new", False),
        (attempt.State.PENDING, Answer.PENDING, 86400, "pending", False),  # banks take days, and they have it
    ],
)
def test_what_stays_open_is_parked_in_time(
    state: attempt.State, answer: Answer, age_s: int, after: str, parked: bool
) -> None:
    change = settled(answer, state=state, age_s=age_s)
    assert (attempt_after(change), bool(change.items), moved(change, Subject.REFUND)) == (after, parked, [])
    assert change.notes[0].due_at is not None
    assert change.sums == ()


@pytest.mark.parametrize("answer", [Answer.SUCCEEDED, Answer.UNKNOWN, Answer.PENDING])
def test_told_twice_pays_once(answer: Answer) -> None:
    change = settled(answer, replace(DUE, state=State.DONE), attempt.State.SUCCEEDED)
    assert (len(change.moves), change.sums, change.messages, change.notes[0].due_at) == (1, (), (), None)


def test_done_and_refused_contradict() -> None:
    for state, answer in ((attempt.State.SUCCEEDED, Answer.DECLINED), (attempt.State.DECLINED, Answer.SUCCEEDED)):
        with pytest.raises(Contradiction):
            settled(answer, replace(DUE, state=State.DONE), state)


def test_only_a_rule_refunds_by_rule() -> None:
    for reason in BY_RULE:
        refund, tried = by_rule(PAYMENT, "p", None, 5, "EUR", reason, at=AT, chance=CHANCE)
        assert (tried.refund_id, tried.adapter, refund.amount_minor) == (refund.id, "p", 5)
    with pytest.raises(ValueError, match="choice"):
        by_rule(PAYMENT, "p", None, 5, "EUR", "choice", at=AT, chance=CHANCE)
    assert {"choice"} == ENDS_ORDER - BY_RULE
