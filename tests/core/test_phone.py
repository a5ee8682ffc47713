from __future__ import annotations

import re
import string
from itertools import cycle, islice
from unittest.mock import patch

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opla.core import phone, sim
from opla.core.phone import Number, propose, read
from opla.core.refusal import Code, Refusal

SAMPLE = Number("+32470123456", "BE", "0470123456")

HABITS = [
    "0470 12 34 56",
    "0470/12.34.56",
    "0470-123456",
    "(0470) 123456",
    "0470,123456",
    "+32 470 12 34 56",
    "+32470123456",
    "+320470123456",
    "+32 (0)470 12 34 56",
    "(+32) 470 12 34 56",
    "0032470123456",
    "00 32 (0) 470/123.456",
    "32470123456",
    "470123456",  # the trunk zero forgotten
    "０４７０　１２　３４　５６",
    "＋３２（０）４７０－１２３４５６",
    "٠٤٧٠١٢٣٤٥٦",
    "0470\u00a012\u202f34\u00a056",
    "0470\u200b12\u00ad34\ufeff56",
    "\u202a+32\u2060470123456\u202c",  # marks of direction, as phones put around a copied contact
    "0470‑12‑34‑56",
    "0470 – 12 34 56",
    "手机号：0470、12、34、56",
    "【0470 123456】",
    "tel:+32-470-12-34-56",
    "tel:%2B32470123456",
    "tel:470-12-34-56;phone-context=+32",
    "<tel:0470123456>",
    "gsm: 0470 12 34 56",
    "GSM 0470 12 34 56 (mobile)",
    "Tél. 0470123456",
    "N° 0470123456",
    "📱 0470 12 34 56",
    "0️⃣470123456",
    "\t0470123456\r\n",
]


@pytest.mark.parametrize("text", HABITS)
def test_every_habit_of_writing_is_read_as_the_same_number(text: str):
    assert read(text) == SAMPLE


REFUSED: list[tuple[str, Code, dict[str, str]]] = [
    ("", Code.NUMBER_MISSING, {}),
    (" \u200b\t", Code.NUMBER_MISSING, {}),
    ("gsm:", Code.NUMBER_MISSING, {}),
    ("Proximus", Code.NUMBER_UNREADABLE, {}),
    ("O470123456", Code.NUMBER_UNREADABLE, {}),  # a letter O is not quietly made a zero
    ("0470 12 34 56²", Code.NUMBER_UNREADABLE, {}),  # a footnote is not a digit
    ("0470 12 34 5⑥", Code.NUMBER_UNREADABLE, {}),
    ("0470123456;ext=3", Code.NUMBER_UNREADABLE, {}),
    ("0470 of 0471 123456", Code.NUMBER_UNREADABLE, {}),
    ("0470+123456", Code.NUMBER_UNREADABLE, {}),
    ("++32470123456", Code.NUMBER_UNREADABLE, {}),
    ("*121*1234567890123#", Code.NUMBER_UNREADABLE, {}),
    ("470123456@qq.com", Code.NUMBER_UNREADABLE, {}),
    ("0" * 201, Code.NUMBER_UNREADABLE, {}),
    ("0", Code.NUMBER_TOO_SHORT, {"country": "BE", "missing": "9"}),
    ("0470", Code.NUMBER_TOO_SHORT, {"country": "BE", "missing": "6"}),
    ("0470 12 34 5", Code.NUMBER_TOO_SHORT, {"country": "BE", "missing": "1"}),
    ("47012345", Code.NUMBER_TOO_SHORT, {"country": "BE", "missing": "1"}),
    ("+32 470 12 34 5", Code.NUMBER_TOO_SHORT, {"country": "BE", "missing": "1"}),
    ("32 470 12 34 5", Code.NUMBER_TOO_SHORT, {"country": "BE", "missing": "1"}),
    ("+32", Code.NUMBER_TOO_SHORT, {"country": "BE", "missing": "9"}),
    ("+33 6 12 34 56 7", Code.NUMBER_TOO_SHORT, {"country": "FR", "missing": "1"}),
    ("0470 12 34 567", Code.NUMBER_TOO_LONG, {"country": "BE", "extra": "1"}),
    ("470123456.0", Code.NUMBER_TOO_LONG, {"country": "BE", "extra": "1"}),  # a spreadsheet was here
    ("0470123456, 0471123456", Code.NUMBER_TOO_LONG, {"country": "BE", "extra": "10"}),
    ("+33 6 12 34 56 789", Code.NUMBER_TOO_LONG, {"country": "FR", "extra": "1"}),
    ("+3361234567890123456789", Code.NUMBER_TOO_LONG, {"extra": "7"}),
    ("112", Code.NUMBER_EMERGENCY, {}),
    ("+32 112", Code.NUMBER_EMERGENCY, {}),
    ("100", Code.NUMBER_EMERGENCY, {}),
    ("101", Code.NUMBER_EMERGENCY, {}),
    ("110", Code.NUMBER_EMERGENCY, {}),
    ("116 000", Code.NUMBER_EMERGENCY, {}),
    ("1984", Code.NUMBER_SHORT_CODE, {}),
    ("8888", Code.NUMBER_SHORT_CODE, {}),
    ("02 512 34 56", Code.NUMBER_LANDLINE, {"country": "BE"}),
    ("04 212 34 56", Code.NUMBER_LANDLINE, {"country": "BE"}),  # Liège, not a mobile number short of a digit
    ("043 12 34 56", Code.NUMBER_LANDLINE, {"country": "BE"}),
    ("+33 1 42 34 56 78", Code.NUMBER_LANDLINE, {"country": "FR"}),
    ("0770 12 34 56", Code.NUMBER_NOT_MOBILE, {"country": "BE", "kind": "machine"}),
    ("+32 77 0123 456 789", Code.NUMBER_NOT_MOBILE, {"country": "BE", "kind": "machine"}),
    ("0900 12 345", Code.NUMBER_NOT_MOBILE, {"country": "BE", "kind": "premium_rate"}),
    ("0800 12 345", Code.NUMBER_NOT_MOBILE, {"country": "BE", "kind": "toll_free"}),
    ("078 05 12 34", Code.NUMBER_NOT_MOBILE, {"country": "BE", "kind": "company"}),
    ("+33 6 12 34 56 78", Code.NUMBER_FOREIGN, {"country": "FR", "grouped": "+33 6 12 34 56 78"}),
    ("0086 138 0013 8000", Code.NUMBER_FOREIGN, {"country": "CN", "grouped": "+86 138 0013 8000"}),
    ("+1 202 555 0123", Code.NUMBER_FOREIGN, {"country": "US", "grouped": "+1 202-555-0123"}),
    ("0440 12 34 56", Code.NUMBER_INVALID, {"country": "BE"}),
    ("06 12 34 56 78", Code.NUMBER_INVALID, {"country": "BE"}),  # French or Dutch habit: not made Belgian, nor French
    ("02 123 45 67", Code.NUMBER_INVALID, {"country": "BE"}),  # as long as a landline, and no such range
    ("+999 123456789", Code.NUMBER_INVALID, {}),
    ("+0470 12 34 56", Code.NUMBER_INVALID, {}),
]


