"""What a payment provider keeps: posted once, however often and whenever it says so."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cases import ATTEMPT, ORDER, PAYMENT, REFUND, moved
from opla.core import fee, order, refund
from opla.core.change import Change, Fee, Subject, Sums
from opla.core.item import Why
from opla.core.money import Money
from opla.core.payment import Payment, State
from opla.core.ports import Answer, ChargeReport, RefundReport

PAID = Payment(PAYMENT, State.CAPTURED, "sandbox", "pay_1", Money(1550, "EUR"), 1550, 0, 0, 0, {ORDER: 1550})
KNOWN = replace(PAID, fee_minor=44, fee_on="1550/0")
NOTHING = Change(())


def report(
    kept: int | None, *, captured: int = 1550, charged_back: int = 0, answer: Answer = Answer.SUCCEEDED
) -> ChargeReport:
    told = None if kept is None else Money(kept, "EUR")
    return ChargeReport(answer, "pay_1", "", captured, 0, charged_back, "EUR", fee=told)


def lines(change: Change) -> list[tuple[str, str, int]]:
    return [(t.debit, t.credit, t.amount_minor) for m in change.moves for t in m.transfers]


FEES, CLEARING = "psp_fees:sandbox:EUR", "psp_clearing:sandbox:EUR"


@pytest.mark.parametrize(
    ("paid", "told", "posted"),
    [
        (PAID, report(44), [(FEES, CLEARING, 44)]),
        (PAID, report(None), []),
        (PAID, report(0), []),  # they keep nothing: known from now on, and no line
        (KNOWN, report(44), []),  # told twice
        (KNOWN, report(None), []),  # an answer without it takes nothing back
        (replace(KNOWN, captured_minor=3100), report(88, captured=3100), [(FEES, CLEARING, 44)]),
        (replace(KNOWN, charged_back_minor=1550), report(1544, charged_back=1550), [(FEES, CLEARING, 1500)]),
        (replace(PAID, fee_minor=1544, fee_on="1550/1550"), report(44), [(CLEARING, FEES, 1500)]),  # it was won
        (replace(PAID, captured_minor=0), report(44, captured=0), []),
        (PAID, report(44, charged_back=1550), []),  # its news is judged at the next look, and the fee with it
        (PAID, report(44, captured=1000), []),  # an older report
    ],
)
def test_a_fee_is_posted_as_far_as_report_and_books_agree(
    paid: Payment, told: ChargeReport, posted: list[tuple[str, str, int]]
) -> None:
    change = fee.of_payment(NOTHING, paid, ATTEMPT, told)
    assert (lines(change), change.items) == (posted, ())
    assert all(m.subject is Subject.PAYMENT and m.source == m.target == "captured" for m in change.moves)


def test_what_it_is_for_counts_what_this_change_brings() -> None:
    captured = replace(NOTHING, sums=(Sums(PAYMENT, captured_minor=1550),))
    change = fee.of_payment(captured, replace(PAID, captured_minor=0), ATTEMPT, report(44))
    assert change.fees == (Fee(ATTEMPT, 44, "1550/0"),)


@pytest.mark.parametrize(
    ("paid", "told", "why"),
    [
        (KNOWN, report(45), Why.FEE_CHANGED),
        (KNOWN, report(43), Why.FEE_CHANGED),
        (replace(KNOWN, captured_minor=3100), report(43, captured=3100), Why.FEE_CHANGED),  # more came in, less is kept
        (PAID, report(-1), Why.FEE_CHANGED),
        (PAID, replace(report(1), fee=Money(44, "USD")), Why.FEE_CURRENCY),
        (KNOWN, replace(report(1), fee=Money(44, "USD")), Why.FEE_CURRENCY),
    ],
)
def test_a_fee_that_cannot_be_is_for_a_person_and_nothing_is_posted(
    paid: Payment, told: ChargeReport, why: Why
) -> None:
    change = fee.of_payment(NOTHING, paid, ATTEMPT, told)
    assert (change.moves, change.fees) == ((), ())
    assert [(i.kind, i.why, i.subject) for i in change.items] == [("contradiction", why, ATTEMPT)]


OWED = refund.Refund(
    REFUND, refund.State.DUE, PAYMENT, "sandbox", ORDER, order.State.REFUNDING, Money(1550, "EUR"), "declined"
)


@pytest.mark.parametrize(
    ("state", "known", "answer", "kept", "posted"),
    [
        ("due", None, Answer.SUCCEEDED, 10, 10),
        ("done", None, Answer.SUCCEEDED, 10, 10),  # learnt later
        ("done", 10, Answer.SUCCEEDED, 10, 0),
        ("due", None, Answer.SUCCEEDED, 0, 0),
        ("due", None, Answer.SUCCEEDED, None, 0),
        ("due", None, Answer.DECLINED, 10, 0),
        ("due", None, Answer.PENDING, 10, 0),
        ("otherwise", None, Answer.SUCCEEDED, 10, 0),
    ],
)
def test_a_refund_bears_its_own_fee_once_it_is_done(
    state: str, known: int | None, answer: Answer, kept: int | None, posted: int
) -> None:
    told = RefundReport(answer, "re_1", fee=None if kept is None else Money(kept, "EUR"))
    change = fee.of_refund(NOTHING, replace(OWED, state=refund.State(state), fee_minor=known), ATTEMPT, told)
    assert lines(change) == ([(FEES, CLEARING, posted)] if posted else [])
    assert moved(change, Subject.REFUND) == (["fee_kept: done → done"] if posted else [])
    assert change.items == ()


def test_another_fee_of_the_same_refund_is_for_a_person() -> None:
    known = replace(OWED, state=refund.State.DONE, fee_minor=10)
    change = fee.of_refund(NOTHING, known, ATTEMPT, RefundReport(Answer.SUCCEEDED, fee=Money(11, "EUR")))
    assert (change.moves, [i.why for i in change.items]) == ((), [Why.FEE_CHANGED])


@given(st.lists(st.tuples(st.booleans(), st.none() | st.integers(0, 90)), max_size=30))
def test_what_is_posted_is_always_the_last_fee_that_was_believed(story: list[tuple[bool, int | None]]) -> None:
    """Whatever it says, in whatever order, with a second capture now and then."""
    paid, posted = replace(PAID, captured_minor=0), 0
    for more, kept in story:
        paid = replace(paid, captured_minor=paid.captured_minor + 100 * more)
        change = fee.of_payment(NOTHING, paid, ATTEMPT, report(kept, captured=paid.captured_minor))
        for debit, _credit, minor in lines(change):
            posted += minor if debit == FEES else -minor
        for believed in change.fees:
            paid = replace(paid, fee_minor=believed.amount_minor, fee_on=believed.on)
        assert posted == (paid.fee_minor or 0) >= 0


@given(st.integers(0, 5000), st.lists(st.integers(1, 10_000), min_size=1, max_size=8))
def test_the_shares_of_all_orders_add_up_to_the_fee(fee_minor: int, parts: list[int]) -> None:
    allocations = [(UUID(int=n), part) for n, part in enumerate(parts)]
    shares = [fee.share_minor(fee_minor, allocations, order_id) for order_id, _ in allocations]
    assert sum(shares) == fee_minor
    assert min(shares) >= 0
