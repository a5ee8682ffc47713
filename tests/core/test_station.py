"""Tablets, PINs and counts: what may be typed, and what it comes to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from opla.core.cash import Kind
from opla.core.money import Money
from opla.core.refusal import Code, Refusal
from opla.core.shift import Movement, counted, read_count, sums
from opla.core.station import pairing_shown, pin_refused, read_pairing, waits


@pytest.mark.parametrize("typed", ["K7M3-9QX2", "k7m39qx2", "ｋ７ｍ３ ９ｑｘ２", "K7M3 9QX2 "])
def test_a_pairing_code_is_read_however_it_was_typed(typed: str) -> None:
    assert read_pairing(typed) == "K7M39QX2"
    assert pairing_shown("K7M39QX2") == "K7M3-9QX2"


@pytest.mark.parametrize("typed", ["", "K7M3-9QX", "K7M3-9QX22", "K7M3-9QX0", "O7M3-9QX2"])
def test_what_is_no_pairing_code_is_none(typed: str) -> None:
    assert read_pairing(typed) == ""


@pytest.mark.parametrize(
    ("pin", "why"),
    [
        ("4827", None),
        ("90513", None),
        ("38204917", None),
        ("482", Code.PIN_INVALID),
        ("482719035", Code.PIN_INVALID),
        ("48a7", Code.PIN_INVALID),
        ("４８２７", Code.PIN_INVALID),
        ("1111", Code.PIN_WEAK),
        ("1234", Code.PIN_WEAK),
        ("7890", Code.PIN_WEAK),
        ("4321", Code.PIN_WEAK),
        ("4848", Code.PIN_WEAK),
        ("1987", Code.PIN_WEAK),
    ],
)
def test_a_pin_is_four_to_eight_digits_and_not_the_first_that_is_tried(pin: str, why: Code | None) -> None:
    refused = pin_refused(pin)
    assert (refused.code if refused else None) == why


def test_wrong_pins_are_slowed_and_then_ended() -> None:
    minutes = [wait and int(wait.total_seconds()) // 60 for wait in map(waits, range(10))]
    assert minutes == [timedelta(0), timedelta(0), timedelta(0), 1, 5, 15, 15, 15, None, None]


def test_a_count_is_by_piece_and_what_cannot_be_read_is_named() -> None:
    pieces = read_count({5000: "2", 200: " 3 ", 5: "", 1: "0"}, "EUR")
    assert pieces == {5000: 2, 200: 3}
    assert isinstance(pieces, dict)
    assert counted(pieces, "EUR") == Money(10_600, "EUR")
    for piece, text in ((5000, "two"), (5000, "-1"), (5000, "1.5"), (300, "1"), (5000, "10001")):
        no = read_count({piece: text}, "EUR")
        assert isinstance(no, Refusal)
        assert (no.code, no.about) == (Code.COUNT_UNREADABLE, f"piece_{piece}")


def test_a_report_sums_each_kind_and_leaves_counting_out() -> None:
    lines = [
        Movement(Kind.COUNTED, -5),
        Movement(Kind.TAKEN, 1500),
        Movement(Kind.TAKEN, 1000),
        Movement(Kind.VOIDED, -1000),
        Movement(Kind.DROPPED, -500),
    ]
    told = [(one.kind, one.times, one.amount.amount_minor) for one in sums(lines, "EUR")]
    assert told == [(Kind.TAKEN, 2, 2500), (Kind.VOIDED, 1, -1000), (Kind.DROPPED, 1, -500)]
