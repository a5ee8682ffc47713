"""One suite over every registered adapter: what an operation may rely on, whoever is on the other side."""

from __future__ import annotations

import importlib
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.ding_world import DingSupplier
from adapters.dtone_world import DTOneSupplier
from adapters.mollie_world import MolliePayments
from adapters.paypal_world import PayPalPayments
from adapters.reloadly_world import ReloadlySupplier
from adapters.stripe_world import StripePayments
from adapters.worlds import (
    BY_HAND,
    EUR15,
    NUMBER,
    OWN_BOOK,
    T0_MS,
    Counterparts,
    OwnStock,
    PaymentWorld,
    RemoteSupplier,
    SandboxPayments,
    SandboxSupplier,
    SupplierWorld,
    answering,
    nobody,
)
from opla import notices, payments, suppliers
from opla.core import attempt
from opla.core.money import Money
from opla.core.ports import (
    Answer,
    ChargeRequest,
    Charges,
    Finds,
    Floats,
    Kind,
    ListedCharge,
    ListedSend,
    Lists,
    ListsCharges,
    ListsSends,
    LooksUp,
    Notifies,
    RefundRequest,
    Refunds,
    SendReport,
    SendRequest,
    Sends,
    Unlisted,
)
from opla.counterparts.endings import Fault
from opla.payments.sandbox.config import Config

#: A new adapter adds its line here, or the suite says so by name.
REMOTE: Mapping[str, Callable[[Counterparts], RemoteSupplier]] = {
    "ding": DingSupplier,
    "dtone": DTOneSupplier,
    "reloadly": ReloadlySupplier,
    "sandbox": SandboxSupplier,
}
SUPPLIERS: Mapping[str, Callable[[Counterparts], SupplierWorld]] = {"code_stock": OwnStock, **REMOTE}
PAYMENTS: Mapping[str, Callable[[Counterparts], PaymentWorld]] = {
    "mollie": MolliePayments,
    "paypal": PayPalPayments,
    "sandbox": SandboxPayments,
    "stripe": StripePayments,
}
REF, REF2 = "0a" * 16, "0b" * 16
#: What a refund, or a send, that was taken up is answered with.
GIVEN = {Answer.SUCCEEDED, Answer.PENDING}

#: Replies nobody may trip over. `{ref}` is the reference asked about.
HOSTILE = {
    "nothing at all": b"",
    "not HTTP": b"\x00\xff\xfe garbage\r\n\r\n",
    "garbage body": b"HTTP/1.1 200 OK\r\n\r\n\xff\xfe{[",
    "an error page": b"HTTP/1.1 500 No\r\n\r\n<h1>no</h1>",
    "a gateway's page": b"HTTP/1.1 502 No\r\nContent-Type: text/html\r\n\r\n<h1>no</h1>",
    "a JSON error page": b'HTTP/1.1 503 No\r\n\r\n{"error":"amount_invalid"}',
    "a JSON error page of 500": b'HTTP/1.1 500 No\r\n\r\n{"error":"amount_invalid"}',
    "a strange error": b'HTTP/1.1 418 No\r\n\r\n{"error":"teapot"}',
    "an error of a wrong type": b'HTTP/1.1 422 No\r\n\r\n{"error":["amount_invalid"]}',
    "not found, by somebody else": b"HTTP/1.1 404 No\r\n\r\n<h1>nginx</h1>",
    "a redirect": b"HTTP/1.1 302 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
    "empty": b"HTTP/1.1 204 OK\r\n\r\n",
    "cut short": b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"id":',
    "null": b"HTTP/1.1 200 OK\r\n\r\nnull",
    "a list": b"HTTP/1.1 200 OK\r\n\r\n[]",
    "an empty object": b"HTTP/1.1 200 OK\r\n\r\n{}",
    "deep": b"HTTP/1.1 200 OK\r\n\r\n" + b"[" * 200_000,
    "a huge number": b'HTTP/1.1 200 OK\r\n\r\n{"id":' + b"9" * 10_000 + b"}",
    "huge": b'HTTP/1.1 200 OK\r\n\r\n"' + b"9" * 3_000_000,
    "squeezed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n\x1f\x8b\x00",
    "huge headers": b"HTTP/1.1 200 OK\r\nX: " + b"9" * 300_000 + b"\r\n\r\n{}",
}


