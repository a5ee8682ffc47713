"""Figures as people type them into a field: one reader for every form that asks for them."""

from __future__ import annotations

from datetime import date

import pytest

from opla.core.figures import data_kb, day, money_minor

DATA = [
    ("1.2", "GB", 1_200_000), ("1,2 gb", "GB", 1_200_000), ("1.2", "MB", 1200), ("500 MB", "GB", 500_000),
    ("500MB", "GB", 500_000), ("0", "GB", 0), ("1.250", "GB", 1_250_000), ("1.500", "MB", None),
    ("1.500 MB", "GB", None), ("1.2", "TB", None), ("1.2 TB", "GB", None), ("-1", "GB", None), ("12345678", "MB", None),
    ("", "GB", None), ("much", "GB", None), ("1.2345", "GB", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "unit", "kb"), DATA)
def test_data_is_what_was_written_or_nothing(text: str, unit: str, kb: int | None) -> None:
    assert data_kb(text, unit) == kb


MONEY = [("12.35", 1235), ("€ 12", 1200), ("€3.50", 350), ("0", 0), ("10000000", None), ("-1", None), ("x", None)]


@pytest.mark.parametrize(("text", "minor"), MONEY)
def test_money_is_what_was_written_or_nothing(text: str, minor: int | None) -> None:
    assert money_minor(text, "EUR") == minor


DAYS = [
    ("2026-12-31", date(2026, 12, 31)), ("2026-02-30", None), ("2026-W01-1", None), ("31/12/2026", None), ("", None),
    ("1999-12-31", None), ("2200-01-01", None), ("２０２６-12-31", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "found"), DAYS)
def test_a_day_is_what_was_written_or_nothing(text: str, found: date | None) -> None:
    assert day(text) == found
