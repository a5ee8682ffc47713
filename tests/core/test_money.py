from __future__ import annotations

import operator
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.money import MINOR_DIGITS, Money, MoneyError, share_half_up

amounts = st.integers(-(10**12), 10**12)
currencies = st.sampled_from(sorted(MINOR_DIGITS))


@given(amounts, currencies)
def test_what_is_written_is_read_back_the_same(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.parse(money.decimal, currency) == money
    assert Money.parse(money.decimal.replace(".", ","), currency) == money


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("15", "EUR", 1500),
        ("15.5", "EUR", 1550),
        (" 15,50 ", "EUR", 1550),
        ("0.07", "EUR", 7),
        ("-3", "EUR", -300),
        ("+3", "EUR", 300),
        ("-0.05", "EUR", -5),
        ("15.500", "TND", 15500),
        ("500", "JPY", 500),
        ("500.0", "JPY", 500),
    ],
)
def test_amounts_as_people_type_them(text: str, currency: str, minor: int) -> None:
    assert Money.parse(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    "text",
    ["", " ", "-", ".5", "15.", "1.2.3", "15.505", "1e3", "１５", "15 €", "1 500", "nan", "15\n6", "1" * 14, "٣"],
)
def test_what_is_no_amount_is_none(text: str) -> None:
    assert Money.parse(text, "EUR") is None


@pytest.mark.parametrize("amount", [1.0, True, "1", None])
def test_only_integers_are_money(amount: object) -> None:
    with pytest.raises(MoneyError):
        Money(amount, "EUR")  # type: ignore[arg-type]  # what the test is about


def test_an_unknown_currency_is_refused_not_guessed() -> None:
    with pytest.raises(MoneyError):
        Money(1, "XXX")


@pytest.mark.parametrize("mix", [operator.add, operator.sub, operator.lt, operator.le])
def test_two_currencies_do_not_mix(mix: Callable[[Money, Money], object]) -> None:
    with pytest.raises(MoneyError):
        mix(Money(1, "EUR"), Money(1, "USD"))


@given(amounts, amounts)
def test_adding_and_taking_away_lose_nothing(a: int, b: int) -> None:
    one, other = Money(a, "EUR"), Money(b, "EUR")
    assert (one + other - other, one + -one, one < other) == (one, Money(0, "EUR"), a < b)


@given(amounts, st.integers(0, 1000), st.integers(1, 1000))
def test_the_one_rounding_is_half_away_from_zero(amount: int, numerator: int, denominator: int) -> None:
    exact = Fraction(amount * numerator, denominator)
    rounded = share_half_up(amount, numerator, denominator)
    assert abs(rounded - exact) <= Fraction(1, 2)
    if abs(rounded - exact) == Fraction(1, 2):
        assert abs(rounded) > abs(exact)
    assert share_half_up(-amount, numerator, denominator) == -rounded
