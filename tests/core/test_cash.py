"""Codes for a counter, what coins make of a price, the change, and what each line of a drawer posts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core import cash, sim
from opla.core.cash import Kind, Line, Purpose
from opla.core.ledger import Reason
from opla.core.money import Money
from opla.core.refusal import Refusal

NUMBERS = st.sampled_from(Purpose).flatmap(
    lambda purpose: st.tuples(st.just(purpose), st.integers(0, 10 ** cash.DRAWN[purpose] - 1))
)


@given(NUMBERS)
def test_a_code_says_what_it_is_for_and_is_read_as_it_is_shown(drawn: tuple[Purpose, int]) -> None:
    digits = cash.code(*drawn)
    assert cash.purpose_of(digits) is drawn[0]
    assert cash.read(f"  {cash.grouped(digits)}\n") == digits
    assert cash.read(digits.translate({ord("0") + n: chr(0xFF10 + n) for n in range(10)})) == digits  # full width


@given(NUMBERS, st.data())
def test_one_digit_wrong_or_two_swapped_is_no_code(drawn: tuple[Purpose, int], data: st.DataObject) -> None:
    digits = cash.code(*drawn)
    at = data.draw(st.integers(0, len(digits) - 2))
    other = data.draw(st.sampled_from([d for d in "0123456789" if d != digits[at]]))
    assert cash.purpose_of(digits[:at] + other + digits[at + 1 :]) is None
    if digits[at] != digits[at + 1]:
        assert cash.purpose_of(digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :]) is None


@pytest.mark.parametrize("typed", ["", "12345", "abcdefghi", "²²²²²²²²²", "1" * 9, "K7M3-9QX2-TB", "0" * 40])
def test_what_is_no_code_is_read_as_none(typed: str) -> None:
    assert cash.read(typed) == ""


def test_a_number_that_has_no_place_is_a_bug() -> None:
    with pytest.raises(ValueError, match="7 digits"):
        cash.code(Purpose.CHARGE, 10**7)


@pytest.mark.parametrize(
    ("minor", "step", "coins"),
    [(1500, 5, 1500), (1501, 5, 1500), (1502, 5, 1500), (1503, 5, 1505), (1504, 5, 1505), (1507, 5, 1505),
     (1508, 5, 1510), (5, 5, 5), (3, 5, 3), (1, 5, 1), (6, 5, 5), (1502, 1, 1502), (105, 10, 110)],
)  # fmt: skip
def test_totals_are_rounded_to_the_nearest_coin_but_not_the_smallest_ones(minor: int, step: int, coins: int) -> None:
    assert cash.rounded(Money(minor, "EUR"), step) == Money(coins, "EUR")


def test_belgium_rounds_to_five_cents_and_of_others_nothing_is_known() -> None:
    assert (cash.step_minor("BE"), cash.step_minor("GB"), cash.step_minor("")) == (5, 1, 1)


@pytest.mark.parametrize(
    ("given_minor", "step", "back"),
    [
        (1500, 5, 0),
        (2000, 5, 500),
        (5000, 5, 3500),
        (50_000, 5, 48_500),
        (2500, 5, 1000),  # a note and a coin, for a round note back
        (1520, 5, 20),
        (1499, 5, "cash_too_little"),
        (0, 5, "cash_too_little"),
        (7000, 5, "cash_cannot_be"),  # without the twenty it would still be enough
        (15_000, 5, "cash_cannot_be"),
        (150_000, 5, "cash_cannot_be"),  # cents that were typed as euros
        (2001, 5, "cash_cannot_be"),  # nobody could give one cent back
        (2001, 1, 501),
    ],
)
def test_change_is_what_is_left_of_notes_that_somebody_would_give(given_minor: int, step: int, back: int | str) -> None:
    found = cash.change(Money(1500, "EUR"), Money(given_minor, "EUR"), step)
    assert (str(found.code) if isinstance(found, Refusal) else found.amount_minor) == back


TILL, CLEARING, ROUNDING = "till_drawer:one:EUR", "psp_clearing:cash:EUR", "cash_rounding:EUR"
OUTSIDE, DIFFERENCES, FLOAT = "cash_outside:EUR", "cash_differences:EUR", "reseller_float:acme:EUR"


@pytest.mark.parametrize(
    ("kind", "minor", "settled", "lines"),
    [
        (Kind.TAKEN, 1500, 1500, [(TILL, CLEARING, 1500)]),
        (Kind.TAKEN, 1500, 1502, [(TILL, CLEARING, 1500), (ROUNDING, CLEARING, 2)]),
        (Kind.TAKEN, 1505, 1503, [(TILL, CLEARING, 1505), (CLEARING, ROUNDING, 2)]),
        (Kind.VOIDED, -1500, -1502, [(CLEARING, TILL, 1500), (CLEARING, ROUNDING, 2)]),
        (Kind.PAID_OUT, -1505, -1503, [(CLEARING, TILL, 1505), (ROUNDING, CLEARING, 2)]),
        (Kind.PAID_IN, 900, 0, [(TILL, FLOAT, 900)]),
        (Kind.PUT_IN, 900, 0, [(TILL, OUTSIDE, 900)]),
        (Kind.DROPPED, -900, 0, [(OUTSIDE, TILL, 900)]),
        (Kind.COUNTED, 5, 0, [(TILL, DIFFERENCES, 5)]),
        (Kind.COUNTED, -5, 0, [(DIFFERENCES, TILL, 5)]),
        (Kind.COUNTED, 0, 0, []),
    ],
)
def test_what_a_line_posts(kind: Kind, minor: int, settled: int, lines: list[tuple[str, str, int]]) -> None:
    reseller = "acme" if kind is Kind.PAID_IN else ""
    found = Line(kind, "one", "EUR", minor, settled, reseller).transfers()
    assert [(t.debit, t.credit, t.amount_minor) for t in found] == lines
    assert {t.reason for t in found[1:]} <= {Reason.CASH_ROUNDED}


@pytest.mark.parametrize(
    ("kind", "minor", "settled"),
    [(Kind.TAKEN, -1, -1), (Kind.PAID_OUT, 1, 1), (Kind.DROPPED, 1, 0), (Kind.PUT_IN, -1, 0), (Kind.COUNTED, 5, 5)],
)
def test_a_line_that_moves_the_other_way_is_a_bug(kind: Kind, minor: int, settled: int) -> None:
    with pytest.raises(ValueError, match="no line of"):
        Line(kind, "one", "EUR", minor, settled).transfers()


def test_what_people_hand_over_is_the_next_sum_that_one_kind_of_note_makes() -> None:
    def handed(minor: int) -> list[int]:
        return [one.amount_minor for one in cash.handed(Money(minor, "EUR"), 5)]

    assert handed(1500) == [2000, 5000, 10_000]
    assert handed(750) == [1000, 2000, 5000, 10_000]
    assert handed(2000) == [5000, 10_000]  # just that has a button of its own
    assert handed(12_300) == [12_500, 13_000, 14_000, 15_000, 20_000]
    assert all(not isinstance(cash.change(Money(m, "EUR"), g, 5), Refusal)
               for m in range(5, 30_000, 485) for g in cash.handed(Money(m, "EUR"), 5))  # fmt: skip


def test_the_digits_of_a_price_check_and_are_no_number_of_this_country() -> None:
    for drawn in (0, 1, 10**8 - 1, 12_345_678_901):
        code = cash.quote_code(drawn)
        assert (len(code), code[0], cash.purpose_of(code)) == (11, "9", cash.Purpose.QUOTE)
        assert isinstance(sim.identify(code), Refusal)
