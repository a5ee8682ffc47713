"""Mollie's card machines on counters: rung by their id, and what becomes of a payment there."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.mollie_world import KEY, TOKEN, MolliePayments
from adapters.test_contract import ok
from adapters.worlds import PATIENCE_S, Counterparts, answering
from opla import payments
from opla.core.money import Money
from opla.core.ports import (
    Answer,
    ChargeReport,
    ChargeRequest,
    Charges,
    RefundRequest,
    Refunds,
    Terminal,
    Terminals,
)

REF, REF2 = "0a" * 16, "0b" * 16


@pytest.fixture
def mollie(other: Counterparts) -> MolliePayments:
    return MolliePayments(other)


def at_counter(mollie: MolliePayments, token: str = "") -> Charges:
    config = {"base_url": mollie.alone.url, "key": KEY, "timeout_s": PATIENCE_S, "access_token": token}
    return payments.build("mollie_terminal", config)


def ringing(reference: str = REF, terminal: str = "term_000001") -> ChargeRequest:
    return ChargeRequest(
        reference, Money(1500, "EUR"), "Opla R123", "nl", "https://shop.example.org/", "https://shop.example.org/hooks/",
        terminal=terminal,
    )  # fmt: skip


def told(adapter: Charges, made: ChargeReport, reference: str = REF) -> tuple[Answer, str]:
    found = adapter.fetch(reference, made.provider_id)
    assert found
    return found.answer, found.why


def test_a_card_machine_is_rung_by_its_id_and_there_is_no_page(mollie: MolliePayments) -> None:
    made = at_counter(mollie).charge(ringing())
    assert (made.answer, made.redirect_url) == (Answer.PENDING, "")
    assert (mollie.asked()[0]["method"], mollie.asked()[0]["terminalId"]) == ("pointofsale", "term_000001")
    assert told(at_counter(mollie), made) == (Answer.PENDING, "")
    mollie.pay(made.provider_id)
    paid = at_counter(mollie).fetch(REF, made.provider_id)
    assert paid
    assert (paid.answer, paid.captured_minor) == (Answer.SUCCEEDED, 1500)


def test_a_payment_without_a_card_machine_is_never_asked_for(mollie: MolliePayments) -> None:
    for wrong in ("", "the one on the left", "term_" + "x" * 80):
        report = at_counter(mollie).charge(ringing(terminal=wrong))
        assert (report.answer, report.why) == (Answer.DECLINED, "terminal_unknown")
    assert mollie.asked() == []
    assert at_counter(mollie).charge(ringing(terminal="term_000002")).answer is Answer.DECLINED  # it is switched off


def test_the_red_key_and_a_payment_that_ran_out_are_a_no_and_one_that_is_paid_late_is_told_of(
    mollie: MolliePayments,
) -> None:
    rings = at_counter(mollie)
    for n, (theirs, ours) in enumerate(
        {"abandoned": "terminal_cancelled", "expired": "expired", "refused": "refused"}.items()
    ):
        reference = f"{n:032x}"
        made = rings.charge(ringing(reference))
        mollie.theirs.fail(made.provider_id, theirs)
        assert told(rings, made, reference) == (Answer.DECLINED, ours)
        mollie.pay(made.provider_id)  # their answer came late
        assert told(rings, made, reference) == (Answer.SUCCEEDED, "")


def test_a_card_machine_that_is_busy_or_out_of_reach_says_so(mollie: MolliePayments) -> None:
    rings = at_counter(mollie)
    first, second = rings.charge(ringing()), rings.charge(ringing(REF2))
    assert (second.answer, second.why) == (Answer.DECLINED, "terminal_busy")
    mollie.theirs.machines.silent.add("term_000001")
    assert told(rings, first) == (Answer.PENDING, "")
    mollie.now += timedelta(seconds=30)
    assert told(rings, first) == (Answer.DECLINED, "terminal_silent")


def test_a_word_of_a_machine_that_is_not_in_the_table_leaves_what_its_status_says(mollie: MolliePayments) -> None:
    rings = at_counter(mollie)
    made = rings.charge(ringing())
    for reason, why in (
        ({"code": "insufficient_funds", "message": ""}, "no_funds"),
        ({"code": "unsafe_pin", "message": ""}, "refused"),
        ({"code": 5, "message": ""}, "refused"),
        ("expired_card", "refused"),
        (None, "refused"),
    ):
        with answering(ok(**mollie.told(REF, id=made.provider_id, status="failed", statusReason=reason))) as url:
            strange = payments.build("mollie_terminal", {"base_url": url, "key": KEY})
            assert told(strange, made) == (Answer.DECLINED, why)


def test_what_a_card_machine_took_goes_back_like_any_payment(mollie: MolliePayments) -> None:
    rings = at_counter(mollie, TOKEN)
    made = rings.charge(ringing())
    mollie.pay(made.provider_id)
    assert isinstance(rings, Refunds)
    asked = RefundRequest(REF2, made.provider_id, Money(1500, "EUR"), "back")
    assert rings.refund(asked).answer is Answer.PENDING
    mollie.settle_refunds()
    done = rings.fetch_refund(REF2, made.provider_id)
    assert done
    assert done.answer is Answer.SUCCEEDED
    paid = rings.fetch(REF, made.provider_id)
    assert paid
    assert paid.refunded_minor == 1500


def test_the_card_machines_are_listed_with_what_they_are_called(mollie: MolliePayments) -> None:
    rings = at_counter(mollie)
    assert isinstance(rings, Terminals)
    assert rings.terminals() == [
        Terminal("term_000001", "Counter 1", "EUR", ready=True),
        Terminal("term_000002", "Counter 2", "EUR", ready=False),
    ]
    with answering(b"HTTP/1.1 200 OK\r\n\r\n{}") as url:
        strange = payments.build("mollie_terminal", {"base_url": url, "key": KEY})
        assert isinstance(strange, Terminals)
        assert strange.terminals() is None
