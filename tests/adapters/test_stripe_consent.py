"""Consent kept at Stripe: what is Stripe's own (the laws are test_consent's)."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import parse_qsl

import pytest

from adapters.stripe_world import KEY, StripePayments, built
from adapters.test_consent import again, by, kept
from adapters.test_contract import REF, REF2, charge, ok
from adapters.worlds import Counterparts, answering
from opla.core.ports import Answer, ChargesAgain, Mandate
from opla.counterparts.endings import Fault
from opla.payments.stripe import METHODS, mapping

FIRST = replace(charge(), keep=True)
LATER = ("customer_creation", "payment_intent_data[setup_future_usage]")


@pytest.fixture
def shop(other: Counterparts) -> StripePayments:
    return StripePayments(other)


def posted(shop: StripePayments) -> dict[str, str]:
    """The form that was sent last."""
    return dict(parse_qsl([request for request, _ in shop.alone.calls if request.method == "POST"][-1].body.decode()))


def error(status: int, **said: str) -> bytes:
    return f"HTTP/1.1 {status} No\r\n\r\n{json.dumps({'error': said})}".encode()


def test_a_method_keeps_consent_exactly_where_the_table_says_so(shop: StripePayments) -> None:
    able = {name for name in METHODS if isinstance(built(shop, f"stripe_{name}"), ChargesAgain)}
    assert able == set(mapping.KEEPS) == {"card", "bancontact"}
    assert isinstance(built(shop, "stripe"), ChargesAgain)
    assert set(mapping.KEEPS.values()) == set(mapping.DAYS)


def test_nothing_of_consent_is_sent_where_nobody_asked_for_it(shop: StripePayments) -> None:
    shop.adapter.charge(charge())
    assert not [name for name in posted(shop) if name in LATER]
    shop.adapter.charge(replace(FIRST, reference=REF2))
    assert [posted(shop).get(name) for name in LATER] == ["always", "off_session"]
    assert len(shop.alone.calls) == 2


def test_where_people_choose_on_the_page_it_offers_only_what_keeps_consent(shop: StripePayments) -> None:
    plain = built(shop, "stripe")
    plain.charge(charge())
    assert "allowed_payment_method_types[0]" not in posted(shop)
    plain.charge(replace(FIRST, reference=REF2))
    assert [posted(shop)[f"allowed_payment_method_types[{n}]"] for n in (0, 1)] == ["card", "bancontact"]


def test_a_later_charge_says_that_nobody_is_there(shop: StripePayments) -> None:
    again(shop).charge(by(kept(shop).id))
    form = posted(shop)
    assert (form["confirm"], form["off_session"], form["allowed_payment_method_types[0]"]) == ("true", "true", "card")
    assert not [name for name in form if "url" in name]


def test_bancontact_leaves_a_direct_debit_whose_money_is_sure_days_later(other: Counterparts) -> None:
    shop = StripePayments(other, "bancontact")
    mandate = kept(shop)
    assert mandate == Mandate("cus_00000000000000/pm_000000000000000000000000/sepa_debit", 20)
    report = again(shop).charge(by(mandate.id))
    assert (report.answer, report.captured_minor) == (Answer.PENDING, 0)


@pytest.mark.parametrize(
    "change", [{"customer": None}, {"customer": "cus_00000000000009"}, {"type": "sepa_debit"}, {"id": "pm_9"}]
)
def test_a_payment_method_that_is_not_what_it_should_be_is_no_mandate(
    shop: StripePayments, change: dict[str, str | None]
) -> None:
    made = shop.adapter.charge(FIRST)
    shop.pay(made.provider_id)
    shop.theirs.methods["pm_000000000000000000000000"] |= change
    found = shop.adapter.fetch(REF, made.provider_id)
    assert found
    assert (found.answer, found.mandate) == (Answer.SUCCEEDED, None)


def test_a_look_at_the_payment_method_that_is_lost_does_not_make_the_payment_doubtful(shop: StripePayments) -> None:
    made = shop.adapter.charge(FIRST)
    shop.pay(made.provider_id)
    shop.alone.order_fault("GET", "/v1/payment_methods", Fault.DROP_BEFORE)
    found = shop.adapter.fetch(REF, made.provider_id)
    assert found
    assert (found.answer, found.captured_minor, found.mandate) == (Answer.SUCCEEDED, 1500, None)


#: what they answer → our answer and word
REFUSALS = [
    (error(402, type="card_error", code="authentication_required"), (Answer.DECLINED, "authentication")),
    (error(402, type="card_error", code="card_declined", decline_code="authentication_required"),
     (Answer.DECLINED, "authentication")),
    (error(402, type="card_error", code="card_declined", decline_code="insufficient_funds"),
     (Answer.DECLINED, "no_funds")),
    (error(402, type="card_error", code="expired_card"), (Answer.DECLINED, "card_expired")),
    (error(402, type="card_error", code="card_declined", decline_code="lost_card"), (Answer.DECLINED, "refused")),
    (error(400, type="invalid_request_error", param="payment_method"), (Answer.DECLINED, "mandate_ended")),
    (error(404, type="invalid_request_error", param="customer", code="resource_missing"),
     (Answer.DECLINED, "mandate_ended")),
    (error(400, type="invalid_request_error", param="amount"), (Answer.DECLINED, "rejected")),
    (error(400, type="idempotency_error"), (Answer.UNKNOWN, "other_amount")),
    (error(409, type="invalid_request_error", param="payment_method"), (Answer.UNKNOWN, "repeated")),
    (error(429, type="invalid_request_error"), (Answer.NOT_SENT, "too_many")),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "wanted"), REFUSALS)
def test_each_refusal_of_a_later_charge_has_its_word(
    shop: StripePayments, raw: bytes, wanted: tuple[Answer, str]
) -> None:
    with answering(raw) as url:
        report = shop.at(url).charge(by(shop.mandate))
        assert (report.answer, report.why) == wanted


def test_a_refused_charge_repeated_is_refused_again_and_found_as_such(shop: StripePayments) -> None:
    mandate = kept(shop, "authentication")
    assert [again(shop).charge(by(mandate.id)).why for _ in range(2)] == ["authentication"] * 2
    found = shop.adapter.fetch(REF2, "")
    assert found
    assert (found.answer, found.why, found.captured_minor) == (Answer.DECLINED, "authentication", 0)
    assert len(shop.theirs.intents) == 2


def test_a_charge_back_of_a_later_charge_is_told_and_found_by_what_a_dispute_names(shop: StripePayments) -> None:
    report = again(shop).charge(by(kept(shop).id))
    shop.theirs.charge_back(report.provider_id)
    found = shop.adapter.fetch(REF2, report.provider_id)
    assert found
    assert (found.charged_back_minor, found.evidence["their_payment"]) == (1500, report.provider_id)


@pytest.mark.parametrize(
    ("raw", "wanted"),
    [
        (ok(id="pm_000000000000000000000001", customer=None), Answer.SUCCEEDED),
        (ok(id="pm_000000000000000000000001", customer="cus_00000000000001"), Answer.UNKNOWN),
        (ok(id="pm_000000000000000000000002", customer=None), Answer.UNKNOWN),
        (ok(id="pm_000000000000000000000001"), Answer.UNKNOWN),
        (error(404, type="invalid_request_error", code="resource_missing"), Answer.SUCCEEDED),
        (b'HTTP/1.1 404 No\r\n\r\n{"message":"no route"}', Answer.UNKNOWN),
    ],
)
def test_consent_has_ended_only_where_they_say_that_it_is_of_nobody(
    shop: StripePayments, raw: bytes, wanted: Answer
) -> None:
    with answering(raw) as url:
        adapter = shop.at(url)
        assert isinstance(adapter, ChargesAgain)
        assert adapter.end_mandate(shop.mandate) is wanted


def test_a_mandate_of_a_type_that_is_not_charged_takes_nothing(shop: StripePayments) -> None:
    mandate = kept(shop).id.replace("/card", "/alipay")
    report = again(shop).charge(by(mandate))
    assert (report.answer, report.why) == (Answer.DECLINED, "mandate_ended")
    assert KEY not in repr(shop.adapter)
