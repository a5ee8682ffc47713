"""Stripe's words, keys, signatures and wire; and a purchase through it, from the price to the money back."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import stripe

from adapters.buying import Buying
from adapters.stripe_world import KEY, WEBHOOK_SECRET, StripePayments, built, judge
from adapters.worlds import Counterparts, answering
from fakes import World
from opla import payments
from opla.core.money import Money
from opla.core.ports import Answer, ChargeReport, ChargeRequest, Charges, Notifies, RefundRequest
from opla.counterparts.alone import Alone
from opla.counterparts.endings import Fault
from opla.counterparts.web import Request, Response
from opla.db.queries.call import select
from opla.operations import wake
from opla.payments.stripe.config import Config
from opla.payments.stripe.signature import TOLERANCE_S, signed

REF, REF2 = "0a" * 16, "0b" * 16
EUR15 = Money(1500, "EUR")
LIVE_KEY = "rk_live_" + "a1B2" * 8


@pytest.fixture
def theirs(other: Counterparts) -> StripePayments:
    return StripePayments(other)


def charge(language: str = "nl", reference: str = REF) -> ChargeRequest:
    back = "https://shop.example.org/pay/return/x/"
    return ChargeRequest(reference, EUR15, "Opla R123", language, back, "https://shop.example.org/hooks/payments/x/")


def paid(theirs: StripePayments, reference: str = REF) -> str:
    """A paid session, by its id."""
    made = theirs.adapter.charge(charge(reference=reference))
    theirs.pay(made.provider_id)
    return made.provider_id


def look(theirs: StripePayments, provider_id: str = "") -> ChargeReport:
    found = theirs.adapter.fetch(REF, provider_id)
    assert found
    return found


def refund(theirs: StripePayments, id_: str, minor: int = 600) -> RefundRequest:
    return RefundRequest(REF2, id_, Money(minor, "EUR"), "Opla R123")


# ── what is asked ──


@pytest.mark.parametrize("way", [*(f"stripe_{name}" for name in payments.folder("stripe").METHODS), "stripe"])  # type: ignore[attr-defined] - of this adapter
def test_a_way_of_paying_asks_for_its_method_and_the_plain_one_for_none(theirs: StripePayments, way: str) -> None:
    made = built(theirs, way).charge(charge())
    page = theirs.theirs.sessions[made.provider_id]
    assert len(page["payment_method_types"]) == (5 if way == "stripe" else 1)
    assert way in ("stripe", f"stripe_{page['payment_method_types'][0]}")
    with pytest.raises(LookupError, match="stripe_cheque"):
        payments.build("stripe_cheque", theirs.config())


@pytest.mark.parametrize(("language", "locale"), [("zh-Hans", "zh"), ("fr", "fr"), ("de", "de"), ("xx", "auto")])
def test_their_page_speaks_the_order_s_language(theirs: StripePayments, language: str, locale: str) -> None:
    made = theirs.adapter.charge(charge(language))
    assert theirs.theirs.sessions[made.provider_id]["locale"] == locale


def test_nothing_of_us_is_told_but_what_the_call_needs(theirs: StripePayments) -> None:
    theirs.adapter.charge(charge())
    look(theirs)
    for request, _ in theirs.alone.calls:
        ours = {name for name in request.headers if name not in ("host", "accept", "user-agent", "connection")}
        assert ours <= {
            "accept-encoding", "authorization", "content-length", "content-type", "idempotency-key", "stripe-version",
        }  # fmt: skip
        assert request.headers["stripe-version"] == stripe.api_version
    assert stripe.enable_telemetry is False
    assert not logging.getLogger("stripe").isEnabledFor(logging.INFO)


class Busy:
    """They cannot now, and ask for the same call again."""

    def __init__(self, status: int) -> None:
        self.status = status

    def handle(self, _: Request) -> Response:
        return Response(self.status, b"{}", {"Stripe-Should-Retry": "true", "Stripe-Notice": "hello"})


@pytest.mark.parametrize("status", [409, 429, 500, 503])
def test_their_library_never_sends_anything_twice_by_itself(
    theirs: StripePayments, other: Counterparts, status: int
) -> None:
    """It would after these, and because of what it is told; that is the janitor's to decide."""
    busy = Alone(Busy(status))
    other.on_exit(busy.stop)
    assert theirs.at(busy.url).charge(charge()).answer is Answer.UNKNOWN
    assert len(busy.calls) == 1


