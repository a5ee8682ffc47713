"""The float and its statement: every movement, what each left, and that they add up to the books."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.conftest import OWNER, Program, Programs
from fakes import CODE, DIRECT
from opla.core.day import day_of
from opla.db.queries import floats
from opla.operations import close_day, resellers

ORDER = {"sku": DIRECT, "number": "0470123456"}


def walk(program: Program, query: str = "", limit: int = 3) -> list[dict[str, Any]]:
    """Every movement, page by page."""
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        answer = program.get(f"/float/movements?limit={limit}&after={after}{query}")
        assert answer.status == 200, answer
        found += answer.body["items"]
        if answer.body["next"] is None:
            return found
        after = answer.body["next"]


def adds_up(lines: list[dict[str, Any]]) -> tuple[int, int]:
    """What it held before the oldest, having checked that every line follows from the one before it."""
    for newer, older in pairwise(lines):
        for total, part in (("balance", "moved"), ("holding", "held")):
            assert newer[total]["amount_minor"] == older[total]["amount_minor"] + newer[part]["amount_minor"]
    first = lines[-1]
    return (
        first["balance"]["amount_minor"] - first["moved"]["amount_minor"],
        first["holding"]["amount_minor"] - first["held"]["amount_minor"],
    )


def test_a_float_says_what_is_free_and_what_is_held(programs: Programs) -> None:
    programs.acme.post("/orders", ORDER, "a")
    found = programs.acme.get("/float").body
    assert {name: found[name]["amount_minor"] for name in ("balance", "free", "held")} == {
        "balance": 10000,
        "free": 8500,
        "held": 1500,
    }
    assert programs.bolt.get("/float").body["free"]["amount_minor"] == 10000


def test_a_statement_has_one_line_for_each_event_and_never_says_what_the_shop_earned(programs: Programs) -> None:
    programs.acme.post("/orders", ORDER, "a")
    programs.world.clock.tick(5)
    programs.world.work(2)
    lines = walk(programs.acme)
    told = [(x["event"], x["key"], x["moved"]["amount_minor"], x["held"]["amount_minor"]) for x in lines]
    assert told == [("delivered", "a", -1500, -1500), ("reserved", "a", 0, 1500), ("paid_in", "first", 10000, 0)]
    assert adds_up(lines) == (0, 0)
    assert [x["event"] for x in walk(programs.bolt)] == ["paid_in"]


STEPS = st.lists(st.sampled_from(["order", "code", "refused", "work", "back", "pay_in", "night"]), max_size=12)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, limit=st.integers(1, 4))
def test_whatever_happens_the_lines_add_up_to_the_books(programs: Programs, steps: list[str], limit: int) -> None:
    world = programs.world
    for n, step in enumerate(steps):
        key = f"{world.clock().isoformat()} {n}"[-60:]
        world.clock.tick(7)
        match step:
            case "order":
                programs.acme.post("/orders", ORDER, key)
            case "code":
                programs.acme.post("/orders", {"sku": CODE}, key)
            case "refused":
                world.supplier.script = [world.supplier.refuses]
                programs.acme.post("/orders", ORDER, key)
            case "work":
                world.work(2)
            case "back":
                for one in programs.acme.get("/orders?state=delivered&limit=5").body["items"]:
                    programs.acme.post(f"/orders/{one['id']}/refund", {}, key + one["id"][-4:])
            case "pay_in":
                resellers.pay_in(OWNER, "acme", "20", key, shop=world.shop, at=world.clock())
            case "night":
                yesterday = day_of(world.clock())
                world.work(2)
                world.clock.tick(24 * 3600)
                close_day.close_day(OWNER, yesterday, at=world.clock())
    lines, there = walk(programs.acme, limit=limit), floats.balance("acme", "EUR")
    assert adds_up(lines) == (0, 0)
    assert lines[0]["balance"]["amount_minor"] == there.balance_minor
    assert lines[0]["holding"]["amount_minor"] == there.held_minor


def test_days_bound_a_statement_whether_they_are_closed_or_not(programs: Programs) -> None:
    world = programs.world
    first = day_of(world.clock())
    programs.acme.post("/orders", ORDER, "a")
    world.work(2)
    world.clock.now += timedelta(days=1)
    programs.acme.post("/orders", ORDER, "b")
    world.work(2)
    world.clock.now += timedelta(days=1)
    programs.acme.post("/orders", ORDER, "c")
    second = first + timedelta(days=1)
    asked = [f"&to={first}", f"&from={second}&to={second}", f"&from={second + timedelta(days=1)}", ""]
    before = [walk(programs.acme, query, limit=2) for query in asked]
    assert [[x["key"] for x in page] for page in before] == [
        ["a", "a", "first"],
        ["b", "b"],
        ["c"],
        [*"cbbaa", "first"],
    ]
    assert [adds_up(page) for page in before] == [(0, 0), (8500, 0), (7000, 0), (0, 0)]
    for closed in (first, second):
        assert not hasattr(close_day.close_day(OWNER, closed, at=world.clock() + timedelta(hours=3)), "code")
        assert [walk(programs.acme, query, limit=2) for query in asked] == before


@pytest.mark.parametrize("query", ["from=yesterday", "to=2026-13-01", "from=0001-01-01", "after=x"])
def test_a_statement_is_asked_for_by_days_that_exist(programs: Programs, query: str) -> None:
    answer = programs.acme.get(f"/float/movements?{query}")
    assert (answer.status, answer.body["refusals"][0]["about"]) == (422, query.partition("=")[0])
