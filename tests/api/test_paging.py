"""Cursors: what was written is read, and nothing else is."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from uuid import UUID

import pytest

import support  # noqa: F401 - sets Django up
from opla.api import paging
from opla.api.problems import Refused

AT, ID = datetime(2026, 11, 22, 12, tzinfo=UTC), UUID(int=7)


def pair(at: datetime, number: int) -> tuple[datetime, int]:
    return at, number


def test_a_cursor_is_read_as_it_was_written_and_none_is_the_beginning() -> None:
    assert paging.read(paging.write(ID), UUID, str) == ID
    assert paging.read(paging.write(AT, 5), pair, paging.instant, paging.number) == (AT, 5)
    assert paging.read("", UUID, str) is None


@pytest.mark.parametrize(
    "after",
    [
        "x",
        "%%%%",
        "é",
        paging.write(7),
        paging.write(AT, 5, 5),
        paging.write(AT, -1),
        paging.write(AT, 2**63),
        base64.urlsafe_b64encode(b'["2026-11-22T12:00:00", "5"]').decode(),
        base64.urlsafe_b64encode(b'{"a": 1}').decode(),
        base64.urlsafe_b64encode(b"[" * 120).decode(),
    ],
)
def test_what_is_no_cursor_of_this_list_is_a_field_that_is_wrong(after: str) -> None:
    with pytest.raises(Refused) as refused:
        paging.read(after, pair, paging.instant, paging.number)
    assert [(r.code, r.about) for r in refused.value.refusals] == [("field_invalid", "after")]
