"""Our own drawers as a provider: pending until money is taken, and never two codes for one attempt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opla import payments
from opla.core import cash
from opla.core.cash import Purpose
from opla.core.money import Money
from opla.core.ports import Answer, CashBook, ChargeRequest, Charges, PayOut, RefundRequest, Refunds, Till
from opla.counterparts.endings import Fault
from opla.payments.cash.provider import OverTheCounter

REF, REF2 = "a" * 32, "b" * 32
CHARGE = ChargeRequest(REF, Money(1500, "EUR"), "Opla R1", "en", "http://shop.test/", "http://shop.test/")
REFUND = RefundRequest(REF2, REF, Money(1500, "EUR"), "back")


class TwinDrawers:
    """An in-memory `CashBook`, and one that fails before or after it acted."""

    def __init__(self) -> None:
        self.fault = Fault.NONE
        self.charges: dict[str, Till] = {}
        self.refunds: dict[str, PayOut] = {}

    def _acts(self) -> None:
        fault, self.fault = self.fault, Fault.NONE
        if not fault.acts:
            raise ConnectionError("before")
        self._after = fault is not Fault.NONE

    def _ends(self) -> None:
        if self._after:
            raise ConnectionError("after")

    def expect(self, reference: str) -> str:
        self._acts()
        drawn = cash.code(Purpose.CHARGE, len(self.charges))
        kept = self.charges.setdefault(reference, Till(drawn, "EUR", 0, waiting=True))
        self._ends()
        return kept.code

    def taken(self, reference: str) -> Till | None:
        return self.charges.get(reference)

    def owe(self, reference: str) -> str:
        self._acts()
        drawn = cash.code(Purpose.REFUND, len(self.refunds))
        kept = self.refunds.setdefault(reference, PayOut(drawn, paid=False, withdrawn=False))
        self._ends()
        return kept.code

    def paid_out(self, reference: str) -> PayOut | None:
        return self.refunds.get(reference)


def test_it_is_built_without_settings_over_a_book_of_drawers() -> None:
    assert isinstance(TwinDrawers(), CashBook)
    built = payments.build("cash", {}, drawers=TwinDrawers())
    assert isinstance(built, Charges)
    assert isinstance(built, Refunds)
    with pytest.raises(LookupError, match="drawers"):
        payments.build("cash", {})


def test_a_charge_waits_until_money_is_taken_or_nobody_waits_any_more() -> None:
    drawers = TwinDrawers()
    counter = OverTheCounter(drawers)
    assert counter.fetch(REF, "") is None
    assert [counter.charge(CHARGE).answer for _ in range(3)] == [Answer.PENDING] * 3
    assert len(drawers.charges) == 1
    waiting = drawers.charges[REF]
    drawers.charges[REF] = replace(waiting, waiting=False)
    over = counter.fetch(REF, "")
    assert over is not None
    assert (over.answer, over.why) == (Answer.DECLINED, "expired")
    drawers.charges[REF] = replace(waiting, captured_minor=1500)
    came = counter.fetch(REF, "")
    assert came is not None
    assert (came.answer, came.captured_minor, came.currency) == (Answer.SUCCEEDED, 1500, "EUR")
    assert (came.refunded_minor, came.charged_back_minor, came.provider_id) == (0, 0, REF)


def test_a_refund_is_over_when_it_was_paid_out_or_is_wanted_another_way() -> None:
    drawers = TwinDrawers()
    counter = OverTheCounter(drawers)
    assert counter.fetch_refund(REF2, "") is None
    assert [counter.refund(REFUND).answer for _ in range(3)] == [Answer.PENDING] * 3
    assert len(drawers.refunds) == 1
    waiting = drawers.refunds[REF2]
    drawers.refunds[REF2] = replace(waiting, withdrawn=True)
    other = counter.refund(REFUND)
    assert (other.answer, other.why) == (Answer.DECLINED, "by_bank_instead")
    drawers.refunds[REF2] = replace(waiting, paid=True)
    assert counter.refund(REFUND).answer is Answer.SUCCEEDED


def test_a_code_that_is_money_is_in_no_report() -> None:
    drawers = TwinDrawers()
    counter = OverTheCounter(drawers)
    counter.charge(CHARGE)
    told = f"{counter.refund(REFUND)!r}{counter.fetch_refund(REF2, '')!r}{counter.fetch(REF, '')!r}"
    assert drawers.refunds[REF2].code not in told
    assert drawers.charges[REF].code not in told


@pytest.mark.parametrize("fault", [f for f in Fault if f is not Fault.NONE])
def test_a_book_that_breaks_leaves_it_unknown_and_repeating_makes_it_one(fault: Fault) -> None:
    drawers = TwinDrawers()
    counter = OverTheCounter(drawers)
    drawers.fault = fault
    assert counter.charge(CHARGE).answer is Answer.UNKNOWN
    assert counter.charge(CHARGE).answer is Answer.PENDING
    drawers.fault = fault
    assert counter.refund(REFUND).answer is Answer.UNKNOWN
    assert counter.refund(REFUND).answer is Answer.PENDING
    assert (len(drawers.charges), len(drawers.refunds)) == (1, 1)
