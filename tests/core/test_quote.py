from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from opla.core.money import Money
from opla.core.ports import Kind
from opla.core.quote import LANGUAGES, Quote, Terms, price, read_email, read_language
from opla.core.refusal import Code, Refusal

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fee", "vat", "total"), [(0, 0, 1500), (1, 0, 1501), (3, 1, 1503), (50, 9, 1550), (121, 21, 1621), (100, 17, 1600)]
)
def test_a_price_is_the_face_value_and_our_fee_with_its_vat_inside(fee: int, vat: int, total: int) -> None:
    found = price(Money(1500, "EUR"), Terms(fee_minor=fee))
    assert (found.fee_vat.amount_minor, found.total.amount_minor, found.face.amount_minor) == (vat, total, 1500)


def test_the_default_terms_charge_the_face_value_and_nothing_else() -> None:
    assert price(Money(1500, "EUR"), Terms()).total == Money(1500, "EUR")


def test_a_quote_is_good_until_it_expires_and_not_at_that_instant() -> None:
    until = AT + timedelta(minutes=15)
    cost = price(Money(1500, "EUR"), Terms())
    quote = Quote(UUID(int=1), "s", "o", "n", Kind.CODE, cost, "", "", "a@b.be", "en", 1, False, AT, until)
    assert quote.refused(until - timedelta(microseconds=1)) is None
    assert quote.refused(until) == Refusal(Code.QUOTE_EXPIRED)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("ana@example.org", "ana@example.org"),
        (" Ana.B+opla@Example.ORG ", "Ana.B+opla@example.org"),
        ("ana＠example.org", "ana@example.org"),
        ("王@例子.中国", "王@例子.中国"),
        ("a@b.co", "a@b.co"),
    ],
)
def test_addresses_that_can_be_written_to(typed: str, read: str) -> None:
    assert read_email(typed) == read


@pytest.mark.parametrize(
    "typed",
    [
        "ana", "ana@", "@example.org", "ana@example", "a b@example.org", "ana@exa mple.org", "a@@b.be", "ana@b..be",
        "ana@example.org\nBcc: x@y.z", "ana@example.org,b@c.de", "<ana@example.org>", "a" * 65 + "@b.be",
        "a@" + "b" * 260 + ".be", "a\x00@b.be", "ana@example.o",
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_by_name(typed: str) -> None:
    assert read_email(typed) == Refusal(Code.EMAIL_INVALID, "email")


@pytest.mark.parametrize("typed", ["", "   ", "\n"])
def test_a_missing_address_is_another_thing_than_a_wrong_one(typed: str) -> None:
    assert read_email(typed) == Refusal(Code.EMAIL_MISSING, "email")


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        *[(one, one) for one in LANGUAGES],
        ("zh", "zh-Hans"), ("zh_CN", "zh-Hans"), ("ZH-hans-cn", "zh-Hans"), ("zh-SG", "zh-Hans"),
        ("EN", "en"), ("en-GB", "en"), ("fr_BE", "fr"), ("nl-BE", "nl"), (" de ", "de"),
    ],
)  # fmt: skip
def test_languages_by_any_of_their_tags(tag: str, language: str) -> None:
    assert read_language(tag) == language


@pytest.mark.parametrize("tag", ["", "xx", "zh-Hant", "zh-TW", "english", "e"])
def test_a_language_we_do_not_have_is_refused_never_replaced(tag: str) -> None:
    assert read_language(tag) == Refusal(Code.LANGUAGE_UNKNOWN, "language", {"language": tag})
