"""Self-help as a table: every symptom ends, nothing is asked of somebody that cannot be theirs."""

from __future__ import annotations

import pytest

from opla.core.ports import Kind
from opla.core.trouble import STEPS, Saw, Step, next_step, read_tried, seen, steps


def test_every_symptom_has_steps_and_every_step_is_for_some_symptom() -> None:
    assert set(STEPS) == set(Saw)
    assert {step for row in STEPS.values() for step in row} == set(Step)
    assert all(len(set(row)) == len(row) > 0 for row in STEPS.values())


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("saw", list(Saw))
def test_each_step_is_shown_once_and_then_the_shop_is_asked(saw: Saw, kind: Kind) -> None:
    tried: list[str] = []
    while (step := next_step(saw, kind, tried)) is not None:
        assert step not in tried
        tried.append(step)
    assert tried == list(map(str, steps(saw, kind)))


def test_nobody_without_a_code_is_asked_about_one() -> None:
    assert not {Saw.CODE_WRONG, Saw.CODE_USED, Saw.CODE_OTHER, Saw.DIAL_REFUSED} & set(seen(Kind.DIRECT))
    assert set(seen(Kind.CODE)) == set(Saw)


def test_an_address_says_only_words_of_ours() -> None:
    found = read_tried("no_data", "iphone", "restart.<script>.restart.apn", Kind.CODE)
    assert (found.saw, found.phone, found.steps) == ("no_data", "iphone", ("restart", "apn"))
    assert read_tried("code_wrong", "brick", "", Kind.DIRECT) == read_tried("", "", "", Kind.CODE)
