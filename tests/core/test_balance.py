"""What an operator answered: known formats have nothing to ask; of everything else doubts are named, never decided."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.balance import FORMATS, MAX_ANSWER, Doubt, Format, Found, Reading, What, read_answer
from opla.core.refusal import Code, Refusal

BRUSSELS = ZoneInfo("Europe/Brussels")
AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def read(text: str, operator: str = "proximus", *, samples: bool = False) -> Reading:
    found = read_answer(operator, text, AT, BRUSSELS, samples=samples)
    assert isinstance(found, Reading), found
    return found


def only(text: str) -> Found:
    [found] = read(text).found
    return found


def local(*day: int) -> datetime:
    return datetime(*day, tzinfo=BRUSSELS).astimezone(UTC)  # type: ignore[arg-type, misc]  # year, month, day, …


def holds(reading: Reading) -> dict[What, tuple[int | None, datetime | None]]:
    return {f.what: (f.amount.candidates[0], f.until.candidates[0] if f.until else None) for f in reading.found}


SAMPLES = {
    "proximus-en": {
        What.CREDIT: (1235, local(2027, 3, 5)),
        What.DATA: (1_250_000, local(2026, 12, 4)),
        What.VOICE: (7200, local(2026, 12, 4)),
        What.SMS: (45, local(2026, 12, 4)),
    },
    "orange-fr": {
        What.CREDIT: (750, local(2027, 6, 6)),
        What.DATA: (1_200_000, local(2026, 12, 3, 14, 32)),
    },
    "base-nl": {
        What.CREDIT: (420, local(2027, 2, 2)),
        What.DATA: (850_000, local(2026, 12, 10)),
        What.VOICE: (3600, local(2026, 12, 10)),
        What.SMS: (100, local(2026, 12, 10)),
    },
    "lycamobile-en": {
        What.CREDIT: (310, None),
        What.DATA: (22_500_000, local(2026, 12, 7, 23, 59)),
        What.VOICE: (None, local(2026, 12, 7, 23, 59)),
    },
    "mobile-vikings-en": {
        What.CREDIT: (600, local(2027, 5, 11)),
        What.DATA: (2_400_000, local(2026, 12, 10, 9, 15)),
        What.SMS: (None, local(2026, 12, 10, 9, 15)),
    },
    "aldi-talk-nl": {
        What.CREDIT: (800, local(2027, 11, 23)),
        What.DATA: (640_000, local(2026, 12, 16)),
    },
}


@pytest.mark.parametrize("known", FORMATS, ids=lambda f: f.name)
def test_a_known_format_is_understood_whole_with_nothing_to_ask(known: Format) -> None:
    reading = read(known.example, known.operator, samples=True)
    assert (reading.format, reading.plain, holds(reading)) == (known.name, True, SAMPLES[known.name])


@pytest.mark.parametrize("known", [f for f in FORMATS if f.sample], ids=lambda f: f.name)
def test_a_live_shop_believes_no_invented_format_and_reads_the_same_figures(known: Format) -> None:
    reading = read(known.example, known.operator)
    assert reading.format == ""
    assert {what: amount for what, (amount, _) in holds(reading).items()} == {
        what: amount for what, (amount, _) in SAMPLES[known.name].items()
    }


def test_a_format_is_of_one_operator() -> None:
    assert read(FORMATS[0].example, "orange", samples=True).format == ""


PLAIN = [
    ("Il vous reste 1,2 Go jusqu'au 31 décembre", What.DATA, 1_200_000, local(2027, 1, 1)),
    ("Noch 3,5 GB bis 31. Dezember 2026", What.DATA, 3_500_000, local(2027, 1, 1)),
    ("Je hebt nog 850 MB, geldig tot 31-12-2026", What.DATA, 850_000, local(2027, 1, 1)),
    ("流量剩余 ３．５GB，有效期至2026年12月31日", What.DATA, 3_500_000, local(2027, 1, 1)),
    ("You have 75 texts left until Dec 31 at 14:32", What.SMS, 75, local(2026, 12, 31, 14, 32)),
    ("通话剩余60分钟，12月31日到期", What.VOICE, 3600, local(2027, 1, 1)),
    ("Onbeperkt bellen tot 31/12/26", What.VOICE, None, local(2027, 1, 1)),
    ("Solde : 1 234,56 € valable jusqu'au 2026-12-31 23h59", What.CREDIT, 123_456, local(2026, 12, 31, 23, 59)),
    ("1,5 GB tot 31 dec 14u32", What.DATA, 1_500_000, local(2026, 12, 31, 14, 32)),
    ("EUR 5 until 29 february", What.CREDIT, 500, local(2028, 3, 1)),
    ("You used 500 MB of 2 GB until 31/12/2026", What.DATA, 1_500_000, local(2027, 1, 1)),
    ("500 MB left of 2 GB until 31/12/2026", What.DATA, 500_000, local(2027, 1, 1)),
    ("1 GB until 05/11/2026 or rather until 5 december", What.DATA, 1_000_000, local(2026, 12, 6)),  # one is over
    ("1 GB valid until 11/12/2026 (11/11/2026 was the last top-up)", What.DATA, 1_000_000, local(2026, 12, 12)),
]


@pytest.mark.parametrize(("text", "what", "amount", "until"), PLAIN, ids=[row[0] for row in PLAIN])
def test_figures_units_and_dates_are_read_in_five_languages(
    text: str, what: What, amount: int | None, until: datetime
) -> None:
    found = only(text)
    assert found.until
    assert (found.what, found.amount.candidates, found.until.candidates[0]) == (what, (amount,), until)


DOUBTS = [
    ("1.500 MB", Doubt.SEPARATOR, (1_500_000, 1_500)),
    ("1.500 GB", Doubt.SEPARATOR, (1_500_000, 1_500_000_000)),
    ("Data: 3 500 MB", Doubt.SEPARATOR, (3_500_000, 500_000)),
    ("500 M", Doubt.UNIT, (500_000, 30_000)),
    ("Data: 500", Doubt.UNIT, (500_000, 500_000_000)),
    ("Your balance is 12.50", Doubt.UNIT, (1250,)),
    ("500 MB of 2 GB", Doubt.USED, (500_000, 1_500_000)),
    ("You used 500 MB", Doubt.USED, (500_000,)),
    ("Top up now for 4 GB", Doubt.OFFER, (4_000_000,)),
]


@pytest.mark.parametrize(("text", "doubt", "candidates"), DOUBTS, ids=[row[0] for row in DOUBTS])
def test_an_ambiguous_figure_is_asked_with_its_candidates(text: str, doubt: Doubt, candidates: tuple[int]) -> None:
    found = only(text)
    assert (found.amount.doubts, found.amount.candidates) == ({doubt}, candidates)


DATES = [
    ("1 GB until 03/04/2027", Doubt.DATE, (local(2027, 4, 4), local(2027, 3, 5))),
    ("1 GB until 03-04", Doubt.DATE, (local(2027, 4, 4), local(2027, 3, 5))),
    ("1 GB until 15 november", Doubt.YEAR, (local(2027, 11, 16),)),
    ("1 GB, still valid 5 days", Doubt.LAST_DAY, (local(2026, 11, 28), local(2026, 11, 27))),
    ("1 GB (31/12/2026)", Doubt.WHOSE, (local(2027, 1, 1),)),
    ("1 GB. Your number is valid until 31/12/2026.", Doubt.WHOSE, (local(2027, 1, 1),)),
    ("1 GB. Rechargez avant le 31/12/2026.", Doubt.WHOSE, (local(2027, 1, 1),)),
    ("流量剩余1GB。号码有效期至2026年12月31日", Doubt.WHOSE, (local(2027, 1, 1),)),
]


@pytest.mark.parametrize(("text", "doubt", "candidates"), DATES, ids=[row[0] for row in DATES])
def test_an_ambiguous_end_is_asked_with_its_candidates(
    text: str, doubt: Doubt, candidates: tuple[datetime, ...]
) -> None:
    until = only(text).until
    assert until
    assert (until.doubts, until.candidates) == ({doubt}, candidates)


def test_one_end_for_credit_and_benefits_together_is_asked() -> None:
    reading = read("Credit 5 EUR\nData 1 GB\nValid until 31/12/2026")
    assert [f.doubts for f in reading.found] == [{Doubt.WHOSE}, {Doubt.WHOSE}]


def test_every_benefit_has_the_end_of_its_own_sentence() -> None:
    reading = read("2 GB, 100 min until 31/12/2026. €5.00 until 1 March 2027.")
    assert holds(reading) == {
        What.DATA: (2_000_000, local(2027, 1, 1)),
        What.VOICE: (6000, local(2027, 1, 1)),
        What.CREDIT: (500, local(2027, 3, 2)),
    }


UNLIMITED = [
    ("Data 500 MB over, bellen onbeperkt, sms onbeperkt", {What.DATA: 500_000, What.VOICE: None, What.SMS: None}),
    ("Unlimited min & SMS, 640 MB left", {What.DATA: 640_000, What.VOICE: None, What.SMS: None}),
    ("SMS: illimité", {What.SMS: None}),
    ("无限通话和短信，剩余流量 2GB", {What.DATA: 2_000_000, What.VOICE: None, What.SMS: None}),
]


@pytest.mark.parametrize(("text", "amounts"), UNLIMITED, ids=[row[0] for row in UNLIMITED])
def test_unlimited_is_what_stands_beside_the_word(text: str, amounts: dict[What, int | None]) -> None:
    reading = read(text)
    assert {f.what: f.amount.candidates[0] for f in reading.found} == amounts
    assert reading.plain


def test_unlimited_beside_nothing_is_shown_as_not_understood() -> None:
    assert read("1 GB. Unlimited fun!").rest == ("Unlimited fun",)


def test_the_same_kind_twice_is_asked() -> None:
    reading = read("2 GB national, 500 MB roaming")
    assert [(f.amount.candidates, f.doubts) for f in reading.found] == [
        ((2_000_000,), {Doubt.SEVERAL}),
        ((500_000,), {Doubt.SEVERAL}),
    ]


def test_prices_speeds_and_past_days_are_nothing_a_sim_holds_and_are_shown_as_not_understood() -> None:
    reading = read("You have 3 EUR. Texts €0.20/SMS. Then 512 kbps. Last seen 01/10/2026.")
    assert [(f.what, f.amount.candidates) for f in reading.found] == [(What.CREDIT, (300,))]
    assert reading.rest == ("Texts €0.20/SMS", "Then 512 kbps", "Last seen 01/10/2026")
    assert not reading.plain


REFUSED = [
    ("", Code.ANSWER_MISSING),
    (" \n", Code.ANSWER_MISSING),
    ("hello", Code.ANSWER_UNREADABLE),
    ("Dial 1234 for help", Code.ANSWER_UNREADABLE),
    ("1 GB " * MAX_ANSWER, Code.ANSWER_UNREADABLE),
    # Vodafone New Zealand's documented answer to BAL: dollars are no credit of a Belgian SIM
    ("Unused Credit: $33.59\nExpiry date: 25/03/2003", Code.ANSWER_UNREADABLE),
]


@pytest.mark.parametrize(("text", "code"), REFUSED, ids=[row[0][:20] for row in REFUSED])
def test_what_says_nothing_is_refused_by_name(text: str, code: Code) -> None:
    refused = read_answer("base", text, AT, BRUSSELS)
    assert isinstance(refused, Refusal)
    assert refused.code is code
    assert "1234" not in str(refused)


def test_an_end_without_a_time_is_the_end_of_the_local_day_also_when_the_clock_changes() -> None:
    until = only("1 GB until 28/03/2027").until
    assert until
    assert until.candidates == (datetime(2027, 3, 28, 22, 0, tzinfo=UTC),)


_WORDS = (
    "1 2 3.5 1.500 1,2 500 0 GB Mo MB M min SMS € EUR until 31/12/2026 03/04 tot 5 dagen . ; / of used left: credit "
    "unlimited 无限 剩余 ５ 12月31日 per -"
)
_PIECES = st.sampled_from([*_WORDS.split(), "\n"])


@given(st.lists(_PIECES, max_size=14).map(" ".join) | st.text(max_size=80))
def test_anything_is_read_or_refused_and_only_a_doubt_leaves_a_choice(text: str) -> None:
    reading = read_answer("proximus", text, AT, BRUSSELS, samples=True)
    if isinstance(reading, Refusal):
        return
    assert reading.found
    for found in reading.found:
        assert found.amount.candidates
        assert len(found.amount.candidates) == 1 or found.amount.doubts
        assert all(amount is None or amount >= 0 for amount in found.amount.candidates)
        if found.until:
            assert all(end > AT for end in found.until.candidates)
            assert len(found.until.candidates) == 1 or found.until.doubts
