"""DT One's words, numbers and lists; what is told of a PIN and of an eSIM; and why no refusal is believed at once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dtone_world import ERRORS, KEY, SECRET, DTOneSupplier, documented_errors
from adapters.test_contract import HOSTILE
from adapters.worlds import TwinStock, answering, nobody
from fakes import CUSTOMER, DEVICE, World
from opla import suppliers
from opla.core.money import Money
from opla.core.ports import (
    Answer,
    Finds,
    Floats,
    Kind,
    Listed,
    Lists,
    LookedUp,
    LooksUp,
    SendReport,
    SendRequest,
    Sends,
)
from opla.counterparts.endings import Fault
from opla.counterparts.standins.dtone_products import PRODUCTS
from opla.db.queries.books import books
from opla.db.queries.call import select
from opla.db.queries.codes import Revealed
from opla.operations.reveal_code import reveal
from opla.suppliers.dtone import mapping, moves_money
from opla.suppliers.dtone.config import Config
from opla.suppliers.dtone.listing import alpha2, alpha3
from opla.suppliers.dtone.provider import DTOne
from opla.suppliers.dtone.reading import cost_of, sku_of, sku_parts

REF, REF2 = "0a" * 16, "0b" * 16
EUR10, EUR15 = Money(1000, "EUR"), Money(1500, "EUR")


@pytest.fixture
def dtone() -> Iterator[DTOneSupplier]:
    with ExitStack() as over:
        over.on_exit = over.callback  # type: ignore[attr-defined] - a sandbox beside it would only cost time
        yield DTOneSupplier(over)  # type: ignore[arg-type] - see there


def pin(reference: str = REF, sku: str = "101", face: Money = EUR15) -> SendRequest:
    return SendRequest(reference, sku, "proximus", Kind.CODE, face)


def credit(number: str = "+32470000000", sku: str = "102", face: Money = EUR10, reference: str = REF) -> SendRequest:
    return SendRequest(reference, sku, "orange", Kind.DIRECT, face, number)


def esim() -> SendRequest:
    return SendRequest(REF, "105", "europe", Kind.ESIM, EUR15)


def found(dtone: DTOneSupplier, reference: str = REF) -> SendReport:
    report = dtone.bare().find(reference)
    assert report
    return report


def test_it_keeps_every_promise_a_supplier_can_keep(dtone: DTOneSupplier) -> None:
    adapter = dtone.bare()
    for ability in (Sends, Finds, Lists, Floats, LooksUp):
        assert isinstance(adapter, ability)
    assert adapter.promises.may_reverse


# ── what is asked ──


def test_a_fixed_product_is_asked_for_by_its_number_alone(dtone: DTOneSupplier) -> None:
    dtone.bare().send(pin())
    dtone.bare().send(credit(reference=REF2))
    assert dtone.asked() == [
        {"external_id": REF, "product_id": 101, "auto_confirm": True},
        {
            "external_id": REF2,
            "product_id": 102,
            "auto_confirm": True,
            "credit_party_identifier": {"mobile_number": "+32470000000"},
        },
    ]


@pytest.mark.parametrize(("face_minor", "unit", "amount"), [(1500, "EUR", 15), (1234, "EUR", 12.34)])
def test_a_ranged_product_is_asked_for_with_what_is_to_arrive(
    dtone: DTOneSupplier, face_minor: int, unit: str, amount: float
) -> None:
    dtone.bare().send(credit(sku="103-ranged", face=Money(face_minor, unit)))
    [asked] = dtone.asked()
    assert asked["calculation_mode"] == "DESTINATION_AMOUNT"
    assert asked["destination"] == {"unit_type": "CURRENCY", "unit": unit, "amount": amount}


@pytest.mark.parametrize("sku", ["", "proximus-15", "0", "007", "-ranged", "12-ranged-x", "12-fixed", "१२", "9" * 12])
def test_what_is_no_sku_of_theirs_is_declined_and_never_leaves(dtone: DTOneSupplier, sku: str) -> None:
    report = dtone.bare().send(pin(sku=sku))
    assert (report.answer, report.why) == (Answer.DECLINED, "product_unknown")
    assert not dtone.alone.calls


@given(st.integers(1, 2**31 - 1), st.sampled_from(["fixed", "ranged"]))
def test_a_sku_is_read_as_it_was_listed(product: int, manner: str) -> None:
    assert sku_parts(sku_of(product, manner)) == (product, manner)


# ── what is told ──


@pytest.mark.parametrize(
    ("ending", "after_s", "answer", "why"),
    [
        ("100", 3, Answer.SUCCEEDED, ""),
        ("200", 20, Answer.SUCCEEDED, ""),
        ("300", 300, Answer.SUCCEEDED, ""),
        ("102", 3, Answer.DECLINED, "number_refused"),
        ("203", 20, Answer.DECLINED, "number_refused"),
        ("104", 3, Answer.DECLINED, "operator_unavailable"),
        ("105", 3, Answer.DECLINED, "repeated_too_soon"),
        ("106", 3, Answer.DECLINED, "declined"),
        ("307", 300, Answer.DECLINED, "operator_declined"),
    ],
)
def test_a_number_of_their_pre_production_is_pending_and_ends_as_its_digits_say(
    dtone: DTOneSupplier, ending: str, after_s: int, answer: Answer, why: str
) -> None:
    sent = dtone.bare().send(credit(f"+32470000{ending}"))
    assert (sent.answer, sent.cost_minor) == (Answer.PENDING, None)
    dtone.pass_s(after_s - 1)
    assert found(dtone).answer is Answer.PENDING
    dtone.pass_s(2)
    ended = found(dtone)
    assert (ended.answer, ended.why) == (answer, why)
    assert dtone.given(REF) == (answer is Answer.SUCCEEDED)
    assert dtone.theirs.holding_minor == 0
    assert (ended.cost_minor, ended.currency) == ((950, "EUR") if answer is Answer.SUCCEEDED else (None, ""))


def test_a_pin_is_told_with_its_serial_and_its_last_day(dtone: DTOneSupplier) -> None:
    sent = dtone.bare().send(pin())
    assert sent.pin
    assert (sent.pin.secret, sent.pin.serial, sent.pin.valid_until) == ("0000004400000001", "D1", date(2027, 11, 22))
    assert (sent.cost_minor, sent.currency) == (1440, "EUR")


def test_an_esim_s_activation_code_goes_the_way_of_a_code_with_the_serial_of_its_sim(dtone: DTOneSupplier) -> None:
    sent = dtone.bare().send(esim())
    assert sent.answer is Answer.SUCCEEDED
    assert sent.pin
    assert sent.pin.secret == "LPA:1$rsp.dtone.invalid$OPLA-000001"
    assert sent.pin.serial.startswith("8932")
    assert "OPLA-" not in f"{sent!r}{sent.pin}{dict(sent.evidence)}"


def test_what_they_take_back_is_told_as_a_success_reversed(dtone: DTOneSupplier) -> None:
    dtone.bare().send(pin())
    dtone.theirs.reverse(REF)
    back = found(dtone)
    assert (back.answer, back.reversed, back.pin) == (Answer.SUCCEEDED, True, None)
    assert dtone.theirs.balance_minor == 100_000_000


def completed(**change: Any) -> dict[str, Any]:
    """A PIN of theirs, told by hand; `a__b` changes b within a."""
    told: dict[str, Any] = {
        "id": 7,
        "external_id": REF,
        "creation_date": "2026-11-22T23:30:00.000000Z",
        "status": {"id": 70000, "message": "COMPLETED", "class": {"id": 7, "message": "COMPLETED"}},
        "product": {"id": 101, "type": "FIXED_VALUE_PIN_PURCHASE", "service": {"id": 1}, "pin": {"validity": None}},
        "prices": {"wholesale": {"unit_type": "CURRENCY", "unit": "EUR", "amount": 14.4, "fee": 0}, "retail": None},
        "pin": {"code": "1234 5678-9012", "serial": "S1"},
        "credit_party_identifier": None,
        "requested_values": None,
    }
    for path, value in change.items():
        *parts, name = path.split("__")
        place = told
        for part in parts:
            place = place[part]
        place[name] = value
    return told


def answered(dtone: DTOneSupplier, told: object, request: SendRequest, status: int = 201) -> SendReport:
    with answering(f"HTTP/1.1 {status} X\r\n\r\n".encode() + json.dumps(told).encode()) as url:
        return dtone.bare(url).send(request)


def test_a_pin_is_kept_without_the_signs_it_is_grouped_by(dtone: DTOneSupplier) -> None:
    report = answered(dtone, completed(), pin())
    assert report.pin
    assert (report.pin.secret, report.pin.valid_until) == ("123456789012", None)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"external_id": REF2}, "unreadable"),
        ({"id": 0.5}, "unreadable"),
        ({"id": "7"}, "unreadable"),
        ({"status": "COMPLETED"}, "unreadable"),
        ({"status__class__message": "PERHAPS"}, "unreadable"),
        ({"status__class__id": 9}, "unreadable"),
        ({"product__id": 102}, "other_order"),
        ({"credit_party_identifier": {"mobile_number": "+32470000001"}}, "other_order"),
        ({"requested_values": {"destination": {"unit_type": "CURRENCY", "unit": "EUR", "amount": 5}}}, "other_order"),
        ({"requested_values": {"destination": {"unit_type": "CURRENCY", "unit": "USD", "amount": 15}}}, "other_order"),
        ({"product__type": "FIXED_VALUE_RECHARGE"}, "other_kind"),
        ({"product__type": "RANGED_VALUE_PAYMENT"}, "other_kind"),
        ({"product__service": {"id": 4}}, "other_kind"),
        ({"prices": None}, "cost_unreadable"),
        ({"prices__wholesale__amount": "14.40"}, "cost_unreadable"),
        ({"prices__wholesale__amount": -1}, "cost_unreadable"),
        ({"prices__wholesale__amount": True}, "cost_unreadable"),
        ({"prices__wholesale__unit": "XAU"}, "cost_unreadable"),
        ({"pin": None}, "code_missing"),
        ({"pin__code": None}, "code_missing"),
        ({"pin__code": 123456789012}, "code_missing"),
        ({"pin__code": "<script>"}, "code_missing"),
        ({"pin__code": "12"}, "code_missing"),
        ({"pin__code": "9" * 65}, "code_missing"),
        ({"pin__code": "https://codes.example/1"}, "code_missing"),
    ],
    ids=str,
)
def test_a_success_that_does_not_fit_is_unknown_and_keeps_no_code(
    dtone: DTOneSupplier, change: dict[str, Any], why: str
) -> None:
    report = answered(dtone, completed(**change), pin())
    assert (report.answer, report.why, report.pin) == (Answer.UNKNOWN, why, None)
    assert "5678" not in f"{report!r}{dict(report.evidence)}"


def test_a_code_that_comes_with_credit_on_a_number_is_a_person_s_to_look_at(dtone: DTOneSupplier) -> None:
    told = completed(product__type="FIXED_VALUE_RECHARGE")
    report = answered(dtone, told, replace(credit(), sku="101"))
    assert (report.answer, report.why) == (Answer.UNKNOWN, "code_unasked")


@pytest.mark.parametrize("code", ["", "LPA:1$rsp.example$", "LPA:1$nowhere$ABC", "LPA:1$a.example$X$$1", "1234567890"])
def test_what_no_phone_installs_is_no_esim(dtone: DTOneSupplier, code: str) -> None:
    product = {"id": 105, "type": "FIXED_VALUE_PIN_PURCHASE", "service": {"id": 13}}
    told = completed(product=product, pin=None) | {"metadata": {"profile": {"activation_code": code, "iccid": "89"}}}
    report = answered(dtone, told, esim())
    assert (report.answer, report.why) == (Answer.UNKNOWN, "code_missing")


@pytest.mark.parametrize(
    ("validity", "last"),
    [
        ({"unit": "DAY", "quantity": 30}, date(2026, 12, 22)),
        ({"unit": "HOUR", "quantity": 1}, date(2026, 11, 23)),
        ({"unit": "WEEK", "quantity": 1}, date(2026, 11, 29)),
        ({"unit": "MONTH", "quantity": 3}, date(2027, 2, 22)),
        ({"unit": "MONTH", "quantity": 12}, date(2027, 11, 22)),
        ({"unit": "DAY", "quantity": -1}, None),
        ({"unit": "DAY", "quantity": None}, None),
        ({"unit": "YEAR", "quantity": 1}, None),
        ({"unit": "MONTH", "quantity": 10**6}, None),
        ({"unit": "DAY", "quantity": 10**9}, None),
        (None, None),
    ],
)
def test_the_last_day_of_a_pin_is_counted_from_the_day_it_was_made(
    dtone: DTOneSupplier, validity: object, last: date | None
) -> None:
    report = answered(dtone, completed(product__pin={"validity": validity}), pin())
    assert report.pin
    assert report.pin.valid_until == last


@pytest.mark.parametrize(
    ("amount", "fee", "cents"), [(14.4, 0, 1440), (14.404, 0.001, 1441), (1.005, 0, 101), (1e-7, 0, 0), (0.1, 0.2, 30)]
)
def test_a_cost_is_their_price_and_their_fee_to_the_cent(amount: float, fee: float, cents: int) -> None:
    price = {"unit_type": "CURRENCY", "unit": "EUR", "amount": amount, "fee": fee}
    assert cost_of({"wholesale": price}) == Money(cents, "EUR")


@pytest.mark.parametrize("digits", [float("inf"), float("nan"), 1e300, "1", None])
def test_what_is_no_amount_is_no_cost(digits: object) -> None:
    assert cost_of({"wholesale": {"unit_type": "CURRENCY", "unit": "EUR", "amount": digits, "fee": 0}}) is None


# ── what is refused ──


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_each_error_of_theirs_is_one_answer(dtone: DTOneSupplier, code: int) -> None:
    status, message = ERRORS[code]
    told = {"errors": [{"code": code, "message": message}]}
    with answering(f"HTTP/1.1 {status} X\r\n\r\n{json.dumps(told)}".encode()) as url:
        report = dtone.bare(url).send(pin())
    assert (report.answer, report.why) != (Answer.SUCCEEDED, "")
    assert report.answer is not Answer.DECLINED  # the question after it is answered with an error too
    assert message not in str(dict(report.evidence))


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (pin(sku="9999"), "product_unknown"),
        (credit("0470"), "number_refused"),
        (credit(sku="103-ranged", face=Money(99_999, "EUR")), "amount_out_of_range"),
        (credit(sku="103-ranged", face=Money(1500, "USD")), "rejected"),
    ],
)
def test_what_they_refuse_and_do_not_know_is_declined(dtone: DTOneSupplier, request_: SendRequest, why: str) -> None:
    report = dtone.bare().send(request_)
    assert (report.answer, report.why) == (Answer.DECLINED, why)
    assert [request.method for request, _ in dtone.alone.calls] == ["POST", "GET"]
    assert not dtone.given(REF)


def test_an_empty_float_is_declined_by_its_word(dtone: DTOneSupplier) -> None:
    dtone.theirs.balance_minor = 100
    report = dtone.bare().send(pin())
    assert (report.answer, report.why) == (Answer.DECLINED, "insufficient_float")


def test_a_wrong_key_is_not_sent_and_no_evidence_holds_it(dtone: DTOneSupplier) -> None:
    report = dtone.bare(secret="x" * 30).send(pin())
    assert (report.answer, report.why, report.evidence["their_error"]) == (Answer.NOT_SENT, "key_wrong", "1000401")
    assert found(DTOneSupplierWith(dtone, "x" * 30)).answer is Answer.NOT_SENT


class DTOneSupplierWith(DTOneSupplier):
    """The same other side, with another secret."""

    def __init__(self, dtone: DTOneSupplier, secret: str) -> None:
        self.alone, self._secret = dtone.alone, secret

    def bare(self, url: str = "", secret: str = "") -> Any:
        return super().bare(url, secret or self._secret)


def test_a_repeat_refused_for_what_the_first_one_took_is_the_first_one(dtone: DTOneSupplier) -> None:
    """Otherwise somebody else would be asked, or the money go back, for a code that was given."""
    dtone.theirs.looks_late, dtone.theirs.balance_minor = True, 1440
    dtone.break_send(Fault.DROP_AFTER)
    assert dtone.bare().send(pin()).answer is Answer.UNKNOWN
    again = dtone.bare().send(pin())
    assert again.answer is Answer.SUCCEEDED
    assert again.pin
    assert dtone.given(REF) == 1


@pytest.mark.parametrize("fault", [Fault.SILENT_BEFORE, Fault.DROP_BEFORE, Fault.GARBAGE, Fault.ERROR_AFTER])
@pytest.mark.parametrize("sku", ["101", "9999"], ids=["used", "refused"])
def test_a_refusal_that_cannot_be_asked_about_is_unknown(dtone: DTOneSupplier, fault: Fault, sku: str) -> None:
    dtone.bare().send(pin())
    dtone.alone.order_fault("GET", "/v1/transactions", fault)
    assert dtone.bare().send(pin(sku=sku)).answer is Answer.UNKNOWN


def test_a_reference_used_for_something_else_is_unknown(dtone: DTOneSupplier) -> None:
    dtone.bare().send(pin())
    report = dtone.bare().send(pin(sku="104-ranged"))
    assert (report.answer, report.why) == (Answer.UNKNOWN, "other_order")


@pytest.mark.parametrize(
    "errors",
    [
        [],
        "no",
        [{"code": "1003001"}],
        [{"code": 1003001}, {"code": 1234567}],
        [{"code": 1000404, "message": "Resource not found"}],
        [{"code": True}],
    ],
    ids=str,
)
def test_an_error_nobody_knows_is_no_refusal(dtone: DTOneSupplier, errors: object) -> None:
    report = answered(dtone, {"errors": errors}, pin(), 400)
    assert (report.answer, report.why) == (Answer.UNKNOWN, "error_unknown")


def scripted(post: tuple[int, object], get: tuple[int, object], **headers: str) -> DTOne:
    """The adapter as a simulation builds it, with somebody in this process who answers like this."""

    def answer(request: httpx.Request) -> httpx.Response:
        status, told = post if request.method == "POST" else get
        return httpx.Response(status, stream=httpx.ByteStream(json.dumps(told).encode()), headers=headers)

    return DTOne(Config(KEY, SECRET), httpx.MockTransport(answer))


def no(code: int) -> dict[str, object]:
    return {"errors": [{"code": code, "message": "No"}]}


def test_a_question_that_did_not_leave_does_not_say_that_of_the_request() -> None:
    report = scripted((400, no(1007001)), (401, no(1000401))).send(pin())
    assert (report.answer, report.why) == (Answer.UNKNOWN, "reference_used")


@pytest.mark.parametrize(
    ("told", "answer"),
    [
        (no(1003001), Answer.DECLINED),
        (no(1007001), Answer.UNKNOWN),
        ({"errors": [{"code": 1003001}, {"code": 1234567}]}, Answer.UNKNOWN),
        ({"errors": [{"code": 1003001}, {"code": 1007001}]}, Answer.UNKNOWN),
    ],
    ids=str,
)
def test_what_they_do_not_find_is_declined_where_the_refusal_says_so_alone(
    told: dict[str, object], answer: Answer
) -> None:
    for get in ((404, no(1008004)), (200, [])):
        assert scripted((400, told), get, **{"X-Total": "0"}).send(pin()).answer is answer


def test_two_of_theirs_with_one_reference_of_ours_are_unknown() -> None:
    report = scripted((500, {}), (200, [completed(), completed(id=8)])).find(REF)
    assert report
    assert (report.answer, report.why) == (Answer.UNKNOWN, "unreadable")


def test_a_list_without_an_end_is_no_list() -> None:
    assert scripted((500, {}), (200, []), **{"X-Next-Page": "2"}).products("BE") is None


@pytest.mark.parametrize(("two", "three"), [("BE", "BEL"), ("DE", "DEU"), ("FR", "FRA"), ("MM", "MMR"), ("CD", "COD")])
def test_a_country_is_called_what_it_is_called_today(two: str, three: str) -> None:
    assert (alpha3(two), alpha2({"iso_code": three})) == (three, two)
    assert not {former for former in ("DDR", "FXX", "ZAR", "GXX", "EXX") if alpha2({"iso_code": former})}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_answer_is_unknown_and_never_raises(dtone: DTOneSupplier, name: str) -> None:
    with answering(HOSTILE[name]) as url:
        adapter = dtone.bare(url)
        assert adapter.send(pin()).answer is Answer.UNKNOWN
        report = adapter.find(REF)
        assert report
        assert report.answer is Answer.UNKNOWN
        assert (adapter.products("BE"), adapter.float_left(), adapter.look_up("+32470000000")) in [
            (None, None, None),
            ([], None, None),  # an empty list, which says so
        ]


def test_nobody_there_is_not_sent(dtone: DTOneSupplier) -> None:
    report = dtone.bare(nobody()).send(pin())
    assert report.answer is Answer.NOT_SENT


# ── their lists ──


def test_listed_is_what_asks_for_nothing_but_a_number_or_nothing(dtone: DTOneSupplier) -> None:
    told = dtone.bare().products("BE")
    assert told
    assert {one.sku: one.kind for one in told} == {
        "101": Kind.CODE,
        "102": Kind.DIRECT,
        "103-ranged": Kind.DIRECT,
        "104-ranged": Kind.CODE,
        "105": Kind.ESIM,
    }
    assert told[2] == Listed(
        "103-ranged", "Orange 5 to 50 EUR", "Orange Belgium", "BE", Kind.DIRECT, "EUR", 500, 5000, 480, "EUR"
    )


def test_a_list_is_read_to_its_last_page_or_not_at_all(dtone: DTOneSupplier) -> None:
    dtone.theirs.products = [replace(PRODUCTS[0], id=n) for n in range(1, 121)]
    told = dtone.bare().products("BE")
    assert told is not None
    assert len({one.sku for one in told}) == 120
    dtone.alone.order_fault("GET", "/v1/products", Fault.NONE)
    dtone.alone.order_fault("GET", "/v1/products", Fault.DROP_AFTER)
    assert dtone.bare().products("BE") is None


@pytest.mark.parametrize(
    ("country", "skus"), [("TN", {"109", "105"}), ("FR", {"105"}), ("DE", {"105"}), ("00", set()), ("", set())]
)
def test_a_list_is_of_one_country(dtone: DTOneSupplier, country: str, skus: set[str]) -> None:
    told = dtone.bare().products(country)
    assert told is not None
    assert {one.sku for one in told} == skus
    assert {one.country for one in told} <= {country}


def test_an_amount_with_three_decimals_is_listed_in_thousandths(dtone: DTOneSupplier) -> None:
    told = dtone.bare().products("TN")
    assert told
    assert (told[0].currency, told[0].min_minor, told[0].cost_minor) == ("TND", 10_000, 300)


@pytest.mark.parametrize(
    ("rows", "left"),
    [
        ([("EUR", 12.345)], Money(1234, "EUR")),
        ([("EUR", -0.5)], Money(-50, "EUR")),
        ([("USD", 5)], Money(500, "USD")),
        ([("USD", 5), ("EUR", 6)], Money(600, "EUR")),
        ([("USD", 5), ("GBP", 6)], None),
        ([("EUR", "5")], None),
        ([("XAU", 5)], None),
        ([], None),
    ],
)
def test_the_float_is_what_is_available(
    dtone: DTOneSupplier, rows: list[tuple[str, object]], left: Money | None
) -> None:
    told = [{"id": 1, "unit_type": "CURRENCY", "unit": unit, "available": amount} for unit, amount in rows]
    with answering(b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps(told).encode()) as url:
        assert dtone.bare(url).float_left() == left


def test_the_float_falls_by_what_a_send_holds(dtone: DTOneSupplier) -> None:
    before = dtone.bare().float_left()
    dtone.bare().send(credit("+32470000300"))
    after = dtone.bare().float_left()
    assert before
    assert after
    assert (before - after, dtone.theirs.holding_minor) == (Money(950, "EUR"), 950)


def operator(name: str = "Orange Belgium", iso: str = "BEL", *, identified: object = True) -> Mapping[str, object]:
    return {"id": 1, "name": name, "country": {"name": "x", "iso_code": iso}, "regions": None, "identified": identified}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([operator(), operator("Base", identified=False)], LookedUp("Orange Belgium", "BE")),
        ([operator(), operator("Base")], None),
        ([operator(identified=False)], None),
        ([operator(identified="true")], None),
        ([operator(iso="EXX")], None),
        ([operator(name="")], None),
        ([], None),
    ],
)
def test_a_number_is_an_operator_s_where_one_matches(
    dtone: DTOneSupplier, rows: list[Mapping[str, object]], told: LookedUp | None
) -> None:
    with answering(b"HTTP/1.1 200 OK\r\n\r\n" + json.dumps(rows).encode()) as url:
        assert dtone.bare(url).look_up("+32470000000") == told


def test_a_number_that_is_none_is_nobody_s(dtone: DTOneSupplier) -> None:
    assert dtone.bare().look_up("+32470000000") == LookedUp("Orange Belgium", "BE")
    assert dtone.bare().look_up("0470") is None


# ── a purchase ──


@pytest.fixture
def supplied(world: World, dtone: DTOneSupplier) -> tuple[World, DTOneSupplier]:
    """A shop that has nothing of its own."""
    world.shop = replace(world.shop, routes=("dtone",))
    world.others["dtone"] = dtone.adapter
    return world, dtone


def test_a_pin_of_theirs_is_sealed_in_the_shop_and_shown_to_its_buyer_alone(
    supplied: tuple[World, DTOneSupplier],
) -> None:
    world, dtone = supplied
    order_id = world.paid("PX-15")
    dtone.break_send(Fault.DROP_AFTER)
    world.work()
    assert world.state(order_id) == "paid"
    world.work_through(5)
    assert world.state(order_id) == "delivered"
    [(reference, secret)] = dtone.theirs.pins.items()
    assert dtone.given(reference) == 1
    assert world.balance("supplier_float:dtone:EUR") == -1440
    [(sealed,)] = select("SELECT sealed FROM code")
    assert secret.encode() not in bytes(sealed)  # type: ignore[arg-type]  # a memoryview
    shown = reveal(CUSTOMER, order_id, device=DEVICE, shop=world.shop, at=world.clock())
    assert isinstance(shown, Revealed)
    assert shown.pin == secret
    rows = select(
        "SELECT row_to_json(e)::text FROM attempt_evidence e UNION ALL SELECT row_to_json(e)::text FROM event e"
    )
    assert secret not in str(rows)
    assert all(check.wrong == 0 for check in books(world.clock()))


def test_credit_that_they_take_back_is_refunded_and_not_sent_again(supplied: tuple[World, DTOneSupplier]) -> None:
    world, dtone = supplied
    order_id = world.paid("MV-15")
    world.work()
    assert world.state(order_id) == "paid"
    dtone.pass_s(1)
    world.work_through(3)
    assert world.state(order_id) == "delivered"
    [reference] = dtone.theirs.given
    dtone.theirs.reverse(reference)
    world.work_through(40)
    assert (world.state(order_id), dtone.given(reference)) == ("refunded", 1)
    assert world.balance("supplier_float:dtone:EUR") == 0
    assert len(dtone.asked()) == 1
    assert all(check.wrong == 0 for check in books(world.clock()))


# ── keys ──


@pytest.mark.parametrize(
    ("given_", "field"),
    [
        ({}, "key"),
        ({"key": "a:b", "secret": "s"}, "key"),
        ({"key": "a\n", "secret": "s"}, "key"),
        ({"key": KEY}, "secret"),
        ({"key": KEY, "secret": "s s"}, "secret"),
        ({"key": KEY, "secret": SECRET, "sandbox": "yes"}, "sandbox"),
        ({"key": KEY, "secret": SECRET, "base_url": "http://dvs-api.dtone.com"}, "base_url"),
    ],
)
def test_settings_that_are_not_enough_are_named_and_no_key_is_shown(given_: dict[str, str], field: str) -> None:
    with pytest.raises(ValueError, match=f"^{field}: ") as refused:
        Config.from_mapping(given_)
    assert KEY not in str(refused.value)
    assert SECRET not in str(refused.value)


def test_a_pair_for_pre_production_moves_no_money_and_goes_there_alone() -> None:
    pair = {"key": KEY, "secret": SECRET}
    assert moves_money(pair)
    assert not moves_money({**pair, "sandbox": "1"})
    assert Config.from_mapping(pair).base_url == "https://dvs-api.dtone.com"
    assert Config.from_mapping({**pair, "sandbox": "1"}).base_url == "https://preprod-dvs-api.dtone.com"
    assert SECRET not in repr(Config.from_mapping(pair))
    assert suppliers.folder("dtone").LIVE
    assert isinstance(suppliers.build("dtone", pair, TwinStock()), DTOne)


def test_every_error_in_our_table_is_in_their_document() -> None:
    documented = documented_errors()
    if documented is None:
        pytest.skip("their document is not on this machine")
    ours = {*mapping.ERROR, *mapping.QUESTION, mapping.NOT_FOUND, *ERRORS}
    assert {str(code) for code in ours} <= set(documented)
