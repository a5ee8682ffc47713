"""A sale as a tablet writes it down: read as it was written, or not at all, and chained."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from opla.core.offline import FIRST, Sale, chained, read, write

AT = datetime(2026, 11, 23, 9, 5, 7, 120_000, UTC)
KEY, CODE = UUID(int=1), UUID(int=2)


def sale(n: int = 1, before: str = FIRST) -> Sale:
    found = read(write(KEY, n, CODE, 1500, "EUR", AT, "anna", before))
    assert found is not None
    return found


def test_a_sale_is_written_line_by_line_as_the_page_writes_it() -> None:
    assert sale().text == (
        "opla-offline-1\n00000000-0000-0000-0000-000000000001\n1\n00000000-0000-0000-0000-000000000002\n1500\nEUR\n"
        f"2026-11-23T09:05:07.120Z\nanna\n{'0' * 64}\n"
    )
    assert (sale().n, sale().price_minor, sale().at, sale().clerk) == (1, 1500, AT, "anna")


@pytest.mark.parametrize(
    ("there", "instead"),
    [
        ("opla-offline-1", "opla-offline-2"),
        ("\n1\n", "\n0\n"),
        ("\n1\n", "\n01\n"),
        ("\n1500\n", "\n-1\n"),
        ("\n1500\n", "\n1500 \n"),
        ("09:05:07.120Z", "09:05:07.120"),
        ("09:05:07.120Z", "09:05:07.120+00:00"),
        ("anna\n", "anna\n\n"),
        ("0" * 64, "0" * 63),
    ],
)
def test_what_is_written_otherwise_is_none(there: str, instead: str) -> None:
    assert there in sale().text
    assert read(sale().text.replace(there, instead, 1)) is None


def test_sales_follow_one_another_and_one_that_is_missing_or_swapped_is_seen() -> None:
    one = sale()
    two = sale(2, one.digest)
    three = sale(3, two.digest)
    assert chained([one, two, three], FIRST, 0)
    assert chained([three], two.digest, 2)
    assert not chained([one, three], FIRST, 0)
    assert not chained([two, one], FIRST, 0)
    assert not chained([sale(2)], one.digest, 1)
