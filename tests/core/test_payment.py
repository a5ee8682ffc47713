"""What one report of a provider changes: cumulative facts, so that nothing counts twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from core.cases import AT, ATTEMPT, CHANCE, ORDER, PAYMENT, attempt_after, moved, sold
from opla.core import attempt, order
from opla.core.attempt import Contradiction
from opla.core.change import Change, Subject
from opla.core.money import Money
from opla.core.payment import Charge, Payment, State, settle
from opla.core.ports import Answer, ChargeReport

OPEN = Payment(PAYMENT, State.OPEN, "sandbox", "pay_1", Money(1550, "EUR"), 0, 0, 0, 0, {ORDER: 1550})
CAPTURED = replace(OPEN, state=State.CAPTURED, captured_minor=1550)


def settled(
    report: ChargeReport,
    payment: Payment = OPEN,
    order_state: order.State = order.State.PLACED,
    charge: attempt.State = attempt.State.PENDING,
    at: datetime = AT + timedelta(seconds=20),
) -> Change:
    return settle(
        Charge(ATTEMPT, charge, 3, AT), payment, {ORDER: sold(order_state)}, report,
        route=lambda _o: "sandbox", at=at, chance=CHANCE,
    )  # fmt: skip


def captured(minor: int, currency: str = "EUR") -> ChargeReport:
    return ChargeReport(Answer.SUCCEEDED, "pay_1", captured_minor=minor, currency=currency)


def backs(change: Change) -> list[tuple[str, int]]:
    return [(r.reason, r.amount_minor) for r in change.refunds]


def test_the_first_capture_pays_the_order_and_asks_one_supplier() -> None:
    change = settled(captured(1550))
    assert moved(change, Subject.PAYMENT) == ["captured: open → captured"]
    assert moved(change, Subject.ORDER) == ["paid: placed → paid"]
    assert [(a.kind, a.adapter, a.order_id) for a in change.attempts] == [("send", "sandbox", ORDER)]
    assert (backs(change), change.sums[0].captured_minor, change.items) == ([], 1550, ())


@pytest.mark.parametrize(
    ("order_state", "event", "reason"),
    [
        (order.State.CANCELLED, "paid_late: cancelled → refunding", "late"),
        (order.State.PAID, "paid_twice: paid → paid", "second"),
        (order.State.DELIVERED, "paid_twice: delivered → delivered", "second"),
        (order.State.REFUNDING, "paid_twice: refunding → refunding", "second"),
        (order.State.REFUNDED, "paid_twice: refunded → refunded", "second"),
    ],
)
@pytest.mark.parametrize("state", [State.OPEN, State.FAILED, State.EXPIRED])
def test_money_an_order_does_not_wait_for_goes_back(
    state: State, order_state: order.State, event: str, reason: str
) -> None:
    closed = attempt.State.PENDING if state is State.OPEN else attempt.State.DECLINED
    change = settled(captured(1550), replace(OPEN, state=state), order_state, closed)
    assert moved(change, Subject.ORDER) == [event]
    assert (backs(change), [a.kind for a in change.attempts]) == ([(reason, 1550)], ["refund"])
    assert (change.sums[0].captured_minor, change.sums[0].refunding_minor) == (1550, 1550)


@pytest.mark.parametrize(
    ("minor", "payment", "back", "items"),
    [
        (1549, OPEN, ("underpaid", 1549), ["wrong_amount"]),
        (3100, OPEN, ("overpaid", 1550), []),
        (1551, OPEN, ("overpaid", 1), []),
        (3100, CAPTURED, ("overpaid", 1550), []),
    ],
)
def test_what_is_not_the_price_goes_back_to_the_cent(
    minor: int, payment: Payment, back: tuple[str, int], items: list[str]
) -> None:
    state = attempt.State.SUCCEEDED if payment is CAPTURED else attempt.State.PENDING
    change = settled(captured(minor), payment, charge=state)
    assert (backs(change), [i.kind for i in change.items]) == ([back], items)
    paid = ["paid: placed → paid"] if payment is OPEN and minor > 1550 else []
    assert moved(change, Subject.ORDER) == paid


@pytest.mark.parametrize(
    "report",
    [
        captured(1550),
        ChargeReport(Answer.PENDING, "pay_1"),
        ChargeReport(Answer.DECLINED, "pay_1", why="expired"),
        ChargeReport(Answer.UNKNOWN),
        ChargeReport(Answer.NOT_SENT),
    ],
    ids=["told twice", "older: open", "older: expired", "silence", "did not leave"],
)
def test_after_a_capture_nothing_said_again_or_late_moves_anything(report: ChargeReport) -> None:
    change = settled(report, CAPTURED, order.State.PAID, attempt.State.SUCCEEDED)
    assert moved(change, Subject.PAYMENT) == moved(change, Subject.ORDER) == []
    assert change.sums == change.refunds == ()
    assert attempt_after(change) == "succeeded"


def test_a_captured_payment_is_looked_at_a_few_times_more_because_a_webhook_may_be_lost() -> None:
    looks, at = [], AT
    for _ in range(4):
        change = settled(captured(1550), CAPTURED, order.State.PAID, attempt.State.SUCCEEDED, at=at)
        looks.append(change.notes[0].due_at)
        at = looks[-1] or at
    assert looks == [AT + timedelta(minutes=5), AT + timedelta(hours=1), AT + timedelta(days=1), None]


@pytest.mark.parametrize("silence", [Answer.NOT_SENT, Answer.UNKNOWN])
@pytest.mark.parametrize(
    ("payment", "state"),
    [(replace(OPEN, state=State.EXPIRED), attempt.State.DECLINED), (CAPTURED, attempt.State.SUCCEEDED)],
)
def test_the_last_look_that_nobody_answered_is_made_again_until_somebody_does(
    payment: Payment, state: attempt.State, silence: Answer
) -> None:
    """Else money that came late would be lost with one broken call, a day after the charge."""
    at = AT + timedelta(days=1, minutes=3)
    again = settled(ChargeReport(silence), payment, charge=state, at=at).notes[0].due_at
    assert again == at + timedelta(hours=1)
    told = ChargeReport(Answer.DECLINED, "pay_1") if state is attempt.State.DECLINED else captured(1550)
    assert settled(told, payment, charge=state, at=again).notes[0].due_at is None
    assert settled(ChargeReport(silence), payment, charge=state, at=AT + timedelta(days=30)).notes[0].due_at is None


def test_of_a_charge_that_came_to_nothing_whoever_knows_no_such_payment_has_answered() -> None:
    """Else one that never left is asked about hundreds of times, of a provider that always says the same."""
    at, expired = AT + timedelta(days=1, minutes=3), replace(OPEN, state=State.EXPIRED)
    nobody = ChargeReport(Answer.UNKNOWN, why="not_found")
    assert settled(nobody, expired, charge=attempt.State.DECLINED, at=at).notes[0].due_at is None
    # of one that was captured it proves nothing: it is there, and they were reached at a bad moment
    assert settled(nobody, CAPTURED, charge=attempt.State.SUCCEEDED, at=at).notes[0].due_at == at + timedelta(hours=1)


def test_a_charge_nobody_can_tell_about_comes_to_a_person_and_leaves_the_list_when_they_can() -> None:
    late = AT + timedelta(minutes=15)
    silent = settled(ChargeReport(Answer.UNKNOWN), OPEN, charge=attempt.State.UNKNOWN, at=late)
    assert [i.kind for i in silent.items] == ["unknown_charge"]
    told = settled(captured(1550), OPEN, charge=attempt.State.UNKNOWN, at=late)
    assert told.closes == (("unknown_charge", told.moves[0].id),)


@pytest.mark.parametrize(
    ("report", "payment"),
    [
        (captured(1550, currency="USD"), OPEN),
        (ChargeReport(Answer.PENDING, "pay_2"), OPEN),
        (captured(1000), CAPTURED),
        (captured(0), OPEN),
    ],
    ids=["wrong currency", "another payment's id", "less than before", "nothing captured"],
)
def test_what_cannot_be_true_is_a_contradiction(report: ChargeReport, payment: Payment) -> None:
    with pytest.raises(Contradiction):
        settled(report, payment, charge=attempt.State.PENDING)


@pytest.mark.parametrize(
    ("why", "event"), [("refused", "failed: open → failed"), ("expired", "expired: open → expired")]
)
def test_a_session_that_ends_leaves_the_order_waiting_and_is_looked_at_late(why: str, event: str) -> None:
    change = settled(ChargeReport(Answer.DECLINED, "pay_1", why=why))
    assert (moved(change, Subject.PAYMENT), moved(change, Subject.ORDER)) == ([event], [])
    assert change.notes[0].due_at == AT + timedelta(seconds=25)
    ended = replace(OPEN, state=State.FAILED)
    again = settled(ChargeReport(Answer.DECLINED, "pay_1"), ended, charge=attempt.State.DECLINED)
    assert again.notes[0].due_at == AT + timedelta(seconds=30)
