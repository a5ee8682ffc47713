"""Mollie's words, keys and addresses; and a purchase through it, from the price to the money back."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from adapters.mollie_world import KEY, MolliePayments
from adapters.worlds import Counterparts, answering
from fakes import CUSTOMER, DEVICE, World, compose, pushing
from opla import payments
from opla.commands import Stop, up
from opla.commands.doctor import payment_methods
from opla.core.money import Money
from opla.core.ports import Answer, ChargeRequest, Promises, RefundRequest
from opla.counterparts.standins import cents, inner
from opla.db.queries.call import select
from opla.operations import shop
from opla.operations.outside import Adapters, SandboxBesideLive
from opla.operations.place_orders import Placed, Placement, place_orders
from opla.operations.wake import wake_payment
from opla.operations.work import work_once
from opla.payments.mollie import webhook
from opla.payments.mollie.config import Config

REF, REF2 = "0a" * 16, "0b" * 16
EUR15 = Money(1500, "EUR")
LIVE_KEY = "live_" + "a1B2" * 8


@pytest.fixture
def mollie(other: Counterparts) -> MolliePayments:
    return MolliePayments(other)


def charge(language: str = "nl", webhook: str = "https://shop.example.org/hooks/payments/mollie/") -> ChargeRequest:
    return ChargeRequest(REF, EUR15, "Opla R123", language, "https://shop.example.org/pay/return/x/", webhook)


# ── what is asked ──


def test_a_way_of_paying_asks_for_its_method_and_the_page_of_the_profile_for_none(mollie: MolliePayments) -> None:
    config = {"base_url": mollie.alone.url, "key": KEY}
    for name, method in (("mollie_bancontact", "bancontact"), ("mollie_card", "creditcard"), ("mollie", None)):
        payments.build(name, config).charge(replace(charge(), reference=f"{len(mollie.asked()):032x}"))
        assert mollie.asked()[-1].get("method") == method
    with pytest.raises(LookupError, match="mollie_cheque"):
        payments.build("mollie_cheque", config)


def test_the_key_of_a_repeat_is_a_uuid_of_version_4_and_the_same_each_time(mollie: MolliePayments) -> None:
    for _ in range(2):
        mollie.adapter.charge(charge())
    first, second = (UUID(request.headers["idempotency-key"]) for request, _ in mollie.alone.calls)
    assert first == second
    assert first.version == 4


@pytest.mark.parametrize(
    ("language", "locale"), [("zh-Hans", "en_US"), ("fr", "fr_BE"), ("nl", "nl_BE"), ("de", "de_DE"), ("xx", "en_US")]
)
def test_their_page_speaks_the_order_s_language_where_they_have_it(
    mollie: MolliePayments, language: str, locale: str
) -> None:
    mollie.adapter.charge(charge(language))
    assert mollie.asked()[0]["locale"] == locale


@pytest.mark.parametrize(
    "webhook", ["http://127.0.0.1:8000/hooks/", "https://localhost/hooks/", "http://shop.example/h/"]
)
def test_no_webhook_is_asked_for_where_they_cannot_reach_one(mollie: MolliePayments, webhook: str) -> None:
    mollie.adapter.charge(charge(webhook=webhook))
    assert "webhookUrl" not in mollie.asked()[0]


def test_a_payment_behind_hundreds_of_newer_ones_is_found_by_our_reference_page_by_page(mollie: MolliePayments) -> None:
    made = mollie.adapter.charge(charge())
    others = range(1, 600)
    for n in others:
        mollie.adapter.charge(replace(charge(), reference=f"{n:032x}"))
    found = mollie.adapter.fetch(REF, "")
    assert found
    assert found.provider_id == made.provider_id
    assert mollie.adapter.fetch(REF2, "") is None


def test_a_reference_that_they_have_forgotten_would_be_a_second_payment_so_it_is_not_repeated_by_then(
    mollie: MolliePayments,
) -> None:
    first = mollie.adapter.charge(charge())
    mollie.now += timedelta(seconds=mollie.adapter.promises.repeat_within_s)
    assert mollie.adapter.charge(charge()).provider_id == first.provider_id
    mollie.now += timedelta(hours=1)
    assert mollie.adapter.charge(charge()).provider_id != first.provider_id


# ── what is told ──


@pytest.mark.parametrize(
    ("status", "reason", "answer", "why", "captured"),
    [
        ("open", "", Answer.PENDING, "", 0),
        ("pending", "", Answer.PENDING, "", 0),
        ("paid", "", Answer.SUCCEEDED, "", 1500),
        ("canceled", "", Answer.DECLINED, "abandoned", 0),
        ("expired", "", Answer.DECLINED, "expired", 0),
        ("failed", "", Answer.DECLINED, "refused", 0),
        ("failed", "insufficient_funds", Answer.DECLINED, "no_funds", 0),
        ("failed", "authentication_failed", Answer.DECLINED, "not_confirmed", 0),
        ("failed", "possible_fraud", Answer.DECLINED, "refused", 0),
        ("authorized", "", Answer.UNKNOWN, "status_unknown", 0),
    ],
)
def test_each_status_of_theirs_is_one_answer(
    mollie: MolliePayments, status: str, reason: str, answer: Answer, why: str, captured: int
) -> None:
    made = mollie.adapter.charge(charge())
    theirs = {"status": status, **({"details": {"failureReason": reason}} if reason else {})}
    mollie.theirs.payments[made.provider_id] |= theirs
    found = mollie.adapter.fetch(REF, made.provider_id)
    assert found
    assert (found.answer, found.why, found.captured_minor) == (answer, why, captured)


def test_a_charge_back_is_told_beside_what_was_captured(mollie: MolliePayments) -> None:
    made = mollie.adapter.charge(charge())
    mollie.pay(made.provider_id)
    mollie.theirs.charge_back(made.provider_id)
    found = mollie.adapter.fetch(REF, "")
    assert found
    assert (found.answer, found.captured_minor, found.charged_back_minor) == (Answer.SUCCEEDED, 1500, 1500)


@pytest.mark.parametrize(
    ("status", "answer"),
    [
        ("queued", Answer.PENDING),
        ("processing", Answer.PENDING),
        ("refunded", Answer.SUCCEEDED),
        ("failed", Answer.DECLINED),
        ("canceled", Answer.DECLINED),
    ],
)
def test_a_refund_is_done_when_their_bank_has_it_and_not_before(
    mollie: MolliePayments, status: str, answer: Answer
) -> None:
    made = mollie.adapter.charge(charge())
    mollie.pay(made.provider_id)
    asked = mollie.refunds().refund(RefundRequest(REF2, made.provider_id, Money(600, "EUR"), "Opla R123"))
    assert asked.answer is Answer.PENDING
    mollie.theirs.refunds[made.provider_id][0]["status"] = status
    found = mollie.refunds().fetch_refund(REF2, made.provider_id)
    assert found
    assert (found.answer, found.refund_id) == (answer, asked.refund_id)


def test_an_equal_refund_that_they_call_a_duplicate_is_unknown_and_then_asked_about(mollie: MolliePayments) -> None:
    body = b'{"status":409,"title":"Conflict","detail":"A duplicate refund has been detected"}'
    with answering(b"HTTP/1.1 409 Conflict\r\n\r\n" + body) as url:
        adapter = mollie.at(url)
        report = adapter.refund(RefundRequest(REF, "tr_1234567", EUR15, "x"))  # type: ignore[attr-defined]
    assert (report.answer, report.why) == (Answer.UNKNOWN, "repeated")


# ── signed webhooks ──

SECRET = "whsec_theirs"
EVENT = b'{"resource":"event","type":"payment.paid","entityId":"tr_1234567"}'
REFUNDED = b'{"type":"refund.refunded","entityId":"re_1","_embedded":{"entity":{"paymentId":"tr_1234567"}}}'


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"X-Mollie-Signature": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


@pytest.mark.parametrize(
    ("headers", "body", "names"),
    [
        (signed(EVENT), EVENT, ["tr_1234567"]),
        (signed(REFUNDED), REFUNDED, ["tr_1234567"]),
        (signed(EVENT), REFUNDED, []),
        (signed(EVENT, "another"), EVENT, []),
        ({"x-mollie-signature": ""}, EVENT, []),
        ({"X-Mollie-Signature": "sha256="}, EVENT, []),
        ({"X-Mollie-Signature": "\u2603"}, EVENT, []),
        (signed(b"[]"), b"[]", []),
        (signed(b"[" * 60_000), b"[" * 60_000, []),
        (signed(b'{"entityId":"pl_1234567"}'), b'{"entityId":"pl_1234567"}', []),
        (signed(b'{"entityId":{"a":1}}'), b'{"entityId":{"a":1}}', []),
        (signed(b" " * 70_000 + EVENT), b" " * 70_000 + EVENT, []),
        ({}, b"id=tr_1234567", ["tr_1234567"]),
    ],
)
def test_a_signed_webhook_names_its_payment_and_one_signed_by_nobody_we_know_names_none(
    headers: dict[str, str], body: bytes, names: list[str]
) -> None:
    assert webhook.named(headers, body, SECRET) == names
    if headers:
        assert webhook.named(headers, body, "") == []  # nobody set a secret, so nothing that is signed can be checked


# ── keys ──


@pytest.mark.parametrize("key", ["", "live_", "sk_live_" + "a" * 30, "live_" + "a" * 29, "live_" + "a" * 30 + "\n"])
def test_what_is_no_key_of_theirs_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(ValueError, match="key: ") as refused:
        Config.from_mapping({"key": key})
    assert len(key) < 10 or key not in str(refused.value)
    assert LIVE_KEY not in repr(Config.from_mapping({"key": LIVE_KEY}))


def test_an_address_without_tls_never_gets_the_key() -> None:
    with pytest.raises(ValueError, match="base_url"):
        Config.from_mapping({"key": LIVE_KEY, "base_url": "http://api.mollie.com"})


def test_a_payment_of_a_test_key_says_nothing_in_a_real_shop(mollie: MolliePayments) -> None:
    made = mollie.adapter.charge(charge())
    mollie.pay(made.provider_id)
    mollie.theirs.payments[made.provider_id]["mode"] = "live"
    found = mollie.adapter.fetch(REF, made.provider_id)
    assert found
    assert (found.answer, found.captured_minor) == (Answer.UNKNOWN, 0)


@pytest.mark.parametrize(
    ("key", "sandbox", "runs"),
    [(KEY, True, True), (KEY, False, False), (LIVE_KEY, True, False), (LIVE_KEY, False, True)],
)
def test_a_test_key_runs_beside_the_sandbox_alone_and_a_live_one_never(
    world: World, monkeypatch: pytest.MonkeyPatch, key: str, *, sandbox: bool, runs: bool
) -> None:
    monkeypatch.setenv("OPLA_PAYMENTS_MOLLIE_KEY", key)
    outside = Adapters(replace(world.shop, sandbox=sandbox), None)  # type: ignore[arg-type] - no stock is asked
    if runs:
        assert isinstance(outside.payment("mollie_card").promises, Promises)
    else:
        with pytest.raises(SandboxBesideLive):
            outside.payment("mollie_card")


# ── a purchase ──


class Outside:
    """The world's own outside, with Mollie as whom people pay at."""

    def __init__(self, world: World, mollie: MolliePayments) -> None:
        self._world, self._adapter = world, mollie.adapter

    def payment(self, _name: str) -> object:
        return self._adapter

    refunds = payment

    def supplier(self, _name: str) -> object:
        return self._world.supplier

    def tells(self) -> object:
        return self._world.mailbox

    def pushes(self) -> object:
        return self._world.push_service

    def webhooks(self) -> object:
        return self._world.push_service


