"""The bars of a number: signs of eleven modules, each its own, and a check that a scanner makes again."""

from __future__ import annotations

import pytest

from opla.core import code128
from opla.core.code128 import widths


def test_every_sign_has_eleven_modules_and_is_no_other_s() -> None:
    signs = code128._WIDTHS
    assert len(signs) == len(set(signs)) == 107
    assert {sum(map(int, sign)) for sign in signs[:-1]} == {11}
    # Bars are an even number of modules together (ISO/IEC 15417, 4.3.2): a damaged sign is seldom another one.
    assert all(sum(map(int, sign[::2])) % 2 == 0 for sign in signs[:-1])


def test_a_number_begins_ends_and_is_checked_as_the_standard_says() -> None:
    bars = "".join(map(str, widths("1234")))
    pairs = (12, 34)
    check = (105 + 1 * pairs[0] + 2 * pairs[1]) % 103
    wanted = [105, *pairs, check, 106]
    assert bars == "".join(code128._WIDTHS[one] for one in wanted)
    assert sum(widths("090933755493")) == 11 * 8 + 13


@pytest.mark.parametrize("wrong", ["", "123", "12a4", "１２"])
def test_what_is_no_even_number_of_digits_is_a_mistake(wrong: str) -> None:
    with pytest.raises(ValueError, match="digits"):
        widths(wrong)
