"""The events there are, and when a message is tried again."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.refusal import Code, Refusal
from opla.core.webhook import (
    AGAIN_AFTER_S,
    DEAD_AFTER,
    EVENTS,
    FIELDS,
    Event,
    Outcome,
    again_at,
    order_event,
    read_events,
)

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FAILED = Outcome(500)


def test_every_event_is_written_down_with_fields_that_are() -> None:
    assert set(EVENTS) == set(Event)
    assert {name for _, fields in EVENTS.values() for name in fields} == set(FIELDS)
    assert all(re.fullmatch(r"[a-z_]+\.[a-z_]+", event) for event in Event)


def test_the_tries_are_a_dozen_later_and_later_over_three_days() -> None:
    assert list(AGAIN_AFTER_S) == sorted(AGAIN_AFTER_S)
    assert len(AGAIN_AFTER_S) == 12
    assert timedelta(days=3) <= DEAD_AFTER < timedelta(days=3, hours=1)


@given(st.integers(0, 11), st.integers(0, 255))
def test_chance_adds_at_most_a_fifth_and_takes_nothing(tries: int, jitter: int) -> None:
    again = again_at(tries, FAILED, jitter, AT)
    assert again is not None
    least = timedelta(seconds=AGAIN_AFTER_S[tries])
    assert least <= again - AT <= least * 1.2


@pytest.mark.parametrize(
    ("outcome", "again"),
    [
        (Outcome(200), False),
        (Outcome(299), False),
        (Outcome(410), False),
        (Outcome(300), True),
        (Outcome(302), True),
        (Outcome(404), True),
        (Outcome(429), True),
        (Outcome(503), True),
        (Outcome(199), True),
        (Outcome(why="timed_out"), True),
        (Outcome(why="address_refused"), True),
    ],
)
def test_what_was_taken_or_is_gone_is_not_tried_again_and_everything_else_is(outcome: Outcome, again: bool) -> None:
    assert (again_at(0, outcome, 0, AT) is not None) is again


def test_after_the_last_try_there_is_none() -> None:
    assert again_at(len(AGAIN_AFTER_S), FAILED, 0, AT) is None


@pytest.mark.parametrize(("wait_s", "seconds"), [(0, 5), (3, 5), (90, 90), (10**8, 24 * 3600)])
def test_whoever_asks_us_to_wait_is_believed_for_a_day_at_most(wait_s: int, seconds: int) -> None:
    assert again_at(0, Outcome(429, wait_s=wait_s), 0, AT) == AT + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("topic", "state", "delivered", "event"),
    [
        ("delivered", "delivered", True, Event.ORDER_DELIVERED),
        ("delivered", "refunded", True, Event.ORDER_DELIVERED),
        ("credited", "delivered", True, Event.ORDER_CREDITED),
        ("refunded", "refunded", True, Event.ORDER_REFUNDED),
        ("refunded", "refunded", False, Event.ORDER_FAILED),
        ("refunded", "cancelled", False, Event.ORDER_CANCELLED),
        ("refunding", "refunding", True, None),
        ("proof", "paid", False, None),
    ],
)
def test_what_a_message_is_called(topic: str, state: str, delivered: bool, event: Event | None) -> None:
    assert order_event(topic, state, delivered=delivered) is event


def test_events_are_wanted_by_their_names_each_once_and_nothing_means_all() -> None:
    assert read_events([]) == ()
    assert read_events(["order.failed", "order.delivered", "order.failed"]) == (
        Event.ORDER_FAILED,
        Event.ORDER_DELIVERED,
    )
    assert read_events(["order.lost"]) == Refusal(Code.WEBHOOK_EVENT_UNKNOWN, "events", {"event": "order.lost"})
    assert isinstance(read_events([Event.TEST]), Refusal)