@pytest.fixture
def bought(world: World, mollie: MolliePayments) -> tuple[World, MolliePayments, UUID]:
    """An order whose customer stands at Mollie's page."""
    world.shop = replace(world.shop, payment_methods=("mollie_bancontact",))
    quote = world.quote()
    asked = [Placement(quote.id, quote.price.total.amount_minor, "mollie_bancontact")]
    [placed] = place_orders(CUSTOMER, asked, device=DEVICE, shop=world.shop, at=world.clock())
    assert isinstance(placed, Placed)
    work(world, mollie)
    return world, mollie, placed.order_id


def work(world: World, mollie: MolliePayments, rounds: int = 1) -> None:
    for _ in range(rounds):
        work_once(
            worker=UUID(int=1), shop=world.shop, outside=Outside(world, mollie), compose=compose,  # type: ignore[arg-type]
            clock=world.clock, width=50, words=pushing,
        )  # fmt: skip


def told(world: World, mollie: MolliePayments) -> None:
    """Their webhook arrives."""
    [payment] = mollie.theirs.payments.values()
    wake_payment("mollie_bancontact", mollie.adapter.woken({}, f"id={payment['id']}".encode()), at=world.clock())  # type: ignore[attr-defined]
    work(world, mollie, 3)


def test_a_purchase_by_mollie_is_delivered_once_it_is_paid_and_not_when_the_customer_returns(
    bought: tuple[World, MolliePayments, UUID],
) -> None:
    world, mollie, order_id = bought
    [payment] = mollie.theirs.payments.values()
    assert select("SELECT redirect_url FROM attempt WHERE kind = 'charge'") == [
        (inner(inner(payment, "_links"), "checkout")["href"],)
    ]
    told(world, mollie)
    assert world.state(order_id) == "placed"
    mollie.pay(str(payment["id"]))
    told(world, mollie)
    assert world.state(order_id) == "delivered"
    assert world.balance("psp_clearing:mollie_bancontact:EUR") == 1500


