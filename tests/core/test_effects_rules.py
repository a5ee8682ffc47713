"""Every shape of a rule, on a named operator: the table of docs/reference/rules.md, row by row."""

from __future__ import annotations

from pathlib import Path

import pytest

from opla.core.catalog.rules import AutoRenew, CreditRenewal, EarlyRenewal, PlanChange
from opla.core.effects import What, Why
from opla.proving.rules.page import rules
from opla.proving.rules.shape import Outcome, Shape, run
from opla.proving.rules.table import SHAPES


@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: f"{s.rule}: {s.shape} ({s.operator})")
def test_a_rule_does_what_its_row_says(shape: Shape):
    assert run(shape) == Outcome(shape.after, shape.happened, shape.refused)


def test_the_page_is_what_the_table_says():
    page = Path(__file__).parents[2] / "docs" / "reference" / "rules.md"
    assert page.read_text("utf-8") == rules(), "run ./opla _reference"


def test_every_word_of_the_language_is_shown():
    """A shape without a row would be a promise without a proof."""
    shown = {(name, str(shape.gives[name])) for shape in SHAPES for name in shape.gives}
    for name, words in (
        ("early_renewal", EarlyRenewal),
        ("credit_renewal", CreditRenewal),
        ("plan_change", PlanChange),
        ("auto_renew", [word for word in AutoRenew if word is not AutoRenew.NONE]),
    ):
        assert {(name, str(word)) for word in words} <= shown


def test_every_kind_of_fact_but_none_else_happens_in_a_row():
    happened = {fact.split()[0] for shape in SHAPES for fact in shape.happened}
    assert happened == {str(what) for what in What}


def test_every_reason_is_given_in_a_row():
    told = " ".join(fact for shape in SHAPES for fact in shape.happened)
    assert [why for why in Why if f"({why})" not in told and why is not Why.REFUSED] == []
