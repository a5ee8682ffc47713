"""Our own vouchers as a provider: what one paid for is captured at once, and a whole refund makes it good again."""

from __future__ import annotations

import pytest

from opla import payments
from opla.core.money import Money
from opla.core.ports import Answer, ChargeRequest, Charges, RefundRequest, Refunds, VoucherBook
from opla.counterparts.endings import Fault
from opla.payments.voucher.provider import OnPaper

REF, REF2 = "a" * 32, "b" * 32
PRICE = Money(1500, "EUR")
CHARGE = ChargeRequest(REF, PRICE, "Opla R1", "en", "http://shop.test/", "http://shop.test/")
REFUND = RefundRequest(REF2, REF, PRICE, "back")


class TwinVouchers:
    """An in-memory `VoucherBook`, and one that fails before or after it acted."""

    def __init__(self, *charges: str) -> None:
        self.fault = Fault.NONE
        self.charges = dict.fromkeys(charges, PRICE)
        self.back: dict[str, str] = {}

    def paid(self, reference: str) -> Money | None:
        if self.fault is not Fault.NONE:
            self.fault = Fault.NONE
            raise ConnectionError("before")
        return self.charges.get(reference)

    def give_back(self, reference: str, charge: str, amount: Money) -> str:
        fault, self.fault = self.fault, Fault.NONE
        if not fault.acts:
            raise ConnectionError("before")
        said = "nothing"
        if self.back.get(reference) == charge:
            said = "done"
        elif charge in self.charges and charge not in self.back.values():
            said = "done" if amount == self.charges[charge] else "not_whole"
        if said == "done":
            self.back[reference] = charge
        if fault is not Fault.NONE:
            raise ConnectionError("after")
        return said

    def given_back(self, reference: str) -> bool:
        return reference in self.back


def test_it_is_built_without_settings_over_a_book_of_vouchers() -> None:
    assert isinstance(TwinVouchers(), VoucherBook)
    built = payments.build("voucher", {}, vouchers=TwinVouchers())
    assert isinstance(built, Charges)
    assert isinstance(built, Refunds)
    with pytest.raises(LookupError, match="vouchers"):
        payments.build("voucher", {})


def test_what_a_voucher_paid_for_is_captured_and_nothing_else_ever_is() -> None:
    paper = OnPaper(TwinVouchers(REF))
    came = paper.charge(CHARGE)
    assert (came.answer, came.captured_minor, came.currency) == (Answer.SUCCEEDED, 1500, "EUR")
    assert (came.refunded_minor, came.charged_back_minor, came.provider_id) == (0, 0, REF)
    assert paper.fetch(REF, "") == came
    nothing = OnPaper(TwinVouchers())
    assert (nothing.charge(CHARGE).answer, nothing.charge(CHARGE).why) == (Answer.DECLINED, "no_voucher")
    assert nothing.fetch(REF, "") is None


def test_a_whole_refund_makes_it_good_again_once_and_a_part_does_not() -> None:
    vouchers = TwinVouchers(REF)
    paper = OnPaper(vouchers)
    part = paper.refund(RefundRequest(REF2, REF, Money(500, "EUR"), "back"))
    assert (part.answer, part.why) == (Answer.DECLINED, "not_whole")
    assert paper.fetch_refund(REF2, "") is None
    assert [paper.refund(REFUND).answer for _ in range(3)] == [Answer.SUCCEEDED] * 3
    other = paper.refund(RefundRequest("c" * 32, REF, PRICE, "back"))
    assert (other.answer, other.why) == (Answer.DECLINED, "no_voucher")
    found = paper.fetch_refund(REF2, "")
    assert found is not None
    assert found.answer is Answer.SUCCEEDED


@pytest.mark.parametrize("fault", [f for f in Fault if f is not Fault.NONE])
def test_a_book_that_breaks_leaves_it_unknown_and_repeating_makes_it_one(fault: Fault) -> None:
    vouchers = TwinVouchers(REF)
    paper = OnPaper(vouchers)
    vouchers.fault = fault
    assert paper.charge(CHARGE).answer is Answer.UNKNOWN
    assert paper.charge(CHARGE).answer is Answer.SUCCEEDED
    vouchers.fault = fault
    assert paper.refund(REFUND).answer is Answer.UNKNOWN
    assert paper.refund(REFUND).answer is Answer.SUCCEEDED
    assert vouchers.back == {REF2: REF}
