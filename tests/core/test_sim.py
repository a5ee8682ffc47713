from __future__ import annotations

import pprint

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import luhn

from opla.core.phone import Number
from opla.core.refusal import Code, Refusal
from opla.core.sim import ActivationCode, Eid, Iccid, Place, identify, read_serial, sold_code, where_to_look, why_not

ICCID = "8949449999999990049"  # GSMA TS.48's generic test profile, as pySim ships it
EIDS = [  # pySim contrib/eidtool.py and GSMA SGP.29
    "89882119900000000000000000001654",
    "89049032123451234512345678901235",
    "89001012012341234012345678901224",
]
HOST, MATCHING_ID, OID = "SMDP.GSMA.COM", "04386-AGYFT-A74Y8-3F815", "1.3.6.1.4.1.31746"
CODES = [  # GSMA SGP.22 section 4.1, as in pySim's tests/unittests/test_esim.py: text, matching id, OID, confirmation
    (f"1${HOST}${MATCHING_ID}", MATCHING_ID, "", False),
    (f"1${HOST}${MATCHING_ID}$$1", MATCHING_ID, "", True),
    (f"1${HOST}${MATCHING_ID}${OID}$1", MATCHING_ID, OID, True),
    (f"1${HOST}${MATCHING_ID}${OID}", MATCHING_ID, OID, False),
    (f"1${HOST}$${OID}", "", OID, False),
]


@pytest.mark.parametrize("before", ["", "LPA:", "lpa:", " LPA: ", "ＬＰＡ："])
@pytest.mark.parametrize(("text", "matching_id", "oid", "confirmation"), CODES)
def test_an_activation_code_is_read_with_or_without_its_prefix(
    before: str, text: str, matching_id: str, oid: str, confirmation: bool
):
    found = identify(before + text)
    assert isinstance(found, ActivationCode)
    assert (found.smdp_address, found.matching_id, found.oid) == (HOST, matching_id, oid)
    assert found.confirmation_required is confirmation
    assert found.raw.endswith(text)


@pytest.mark.parametrize("text", ["LPA:", "LPA:1", "LPA:2$x", "LPA:1$a.b$c$d$e$f$g"])
def test_a_strange_activation_code_is_still_recognised_and_kept_whole(text: str):
    found = identify(text)
    assert isinstance(found, ActivationCode)
    assert found.raw == text


def test_a_confirmation_code_in_the_place_of_the_oid_is_noticed():
    found = identify(f"LPA:1${HOST}${MATCHING_ID}$4711")
    assert isinstance(found, ActivationCode)
    assert found.confirmation_required
    assert found.oid == ""


def test_an_activation_code_never_shows_its_secret():
    found = identify(f"LPA:1${HOST}${MATCHING_ID}")
    shown = f"{found} {found!r} {pprint.pformat(found)} {[found]}"
    assert HOST in shown
    assert MATCHING_ID not in shown
    assert MATCHING_ID.split("-")[1] not in shown


@pytest.mark.parametrize("text", [*EIDS, f"EID: {EIDS[0]}", " ".join(EIDS[1][i : i + 4] for i in range(0, 32, 4))])
def test_an_eid_is_recognised(text: str):
    assert isinstance(identify(text), Eid)


def test_an_eid_need_not_start_with_89():
    digits = next(f"12{n:030d}" for n in range(97) if int(f"12{n:030d}") % 97 == 1)
    assert identify(digits) == Eid(digits)


@pytest.mark.parametrize(
    "text",
    [
        ICCID,
        ICCID + "F",
        ICCID + " f",
        "ICCID: 8949 4499 9999 9990 049",
        "ICC-ID 8949449999999990049",
        "８９" + ICCID[2:],
    ],
)
def test_an_iccid_is_recognised_and_hints_at_a_country(text: str):
    assert identify(text) == Iccid(ICCID, "DE")


@pytest.mark.parametrize(
    ("start", "country"), [("8932", "BE"), ("891", "US"), ("89852", "HK"), ("89882", ""), ("89210", "")]
)
def test_the_country_of_an_iccid_is_a_hint_by_its_calling_code(start: str, country: str):
    body = start.ljust(18, "0")
    digits = body + luhn.calc_check_digit(body)
    assert identify(digits) == Iccid(digits, country)


@pytest.mark.parametrize(
    ("text", "kind"),
    [(ICCID[:-1] + "8", "iccid"), (EIDS[0][:-1] + "5", "eid"), ("12" + "0" * 30, "eid")],
)
def test_a_wrong_check_digit_is_refused_by_name(text: str, kind: str):
    assert identify(text) == Refusal(Code.SIM_CHECK_DIGIT, "number", {"kind": kind})


@settings(max_examples=30, deadline=None)
@given(st.sampled_from([ICCID, EIDS[0], EIDS[1]]), st.data())
def test_one_mistyped_digit_of_a_sim_is_always_noticed(digits: str, data: st.DataObject):
    place = data.draw(st.integers(2, len(digits) - 1))
    other = data.draw(st.sampled_from("0123456789").filter(lambda d: d != digits[place]))
    answer = identify(digits[:place] + other + digits[place + 1 :])
    assert isinstance(answer, Refusal)
    assert answer.code is Code.SIM_CHECK_DIGIT


