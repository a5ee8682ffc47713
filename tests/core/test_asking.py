"""What is asked of the person before an answer is believed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from opla.core.balance import Doubt, Reading, Settled, What, questions, read_answer, settle

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def read(text: str) -> Reading:
    found = read_answer("base", text, AT, ZoneInfo("Europe/Brussels"))
    assert isinstance(found, Reading), found
    return found


def day_end(month: int, day: int, hour: int = 23) -> datetime:
    return datetime(2027 if month < 11 else 2026, month, day, hour, 0, tzinfo=UTC)


def test_a_plain_reading_asks_nothing_and_is_settled() -> None:
    reading = read("1 GB and 20 SMS until 3 december")
    assert questions(reading) == ()
    until = day_end(12, 3)
    assert settle(reading, {}) == ({What.DATA: Settled(1_000_000, until), What.SMS: Settled(20, until)}, ())


def test_figures_of_one_kind_are_one_question() -> None:
    [asked] = questions(read("2 GB national, 500 MB roaming until 3 december"))
    assert (asked.name, asked.amounts, asked.doubts) == ("data", (2_000_000, 500_000), {Doubt.SEVERAL})


@pytest.mark.parametrize(
    ("answers", "settled", "left"),
    [
        ({}, {}, ["data", "data_until"]),
        ({"data": "1"}, {}, ["data_until"]),
        ({"data_until": "0"}, {}, ["data"]),
        ({"data": "1", "data_until": "0"}, {What.DATA: Settled(1_500, day_end(3, 4))}, []),
        ({"data": "0", "data_until": "no"}, {What.DATA: Settled(1_500_000, None)}, []),
        ({"data": "no"}, {}, []),
        ({"data": "2", "data_until": "x"}, {}, ["data", "data_until"]),
        ({"data": "-1", "data_until": "²"}, {}, ["data", "data_until"]),
    ],
)
def test_only_an_answer_that_is_there_settles(
    answers: dict[str, str], settled: dict[What, Settled], left: list[str]
) -> None:
    found, still = settle(read("1.500 MB until 04/03/2027"), answers)
    assert (found, [question.name for question in still]) == (settled, left)
