"""Messages as they are kept, and what is never kept: a code, however it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.refusal import Refusal
from opla.core.thread import ARROWS, MAX_MESSAGE, Event, State, holds_code, read_message


@pytest.mark.parametrize(
    "text",
    [
        "4821903477152",
        "my code 4821 9034 7715 2 does not work",
        "4821-9034-7715-2",
        "4821 - 9034 - 7715 - 2",
        "4821.9034.7715.2",
        "4 8 2 1 9 0 3 4 7",
        "*121*4821903477152#",
        "4821\n9034\n7715\n2",
        "４８２１９０３４７７１５２",
        "٤٨٢١٩٠٣٤٧٧١٥٢",
        "TOPUP 123456789012345 to 1914",
        "48\u200b21\u200b9034771\u200b52",
        "0470 12 34 56",  # a number is as long as a code: nobody can tell them apart
        "20.11.4821903477152",
    ],
)
def test_digits_that_could_be_a_code_are_refused(text: str) -> None:
    assert read_message(text) == Refusal("message_holds_code", "message")  # type: ignore[arg-type]  # a code is its text


@pytest.mark.parametrize(
    "text",
    [
        "I topped up €15 on 22.11.2026 at 14:10, and 2026-11-23 again",
        "It says 7152 at the end",
        "At 12:30, 13:45 and 14:10 it said: error 33",
        "10, 15, 20 or 25 euros?",
        "order K7M3-9QX2-TB",
        "12345678",
    ],
)
def test_dates_times_amounts_and_order_numbers_are_no_codes(text: str) -> None:
    assert read_message(text) == text


@given(st.text(alphabet="0123456789", min_size=9, max_size=24), st.sampled_from(["", " ", "-", ".", " - ", "\t", "/"]))
def test_no_grouping_hides_a_code(digits: str, between: str) -> None:
    grouped = between.join(digits[i : i + 4] for i in range(0, len(digits), 4))
    assert holds_code(f"code: {grouped}.")
    assert holds_code(digits)


def test_a_message_is_plain_text_with_its_lines() -> None:
    assert read_message(" <b>a</b>\r\nb\r\r\r\rc\x00\u202e ") == "<b>a</b>\nb\n\nc"
    assert read_message(" \n\u200b ") == Refusal("message_missing", "message")  # type: ignore[arg-type]  # as above
    assert read_message("a" * MAX_MESSAGE) == "a" * MAX_MESSAGE
    long = read_message("a" * (MAX_MESSAGE + 1))
    assert isinstance(long, Refusal)
    assert (long.code, long.params) == ("message_too_long", {"most": "2000"})


def test_whoever_speaks_last_decides_whose_turn_it_is() -> None:
    for (state, event), target in ARROWS.items():
        assert (target is State.WAITING) is (event in (Event.SAID, Event.CONFIRMED)), (state, event)
    assert {state for state, event in ARROWS if event is Event.ANSWERED} == set(State) - {State.UNCONFIRMED}
