"""Lists that a restored shop is compared with: read whole or not at all, to the end of their pages and times.

What all of them must do is in the contract; this is what each one's own list is like.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.ding_world import DingSupplier
from adapters.dtone_world import DTOneSupplier
from adapters.paypal_world import PayPalPayments
from adapters.reloadly_world import ReloadlySupplier
from adapters.stripe_world import StripePayments
from adapters.test_consent import by, kept
from adapters.test_contract import LONG_AGO, REF, REF2, T0, T0_LATER, charge, listed, ok
from adapters.worlds import Counterparts, answering
from opla.core.money import Money
from opla.core.ports import Charges, Kind, ListedCharge, ListsCharges, ListsSends, RefundRequest, Sends, Unlisted

REFS = [f"{n:032x}" for n in range(1, 8)]


@pytest.fixture
def stripe(other: Counterparts) -> StripePayments:
    return StripePayments(other)


@pytest.fixture
def paypal(other: Counterparts) -> PayPalPayments:
    return PayPalPayments(other)


def paid(adapter: Charges, *, since: datetime = LONG_AGO, until: datetime = T0) -> Sequence[ListedCharge]:
    assert isinstance(adapter, ListsCharges)
    return listed(adapter.charges_since(since, until))


def sends(adapter: Sends, since: datetime = LONG_AGO, until: datetime = T0_LATER) -> set[str]:
    assert isinstance(adapter, ListsSends)
    found = [one.reference for one in listed(adapter.sends_since(since, until))]
    assert len(found) == len(set(found))
    return set(found)


# ── Stripe ──


def test_every_page_of_stripe_s_list_is_read(stripe: StripePayments, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opla.payments.stripe.client.WHOLE_PAGE", 2)
    for reference in REFS:
        stripe.pay(stripe.adapter.charge(charge(reference)).provider_id)
    assert sorted(one.reference for one in paid(stripe.adapter)) == REFS
    pages = [call for call, _ in stripe.alone.calls if call.path == "/v1/checkout/sessions" and call.method == "GET"]
    assert len(pages) == 4


def test_a_renewal_is_listed_though_it_has_no_page_and_no_payment_twice(stripe: StripePayments) -> None:
    mandate = kept(stripe)
    made = stripe.adapter.charge(by(mandate.id, REF2))
    found = {one.reference: (one.provider_id, one.kept_minor) for one in paid(stripe.adapter)}
    assert found[REF2] == (made.provider_id, 1500)
    assert len(found) == len(stripe.theirs.sessions) + 1 == 2
    assert len(paid(stripe.adapter)) == 2


def test_what_other_programs_are_paid_is_listed_without_a_reference_of_ours(stripe: StripePayments) -> None:
    stripe.pay(stripe.adapter.charge(charge()).provider_id)
    [intent] = stripe.theirs.intents.values()
    [session] = stripe.theirs.sessions.values()
    intent["metadata"], session["client_reference_id"] = {}, None
    [one] = paid(stripe.adapter)
    assert (one.reference, one.kept_minor, one.about) == ("", 1500, "Proximus €15")
    session |= {"mode": "subscription", "payment_intent": None}
    [one] = paid(stripe.adapter)
    assert (one.provider_id, one.kept_minor) == (intent["id"], 1500)


def test_what_was_charged_back_is_not_kept(stripe: StripePayments) -> None:
    made = stripe.adapter.charge(charge())
    stripe.pay(made.provider_id)
    stripe.theirs.charge_back(made.provider_id)
    assert [one.kept_minor for one in paid(stripe.adapter)] == [0]


@pytest.mark.parametrize(
    "change", [{"status": "perhaps"}, {"livemode": True}, {"payment_status": None}, {"amount_total": None}]
)
def test_one_session_that_cannot_be_read_hides_the_whole_list(
    stripe: StripePayments, change: dict[str, object]
) -> None:
    told = stripe.told(REF, **change)
    with answering(ok(object="list", data=[told], has_more=False)) as url:
        adapter = stripe.at(url)
        assert isinstance(adapter, ListsCharges)
        assert adapter.charges_since(LONG_AGO, T0) is Unlisted.NO_ANSWER


# ── PayPal ──


def test_paypal_s_list_is_asked_for_31_days_at_a_time_to_the_moment_and_page_by_page(
    paypal: PayPalPayments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opla.payments.paypal.client.PAGE", 2)
    for reference in REFS[:5]:
        paypal.pay(paypal.adapter.charge(charge(reference)).provider_id)
        paypal.other.pass_s(10 * 86_400)
    assert sorted(one.reference for one in paid(paypal.adapter, until=paypal.now())) == REFS[:5]
    asked = [call.query for call, _ in paypal.alone.calls if call.path == "/v1/reporting/transactions"]
    times = [(datetime.fromisoformat(one["start_date"]), datetime.fromisoformat(one["end_date"])) for one in asked]
    assert all(end - start <= timedelta(days=31) for start, end in times)
    assert (min(times)[0], max(end for _, end in times)) == (LONG_AGO, paypal.now().replace(microsecond=0))
    assert len(asked) > len(set(times))


def test_until_paypal_s_list_reaches_the_moment_it_is_not_there_yet(paypal: PayPalPayments) -> None:
    paypal.pay(paypal.adapter.charge(charge()).provider_id)
    paypal.theirs.late, restored_at = timedelta(hours=3), paypal.now()
    assert paypal.adapter.charges_since(restored_at - timedelta(hours=4), restored_at) is Unlisted.NOT_YET
    assert paypal.adapter.charges_since(restored_at - timedelta(hours=1), restored_at) is Unlisted.NOT_YET
    paypal.other.pass_s(3 * 3600)
    [one] = listed(paypal.adapter.charges_since(restored_at - timedelta(hours=1), restored_at))
    assert (one.reference, one.kept_minor) == (REF, 1500)


def test_an_app_without_the_right_to_paypal_s_list_is_told_from_one_that_gets_no_answer(
    paypal: PayPalPayments,
) -> None:
    paypal.theirs.searches = False
    assert paypal.adapter.charges_since(LONG_AGO, T0) is Unlisted.NOT_ALLOWED


def test_at_paypal_what_was_approved_and_not_captured_is_nobody_s_money(paypal: PayPalPayments) -> None:
    paypal.theirs.pay(paypal.adapter.charge(charge()).provider_id)
    assert paid(paypal.adapter) == []


def test_at_paypal_what_went_back_is_taken_off_its_payment(paypal: PayPalPayments) -> None:
    first, second = (paypal.adapter.charge(charge(reference)).provider_id for reference in REFS[:2])
    for id_ in (first, second):
        paypal.pay(id_)
    paypal.adapter.refund(RefundRequest(REF2, first, Money(600, "EUR"), "back"))
    paypal.theirs.charge_back(second)
    assert {one.reference: one.kept_minor for one in paid(paypal.adapter)} == {REFS[0]: 900, REFS[1]: 0}


@pytest.mark.parametrize(
    "change",
    [
        {"transaction_status": "X"},
        {"transaction_amount": {"currency_code": "EUR", "value": "15.001"}},
        {"transaction_amount": None},
        {"transaction_id": "../x"},
        {"transaction_event_code": None},
    ],
)
def test_one_transaction_of_paypal_that_cannot_be_read_hides_the_whole_list(
    paypal: PayPalPayments, change: dict[str, object]
) -> None:
    paypal.pay(paypal.adapter.charge(charge()).provider_id)
    paypal.theirs.moves[0].update(change)
    assert paypal.adapter.charges_since(LONG_AGO, T0) is Unlisted.NO_ANSWER


# ── suppliers ──


def test_every_page_of_reloadly_s_list_is_read_and_one_that_comes_twice_is_no_list(
    other: Counterparts, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = ReloadlySupplier(other)
    monkeypatch.setattr("opla.suppliers.reloadly.client.PAGE", 2)
    monkeypatch.setattr("opla.suppliers.reloadly.provider.PAGE", 2)
    for reference in REFS[:4]:
        theirs.adapter.send(theirs.ask(reference, Kind.CODE))
    assert sends(theirs.adapter) == set(REFS[:4])
    first = theirs.machine._report({"size": "2"})
    monkeypatch.setattr(theirs.machine, "_report", lambda _: first)
    asked = len(theirs.alone.calls)
    assert isinstance(theirs.adapter, ListsSends)
    assert theirs.adapter.sends_since(LONG_AGO, T0_LATER) is Unlisted.NO_ANSWER
    assert len(theirs.alone.calls) == asked + 2


def test_what_reloadly_took_back_or_has_under_way_is_told_from_what_is_given(other: Counterparts) -> None:
    theirs = ReloadlySupplier(other)
    theirs.machine.endings.extend(["SUCCESSFUL", "PROCESSING", "REFUNDED", "FAILED"])
    for reference in REFS[:4]:
        theirs.adapter.send(theirs.ask(reference, Kind.DIRECT))
    assert isinstance(theirs.adapter, ListsSends)
    found = {one.reference: (one.given, one.open) for one in listed(theirs.adapter.sends_since(LONG_AGO, T0_LATER))}
    kinds = [(True, False), (False, True), (False, False), (False, False)]
    assert found == dict(zip(REFS[:4], kinds, strict=True))


def test_dt_one_s_list_is_asked_for_a_day_at_a_time_and_what_lies_between_two_is_listed_once(
    other: Counterparts,
) -> None:
    theirs = DTOneSupplier(other)
    since = theirs.now
    for reference in REFS[:3]:
        theirs.adapter.send(theirs.ask(reference, Kind.DIRECT))
        theirs.pass_s(86_400)
    assert sends(theirs.adapter, since, theirs.now) == set(REFS[:3])
    asked = [call.query for call, _ in theirs.alone.calls if call.path == "/v1/transactions"]
    assert [(one["from_date"], one["to_date"]) for one in asked] == [
        (f"2026-11-2{n}T10:00:00Z", f"2026-11-2{n + 1}T10:00:00Z") for n in (2, 3, 4)
    ]


def test_a_list_of_dt_one_that_counts_more_than_it_shows_is_none(other: Counterparts) -> None:
    theirs = DTOneSupplier(other)
    body = json.dumps([theirs.told(REF)]).encode()
    for total, is_list in ((b"1", True), (b"2", False), (b"", False)):
        with answering(b"HTTP/1.1 200 OK\r\nX-Total: " + total + b"\r\n\r\n" + body) as url:
            found = theirs.bare(url).sends_since(theirs.now - timedelta(hours=1), theirs.now)
            assert (found is not Unlisted.NO_ANSWER) is is_list


def test_every_part_of_ding_s_list_is_read_and_what_is_older_is_left_out(
    other: Counterparts, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = DingSupplier(other)
    monkeypatch.setattr("opla.suppliers.ding.client.PAGE", 2)
    for reference in REFS[:5]:
        theirs.adapter.send(theirs.ask(reference, Kind.DIRECT))
    theirs.machine.records[0]["TransferRecord"]["StartedUtc"] = "2026-10-01T00:00:00Z"
    assert sends(theirs.adapter) == set(REFS[1:5])


def test_ding_knows_two_months_and_says_nothing_of_longer_ago(other: Counterparts) -> None:
    theirs = DingSupplier(other)
    assert isinstance(theirs.adapter, ListsSends)
    assert theirs.adapter.sends_since(datetime(2026, 9, 1, tzinfo=UTC), T0) is Unlisted.TOO_OLD


def test_a_row_that_cannot_be_read_hides_the_list(other: Counterparts) -> None:
    ding, reloadly = DingSupplier(other), ReloadlySupplier(other)
    for theirs in (ding, reloadly):
        theirs.adapter.send(replace(theirs.ask(REF, Kind.CODE)))
        assert sends(theirs.adapter) == {REF}
    ding.machine.records[0]["TransferRecord"]["ProcessingState"] = "Perhaps"
    reloadly.machine.transactions[0]["status"] = "PERHAPS"
    for theirs in (ding, reloadly):
        assert isinstance(theirs.adapter, ListsSends)
        assert theirs.adapter.sends_since(LONG_AGO, T0_LATER) is Unlisted.NO_ANSWER
    ding.machine.records[0]["TransferRecord"]["ProcessingState"] = "Complete"
    reloadly.machine.transactions[0]["status"] = "SUCCESSFUL"
