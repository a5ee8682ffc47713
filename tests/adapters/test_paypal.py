"""PayPal's words, keys and two acts; and a purchase through it, from the price to the money back."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from adapters.buying import Buying
from adapters.paypal_world import _SPECS, CLIENT, SECRET, PayPalPayments, judge, money
from adapters.worlds import Counterparts, answering
from fakes import World
from opla import payments
from opla.commands.doctor import payment_methods
from opla.core.money import Money
from opla.core.ports import Answer, ChargeReport, ChargeRequest, RefundReport, RefundRequest
from opla.counterparts.endings import Fault
from opla.counterparts.web import Request, Response
from opla.db.queries.call import select
from opla.payments.paypal.config import Config
from opla.payments.paypal.provider import PayPal

REF, REF2 = "0a" * 16, "0b" * 16
EUR15 = Money(1500, "EUR")
FEE = 35 + 51


@pytest.fixture
def theirs(other: Counterparts) -> PayPalPayments:
    return PayPalPayments(other)


def charge(language: str = "nl", reference: str = REF) -> ChargeRequest:
    back = "https://shop.example.org/pay/return/x/"
    return ChargeRequest(
        reference, EUR15, "Opla R123", language, back, "https://shop.example.org/hooks/payments/paypal/"
    )


def made(theirs: PayPalPayments) -> str:
    return theirs.adapter.charge(charge()).provider_id


def look(theirs: PayPalPayments, id_: str) -> ChargeReport:
    found = theirs.adapter.fetch(REF, id_)
    assert found
    return found


def refund(theirs: PayPalPayments, id_: str, minor: int = 600) -> RefundReport:
    return theirs.adapter.refund(RefundRequest(REF2, id_, Money(minor, "EUR"), "Opla R123"))


def captures(theirs: PayPalPayments) -> list[str]:
    """The keys of all calls that were to take money."""
    return [
        request.headers["paypal-request-id"] for request, _ in theirs.alone.calls if request.path.endswith("/capture")
    ]


# ── two acts, once ──


def test_what_is_approved_is_captured_by_the_next_look_and_never_again(theirs: PayPalPayments) -> None:
    id_ = made(theirs)
    assert look(theirs, id_).answer is Answer.PENDING
    assert captures(theirs) == []
    theirs.theirs.pay(id_)
    reports = [look(theirs, id_) for _ in range(3)]
    assert [(one.answer, one.captured_minor, one.fee) for one in reports] == [
        (Answer.SUCCEEDED, 1500, Money(FEE, "EUR"))
    ] * 3
    assert captures(theirs) == [f"{REF}-capture"]


@pytest.mark.parametrize("fault", [Fault.SILENT_AFTER, Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.GARBAGE])
def test_a_capture_without_an_answer_is_unknown_and_the_next_look_finds_it_done(
    theirs: PayPalPayments, fault: Fault
) -> None:
    id_ = made(theirs)
    theirs.theirs.pay(id_)
    theirs.alone.order_fault("POST", f"/v2/checkout/orders/{id_}/capture", fault)
    first = look(theirs, id_)
    assert (first.answer, first.captured_minor) == (Answer.UNKNOWN, 0)
    assert (look(theirs, id_).answer, len(captures(theirs))) == (Answer.SUCCEEDED, 1)


def test_a_capture_that_got_lost_is_asked_for_again_with_the_same_key(theirs: PayPalPayments) -> None:
    id_ = made(theirs)
    theirs.theirs.pay(id_)
    theirs.alone.order_fault("POST", f"/v2/checkout/orders/{id_}/capture", Fault.DROP_BEFORE)
    assert look(theirs, id_).answer is Answer.UNKNOWN
    assert look(theirs, id_).answer is Answer.SUCCEEDED
    assert captures(theirs) == [f"{REF}-capture"] * 2
    assert theirs.theirs.taken[id_].captured_minor == 1500


def test_the_order_of_another_reference_is_never_captured(theirs: PayPalPayments) -> None:
    id_ = made(theirs)
    theirs.theirs.pay(id_)
    found = theirs.adapter.fetch(REF2, id_)
    assert found
    assert (found.answer, captures(theirs)) == (Answer.UNKNOWN, [])


def test_two_who_look_at_once_take_the_money_once(theirs: PayPalPayments) -> None:
    """The second one had read the order before the first one captured it."""
    id_ = made(theirs)
    theirs.theirs.pay(id_)
    before = json.loads(json.dumps(theirs.theirs.orders[id_]))
    look(theirs, id_)
    theirs.theirs._kept.clear()  # and the key is forgotten too
    theirs.theirs.orders[id_], done = before, theirs.theirs.orders[id_]
    theirs.alone.calls = _Deaf()
    handle: Callable[[Request], Response] = theirs.theirs.handle

    def then(request: Request) -> Response:
        if request.path.endswith("/capture"):
            theirs.theirs.orders[id_] = done
        return handle(request)

    theirs.theirs.handle = then  # type: ignore[method-assign] - between its two calls the other one was there
    late = look(theirs, id_)
    assert (late.answer, late.captured_minor) == (Answer.PENDING, 0)
    assert look(theirs, id_).captured_minor == 1500
    assert theirs.theirs.taken[id_].captured_minor == 1500


class _Deaf(list[tuple[Request, Response]]):
    def append(self, _: object) -> None:
        """Not judged."""


@pytest.mark.parametrize(
    ("issue", "answer", "why"),
    [
        ("INSTRUMENT_DECLINED", Answer.DECLINED, "refused"),
        ("PAYER_CANNOT_PAY", Answer.DECLINED, "refused"),
        ("TRANSACTION_REFUSED", Answer.DECLINED, "refused"),
        ("COMPLIANCE_VIOLATION", Answer.DECLINED, "refused"),
        ("ORDER_NOT_APPROVED", Answer.PENDING, ""),
        ("ORDER_ALREADY_CAPTURED", Answer.PENDING, ""),
        ("DUPLICATE_INVOICE_ID", Answer.UNKNOWN, "rejected"),
        ("SOMETHING_NEW", Answer.UNKNOWN, "rejected"),
        ("", Answer.UNKNOWN, "rejected"),
    ],
)
def test_why_they_did_not_capture_is_one_answer(
    theirs: PayPalPayments, issue: str, answer: Answer, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from opla.counterparts.standins import paypal

    def refuses(_: object) -> None:
        raise paypal._unprocessable(issue)

    id_ = made(theirs)
    theirs.theirs.pay(id_)
    monkeypatch.setattr(theirs.theirs, "_capture", refuses)
    theirs.alone.calls = _Deaf()
    found = look(theirs, id_)
    assert (found.answer, found.why, found.captured_minor) == (answer, why, 0)
    assert found.evidence.get("their_issue", "") == issue


@pytest.mark.parametrize(
    ("status", "answer", "why", "captured"),
    [
        ("COMPLETED", Answer.SUCCEEDED, "", 1500),
        ("PARTIALLY_REFUNDED", Answer.SUCCEEDED, "", 1500),
        ("REFUNDED", Answer.SUCCEEDED, "", 1500),
        ("PENDING", Answer.PENDING, "", 0),
        ("DECLINED", Answer.DECLINED, "refused", 0),
        ("FAILED", Answer.DECLINED, "refused", 0),
    ],
)
def test_each_status_of_a_capture_is_one_answer(
    theirs: PayPalPayments, status: str, answer: Answer, why: str, captured: int
) -> None:
    id_ = made(theirs)
    theirs.pay(id_)
    theirs.theirs.orders[id_]["purchase_units"][0]["payments"]["captures"][0]["status"] = status
    found = look(theirs, id_)
    assert (found.answer, found.why, found.captured_minor) == (answer, why, captured)


def test_an_order_they_have_dropped_took_nothing(theirs: PayPalPayments) -> None:
    id_ = made(theirs)
    theirs.other.pass_s(3 * 3600)
    found = look(theirs, id_)
    assert (found.answer, found.why) == (Answer.DECLINED, "expired")
    assert theirs.adapter.charge(charge(reference=REF2)).provider_id != id_  # nobody else is given its number


# ── what is asked ──


@pytest.mark.parametrize(("language", "locale"), [("zh-Hans", "zh-CN"), ("fr", "fr-FR"), ("xx", "en-US")])
def test_their_page_speaks_the_order_s_language_and_takes_no_slow_money(
    theirs: PayPalPayments, language: str, locale: str
) -> None:
    theirs.adapter.charge(charge(language))
    [asked] = [json.loads(request.body) for request, _ in theirs.alone.calls if request.path.endswith("/orders")]
    how = asked["payment_source"]["paypal"]["experience_context"]
    assert (how["locale"], how["payment_method_preference"]) == (locale, "IMMEDIATE_PAYMENT_REQUIRED")


def test_the_judge_of_what_we_send_can_say_no() -> None:
    if not _SPECS.exists():
        pytest.skip("PayPal's specifications are not here (OPLA_SPECS)")

    def wrong(**change: object) -> list[str]:
        body = {"intent": "CAPTURE", "purchase_units": [{"amount": money("15.00")}], **change}
        return judge(Request("POST", "/v2/checkout/orders", {}, {}, json.dumps(body).encode()), Response(201, b"{}"))

    assert wrong() == []
    assert wrong(intent="TAKE")
    assert wrong(purchase_units=[{"amount": {"currency_code": "EURO", "value": "1"}}])
    assert wrong(purchase_units=[{"amount": money("15.00"), "custom": "x"}])


def test_one_token_serves_until_it_is_old_or_taken_back(theirs: PayPalPayments) -> None:
    now = [0.0]
    theirs.adapter._client._clock = lambda: now[0]
    id_ = made(theirs)
    look(theirs, id_)
    assert theirs.theirs.tokens == 1
    now[0] += 32_400 - 60
    look(theirs, id_)
    assert theirs.theirs.tokens == 2
    theirs.theirs.valid.clear()
    assert look(theirs, id_).answer is Answer.NOT_SENT
    assert look(theirs, id_).answer is Answer.PENDING
    assert theirs.theirs.tokens == 3


@pytest.mark.parametrize(
    "raw",
    [b"", b"HTTP/1.1 500 No\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n{}", b'HTTP/1.1 200 OK\r\n\r\n{"access_token":"x"}',
     b'HTTP/1.1 200 OK\r\n\r\n{"access_token":"\\u00e9","expires_in":9}', b"HTTP/1.1 302 Go\r\nLocation: /\r\n\r\n"],
)  # fmt: skip
def test_without_a_token_the_call_itself_never_left(theirs: PayPalPayments, raw: bytes) -> None:
    with answering(raw) as url:
        adapter = PayPal(theirs.config(url))
        assert adapter.charge(charge()).answer is Answer.NOT_SENT
        assert adapter.refund(RefundRequest(REF2, "5O000000000000001", EUR15, "x")).answer is Answer.NOT_SENT


# ── what is told ──


@pytest.mark.parametrize(
    ("status", "name", "answer", "why", "looked"),
    [
        (400, "INVALID_REQUEST", Answer.DECLINED, "rejected", Answer.UNKNOWN),
        (401, "AUTHENTICATION_FAILURE", Answer.NOT_SENT, "key_wrong", Answer.NOT_SENT),
        (403, "NOT_AUTHORIZED", Answer.NOT_SENT, "not_allowed", Answer.NOT_SENT),
        (409, "RESOURCE_CONFLICT", Answer.UNKNOWN, "repeated", Answer.UNKNOWN),
        (422, "UNPROCESSABLE_ENTITY", Answer.DECLINED, "rejected", Answer.UNKNOWN),
        (422, "", Answer.UNKNOWN, "error_unknown", Answer.UNKNOWN),
        (429, "RATE_LIMIT_REACHED", Answer.NOT_SENT, "too_many", Answer.NOT_SENT),
    ],
)
def test_an_error_of_theirs_is_one_answer_and_a_refused_look_never_declines(
    theirs: PayPalPayments, status: int, name: str, answer: Answer, why: str, looked: Answer
) -> None:
    body = json.dumps({"name": name, "message": "Ann Smith's card", "details": [{"issue": "Ann Smith"}]}).encode()
    with answering(f"HTTP/1.1 {status} No\r\n\r\n".encode() + body) as url:
        report = theirs.at(url).charge(charge())
        assert (report.answer, report.why) == (answer, why)
        assert "Ann" not in str(dict(report.evidence))
        found = theirs.at(url).fetch(REF, "5O000000000000001")
        assert found
        assert found.answer is looked


def test_an_address_that_is_no_web_address_is_never_shown(theirs: PayPalPayments) -> None:
    links = [{"rel": "payer-action", "href": "javascript:alert(1)"}]
    body = theirs.told(REF, status="PAYER_ACTION_REQUIRED", links=links)
    with answering(b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps(body).encode()) as url:
        report = theirs.at(url).charge(charge())
    assert (report.answer, report.redirect_url) == (Answer.PENDING, "")


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        ("PENDING", Answer.PENDING),
        ("COMPLETED", Answer.SUCCEEDED),
        ("FAILED", Answer.DECLINED),
        ("CANCELLED", Answer.DECLINED),
    ],
)
def test_each_status_of_a_refund_is_one_answer_and_one_that_failed_is_not_counted(
    theirs: PayPalPayments, status: str, answer: Answer
) -> None:
    id_ = made(theirs)
    theirs.pay(id_)
    asked = refund(theirs, id_)
    theirs.theirs.refunds[asked.refund_id]["status"] = status
    found = theirs.adapter.fetch_refund(REF2, id_)
    assert found
    assert (found.answer, found.refund_id) == (answer, asked.refund_id)
    assert look(theirs, id_).refunded_minor == (0 if answer is Answer.DECLINED else 600)


def test_a_refund_made_at_the_dashboard_is_told_and_is_none_of_ours(theirs: PayPalPayments) -> None:
    id_ = made(theirs)
    theirs.pay(id_)
    theirs.theirs.refund_outside(id_)
    assert look(theirs, id_).refunded_minor == 1500
    assert theirs.adapter.fetch_refund(REF2, id_) is None


def test_a_dispute_takes_money_when_it_ends_for_the_customer_and_not_before(theirs: PayPalPayments) -> None:
    id_ = made(theirs)
    theirs.pay(id_)
    theirs.theirs.charge_back(id_)
    [dispute] = theirs.theirs.disputes.values()
    assert look(theirs, id_).charged_back_minor == 1500
    dispute["status"] = "UNDER_REVIEW"
    assert look(theirs, id_).charged_back_minor == 0
    dispute |= {"status": "RESOLVED", "dispute_outcome": {"outcome_code": "RESOLVED_SELLER_FAVOUR"}}
    assert look(theirs, id_).charged_back_minor == 0
    dispute["dispute_outcome"] = {"outcome_code": "RESOLVED_BUYER_FAVOUR", "amount_refunded": money("15.00", "USD")}
    assert (look(theirs, id_).answer, look(theirs, id_).why) == (Answer.UNKNOWN, "disputes_unread")


@pytest.mark.parametrize(("fault", "answer"), [(Fault.ERROR_BEFORE, Answer.UNKNOWN), (None, Answer.SUCCEEDED)])
def test_disputes_nobody_could_read_make_all_unknown_and_those_the_app_may_not_read_nothing(
    theirs: PayPalPayments, fault: Fault | None, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from opla.counterparts.standins import paypal

    def refuses(_: object) -> None:
        raise paypal._No(403, "NOT_AUTHORIZED", message="no")

    id_ = made(theirs)
    theirs.pay(id_)
    if fault:
        theirs.alone.order_fault("GET", "/v1/customer/disputes", fault)
    else:
        monkeypatch.setattr(theirs.theirs, "_disputed", refuses)
    assert look(theirs, id_).answer is answer


# ── webhooks ──


def _event(theirs: PayPalPayments, kind: str, resource: dict[str, Any]) -> list[str]:
    return list(theirs.adapter.woken({}, theirs.theirs.webhook("SOME.EVENT", kind, resource)))


def test_a_webhook_wakes_whom_its_resource_names(theirs: PayPalPayments) -> None:
    id_ = made(theirs)
    theirs.pay(id_)
    back = refund(theirs, id_)
    theirs.theirs.charge_back(id_)
    order = theirs.theirs.orders[id_]
    [dispute] = theirs.theirs.disputes.values()
    assert _event(theirs, "checkout-order", order) == [id_]
    assert _event(theirs, "capture", order["purchase_units"][0]["payments"]["captures"][0]) == [REF]
    assert _event(theirs, "refund", theirs.theirs.refunds[back.refund_id]) == [REF2]
    assert _event(theirs, "dispute", dispute) == [REF]


# ── keys ──


@pytest.mark.parametrize(
    ("change", "field"),
    [({"client": ""}, "client"), ({"secret": "x y"}, "secret"), ({"mode": ""}, "mode"), ({"mode": "test"}, "mode"),
     ({"base_url": "http://api-m.paypal.com"}, "base_url")],
)  # fmt: skip
def test_settings_that_are_not_enough_are_named_and_no_secret_shown(change: dict[str, str], field: str) -> None:
    given = {"client": CLIENT, "secret": SECRET, "mode": "live"} | change
    with pytest.raises(ValueError, match=f"^{field}: ") as refused:
        Config.from_mapping(given)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("mode", "moves", "url"),
    [("live", True, "https://api-m.paypal.com"), ("sandbox", False, "https://api-m.sandbox.paypal.com")],
)
def test_the_mode_says_whether_money_moves_and_where(mode: str, *, moves: bool, url: str) -> None:
    given = {"client": CLIENT, "secret": SECRET, "mode": mode}
    assert payments.live("paypal", given) is moves
    assert Config.from_mapping(given).base_url == url
    assert SECRET not in repr(Config.from_mapping(given))
    with pytest.raises(LookupError, match="paypal_card"):
        payments.build("paypal_card", given)


@pytest.mark.parametrize(
    ("mode", "sandbox", "said"),
    [
        ("live", "0", ["ok stripe_card: real money, in a real shop", "ok paypal: real money, in a real shop"]),
        ("live", "1", ["no stripe_card: real money, in a sandbox", "no paypal: real money, in a sandbox"]),
        ("sandbox", "1", ["no stripe_card: real money", "ok paypal: a key for trying, in a sandbox shop"]),
        ("", "0", ["ok stripe_card", "no paypal: mode: live, or sandbox"]),
    ],
)
def test_doctor_names_these_ways_of_paying_too(
    monkeypatch: pytest.MonkeyPatch, mode: str, sandbox: str, said: list[str]
) -> None:
    monkeypatch.setenv("OPLA_SANDBOX", sandbox)
    monkeypatch.setenv("OPLA_PAYMENT_METHODS", "stripe_card paypal")
    monkeypatch.setenv("OPLA_PAYMENTS_STRIPE_KEY", "rk_live_" + "a1B2" * 8)
    for name, value in {"CLIENT": CLIENT, "SECRET": SECRET, "MODE": mode}.items():
        monkeypatch.setenv(f"OPLA_PAYMENTS_PAYPAL_{name}", value)
    found = [f"{'ok' if fine else 'no'} {sentence}" for fine, sentence in payment_methods()]
    assert [sentence[: len(want)] for sentence, want in zip(found, said, strict=True)] == said


# ── a purchase ──


@pytest.fixture
def bought(world: World, theirs: PayPalPayments) -> Buying:
    return Buying(world, theirs, "paypal")


def only(theirs: PayPalPayments) -> str:
    [id_] = theirs.theirs.taken
    return id_


def test_a_purchase_by_paypal_is_delivered_once_its_customer_approved(bought: Buying, theirs: PayPalPayments) -> None:
    id_ = only(theirs)
    page = f"https://www.sandbox.paypal.com/checkoutnow?token={id_}"
    assert select("SELECT redirect_url FROM attempt WHERE kind = 'charge'") == [(page,)]
    bought.told(id_)
    assert bought.state == "placed"
    theirs.theirs.pay(id_)
    bought.told(id_)
    assert bought.state == "delivered"
    assert bought.left_with_them_minor == 1500 - FEE
    assert len(captures(theirs)) == 1


def test_everything_completes_without_webhooks(bought: Buying, theirs: PayPalPayments) -> None:
    theirs.theirs.pay(only(theirs))
    bought.later(5)
    assert bought.state == "delivered"


def test_what_nobody_delivers_goes_back(bought: Buying, theirs: PayPalPayments) -> None:
    bought.world.supplier.script = [bought.world.supplier.refuses]
    theirs.theirs.pay(only(theirs))
    bought.told(only(theirs))
    assert bought.state == "refunding"
    theirs.settle_refunds()
    bought.later(60)
    assert bought.state == "refunded"
    assert theirs.theirs.taken[only(theirs)].kept_minor == 0


def test_an_order_nobody_approves_is_off_and_nothing_is_asked_for_ever(bought: Buying, theirs: PayPalPayments) -> None:
    bought.later(3 * 3600)
    bought.later(3600)
    assert bought.state == "cancelled"
    assert select("SELECT state, why FROM attempt WHERE kind = 'charge'") == [("declined", "expired")]


def test_an_approval_after_the_order_has_expired_is_taken_and_goes_back(bought: Buying, theirs: PayPalPayments) -> None:
    bought.later(2.5 * 3600)
    assert bought.state == "cancelled"
    theirs.theirs.pay(only(theirs))
    bought.told(only(theirs))
    theirs.settle_refunds()
    bought.later(60)
    assert bought.state in ("refunding", "refunded")
    assert theirs.theirs.taken[only(theirs)].kept_minor == 0


def test_a_dispute_lost_after_the_delivery_is_an_item_with_the_money_at_risk(
    bought: Buying, theirs: PayPalPayments
) -> None:
    theirs.theirs.pay(only(theirs))
    bought.told(only(theirs))
    theirs.theirs.charge_back(only(theirs))
    bought.told(only(theirs))
    assert bought.world.items() == ["outside_refund"]