def test_what_nobody_delivers_goes_back_by_mollie_and_is_refunded_when_their_bank_says_so(
    bought: tuple[World, MolliePayments, UUID],
) -> None:
    world, mollie, order_id = bought
    world.supplier.script = [world.supplier.refuses]
    [payment] = mollie.theirs.payments.values()
    mollie.pay(str(payment["id"]))
    told(world, mollie)
    assert world.state(order_id) == "refunding"
    assert cents(payment["amountRefunded"]) == 1500
    mollie.settle_refunds()
    world.clock.tick(60)
    work(world, mollie, 2)
    assert world.state(order_id) == "refunded"
    assert world.balance("psp_clearing:mollie_bancontact:EUR") == 0


def test_a_charge_back_after_the_delivery_is_an_item_with_the_money_at_risk(
    bought: tuple[World, MolliePayments, UUID],
) -> None:
    world, mollie, _ = bought
    [payment] = mollie.theirs.payments.values()
    mollie.pay(str(payment["id"]))
    told(world, mollie)
    mollie.theirs.charge_back(str(payment["id"]))
    told(world, mollie)
    assert world.items() == ["outside_refund"]
    assert world.balance("psp_clearing:mollie_bancontact:EUR") == 0


def test_a_payment_after_the_order_has_expired_goes_back(bought: tuple[World, MolliePayments, UUID]) -> None:
    world, mollie, order_id = bought
    world.clock.tick(3 * 3600)
    work(world, mollie, 2)
    [payment] = mollie.theirs.payments.values()
    payment["status"] = "expired"
    told(world, mollie)
    mollie.pay(str(payment["id"]))
    told(world, mollie)
    assert world.state(order_id) in ("refunding", "refunded")
    assert cents(payment["amountRefunded"]) == 1500