Listing = TypeVar("Listing", ListedCharge, ListedSend)
#: Between these, by the clock of each world, whatever is listed was made.
LONG_AGO = datetime(2026, 10, 10, tzinfo=UTC)
T0, T0_LATER = datetime.fromtimestamp(T0_MS / 1000, UTC), datetime(2026, 11, 25, tzinfo=UTC)


def listed(found: Sequence[Listing] | Unlisted) -> Sequence[Listing]:
    assert not isinstance(found, Unlisted), found
    return found


def ok(**fields: object) -> bytes:
    return b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps(fields).encode()


def charge(reference: str = REF, amount: Money = EUR15) -> ChargeRequest:
    shop = "http://127.0.0.1:9/order"
    return ChargeRequest(reference, amount, "Proximus €15", "zh-Hans", shop, "http://127.0.0.1:9/hook")


# ── every adapter ──


@pytest.mark.parametrize("kind", ["payments", "suppliers", "notices"])
def test_every_adapter_has_its_files_and_its_manual_lists_exactly_the_words_of_its_tables(kind: str) -> None:
    registry = {"payments": payments, "suppliers": suppliers, "notices": notices}[kind]
    for name in registry.names():
        folder = registry.folder(name)
        assert name == folder.NAME
        assert isinstance(folder.LIVE, bool)
        path = Path(str(registry.__file__)).parent / name
        assert {"provider.py", "client.py", "mapping.py", "config.py", "MAPPING.md"} <= {f.name for f in path.iterdir()}
        tables = vars(importlib.import_module(f"opla.{kind}.{name}.mapping"))
        assert as_listed(path / "MAPPING.md") == {
            table: {str(theirs): as_written(ours) for theirs, ours in words.items()}
            for table, words in tables.items()
            if table.isupper() and isinstance(words, dict)
        }


