"""Two currencies: what is converted, how it is rounded, and what is left between them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.cases import AT, ATTEMPT, CHANCE, PAYMENT, sold
from opla.core import attempt, delivery, order
from opla.core.attempt import Contradiction
from opla.core.change import Change, Subject
from opla.core.fx import Rate, convert, pair, read_micros
from opla.core.ledger import Phase
from opla.core.money import MINOR_DIGITS, Money, MoneyError
from opla.core.ports import Answer, Kind, Promises, SendReport

DOLLARS = Rate("EUR", "USD", 1_086_700, "ECB", datetime(2026, 11, 20, tzinfo=UTC))
SEND = delivery.Send(ATTEMPT, attempt.State.SENDING, "usd", 0, AT)
PAID = delivery.Paid(PAYMENT, "sandbox", 1550)
PROMISES = Promises(True, True, 10, may_reverse=True)


@pytest.mark.parametrize(
    ("amount", "home", "is_worth"),
    [
        (Money(1565, "USD"), "EUR", 1440),  # 14.4014
        (Money(1, "USD"), "EUR", 1),
        (Money(0, "USD"), "EUR", 0),
        (Money(-1565, "USD"), "EUR", -1440),
        (Money(1440, "EUR"), "USD", 1565),  # the other way round: 15.6485
    ],
)
def test_an_amount_is_rounded_once(amount: Money, home: str, is_worth: int) -> None:
    assert convert(amount, home, DOLLARS).home == Money(is_worth, home)


@pytest.mark.parametrize(
    ("quote", "micros", "cents", "foreign"),
    [("JPY", 163_120_000, 1500, 2447), ("TND", 3_412_300, 1500, 51185), ("EUR", 2_000_000, 1, 2)],
)
def test_currencies_with_other_decimals_are_worth_what_they_are(
    quote: str, micros: int, cents: int, foreign: int
) -> None:
    base = "EUR" if quote != "EUR" else "USD"
    assert convert(Money(cents, base), quote, Rate(base, quote, micros, "s", AT)).home.amount_minor == foreign


def test_half_a_cent_goes_away_from_zero() -> None:
    two = Rate("EUR", "USD", 2_000_000, "s", AT)
    assert [convert(Money(n, "USD"), "EUR", two).home.amount_minor for n in (1, -1, 3, -3)] == [1, -1, 2, -2]


def test_a_rate_of_other_currencies_says_nothing() -> None:
    with pytest.raises(MoneyError):
        convert(Money(1, "GBP"), "EUR", DOLLARS)


@pytest.mark.parametrize(
    ("typed", "micros"),
    [
        ("1.0867", 1_086_700),
        ("1,0867", 1_086_700),
        (" 163.12 ", 163_120_000),
        ("2", 2_000_000),
        *[(bad, None) for bad in ("", "0", "0.0", "-1", "1.0000001", "1e3", "١", "1.", "1 2")],
    ],
)
def test_a_rate_is_read_exactly_or_not_at_all(typed: str, micros: int | None) -> None:
    assert read_micros(typed) == micros


def settled(report: SendReport, rate: Rate | None, paid: delivery.Paid = PAID, send: delivery.Send = SEND) -> Change:
    state = order.State.DELIVERED if send.state is attempt.State.SUCCEEDED else order.State.PAID
    one = sold(state, Kind.DIRECT)
    return delivery.settle(send, one, paid, report, PROMISES, next_supplier="", at=AT, chance=CHANCE, rate=rate)


def taken(cents: int = 1565, currency: str = "USD") -> SendReport:
    return SendReport(Answer.SUCCEEDED, "sup_1", cents, currency=currency)


def posted(change: Change) -> list[tuple[str, str, int, str]]:
    [move] = [m for m in change.moves if m.subject is Subject.ORDER]
    return [(t.debit, t.credit, t.amount_minor, t.currency) for t in move.transfers if t.phase is Phase.POSTED]


def test_a_cost_in_dollars_of_an_order_in_euros_is_two_lines_about_the_position() -> None:
    change = settled(taken(), DOLLARS)
    assert posted(change)[:3] == [
        ("customer_held:EUR", "fx:EUR/USD:EUR", 1440, "EUR"),
        ("fx:EUR/USD:USD", "supplier_float:usd:USD", 1565, "USD"),
        ("customer_held:EUR", "margin:EUR", 60, "EUR"),
    ]
    [made] = change.converted
    assert (made.conversion.foreign, made.conversion.home) == (Money(1565, "USD"), Money(1440, "EUR"))
    assert made.conversion.told == "1 EUR = 1.086700 USD, ECB, 2026-11-20"
    assert change.deliveries[0].cost_minor == 1440
    [hold] = [t for m in change.moves for t in m.transfers if t.phase is Phase.RELEASED]
    assert hold.credit == "supplier_float:usd:EUR"  # held before anybody knew what they would take


@pytest.mark.parametrize("currency", ["", "EUR"])
def test_a_cost_in_the_orders_own_currency_needs_no_rate(currency: str) -> None:
    change = settled(taken(1440, currency), None)
    assert posted(change)[0] == ("customer_held:EUR", "supplier_float:usd:EUR", 1440, "EUR")
    assert change.converted == ()


@pytest.mark.parametrize(("currency", "why"), [("USD", "no_rate"), ("XXX", "currency_unknown")])
def test_without_a_rate_or_a_currency_nothing_is_guessed(currency: str, why: str) -> None:
    with pytest.raises(Contradiction, match=why):
        settled(taken(currency=currency), None)


def test_what_is_taken_back_is_the_same_two_amounts_whatever_the_rate_is_by_then() -> None:
    [made] = settled(taken(), DOLLARS).converted
    paid = replace(PAID, cost_minor=1440, converted=made.conversion)
    change = settled(
        SendReport(Answer.DECLINED, "sup_1", reversed=True),
        replace(DOLLARS, micros=2_000_000),
        paid,
        replace(SEND, state=attempt.State.SUCCEEDED),
    )
    assert posted(change)[:2] == [
        ("fx:EUR/USD:EUR", "customer_held:EUR", 1440, "EUR"),
        ("supplier_float:usd:USD", "fx:EUR/USD:USD", 1565, "USD"),
    ]
    assert [c.conversion for c in change.converted] == [-made.conversion]


currencies = st.sampled_from(sorted(set(MINOR_DIGITS) - {"EUR"}))
lives = st.lists(st.tuples(currencies, st.integers(0, 10_000), st.integers(1, 10**9), st.booleans()), max_size=12)


@given(lives)
def test_whatever_is_bought_and_taken_back_every_currency_balances_and_positions_are_what_was_converted(
    story: list[tuple[str, int, int, bool]],
) -> None:
    balances: Counter[str] = Counter()
    positions: Counter[str] = Counter()
    for currency, cost_minor, micros, comes_back in story:
        rate = Rate("EUR", currency, micros, "s", AT)
        changes = [settled(taken(cost_minor, currency), rate)]
        if comes_back:
            made = changes[0].converted[0].conversion if changes[0].converted else None
            home_minor = changes[0].deliveries[0].cost_minor
            paid = replace(PAID, cost_minor=home_minor, converted=made)
            back = SendReport(Answer.DECLINED, "sup_1", reversed=True)
            changes.append(settled(back, None, paid, replace(SEND, state=attempt.State.SUCCEEDED)))
        for change in changes:
            for debit, credit, minor, of in posted(change):
                assert debit.endswith(f":{of}")
                assert credit.endswith(f":{of}")
                balances[debit] += minor
                balances[credit] -= minor
            for converted in change.converted:
                made_of, name = converted.conversion, pair("EUR", currency)
                exact = Fraction(made_of.foreign.amount_minor * made_of.numerator, made_of.denominator)
                assert abs(exact - made_of.home.amount_minor) <= Fraction(1, 2)
                positions[f"fx:{name}:{currency}"] += made_of.foreign.amount_minor
                positions[f"fx:{name}:EUR"] -= made_of.home.amount_minor
    sums: Counter[str] = Counter()
    for code, minor in balances.items():
        sums[code.rpartition(":")[2]] += minor
    assert not any(sums.values())
    fx = {code: minor for code, minor in balances.items() if code.startswith("fx:") and minor}
    assert fx == {code: minor for code, minor in positions.items() if minor}
