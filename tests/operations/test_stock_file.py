"""Codes from a CSV file: checked whole, stored once, and no real one on a sandbox's shelf."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes import START, World
from opla.core.actor import Actor, Role
from opla.core.refusal import Code, Refusal
from opla.core.sim import read_serial
from opla.db.queries.call import select
from opla.db.queries.codes import Stock, stock_levels
from opla.operations import sample_esims
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


def test_the_ends_of_lines_of_any_spreadsheet_are_read(world: World) -> None:
    assert imported(world, GOOD.replace("\n", "\r")) == Stocked(2, [], 2865)
    assert imported(world, GOOD.replace("\n", "\r\n")) == Stocked(0, [2, 3], 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sku,cost\nPX-15,14\n",
        "sku,code,serial,cost,valid_until\n",
        "\ufffd",
        GOOD + "9" * 200_000,
        "9" * 200_000 + GOOD,
    ],
)
def test_what_is_no_stock_file_is_refused_in_one_sentence(world: World, text: str) -> None:
    found = imported(world, text)
    assert isinstance(found, list)
    assert [r.code for r in found] == [Code.FILE_UNREADABLE]


def test_only_the_owner_fills_the_shelf(world: World) -> None:
    found = imported(world, GOOD, Actor(Role.CUSTOMER))
    assert isinstance(found, list)
    assert [r.code for r in found] == [Code.NOT_ALLOWED]


ESIM = "sku,code,serial,cost\nPX-ESIM,LPA:1$rsp.invalid$0000-ABCD,8949449999999990049,13.50\n"


def test_an_esim_comes_into_stock_with_its_serial_number(world: World) -> None:
    assert imported(world, ESIM) == Stocked(1, [], 1350)
    assert stock_levels() == {"PX-ESIM": 1}
    assert imported(world, ESIM.replace("LPA:1$rsp", "1$RSP")) == Stocked(0, [2], 0)  # the same, written otherwise


def test_a_wrong_check_digit_of_a_serial_number_is_a_warning(world: World) -> None:
    assert imported(world, ESIM.replace("90049", "90048")) == Stocked(1, [], 1350, [2])


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("PX-SIM,LPA:1$rsp.invalid$0000-1,8949449999999990049,13", "sku"),  # a card lies on another shelf
        ("PX-ESIM,0000567890125,8949449999999990049,13", "code"),
        ("PX-ESIM,LPA:1$rsp.invalid$0000-1$$1,8949449999999990049,13", "code"),  # asks for a confirmation code
        ("PX-ESIM,LPA:1$rsp.operator.be$0000-1,8949449999999990049,13", "code"),  # a real one, in a sandbox
        ("PX-15,LPA:1$rsp.invalid$0000-1,8949449999999990049,13", "code"),
        ("PX-ESIM,LPA:1$rsp.invalid$0000-1,,13", "serial"),
        ("PX-ESIM,LPA:1$rsp.invalid$0000-1,S1,13", "serial"),
    ],
)
def test_a_row_that_is_no_esim_refuses_the_file(world: World, row: str, column: str) -> None:
    found = imported(world, ESIM + row + "\n")
    assert isinstance(found, list)
    assert [(r.code, r.about, r.params["row"]) for r in found] == [(Code.ROW_INVALID, column, "3")]
    assert stock_levels() == {}


def test_the_sandbox_has_esims_that_no_phone_installs_and_fills_up_what_was_sold(world: World) -> None:
    with_sold = sample_esims.fill(shop=world.shop, at=START)
    assert stock_levels() == dict.fromkeys(("LY-ESIM", "MV-ESIM", "PX-ESIM"), sample_esims.LEFT)
    assert with_sold == 3 * sample_esims.LEFT
    assert sample_esims.fill(shop=world.shop, at=START) == 0
    for serial, *_ in select("SELECT DISTINCT serial FROM code"):
        assert read_serial(str(serial)) == (serial, True)
    Stock(START.date).claim("a" * 32, "PX-ESIM")
    assert sample_esims.fill(shop=world.shop, at=START) == 1
    assert sample_esims.fill(shop=replace(world.shop, sandbox=False), at=START) == 0
