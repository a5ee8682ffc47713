"""Order slips: what can be ticked, which number a scanner has read, and money that comes before its slip."""

from __future__ import annotations

from datetime import date

import pytest

from catalogs.test_belgium import belgium
from opla.core import structured
from opla.core.item import Why
from opla.core.ports import Kind
from opla.core.quote import Terms
from opla.core.refusal import Code, Refusal
from opla.core.slip import MOST_OFFERS, offers, read
from opla.core.statement.matching import Known, Place, Purpose, State, place
from opla.core.statement.model import Line

SLIP = structured.number(123)


def test_a_slip_offers_credit_and_codes_at_the_price_that_is_transferred() -> None:
    for operator in belgium(sandbox=True).operators:
        sold = belgium(sandbox=True).products_of(operator.id)
        found = offers(sold, Terms(fee_minor=50))
        assert len(found) <= MOST_OFFERS
        assert [one.face.amount_minor for one in found] == sorted(one.face.amount_minor for one in found)
        assert len({(one.sku, one.face.amount_minor) for one in found}) == len(found)
        for one in found:
            product = belgium(sandbox=True).product(one.sku)
            assert product is not None
            assert product.accepts(one.face.amount_minor) is None
            assert one.total.amount_minor == one.face.amount_minor + 50
            assert one.kind in (Kind.CODE, Kind.DIRECT)


def test_a_starter_is_on_no_slip() -> None:
    assert offers(belgium(sandbox=True).starters, Terms()) == []


@pytest.mark.parametrize("scanned", [SLIP, structured.belgian(SLIP), f" {SLIP[:3]} {SLIP[3:7]} {SLIP[7:]} "])
def test_a_number_is_read_as_a_scanner_or_a_person_gives_it(scanned: str) -> None:
    assert read(scanned) == SLIP


@pytest.mark.parametrize("wrong", ["", SLIP[:-1], SLIP[:-1] + str((int(SLIP[-1]) + 1) % 10), f"{SLIP}0", "abc"])
def test_a_number_with_a_wrong_digit_is_none(wrong: str) -> None:
    assert read(wrong) == Refusal(Code.SLIP_UNKNOWN, "slip")


@pytest.mark.parametrize(
    ("minor", "reversal", "becomes"),
    [
        (1500, False, Place(State.OPEN, why=Why.SLIP_WITHOUT_ORDER, slip=SLIP)),
        (1500, True, Place(State.OPEN, why=Why.TRANSFER_RETURNED)),
        (-1500, True, Place(State.OPEN, why=Why.REVERSAL_UNKNOWN)),
        (-1500, False, Place(State.OPEN, why=Why.OTHER_AMOUNT, asked_minor=0)),
    ],
)
def test_money_for_a_slip_without_an_order_is_found_and_a_person_s(minor: int, reversal: bool, becomes: Place) -> None:
    line = Line(date(2026, 11, 23), minor, references=frozenset({SLIP}), reversal=reversal)
    assert place(line, {SLIP: Known(SLIP, Purpose.SLIP)}) == becomes