@pytest.mark.parametrize("text", ["EID 0470123456", "ICCID 0470123456", f"EID {ICCID}", f"ICCID {EIDS[0]}"])
def test_what_contradicts_its_own_label_is_not_guessed_at(text: str):
    assert identify(text) == Refusal(Code.NUMBER_UNREADABLE, "number")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("0470 12 34 56 F", Code.NUMBER_UNREADABLE),  # only an ICCID is padded with an F
        ("1$", Code.NUMBER_UNREADABLE),
        ("LPA:" + "1" * 200, Code.NUMBER_UNREADABLE),
        ("+" + ICCID, Code.NUMBER_INVALID),  # +89 is no country
        ("0" + ICCID, Code.NUMBER_TOO_LONG),
        ("12" + ICCID[2:], Code.NUMBER_TOO_LONG),
        (ICCID[:15], Code.NUMBER_TOO_LONG),
        ("02 512 34 56", Code.NUMBER_LANDLINE),
    ],
)
def test_what_is_no_sim_is_refused_as_a_number(text: str, code: Code):
    answer = identify(text)
    assert isinstance(answer, Refusal)
    assert answer.code is code


def test_a_number_is_a_number_and_can_be_topped_up():
    found = identify("SIM 0470 12 34 56")
    assert found == Number("+32470123456", "BE", "0470123456")
    assert isinstance(found, Number)
    assert why_not(found) is None


@pytest.mark.parametrize(
    ("text", "params", "first", "never"),
    [
        (ICCID, {"kind": "iccid", "country": "DE"}, Place.OWN_NUMBER_CODE, Place.PURCHASE_EMAIL),
        (EIDS[0], {"kind": "eid"}, Place.OWN_NUMBER_CODE, Place.SIM_HOLDER),
        (CODES[0][0], {"kind": "activation_code"}, Place.PURCHASE_EMAIL, Place.SIM_HOLDER),
    ],
)
def test_a_sim_needs_its_number_and_we_say_where_to_look(text: str, params: dict[str, str], first: Place, never: Place):
    found = identify(text)
    assert not isinstance(found, Refusal)
    assert why_not(found) == Refusal(Code.SIM_NEEDS_NUMBER, "number", params)
    places = where_to_look(params["kind"])
    assert places[0] is first
    assert never not in places
    assert len(set(places)) == len(places)


strange = st.one_of(
    st.text(max_size=60),
    st.text("0123456789+ $:.LPAlpa;=F()", max_size=60),
    st.text("0123456789", max_size=40),
    st.builds(
        str.__add__, st.sampled_from(["LPA:", "1$a.b$", "tel:", "89", "+", "00", "\ud800"]), st.text(max_size=30)
    ),
)


@settings(max_examples=50, deadline=None)
@given(strange)
def test_no_text_makes_it_raise_and_no_refusal_repeats_a_code(text: str):
    found = identify(text)
    if isinstance(found, Refusal):
        assert found.about == "number"
        assert "$" not in "".join(found.params.values())
    else:
        refusal = why_not(found)
        assert (refusal is None) == isinstance(found, Number)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**15 - 1), st.integers(0, 10**15 - 1))
def test_two_different_serials_are_never_the_same_sim(one: int, other: int):
    cards = [f"893{n:015d}" for n in (one, other)]
    found = [identify(card + luhn.calc_check_digit(card)) for card in cards]
    assert (found[0] == found[1]) == (one == other)


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        ("1$SMDP.GSMA.COM$04386-AGYFT-A74Y8-3F815", "LPA:1$SMDP.GSMA.COM$04386-AGYFT-A74Y8-3F815"),
        (" lpa:1$smdp.gsma.com$04386-AGYFT ", "LPA:1$smdp.gsma.com$04386-AGYFT"),
        ("LPA:1$rsp-0026.oberthur.net$A_B.c", "LPA:1$rsp-0026.oberthur.net$A_B.c"),
        ("1$SMDP.GSMA.COM$04386-AGYFT$1.3.6.1.4.1.31746", "LPA:1$SMDP.GSMA.COM$04386-AGYFT$1.3.6.1.4.1.31746"),
        ("1$SMDP.GSMA.COM$04386-AGYFT$$1", ""),  # asks for a confirmation code
        ("1$SMDP.GSMA.COM$04386-AGYFT$1.3.6.1.4.1.31746$1", ""),  # the same
        ("1$SMDP.GSMA.COM$04386-AGYFT$4711", ""),  # perhaps the confirmation code itself
        ("1$SMDP.GSMA.COM$$1.3.6.1.4.1.31746", ""),  # names no profile
        ("1$SMDP$04386", ""),  # names no server
        ("1$https://smdp.gsma.com$04386", ""),
        ("2$SMDP.GSMA.COM$04386", ""),
        ("1$SMDP.GSMA.COM$04 386", ""),
        ("0000567890123", ""),
        ("", ""),
    ],
)
def test_an_activation_code_can_be_sold_when_it_names_a_server_and_a_profile_and_asks_no_more(text: str, raw: str):
    found = sold_code(text)
    assert (found.raw if found else "") == raw
    assert "AGYFT" not in repr(found)


@pytest.mark.parametrize(
    ("text", "digits", "right"),
    [
        ("8949449999999990049", "8949449999999990049", True),  # GSMA TS.48's profile
        ("8949 4499 9999 9990 049F", "8949449999999990049", True),
        ("8991101200003204510", "8991101200003204510", False),  # an example of the web, without a right digit
        ("89911012000032045", "", False),  # 17 digits
        ("1049449999999990049", "", False),
        ("S1", "", False),
    ],
)
def test_a_serial_number_is_read_and_its_check_digit_looked_at(text: str, digits: str, right: bool):
    found = read_serial(text)
    assert found == ((digits, right) if digits else None)
