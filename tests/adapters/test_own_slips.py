"""Slips that clerks read as a provider: pending until one tells of the charge, and a refund is asked for once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opla import payments
from opla.core.money import Money
from opla.core.ports import (
    Answer,
    ChargeRequest,
    Charges,
    RefundRequest,
    Refunds,
    Slip,
    SlipBack,
    SlipBook,
)
from opla.counterparts.endings import Fault
from opla.payments.terminal.provider import ReadByClerks

REF, REF2 = "a" * 32, "b" * 32
CHARGE = ChargeRequest(REF, Money(1500, "EUR"), "Opla R1", "en", "http://shop.test/", "http://shop.test/")
REFUND = RefundRequest(REF2, REF, Money(1500, "EUR"), "back")
WAITS = Slip("EUR", 0, told=False, waiting=True)


class TwinSlips:
    """An in-memory `SlipBook`, and one that fails before or after it acted."""

    def __init__(self) -> None:
        self.fault = Fault.NONE
        self.charges: dict[str, Slip] = {REF: WAITS}
        self.refunds: dict[str, SlipBack] = {}

    def slip(self, reference: str) -> Slip | None:
        return self.charges.get(reference)

    def owe(self, reference: str) -> None:
        fault, self.fault = self.fault, Fault.NONE
        if not fault.acts:
            raise ConnectionError("before")
        self.refunds.setdefault(reference, SlipBack(paid=False, withdrawn=False))
        if fault is not Fault.NONE:
            raise ConnectionError("after")

    def paid_back(self, reference: str) -> SlipBack | None:
        return self.refunds.get(reference)


class Broken(TwinSlips):
    def slip(self, reference: str) -> Slip | None:
        raise ConnectionError(reference)


def test_it_is_built_without_settings_over_a_book_of_slips() -> None:
    assert isinstance(TwinSlips(), SlipBook)
    built = payments.build("terminal", {}, slips=TwinSlips())
    assert isinstance(built, Charges)
    assert isinstance(built, Refunds)
    with pytest.raises(LookupError, match="slips"):
        payments.build("terminal", {})
    assert [payments.calls_somebody(name) for name in ("terminal", "cash", "bank_transfer", "mollie_terminal")] == [
        False, False, False, True,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("slip", "answer", "why", "captured_minor"),
    [
        (WAITS, Answer.PENDING, "", 0),
        (Slip("EUR", 1500, told=True, waiting=True), Answer.SUCCEEDED, "", 1500),
        (Slip("EUR", 1500, told=True, waiting=False), Answer.SUCCEEDED, "", 1500),  # told after its time
        (Slip("EUR", 0, told=True, waiting=True), Answer.DECLINED, "refused", 0),
        (Slip("EUR", 0, told=True, waiting=False), Answer.DECLINED, "refused", 0),
        (Slip("EUR", 0, told=False, waiting=False), Answer.DECLINED, "expired", 0),
    ],
)
def test_a_charge_is_what_its_slip_says(slip: Slip, answer: Answer, why: str, captured_minor: int) -> None:
    slips = TwinSlips()
    slips.charges[REF] = slip
    for report in (ReadByClerks(slips).charge(CHARGE), ReadByClerks(slips).fetch(REF, REF)):
        assert report is not None
        assert (report.answer, report.why, report.captured_minor) == (answer, why, captured_minor)
        assert (report.provider_id, report.currency, report.refunded_minor) == (REF, "EUR", 0)


def test_a_charge_that_nobody_asked_for_is_not_known() -> None:
    assert ReadByClerks(TwinSlips()).fetch(REF2, "") is None
    assert ReadByClerks(TwinSlips()).charge(replace(CHARGE, reference=REF2)).answer is Answer.UNKNOWN


def test_a_refund_is_over_when_it_was_given_back_or_is_wanted_another_way() -> None:
    slips = TwinSlips()
    machine = ReadByClerks(slips)
    assert machine.fetch_refund(REF2, "") is None
    assert [machine.refund(REFUND).answer for _ in range(3)] == [Answer.PENDING] * 3
    slips.refunds[REF2] = SlipBack(paid=False, withdrawn=True)
    other = machine.refund(REFUND)
    assert (other.answer, other.why) == (Answer.DECLINED, "by_bank_instead")
    slips.refunds[REF2] = SlipBack(paid=True, withdrawn=False)
    done = machine.refund(REFUND)
    assert (done.answer, done.refund_id) == (Answer.SUCCEEDED, REF2)


@pytest.mark.parametrize("fault", [f for f in Fault if f is not Fault.NONE])
def test_a_book_that_breaks_leaves_it_unknown_and_repeating_makes_it_one(fault: Fault) -> None:
    slips = TwinSlips()
    machine = ReadByClerks(slips)
    slips.fault = fault
    assert machine.refund(REFUND).answer is Answer.UNKNOWN
    assert machine.refund(REFUND).answer is Answer.PENDING
    assert len(slips.refunds) == 1
    assert ReadByClerks(Broken()).charge(CHARGE).answer is Answer.UNKNOWN