@pytest.mark.parametrize(
    ("sandbox", "methods", "key", "said"),
    [
        ("1", "mollie_card", KEY, (True, "mollie_card: a key for trying, in a sandbox shop")),
        ("0", "mollie_card", KEY, (False, "mollie_card: a key for trying, in a real shop")),
        ("0", "mollie_card", LIVE_KEY, (True, "mollie_card: real money, in a real shop")),
        ("0", "mollie_card", "", (False, "mollie_card: key: the API key")),
        ("0", "mollie_cheque", LIVE_KEY, (False, "mollie_cheque: no payment adapter")),
        ("0", "", "", (False, "OPLA_PAYMENT_METHODS is empty")),
    ],
)
def test_doctor_says_of_each_way_of_paying_whether_it_is_set_up(
    monkeypatch: pytest.MonkeyPatch, sandbox: str, methods: str, key: str, said: tuple[bool, str]
) -> None:
    monkeypatch.setenv("OPLA_SANDBOX", sandbox)
    monkeypatch.setenv("OPLA_PAYMENT_METHODS", methods)
    monkeypatch.setenv("OPLA_PAYMENTS_MOLLIE_KEY", key)
    [(fine, sentence)] = payment_methods()
    assert (fine, sentence[: len(said[1])]) == said


def test_a_shop_whose_way_of_being_paid_has_no_key_does_not_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPLA_SANDBOX", "0")
    monkeypatch.setenv("OPLA_PAYMENT_METHODS", "mollie_card")
    with pytest.raises(Stop, match="OPLA_PAYMENT_METHODS: mollie_card: key: ") as refused:
        up._payable()
    assert refused.value.code == "payment_method_wrong"
    monkeypatch.setenv("OPLA_PAYMENTS_MOLLIE_KEY", LIVE_KEY)
    up._payable()


