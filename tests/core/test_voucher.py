"""Vouchers: what may happen to one, and codes and serials that are read again as they were written."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from opla.core import cash, voucher
from opla.core.chance import ALPHABET
from opla.core.ledger import Reason
from opla.core.money import Money
from opla.core.voucher import ARROWS, MOST_AT_ONCE, SERIAL_DIGITS, Event, State, Voucher

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CODES = st.text(ALPHABET, min_size=voucher.DRAWN, max_size=voucher.DRAWN).map(voucher.code)
#: By what a voucher's money moves, and where it stands: nothing is owed for paper.
WORTH = {State.ACTIVE, State.BLOCKED}


def test_what_is_owed_is_owed_for_those_that_are_paid_for_and_not_redeemed() -> None:
    for (source, event), arrow in ARROWS.items():
        before, after = source in WORTH, arrow.target in WORTH
        reasons = [posting.reason for posting in arrow.postings]
        expected = [] if before == after else [Reason.VOUCHER_OWED if after else Reason.VOUCHER_MET]
        assert reasons == expected, (source, event)


def test_no_paper_becomes_money_without_being_sold_and_no_state_is_a_dead_end_by_mistake() -> None:
    assert {s for (s, e), a in ARROWS.items() if a.target in WORTH and s not in WORTH} == {
        State.IN_STOCK, State.REDEEMED,
    }  # fmt: skip
    assert set(State) - {s for s, _ in ARROWS} == {State.REFUNDED}


@pytest.mark.parametrize("event", [Event.REDEEMED, Event.GIVEN_BACK])
def test_what_no_counter_does_has_a_journal_of_its_own(event: Event) -> None:
    [line] = voucher.transfers(event, Money(1535, "EUR"))
    assert {line.debit, line.credit} == {"vouchers:EUR", "psp_clearing:voucher:EUR"}
    assert (line.debit == "vouchers:EUR") == (event is Event.REDEEMED)
    assert line.amount_minor == 1535


def test_it_is_redeemed_while_it_is_active_and_its_last_day_is_not_over() -> None:
    price, hour = Money(1500, "EUR"), timedelta(hours=1)
    for state in State:
        one = Voucher(state, AT, price)
        assert one.redeemable(AT - hour) is (state is State.ACTIVE)
        assert not one.redeemable(AT)


@given(CODES)
def test_a_code_is_read_however_it_is_typed(code: str) -> None:
    wide = "".join(chr(ord(sign) + 0xFEE0) for sign in code)  # full width, as a Chinese keyboard types it
    letters = code[:12] + code[12:].replace("0", "O").replace("1", "l")
    for typed in (code.lower(), voucher.grouped(code), f" {code[:5]}-{code[5:]}.", wide, letters):
        assert voucher.read_code(typed) == code


@given(CODES, st.integers(0, 13), st.sampled_from(ALPHABET))
@example(voucher.code("8ADKKDFG2222"), 7, "9")  # a figure for a letter: as wide as one, or it goes unseen
def test_no_wrong_sign_and_no_two_swapped_ones_are_a_code(code: str, at: int, sign: str) -> None:
    wrong = code[:at] + sign + code[at + 1 :]
    assert wrong == code or voucher.read_code(wrong) == ""
    if at < 13 and code[at] != code[at + 1]:
        swapped = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
        assert voucher.read_code(swapped) == ""


@pytest.mark.parametrize(
    "typed", ["", "K7M3", "K7M39QX2TBVW15", "K7M39QX2TBVW133", "١٢٣٤٥٦٧٨٩٠١٢٣٤", "²" * 14, "\0" * 14]
)
def test_what_is_no_code_is_read_as_nothing(typed: str) -> None:
    assert voucher.read_code(typed) == ""


def test_a_code_is_made_of_letters_nobody_confuses() -> None:
    for wrong in ("K7M39QX2TBV", "K7M39QX2TBV0", "K7M39QX2TBVWX"):
        with pytest.raises(ValueError, match="letters"):
            voucher.code(wrong)


@given(st.integers(1, 99_999), st.integers(1, 9_999_999))
def test_a_serial_is_no_code_of_a_counter_and_is_read_again(batch: int, number: int) -> None:
    serial = voucher.serial(batch, number)
    assert len(serial) == SERIAL_DIGITS
    assert voucher.read_serial(f"{serial[:4]} {serial[4:]}") == serial
    assert cash.read(serial) == ""
    wrong = serial[:-1] + str((int(serial[-1]) + 1) % 10)
    assert voucher.read_serial(wrong) == ""


def test_serials_are_read_one_by_one_and_from_first_to_last() -> None:
    one, two, three = (voucher.serial(7, n) for n in (1, 2, 3))
    other = voucher.serial(8, 2)
    assert voucher.read_serials(f"{two}\n{one}..{three}, {two}") == [two, one, three]
    assert voucher.read_serials("") == []
    for wrong in ("12", f"{three}..{one}", f"{one}..{other}", f"{one}..", "x..y"):
        assert voucher.read_serials(f"{one} {wrong}") == wrong
    many = f"{one}..{voucher.serial(7, MOST_AT_ONCE + 1)}"
    assert voucher.read_serials(many) == many
    for batch, number in ((0, 1), (1, 0), (100_000, 1), (1, 10_000_000)):
        with pytest.raises(ValueError, match="serial"):
            voucher.serial(batch, number)
