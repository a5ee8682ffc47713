"""Files of orders: what is read, what the columns mean, and how a file lives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opla.core.bulk import ARROWS, ENDED, MAX_ROWS, Event, Row, Source, State, Table, heading, moved, read, rows_of
from opla.core.refusal import Code, Refusal


def table(data: bytes) -> Table:
    found = read(data)
    assert isinstance(found, Table), found
    return found


def rows(data: bytes, source: Source | None = None) -> list[Row]:
    found = rows_of(table(data), source)
    assert isinstance(found, list), found
    return found


def why(data: bytes) -> tuple[str, str]:
    found = read(data)
    assert isinstance(found, Refusal), found
    return found.params.get("why", found.code), found.params.get("line", "")


@pytest.mark.parametrize(
    "data",
    [
        b"key,sku\na,MV-15\n\nb,MV-25\n",
        "\ufeffkey;sku\r\na;MV-15\r\n\r\nb;MV-25".encode(),
        b'key\tsku\na\t"MV-15"\n\t\nb\tMV-25\n',
        b'{"key": "a", "sku": "MV-15"}\n\n{"key": "b", "sku": "MV-25"}\n',
    ],
)
def test_commas_semicolons_tabs_and_lines_of_json_are_the_same_table(data: bytes) -> None:
    found = table(data)
    assert found.names == ("key", "sku")
    assert [cells for _, cells in found.rows] == [("a", "MV-15"), ("b", "MV-25")]


def test_a_row_is_named_by_the_line_it_begins_on_though_cells_may_go_over_several() -> None:
    found = table(b'key,sku\n"a\nand on",MV-15\nb,MV-15\n')
    assert [line for line, _ in found.rows] == [2, 4]


def test_a_column_of_json_may_be_written_large_in_one_line_and_small_in_another() -> None:
    found = table(b'{"key": "a", "Number": "1"}\n{"number": "2", "KEY": "b"}\n')
    assert (found.names, found.rows) == (("key", "Number"), [(1, ("a", "1")), (2, ("b", "2"))])


def test_numbers_in_json_are_taken_as_they_are_written() -> None:
    assert table(b'{"key": 4711, "amount": 15.50, "number": null}\n').rows == [(1, ("4711", "15.50", ""))]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"key,sku\na,\xff\n", ("encoding", "2")),
        ("key,sku\n".encode("utf-16"), ("encoding", "1")),
        (b"key,sku\na,M\0V\n", ("nul", "2")),
        (b'key,sku\na,"MV\n', ("csv", "2")),
        (b'key,sku\na,"M"V\n', ("csv", "2")),
        (b"key,sku\na,b,c\n", ("columns", "2")),
        (b"key,Key\na,b\n", ("columns", "1")),
        (b"", ("empty", "")),
        (b"key,sku\n \n", ("empty", "")),
        (b'{"key": "a"}\n{"key": ["a"]}\n', ("json", "2")),
        (b'{"key": "a"}\n[1]\n', ("json", "2")),
        (b'{"key": NaN}\n', ("json", "1")),
        (b'{"key": "a", "Number": "1", "number": "2"}\n', ("json", "1")),
        (b'{"key": "a"}\n{"key": "a", "key": "b"}\n', ("json", "2")),
        (b'{"key": "a\\u0000"}\n', ("json", "1")),
        (b'{"key": "\\ud800"}\n', ("json", "1")),
        (b"{" * 100_000, ("json", "1")),
        (b"PK\x03\x04 no archive", ("sheet", "")),
        (b"\xd0\xcf\x11\xe0 of 1997", ("sheet", "")),
        (b"," * 200 + b"\n", ("empty", "")),
        (b"key" + b",a" * 200 + b"\n", ("columns", "1")),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_line_and_the_reason(data: bytes, said: tuple[str, str]) -> None:
    assert why(data) == said


def test_a_file_of_more_than_a_hundred_thousand_rows_is_refused_and_so_are_as_many_pieces() -> None:
    assert why(b"key\n" + b"a\n" * (MAX_ROWS + 1)) == ("rows_too_many", "")
    found = rows_of(table(b"no,what,n\n" + b"1,x,100\n" * 1001), Source("m", "no", "what", {"x": "PX-15"}, "n"))
    assert isinstance(found, Refusal)
    assert found.code is Code.ROWS_TOO_MANY


def test_a_long_note_of_many_pieces_is_not_kept_a_hundred_times_over() -> None:
    line = b"1,x,100," + b"n" * 32_000 + b"\n"
    sold = Source("m", "no", "what", {"x": "PX-15"}, "n")
    assert len(rows(b"no,what,n,note\n" + line * 10, sold)) == 1000
    found = rows_of(table(b"no,what,n,note\n" + line * 11), sold)
    assert isinstance(found, Refusal)
    assert (found.code, found.params["why"]) == (Code.FILE_TOO_LARGE, "pieces")


@pytest.mark.parametrize(
    ("data", "unknown", "missing"),
    [(b"sku\nx\n", "", "key"), (b"key,surprise\nx,y\n", "surprise", "")],
)
def test_a_column_that_means_nothing_or_is_missing_is_named(data: bytes, unknown: str, missing: str) -> None:
    found = rows_of(table(data))
    assert isinstance(found, Refusal)
    assert (found.code, found.params) == (Code.COLUMNS_WRONG, {"unknown": unknown, "missing": missing})


def test_a_key_that_comes_twice_names_the_line_of_the_first_and_one_without_is_refused() -> None:
    found = rows(b"key,sku\na,x\na,y\n,z\n")
    assert [[(r.code, r.params.get("line")) for r in row.refusals] for row in found] == [
        [],
        [(Code.ROW_TWICE, "2")],
        [(Code.KEY_MISSING, None)],
    ]


def test_what_looks_like_a_formula_is_text() -> None:
    [row] = rows(b'key,sku\n=1+1,"=HYPERLINK(""http://x"")"\n')
    assert (row.key, row.asked[0]) == ("=1+1", '=HYPERLINK("http://x")')


@pytest.mark.parametrize("rounded", ["1,23457E+15", "8.12345678901235E+18", "3e+10"])
def test_what_a_spreadsheet_rounded_names_no_order_and_no_number(rounded: str) -> None:
    [own, other] = rows(f"key;sku;number\n{rounded};x;\na;x;{rounded}\n".encode())
    assert [[(r.code, r.about) for r in row.refusals] for row in (own, other)] == [
        [(Code.CELL_ROUNDED, "key")],
        [(Code.CELL_ROUNDED, "number")],
    ]
    [theirs] = rows(f"Order;Item;Phone\n{rounded};Vikings;0470\n".encode(), replace(EBAY, quantity="", language=""))
    assert [(r.code, r.about) for r in theirs.refusals] == [(Code.CELL_ROUNDED, "key")]


@pytest.mark.parametrize("kept", ["1E5", "17-1E+2", "E+12", "812345678901234567"])
def test_an_order_number_that_looks_a_little_like_it_is_one(kept: str) -> None:
    [row] = rows(f"key,sku\n{kept},x\n".encode())
    assert row.refusals == ()


EBAY = Source(
    "ebay", "Order", "Item", {"Proximus 15": "PX-15", "Vikings": "MV-15"}, "Qty", "Phone", "Lang", speaks="fr"
)
EXPORT = b"""Order,Buyer,Item,Qty,Phone,Lang
17-1,Ana,Proximus 15,2,,nl
17-2,Bo,VIKINGS,1,0470 12 34 56,
17-2,Bo,Proximus 15,,,
17-3,Cy,Socks,1,,
,Di,Vikings,x,,
"""


def test_a_marketplaces_row_is_as_many_orders_as_were_bought_in_the_language_that_it_says() -> None:
    found = rows(EXPORT, EBAY)
    assert [(r.line, r.asked[0], r.asked[3], r.asked[6]) for r in found] == [
        (2, "PX-15", "", "nl"),
        (2, "PX-15", "", "nl"),
        (3, "MV-15", "0470 12 34 56", ""),
        (4, "PX-15", "", ""),
        (5, "", "", ""),
        (6, "MV-15", "", ""),
    ]
    assert [[r.code for r in row.refusals] for row in found[3:]] == [
        [],
        [Code.PRODUCT_NOT_MAPPED],
        [Code.KEY_MISSING, Code.QUANTITY_UNREADABLE],
    ]
    assert len({row.key for row in found[:4]}) == 4
    assert found[0].key.startswith("17-1#")
    assert all(len(row.key) <= 64 for row in found)


def test_an_export_in_another_order_or_in_part_has_the_same_keys() -> None:
    before = {row.key for row in rows(EXPORT, EBAY)[:4]}
    head, *lines = EXPORT.splitlines()[:4]
    assert {row.key for row in rows(b"\n".join([head, *reversed(lines)]), EBAY)} == before
    assert {row.key for row in rows(b"\n".join([head, lines[2]]), EBAY)} < before


def test_another_platforms_order_of_that_number_is_another_order() -> None:
    other = Source("amazon", "Order", "Item", EBAY.skus, "Qty", "Phone", "Lang")
    assert not {r.key for r in rows(EXPORT, EBAY)[:4]} & {r.key for r in rows(EXPORT, other)[:4]}


def test_a_key_is_the_same_for_ever() -> None:
    [row] = rows(b"Order,Item\n17-1,Vikings\n", Source("ebay", "Order", "Item", {"Vikings": "MV-15"}))
    assert row.key == "17-1#a0c664550688e7cdc63face0faf0ef4b"


def test_missing_cells_are_empty_and_the_heading_may_stand_lower() -> None:
    found = heading([(1, ("", "")), (3, ("key", "sku", "")), (4, ("a",)), (5, ("", " "))])
    assert found == Table(("key", "sku"), [(4, ("a", ""))])


def test_nothing_leaves_an_end_and_everything_else_can_be_cancelled() -> None:
    assert {source for source, _ in ARROWS} & ENDED == set()
    assert {s for s in State if moved(s, Event.CANCELLED)} == set(State) - ENDED
    assert [s for s in State if moved(s, Event.CONFIRMED)] == [State.CHECKED]
    assert {target for (source, _), target in ARROWS.items() if source is State.CONFIRMED} == {
        State.RUNNING,
        State.CANCELLED,
    }