def as_listed(manual: Path) -> dict[str, dict[str, str]]:
    """Each table of a manual: its name in the heading's brackets, its rows of theirs and ours."""
    sections = re.split(r"^## ", manual.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    row = re.compile(r"^\| `([\w-]+)` \| (.+) \|$", re.MULTILINE)
    return {section.partition("(`")[2].partition("`)")[0]: dict(row.findall(section)) for section in sections}


def as_written(ours: object) -> str:
    return " · ".join(str(word) or "–" for word in ours) if isinstance(ours, tuple) else str(ours)


def test_every_registered_adapter_brings_its_world() -> None:
    assert set(PAYMENTS) | OWN_BOOK == set(payments.names())
    assert set(SUPPLIERS) | BY_HAND == set(suppliers.names())


@pytest.mark.parametrize("registry", [payments, notices])
def test_an_unknown_adapter_and_missing_settings_are_named(registry: object) -> None:
    assert registry in (payments, notices)
    build = payments.build if registry is payments else notices.build
    with pytest.raises(LookupError, match="nobody"):
        build("nobody", {})
    with pytest.raises(ValueError, match="base_url"):
        build("sandbox", {"secret": "x"})
    with pytest.raises(ValueError, match="secret"):
        build("sandbox", {"base_url": "http://127.0.0.1:1"})


def test_a_secret_does_not_show_itself() -> None:
    config = Config.from_mapping({"base_url": "http://127.0.0.1:1/", "secret": "s3cret"})
    assert (config.base_url, config.timeout_s) == ("http://127.0.0.1:1", 10.0)
    assert "s3cret" not in repr(config)


def test_an_outsiders_adapter_is_found_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("elsewhere", "opla.payments.sandbox", "opla.payments")
    impostor = EntryPoint("sandbox", "json", "opla.payments")
    known = EntryPoints([point, impostor])
    monkeypatch.setattr("opla.payments.entry_points", known.select)
    assert payments.names() == sorted(["elsewhere", *PAYMENTS, *OWN_BOOK])
    assert payments.folder("elsewhere").NAME == "sandbox"
    assert payments.folder("sandbox").NAME == "sandbox"


# ── payment providers ──


@pytest.fixture(params=sorted(PAYMENTS))
def shop(request: pytest.FixtureRequest, other: Counterparts) -> PaymentWorld:
    return PAYMENTS[request.param](other)


def test_a_payment_adapter_keeps_its_promises_by_type(shop: PaymentWorld) -> None:
    assert isinstance(shop.adapter, Charges)
    assert isinstance(shop.adapter, Refunds)
    assert isinstance(shop.adapter, Notifies)
    assert shop.adapter.promises.max_seconds > 0


def test_a_new_charge_is_pending_with_an_address_and_nothing_captured(shop: PaymentWorld) -> None:
    report = shop.adapter.charge(charge())
    assert report.answer is Answer.PENDING
    assert report.redirect_url.startswith("http")
    assert report.provider_id
    assert (report.captured_minor, report.refunded_minor, report.charged_back_minor) == (0, 0, 0)


def test_charging_twice_with_one_reference_is_one_session(shop: PaymentWorld) -> None:
    first, second = shop.adapter.charge(charge()), shop.adapter.charge(charge())
    assert (first.provider_id, first.redirect_url) == (second.provider_id, second.redirect_url)
    assert shop.created(REF) == 1


def test_a_reference_used_with_another_amount_is_unknown_and_starts_nothing(shop: PaymentWorld) -> None:
    shop.adapter.charge(charge())
    assert shop.adapter.charge(charge(amount=Money(999, "EUR"))).answer is Answer.UNKNOWN
    assert shop.created(REF) == 1


def test_a_payment_is_found_by_our_reference_and_by_their_id(shop: PaymentWorld) -> None:
    made = shop.adapter.charge(charge())
    shop.pay(made.provider_id)
    for provider_id in ("", made.provider_id) if shop.finds_by_reference else (made.provider_id,):
        found = shop.adapter.fetch(REF, provider_id)
        assert found
        assert (found.answer, found.captured_minor, found.currency) == (Answer.SUCCEEDED, 1500, "EUR")


def test_the_sandbox_says_what_it_keeps_of_a_payment_and_of_a_refund(other: Counterparts) -> None:
    provider = SandboxPayments(other)
    made = provider.adapter.charge(charge())
    provider.pay(made.provider_id)
    found = provider.adapter.fetch(REF, "")
    assert found
    assert (made.fee, found.fee) == (Money(0, "EUR"), Money(25 + 18, "EUR"))
    back = provider.refunds().refund(RefundRequest(REF2, made.provider_id, EUR15, "back"))
    assert back.fee == Money(10, "EUR")


def test_a_payment_nobody_made_is_none_and_no_exception(shop: PaymentWorld) -> None:
    assert shop.adapter.fetch(REF2, "") is None
    assert shop.adapter.fetch(REF2, "sp_nobody") is None
    strange = shop.adapter.fetch(REF2, "../refunds?reference=#\r\n\x00")
    assert strange is None or strange.answer is Answer.UNKNOWN
    assert shop.refunds().fetch_refund(REF2, "sp_x") is None


def test_their_id_of_another_payment_says_nothing_of_ours(shop: PaymentWorld) -> None:
    theirs = shop.adapter.charge(charge(REF2))
    shop.pay(theirs.provider_id)
    found = shop.adapter.fetch(REF, theirs.provider_id)
    assert found
    assert (found.answer, found.captured_minor) == (Answer.UNKNOWN, 0)


def test_amounts_are_cumulative_and_do_not_double_when_told_twice(shop: PaymentWorld) -> None:
    made, times = shop.adapter.charge(charge()), 2 if shop.pays_twice else 1
    shop.pay(made.provider_id, times)
    told = [shop.adapter.fetch(REF, made.provider_id) for _ in range(2)]
    assert [report and report.captured_minor for report in told] == [1500 * times] * 2


def test_what_was_charged_is_listed_with_our_reference_and_what_is_kept_of_it(shop: PaymentWorld) -> None:
    if not isinstance(shop.adapter, ListsCharges):
        pytest.skip("it has no list")
    assert shop.adapter.charges_since(LONG_AGO, T0) == []
    made = [shop.adapter.charge(charge(reference)) for reference in (REF, REF2)]
    shop.pay(made[0].provider_id)
    found = {one.reference: one for one in listed(shop.adapter.charges_since(LONG_AGO, T0))}
    facts = {reference: (one.provider_id, one.kept_minor, one.currency, one.open) for reference, one in found.items()}
    first, second = (shop.named_in_list(one.provider_id) for one in made)
    unpaid = {REF2: (second, 0, "EUR", True)} if second else {}
    assert facts == {REF: (first, 1500, "EUR", False), **unpaid}
    assert found[REF].about
    assert shop.adapter.charges_since(datetime(2100, 1, 1, tzinfo=UTC), T0) == []


def test_what_went_back_is_listed_as_not_kept(shop: PaymentWorld) -> None:
    if not isinstance(shop.adapter, ListsCharges):
        pytest.skip("it has no list")
    made = shop.adapter.charge(charge())
    shop.pay(made.provider_id)
    shop.refunds().refund(RefundRequest(REF2, made.provider_id, Money(500, "EUR"), "back"))
    shop.settle_refunds()
    [one] = listed(shop.adapter.charges_since(LONG_AGO, T0))
    assert (one.reference, one.kept_minor, one.open) == (REF, 1000, False)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_list_of_charges_with_a_hole_is_none(shop: PaymentWorld, name: str) -> None:
    with answering(HOSTILE[name]) as url:
        adapter = shop.at(url)
        if not isinstance(adapter, ListsCharges):
            pytest.skip("it has no list")
        assert adapter.charges_since(LONG_AGO, T0) is Unlisted.NO_ANSWER


@pytest.mark.parametrize("fault", [Fault.SILENT_AFTER, Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.GARBAGE, Fault.HUGE])
def test_a_charge_that_acted_without_an_answer_is_unknown_and_then_found(shop: PaymentWorld, fault: Fault) -> None:
    shop.break_charge(fault)
    assert shop.adapter.charge(charge()).answer is Answer.UNKNOWN
    found = shop.adapter.fetch(REF, "") if shop.finds_by_reference else shop.adapter.charge(charge())
    assert found
    assert found.answer is Answer.PENDING
    assert shop.adapter.charge(charge()).provider_id == found.provider_id
    assert shop.created(REF) == 1


@pytest.mark.parametrize("fault", [Fault.SILENT_BEFORE, Fault.DROP_BEFORE, Fault.ERROR_BEFORE])
def test_a_charge_that_got_lost_is_unknown_too_and_repeating_it_makes_one(shop: PaymentWorld, fault: Fault) -> None:
    shop.break_charge(fault)
    assert shop.adapter.charge(charge()).answer is Answer.UNKNOWN
    assert shop.adapter.fetch(REF, "") is None
    assert shop.adapter.charge(charge()).answer is Answer.PENDING
    assert shop.created(REF) == 1


def test_a_refund_repeated_goes_back_once_and_is_found(shop: PaymentWorld) -> None:
    made = shop.adapter.charge(charge())
    shop.pay(made.provider_id)
    ask = RefundRequest(REF2, made.provider_id, Money(600, "EUR"), "declined")
    first, second = shop.refunds().refund(ask), shop.refunds().refund(ask)
    assert {first.answer, second.answer} <= GIVEN
    assert first.refund_id == second.refund_id
    shop.settle_refunds()
    found, payment = shop.refunds().fetch_refund(REF2, made.provider_id), shop.adapter.fetch(REF, made.provider_id)
    assert found
    assert (found.answer, found.refund_id) == (Answer.SUCCEEDED, first.refund_id)
    assert payment
    assert (payment.captured_minor, payment.refunded_minor) == (1500, 600)
    assert shop.refunded_minor(REF2) == 600


def test_partial_refunds_add_up_and_one_beyond_what_was_captured_is_declined(shop: PaymentWorld) -> None:
    made = shop.adapter.charge(charge())
    early = RefundRequest("e" * 32, made.provider_id, EUR15, "too early")
    assert shop.refunds().refund(early).answer is Answer.DECLINED
    shop.pay(made.provider_id)
    steps = [("1" * 32, 600), ("2" * 32, 901), ("3" * 32, 900), ("4" * 32, 1)]
    answers = [
        shop.refunds().refund(RefundRequest(reference, made.provider_id, Money(minor, "EUR"), "part")).answer
        for reference, minor in steps
    ]
    assert [answer in GIVEN for answer in answers] == [True, False, True, False]
    assert answers[1] is answers[3] is Answer.DECLINED
    assert shop.refunds().refund(early).answer is Answer.DECLINED


def test_a_refund_of_a_payment_they_do_not_know_is_declined(shop: PaymentWorld) -> None:
    assert shop.refunds().refund(RefundRequest(REF, "sp_nobody", EUR15, "x")).answer is Answer.DECLINED


def test_a_refused_connection_is_not_sent(shop: PaymentWorld) -> None:
    lost = shop.at(nobody())
    assert lost.charge(charge()).answer is Answer.NOT_SENT
    found = lost.fetch(REF, "sp_1")
    assert found
    assert found.answer is Answer.NOT_SENT
    assert isinstance(lost, Refunds)
    assert lost.refund(RefundRequest(REF, "sp_1", EUR15, "x")).answer is Answer.NOT_SENT


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_reply_to_a_payment_call_is_unknown_and_never_raises(shop: PaymentWorld, name: str) -> None:
    with answering(HOSTILE[name]) as url:
        adapter = shop.at(url)
        assert isinstance(adapter, Refunds)
        assert adapter.charge(charge()).answer is Answer.UNKNOWN
        assert adapter.refund(RefundRequest(REF, "sp_1", EUR15, "x")).answer is Answer.UNKNOWN
        found = adapter.fetch(REF, "sp_1")
        assert found
        assert found.answer is Answer.UNKNOWN


def test_a_reply_that_does_not_fit_is_unknown(shop: PaymentWorld) -> None:
    with answering(ok(**shop.told(REF))) as url:
        assert shop.at(url).charge(charge()).answer is Answer.SUCCEEDED
    for change in shop.misfits:
        with answering(ok(**shop.told(REF, **change))) as url:
            assert shop.at(url).charge(charge()).answer is Answer.UNKNOWN, change


def test_a_reply_about_another_refund_is_unknown(other: Counterparts) -> None:
    ask = RefundRequest(REF, "sp_1", EUR15, "x")
    for reference, answer in ((REF, Answer.SUCCEEDED), (REF2, Answer.UNKNOWN)):
        with answering(ok(id="sr_1", reference=reference, status="refunded", why="")) as url:
            adapter = SandboxPayments(other).at(url)
            assert isinstance(adapter, Refunds)
            assert adapter.refund(ask).answer is answer


def test_an_address_that_is_no_web_address_is_never_shown_to_a_person(shop: PaymentWorld) -> None:
    strange = {"checkout_url": "javascript:alert(1)", "_links": {"checkout": {"href": "javascript:alert(1)"}}}
    with answering(ok(**shop.told(REF, **strange))) as url:
        assert shop.at(url).charge(charge()).redirect_url == ""


def test_a_slow_drip_does_not_outlast_the_time_out(shop: PaymentWorld) -> None:
    with answering(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"9" * 500, drip_s=0.02) as url:
        began = time.monotonic()
        assert shop.at(url).charge(charge()).answer is Answer.UNKNOWN
        assert time.monotonic() - began < 5  # of the ten that all of it takes


def test_a_wrong_secret_was_not_sent_because_nobody_looked_at_it(shop: PaymentWorld) -> None:
    assert shop.wrong_key().charge(charge()).answer is Answer.NOT_SENT


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(body=st.binary(max_size=2000) | st.text().map(lambda t: f"id={t}".encode()), key=st.text(), value=st.text())
def test_no_webhook_raises_and_none_wakes_more_than_one_look(
    shop: PaymentWorld, body: bytes, key: str, value: str
) -> None:
    assert isinstance(shop.adapter, Notifies)
    assert len(shop.adapter.woken({key: value}, body)) <= 1


def test_a_webhook_names_the_payment_and_a_forged_one_says_nothing_of_its_state(shop: PaymentWorld) -> None:
    made = shop.adapter.charge(charge())
    assert isinstance(shop.adapter, Notifies)
    assert list(shop.adapter.woken(*shop.webhook(made.provider_id))) == [made.provider_id]
    found = shop.adapter.fetch(REF, made.provider_id)
    assert found
    assert found.answer is Answer.PENDING
    for headers, forged in (*shop.forged(made.provider_id), ({}, b"x" * 5000)):
        assert list(shop.adapter.woken(headers, forged)) == []


# ── suppliers ──


@pytest.fixture(params=sorted(SUPPLIERS))
def supply(request: pytest.FixtureRequest, other: Counterparts) -> SupplierWorld:
    return SUPPLIERS[request.param](other)


@pytest.fixture(params=sorted(REMOTE))
def remote(request: pytest.FixtureRequest, other: Counterparts) -> RemoteSupplier:
    return REMOTE[request.param](other)


def find(adapter: Sends, reference: str = REF) -> SendReport | None:
    assert isinstance(adapter, Finds)
    return adapter.find(reference)


def sent(world: SupplierWorld, reference: str = REF, kind: Kind | None = None) -> SendReport:
    """What became of a send in the end: they may take their time for it."""
    report = world.adapter.send(world.ask(reference, kind or world.kinds[0]))
    world.settle()
    if report.answer is Answer.PENDING:
        found = find(world.adapter, reference)
        assert found
        return found
    return report


def value(report: SendReport | None) -> tuple[Answer, str, str]:
    """The answer and which code it is about, wherever that code lies."""
    assert report
    return report.answer, report.pin.secret if report.pin else "", report.stock_id


def test_a_supplier_keeps_its_promises_by_type(supply: SupplierWorld) -> None:
    assert isinstance(supply.adapter, Sends)
    assert isinstance(supply.adapter, Finds) is supply.adapter.promises.find_by_reference
    assert supply.adapter.promises.max_seconds > 0


def test_each_kind_a_supplier_sells_is_given_with_its_cost_and_found_the_same(supply: SupplierWorld) -> None:
    for reference, kind in zip((REF, REF2, "0c" * 16), supply.kinds, strict=False):
        given = sent(supply, reference, kind)
        assert given.answer is Answer.SUCCEEDED, kind
        assert (given.cost_minor, given.currency or "EUR") == supply.cost
        assert given.delivered in (None, EUR15)
        assert (bool(given.pin) + bool(given.stock_id)) == kind.is_secret
        assert value(find(supply.adapter, reference)) == value(given)
        assert supply.given(reference) == 1


def test_a_reference_is_sent_again_only_where_a_repeat_gives_nothing_more(supply: SupplierWorld) -> None:
    """The janitor's rule for an unknown send, and what the supplier truly does when it is asked twice."""
    promises = supply.adapter.promises
    first = value(sent(supply))
    if not promises.refuses_repeat:
        assert attempt.step(attempt.State.UNKNOWN, promises) is not attempt.Step.REPEAT
        return
    assert attempt.step(attempt.State.UNKNOWN, promises) is attempt.Step.REPEAT
    assert {value(sent(supply)) for _ in range(2)} == {first}
    assert supply.given(REF) == 1


def test_two_references_get_two_codes(supply: SupplierWorld) -> None:
    assert value(sent(supply, REF))[1:] != value(sent(supply, REF2))[1:]


def test_a_send_nobody_made_is_none_and_no_exception(supply: SupplierWorld) -> None:
    assert find(supply.adapter, REF2) is None


@pytest.mark.parametrize("fault", [Fault.SILENT_AFTER, Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.GARBAGE, Fault.HUGE])
def test_a_send_that_acted_without_an_answer_is_unknown_and_then_found(supply: SupplierWorld, fault: Fault) -> None:
    supply.break_send(fault)
    assert supply.adapter.send(supply.ask(REF, supply.kinds[0])).answer is Answer.UNKNOWN
    supply.settle()
    found = value(find(supply.adapter))
    assert found[0] is Answer.SUCCEEDED
    if supply.adapter.promises.refuses_repeat:
        assert value(sent(supply)) == found
    assert supply.given(REF) == 1


@pytest.mark.parametrize("fault", [Fault.SILENT_BEFORE, Fault.DROP_BEFORE, Fault.ERROR_BEFORE])
def test_a_send_that_got_lost_is_unknown_too_and_nothing_was_given(supply: SupplierWorld, fault: Fault) -> None:
    supply.break_send(fault)
    assert supply.adapter.send(supply.ask(REF, supply.kinds[0])).answer is Answer.UNKNOWN
    assert find(supply.adapter) is None
    assert supply.given(REF) == 0
    if supply.adapter.promises.refuses_repeat:
        assert sent(supply).answer is Answer.SUCCEEDED
        assert supply.given(REF) == 1


def test_a_code_never_prints_itself(supply: SupplierWorld, other: Counterparts) -> None:
    report = sent(supply)
    if report.pin:
        printed = f"{report!r} {report} {report.pin!r} {report.pin} {dict(report.evidence)}"
        assert report.pin.secret not in printed
        assert report.pin.secret not in other.log_path.read_text()
    assert report.evidence


def test_the_sandbox_says_in_which_currency_it_takes_its_costs(other: Counterparts) -> None:
    supplier = SandboxSupplier(other)
    sent = supplier.adapter.send(supplier.ask(REF, Kind.CODE))
    other.service.operators.takes = "USD"
    dollars = supplier.adapter.send(supplier.ask(REF2, Kind.CODE))
    assert [(sent.cost_minor, sent.currency), (dollars.cost_minor, dollars.currency)] == [(1440, "EUR"), (1555, "USD")]
    assert value(find(supplier.adapter)) == value(sent)


def test_an_empty_stock_is_declined_with_its_word_and_still_knows_what_it_gave() -> None:
    world = OwnStock()
    for reference in ("1", "2", "3"):
        assert world.adapter.send(world.ask(reference, Kind.CODE)).answer is Answer.SUCCEEDED
    declined = world.adapter.send(world.ask("4", Kind.CODE))
    assert (declined.answer, declined.why) == (Answer.DECLINED, "out_of_stock")
    assert world.adapter.send(world.ask("1", Kind.CODE)).answer is Answer.SUCCEEDED


def test_our_own_stock_sells_codes_only() -> None:
    world = OwnStock()
    direct = SendRequest(REF, "x", "proximus", Kind.DIRECT, EUR15, "+32470123456")
    assert world.adapter.send(direct).answer is Answer.DECLINED
    assert not world.stock.held
    with pytest.raises(ValueError, match="secret"):
        suppliers.build("code_stock", {"secret": "x"}, world.stock)


def test_a_send_that_cannot_connect_is_not_sent(remote: RemoteSupplier) -> None:
    lost = remote.at(nobody())
    assert lost.send(remote.ask(REF, remote.kinds[0])).answer is Answer.NOT_SENT
    found = find(lost)
    assert found
    assert found.answer is Answer.NOT_SENT


def test_a_wrong_key_was_not_sent_because_nobody_looked_at_it(remote: RemoteSupplier) -> None:
    assert remote.wrong_key().send(remote.ask(REF, remote.kinds[0])).answer is Answer.NOT_SENT
    assert remote.given(REF) == 0


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_reply_to_a_send_is_unknown_and_it_left_once(remote: RemoteSupplier, name: str) -> None:
    heard: list[bytes] = []
    with answering(HOSTILE[name], heard=heard) as url:
        adapter = remote.at(url)
        assert adapter.send(remote.ask(REF, remote.kinds[0])).answer is Answer.UNKNOWN
        assert len(heard) == 1
        found = find(adapter)
        assert found
        assert found.answer is Answer.UNKNOWN


def test_an_answer_to_a_send_that_does_not_fit_is_unknown(remote: RemoteSupplier) -> None:
    ask = remote.ask(REF, remote.kinds[0])
    with answering(ok(**remote.told(REF))) as url:
        report = remote.at(url).send(ask)
        assert (report.answer, report.pin and report.pin.secret) == (Answer.SUCCEEDED, "0000123456789")
    for change in remote.misfits:
        with answering(ok(**remote.told(REF, **change))) as url:
            report = remote.at(url).send(ask)
            assert report.answer is Answer.UNKNOWN, change
            assert "0000123456789" not in f"{report!r}{dict(report.evidence)}"


def test_what_a_supplier_says_it_sells_can_be_read_and_asked_for(supply: SupplierWorld) -> None:
    if not isinstance(supply.adapter, Lists):
        pytest.skip("it has no list")
    found = supply.adapter.products("BE")
    assert found
    assert len({listed.sku for listed in found}) == len(found)
    for n, listed in enumerate(found):
        assert listed.sku
        assert listed.operator
        assert listed.country == "BE"
        assert 0 < listed.min_minor <= listed.max_minor
        assert Money(listed.min_minor, listed.currency)
        assert (listed.cost_minor is None) is (not listed.cost_currency)
        number = NUMBER if listed.kind is Kind.DIRECT else ""
        face = Money(listed.min_minor, listed.currency)
        request = SendRequest(f"{n:032x}", listed.sku, listed.operator, listed.kind, face, number)
        assert supply.adapter.send(request).answer in GIVEN


def test_what_was_sent_is_listed_with_our_reference_and_no_code(supply: SupplierWorld) -> None:
    if not isinstance(supply.adapter, ListsSends):
        pytest.skip("it has no list of what it was asked for")
    assert supply.adapter.sends_since(LONG_AGO, T0_LATER) == []
    given = sent(supply)
    [one] = listed(supply.adapter.sends_since(LONG_AGO, T0_LATER))
    assert (one.reference, one.supplier_id) == (REF, given.supplier_id)
    assert one.face in (EUR15, Money(*supply.cost))
    assert (one.given, one.open) == (True, False)
    assert given.pin is None or given.pin.secret not in repr(one)
    assert supply.adapter.sends_since(datetime(2100, 1, 1, tzinfo=UTC), T0_LATER) == []


def test_a_float_is_what_is_left_and_shrinks_by_the_cost(supply: SupplierWorld) -> None:
    if not isinstance(supply.adapter, Floats):
        pytest.skip("it says nothing of a float")
    before = supply.adapter.float_left()
    cost = sent(supply).cost_minor
    after = supply.adapter.float_left()
    assert before
    assert after
    assert cost
    assert before - after == Money(cost, before.currency)


def test_whose_number_one_is_is_a_proposal_or_nothing(supply: SupplierWorld) -> None:
    if not isinstance(supply.adapter, LooksUp):
        pytest.skip("it looks no number up")
    asked = supply.ask(REF, Kind.DIRECT)
    supply.adapter.send(asked)  # some know only whom they have topped up
    found = supply.adapter.look_up(asked.number)
    assert found
    assert found.operator
    assert found.country == "BE"
    for nobodys in ("", "+", "+0", "not a number", "+32" + "9" * 40, "/../../accounts/balance"):
        assert supply.adapter.look_up(nobodys) is None, nobodys


@pytest.mark.parametrize("name", ["garbage body", "a list", "an empty object", "a JSON error page", "null"])
def test_a_hostile_reply_to_a_question_says_nothing(remote: RemoteSupplier, name: str) -> None:
    with answering(HOSTILE[name]) as url:
        adapter = remote.everything_at(url)
        assert not (isinstance(adapter, Lists) and adapter.products("BE"))
        assert not (isinstance(adapter, Floats) and adapter.float_left())
        assert not (isinstance(adapter, LooksUp) and adapter.look_up(NUMBER))
        if isinstance(adapter, ListsSends):
            assert adapter.sends_since(LONG_AGO, T0_LATER) is Unlisted.NO_ANSWER


def test_a_success_taken_back_is_told_as_such(remote: RemoteSupplier) -> None:
    if not remote.adapter.promises.may_reverse:
        pytest.skip("it takes nothing back")
    assert sent(remote, kind=Kind.DIRECT).answer is Answer.SUCCEEDED
    remote.reverse(REF)
    found = find(remote.adapter)
    assert found
    assert found.reversed