@pytest.mark.parametrize(("text", "code", "params"), REFUSED)
def test_what_cannot_be_topped_up_is_refused_by_name(text: str, code: Code, params: dict[str, str]):
    assert read(text) == Refusal(code, "number", params)


def test_a_foreign_number_is_shown_with_its_country_code_and_one_at_home_without():
    both = frozenset({"BE", "FR"})
    french = read("+33 6 12 34 56 78", served=both)
    assert isinstance(french, Number)
    assert (french.grouped, french.national, french.tel) == ("+33 6 12 34 56 78", "0612345678", "tel:+33612345678")
    assert SAMPLE.grouped == "0470 12 34 56"


def test_another_home_reads_its_own_habits():
    number = read("06 12 34 56 78", home="FR", served=frozenset({"FR"}))
    assert isinstance(number, Number)
    assert (number.e164, number.grouped) == ("+33612345678", "06 12 34 56 78")


# ── all of Belgium ───────────────────────────────────────────────────────

#: Google's ranges for BE (libphonenumber 9.0.42, regions 1–9 after the trunk zero), typed here as an independent table:
#: mobile is 4[5-9] + 7 digits (BIPT: 04xx + 6), landlines have 8.
MOBILE = re.compile(r"4[5-9]\d{7}")
LANDLINE = re.compile(r"80[2-8]\d{5}|(1[0-69]|[23][2-8]|4[23]|5\d|6[013-57-9]|71|8[1-79]|9[2-4])\d{6}")


def test_every_belgian_prefix_is_sorted_as_the_numbering_plan_says():
    for prefix in range(100, 1000):
        for length in range(3, 14) if prefix % 10 == 5 else (8, 9):
            significant = f"{prefix}1234567890"[:length]
            answer = read("+32" + significant)
            if MOBILE.fullmatch(significant):
                assert isinstance(answer, Number), significant
                assert answer.e164 == "+32" + significant
            else:
                assert isinstance(answer, Refusal), significant
                landline = bool(LANDLINE.fullmatch(significant))
                assert (answer.code is Code.NUMBER_LANDLINE) == landline, significant


# ── laws ─────────────────────────────────────────────────────────────────

mobiles = st.integers(450_000_000, 499_999_999).map(str)
writings = st.sampled_from(["0{}", "{}", "+32{}", "0032{}", "+32 (0){}", "32{}", "tel:+32{}", "gsm 0{} (gsm)"])
separators = st.lists(
    st.sampled_from(["", "", " ", ".", "-/", ", ", "\u00a0", "\u200b\u00ad", "\u202f", "\u2011"]), min_size=3
)
scripts = st.sampled_from([string.digits, "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९"])