# ── a card machine on the counter ──


def test_nobody_on_the_web_rings_the_machine_on_the_counter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.conf.settings.PAYMENT_METHODS", ["mollie_card", "mollie_terminal"], raising=False)
    shop.current.cache_clear()
    try:
        assert "mollie_card" in shop.current().payment_methods
        assert "mollie_terminal" not in shop.current().payment_methods
    finally:
        shop.current.cache_clear()


# ── a transfer to an account of theirs ──


def test_a_transfer_says_where_to_and_waits(mollie: MolliePayments) -> None:
    transfers = payments.build("mollie_bank_transfer", {"base_url": mollie.alone.url, "key": KEY})
    made = transfers.charge(charge())
    assert made.answer is Answer.PENDING
    told = {name: word for name, word in made.evidence.items() if name.startswith("to_")}
    assert told == {
        "to_iban": "NL91ABNA0417164300",
        "to_holder": "Stichting Mollie Payments",
        "to_bic": "ABNANL2A",
        "to_reference": "RF12-0001-5678-9012",
    }
    mollie.pay(made.provider_id)
    paid = transfers.fetch(REF, made.provider_id)
    assert paid
    assert (paid.captured_minor, "to_iban" in paid.evidence) == (1500, False)


@pytest.mark.parametrize(
    "details",
    [
        {"bankAccount": "NL91ABNA0417164301", "transferReference": "RF12-3456"},
        {"bankAccount": "NL91ABNA0417164300", "transferReference": "<b>RF12</b>"},
        {"bankAccount": "NL91ABNA0417164300", "transferReference": None},
        {"transferReference": "RF12-3456"},
        "NL91ABNA0417164300",
        None,
    ],
)
def test_an_account_that_does_not_check_is_never_shown(mollie: MolliePayments, details: object) -> None:
    made = mollie.adapter.charge(charge())
    mollie.theirs.payments[made.provider_id]["details"] = details
    found = mollie.adapter.fetch(REF, made.provider_id)
    assert found
    assert found.answer is Answer.PENDING
    assert not [name for name in found.evidence if name.startswith("to_")]
    mollie.alone.calls.clear()  # some of these are none of theirs, as their document would say
