"""Receipt numbers as machines print and people type them; and what a payout must be of the slips it brings."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.money import Money
from opla.core.payout import adds_up
from opla.core.ports import Movement
from opla.core.refusal import Code, Refusal
from opla.core.terminal import Unpaid, paid_out, read_receipt

DAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("000123", "000123"),
        (" 12 34\n", "1234"),
        ("１２ａ", "12A"),
        ("p-77/4", "P-77/4"),
        ("", ""),
        ("-1", ""),
        ("12;DROP", ""),
        ("x" * 25, ""),
        ("\0", ""),
    ],
)
def test_a_receipts_number_is_read_in_any_width_and_nothing_else_is_one(typed: str, number: str) -> None:
    assert read_receipt(typed) == number


SLIPS = st.lists(st.tuples(st.integers(1, 10_000), st.booleans()), min_size=1, max_size=8)


@given(SLIPS, st.integers(-500, 500))
def test_what_is_missing_to_the_slips_was_kept_and_more_than_they_are_is_refused(
    made: list[tuple[int, bool]], off_minor: int
) -> None:
    slips = [
        Unpaid(UUID(int=n), -minor if back else minor, f"{n:032x}", "r" if back else "")
        for n, (minor, back) in enumerate(made)
    ]
    total = sum(one.minor for one in slips)
    found = paid_out("key", Money(total - off_minor, "EUR"), DAY, "REF 1", slips)
    if off_minor < 0:
        assert isinstance(found, Refusal)
        assert (found.code, found.params["total"]) == (Code.SLIPS_TOO_FEW, str(total))
        return
    assert not isinstance(found, Refusal)
    payout, lines = found
    assert adds_up(payout, lines)
    assert sum(line.gross_minor for line in lines) == total
    assert [line.fee_minor for line in lines if line.kind is Movement.FEE] == ([off_minor] if off_minor else [])
    assert {line.id for line in lines if line.kind is Movement.REFUND} == {str(s.id) for s in slips if s.refund}


def test_a_payout_of_no_slips_is_refused() -> None:
    assert isinstance(paid_out("key", Money(1, "EUR"), DAY, "", []), Refusal)
