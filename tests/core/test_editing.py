"""Cells where they stand: which should be looked at again, and one of them changed."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.catalog import Held, cells, diff, held, parse, put, stale
from opla.core.catalog.editing import read_value, written_value
from opla.operations.read_catalog import read_country

BELGIUM = read_country("belgium", sandbox=True)
KEYS = [one.key for one in held(BELGIUM)]


def test_every_cell_of_belgium_has_a_way_of_its_own() -> None:
    assert len(set(KEYS)) == len(KEYS) == len(list(cells(BELGIUM))) > 400


@given(st.sampled_from(held(BELGIUM)))
def test_whatever_cell_is_changed_nothing_else_is(one: Held) -> None:
    changed = put(BELGIUM, one.path, {**one.cell, "note": "changed here"})
    assert [held_.key for held_ in held(changed)] == KEYS
    there = {held_.key: held_.cell for held_ in held(changed)}
    assert {key for key, cell in there.items() if cell.get("note") == "changed here"} == {one.key}
    assert put(changed, one.path, one.cell) == BELGIUM
    assert len(diff(BELGIUM, changed)) == 1


@pytest.mark.parametrize(
    "path", [("nowhere",), (), ("products", "PX-99", "face"), ("products", "PX-15"), ("operators", 99)]
)
def test_where_no_cell_is_nothing_is_put(path: tuple[str | int, ...]) -> None:
    with pytest.raises(LookupError):
        put(BELGIUM, path, {"sure": "unknown"})


def test_what_was_never_seen_comes_first_then_the_oldest_and_samples_never() -> None:
    old = stale(BELGIUM, date(2026, 11, 22))
    days = [one.seen_on or date.min for one in old]
    assert days == sorted(days)
    assert old[0].seen_on is None
    assert {str(one.sure) for one in old} <= {"A", "B", "C"}
    assert all(day < date(2026, 11, 22) for day in days)
    assert {one.key for one in stale(BELGIUM, date(2020, 12, 15))} < {one.key for one in old}


def test_a_cell_that_was_seen_today_is_not_looked_at_again() -> None:
    one = stale(BELGIUM, date(2026, 11, 22))[0]
    changed = put(BELGIUM, one.path, {**one.cell, "verified_on": "2026-11-22"})
    assert one.key not in {left.key for left in stale(changed, date(2026, 11, 22))}
    assert parse(changed)


@pytest.mark.parametrize("one", held(BELGIUM)[::7], ids=lambda one: one.key)
def test_a_value_is_read_back_as_it_was_written(one: Held) -> None:
    value = one.cell.get("value")
    assert value is None or read_value(written_value(value)) == value


@pytest.mark.parametrize(
    ("typed", "read"),
    [("4000", 4000), ("15.00", "15.00"), ("true", True), (" base.be ", "base.be"), ('"4000"', "4000"), ("[1,", "[1,"),
     ('["en", "fr"]', ["en", "fr"]), ("null", "null"), ("1e3", "1e3"), ("[" * 5000, "[" * 5000)],
)  # fmt: skip
def test_money_stays_a_text_and_what_is_no_json_is_one(typed: str, read: object) -> None:
    assert read_value(typed) == read
