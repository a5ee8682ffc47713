"""The reference of a bank transfer: known again however it was written, and never when a digit is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import iso11649
from stdnum.be import ogm_vcs

from opla.core import structured

NUMBERS = st.integers(0, structured.NUMBERS - 1).map(structured.number)


@given(NUMBERS)
def test_both_ways_of_writing_check_and_lead_to_the_same_number(number: str) -> None:
    assert ogm_vcs.is_valid(structured.belgian(number))
    assert iso11649.is_valid(structured.rf(number))
    for text in (structured.belgian(number), structured.rf(number), structured.rf(number).replace(" ", ""), number):
        assert structured.found_in(text) == {number}


@given(NUMBERS, st.integers(0, 11), st.integers(1, 9))
def test_one_wrong_digit_is_no_reference(number: str, place: int, off: int) -> None:
    wrong = number[:place] + str((int(number[place]) + off) % 10) + number[place + 1 :]
    assert structured.found_in(structured.belgian(wrong)) == frozenset()
    assert structured.found_in(structured.rf(number)[:4] + " " + wrong) == frozenset()


@given(NUMBERS, st.integers(0, 10))
def test_two_neighbours_that_changed_places_are_no_reference(number: str, place: int) -> None:
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    if swapped != number:
        assert structured.found_in(structured.belgian(swapped)) == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        "+++123/4567/89002+++", "***123/4567/89002***", "+++ 123 / 4567 / 89002 +++", "123/4567/89002",
        "123 4567 89002",
        "betaling +++123/4567/89002+++ dank u", "+++123/45\n67/89002+++", "RF79123456789002", "rf79 1234 5678 9002",
        "/INV/RF79 1234 5678 9002 bedankt", "123456789002",
    ],
)  # fmt: skip
def test_it_is_found_in_what_people_and_banks_make_of_it(text: str) -> None:
    assert structured.found_in(text) == {"123456789002"}


@pytest.mark.parametrize(
    "text",
    [
        "", "thanks for the top-up", "+++123/4567/89003+++", "RF78123456789002", "1234567890021", "9123456789002",
        "BE68539007547034", "BE68 5390 0754 7034", "539-0075470-34", "+32 470 12 34 56",
    ],
)  # fmt: skip
def test_other_digits_are_not_taken_for_one(text: str) -> None:
    assert structured.found_in(text) == frozenset()


def test_somebody_may_write_two() -> None:
    assert structured.found_in("000/0000/00097 and +++123/4567/89002+++") == {"000000000097", "123456789002"}


def test_ten_digits_are_all_there_is() -> None:
    assert structured.number(0) == "000000000097"  # a remainder of 0 is written 97
    with pytest.raises(ValueError, match="ten digits"):
        structured.number(structured.NUMBERS)
