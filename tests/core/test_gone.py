"""Money that left without us: what one report proves, and what it holds back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.cases import AT, ATTEMPT, CHANCE, ORDER, PAYMENT, money, moved, sold
from opla.core import attempt, order
from opla.core.change import Change, CodeBack, Move, NewAttempt, Note, Subject, Sums
from opla.core.gone import Code, News, Standing, news, record
from opla.core.item import Why
from opla.core.money import Money
from opla.core.payment import Payment, State
from opla.core.ports import Answer, ChargeReport

PAID = Payment(PAYMENT, State.CAPTURED, "sandbox", "pay_1", Money(1550, "EUR"), 1550, 0, 0, 0, {ORDER: 1550})
CODE = Code(ORDER, ours=True, revealed=False)
ASKED = Change(
    moves=(Move(Subject.ATTEMPT, ATTEMPT, "succeeded", "succeeded", "succeeded"),),
    notes=(Note(ATTEMPT, "succeeded", None, 3),),
)


def report(refunded: int = 0, charged_back: int = 0, captured: int = 1550) -> ChargeReport:
    return ChargeReport(Answer.SUCCEEDED, "pay_1", "", captured, refunded, charged_back, "EUR")


@pytest.mark.parametrize(
    ("ours", "in_flight", "outside", "told", "new"),
    [
        (0, 0, 0, 1550, 1550),  # all of it in the dashboard
        (0, 0, 1000, 1000, 0),  # told twice
        (0, 0, 1000, 1550, 550),
        (1550, 0, 0, 1550, 0),  # ours alone
        (500, 0, 0, 1550, 1050),
        (0, 1000, 0, 1000, 0),  # ours may be out: it is what they count
        (0, 1000, 0, 0, 0),  # or has not arrived yet
        (0, 1000, 0, 1200, 200),  # more than ours can be
        (0, 1000, 200, 200, 0),  # and ours not yet in it
        (0, 1000, 200, 1200, 0),
        (0, 0, 1000, 0, -1000),  # a dashboard refund that failed at the bank
        (0, 0, 1000, 400, -600),
        (500, 0, 1000, 500, -1000),
        (500, 0, 0, 0, 0),  # older than ours: proves nothing
    ],
)
def test_only_what_goes_beyond_every_refund_of_ours_left_without_us(
    ours: int, in_flight: int, outside: int, told: int, new: int
) -> None:
    paid = replace(
        PAID, refunded_minor=ours, refunding_minor=in_flight, may_be_out_minor=in_flight, outside_minor=outside
    )
    assert news(paid, report(refunded=told)) == News(0, new)


def test_a_refund_that_never_left_is_not_in_their_sum() -> None:
    assert news(replace(PAID, refunding_minor=1550), report(refunded=1550)) == News(0, 1550)


@pytest.mark.parametrize(
    ("known", "told", "new"), [(0, 1550, 1550), (1550, 1550, 0), (1550, 0, -1550), (500, 800, 300)]
)
def test_a_charge_back_counts_once_and_may_be_won_back(known: int, told: int, new: int) -> None:
    assert news(replace(PAID, charged_back_minor=known), report(charged_back=told)) == News(new, 0)


@pytest.mark.parametrize(
    "older", [ChargeReport(Answer.UNKNOWN), ChargeReport(Answer.PENDING, "pay_1"), report(captured=1000)]
)
def test_a_report_that_has_seen_less_captured_proves_nothing(older: ChargeReport) -> None:
    assert not news(replace(PAID, charged_back_minor=1550, outside_minor=100), older)


def recorded(told: News, held: Standing | None = None, paid: Payment = PAID, *, fresh: bool = True) -> Change:
    standings = {held.order.id: held} if held else {}
    return record(ASKED, paid, standings, told, fresh=fresh, at=AT, chance=CHANCE)


@pytest.mark.parametrize(
    ("told", "event", "debit", "credit"),
    [
        (News(100, 0), "charged_back", "chargebacks:EUR", "psp_clearing:sandbox:EUR"),
        (News(-100, 0), "charge_back_won", "psp_clearing:sandbox:EUR", "chargebacks:EUR"),
        (News(0, 100), "refunded_outside", "suspense:EUR", "psp_clearing:sandbox:EUR"),
        (News(0, -100), "outside_undone", "psp_clearing:sandbox:EUR", "suspense:EUR"),
    ],
)
def test_each_is_one_line_and_an_item(told: News, event: str, debit: str, credit: str) -> None:
    change = recorded(told)
    assert moved(change, Subject.PAYMENT) == [f"{event}: captured → captured"]
    [line] = change.moves[-1].transfers
    assert (line.debit, line.credit, line.amount_minor) == (debit, credit, 100)
    assert change.sums == (
        Sums(PAYMENT, charged_back_minor=told.charged_back_minor, outside_minor=told.outside_minor, seen=PAID.seen),
    )
    assert [(i.kind, i.at_risk.amount_minor) for i in change.items] == [("outside_refund", 100)]


def test_until_when_a_charge_back_can_be_answered_stands_on_its_item() -> None:
    due = AT + timedelta(days=9)
    assert recorded(News(100, 0, due)).items[0].params["answer_by"] == due.isoformat()
    assert "answer_by" not in recorded(News(-100, 0, due)).items[0].params
    assert news(PAID, replace(report(charged_back=1550), answer_by=due)) == News(1550, 0, due)


def test_more_back_than_came_in_is_said() -> None:
    change = recorded(News(1550, 0), paid=replace(PAID, refunded_minor=1550))
    assert (change.items[0].why, change.items[0].params["beyond"]) == (Why.MORE_THAN_CAME_IN, "15.50")


def test_news_older_than_what_we_know_is_asked_for_again_and_nothing_is_posted() -> None:
    change = recorded(News(1550, 0), fresh=False)
    assert (change.sums, change.items, change.moves) == ((), (), ASKED.moves)
    assert change.notes[0].due_at == AT


def test_what_is_captured_and_lost_in_one_report_is_sent_only_after_the_loss_was_judged() -> None:
    send = NewAttempt(ATTEMPT, attempt.Kind.SEND, "sandbox", "r", AT, order_id=ORDER)
    first = replace(ASKED, sums=(Sums(PAYMENT, captured_minor=1550),), attempts=(send,))
    change = record(first, replace(PAID, captured_minor=0), {}, News(1550, 0), fresh=True, at=AT, chance=CHANCE)
    assert change.attempts[0].due_at == AT + timedelta(minutes=1)
    assert (change.notes[0].due_at, change.sums) == (AT, first.sums)


def standing(state: order.State, send: attempt.State | None = None, code: Code | None = None) -> Standing:
    return Standing(sold(state), ATTEMPT, send, 0, "sandbox" if not code or not code.ours else "code_stock", 1440, code)


@pytest.mark.parametrize(
    ("state", "send", "held_back"),
    [
        (order.State.PAID, attempt.State.NEW, True),
        (order.State.PAID, attempt.State.CLAIMED, True),
        (order.State.PAID, attempt.State.SENDING, False),
        (order.State.PAID, attempt.State.UNKNOWN, False),
        (order.State.PAID, attempt.State.PENDING, False),
        (order.State.DELIVERED, attempt.State.SUCCEEDED, False),  # credit on a number: nothing can be held back
        (order.State.REFUNDING, None, False),
    ],
)
def test_what_has_not_left_is_not_sent_for_money_that_is_gone(
    state: order.State, send: attempt.State | None, held_back: bool
) -> None:
    change = recorded(News(1550, 0), standing(state, send))
    if not held_back:
        assert (moved(change, Subject.ORDER), change.messages, change.codes) == ([], (), ())
        return
    assert moved(change, Subject.ORDER) == ["went_back: paid → refunded"]
    assert money(change.moves[-1]) == [("released", 1500), ("taken_back", 1550)]
    assert change.moves[-1].transfers[-1].credit == "chargebacks:EUR"
    assert [(n.attempt_id, n.due_at) for n in change.notes[1:]] == [(ATTEMPT, None)]
    assert [m.target for m in change.moves if m.event == "not_wanted"] == ["declined"]
    assert [m.topic for m in change.messages] == ["refunded"]


@pytest.mark.parametrize("told", [News(1549, 0), News(0, 1549), News(-1550, 0)])
def test_as_long_as_something_is_left_the_order_goes_on(told: News) -> None:
    assert moved(recorded(told, standing(order.State.PAID, attempt.State.NEW)), Subject.ORDER) == []


@pytest.mark.parametrize(
    ("code", "event", "codes", "lines"),
    [
        (
            CODE,
            "went_back: delivered → refunded",
            (CodeBack(ORDER, ORDER, "stock", revealed=False),),
            {"cost_back": 1440, "margin_back": 60, "fee_back": 41, "fee_vat_back": 9, "taken_back": 1550},
        ),
        (
            replace(CODE, ours=False),
            "forfeited: delivered → refunded",
            (CodeBack(ORDER, ORDER, "blocked", revealed=False),),
            {"goodwill": 1550, "taken_back": 1550},
        ),
        (replace(CODE, revealed=True), "", (), {}),
    ],
    ids=["ours", "a supplier's", "seen"],
)
def test_a_code_nobody_has_seen_is_taken_back_with_the_money(
    code: Code, event: str, codes: tuple[CodeBack, ...], lines: dict[str, int]
) -> None:
    change = recorded(News(0, 1550), standing(order.State.DELIVERED, attempt.State.SUCCEEDED, code))
    assert moved(change, Subject.ORDER) == ([event] if event else [])
    assert change.codes == codes
    if event:
        assert dict(money(change.moves[-1])) == lines
        assert change.moves[-1].transfers[-1].credit == "suspense:EUR"