def test_the_judge_of_our_forms_can_say_no() -> None:
    def wrong(body: bytes, told: bytes = b"{}") -> list[str]:
        return judge(Request("POST", "/v1/refunds", {}, {}, body), Response(500, told))

    assert wrong(b"amount=600&metadata[reference]=x") == []
    assert wrong(b"amount=600&foo=1") == ["POST /v1/refunds: the library knows no foo"]
    assert wrong(b"", b'{"data":[{"object":"charge","disputed":false,"invoice":1}]}') == [
        "charge: the library knows no invoice"
    ]


# ── what is told ──


@pytest.mark.parametrize(
    ("status", "payment", "intent", "answer", "why"),
    [
        ("open", "unpaid", "", Answer.PENDING, ""),
        ("open", "unpaid", "requires_payment_method", Answer.PENDING, ""),
        ("complete", "unpaid", "processing", Answer.PENDING, ""),
        ("complete", "unpaid", "requires_action", Answer.PENDING, ""),
        ("complete", "unpaid", "requires_payment_method", Answer.DECLINED, "refused"),
        ("complete", "unpaid", "canceled", Answer.DECLINED, "abandoned"),
        ("complete", "unpaid", "requires_capture", Answer.UNKNOWN, "status_unknown"),
        ("complete", "unpaid", "", Answer.UNKNOWN, "status_unknown"),
        ("expired", "unpaid", "", Answer.DECLINED, "expired"),
        ("complete", "no_payment_required", "", Answer.UNKNOWN, "status_unknown"),
    ],
)
def test_each_state_of_theirs_is_one_answer(
    theirs: StripePayments, status: str, payment: str, intent: str, answer: Answer, why: str
) -> None:
    made = theirs.adapter.charge(charge())
    page = theirs.theirs.sessions[made.provider_id]
    if intent:
        theirs.theirs._intent(page)["status"] = intent
    page |= {"status": status, "payment_status": payment}
    found = look(theirs, made.provider_id)
    assert (found.answer, found.why, found.captured_minor) == (answer, why, 0)


def test_a_page_nobody_paid_on_expires_after_a_day(theirs: StripePayments) -> None:
    made = theirs.adapter.charge(charge())
    theirs.other.pass_s(24 * 3600 - 1)
    assert look(theirs, made.provider_id).answer is Answer.PENDING
    theirs.other.pass_s(1)
    found = look(theirs, made.provider_id)
    assert (found.answer, found.why) == (Answer.DECLINED, "expired")


def test_what_they_keep_is_told_with_the_capture_and_grows_with_a_charge_back(theirs: StripePayments) -> None:
    made = paid(theirs)
    assert look(theirs, made).fee == Money(25 + 22, "EUR")
    theirs.theirs.charge_back(made)
    found = look(theirs, made)
    assert (found.answer, found.captured_minor, found.charged_back_minor) == (Answer.SUCCEEDED, 1500, 1500)
    assert found.fee == Money(25 + 22 + 2000, "EUR")


def test_a_dispute_that_was_won_has_given_the_money_back_and_kept_its_fee(theirs: StripePayments) -> None:
    made = paid(theirs)
    theirs.theirs.charge_back(made)
    theirs.theirs.win(made)
    found = look(theirs, made)
    assert (found.charged_back_minor, found.fee) == (0, Money(25 + 22 + 2000, "EUR"))


def test_a_dispute_says_until_when_it_can_be_answered_while_it_waits_for_that(theirs: StripePayments) -> None:
    made = paid(theirs)
    assert look(theirs, made).answer_by is None
    theirs.theirs.charge_back(made)
    [dispute] = theirs.theirs.disputes.values()
    due = dispute["evidence_details"]["due_by"]
    assert look(theirs, made).answer_by == datetime.fromtimestamp(due, UTC)
    for changed in ({"status": "under_review"}, {"status": "lost"}, {"evidence_details": {"due_by": None}}):
        before = dict(dispute)
        dispute |= changed
        theirs.alone.calls = _Deaf()  # what we make them say fits no document
        assert look(theirs, made).answer_by is None, changed
        dispute |= before


