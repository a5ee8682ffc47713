"""A line is one line in however many files it comes; and two payments are never taken for one."""

from __future__ import annotations

from datetime import date

from opla.core.statement.model import Source
from opla.core.statement.recognising import Seen, is_known

DAY = date(2027, 3, 28)


def seen(source: Source, statement: str, ref: str) -> Seen:
    return Seen(source, statement, DAY, 400, ref, other=b"payer")


def test_a_payment_without_a_reference_is_not_taken_for_one_that_a_notification_told_before() -> None:
    told = [seen(Source.CAMT_054, "N1", "R239")]
    assert is_known([seen(Source.CAMT_053, "S1", "R239")], told) == [True]  # the same, in the statement
    assert is_known([seen(Source.CAMT_053, "S2", "R308")], told) == [False]  # a later one, of the same sum and payer
