"""May an eSIM be sold for this phone: row by row, and as laws."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.catalog import CatalogError
from opla.core.device_check import (
    NOT_CHECKED,
    Answers,
    Because,
    Checked,
    Says,
    Typed,
    Verdict,
    Why,
    check,
    typed,
)
from opla.core.devices import Families, Has, Region, parse
from opla.core.refusal import Code, Refusal
from opla.operations import devices


@cache
def table() -> Families:
    return devices.families()


YES, NO, UNKNOWN = Says.YES, Says.NO, Says.UNKNOWN
CN, HK, US, ELSE, NOWHERE = Region.CHINA, Region.HONG_KONG, Region.USA, Region.ELSEWHERE, Region.UNKNOWN

#: shows an EID, locked, bought in, family; then the answer.
ROWS = [
    (YES, NO, ELSE, "", Because.EID),
    (YES, NO, US, "iphone_14", Because.EID),
    (YES, NO, NOWHERE, "", Because.EID),
    (YES, NO, ELSE, "iphone_x", Because.EID),  # the phone outranks the table
    (YES, NO, HK, "iphone_14", Because.EID),
    (YES, UNKNOWN, ELSE, "pixel_4", Because.EID_LOCK_UNKNOWN),
    (YES, NO, CN, "iphone_air", Because.EID_HOME_ONLY),
    (YES, NO, CN, "", Because.EID_HOME_ONLY),
    (YES, YES, ELSE, "pixel_4", Why.LOCKED),  # a lock outranks all
    (UNKNOWN, YES, NOWHERE, "", Why.LOCKED),
    (NO, NO, ELSE, "pixel_4", Why.NO_EID),
    (NO, UNKNOWN, NOWHERE, "", Why.NO_EID),
    (UNKNOWN, NO, CN, "iphone_14", Why.REGION),
    (UNKNOWN, UNKNOWN, CN, "iphone_17", Why.REGION),
    (UNKNOWN, NO, CN, "iphone_xs", Why.REGION),
    (UNKNOWN, NO, ELSE, "iphone_x", Why.MODEL),
    (UNKNOWN, NO, NOWHERE, "iphone_x", Why.MODEL),
    (UNKNOWN, NO, CN, "iphone_air", Because.HOME_ONLY),
    (UNKNOWN, NO, CN, "iphone_17e", Because.HOME_ONLY),
    (UNKNOWN, NO, CN, "galaxy_s20", Because.REPORTED_NO),
    (UNKNOWN, NO, CN, "huawei_p40", Because.REPORTED_NO),
    (UNKNOWN, NO, HK, "iphone_11", Because.VARIES),
    (UNKNOWN, NO, HK, "iphone_17", Because.NOT_KNOWN),
    (UNKNOWN, NO, ELSE, "iphone_14", Because.TABLE),
    (UNKNOWN, UNKNOWN, US, "iphone_14", Because.TABLE),
    (UNKNOWN, NO, NOWHERE, "pixel_10", Because.TABLE),  # everywhere one, with a place for a card or without
    (UNKNOWN, NO, NOWHERE, "iphone_14", Because.NOT_KNOWN),
    (UNKNOWN, NO, ELSE, "huawei_air", Because.NOT_KNOWN),
    (UNKNOWN, NO, ELSE, "", Because.NOT_KNOWN),
    (UNKNOWN, NO, ELSE, "no_such_phone", Because.NOT_KNOWN),
    (UNKNOWN, UNKNOWN, NOWHERE, "", Because.NOT_KNOWN),
]  # fmt: skip

VERDICTS = {
    Because.EID: Verdict.YES,
    Because.EID_LOCK_UNKNOWN: Verdict.PROBABLY,
    Because.EID_HOME_ONLY: Verdict.PROBABLY,
    Because.TABLE: Verdict.PROBABLY,
    Because.HOME_ONLY: Verdict.UNKNOWN,
    Because.VARIES: Verdict.UNKNOWN,
    Because.REPORTED_NO: Verdict.UNKNOWN,
    Because.NOT_KNOWN: Verdict.UNKNOWN,
}


@pytest.mark.parametrize(("shows", "locked", "region", "family", "answer"), ROWS)
def test_what_is_said_of_a_phone_has_one_answer(
    shows: Says, locked: Says, region: Region, family: str, answer: Because | Why
) -> None:
    found = check(Answers(shows, locked, region, family), table())
    if isinstance(answer, Why):
        assert isinstance(found, Refusal)
        assert (found.code, found.params["why"]) == (Code.DEVICE_NOT_COMPATIBLE, answer)
    else:
        assert isinstance(found, Checked)
        assert (found.because, found.verdict) == (answer, VERDICTS[answer])
        assert found.risky is (VERDICTS[answer] is Verdict.UNKNOWN)


def test_every_reason_has_a_row() -> None:
    """But for a mistyped EID, which the rows have no column for."""
    assert {row[-1] for row in ROWS} == {*Because, *Why} - {Why.EID_WRONG}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", Typed.NOTHING),
        ("  ", Typed.NOTHING),
        ("89049032123451234512345678901235", Typed.RIGHT),
        ("EID 8904 9032 1234 5123 4512 3456 7890 1235", Typed.RIGHT),
        ("89049032123451234512345678901234", Typed.WRONG),
        ("8904", Typed.WRONG),
        ("356938035643809", Typed.WRONG),  # an IMEI, which stands beside it
        ("hello", Typed.WRONG),
    ],
)
def test_an_eid_that_was_typed_is_judged_by_its_check_digits(text: str, found: Typed) -> None:
    assert typed(text) is found


def test_a_right_eid_counts_as_shown_and_a_wrong_one_must_be_corrected() -> None:
    said = Answers(Says.UNKNOWN, Says.NO, Region.ELSEWHERE, "iphone_x")
    right = check(replace(said, eid=Typed.RIGHT), table())
    assert isinstance(right, Checked)
    assert right.verdict is Verdict.YES
    for shows in Says:
        wrong = check(replace(said, shows_eid=shows, eid=Typed.WRONG), table())
        assert isinstance(wrong, Refusal)
        assert wrong.params["why"] == Why.EID_WRONG


@pytest.mark.parametrize(
    ("family", "region", "only"),
    [
        ("iphone_14", US, True),
        ("iphone_14", ELSE, False),
        ("iphone_air", CN, True),
        ("iphone_air", NOWHERE, False),
        ("iphone_17e", CN, False),
        ("pixel_10", US, True),
        ("", US, False),
    ],
)
def test_a_phone_without_a_place_for_a_card_is_told_so(family: str, region: Region, *, only: bool) -> None:
    found = check(Answers(Says.YES, Says.NO, region, family), table())
    assert isinstance(found, Checked)
    assert found.only_esim is only


def families() -> list[str]:
    return ["", "no_such_phone", *(family.id for family in table().all)]


answers = st.builds(
    Answers,
    shows_eid=st.sampled_from(Says),
    locked=st.sampled_from(Says),
    region=st.sampled_from(Region),
    family=st.sampled_from(families()),
    eid=st.sampled_from(Typed),
)


@given(answers)
def test_a_lock_always_is_a_no(said: Answers) -> None:
    found = check(replace(said, locked=Says.YES), table())
    assert isinstance(found, Refusal)
    assert found.params["why"] == Why.LOCKED


_RANK = [Verdict.UNKNOWN, Verdict.PROBABLY, Verdict.YES]


def _rank(found: Refusal | Checked) -> int:
    return -1 if isinstance(found, Refusal) else _RANK.index(found.verdict)


@given(answers)
def test_that_it_shows_an_eid_never_makes_an_answer_worse(said: Answers) -> None:
    assert _rank(check(replace(said, shows_eid=Says.YES), table())) >= _rank(check(said, table()))


@given(answers)
def test_that_it_is_not_locked_never_makes_an_answer_worse(said: Answers) -> None:
    assert _rank(check(replace(said, locked=Says.NO), table())) >= _rank(check(said, table()))


@given(answers)
def test_answers_survive_a_hidden_field_and_hold_no_digit_of_an_eid(said: Answers) -> None:
    text = said.encode()
    assert Answers.decode(text) == said
    assert len(text) <= 80
    assert "890" not in text


@given(st.text(max_size=60) | st.sampled_from(["1:yes:no:cn::none:", "2:yes:no:cn::none", "1:si:no:cn::none"]))
def test_what_is_no_answer_is_a_check_that_nobody_made(text: str) -> None:
    found = Answers.decode(text)
    assert found == NOT_CHECKED or (isinstance(found, Answers) and found.encode() == text)


def test_a_text_is_checked_in_one_go_and_no_text_is_refused() -> None:
    assert isinstance(devices.checked("1:yes:no:else::none"), Checked)
    refused = [devices.checked(text) for text in ("", "1:yes:yes:else::none")]
    assert [one.code for one in refused if isinstance(one, Refusal)] == [
        Code.DEVICE_NOT_CHECKED,
        Code.DEVICE_NOT_COMPATIBLE,
    ]


def test_every_figure_of_the_table_has_a_source_and_every_family_says_something() -> None:
    for family in table().all:
        cells = family.bought.values()
        assert all(cell.source for cell in cells), family.id
        assert any(cell.known for cell in cells), family.id


def test_no_iphone_from_mainland_china_is_called_sure_by_the_table_alone() -> None:
    for family in table().all:
        if family.brand == "Apple":
            assert family.has(Region.CHINA).value in {Has.NO, Has.HOME_ONLY}


@pytest.mark.parametrize(
    ("document", "what"),
    [
        ({"devices": 2}, "form 1"),
        ({"devices": 1, "families": [{"id": "a", "brand": "B", "name": "C"}] * 2}, "twice"),
        (
            {
                "devices": 1,
                "sources": {"s": {"where": "x", "dated": "nd"}},
                "families": [
                    {"id": "a", "brand": "B", "name": "C", "cn": {"value": "maybe", "sure": "A", "source": "s"}}
                ],
            },
            "must be one of",
        ),
    ],
)
def test_a_wrong_table_is_refused_with_the_place(document: dict[str, object], what: str) -> None:
    with pytest.raises(CatalogError, match=what):
        parse(document)