def test_an_inquiry_takes_nothing(theirs: StripePayments) -> None:
    made = paid(theirs)
    theirs.theirs.charge_back(made)
    [dispute] = theirs.theirs.disputes.values()
    dispute |= {"balance_transactions": [], "status": "warning_needs_response"}
    assert look(theirs, made).charged_back_minor == 0


@pytest.mark.parametrize(
    "change", [{"balance_transactions": None}, {"balance_transactions": [{"fee": 0}]}, {"currency": "usd"}]
)
def test_a_dispute_that_cannot_be_read_makes_the_whole_unknown(
    theirs: StripePayments, change: dict[str, object]
) -> None:
    made = paid(theirs)
    theirs.theirs.charge_back(made)
    [dispute] = theirs.theirs.disputes.values()
    dispute |= change
    theirs.alone.calls = _Deaf()  # what we make them say fits no document
    found = look(theirs, made)
    assert (found.answer, found.why, found.captured_minor) == (Answer.UNKNOWN, "disputes_unread", 0)


class _Deaf(list[tuple[Request, Response]]):
    def append(self, _: object) -> None:
        """Not judged."""


def test_a_fee_not_made_yet_or_in_another_currency_is_not_told(theirs: StripePayments) -> None:
    made = paid(theirs)
    [move] = theirs.theirs._moves.values()
    move["currency"] = "usd"
    assert (look(theirs, made).fee, look(theirs, made).captured_minor) == (None, 1500)
    [taken] = theirs.theirs.charges.values()
    taken["balance_transaction"] = None
    assert (look(theirs, made).fee, look(theirs, made).captured_minor) == (None, 1500)


def test_a_charge_back_in_an_account_of_another_currency_is_the_disputed_amount(theirs: StripePayments) -> None:
    made = paid(theirs)
    theirs.theirs.charge_back(made)
    for move in theirs.theirs._moves.values():
        move |= {"currency": "usd", "amount": move["amount"] * 2}
    found = look(theirs, made)
    assert (found.charged_back_minor, found.fee) == (1500, None)


def test_an_old_payment_is_found_by_our_reference_and_an_old_page_nobody_paid_on_is_not(theirs: StripePayments) -> None:
    paid(theirs)
    theirs.adapter.charge(charge(reference="ff" * 16))
    for n in range(100):
        theirs.adapter.charge(charge(reference=f"{n:032x}"))
    found = look(theirs)
    assert (found.answer, found.captured_minor) == (Answer.SUCCEEDED, 1500)
    assert theirs.adapter.fetch("ff" * 16, "") is None


def test_an_address_that_is_no_web_address_is_never_shown(theirs: StripePayments) -> None:
    body = theirs.told(REF, status="open", payment_status="unpaid", url="javascript:alert(1)")
    with answering(b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps(body).encode()) as url:
        report = theirs.at(url).charge(charge())
    assert (report.answer, report.redirect_url) == (Answer.PENDING, "")


@pytest.mark.parametrize(
    ("status", "kind", "answer", "why", "looked"),
    [
        (400, "invalid_request_error", Answer.DECLINED, "rejected", Answer.UNKNOWN),
        (400, "idempotency_error", Answer.UNKNOWN, "other_amount", Answer.UNKNOWN),
        (401, "invalid_request_error", Answer.NOT_SENT, "key_wrong", Answer.NOT_SENT),
        (402, "card_error", Answer.DECLINED, "rejected", Answer.UNKNOWN),
        (403, "invalid_request_error", Answer.NOT_SENT, "key_wrong", Answer.NOT_SENT),
        (409, "invalid_request_error", Answer.UNKNOWN, "repeated", Answer.UNKNOWN),
        (429, "invalid_request_error", Answer.NOT_SENT, "too_many", Answer.NOT_SENT),
        (424, "api_error", Answer.UNKNOWN, "error_unknown", Answer.UNKNOWN),
    ],
)
def test_an_error_of_theirs_is_one_answer_and_a_refused_look_never_declines(
    theirs: StripePayments, status: int, kind: str, answer: Answer, why: str, looked: Answer
) -> None:
    body = f'{{"error":{{"type":"{kind}","code":"some_code","message":"Your card 4242"}}}}'.encode()
    with answering(f"HTTP/1.1 {status} No\r\n\r\n".encode() + body) as url:
        adapter = theirs.at(url)
        report = adapter.charge(charge())
        assert (report.answer, report.why) == (answer, why)
        assert "4242" not in str(dict(report.evidence))
        found = [adapter.fetch(REF, id_) for id_ in ("", "cs_test_00000001")]
        assert [one and one.answer for one in found] == [looked, looked]


