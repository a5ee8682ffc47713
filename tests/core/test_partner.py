"""What is agreed with a partner shop, and what it keeps of a day."""

from __future__ import annotations

from datetime import date

import pytest

from opla.core.money import Money
from opla.core.partner import Agreement, commission, read
from opla.core.refusal import Code, Refusal


def agreed(**more: str) -> Agreement | Refusal:
    typed = {
        "enterprise": "0403.170.701", "percent": "4.5", "email": "a@example.org", "language": "nl",
        "agreed_on": "2026-11-01", "ends_on": "", "paper": "binder 3",
    }  # fmt: skip
    name, title = more.pop("name", "corner"), more.pop("title", "Corner Shop")
    return read(name, title, **{**typed, **more})


def test_an_agreement_is_read_as_it_was_typed() -> None:
    found = agreed(percent="4,5 %")
    assert isinstance(found, Agreement)
    assert (found.permille, found.agreed_on, found.ends_on) == (45, date(2026, 11, 1), None)
    assert found.runs(date(2026, 11, 1))
    assert not found.runs(date(2026, 10, 31))
    ends = agreed(ends_on="2026-12-01")
    assert isinstance(ends, Agreement)
    assert ends.runs(date(2026, 11, 30))
    assert not ends.runs(date(2026, 12, 1))


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({"name": "Corner"}, Code.PARTNER_NAME_INVALID),
        ({"title": " "}, Code.PARTNER_NAME_INVALID),
        ({"percent": ""}, Code.COMMISSION_INVALID),
        ({"percent": "4.55"}, Code.COMMISSION_INVALID),
        ({"percent": "30.1"}, Code.COMMISSION_INVALID),
        ({"percent": "-1"}, Code.COMMISSION_INVALID),
        ({"email": "a"}, Code.EMAIL_INVALID),
        ({"agreed_on": "soon"}, Code.AGREEMENT_DAY_INVALID),
        ({"ends_on": "2026-11-01"}, Code.AGREEMENT_DAY_INVALID),
    ],
)
def test_what_cannot_be_agreed_is_refused(typed: dict[str, str], code: Code) -> None:
    found = agreed(**typed)
    assert isinstance(found, Refusal)
    assert found.code is code


@pytest.mark.parametrize(
    ("base", "permille", "kept"),
    [
        (1500, 45, 68),
        (1000, 45, 45),
        (1100, 45, 50),
        (0, 45, 0),
        (-1500, 45, -68),
        (1500, 0, 0),
        (10, 45, 0),
        (12, 45, 1),
    ],
)
def test_a_commission_is_half_up_to_a_cent_and_taken_back_by_the_same_rule(base: int, permille: int, kept: int) -> None:
    assert commission(Money(base, "EUR"), permille) == Money(kept, "EUR")
