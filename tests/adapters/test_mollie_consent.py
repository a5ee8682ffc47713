"""Consent kept at Mollie: what is Mollie's own (the laws are test_consent's)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.mollie_world import MolliePayments
from adapters.test_consent import again, by, kept
from adapters.test_contract import REF, REF2, charge, ok
from adapters.worlds import Counterparts, answering
from opla import payments
from opla.core.ports import Answer, ChargeReport, ChargesAgain, Mandate
from opla.counterparts.endings import Fault
from opla.payments.mollie import METHODS, mapping

FIRST = replace(charge(), keep=True)


@pytest.fixture
def shop(other: Counterparts) -> MolliePayments:
    return MolliePayments(other)


def look(shop: MolliePayments, made: ChargeReport) -> ChargeReport:
    found = shop.adapter.fetch(REF, made.provider_id)
    assert found
    return found


def test_a_method_keeps_consent_exactly_where_the_table_says_so() -> None:
    key = {"key": "test_" + "a1B2" * 8}
    able = {name for name in METHODS if isinstance(payments.build(f"mollie_{name}", key), ChargesAgain)}
    assert able == {"card", "bancontact", "paypal", "kbc", "belfius"}
    assert set(mapping.KEEPS.values()) == set(mapping.DAYS)
    assert isinstance(payments.build("mollie", key), ChargesAgain)


def test_nothing_of_consent_is_sent_where_nobody_asked_for_it(shop: MolliePayments) -> None:
    shop.adapter.charge(charge())
    assert len(shop.alone.calls) == 1
    [body] = shop.asked()
    assert set(body) == {"amount", "description", "redirectUrl", "locale", "metadata"}


def test_the_customer_has_no_name_and_is_made_once(shop: MolliePayments) -> None:
    for _ in range(2):
        shop.adapter.charge(FIRST)
    assert shop.asked()[0] == {"metadata": {"reference": REF}}
    assert {key: shop.asked()[1][key] for key in ("sequenceType", "customerId")} == {
        "sequenceType": "first",
        "customerId": "cst_0000000001",
    }
    assert list(shop.theirs.customers) == ["cst_0000000001"]


@pytest.mark.parametrize(
    "fault", [fault for fault in Fault if fault not in (Fault.NONE, Fault.SILENT_AFTER, Fault.HUGE)]
)
def test_what_is_lost_before_the_payment_was_not_sent_and_the_same_again_makes_one_payment(
    shop: MolliePayments, fault: Fault
) -> None:
    shop.alone.order_fault("POST", "/v2/customers", fault)
    assert shop.adapter.charge(FIRST).answer is Answer.NOT_SENT
    assert shop.created(REF) == 0
    made = shop.adapter.charge(FIRST)
    assert made.answer is Answer.PENDING
    assert (shop.created(REF), len(shop.theirs.customers)) == (1, 1)


def test_a_customer_they_refuse_to_make_is_declined(shop: MolliePayments) -> None:
    with answering(b'HTTP/1.1 422 No\r\n\r\n{"status":422,"title":"No","detail":"x","field":"metadata"}') as url:
        assert shop.at(url).charge(FIRST).answer is Answer.DECLINED


def test_a_customer_without_a_readable_id_begins_nothing(shop: MolliePayments) -> None:
    with answering(ok(id="../payments", resource="customer")) as url:
        assert shop.at(url).charge(FIRST).answer is Answer.NOT_SENT


def test_a_pending_mandate_is_told_once_it_is_valid(shop: MolliePayments) -> None:
    shop.theirs.mandates_begin = "pending"
    made = shop.adapter.charge(FIRST)
    shop.pay(made.provider_id)
    assert look(shop, made).answer is Answer.SUCCEEDED
    assert look(shop, made).mandate is None
    shop.theirs.debit()
    assert look(shop, made).mandate == Mandate("cst_0000000001/mdt_0000000001", 0)


@pytest.mark.parametrize("change", [{"status": "invalid"}, {"customerId": "cst_0000000002"}, {"id": "mdt_0000000002"}])
def test_a_mandate_that_is_not_what_it_should_be_is_none(shop: MolliePayments, change: dict[str, str]) -> None:
    made = shop.adapter.charge(FIRST)
    shop.pay(made.provider_id)
    shop.theirs.mandates["mdt_0000000001"] |= change
    assert (look(shop, made).answer, look(shop, made).mandate) == (Answer.SUCCEEDED, None)


def test_a_mandate_of_a_method_that_nobody_knows_the_days_of_is_none(
    shop: MolliePayments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(mapping.DAYS, "creditcard")
    made = shop.adapter.charge(FIRST)
    shop.pay(made.provider_id)
    assert look(shop, made).mandate is None


def test_a_look_at_the_mandate_that_is_lost_does_not_make_the_payment_doubtful(shop: MolliePayments) -> None:
    made = shop.adapter.charge(FIRST)
    shop.pay(made.provider_id)
    shop.alone.order_fault("GET", "/v2/customers", Fault.DROP_BEFORE)
    assert (look(shop, made).answer, look(shop, made).captured_minor) == (Answer.SUCCEEDED, 1500)


@pytest.mark.parametrize("method", ["bancontact", "belfius", "kbc"])
def test_a_bank_button_leaves_a_direct_debit_whose_money_is_sure_days_later(other: Counterparts, method: str) -> None:
    shop = MolliePayments(other, method)
    mandate = kept(shop)
    assert mandate.days == 10
    report = again(shop).charge(by(mandate.id))
    assert (report.answer, report.captured_minor) == (Answer.PENDING, 0)
    assert "method" not in shop.asked()[-1]
    assert "redirectUrl" not in shop.asked()[-1]


@pytest.mark.parametrize("theirs", mapping.FAILURE)
def test_a_card_that_wants_its_owner_says_so_with_nobody_there(shop: MolliePayments, theirs: str) -> None:
    mandate = kept(shop)
    shop.theirs.failing[mandate.id.partition("/")[2]] = theirs
    report = again(shop).charge(by(mandate.id))
    wanted = "authentication" if theirs.startswith("authentication") else mapping.FAILURE[theirs]
    assert (report.answer, report.why) == (Answer.DECLINED, wanted)
    found = shop.adapter.fetch(REF2, "")
    assert found
    assert found.why == wanted


@pytest.mark.parametrize(("status", "field", "why"), [
    (404, "", "mandate_ended"),
    (410, "", "mandate_ended"),
    (422, "mandateId", "mandate_ended"),
    (422, "customerId", "mandate_ended"),
    (422, "amount", "rejected"),
])  # fmt: skip
def test_an_error_about_the_mandate_says_that_consent_is_gone(
    shop: MolliePayments, status: int, field: str, why: str
) -> None:
    error = f'{{"status":{status},"title":"No","detail":"x","field":"{field}"}}'
    with answering(f"HTTP/1.1 {status} No\r\n\r\n{error}".encode()) as url:
        report = shop.at(url).charge(by(shop.mandate))
        assert (report.answer, report.why) == (Answer.DECLINED, why)
        plain = shop.at(url).charge(charge())
        assert plain.why != "mandate_ended"


def test_a_gateway_that_finds_nothing_is_no_proof_that_consent_is_gone(shop: MolliePayments) -> None:
    with answering(b'HTTP/1.1 404 No\r\n\r\n{"message":"no route"}') as url:
        adapter = shop.at(url)
        assert isinstance(adapter, ChargesAgain)
        assert adapter.charge(by(shop.mandate)).answer is Answer.UNKNOWN
        assert adapter.end_mandate(shop.mandate) is Answer.UNKNOWN