def test_a_payment_of_a_test_key_says_nothing_in_a_real_shop(theirs: StripePayments) -> None:
    body = theirs.told(REF)
    with answering(b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps(body).encode()) as url:
        assert theirs.at(url, LIVE_KEY).charge(charge()).answer is Answer.UNKNOWN
        assert theirs.at(url).charge(charge()).answer is Answer.SUCCEEDED


# ── refunds ──


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        ("pending", Answer.PENDING),
        ("requires_action", Answer.PENDING),
        ("succeeded", Answer.SUCCEEDED),
        ("failed", Answer.DECLINED),
        ("canceled", Answer.DECLINED),
        ("posted", Answer.UNKNOWN),
    ],
)
def test_each_status_of_a_refund_is_one_answer(theirs: StripePayments, status: str, answer: Answer) -> None:
    made = paid(theirs)
    asked = theirs.refunds().refund(refund(theirs, made))
    assert (asked.answer, asked.fee) == (Answer.SUCCEEDED, Money(0, "EUR"))
    theirs.theirs.refunds[asked.refund_id]["status"] = status
    found = theirs.refunds().fetch_refund(REF2, made)
    assert found
    assert (found.answer, found.refund_id) == (answer, asked.refund_id)


def test_a_refund_to_a_wallet_is_pending_until_it_is_there(theirs: StripePayments) -> None:
    alipay = built(theirs, "stripe_alipay")
    made = alipay.charge(charge())
    theirs.pay(made.provider_id)
    assert theirs.refunds().refund(refund(theirs, made.provider_id)).answer is Answer.PENDING
    theirs.settle_refunds()
    found = theirs.refunds().fetch_refund(REF2, made.provider_id)
    assert found
    assert found.answer is Answer.SUCCEEDED


def test_what_was_charged_back_is_not_refunded_too(theirs: StripePayments) -> None:
    made = paid(theirs)
    theirs.theirs.charge_back(made)
    assert theirs.refunds().refund(refund(theirs, made)).answer is Answer.DECLINED


def test_a_refund_made_at_the_dashboard_is_told_and_is_none_of_ours(theirs: StripePayments) -> None:
    made = paid(theirs)
    theirs.theirs.refund_outside(made)
    assert look(theirs, made).refunded_minor == 1500
    assert theirs.refunds().fetch_refund(REF2, made) is None


# ── webhooks ──


def _event(theirs: StripePayments, found: Mapping[str, object]) -> list[str]:
    assert isinstance(theirs.adapter, Notifies)
    return list(theirs.adapter.woken(*theirs.theirs.webhook("some.event", dict(found))))


def test_a_webhook_wakes_whom_its_object_names(theirs: StripePayments) -> None:
    made = paid(theirs)
    back = theirs.refunds().refund(refund(theirs, made))
    theirs.theirs.charge_back(made)
    [intent], [taken] = theirs.theirs.intents.values(), theirs.theirs.charges.values()
    assert _event(theirs, theirs.theirs.sessions[made]) == [made]
    assert _event(theirs, intent) == _event(theirs, taken) == [REF]
    assert _event(theirs, theirs.theirs.refunds[back.refund_id]) == [REF2]
    [dispute] = theirs.theirs.disputes.values()
    assert _event(theirs, dispute) == [intent["id"]]
    assert _event(theirs, dispute | {"payment_intent": "../x"}) == []
    for strange in ({}, {"metadata": {"reference": "../x"}}, {"object": "checkout.session", "id": "tr_1"}):
        assert _event(theirs, strange) == []


