"""Fields as typed become a line, or every refusal at once; and a line becomes a usage that survives being kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opla.core.balance import Settled, What
from opla.core.catalog import Cell, Length, NumberLife, Operator, Plan, Product, Rules, Since, Status, Sure
from opla.core.entered import fields_bought, fields_of, read_fields
from opla.core.forecast import Measured
from opla.core.line import Bucket, Credit, Kind, Line
from opla.core.money import Money
from opla.core.ports import Kind as Delivery
from opla.core.refusal import Code, Refusal
from opla.core.usage import MOST_BEFORE, Usage, followed, is_stale, read_usage, watch, write_usage

BRUSSELS = ZoneInfo("Europe/Brussels")
AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
LIFE = NumberLife(Length(months=12), Since.TOP_UP)
OPERATOR = Operator(
    "base", "BASE", rules=Rules(number_life=Cell(LIFE, Sure.A)), plans=(Plan("data", Cell("Data", Sure.A)),)
)


def read(**typed: str) -> Usage | tuple[Refusal, ...]:
    return read_fields(
        {"data_unit": "GB", "bought_unit": "GB", **typed}, OPERATOR, at=AT, zone=BRUSSELS, currency="EUR"
    )


def line(**typed: str) -> Line:
    found = read(**typed)
    assert isinstance(found, Usage), found
    return found.line


def test_every_field_becomes_its_part_of_the_line() -> None:
    ends = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
    found = line(
        credit="12,35", data="1,2", data_until="2026-12-31", voice="60", free_sms="on", plan="data", bought="2026-11-01"
    )
    bought = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
    number = datetime(2027, 10, 31, 23, 0, tzinfo=UTC)
    assert found == Line(
        "base", "data", "EUR",
        credit=(Credit(1235, None, AT),),
        buckets=(
            Bucket(Kind.DATA, 1_200_000, AT, ends, bought_at=bought),
            Bucket(Kind.VOICE, 3600, AT, None, bought_at=bought),
            Bucket(Kind.SMS, None, AT, None, bought_at=bought),
        ),
        topped_up_at=bought, number_ends=number, number_lost=number,
    )  # fmt: skip


REFUSED = [
    ({}, {("line", Code.ANSWER_MISSING)}),
    ({"data": "much", "sms": "1.5", "credit": "-1"}, {(f, Code.AMOUNT_UNREADABLE) for f in ("data", "sms", "credit")}),
    ({"data": "1.500", "data_unit": "MB"}, {("data", Code.AMOUNT_UNREADABLE)}),
    ({"data": "1", "data_unit": "TB"}, {("data", Code.AMOUNT_UNREADABLE)}),
    ({"data": "1", "data_until": "31/12/2026"}, {("data_until", Code.DAY_UNREADABLE)}),
    ({"data": "1", "data_until": "2026-11-21"}, {("data_until", Code.END_OVER)}),
    ({"data": "1", "data_until": "2099-11-21"}, {("data_until", Code.DAY_UNREADABLE)}),
    ({"data": "1", "bought": "2026-11-23"}, {("bought", Code.DAY_UNREADABLE)}),
]


@pytest.mark.parametrize(("typed", "refused"), REFUSED)
def test_every_refusal_is_about_its_field_and_all_come_at_once(
    typed: dict[str, str], refused: set[tuple[str, Code]]
) -> None:
    found = read(**typed)
    assert not isinstance(found, Usage)
    assert {(refusal.about, refusal.code) for refusal in found} == refused


def test_an_answer_comes_back_from_the_form_to_the_minute() -> None:
    settled = {
        What.CREDIT: Settled(1235, None),
        What.DATA: Settled(1_250_000, datetime(2026, 12, 7, 22, 59, tzinfo=UTC)),
        What.VOICE: Settled(None, datetime(2026, 12, 7, 23, 0, tzinfo=UTC)),
        What.SMS: Settled(45, None),
    }
    typed = fields_of(settled, BRUSSELS, "EUR")
    assert (typed["data"], typed["data_until"], typed["voice_until"]) == ("1.25", "2026-12-07", "2026-12-07")
    found = line(**typed)
    assert found.credit == (Credit(1235, None, AT),)
    assert [(b.kind, b.left, b.ends) for b in found.buckets] == [
        (Kind.DATA, 1_250_000, settled[What.DATA].until),
        (Kind.VOICE, None, settled[What.VOICE].until),
        (Kind.SMS, 45, None),
    ]
    moved = line(**{**typed, "data_until": "2026-12-08"})
    assert moved.buckets[0].ends == datetime(2026, 12, 8, 23, 0, tzinfo=UTC)


@given(st.integers(0, 10**9 - 1))
def test_any_amount_of_data_comes_back_from_the_form_to_the_megabyte(kb: int) -> None:
    found = line(**fields_of({What.DATA: Settled(kb, None)}, BRUSSELS, "EUR"))
    assert found.buckets[0].left == kb - kb % 1000


def test_a_purchase_fills_the_form_as_far_as_the_catalogue_knows() -> None:
    rules = Rules(
        credit=Cell(Money(1500, "EUR"), Sure.A),
        data_mb=Cell(4000, Sure.A),
        sms=Cell("unlimited", Sure.A),
        lasts=Cell(Length(months=1), Sure.A),
    )
    product = Product(
        "BA-15", "base", "€15", "EUR", Cell(Delivery.CODE, Sure.A), Cell(Status.ON_SALE, Sure.A), rules,
        face=Cell(Money(1500, "EUR"), Sure.A),
    )  # fmt: skip
    found = line(**fields_bought(product, AT, BRUSSELS))
    ends = datetime(2026, 12, 22, 12, 0, tzinfo=UTC)
    bought = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
    assert found.credit == (Credit(1500, None, AT),)
    assert found.buckets == (
        Bucket(Kind.DATA, 4_000_000, AT, ends, bought_at=bought),
        Bucket(Kind.SMS, None, AT, ends, bought_at=bought),
    )
    assert found.topped_up_at == bought
    nothing = replace(product, rules=Rules())
    assert set(fields_bought(nothing, AT, BRUSSELS).values()) == {"", "GB"}


def used(left_kb: int, at: datetime, **line_: object) -> Usage:
    data = Bucket(Kind.DATA, left_kb, at, AT + 20 * DAY)
    return Usage(Line("base", buckets=(data,), **line_))  # type: ignore[arg-type]  # fields of Line


def test_the_top_up_is_an_earlier_reading() -> None:
    found = read(data="2", bought="2026-11-02", bought_data="4")
    assert isinstance(found, Usage)
    assert [m.left for m in found.readings] == [4_000_000, 2_000_000]
    assert found.forecast is not None


def test_an_older_file_is_an_earlier_reading_and_what_only_it_knew_stays() -> None:
    old = used(3000, AT - 5 * DAY, topped_up_at=AT - 9 * DAY, number_ends=AT + 300 * DAY)
    both = followed(old, used(2000, AT))
    assert both.before == (Measured(AT - 5 * DAY, 3000),)
    assert both.line.number_ends == AT + 300 * DAY
    assert watch(both, AT, None).number_until == AT + 300 * DAY
    topped_up_since = followed(old, used(8000, AT))
    assert topped_up_since.line.number_ends is None


def test_many_readings_keep_the_first_and_the_newest() -> None:
    found = used(10_000, AT - 100 * DAY)
    for n in range(99, -1, -1):
        found = followed(found, used(100 * n, AT - n * DAY))
    assert len(found.before) == MOST_BEFORE
    assert (found.before[0].at, found.before[-1].at) == (AT - 100 * DAY, AT - DAY)


def test_a_usage_survives_being_kept() -> None:
    found = Usage(used(5, AT).line, (Measured(AT - DAY, 7),))
    assert read_usage(write_usage(found)) == found


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"line": []}, {"line": {"operator": "base"}, "before": [{}]},
     {"line": {"operator": "base"}, "before": [{"at": "2026-11-22T12:00:00", "left_kb": 1}]},
     {"line": {"operator": "base"}, "before": [{"at": "2026-11-22T12:00:00+00:00", "left_kb": "1"}]},
     {"line": {"operator": "base"}, "before": {}}],
)  # fmt: skip
def test_what_is_no_usage_is_refused(document: object) -> None:
    refused = read_usage(document)
    assert isinstance(refused, Refusal)
    assert refused.code is Code.LINE_UNREADABLE


def test_a_file_that_does_not_say_when_it_was_read_is_stale_and_foretells_nothing() -> None:
    found = read_usage({"line": {"operator": "base", "buckets": [{"kind": "data", "left_kb": 5}]}})
    assert isinstance(found, Usage)
    assert (found.read_at, found.forecast, is_stale(found, AT, 7 * DAY)) == (None, None, True)
