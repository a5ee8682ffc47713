"""Codes from a CSV file: checked whole, stored once, and no real one on a sandbox's shelf."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes import START, World
from opla.core.actor import Actor, Role
from opla.core.refusal import Code, Refusal
from opla.db.queries.codes import stock_levels
from opla.operations.stock_codes import Stocked, stock_codes

OWNER = Actor(Role.OWNER, "test")
GOOD = "sku,code,serial,cost,valid_until\nPX-15,0000567890123,S1,14.25,2027-06-30\nPX-15,0000567890124,S2,14.40,\n"


def imported(world: World, text: str, actor: Actor = OWNER) -> Stocked | list[Refusal]:
    return stock_codes(actor, text.encode(), shop=world.shop, at=START)


def test_a_file_comes_into_stock_at_its_cost_and_a_second_time_changes_nothing(world: World) -> None:
    assert imported(world, GOOD) == Stocked(2, [], 2865)
    assert world.balance("code_stock:EUR") == 2865
    assert imported(world, GOOD) == Stocked(0, [2, 3], 0)
    assert stock_levels() == {"PX-15": 2}


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("XX-1,0000567890125,S,14,", "sku"),
        ("BA-5,0000567890125,S,14,", "sku"),  # credited to a number: there is no such code
        ("PX-15,000056789012,S,14,", "code"),  # twelve digits of thirteen
        ("PX-15,1234567890123,S,14,", "code"),  # a real one, in a sandbox
        ("PX-15,0000567890125,S,-1,", "cost"),
        ("PX-15,0000567890125,S,cheap,", "cost"),
        ("PX-15,0000567890125,S,14,31/12/2027", "valid_until"),
    ],
)
def test_one_bad_row_refuses_the_whole_file_and_is_named_by_line_and_column(
    world: World, row: str, column: str
) -> None:
    found = imported(world, GOOD + row + "\n")
    assert isinstance(found, list)
    assert [(r.code, r.about, r.params["row"]) for r in found] == [(Code.ROW_INVALID, column, "4")]
    assert stock_levels() == {}


def test_a_live_shop_takes_real_codes(world: World) -> None:
    live = replace(world.shop, sandbox=False)
    real = GOOD.replace("0000567", "1234567")
    assert stock_codes(OWNER, real.encode(), shop=live, at=START) == Stocked(2, [], 2865)


@pytest.mark.parametrize("text", ["", "sku,cost\nPX-15,14\n", "sku,code,serial,cost,valid_until\n", "\ufffd"])
def test_what_is_no_stock_file_is_refused_in_one_sentence(world: World, text: str) -> None:
    found = imported(world, text)
    assert isinstance(found, list)
    assert [r.code for r in found] == [Code.FILE_UNREADABLE]


def test_only_the_owner_fills_the_shelf(world: World) -> None:
    found = imported(world, GOOD, Actor(Role.CUSTOMER))
    assert isinstance(found, list)
    assert [r.code for r in found] == [Code.NOT_ALLOWED]