@pytest.mark.parametrize(
    ("late_s", "believed"), [(0, True), (TOLERANCE_S, True), (TOLERANCE_S + 1, False), (-TOLERANCE_S - 1, False)]
)
def test_a_webhook_is_believed_near_its_time_only(late_s: int, *, believed: bool) -> None:
    header = stripe.WebhookSignature.generate_signature_header("{}", WEBHOOK_SECRET, timestamp=1_795_000_000)
    assert signed(header, b"{}", WEBHOOK_SECRET, at_s=1_795_000_000 + late_s) is believed


@pytest.mark.parametrize(
    ("change", "believed"),
    [
        (lambda header: header, True),
        (lambda header: f"{header},v1={'0' * 64}", True),  # while a secret is being changed
        (lambda header: header.replace(",v1=", f",v1={'0' * 64},v1="), True),
        (lambda header: header.replace(",v1=", ", v1="), True),
        (lambda header: header.replace("v1=", "v0="), False),
        (lambda header: f"{header},t=1", False),
        (lambda header: header.upper(), False),
        (lambda header: header.replace("t=", "t=+"), False),
        (lambda _: "", False),
        (lambda _: "t=,v1=", False),
        (lambda _: "é" * 9, False),
        (lambda header: header + "," * 5000, False),
    ],
)
def test_a_signature_by_stripe_s_own_library_is_believed_and_no_other(change: object, *, believed: bool) -> None:
    assert callable(change)
    header = stripe.WebhookSignature.generate_signature_header('{"é":1}', WEBHOOK_SECRET, timestamp=1_795_000_000)
    body = '{"é":1}'.encode()
    assert signed(change(header), body, WEBHOOK_SECRET, at_s=1_795_000_000) is believed
    assert not signed(header, body, "whsec_" + "x" * 32, at_s=1_795_000_000)
    assert not signed(header, body, "", at_s=1_795_000_000)


def test_one_address_at_their_dashboard_wakes_every_way_of_paying_by_them(
    world: World, theirs: StripePayments, monkeypatch: pytest.MonkeyPatch
) -> None:
    bought = Buying(world, theirs, "stripe_card")
    shop = replace(world.shop, payment_methods=("stripe_alipay", "stripe_card"), sandbox=True)
    monkeypatch.setattr(wake, "current", lambda: shop)
    for name, value in theirs.config().items():
        monkeypatch.setenv(f"OPLA_PAYMENTS_STRIPE_{name.upper()}", value)
    theirs.other.now_ms = int(time.time() * 1000)  # whoever built the adapter goes by the machine's own clock
    [(id_,)] = select("SELECT provider_id FROM attempt WHERE kind = 'charge'")
    headers, body = theirs.webhook(str(id_))
    at = world.clock()
    assert wake.woken("stripe_bancontact", headers, body, at=at) == 0
    assert wake.woken("stripe", {}, body, at=at) == 0
    assert wake.woken("stripe", headers, body, at=at) == 1
    assert bought.state == "placed"


# ── keys ──


@pytest.mark.parametrize("key", ["", "sk_", "pk_live_" + "a" * 30, "live_" + "a" * 30, "sk_live_" + "a" * 30 + "\n"])
def test_what_is_no_key_of_theirs_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(ValueError, match="key: ") as refused:
        Config.from_mapping({"key": key})
    assert len(key) < 10 or key not in str(refused.value)


def test_secrets_do_not_show_themselves_and_need_tls() -> None:
    config = Config.from_mapping({"key": LIVE_KEY, "webhook_secret": WEBHOOK_SECRET})
    assert LIVE_KEY not in repr(config)
    assert WEBHOOK_SECRET not in repr(config)
    with pytest.raises(ValueError, match="webhook_secret: ") as refused:
        Config.from_mapping({"key": LIVE_KEY, "webhook_secret": LIVE_KEY})
    assert LIVE_KEY not in str(refused.value)
    with pytest.raises(ValueError, match="base_url"):
        Config.from_mapping({"key": LIVE_KEY, "base_url": "http://api.stripe.com"})


