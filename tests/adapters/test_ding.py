"""DingConnect's two amounts, words and numbers for trying."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from adapters.ding_world import KEY, SPEC, DingSupplier, judge
from adapters.worlds import EUR15, NUMBER, Counterparts, answering
from fakes import CODE, World
from opla.commands.doctor import suppliers_set_up
from opla.core.money import Money
from opla.core.ports import Answer, Kind, Promises, SendReport, SendRequest
from opla.counterparts.endings import Fault
from opla.counterparts.standins.ding import SCRIPTED
from opla.counterparts.web import Request, Response
from opla.operations.outside import Adapters, SandboxBesideLive
from opla.suppliers.ding import mapping
from opla.suppliers.ding.config import Config
from opla.suppliers.ding.provider import Ding

REF = "0a" * 16


@pytest.fixture
def theirs(other: Counterparts) -> DingSupplier:
    return DingSupplier(other)


@pytest.fixture
def dollars(other: Counterparts) -> DingSupplier:
    """Our account there is in dollars."""
    return DingSupplier(other, "USD")


def code(reference: str = REF) -> SendRequest:
    return SendRequest(reference, "PXBE15", "proximus", Kind.CODE, EUR15)


def direct(sku: str = "ORBETopUp", face: Money = EUR15, number: str = NUMBER) -> SendRequest:
    return SendRequest(REF, sku, "x", Kind.DIRECT, face, number)


def answered(told: Mapping[str, object], status: str = "200 OK") -> bytes:
    return f"HTTP/1.1 {status}\r\n\r\n".encode() + json.dumps(told).encode()


# ── what is asked ──


@pytest.mark.parametrize(
    ("request_", "sends"), [(code(), 16.3), (direct(), 16.3), (direct(face=Money(500, "EUR")), 5.43)]
)
def test_what_is_sent_is_in_our_currency_and_what_arrives_is_the_face_value(
    dollars: DingSupplier, request_: SendRequest, sends: float
) -> None:
    report = dollars.adapter.send(request_)
    assert (report.answer, report.delivered, report.currency) == (Answer.SUCCEEDED, request_.face, "USD")
    [posted] = dollars.posted()
    assert posted == {
        "SkuCode": request_.sku,
        "SendValue": sends,
        "SendCurrencyIso": "USD",
        "AccountNumber": "32470123456",
        "DistributorRef": REF,
        "ValidateOnly": False,
    }


@pytest.mark.parametrize(
    ("request_", "answer", "why"),
    [
        (direct(face=Money(1500, "USD")), Answer.DECLINED, "face_not_sold"),
        (direct(face=Money(499, "EUR")), Answer.DECLINED, "face_not_sold"),
        (replace(code(), face=Money(1600, "EUR")), Answer.DECLINED, "face_not_sold"),
        (direct("PXBE15"), Answer.DECLINED, "face_not_sold"),  # a PIN is no credit on a number
        (direct("ENBEMeter"), Answer.DECLINED, "sku_unknown"),  # no SIM has electricity
        (direct("nobody"), Answer.DECLINED, "sku_unknown"),
        (direct(number="+1"), Answer.NOT_SENT, "number_missing"),
    ],
    ids=str,
)
def test_what_they_do_not_sell_is_said_before_anything_leaves(
    theirs: DingSupplier, request_: SendRequest, answer: Answer, why: str
) -> None:
    report = theirs.adapter.send(request_)
    assert (report.answer, report.why) == (answer, why)
    assert theirs.posted() == []


def test_a_pin_without_a_number_of_the_owner_s_waits(theirs: DingSupplier) -> None:
    report = theirs.built(number="").send(code())
    assert (report.answer, report.why) == (Answer.NOT_SENT, "number_missing")


def test_an_amount_that_would_arrive_as_less_is_not_sent(theirs: DingSupplier, monkeypatch: pytest.MonkeyPatch) -> None:
    estimate = theirs.machine._estimate
    monkeypatch.setattr(theirs.machine, "_estimate", lambda asked: estimate({**asked, "ReceiveValue": 14.99}))
    report = theirs.adapter.send(direct())
    assert (report.answer, report.why) == (Answer.NOT_SENT, "price_unknown")
    assert theirs.posted() == []


@pytest.mark.parametrize("path", ["GetProducts", "EstimatePrices"])
def test_a_question_that_was_not_answered_leaves_the_transfer_unsent(theirs: DingSupplier, path: str) -> None:
    theirs.alone.order_fault("GET" if path == "GetProducts" else "POST", f"/api/V1/{path}", Fault.ERROR_AFTER)
    assert theirs.adapter.send(direct()).answer is Answer.NOT_SENT
    assert theirs.posted() == []


def test_for_trying_everything_goes_to_their_number_and_costs_no_float(theirs: DingSupplier) -> None:
    trying = theirs.built(uat="1", number="")
    before = trying.float_left()
    for request in (direct(), replace(code(), reference="0b" * 16)):
        assert trying.send(request).answer is Answer.SUCCEEDED
    assert {posted["AccountNumber"] for posted in theirs.posted()} == {"32470000000"}
    assert trying.float_left() == before


def test_the_list_has_what_a_sim_can_have(dollars: DingSupplier) -> None:
    found = dollars.adapter.products("BE")
    assert found
    told = {one.sku: (one.operator, one.kind, one.min_minor, one.max_minor, one.cost_minor) for one in found}
    assert told["PXBE15"] == ("Proximus Belgium", Kind.CODE, 1500, 1500, 1630)
    assert told["ORBETopUp"] == ("Orange Belgium", Kind.DIRECT, 500, 10000, 543)
    assert "ENBEMeter" not in told


# ── what is told ──


def test_each_state_of_theirs_is_one_answer(theirs: DingSupplier) -> None:
    for n, (state, answer) in enumerate(mapping.STATE.items()):
        theirs.machine.endings.append(state)
        reference = f"{n:032x}"
        assert theirs.adapter.send(code(reference)).answer is answer, state
        found = theirs.adapter.find(reference)
        assert found
        assert found.answer is answer, state


def test_what_is_under_way_is_pending_until_it_arrives(theirs: DingSupplier) -> None:
    assert theirs.adapter.send(direct("ORBEBatch")).answer is Answer.PENDING
    theirs.settle()
    found = theirs.adapter.find(REF)
    assert found
    assert (found.answer, found.cost_minor, found.delivered) == (Answer.SUCCEEDED, 1440, EUR15)


@pytest.mark.parametrize(
    ("digits", "answer", "why", "found"),
    [
        ("001", Answer.NOT_SENT, "too_many", None),
        ("002", Answer.DECLINED, "operator_unavailable", Answer.DECLINED),
        ("003", Answer.DECLINED, "operator_unavailable", Answer.DECLINED),
        ("004", Answer.DECLINED, "operator_declined", Answer.DECLINED),
        ("005", Answer.DECLINED, "operator_declined", Answer.DECLINED),
        ("006", Answer.DECLINED, "number_refused", None),
        ("007", Answer.UNKNOWN, "their_error", Answer.DECLINED),
    ],
)
def test_each_scripted_number_ends_as_its_digits_say(
    theirs: DingSupplier, digits: str, answer: Answer, why: str, found: Answer | None
) -> None:
    report = theirs.adapter.send(direct(number="+32470123" + digits))
    assert (report.answer, report.why) == (answer, why)
    later = theirs.adapter.find(REF)
    assert (later and later.answer) is found
    assert theirs.given(REF) == 0
    assert digits in SCRIPTED


@pytest.mark.parametrize("error", mapping.ERROR)
def test_each_error_of_theirs_is_one_answer_and_says_nothing_of_an_earlier_transfer(
    theirs: DingSupplier, error: str
) -> None:
    said = answered({"ResultCode": 4, "ErrorCodes": [{"Code": error, "Context": "32470123456"}]}, "400 No")
    with answering(said) as url:
        adapter = theirs.at(url)
        report, found = adapter.send(code()), adapter.find(REF)  # type: ignore[attr-defined] - it is a Ding
    assert (report.answer, report.why) == mapping.ERROR[error]
    assert dict(report.evidence) == {"status": "400", "their_error": error}
    assert found.answer in (Answer.UNKNOWN, Answer.NOT_SENT)


def test_a_code_is_kept_without_the_signs_it_is_grouped_by(theirs: DingSupplier) -> None:
    with answering(answered(theirs.told(REF, ReceiptParams={"pin": "0000-1234 5678-9"}))) as url:
        report = theirs.at(url).send(code())
    assert report.pin
    assert report.pin.secret == "0000123456789"


def test_an_error_beside_a_transfer_that_goes_on_is_unknown(theirs: DingSupplier) -> None:
    for state in ("Complete", "Processing", "Done"):
        failed = {"ResultCode": 5, "ErrorCodes": [{"Code": "ProviderError"}], "ProcessingState": state}
        with answering(answered(theirs.told(REF, **failed))) as url:
            assert theirs.at(url).send(code()).answer is Answer.UNKNOWN


def test_a_reference_sent_twice_gives_twice_so_both_are_for_a_person(theirs: DingSupplier) -> None:
    for _ in range(2):
        theirs.adapter.send(code())
    assert theirs.given(REF) == 2
    found = theirs.adapter.find(REF)
    assert found
    assert (found.answer, found.why, found.pin) == (Answer.UNKNOWN, "more_than_one", None)


def test_a_failed_one_before_it_does_not_hide_the_one_that_arrived(theirs: DingSupplier) -> None:
    theirs.machine.endings.append("Failed")
    theirs.adapter.send(code())
    sent = theirs.adapter.send(code())
    found = theirs.adapter.find(REF)
    assert found
    assert (found.answer, found.pin) == (Answer.SUCCEEDED, sent.pin)


# ── keys ──


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"key": ""}, "key"),
        ({"key": "with a space"}, "key"),
        ({"uat": "yes"}, "uat"),
        ({"number": "0470123456"}, "number"),
        ({"base_url": "http://api.dingconnect.com"}, "base_url"),
    ],
)
def test_a_setting_that_is_wrong_is_named_and_no_key_is_shown(change: Mapping[str, str], field: str) -> None:
    with pytest.raises(ValueError, match=field) as refused:
        Config.from_mapping({"key": KEY, **change})
    assert KEY not in str(refused.value)
    assert KEY not in repr(Config.from_mapping({"key": KEY}))


@pytest.mark.parametrize(
    ("uat", "sandbox", "runs"), [("1", True, True), ("1", False, False), ("", True, False), ("", False, True)]
)
def test_trying_runs_beside_our_sandbox_alone_and_the_real_thing_never(
    world: World, monkeypatch: pytest.MonkeyPatch, uat: str, *, sandbox: bool, runs: bool
) -> None:
    monkeypatch.setenv("OPLA_SUPPLIERS_DING_KEY", KEY)
    monkeypatch.setenv("OPLA_SUPPLIERS_DING_UAT", uat)
    outside = Adapters(replace(world.shop, sandbox=sandbox), None)  # type: ignore[arg-type] - no stock is asked
    if runs:
        assert isinstance(outside.supplier("ding").promises, Promises)
    else:
        with pytest.raises(SandboxBesideLive):
            outside.supplier("ding")
    monkeypatch.setenv("OPLA_SANDBOX", "1" if sandbox else "0")
    assert [fine for fine, _ in suppliers_set_up()] == [runs]


# ── a purchase ──


class Named:
    """The adapter as a shop calls it that knows which of theirs is which of ours."""

    def __init__(self, adapter: Ding) -> None:
        self.promises = replace(adapter.promises, max_seconds=10)  # as long as the tests' worker leases for
        self.find, self._adapter = adapter.find, adapter

    def send(self, request: SendRequest) -> SendReport:
        return self._adapter.send(replace(request, sku="PXBE15"))


@pytest.mark.parametrize("fault", [Fault.DROP_AFTER, Fault.DROP_BEFORE])
def test_a_transfer_without_an_answer_is_found_or_parked_and_never_sent_again(
    world: World, theirs: DingSupplier, fault: Fault
) -> None:
    world.others["ding"] = Named(theirs.adapter)
    world.shop = replace(world.shop, routes=("ding",))
    theirs.break_send(fault)
    order_id = world.paid(CODE)
    world.work_through(3)
    if fault.acts:
        assert world.state(order_id) == "delivered"
    else:
        world.clock.tick(900)
        world.work(2)
        assert (world.state(order_id), world.items()) == ("paid", ["unknown_send"])
    assert len(theirs.posted()) == 1
    assert sum(theirs.machine.given.values()) == int(fault.acts)


# ── their document ──


@pytest.mark.skipif(not SPEC.exists(), reason="DingConnect's document is not here (OPLA_SPECS)")
def test_the_judge_sees_a_wrong_name_a_missing_one_and_a_wrong_address() -> None:
    good = {"SkuCode": "a", "SendValue": 1, "AccountNumber": "1", "DistributorRef": REF, "ValidateOnly": False}
    told = Response(200, b'{"ResultCode": 1, "ErrorCodes": []}')

    def said(path: str, body: object) -> list[str]:
        return judge(Request("POST", path, {}, {}, json.dumps(body).encode()), told)

    assert said("/api/V1/SendTransfer", good) == []
    assert said("/api/V1/SendTransfer", {**good, "Value": 1})
    assert said("/api/V1/SendTransfer", {name: value for name, value in good.items() if name != "ValidateOnly"})
    assert said("/api/V1/SendTransfers", good)
    assert judge(Request("GET", "/api/V1/GetBalance", {}, {}, b""), told)
