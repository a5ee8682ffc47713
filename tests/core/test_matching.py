"""An operator's answer beside one purchase: matches, not yet, or differs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from opla.core.balance import Reading, What, read_answer
from opla.core.catalog import parse
from opla.core.effects import Effect, effect_of
from opla.core.line import Bucket, Credit, Kind, Line
from opla.core.matching import Fit, Match, compare, expected
from opla.operations.read_catalog import read_country

BRUSSELS = ZoneInfo("Europe/Brussels")
AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ENDS = datetime(2026, 12, 22, 23, 0, tzinfo=UTC)  # the end of 22 December in Brussels
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
#: What was bought: 4 GB until 22 December, and 10 euros with an end that nobody knows.
LINE = Line("base", credit=(Credit(1000, None),), buckets=(Bucket(Kind.DATA, 4_000_000, AT, ENDS),), topped_up_at=AT)


def read(text: str, at: datetime = AT + MINUTE) -> Reading:
    found = read_answer("base", text, at, BRUSSELS)
    assert isinstance(found, Reading), found
    return found


@pytest.mark.parametrize(
    ("answer", "match", "data", "credit"),
    [
        ("4 GB until 22/12/2026. Credit 10 EUR", Match.MATCHES, Fit.THERE, Fit.THERE),
        ("3,2 GB until 22/12/2026. Credit 9,50 EUR", Match.MATCHES, Fit.THERE, Fit.THERE),  # some of it is used
        ("9 GB until 22/12/2026. Credit 12 EUR", Match.MATCHES, Fit.THERE, Fit.THERE),  # and some was there before
        ("Nog 4 GB tot 23/12/2026", Match.MATCHES, Fit.THERE, Fit.UNSAID),  # it ends days in its own way
        ("Votre crédit est de 10,00 EUR", Match.MATCHES, Fit.UNSAID, Fit.THERE),
        ("4 GB", Match.MATCHES, Fit.THERE, Fit.UNSAID),
        ("300 MB until 25/11/2026. Credit 0,35 EUR", Match.NOT_YET, Fit.MISSING, Fit.MISSING),  # what was there before
        ("Credit 0,35 EUR", Match.NOT_YET, Fit.UNSAID, Fit.MISSING),
        ("45 SMS", Match.NOT_YET, Fit.UNSAID, Fit.UNSAID),
        ("4 GB until 30/11/2026", Match.DIFFERS, Fit.OTHER, Fit.UNSAID),  # all of it, for a week
        ("1 GB until 28/02/2027", Match.DIFFERS, Fit.OTHER, Fit.UNSAID),
        ("0 MB until 22/12/2026", Match.DIFFERS, Fit.OTHER, Fit.UNSAID),
        ("300 MB until 25/11/2026. Credit 10 EUR", Match.DIFFERS, Fit.MISSING, Fit.THERE),  # half of it came
    ],
)
def test_the_table(answer: str, match: Match, data: Fit, credit: Fit) -> None:
    found = compare(LINE, read(answer), AT)
    assert found is not None
    assert (found.match, {row.expected.what: row.fit for row in found.rows}) == (
        match,
        {What.DATA: data, What.CREDIT: credit},
    )


def test_what_can_be_read_in_two_ways_is_read_in_the_one_that_fits() -> None:
    found = compare(LINE, read("4.000 MB tot 12/22"), AT)
    assert found is not None
    assert found.match is Match.MATCHES


@pytest.mark.parametrize(("since", "again"), [(5 * MINUTE, 15 * MINUTE), (2 * HOUR, 3 * HOUR), (30 * HOUR, None)])
def test_not_yet_says_when_to_look_again_until_waiting_helps_nobody(since: timedelta, again: timedelta | None) -> None:
    found = compare(LINE, read("Credit 0,35 EUR", AT + since), AT)
    assert found is not None
    assert found.look_again == (AT + since + again if again else None)


def test_what_begins_later_is_looked_for_then() -> None:
    later = Line("base", buckets=(Bucket(Kind.DATA, 4_000_000, AT + DAY, ENDS),))
    found = compare(later, read("0 MB"), AT)
    assert found is not None
    assert (found.match, found.look_again) == (Match.NOT_YET, AT + DAY)


def test_a_purchase_that_gives_nothing_to_see_is_not_compared() -> None:
    assert compare(Line("base"), read("4 GB"), AT) is None


def test_every_product_that_says_what_it_does_matches_its_own_answer() -> None:
    """And the line is the timeline's: what was bought an hour ago, alone."""
    catalog = parse(read_country("belgium", sandbox=True))
    judged = 0
    for product in catalog.products:
        effect = effect_of(product, product.min_minor)
        if not isinstance(effect, Effect) or not product.on_sale:
            continue
        line = expected(effect, AT, AT + HOUR, BRUSSELS)
        assert isinstance(line, Line), product.sku
        said = [f"Credit {sum(lot.amount_minor for lot in line.credit) / 100:.2f} EUR."] if line.credit else []
        for bucket in line.buckets:
            if bucket.kind is Kind.DATA and bucket.left and bucket.ends:
                last = (bucket.ends - MINUTE).astimezone(BRUSSELS)
                said.append(f"{bucket.left // 1000} MB until {last:%Y-%m-%d}.")
        if not said or any(bucket.starts > AT + HOUR for bucket in line.buckets):
            continue
        found = compare(line, read("\n".join(said), AT + HOUR), AT)
        assert found is not None
        assert found.match is Match.MATCHES, (product.sku, said, found)
        judged += 1
    assert judged > 10
