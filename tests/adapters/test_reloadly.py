"""Reloadly's tokens, amounts, words and amounts that arrive; and its own document against itself."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.reloadly_world import (
    _SPEC,
    CLIENT_ID,
    CLIENT_SECRET,
    EXCLUDED,
    UNNAMED,
    ReloadlySupplier,
    complaints,
    document,
    judge,
)
from adapters.worlds import EUR15, NUMBER, Counterparts, answering
from fakes import CODE, DIRECT, World
from opla.calling import told_money, told_number
from opla.commands.doctor import suppliers_set_up
from opla.core.money import Money
from opla.core.ports import Answer, Kind, Promises, SendReport, SendRequest
from opla.counterparts.endings import Fault
from opla.counterparts.web import Request, Response
from opla.operations.outside import Adapters, SandboxBesideLive
from opla.suppliers.reloadly import mapping
from opla.suppliers.reloadly.config import Config
from opla.suppliers.reloadly.provider import Reloadly

REF, REF2 = "0a" * 16, "0b" * 16
KEYS = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


@pytest.fixture
def theirs(other: Counterparts) -> ReloadlySupplier:
    return ReloadlySupplier(other)


@pytest.fixture
def dollars(other: Counterparts) -> ReloadlySupplier:
    """Our account there is in dollars."""
    return ReloadlySupplier(other, "USD")


def code(reference: str = REF) -> SendRequest:
    return SendRequest(reference, "901:15.00", "proximus", Kind.CODE, EUR15)


def direct(sku: str, face: Money = EUR15, number: str = NUMBER) -> SendRequest:
    return SendRequest(REF, sku, "x", Kind.DIRECT, face, number)


def asked_for_tokens(theirs: ReloadlySupplier) -> int:
    return sum(call.path == "/oauth/token" for call, _ in theirs.alone.calls)


# ── tokens ──


def test_a_token_is_fetched_once_and_again_when_it_has_ended(theirs: ReloadlySupplier) -> None:
    now = [0.0]
    adapter = Reloadly(theirs.config(), clock=lambda: now[0])
    for _ in range(3):
        assert adapter.float_left()
    assert asked_for_tokens(theirs) == 1
    now[0] = theirs.machine.token_lives_s - 61
    assert adapter.float_left()
    assert asked_for_tokens(theirs) == 1
    now[0] += 2
    assert adapter.float_left()
    assert asked_for_tokens(theirs) == 2


def test_a_question_whose_token_is_refused_is_asked_once_more(theirs: ReloadlySupplier) -> None:
    assert theirs.adapter.float_left()
    theirs.machine.tokens.clear()
    assert theirs.adapter.float_left()
    assert asked_for_tokens(theirs) == 2


def test_a_top_up_whose_token_is_refused_has_not_left_and_is_not_sent_again_by_the_adapter(
    theirs: ReloadlySupplier, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = theirs.machine.handle

    def ended(request: Request) -> Response:
        if request.path == "/topups":
            theirs.machine.tokens.clear()  # between the question before it and the top-up itself
        return handle(request)

    monkeypatch.setattr(theirs.machine, "handle", ended)
    report = theirs.adapter.send(code())
    assert (report.answer, report.why) == (Answer.NOT_SENT, "token_refused")
    assert len(theirs.posted()) == 1
    monkeypatch.undo()
    assert theirs.adapter.send(code()).answer is Answer.SUCCEEDED
    assert theirs.given(REF) == 1


def test_a_token_that_nobody_gives_leaves_the_top_up_unsent(theirs: ReloadlySupplier) -> None:
    with answering(b"HTTP/1.1 502 No\r\n\r\n<h1>no</h1>") as url:
        report = theirs.built(auth_url=url).send(code())
    assert (report.answer, report.why) == (Answer.NOT_SENT, "no_token")
    assert theirs.posted() == []


# ── what is asked ──


@pytest.mark.parametrize(
    ("currency", "sku", "amount", "local"),
    [
        ("EUR", "902", 15, False),  # our currency is theirs
        ("EUR", "901:15.00", 15, False),
        ("USD", "902", 15, True),  # they take amounts in the operator's currency
        ("USD", "903:15.00", 16.3, False),  # they do not, and list what exactly this one costs
    ],
)
def test_a_face_value_is_asked_for_in_the_currency_they_take(
    other: Counterparts, currency: str, sku: str, amount: float, local: bool
) -> None:
    world = ReloadlySupplier(other, currency)
    kind = Kind.CODE if sku.startswith("901") else Kind.DIRECT
    report = world.adapter.send(replace(direct(sku), kind=kind))
    assert (report.answer, report.delivered) == (Answer.SUCCEEDED, EUR15)
    [posted] = world.posted()
    assert (posted["amount"], posted["useLocalAmount"]) == (amount, local)
    assert posted["customIdentifier"] == REF
    assert posted["recipientPhone"] == {"countryCode": "BE", "number": "32470123456"}


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (direct("904"), "face_not_sold"),  # a rate that moves would have to hit it
        (direct("902", Money(1500, "USD")), "face_not_sold"),
        (direct("902", Money(400, "EUR")), "face_not_sold"),
        (direct("903:20.00"), "face_not_sold"),  # its own name says another amount
        (direct("901:15.00"), "face_not_sold"),  # a PIN is no credit on a number
        (direct("999"), "sku_unknown"),
        (direct("../accounts/balance"), "sku_unknown"),
    ],
    ids=str,
)
def test_what_they_do_not_sell_exactly_is_declined_before_anything_leaves(
    dollars: ReloadlySupplier, request_: SendRequest, why: str
) -> None:
    report = dollars.adapter.send(request_)
    assert (report.answer, report.why) == (Answer.DECLINED, why)
    assert dollars.posted() == []
    dollars.alone.calls.clear()  # the last one asks for an address that their document does not have


def test_a_pin_is_asked_for_without_a_number_where_the_owner_has_named_none(theirs: ReloadlySupplier) -> None:
    assert theirs.built(number="").send(code()).answer is Answer.SUCCEEDED
    assert "recipientPhone" not in theirs.posted()[0]


def test_the_list_names_each_amount_and_what_it_costs_in_the_currency_of_the_account(
    dollars: ReloadlySupplier,
) -> None:
    found = dollars.adapter.products("BE")
    assert found
    told = {one.sku: (one.kind, one.min_minor, one.max_minor, one.cost_minor, one.cost_currency) for one in found}
    assert told["901:15.00"] == (Kind.CODE, 1500, 1500, 1565, "USD")  # 16.30 less 4 %
    assert told["902"] == (Kind.DIRECT, 500, 10000, 521, "USD")
    assert "904" not in told
    assert dollars.adapter.products("XX") == []


# ── what is told ──


def test_each_status_of_theirs_is_one_answer(theirs: ReloadlySupplier) -> None:
    seen = {}
    for n, status in enumerate(mapping.STATUS):
        theirs.machine.endings.append(status)
        reference = f"{n:032x}"
        report = theirs.adapter.send(code(reference))
        found = theirs.adapter.find(reference)
        assert found
        assert (found.answer, found.reversed) == (report.answer, report.reversed)
        seen[status] = (report.answer, report.reversed)
    assert seen == {
        "PROCESSING": (Answer.PENDING, False),
        "SUCCESSFUL": (Answer.SUCCEEDED, False),
        "FAILED": (Answer.DECLINED, False),
        "REFUNDED": (Answer.SUCCEEDED, True),
    }


@pytest.mark.parametrize("theirs_", mapping.ERROR)
def test_each_error_of_theirs_is_one_answer_and_an_evidence_without_their_words(
    theirs: ReloadlySupplier, theirs_: str
) -> None:
    said = {"timeStamp": "", "message": "32470123456 is odd", "path": "/topups", "errorCode": theirs_, "details": []}
    with answering(b"HTTP/1.1 400 No\r\n\r\n" + json.dumps(said).encode()) as url:
        adapter = theirs.at(url)
        report, found = adapter.send(code()), adapter.find(REF)  # type: ignore[attr-defined] - it is a Reloadly
    assert (report.answer, report.why) == mapping.ERROR[theirs_]
    assert dict(report.evidence) == {"status": "400", "their_error": theirs_}
    assert found.answer in (Answer.UNKNOWN, Answer.NOT_SENT)  # whatever it says, it says nothing of the top-up


def test_a_reference_used_before_is_unknown_and_then_found(theirs: ReloadlySupplier) -> None:
    first = theirs.adapter.send(code())
    again = theirs.adapter.send(code())
    assert (again.answer, again.why) == (Answer.UNKNOWN, "reference_used")
    found = theirs.adapter.find(REF)
    assert found
    assert found.pin == first.pin
    assert theirs.given(REF) == 1


def test_two_top_ups_of_one_reference_are_for_a_person(theirs: ReloadlySupplier) -> None:
    theirs.machine.forgets_references = True
    for _ in range(2):
        theirs.adapter.send(code())
    found = theirs.adapter.find(REF)
    assert found
    assert (found.answer, found.why, found.pin) == (Answer.UNKNOWN, "more_than_one", None)


@pytest.mark.parametrize(
    ("change", "delivered"),
    [
        ({"deliveredAmount": 14.9985}, EUR15),  # what a rate leaves over; their own example is 4.9985 of 5
        ({"deliveredAmount": 14.99}, Money(1499, "EUR")),
        ({"deliveredAmount": "20"}, Money(2000, "EUR")),
        ({"deliveredAmountCurrencyCode": "USD"}, Money(1500, "USD")),
    ],
)
def test_what_they_say_arrived_is_told(
    theirs: ReloadlySupplier, change: Mapping[str, object], delivered: Money
) -> None:
    with answering(b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps(theirs.told(REF, **change)).encode()) as url:
        assert theirs.at(url).send(code()).delivered == delivered


@pytest.mark.parametrize("written", [773709733097662, "773709733097662", "7737-0973 3097-662"])
def test_a_code_is_kept_without_the_signs_it_is_written_with(theirs: ReloadlySupplier, written: object) -> None:
    pin = {"serial": 558111, "code": written}
    with answering(b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps(theirs.told(REF, pinDetail=pin)).encode()) as url:
        report = theirs.at(url).send(code())
    assert report.pin
    assert (report.pin.secret, report.pin.serial, report.pin.valid_until) == ("773709733097662", "558111", None)


def test_a_cost_that_the_list_leaves_out_is_asked_for_by_its_own_id(dollars: ReloadlySupplier) -> None:
    sent = dollars.adapter.send(direct("902"))
    assert (sent.cost_minor, sent.currency) == (1565, "USD")
    assert not any(call.path.endswith("/status") for call, _ in dollars.alone.calls)
    row = dollars.machine.transactions[0]
    row |= {
        "requestedAmount": 15.0,
        "requestedAmountCurrencyCode": "EUR",
    }  # as some say it of an amount of the operator
    found = dollars.adapter.find(REF)
    assert found
    assert (found.cost_minor, found.currency) == (1565, "USD")
    row["balanceInfo"] = None
    found = dollars.adapter.find(REF)
    assert found
    assert (found.answer, found.cost_minor, found.why) == (Answer.SUCCEEDED, None, "cost_missing")


def test_amounts_are_read_to_the_minor_unit_without_the_noise_of_a_binary_fraction() -> None:
    assert told_money(0.1 + 0.2, "EUR") == Money(30, "EUR")
    assert told_money("4.985", "GBP") == Money(499, "GBP")
    assert told_number(4.35) == Decimal("4.35")
    for nonsense in (None, True, "", "1e999", "NaN", float("inf"), 1e300, [], "ten", "1" + "0" * 13, "1E-999999999"):
        assert told_money(nonsense, "EUR") is None, nonsense
    assert told_money(1, "XXX") is told_money(1, ["EUR"]) is None


# ── keys ──


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"client_id": ""}, "client_id"),
        ({"client_secret": "with a space"}, "client_secret"),
        ({"client_secret": "line\nline-line"}, "client_secret"),
        ({"sandbox": "yes"}, "sandbox"),
        ({"number": "0470123456"}, "number"),
        ({"base_url": "http://topups.reloadly.com"}, "base_url"),
        ({"auth_url": "http://auth.reloadly.com"}, "auth_url"),
    ],
)
def test_a_setting_that_is_wrong_is_named_and_no_key_is_shown(change: Mapping[str, str], field: str) -> None:
    with pytest.raises(ValueError, match=field) as refused:
        Config.from_mapping({**KEYS, **change})
    assert CLIENT_SECRET not in str(refused.value)
    shown = repr(Config.from_mapping(KEYS))
    assert CLIENT_ID not in shown
    assert CLIENT_SECRET not in shown


def test_each_world_of_theirs_has_its_own_address_and_its_own_tokens() -> None:
    live, trying = Config.from_mapping(KEYS), Config.from_mapping({**KEYS, "sandbox": "1"})
    assert live.audience == live.address == "https://topups.reloadly.com"
    assert trying.audience == trying.address == "https://topups-sandbox.reloadly.com"


@pytest.mark.parametrize(
    ("trying", "sandbox", "runs"), [("1", True, True), ("1", False, False), ("", True, False), ("", False, True)]
)
def test_their_sandbox_runs_beside_ours_alone_and_the_live_one_never(
    world: World, monkeypatch: pytest.MonkeyPatch, trying: str, *, sandbox: bool, runs: bool
) -> None:
    for name, value in {**KEYS, "sandbox": trying}.items():
        monkeypatch.setenv(f"OPLA_SUPPLIERS_RELOADLY_{name.upper()}", value)
    outside = Adapters(replace(world.shop, sandbox=sandbox), None)  # type: ignore[arg-type] - no stock is asked
    if runs:
        assert isinstance(outside.supplier("reloadly").promises, Promises)
    else:
        with pytest.raises(SandboxBesideLive):
            outside.supplier("reloadly")
    monkeypatch.setenv("OPLA_SANDBOX", "1" if sandbox else "0")
    [(fine, said)] = suppliers_set_up()
    assert fine is runs
    where, money = "sandbox" if sandbox else "real", "without money" if trying else "real money"
    assert said == f"reloadly: {money}, in a {where} shop"


def test_doctor_names_what_a_supplier_misses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPLA_SUPPLIERS_RELOADLY_CLIENT_ID", CLIENT_ID)
    [(fine, said)] = suppliers_set_up()
    assert not fine
    assert said.startswith("reloadly: client_secret: ")


# ── a purchase ──


class Named:
    """The adapter as a shop calls it that knows which of theirs is which of ours."""

    def __init__(self, adapter: Reloadly, sku: str) -> None:
        self.promises = replace(adapter.promises, max_seconds=10)  # as long as the tests' worker leases for
        self.find, self._adapter, self._sku = adapter.find, adapter, sku

    def send(self, request: SendRequest) -> SendReport:
        return self._adapter.send(replace(request, sku=self._sku))


def test_credit_whose_answer_was_lost_is_found_delivered_and_refunded_when_they_take_it_back(
    world: World, theirs: ReloadlySupplier
) -> None:
    world.others["reloadly"] = Named(theirs.adapter, "902")
    world.shop = replace(world.shop, routes=("reloadly",))
    theirs.break_send(Fault.ERROR_AFTER)
    order_id = world.paid(DIRECT)
    world.work()
    assert world.state(order_id) == "paid"
    world.work_through(3)
    assert world.state(order_id) == "delivered"
    assert world.balance("supplier_float:reloadly:EUR") == -1440
    [reference] = theirs.machine.given
    theirs.reverse(reference)
    world.clock.tick(30)
    world.work(2)
    assert world.state(order_id) in ("refunding", "refunded")
    assert theirs.machine.given[reference] == theirs.machine.taken_back[reference] == 1


def test_a_code_of_less_than_was_sold_is_shown_to_nobody_and_parked(
    world: World, theirs: ReloadlySupplier, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.others["reloadly"] = Named(theirs.adapter, "901:15.00")
    world.shop = replace(world.shop, routes=("reloadly",))
    done = theirs.machine._done
    monkeypatch.setattr(theirs.machine, "_done", lambda *told: done(*told) | {"deliveredAmount": 10.0})
    order_id = world.paid(CODE)
    world.work()
    theirs.machine.transactions[0]["deliveredAmount"] = 10.0
    world.clock.tick(900)
    world.work(2)
    assert (world.state(order_id), world.items()) == ("paid", ["unknown_send"])
    assert len(theirs.posted()) == 1


# ── their document against itself ──

official = pytest.mark.skipif(not _SPEC.exists(), reason="Reloadly's document is not here (OPLA_SPECS)")


@official
def test_each_exclusion_from_the_schemas_is_what_their_own_examples_do() -> None:
    broken: dict[str, set[str]] = {}
    for content, example, what in _examples():
        for said in complaints(content, example, what, excluded=False):
            place = said.partition(": ")[0].rpartition(" ")[2]
            broken.setdefault(place.rpartition("/")[2], set()).add(said)
    assert set(EXCLUDED) <= set(broken), sorted(set(EXCLUDED) - set(broken))
    shown = {name for _, example, _ in _examples() for name in _names(example)}
    assert shown >= UNNAMED


def _examples() -> list[tuple[dict[str, object], object, str]]:
    found = []
    for name, operations in document()["paths"].items():
        if not name.startswith(("/topups", "/operators", "/accounts", "/oauth")):
            continue
        for operation in (one for method, one in operations.items() if method in ("get", "post")):
            for status, told in operation["responses"].items():
                if "example" in told["content"]["application/json"]:
                    example = told["content"]["application/json"]["example"]
                    found.append((told["content"], example, f"{name} {status}"))
    request = document()["components"]["schemas"]["TopUpsRequest"]
    example = {field: part["example"] for field, part in request["properties"].items() if "example" in part}
    found.append(({"application/json": {"schema": request}}, example, "request"))
    return found


def _names(example: object) -> list[str]:
    if isinstance(example, list):
        return [name for one in example for name in _names(one)]
    if isinstance(example, dict):
        return [*example, *(name for one in example.values() for name in _names(one))]
    return []


@official
def test_the_judge_sees_a_wrong_name_a_wrong_type_and_a_wrong_address() -> None:
    good = {"operatorId": 1, "amount": 15, "useLocalAmount": True, "customIdentifier": REF}
    told = Response(200, b"{}")

    def said(path: str, body: object, query: Mapping[str, str] | None = None) -> list[str]:
        return judge(Request("POST", path, query or {}, {}, json.dumps(body).encode()), told)

    assert said("/topups", good) == []
    for path, wrong in (
        ("/topups", {**good, "customIdentifer": REF}),
        ("/topups", {**good, "useLocalAmount": "yes"}),
        ("/topups", {**good, "recipientPhone": {"country": "BE"}}),
        ("/topup", good),
    ):
        assert said(path, wrong), wrong
    assert said("/topups", good, {"reference": REF})
    assert judge(Request("GET", "/accounts/balance", {}, {}, b""), Response(200, b'{"currency": "EUR"}'))
