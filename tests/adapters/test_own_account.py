"""Our own bank account as a provider: pending until a line shows it, and never two references for one attempt."""

from __future__ import annotations

from dataclasses import replace

import pytest

from opla import payments
from opla.core.money import Money
from opla.core.ports import AccountBook, Answer, ChargeRequest, Charges, Received, RefundRequest, Refunds, SentBack
from opla.counterparts.endings import Fault
from opla.payments.bank_transfer.provider import OwnAccountTransfers

REF, REF2 = "a" * 32, "b" * 32
SETTINGS = {"iban": "BE68 5390 0754 7034", "holder": "The Shop"}
CHARGE = ChargeRequest(REF, Money(1500, "EUR"), "Opla R1", "en", "http://shop.test/", "http://shop.test/")
REFUND = RefundRequest(REF2, "000000000097", Money(1500, "EUR"), "back")


class TwinBook:
    """An in-memory `AccountBook`, and one that fails before or after it acted."""

    def __init__(self) -> None:
        self.fault = Fault.NONE
        self.charges: dict[str, Received] = {}
        self.refunds: dict[str, SentBack] = {}

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
        number = f"{len(self.charges):012d}"
        kept = self.charges.setdefault(reference, Received(number, "EUR", 0, 0, 0, waiting=True))
        self._ends()
        return kept.number

    def received(self, reference: str) -> Received | None:
        return self.charges.get(reference)

    def send_back(self, reference: str) -> str:
        self._acts()
        kept = self.refunds.setdefault(reference, SentBack(f"9{len(self.refunds):011d}", booked=False))
        self._ends()
        return kept.number

    def sent(self, reference: str) -> SentBack | None:
        return self.refunds.get(reference)


def test_it_is_built_from_an_account_whose_digits_check_over_a_book() -> None:
    assert isinstance(TwinBook(), AccountBook)
    built = payments.build("bank_transfer", SETTINGS, TwinBook())
    assert isinstance(built, Charges)
    assert isinstance(built, Refunds)
    with pytest.raises(LookupError, match="bank account"):
        payments.build("bank_transfer", SETTINGS)
    for field, value in (
        ("iban", "BE68 5390 0754 7035"),
        ("iban", ""),
        ("holder", " "),
        ("holder", "x" * 71),
        ("bic", "K"),
    ):
        with pytest.raises(ValueError, match=f"^{field}: "):
            payments.build("bank_transfer", {**SETTINGS, field: value}, TwinBook())


def test_a_charge_waits_until_a_line_shows_it_or_nobody_waits_any_more() -> None:
    book = TwinBook()
    own = OwnAccountTransfers(book)
    assert own.fetch(REF, "") is None
    assert [own.charge(CHARGE).answer for _ in range(3)] == [Answer.PENDING] * 3
    assert len(book.charges) == 1
    waiting = book.charges[REF]
    book.charges[REF] = replace(waiting, waiting=False)
    over = own.fetch(REF, "")
    assert over is not None
    assert (over.answer, over.why) == (Answer.DECLINED, "expired")
    book.charges[REF] = replace(waiting, captured_minor=1500, refunded_minor=200, returned_minor=300)
    came = own.fetch(REF, "")
    assert came is not None
    assert (came.answer, came.captured_minor, came.refunded_minor, came.charged_back_minor, came.currency) == (
        Answer.SUCCEEDED, 1500, 200, 300, "EUR",
    )  # fmt: skip


def test_a_refund_is_asked_of_a_person_and_proved_by_a_line() -> None:
    book = TwinBook()
    own = OwnAccountTransfers(book)
    assert own.fetch_refund(REF2, "") is None
    assert [own.refund(REFUND).answer for _ in range(3)] == [Answer.PENDING] * 3
    assert len(book.refunds) == 1
    book.refunds[REF2] = replace(book.refunds[REF2], booked=True)
    assert own.refund(REFUND).answer is Answer.SUCCEEDED


@pytest.mark.parametrize("fault", [f for f in Fault if f is not Fault.NONE])
def test_a_book_that_breaks_leaves_it_unknown_and_repeating_makes_it_one(fault: Fault) -> None:
    book = TwinBook()
    own = OwnAccountTransfers(book)
    book.fault = fault
    assert own.charge(CHARGE).answer is Answer.UNKNOWN
    assert own.charge(CHARGE).answer is Answer.PENDING
    book.fault = fault
    assert own.refund(REFUND).answer is Answer.UNKNOWN
    assert own.refund(REFUND).answer is Answer.PENDING
    assert (len(book.charges), len(book.refunds)) == (1, 1)
