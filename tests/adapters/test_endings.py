"""Every row of the table of number endings, through the adapter, over HTTP, with the sandbox's clock moved by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.worlds import Counterparts, SandboxSupplier
from opla.core.money import Money
from opla.core.ports import Answer, Finds, Kind, SendRequest
from opla.counterparts.endings import ENDINGS
from opla.counterparts.manual import manual

S, D, P, U = Answer.SUCCEEDED, Answer.DECLINED, Answer.PENDING, Answer.UNKNOWN

#: ending → first answer, what is found at once, what the same reference again answers, found 30 s later, value given
TABLE: dict[str, tuple[Answer, Answer | None, Answer, Answer | None, int]] = {
    "456": (S, S, S, S, 1),
    "900": (P, P, P, S, 1),
    "901": (D, D, D, D, 0),
    "902": (D, D, D, D, 0),
    "903": (U, None, S, S, 1),
    "904": (U, S, S, S, 1),
    "905": (P, P, P, D, 0),
    "906": (S, S, S, S, 1),
    "907": (U, S, S, S, 1),
    "908": (U, None, S, S, 1),
    "909": (D, D, D, D, 0),
    "910": (U, None, U, None, 0),
}


def test_the_table_of_tests_has_every_ending() -> None:
    assert set(TABLE) - {"456"} == {ending.digits for ending in ENDINGS}


@pytest.mark.parametrize("ending", TABLE)
def test_a_number_ending_scripts_the_outcome(other: Counterparts, ending: str) -> None:
    first, found, again, later, given = TABLE[ending]
    adapter = SandboxSupplier(other).adapter
    assert isinstance(adapter, Finds)
    ask = SendRequest("r1", "proximus-15", "proximus", Kind.DIRECT, Money(1500, "EUR"), f"+32470123{ending}")
    sent = adapter.send(ask)
    assert sent.answer is first
    assert bool(sent.why) is (first in {D, U})
    seen = adapter.find("r1")
    assert (seen and seen.answer) == found
    assert adapter.send(ask).answer is again
    other.pass_s(30)
    seen = adapter.find("r1")
    assert (seen and seen.answer) == later
    assert bool(seen and seen.reversed) is (ending == "906")
    facts = other.facts.sends.get("r1")
    assert (facts.given if facts else 0) == given
    credit = sum(one.credit_minor for one in other.service.operators.subscribers.values())
    assert credit == (1500 if given and ending != "906" else 0)


def test_the_reference_page_is_made_from_the_tables() -> None:
    page = Path(__file__).parents[2] / "docs" / "reference" / "sandbox.md"
    stale = "run: python -m opla.counterparts.manual > docs/reference/sandbox.md"
    assert page.read_text(encoding="utf-8") == manual(), stale
