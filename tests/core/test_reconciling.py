"""What a line or a payout that does not agree most probably is; of two that could be meant none is suggested."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from opla.core.item import Kind
from opla.core.money import Money
from opla.core.payout import Waiting
from opla.core.reconciling import (
    AGES,
    WITH,
    Clue,
    Expected,
    Strange,
    Suggestion,
    age,
    differs_since,
    of_line,
    of_payout,
)

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = date(2026, 11, 20)


def euros(minor: int) -> Money:
    return Money(minor, "EUR")


ANA = Expected("AAAA-1111", euros(1500), DAY, "090933755493")
BO = Expected("BBBB-2222", euros(2500), DAY, "123456789002")
SENT = Waiting(UUID(int=1), "mollie", euros(8000), DAY, "REF")


@pytest.mark.parametrize(
    ("text", "minor", "found"),
    [
        ("+++090/9337/55493+++", 1, None),  # nothing is wrong with it: it would have been matched
        ("+++090/9337/55498+++", 1, Suggestion(Clue.MISTYPED, "AAAA-1111")),  # another digit
        ("090 9337 54593", 1, Suggestion(Clue.MISTYPED, "AAAA-1111")),  # two changed places
        ("ref 09093755493", 1, Suggestion(Clue.MISTYPED, "AAAA-1111")),  # one left out
        ("0909337755493", 1, Suggestion(Clue.MISTYPED, "AAAA-1111")),  # one too many
        ("090/9338/55498", 1, None),  # two digits are another number
        ("for order aaaa-1111 thanks", 1, Suggestion(Clue.NAMED, "AAAA-1111")),
        ("AAAA-1111 and BBBB-2222", 1, None),
        ("for my mother", 1500, Suggestion(Clue.SAME_AMOUNT, "AAAA-1111")),
        ("for my mother", 1501, None),
        ("Stichting", 8000, Suggestion(Clue.OTHER_REFERENCE, provider="mollie")),
        ("BE71 0961 2345 6769", 1, None),  # digits of an account are no slip of a reference
    ],
)
def test_a_line_without_a_reference(text: str, minor: int, found: Suggestion | None) -> None:
    assert of_line(euros(minor), text, [ANA, BO], [SENT]) == found


def test_of_two_that_wait_for_the_same_amount_none_is_suggested() -> None:
    other = Expected("CCCC-3333", ANA.amount, DAY, "999999999999")
    assert of_line(ANA.amount, "", [ANA, other], []) is None
    assert of_line(SENT.amount, "", [], [SENT, Waiting(UUID(int=2), "stripe", SENT.amount, DAY, "")]) is None


@pytest.mark.parametrize(
    ("strange", "found"),
    [
        (Strange(DAY, (euros(-1500),)), Suggestion(Clue.OUR_REFUND, "AAAA-1111")),
        (Strange(DAY + timedelta(days=8), (euros(-1500),)), None),  # too long after it
        (Strange(DAY, (euros(2500),)), Suggestion(Clue.NOT_BROUGHT, "BBBB-2222")),
        (Strange(DAY - timedelta(days=1), (euros(2500),)), None),  # paid out before it was paid
        (Strange(DAY, (euros(2500), euros(-1500))), None),  # of two nobody knows which
        (Strange(DAY, fees_differ=True), Suggestion(Clue.THEIR_FEE)),
        (Strange(DAY, fees_differ=True, sums_differ=True), None),
        (Strange(DAY, (euros(7),)), None),
    ],
)
def test_a_payout_that_differs(strange: Strange, found: Suggestion | None) -> None:
    assert of_payout(strange, [ANA], [BO]) == found


def test_an_age_is_counted_in_whole_days() -> None:
    ends = [(0, 0), (1, 0), (2, 1), (7, 1), (8, 2), (30, 2), (31, 3), (400, 3)]
    assert [(days, age(AT - timedelta(days=days, hours=23), AT)) for days, _ in ends] == ends
    assert len(AGES) == 3


def test_since_when_two_figures_differ_is_the_newest_unbroken_time() -> None:
    hours = [AT - timedelta(hours=n) for n in range(5)]
    assert differs_since(zip(hours, (5, 7, 0, 9, 9), strict=True)) == hours[1]
    assert differs_since(zip(hours, (0, 7, 0, 9, 9), strict=True)) is None
    assert differs_since(zip(hours, (1, 1, 1, 1, 1), strict=True)) == hours[-1]
    assert differs_since([]) is None


def test_every_item_about_a_payout_or_our_bank_is_held_against_somebody() -> None:
    assert {kind for kind in Kind if kind.value.startswith(("bank_", "payout_"))} <= set(WITH)
