"""What of theirs may be ours, what is news of it, and when a list is not believed."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from opla.core import supply
from opla.core.catalog import Catalog, parse
from opla.core.ports import Kind, Listed
from opla.core.supply import News, State, Terms, likely, news, suspicious
from opla.operations.read_catalog import read_country

PROXIMUS = Listed("17", "PIN 15 EUR", "Proximus Belgium", "BE", Kind.CODE, "EUR", 1500, 1500, 1400, "EUR")


@cache
def belgium() -> Catalog:
    return parse(read_country("belgium", sandbox=True))


def like(**other: object) -> set[str]:
    theirs = replace(PROXIMUS, **other)  # type: ignore[arg-type]  # fields of a dataclass
    return {ours.sku for ours, _ in likely([theirs], belgium())}


def test_the_same_operator_kind_and_face_value_are_proposed() -> None:
    assert like() == {"PX-15"}
    assert like(operator="PROXIMUS") == {"PX-15"}
    assert {"PX-15"} < like(min_minor=500, max_minor=10_000)  # a range that holds several of ours


@pytest.mark.parametrize(
    "other",
    [
        {"operator": "Proximity"},
        {"operator": "Belgium Proximus"},
        {"operator": ""},
        {"country": "LU"},
        {"kind": Kind.DIRECT},
        {"currency": "USD"},
        {"min_minor": 1499, "max_minor": 1499},
        {"min_minor": 1501, "max_minor": 5000},
    ],
)
def test_anything_else_is_not_even_proposed(other: dict[str, object]) -> None:
    assert "PX-15" not in like(**other)


def test_nobody_guesses_between_two_operators_of_one_name() -> None:
    catalog = belgium()
    [proximus] = [one for one in catalog.operators if one.id == "proximus"]
    twice = replace(catalog, operators=(*catalog.operators, replace(proximus, id="another")))
    assert list(likely([PROXIMUS], twice)) == []


KEPT = Terms("EUR", 1500, 1500, 1400, "EUR")
NEWS = [
    (State.PROPOSED, KEPT, (News.NEW,)),
    (State.PROPOSED, None, ()),
    (State.APPROVED, KEPT, ()),
    (State.APPROVED, None, (News.GONE,)),
    (State.APPROVED, replace(KEPT, cost_minor=1401), (News.COST,)),
    (State.APPROVED, replace(KEPT, cost_minor=None), (News.COST,)),
    (State.APPROVED, replace(KEPT, max_minor=2000), (News.RANGE,)),
    (State.APPROVED, replace(KEPT, max_minor=2000, cost_currency="USD"), (News.COST, News.RANGE)),
    (State.REFUSED, replace(KEPT, cost_minor=1), ()),
    (State.GONE, KEPT, ()),
]


@pytest.mark.parametrize(("state", "told", "expected"), NEWS)
def test_this_is_news_and_nothing_else(state: State, told: Terms | None, expected: tuple[News, ...]) -> None:
    assert news(state, KEPT, told) == expected


def test_a_list_that_has_lost_more_than_half_is_not_believed() -> None:
    assert [suspicious(10, now) for now in (4, 5, 10, 100)] == [True, False, False, False]
    assert not suspicious(0, 0)


def test_the_cost_of_a_range_is_reckoned_in_proportion() -> None:
    ranged = Terms("EUR", 500, 10_000, 480, "USD")
    assert [ranged.cost_of(minor) for minor in (500, 1500, 1501)] == [480, 1440, 1441]
    assert replace(ranged, cost_minor=None).cost_of(1500) is None


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({}, ""),
        ({"sku": ""}, "nameless"),
        ({"operator": ""}, "nameless"),
        ({"min_minor": 0}, "range"),
        ({"max_minor": 1499}, "range"),
        ({"cost_minor": -1}, "cost"),
        ({"cost_currency": ""}, "cost"),
        ({"cost_minor": None, "cost_currency": ""}, ""),
    ],
)
def test_what_nobody_could_sell_is_named(other: dict[str, object], why: str) -> None:
    assert supply.problem(replace(PROXIMUS, **other)) == why  # type: ignore[arg-type]  # fields of a dataclass
