"""What may be relied on of every adapter that keeps consent and charges by it later, with nobody there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from adapters.mollie_world import MolliePayments
from adapters.stripe_world import StripePayments
from adapters.test_contract import GIVEN, HOSTILE, PAYMENTS, REF, REF2, charge, ok
from adapters.worlds import EUR15, ConsentWorld, Counterparts, SandboxPayments, answering, nobody
from opla.core.money import Money
from opla.core.ports import Answer, ChargeReport, ChargeRequest, ChargesAgain, Mandate, Notifies, RefundRequest
from opla.counterparts.endings import Fault

CONSENT: Mapping[str, Callable[[Counterparts], ConsentWorld]] = {
    "mollie": MolliePayments,
    "mollie_bancontact": lambda other: MolliePayments(other, "bancontact"),
    "sandbox": SandboxPayments,
    "stripe": StripePayments,
    "stripe_bancontact": lambda other: StripePayments(other, "bancontact"),
}
REF3 = "0c" * 16


@pytest.fixture(params=sorted(CONSENT))
def shop(request: pytest.FixtureRequest, other: Counterparts) -> ConsentWorld:
    return CONSENT[request.param](other)


@pytest.fixture(params=[name for name in sorted(CONSENT) if "_" not in name])
def plain(request: pytest.FixtureRequest, other: Counterparts) -> ConsentWorld:
    """Once for each adapter, where its ways of paying speak alike."""
    return CONSENT[request.param](other)


def again(shop: ConsentWorld) -> ChargesAgain:
    assert isinstance(shop.adapter, ChargesAgain)
    return shop.adapter


def by(mandate: str, reference: str = REF2, amount: Money = EUR15) -> ChargeRequest:
    return replace(charge(reference, amount), mandate=mandate)


def kept(shop: ConsentWorld, why: str = "", reference: str = REF) -> Mandate:
    """Consent of a first payment; later charges by it end as `why` says."""
    made = shop.adapter.charge(replace(charge(reference), keep=True))
    shop.pay_then(made.provider_id, why)
    shop.settle_charges()
    found = shop.adapter.fetch(reference, made.provider_id)
    assert found
    assert found.mandate
    return found.mandate


def captured(shop: ConsentWorld, report: ChargeReport, reference: str = REF2) -> ChargeReport:
    """What became of a charge in the end: a direct debit takes its days."""
    assert report.answer in GIVEN
    shop.settle_charges()
    found = shop.adapter.fetch(reference, report.provider_id)
    assert found
    return found


def test_whoever_keeps_consent_is_in_this_suite(other: Counterparts) -> None:
    able = {name for name, world in PAYMENTS.items() if isinstance(world(other).adapter, ChargesAgain)}
    assert able == {name.partition("_")[0] for name in CONSENT}


def test_consent_is_kept_only_where_it_was_asked_for_and_only_once_it_was_paid(shop: ConsentWorld) -> None:
    plain = shop.adapter.charge(charge(REF3))
    shop.pay(plain.provider_id)
    found = shop.adapter.fetch(REF3, plain.provider_id)
    assert found
    assert (found.answer, found.mandate) == (Answer.SUCCEEDED, None)
    made = shop.adapter.charge(replace(charge(), keep=True))
    assert (made.answer, made.mandate) == (Answer.PENDING, None)
    assert made.redirect_url
    waiting = shop.adapter.fetch(REF, made.provider_id)
    assert waiting
    assert waiting.mandate is None
    shop.pay_then(made.provider_id)
    shop.settle_charges()
    found = shop.adapter.fetch(REF, made.provider_id)
    assert found
    assert found.mandate
    assert found.mandate.id


def test_a_first_payment_repeated_is_one_session_and_leaves_one_mandate(shop: ConsentWorld) -> None:
    ask = replace(charge(), keep=True)
    first, second = shop.adapter.charge(ask), shop.adapter.charge(ask)
    assert (first.provider_id, first.redirect_url) == (second.provider_id, second.redirect_url)
    assert shop.created(REF) == 1
    shop.pay_then(first.provider_id)
    shop.settle_charges()
    found = [shop.adapter.fetch(REF, provider_id) for provider_id in (first.provider_id, first.provider_id, "")]
    assert len({one.mandate for one in found if one}) == 1


def test_a_charge_by_a_mandate_has_no_page_takes_the_money_once_and_is_found_by_reference(shop: ConsentWorld) -> None:
    mandate = kept(shop)
    first, second = again(shop).charge(by(mandate.id)), again(shop).charge(by(mandate.id))
    assert {first.answer, second.answer} <= ({Answer.SUCCEEDED} if not mandate.days else GIVEN)
    assert first.provider_id == second.provider_id
    assert (first.redirect_url, first.mandate) == ("", None)
    assert captured(shop, first).captured_minor == 1500
    for provider_id in ("", first.provider_id):
        found = shop.adapter.fetch(REF2, provider_id)
        assert found
        assert (found.answer, found.captured_minor, found.currency) == (Answer.SUCCEEDED, 1500, "EUR")
        assert (found.provider_id, found.mandate) == (first.provider_id, None)
    assert shop.captured_minor(REF2) == 1500


def test_two_references_by_one_mandate_are_two_charges(shop: ConsentWorld) -> None:
    mandate = kept(shop)
    reports = [again(shop).charge(by(mandate.id, reference)) for reference in (REF2, REF3)]
    assert len({report.provider_id for report in reports}) == 2
    assert [captured(shop, *one).captured_minor for one in zip(reports, (REF2, REF3), strict=True)] == [1500, 1500]


@pytest.mark.parametrize("fault", [Fault.SILENT_AFTER, Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.GARBAGE])
def test_a_charge_that_took_money_without_an_answer_is_unknown_then_found_and_never_taken_twice(
    plain: ConsentWorld, fault: Fault
) -> None:
    mandate = kept(plain)
    plain.break_again(fault)
    assert again(plain).charge(by(mandate.id)).answer is Answer.UNKNOWN
    found = plain.adapter.fetch(REF2, "")
    assert found
    repeated = again(plain).charge(by(mandate.id))
    assert repeated.answer in {*GIVEN, Answer.UNKNOWN}
    assert repeated.provider_id in (found.provider_id, "")
    assert captured(plain, found).captured_minor == 1500
    assert plain.captured_minor(REF2) == 1500


@pytest.mark.parametrize("fault", [Fault.SILENT_BEFORE, Fault.DROP_BEFORE, Fault.ERROR_BEFORE])
def test_a_charge_by_a_mandate_that_got_lost_is_unknown_and_the_same_again_takes_it_once(
    plain: ConsentWorld, fault: Fault
) -> None:
    mandate = kept(plain)
    plain.break_again(fault)
    assert again(plain).charge(by(mandate.id)).answer is Answer.UNKNOWN
    assert plain.adapter.fetch(REF2, "") is None
    assert plain.captured_minor(REF2) == 0
    assert captured(plain, again(plain).charge(by(mandate.id))).captured_minor == 1500
    assert plain.captured_minor(REF2) == 1500


def test_the_same_reference_with_another_amount_or_another_mandate_is_unknown_and_takes_nothing_more(
    shop: ConsentWorld,
) -> None:
    mandate, others = kept(shop), kept(shop, reference=REF3)
    assert mandate.id != others.id
    assert again(shop).charge(by(mandate.id)).answer in GIVEN
    assert again(shop).charge(by(mandate.id, amount=Money(999, "EUR"))).answer is Answer.UNKNOWN
    assert again(shop).charge(by(others.id)).answer is Answer.UNKNOWN
    shop.settle_charges()
    assert shop.captured_minor(REF2) == 1500


def test_an_ended_mandate_refuses_for_good_and_takes_nothing(shop: ConsentWorld) -> None:
    mandate = kept(shop)
    assert [again(shop).end_mandate(mandate.id) for _ in range(2)] == [Answer.SUCCEEDED] * 2
    for reference in (REF2, REF2, REF3):
        report = again(shop).charge(by(mandate.id, reference))
        assert (report.answer, report.why) == (Answer.DECLINED, "mandate_ended")
    shop.settle_charges()
    assert shop.captured_minor(REF2) == shop.captured_minor(REF3) == 0
    first = shop.adapter.fetch(REF, "")
    assert first
    assert (first.answer, first.captured_minor, first.mandate) == (Answer.SUCCEEDED, 1500, None)


@pytest.mark.parametrize("mandate", ["sm_nobody", "nobody", "../payments", "é\r\n", "cst_x/mdt_x", "a/b/c", " "])
def test_a_mandate_they_do_not_know_takes_nothing_and_its_end_raises_nothing(shop: ConsentWorld, mandate: str) -> None:
    assert again(shop).charge(by(mandate)).answer is Answer.DECLINED
    assert again(shop).end_mandate(mandate) is Answer.SUCCEEDED
    assert shop.captured_minor(REF2) == 0


@pytest.mark.parametrize("why", ["authentication", "refused"])
def test_a_bank_that_says_no_is_declined_with_its_word_and_took_nothing(shop: ConsentWorld, why: str) -> None:
    mandate = kept(shop, why)
    if mandate.days and why == "authentication":
        pytest.skip("nobody is asked about a direct debit")
    report = again(shop).charge(by(mandate.id))
    if report.answer is Answer.PENDING:  # a direct debit is refused days later
        shop.settle_charges()
        found = shop.adapter.fetch(REF2, report.provider_id)
        assert found
        report = found
    assert (report.answer, report.why, report.captured_minor) == (Answer.DECLINED, why, 0)
    assert shop.captured_minor(REF2) == 0
    found = shop.adapter.fetch(REF2, "")
    assert found is None or found.answer is Answer.DECLINED


def test_a_reply_of_another_mandate_is_unknown(plain: ConsentWorld) -> None:
    with answering(ok(**plain.told_again(REF2, plain.mandate))) as url:
        assert plain.at(url).charge(by(plain.mandate)).answer is Answer.SUCCEEDED
    for change in plain.misfits_again:
        with answering(ok(**plain.told_again(REF2, plain.mandate, **change))) as url:
            assert plain.at(url).charge(by(plain.mandate)).answer is Answer.UNKNOWN, change


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_reply_is_unknown_and_no_proof_that_consent_has_ended(plain: ConsentWorld, name: str) -> None:
    with answering(HOSTILE[name]) as url:
        adapter = plain.at(url)
        assert isinstance(adapter, ChargesAgain)
        assert adapter.charge(by(plain.mandate)).answer is Answer.UNKNOWN
        # What comes before the payment itself may have been lost; the payment was not asked for then.
        assert adapter.charge(replace(charge(), keep=True)).answer in {Answer.UNKNOWN, Answer.NOT_SENT}
        ended = name == "empty" and plain.ends_with_nothing
        assert adapter.end_mandate(plain.mandate) is (Answer.SUCCEEDED if ended else Answer.UNKNOWN)


def test_what_never_left_or_was_not_looked_at_was_not_sent(plain: ConsentWorld) -> None:
    for adapter in (plain.at(nobody()), plain.wrong_key()):
        assert isinstance(adapter, ChargesAgain)
        assert adapter.charge(by(plain.mandate)).answer is Answer.NOT_SENT
        assert adapter.charge(replace(charge(), keep=True)).answer is Answer.NOT_SENT
        assert adapter.end_mandate(plain.mandate) is Answer.NOT_SENT


def test_what_was_charged_by_a_mandate_goes_back_like_any_other(shop: ConsentWorld) -> None:
    report = captured(shop, again(shop).charge(by(kept(shop).id)))
    back = RefundRequest(REF3, report.provider_id, Money(600, "EUR"), "declined")
    assert {shop.refunds().refund(back).answer for _ in range(2)} <= GIVEN
    shop.settle_refunds()
    done, payment = shop.refunds().fetch_refund(REF3, report.provider_id), shop.adapter.fetch(REF2, report.provider_id)
    assert done
    assert payment
    assert (done.answer, payment.refunded_minor) == (Answer.SUCCEEDED, 600)
    assert shop.refunded_minor(REF3) == 600


def test_a_webhook_names_what_was_charged_by_a_mandate(shop: ConsentWorld) -> None:
    report = captured(shop, again(shop).charge(by(kept(shop).id)))
    assert isinstance(shop.adapter, Notifies)
    [named] = shop.adapter.woken(*shop.webhook(report.provider_id))
    assert named in (report.provider_id, REF2)


def test_a_mandate_is_in_no_evidence_and_never_prints_itself(shop: ConsentWorld) -> None:
    mandate = kept(shop)
    reports = [
        shop.adapter.charge(replace(charge(), keep=True)),
        shop.adapter.fetch(REF, ""),
        again(shop).charge(by(mandate.id)),
        again(shop).charge(by("nobody", REF3)),
    ]
    printed = [json.dumps(dict(report.evidence)) for report in reports if report]
    printed += [repr(report) for report in reports]
    printed += [repr(mandate), str(mandate), repr(by(mandate.id)), repr(shop.adapter)]
    for part in (mandate.id, *(part for part in mandate.id.split("/") if len(part) > 3)):
        assert not [text for text in printed if part in text]


@pytest.mark.parametrize(
    ("outcome", "days", "answers", "captured_minor"),
    [
        ("pay", 0, [Answer.SUCCEEDED, Answer.SUCCEEDED], 1500),
        ("then_authenticate", 0, [Answer.DECLINED, Answer.DECLINED], 0),
        ("then_refuse", 0, [Answer.DECLINED, Answer.DECLINED], 0),
        ("then_end", 0, [Answer.DECLINED, Answer.DECLINED], 0),
        ("then_silence", 0, [Answer.UNKNOWN, Answer.SUCCEEDED], 1500),
        ("then_debit", 5, [Answer.PENDING, Answer.PENDING], 1500),
    ],
)
def test_each_button_of_the_sandbox_scripts_later_charges(
    other: Counterparts, outcome: str, days: int, answers: list[Answer], captured_minor: int
) -> None:
    shop = SandboxPayments(other)
    made = shop.adapter.charge(replace(charge(), keep=True))
    shop.decide(made.provider_id, outcome)
    found = shop.adapter.fetch(REF, made.provider_id)
    assert found
    assert found.mandate
    assert found.mandate.days == days
    assert [again(shop).charge(by(found.mandate.id)).answer for _ in range(2)] == answers
    shop.settle_charges()
    told = shop.adapter.fetch(REF2, "")
    assert (told.captured_minor if told else 0) == shop.captured_minor(REF2) == captured_minor
