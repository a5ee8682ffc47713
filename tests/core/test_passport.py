"""What a seller's passport is, where it may go, and that nothing but all of it together is green."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core import passport
from opla.core.chance import ALPHABET, Chance
from opla.core.passport import (
    ARROWS,
    ENDED,
    GOOD,
    Claims,
    Event,
    Here,
    NumberKind,
    PlaceKind,
    PlaceOfSale,
    Seller,
    State,
    Verdict,
)  # fmt: skip
from opla.core.refusal import Code, Refusal

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SELLER = Seller("Acme Phones", "Acme NV", "BE", NumberKind.BE, "0403.170.701")
CLAIMS = Claims(
    "https://opla.example", "K7M39QXY", SELLER, PlaceOfSale(PlaceKind.SITE, "acme.example"), AT, AT + timedelta(365)
)

#: state, then where each event leads; what is not here leads nowhere.
TABLE = """
applied     approved→approved refused→refused withdrawn→withdrawn
approved    fell_due→due_review reviewed→approved suspended→suspended withdrawn→withdrawn expired→expired
due_review  reviewed→approved suspended→suspended withdrawn→withdrawn expired→expired
suspended   resumed→approved withdrawn→withdrawn expired→expired
refused
withdrawn
expired
"""


def test_what_leads_where() -> None:
    rows = {
        State(first): dict(cell.split("→") for cell in rest)
        for first, *rest in map(str.split, TABLE.strip().splitlines())
    }
    assert set(rows) == set(State)
    for state, event in product(State, Event):
        assert passport.move(state, event) == rows[state].get(event), (state, event)


def test_nothing_comes_back_from_an_end_and_an_end_is_never_good() -> None:
    assert {State.REFUSED, State.WITHDRAWN, State.EXPIRED} == ENDED
    assert not ENDED & GOOD
    assert not [arrow for arrow in ARROWS if arrow[0] in ENDED]


def test_no_way_leads_to_green_without_all_of_it() -> None:
    """Our signature, its time, a good state, looked up now, and the place where whoever looks is."""
    for signed, in_time, state, online, here in product(
        (True, False), (True, False), (*State, None), (True, False), Here
    ):
        found = passport.verdict(signed=signed, in_time=in_time, state=state, online=online, here=here)
        all_of_it = signed and in_time and state in GOOD and online and here is Here.YES
        assert (found is Verdict.GREEN) == all_of_it, (signed, in_time, state, online, here)
        if not online:
            assert found is not Verdict.GREEN
        if not signed or not in_time or (online and state not in GOOD):
            assert found is Verdict.RED


@pytest.mark.parametrize(
    ("state", "online", "here", "verdict"),
    [
        (State.APPROVED, True, Here.YES, Verdict.GREEN),
        (State.DUE_REVIEW, True, Here.YES, Verdict.GREEN),
        (State.APPROVED, True, Here.NO, Verdict.OTHER_SHOP),
        (State.APPROVED, True, Here.UNSAID, Verdict.AMBER),
        (State.WITHDRAWN, True, Here.YES, Verdict.RED),
        (State.SUSPENDED, True, Here.YES, Verdict.RED),
        (State.EXPIRED, True, Here.NO, Verdict.RED),
        (State.APPLIED, True, Here.YES, Verdict.RED),
        (None, True, Here.YES, Verdict.RED),
        (None, False, Here.YES, Verdict.AMBER),
        (None, False, Here.NO, Verdict.OTHER_SHOP),
    ],
)
def test_what_a_customer_may_conclude(state: State | None, online: bool, here: Here, verdict: Verdict) -> None:
    assert passport.verdict(signed=True, in_time=True, state=state, online=online, here=here) is verdict


@given(st.integers())
def test_a_number_is_read_however_it_is_grouped_and_one_wrong_letter_is_found(seed: int) -> None:
    number = passport.draw_number(Chance(random.Random(seed)))
    wide = "".join(chr(ord(c) + 0xFEE0) for c in number)  # as a Chinese keyboard may write it
    for typed in (number, passport.grouped(number).lower(), f" {number[:2]} {number[2:]}.", wide):
        assert passport.read_passport_number(typed) == number
    at = seed % 8
    for other in set(ALPHABET) - {number[at]}:
        assert passport.read_passport_number(number[:at] + other + number[at + 1 :]) == Refusal(
            Code.PASSPORT_NUMBER_WRONG, "number"
        )


@pytest.mark.parametrize("typed", ["", "K7M3", "K7M3-9QXO", "K7M39QXY7", "充值", "²" * 8])
def test_what_is_no_number_is_refused(typed: str) -> None:
    assert isinstance(passport.read_passport_number(typed), Refusal)


@pytest.mark.parametrize(
    ("kind", "typed", "read"),
    [
        ("be", "BE 0403.170.701", "0403.170.701"),
        ("be", "０４０３１７０７０１", "0403.170.701"),
        ("be", "0403.170.702", ""),
        ("cn", "9111 0000 6000 3734 1L", "91110000600037341L"),
        ("cn", "91110000600037341M", ""),
        ("other", "HRB 12345/B", "HRB 12345/B"),
        ("other", "<b>", ""),
    ],
)
def test_a_registration_number_is_checked_by_its_register_s_own_rule(kind: str, typed: str, read: str) -> None:
    found = passport.read_number(NumberKind(kind), typed)
    assert found == (read or Refusal(Code.REGISTRATION_INVALID, "number", {"register": kind}))


@pytest.mark.parametrize(
    ("kind", "typed", "read"),
    [
        ("site", "https://www.Acme.example/", "acme.example"),
        ("site", "acme.example:8080", ""),
        ("site", "ana@acme.example", ""),
        ("site", "http://127.0.0.1/", ""),
        ("site", "аcme.example", "xn--cme-5cd.example"),  # a Cyrillic а shows itself
        ("shop", "https://shop123.taobao.com/", "shop123.taobao.com"),
        ("shop", "https://market.example/acme/?ref=1", "market.example/acme/?ref=1"),
        ("shop", "https://www.ebay.com/usr/acme", "www.ebay.com/usr/acme"),
        ("shop", "https://acme.market.co.uk", "acme.market.co.uk"),
        ("shop", "market.example", ""),
        ("shop", "https://www.ebay.com/", ""),
        ("shop", "https://amazon.co.uk", ""),
        ("shop", "www.amazon.com.au/", ""),
        ("shop", "m.ebay.com", ""),
        ("shop", "nl.aliexpress.com", ""),
        ("shop", "javascript://market.example/x", ""),
        ("street", "Rue Neuve 12,\n1000 Bruxelles", "Rue Neuve 12, 1000 Bruxelles"),
        ("street", "Rue Neuve 12\u202e, 1000 Bruxelles", "Rue Neuve 12, 1000 Bruxelles"),  # nothing turns the order
        ("street", "here", ""),
        ("moon", "acme.example", ""),
    ],
)
def test_a_place_of_sale_is_read_so_that_what_looks_alike_is_told_apart(kind: str, typed: str, read: str) -> None:
    found = passport.read_place(kind, typed)
    if read:
        assert found == PlaceOfSale(PlaceKind(kind), read)
    else:
        assert isinstance(found, Refusal)
        assert found.code is Code.PLACE_OF_SALE_INVALID


def test_an_address_that_only_a_script_understands_is_refused_with_why() -> None:
    found = passport.read_place("shop", "https://market.example/app#/store/acme")
    assert found == Refusal(Code.PLACE_OF_SALE_INVALID, "place", {"kind": "fragment"})
    assert passport.read_place("site", "https://acme.example/#top") == PlaceOfSale(PlaceKind.SITE, "acme.example")


def test_everything_that_is_wrong_with_a_seller_is_said_at_once() -> None:
    assert passport.read_seller(" Acme  Phones", "Acme NV", "", "be", "0403170701") == SELLER
    wrong = passport.read_seller("", "x" * 81, "Belgium", "other", "")
    assert isinstance(wrong, list)
    assert [(one.code, one.about) for one in wrong] == [
        (Code.SELLER_NAME_INVALID, "name"), (Code.SELLER_NAME_INVALID, "legal_name"),
        (Code.COUNTRY_UNKNOWN, "country"), (Code.REGISTRATION_INVALID, "number"),
    ]  # fmt: skip


@pytest.mark.parametrize("kind", PlaceKind)
def test_a_proof_says_one_place_and_is_read_back_as_it_was_said(kind: PlaceKind) -> None:
    claims = replace(CLAIMS, place=PlaceOfSale(kind, "中关村大街 1 号"))
    read = passport.read_claims(claims.document(), CLAIMS.issuer)
    assert read == passport.Read("K7M39QXY", claims.place, AT, AT + timedelta(365))
    assert passport.read_claims(claims.document(), "https://other.example") is None


@pytest.mark.parametrize(
    "change",
    [{"sub": None}, {"exp": "tomorrow"}, {"exp": None}, {"site": None}, {"street": "Rue Neuve 12"}, {"iss": 1}],
)
def test_what_does_not_say_all_of_it_is_no_proof(change: dict[str, object]) -> None:
    said = json.loads(CLAIMS.document()) | change
    assert passport.read_claims(json.dumps(said).encode(), CLAIMS.issuer) is None
    for document in (b"", b"[]", b"\xff", b'"x"'):
        assert passport.read_claims(document, CLAIMS.issuer) is None
