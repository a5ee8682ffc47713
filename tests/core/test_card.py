"""The life of a SIM card: each arrow with its lines, row by row, and the law of what the shelf is worth."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.attempt import Contradiction
from opla.core.card import ARROWS, SHELF, Card, Event, State, arrow, move, returns_until
from opla.core.card import given as handed_over

ORDER, OTHER = UUID(int=1), UUID(int=2)
CARD = Card(UUID(int=9), "8932000000000000005", "PX-SIM", State.RESERVED, 700, "EUR", ORDER)

#: (state, event, what the order's arrow moves into the stock) → the state, and the lines posted beside it.
ROWS: list[tuple[str, str, int, str, list[tuple[str, str, str, int]]]] = [
    ("in_stock", "reserved", 0, "reserved", []),
    ("in_stock", "packed", 0, "packed", []),
    ("in_stock", "lost", 0, "lost", [("written_off", "stock_losses:EUR", "card_stock:EUR", 700)]),
    ("in_stock", "damaged", 0, "written_off", [("written_off", "stock_losses:EUR", "card_stock:EUR", 700)]),
    ("reserved", "swapped", 0, "reserved", []),
    ("reserved", "freed", 0, "in_stock", []),
    ("reserved", "packed", 0, "packed", []),
    ("reserved", "lost", 0, "lost", [("written_off", "stock_losses:EUR", "card_stock:EUR", 700)]),
    ("reserved", "damaged", 0, "written_off", [("written_off", "stock_losses:EUR", "card_stock:EUR", 700)]),
    ("packed", "freed", 0, "in_stock", []),
    ("packed", "ready", 0, "ready", []),
    ("packed", "sent", -700, "sent", []),  # the order pays for it
    ("packed", "sent_again", 0, "sent", [("written_off", "stock_losses:EUR", "card_stock:EUR", 700)]),
    ("packed", "lost", 0, "lost", [("written_off", "stock_losses:EUR", "card_stock:EUR", 700)]),
    ("packed", "damaged", 0, "written_off", [("written_off", "stock_losses:EUR", "card_stock:EUR", 700)]),
    ("ready", "freed", 0, "in_stock", []),
    ("ready", "collected", -700, "collected", []),
    ("ready", "collected_again", 0, "collected", [("written_off", "stock_losses:EUR", "card_stock:EUR", 700)]),
    ("ready", "lost", 0, "lost", [("written_off", "stock_losses:EUR", "card_stock:EUR", 700)]),
    ("ready", "damaged", 0, "written_off", [("written_off", "stock_losses:EUR", "card_stock:EUR", 700)]),
    ("sent", "lost", 0, "lost", []),  # another one goes out; the order has paid for this one
    ("sent", "lost_refunded", 650, "lost", [("written_off", "stock_losses:EUR", "card_stock:EUR", 650)]),
    ("sent", "wrong_size", 0, "exchanged", []),
    ("sent", "returned", 700, "in_stock", []),
    ("sent", "returned_opened", 0, "written_off", []),
    ("collected", "wrong_size", 0, "exchanged", []),
    ("collected", "returned", 650, "in_stock", [("restocked", "card_stock:EUR", "stock_losses:EUR", 50)]),
    ("collected", "returned_opened", 0, "written_off", []),
    ("lost", "unpaid", 650, "lost", [("written_off", "stock_losses:EUR", "card_stock:EUR", 650)]),
    ("exchanged", "unpaid", 650, "exchanged", [("written_off", "stock_losses:EUR", "card_stock:EUR", 650)]),
    ("lost", "found", 0, "in_stock", [("restocked", "card_stock:EUR", "stock_losses:EUR", 700)]),
    ("exchanged", "found", 0, "in_stock", [("restocked", "card_stock:EUR", "stock_losses:EUR", 700)]),
    ("exchanged", "given_up", 0, "written_off", []),
]


@pytest.mark.parametrize(("state", "event", "order_minor", "target", "lines"), ROWS)
def test_each_arrow_posts_what_no_order_moves(
    state: str, event: str, order_minor: int, target: str, lines: list[tuple[str, str, str, int]]
) -> None:
    moved, _ = move(replace(CARD, state=State(state)), Event(event), order_minor=order_minor)
    assert (moved.source, moved.target) == (state, target)
    assert [(t.reason, t.debit, t.credit, t.amount_minor) for t in moved.transfers] == lines


def test_every_arrow_has_its_row() -> None:
    assert {(State(state), Event(event)) for state, event, *_ in ROWS} == set(ARROWS)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("event", list(Event))
def test_what_is_not_in_the_table_is_a_contradiction(state: State, event: Event) -> None:
    if (state, event) not in ARROWS:
        with pytest.raises(Contradiction):
            arrow(state, event)


@given(st.sampled_from(sorted(ARROWS)), st.integers(0, 5_000), st.integers(0, 5_000))
def test_the_shelf_changes_by_the_cost_of_what_comes_and_goes_whatever_the_order_paid(
    on: tuple[State, Event], cost_minor: int, paid_minor: int
) -> None:
    state, event = on
    sold, back = (Event.SENT, Event.COLLECTED), (Event.RETURNED, Event.LOST_REFUNDED, Event.UNPAID)
    order_minor = -cost_minor if event in sold else paid_minor if event in back else 0
    moved, _ = move(replace(CARD, state=state, cost_minor=cost_minor), event, order_minor=order_minor)
    posted = sum(t.amount_minor if t.debit == "card_stock:EUR" else -t.amount_minor for t in moved.transfers)
    came, went = moved.target in SHELF and state not in SHELF, state in SHELF and moved.target not in SHELF
    assert posted + order_minor == (cost_minor if came else -cost_minor if went else 0)


def test_a_line_that_no_arrow_has_is_a_bug_and_not_a_missing_cent() -> None:
    with pytest.raises(ValueError, match="moved by nobody"):
        move(replace(CARD, state=State.PACKED), Event.SENT)  # nobody said that the order pays for it


@pytest.mark.parametrize(
    ("state", "first", "event"),
    [
        (State.PACKED, True, "sent"),
        (State.PACKED, False, "sent_again"),
        (State.READY, True, "collected"),
        (State.READY, False, "collected_again"),
    ],
)
def test_the_order_pays_for_the_first_card_only(state: State, first: bool, event: str) -> None:
    assert handed_over(replace(CARD, state=state), first=first) == event


def test_a_card_on_the_shelf_is_nobodys_and_keeps_no_tracking_number() -> None:
    _, now = move(replace(CARD, state=State.SENT, tracking="3SBE1"), Event.RETURNED, order_minor=700)
    assert (now.was_of, now.order_id, now.tracking) == (ORDER, None, "")
    _, kept = move(replace(CARD, state=State.SENT, tracking="3SBE1"), Event.LOST, order_id=ORDER)
    assert (kept.order_id, kept.tracking) == (ORDER, "3SBE1")


def test_thirty_days_to_send_it_back() -> None:
    assert returns_until(date(2026, 11, 22)) == date(2026, 12, 22)
