"""A line is one line in however many files it comes; and two payments are never taken for one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import permutations

import pytest

from opla.core.statement.model import Source
from opla.core.statement.recognising import Again, Seen, recognised

DAY = date(2027, 3, 28)


def seen(source: Source, statement: str, ref: str) -> Seen:
    return Seen(source, statement, DAY, 400, ref, other=b"payer")


def test_a_payment_without_a_reference_is_not_taken_for_one_that_a_notification_told_before() -> None:
    told = [seen(Source.CAMT_054, "N1", "R239")]
    assert recognised([seen(Source.CAMT_053, "S1", "R239")], told) == [0]  # the same, in the statement
    assert recognised([seen(Source.CAMT_053, "S2", "R308")], told) == [None]  # a later one, of the same sum and payer


#: Four files that tell of two transfers, alike but for the numbers the bank gave them.
FILES = [
    seen(Source.CAMT_054, "N1", "A1"),
    seen(Source.CAMT_053, "S1", "A1"),
    seen(Source.CAMT_053, "S2", "B2"),
    seen(Source.CODA, "C1", ""),
]


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
@pytest.mark.parametrize("references", [frozenset(), frozenset({"000000000097"})], ids=["bare", "referenced"])
def test_two_transfers_are_two_in_whatever_order_their_files_come_and_come_again(
    order: tuple[int, ...], references: frozenset[str]
) -> None:
    kept: list[Seen] = []
    for line in [replace(FILES[n], references=references) for n in (*order, *order)]:
        [found] = recognised([line], kept)
        if found is None:
            kept.append(line)
        elif kept[found].source is not line.source:
            more = Again(line.source, line.statement, line.bank_ref)
            kept[found] = replace(kept[found], again=kept[found].again | {more})
    assert len(kept) == 2


def test_a_line_that_is_shown_in_a_statement_is_that_line_there_and_no_other() -> None:
    first = replace(seen(Source.CAMT_054, "N1", "A1"), again=frozenset({Again(Source.CAMT_053, "S1", "B1")}))
    assert recognised([seen(Source.CAMT_053, "S1", "B1")], [first]) == [0]
    assert recognised([seen(Source.CAMT_053, "S1", "B2")], [first]) == [None]  # another number there
    assert recognised([seen(Source.CAMT_053, "S2", "B1")], [first]) == [None]  # another statement of that kind


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_line_without_an_account_does_not_take_the_line_of_somebody_whose_account_is_shown(
    order: tuple[int, int],
) -> None:
    told = seen(Source.CAMT_054, "N1", "")
    coda = seen(Source.CODA, "C1", "")
    lines = [replace(coda, other=b""), coda]
    assert recognised([lines[n] for n in order], [told]) == [[None, 0][n] for n in order]


def test_a_line_without_an_account_is_one_that_was_told_only_where_there_is_no_choice() -> None:
    bare = replace(seen(Source.CODA, "C1", ""), other=b"")
    told = [replace(seen(Source.CAMT_054, "N1", ""), other=who) for who in (b"x", b"y")]
    assert recognised([bare], told[:1]) == [0]
    assert recognised([bare], told) == [None]
    assert recognised([bare, bare], told[:1]) == [None, None]
    assert recognised([bare, replace(bare, other=b"y")], told) == [0, 1]  # whose it is leaves one


def test_a_statement_sent_again_after_its_accounts_were_forgotten_brings_nothing_new() -> None:
    sent = [replace(seen(Source.CODA, "C1", ""), other=who) for who in (b"x", b"y")]
    assert recognised(sent, [replace(line, other=b"") for line in sent]) == [0, 1]
