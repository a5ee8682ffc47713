"""Putting an eSIM on a phone: every step is told once, and every phone has a way that needs no link."""

from __future__ import annotations

import pytest

from opla.core.install import AFTER, BEFORE, FAILED, STEPS, WAYS, Phone, Step, Way


@pytest.mark.parametrize("phone", Phone)
def test_every_phone_can_scan_and_type_and_has_no_way_twice(phone: Phone) -> None:
    assert {Way.QR, Way.TYPED} <= set(WAYS[phone])
    assert len(WAYS[phone]) == len(set(WAYS[phone]))


def test_only_phones_of_which_somebody_says_so_are_sent_to_a_link() -> None:
    assert {phone for phone in Phone if Way.LINK in WAYS[phone]} == {Phone.IPHONE, Phone.PIXEL}


def test_every_step_is_told_somewhere_and_none_both_before_and_after() -> None:
    told = [*BEFORE, *AFTER, *FAILED]
    assert len(told) == len(set(told))
    assert set(told) | {step for way in Way for step in STEPS[way]} == set(Step)


@pytest.mark.parametrize("way", Way)
def test_every_way_ends_with_confirming_and_waiting(way: Way) -> None:
    assert STEPS[way][-1] is Step.CONFIRM


def test_what_failed_is_looked_for_before_anything_is_tried_again() -> None:
    assert FAILED[0] is Step.IS_IT_THERE
    assert FAILED.index(Step.NEVER_DELETE) < FAILED.index(Step.ASK)