@pytest.mark.parametrize(("key", "moves"), [(KEY, False), (LIVE_KEY, True), ("sk_live_" + "a" * 30, True)])
def test_a_key_says_whether_it_moves_money(key: str, *, moves: bool) -> None:
    assert payments.live("stripe_alipay", {"key": key}) is moves


# ── a purchase ──


@pytest.fixture
def bought(world: World, theirs: StripePayments) -> Buying:
    return Buying(world, theirs, "stripe_card")


def only(theirs: StripePayments) -> str:
    [id_] = theirs.theirs.sessions
    return id_


def test_a_purchase_by_stripe_is_delivered_once_it_is_paid_and_the_fee_is_in_the_books(
    bought: Buying, theirs: StripePayments
) -> None:
    id_ = only(theirs)
    page = theirs.theirs.sessions[id_]["url"]
    assert select("SELECT redirect_url FROM attempt WHERE kind = 'charge'") == [(page,)]
    bought.told(id_)
    assert bought.state == "placed"
    theirs.pay(id_)
    bought.told(id_)
    assert bought.state == "delivered"
    assert bought.left_with_them_minor == 1500 - 47
    assert bought.world.balance("psp_fees:stripe_card:EUR") == 47


def test_everything_completes_without_webhooks(bought: Buying, theirs: StripePayments) -> None:
    theirs.pay(only(theirs))
    bought.later(5)
    assert bought.state == "delivered"


def test_what_nobody_delivers_goes_back(bought: Buying, theirs: StripePayments) -> None:
    bought.world.supplier.script = [bought.world.supplier.refuses]
    theirs.pay(only(theirs))
    bought.told(only(theirs))
    bought.later(60)
    assert bought.state == "refunded"
    assert bought.left_with_them_minor == -47
    assert theirs.theirs.taken[only(theirs)].kept_minor == 0


def test_a_payment_after_the_order_has_expired_goes_back(bought: Buying, theirs: StripePayments) -> None:
    bought.later(3 * 3600)
    assert bought.state == "cancelled"
    theirs.pay(only(theirs))
    bought.told(only(theirs))
    bought.later(60)
    assert bought.state in ("refunding", "refunded")
    assert theirs.theirs.taken[only(theirs)].kept_minor == 0


def test_a_charge_back_after_the_delivery_is_an_item_with_the_money_at_risk(
    bought: Buying, theirs: StripePayments
) -> None:
    theirs.pay(only(theirs))
    bought.told(only(theirs))
    theirs.theirs.charge_back(only(theirs))
    bought.told(only(theirs))
    assert bought.world.items() == ["outside_refund"]
    assert bought.left_with_them_minor == -47 - 2000


def test_a_dispute_after_months_is_found_by_the_only_name_it_has(bought: Buying, theirs: StripePayments) -> None:
    theirs.pay(only(theirs))
    bought.told(only(theirs))
    bought.later(100 * 24 * 3600)
    bought.later(1)
    assert select("SELECT due_at FROM attempt WHERE kind = 'charge'") == [(None,)]
    theirs.theirs.charge_back(only(theirs))
    [dispute] = theirs.theirs.disputes.values()
    names = _event(theirs, dispute)
    assert names[0].startswith("pi_")
    assert wake.wake_payment("stripe_alipay", names, at=bought.world.clock()) == 0
    assert wake.wake_payment("stripe_card", names, at=bought.world.clock()) == 1
    bought.work(2)
    assert bought.world.items() == ["outside_refund"]


def test_an_answer_that_never_came_is_asked_again_with_the_same_key_and_makes_one_page(
    world: World, theirs: StripePayments
) -> None:
    theirs.break_charge(Fault.DROP_AFTER)
    bought = Buying(world, theirs, "stripe_card")
    bought.later(5)
    assert theirs.created(next(iter(theirs.theirs.sessions.values()))["client_reference_id"]) == 1
    theirs.pay(only(theirs))
    bought.later(5)
    assert bought.state == "delivered"


def test_the_adapter_is_built_without_calling_anybody(theirs: StripePayments) -> None:
    assert isinstance(built(theirs, "stripe"), Charges)
    assert theirs.alone.calls == []
