"""How a slip lies on a roll: in its columns, in its code page, or not at all and then it is drawn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.paper import CODE_PAGE, Pair, Paper, Rule, Words, lines, plain
from opla.core.print_job import ARROWS, Event, State


@pytest.mark.parametrize(
    "text",
    ["Reçu : l’opérateur a crédité 15,00 €, œuvre", "Größe, Käufer, Ärger – „gut“", "coëfficiënt: één beltegoed"],
)
def test_french_dutch_and_german_with_the_euro_need_no_picture(text: str) -> None:
    assert plain(text) is not None
    assert [line.text for line in lines(Words(text), Paper.WIDE) or []] == [text]


def test_what_the_code_page_lacks_is_drawn_and_never_a_question_mark() -> None:
    for text in ("副本", "余额 €5", "Ωmega"):
        assert plain(text) is None
        assert lines(Words(text), Paper.WIDE) is None
        assert lines(Pair("Total", text), Paper.NARROW) is None


def test_no_line_breaks_where_typography_holds_it_together_and_paper_shows_a_space() -> None:
    found = lines(Words("Le montant de la recharge est de 15,00\u00a0€"), Paper.NARROW)
    assert found is not None
    assert [line.text for line in found] == ["Le montant de la recharge est de", "15,00 €"]


def test_a_pair_that_is_too_long_for_one_line_is_two() -> None:
    short, long = lines(Pair("Total", "15,00 €"), Paper.NARROW), lines(Pair("Bestelnummer", "8" * 25), Paper.NARROW)
    assert short is not None
    assert long is not None
    assert [line.text for line in short] == ["Total                    15,00 €"]
    assert [line.text for line in long] == ["Bestelnummer", "  " + "8" * 25]


@given(st.text(), st.sampled_from(Paper), st.booleans())
def test_whatever_is_written_fits_its_paper_and_holds_no_command(text: str, paper: Paper, big: bool) -> None:
    for part in (Words(text, big=big), Pair(text, text), Pair("Total", text), Rule()):
        for line in lines(part, paper) or []:
            assert len(line.text) <= (paper.columns // 2 if line.big else paper.columns)
            assert min(line.text.encode(CODE_PAGE), default=0x20) >= 0x20


def test_a_slip_that_was_begun_is_never_new_again_and_one_that_left_nothing_is_never_printed() -> None:
    assert all(target is not State.NEW for target in ARROWS.values())
    assert {target for (source, _), target in ARROWS.items() if source is State.NEW} == {State.SENDING, State.REFUSED}
    assert (State.SENDING, Event.SPOILT) not in ARROWS  # nobody has seen it yet
    assert not {source for source, _ in ARROWS} & {State.PRINTED, State.SPOILT, State.REFUSED}
