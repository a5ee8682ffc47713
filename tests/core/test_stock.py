"""The arithmetic of a shelf: what has not come, and how many to order."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core import stock
from opla.core.stock import BatchEvent, BatchState, PurchaseEvent, PurchaseState


@pytest.mark.parametrize(
    ("left", "expected", "sold", "below", "order"),
    [
        (0, 0, 28, 0, 30),  # one a day, for thirty days
        (10, 0, 28, 0, 20),
        (10, 15, 28, 0, 5),
        (10, 20, 28, 0, 0),
        (0, 0, 1, 0, 2),  # rounded up: half a code sells nothing
        (3, 0, 0, 10, 7),  # nothing sold: up to what the owner wants there
        (3, 0, 280, 10, 297),
    ],
)
def test_so_many_are_to_be_ordered(left: int, expected: int, sold: int, below: int, order: int) -> None:
    assert stock.suggested(left=left, expected=expected, sold=sold, below=below) == order


_COUNT = st.integers(0, 10_000)


@given(_COUNT, _COUNT, _COUNT, _COUNT)
def test_what_is_suggested_is_enough_and_not_one_more(left: int, expected: int, sold: int, below: int) -> None:
    order = stock.suggested(left=left, expected=expected, sold=sold, below=below)
    have = left + expected + order
    assert have * stock.SALES_DAYS >= sold * stock.COVER_DAYS
    assert have >= below
    if order:
        assert have == below or (have - 1) * stock.SALES_DAYS < sold * stock.COVER_DAYS


@pytest.mark.parametrize(
    ("quantity", "arrived", "damaged", "short"), [(10, 0, 0, 10), (10, 7, 1, 2), (10, 9, 1, 0), (10, 12, 0, 0)]
)
def test_what_has_not_come_is_short(quantity: int, arrived: int, damaged: int, short: int) -> None:
    assert stock.missing(quantity, arrived, damaged) == short


def test_whatever_state_a_batch_is_in_its_codes_expire_at_our_loss_and_it_stays_where_it_is() -> None:
    for state in BatchState:
        target, lines = stock.BATCHES[state, BatchEvent.EXPIRED]
        assert target == state
        assert [str(line.reason) for line in lines] == ["codes_lost"]


def test_codes_leave_the_shelf_only_from_a_batch_that_was_blocked_first() -> None:
    for event in (BatchEvent.RECALLED, BatchEvent.SENT_BACK):
        assert (BatchState.ON_SALE, event) not in stock.BATCHES


def test_what_was_called_off_is_not_paid_but_its_money_may_come_back() -> None:
    assert (PurchaseState.CALLED_OFF, PurchaseEvent.PAID) not in stock.PURCHASES
    assert (PurchaseState.CALLED_OFF, PurchaseEvent.PAID_BACK) in stock.PURCHASES
