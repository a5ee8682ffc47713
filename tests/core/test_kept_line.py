"""The file of kept SIMs: what is written is read again, and everything that is wrong with one is named."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.forecast import Measured
from opla.core.kept_line import MOST_LINES, Choice, KeptLine, Whose, read_file, read_name, write_file
from opla.core.line import Bucket, Credit, Kind, Line
from opla.core.refusal import Refusal
from opla.core.usage import Usage
from opla.core.verdict import Aim

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "sims-file.md"

_NAMES = st.text(st.sampled_from("aé妈🌍-. 9"), min_size=1, max_size=40).filter(lambda text: read_name(text) == text)
_BUCKETS = st.builds(Bucket, st.sampled_from(Kind), st.integers(0, 60) | st.none(), st.just(AT), st.just(AT + DAY))
_CREDIT = st.builds(Credit, st.integers(0, 9), st.none())
_LINES = st.builds(
    Line, st.just("red"), st.sampled_from(["", "gold"]), credit=st.lists(_CREDIT, max_size=1).map(tuple),
    buckets=st.lists(_BUCKETS, max_size=2).map(tuple), topped_up_at=st.sampled_from([None, AT - DAY]),
)  # fmt: skip
_USAGES = st.builds(
    Usage, _LINES, st.lists(st.builds(Measured, st.sampled_from([AT - DAY]), st.integers(0, 9)), max_size=1).map(tuple)
)
_KEPT = st.builds(
    KeptLine, st.uuids(), _NAMES, _USAGES, st.sampled_from(Whose), st.sampled_from(["", "+32470123456"]),
    st.none() | st.builds(Choice, st.sampled_from(["A-1"]), st.integers(1, 9999), st.sampled_from(["", "gold"])),
    st.sampled_from(Aim), st.sampled_from([None, date(2027, 5, 31)]), st.sampled_from(["", "a" * 22]),
)  # fmt: skip


@given(st.lists(_KEPT, max_size=3, unique_by=lambda kept: kept.id))
def test_what_is_written_is_read_again_through_any_json(lines: list[KeptLine]) -> None:
    assert read_file(json.loads(json.dumps(write_file(lines, AT)))) == lines


def sample() -> dict[str, Any]:
    kept = KeptLine(UUID(int=1), "Mum", Usage(Line("red", buckets=(Bucket(Kind.DATA, 5, AT, AT + DAY),))))
    return json.loads(json.dumps(write_file([kept], AT)))  # type: ignore[no-any-return]  # a document


def put(**fields: object) -> Callable[[dict[str, Any]], object]:
    return lambda document: document["sims"][0].update(fields)


#: What is done to a file, and the field and problem that are named.
WRONG: dict[str, tuple[Callable[[dict[str, Any]], object], str, str]] = {
    "another version": (lambda d: d.update(opla_sims=2), "opla_sims", "version"),
    "no version": (lambda d: d.pop("opla_sims"), "opla_sims", "version"),
    "no list": (lambda d: d.update(sims={}), "sims", "not_list"),
    "too many": (lambda d: d.update(sims=d["sims"] * (MOST_LINES + 1)), "sims", "too_many"),
    "one twice": (lambda d: d.update(sims=d["sims"] * 2), "sims.1.id", "twice"),
    "an entry that is none": (lambda d: d.update(sims=["x"]), "sims.0", "not_mapping"),
    "an unknown field": (put(colour="red"), "sims.0.colour", "unknown"),
    "an unknown field above": (lambda d: d.update(colour="red"), "colour", "unknown"),
    "no name": (put(name=""), "sims.0.name", "not_text"),
    "a long name": (put(name="x" * 41), "sims.0.name", "not_text"),
    "no id": (put(id=None), "sims.0.id", "missing"),
    "a wrong id": (put(id="x"), "sims.0.id", "not_text"),
    "a number that is none": (put(number="0470 12 34 56"), "sims.0.number", "not_text"),
    "a day that is none": (put(needed_until="soon"), "sims.0.needed_until", "not_time"),
    "an aim that is none": (put(wanted="gold"), "sims.0.wanted", "not_choice"),
    "whose it is not": (put(whose="cat"), "sims.0.whose", "not_choice"),
    "a choice without a product": (put(last_choice={"amount_minor": 5}), "sims.0.last_choice.sku", "missing"),
    "a choice without money": (put(last_choice={"sku": "A"}), "sims.0.last_choice.amount_minor", "missing"),
    "a choice of true": (
        put(last_choice={"sku": "A", "amount_minor": True}), "sims.0.last_choice.amount_minor", "not_whole"),
    "a reminder that is an address": (put(reminder="/../x"), "sims.0.reminder", "not_text"),
    "half a sign": (put(**{"\ud800": 1}), "sims.0.?", "unknown"),
    "a line of too much": (
        put(line={"operator": "red", "credit": [{"amount_minor": 1}] * 31}), "sims.0.line", "too_many"),
    "no line": (put(line=None), "sims.0.line", "not_mapping"),
    "a line of nobody": (put(line={"operator": ""}), "sims.0.line.operator", "not_text"),
    "a wrong reading": (put(before=[{"at": "x"}]), "sims.0.before", "not_time"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_a_file_is_named(case: tuple[Callable[[dict[str, Any]], object], str, str]) -> None:
    spoil, field, problem = case
    document = sample()
    spoil(document)
    found = read_file(document)
    told = [dict(one.params) for one in found if isinstance(one, Refusal)]
    assert told == [{"field": field, "problem": problem}]


_ATOMS = st.none() | st.booleans() | st.integers() | st.text(max_size=9)
_KEYS = st.sampled_from(["sims", "opla_sims", "id", "line", "name"])


@given(st.recursive(_ATOMS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=4)))
def test_no_document_breaks_the_reading(document: object) -> None:
    for entry in (document, {"opla_sims": 1, "sims": [document]}, {"opla_sims": 1, "sims": document}):
        assert isinstance(read_file(entry), list)


def test_the_page_of_the_format_shows_a_file_that_can_be_read() -> None:
    found = re.search(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    [kept] = read_file(json.loads(found[1]))
    assert isinstance(kept, KeptLine)
    assert (kept.name, kept.whose, kept.number) == ("Mum", Whose.OTHER, "+32470123456")