@settings(max_examples=30, deadline=None)
@given(mobiles, writings, separators, scripts)
def test_any_decoration_of_a_number_reads_back_to_the_same_number(
    digits: str, writing: str, gaps: list[str], script: str
):
    spaced = "".join(map(str.__add__, digits, islice(cycle(gaps), len(digits))))
    text = writing.format(spaced).translate(str.maketrans(string.digits, script))
    answer = read(text)
    assert isinstance(answer, Number)
    assert answer.e164 == "+32" + digits


@settings(max_examples=30, deadline=None)
@given(mobiles)
def test_what_is_shown_can_be_typed_again(digits: str):
    number = read("0" + digits)
    assert isinstance(number, Number)
    assert read(number.grouped) == read(number.e164) == read(number.tel) == read(number.national) == number


#: Everything that may stand before the nine digits of a Belgian mobile number. Nothing else is ever dropped or added.
BEFORE = {"", "0", "32", "320", "0032", "00320"}
near_numbers = st.one_of(
    st.integers(0, 10**16).map(str),
    st.builds(str.__add__, st.sampled_from(["00", "3", "032", "0320", "33", "003200", "+", "1"]), mobiles),
    st.builds(str.__add__, mobiles, st.integers(0, 999).map(str)),
)


@settings(max_examples=60, deadline=None)
@given(near_numbers)
def test_a_number_is_never_turned_into_another_one(typed: str):
    answer = read(typed)
    if isinstance(answer, Number):
        assert answer.e164 == "+32" + typed[-9:]
        assert typed[:-9] in BEFORE


@settings(max_examples=30, deadline=None)
@given(mobiles, st.integers(2, 8), st.sampled_from(string.digits))
def test_a_dropped_or_doubled_digit_is_counted_not_repaired(digits: str, place: int, more: str):
    short, long = digits[:place] + digits[place + 1 :], digits[:place] + more + digits[place:]
    for text, code in (("+32" + short, Code.NUMBER_TOO_SHORT), ("+32" + long, Code.NUMBER_TOO_LONG)):
        answer = read(text)
        assert isinstance(answer, Refusal)
        assert answer.code is code


# ── the short way says what the long way says ────────────────────────────

#: Signs that plain texts are made of, and a few that make them unplain.
pieces = st.sampled_from(
    [*"0123456789", "0", "4", "+", "32", "00", "47", " ", ".", "-", "/", "(0)", "[", "]", ",", "\u0664", "F"]
)
plain_texts = st.one_of(
    st.lists(pieces, max_size=24).map("".join),
    st.builds(str.format, writings, mobiles),
    near_numbers,
    st.builds(str.__add__, mobiles, st.sampled_from([" " * 190, " " * 200])),
)


def the_long_way(text: str, home: str, served: frozenset[str]) -> object:
    with (
        patch.dict(phone._PLAIN, clear=True),
        patch("opla.core.sim.plain_digits", return_value=None),
        patch("opla.core.written.plain_digits", return_value=None),
    ):
        return sim.identify(text, home=home, served=served), read(text, home=home, served=served)


@settings(max_examples=300, deadline=None)
@given(plain_texts, st.sampled_from([("BE", {"BE"}), ("BE", {"NL"}), ("NL", {"BE", "NL"})]))
def test_the_short_way_says_what_the_long_way_says(text: str, where: tuple[str, set[str]]):
    home, served = where[0], frozenset(where[1])
    short = sim.identify(text, home=home, served=served), read(text, home=home, served=served)
    assert short == the_long_way(text, home, served)


@settings(max_examples=100, deadline=None)
@given(mobiles, writings)
def test_it_is_read_and_written_as_googles_own_library_does(digits: str, writing: str):
    text = writing.format(digits).replace("(gsm)", "")
    theirs = phonenumbers.parse(text, "BE")
    assert phonenumbers.is_valid_number(theirs)
    number = read(text)
    assert isinstance(number, Number)
    assert number.e164 == phonenumbers.format_number(theirs, phonenumbers.PhoneNumberFormat.E164)
    assert number.grouped == phonenumbers.format_number(theirs, phonenumbers.PhoneNumberFormat.NATIONAL)


# ── the operator is proposed, never claimed ──────────────────────────────

BLOCKS = {"047": "proximus", "0466": "sample", "04660": "lycamobile"}


@pytest.mark.parametrize(
    ("text", "operator"),
    [("0470123456", "proximus"), ("0466012345", "lycamobile"), ("0466112345", "sample"), ("0499123456", None)],
)
def test_the_longest_block_proposes_the_operator(text: str, operator: str | None):
    number = read(text)
    assert isinstance(number, Number)
    assert propose(number, BLOCKS) == operator


def test_nothing_is_proposed_for_a_number_of_another_country():
    number = read("+31 6 12345678", served=frozenset({"NL"}))
    assert isinstance(number, Number)
    assert propose(number, {"06": "proximus"}) is None
