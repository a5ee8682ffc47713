"""Files of promotions: the sample that ships, and every mistake named by file, line and field."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from opla.core.catalog import Catalog, Length, Sure, parse
from opla.core.money import Money
from opla.core.promotion import Bonus, Channel, FeeWaived, Off, Percent, Promotions, parse_promotions
from opla.operations.read_catalog import CatalogFileError, read_country
from opla.operations.read_promotions import SAMPLE, read_promotions

HEAD = """promotions: 1
currency: EUR
time_zone: Europe/Brussels
languages: [en, zh-Hans]
sources:
  page: {where: "A page", dated: "2026-11-01"}
groups:
  - id: students
    email_domains: [student.example.org]
"""
ONE = """ours:
  - id: winter
    title: {en: "Winter", zh-Hans: "冬季"}
    from: "2026-12-01 00:00"
    gives: {percent: 10}
"""
THEIRS = """theirs:
  - id: gift
    operator: proximus
    title: {en: "Gift", zh-Hans: "赠送"}
    from: {value: "2026-12-01 00:00", sure: A, source: page}
"""


@cache
def belgium() -> Catalog:
    return parse(read_country("belgium", sandbox=True))


def read(tmp_path: Path, text: str) -> Promotions:
    path = tmp_path / "mine.yaml"
    path.write_text(text, "utf-8")
    return parse_promotions(read_promotions(path, belgium()))


def mistakes(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(CatalogFileError) as raised:
        read(tmp_path, text)
    return [str(mistake) for mistake in raised.value.mistakes]


def test_the_sample_is_whole_and_says_that_it_is_one() -> None:
    found = parse_promotions(read_promotions(SAMPLE, belgium()))
    assert found.sample
    assert {type(p.benefit) for p in found.ours} == {Percent, Off, FeeWaived}
    assert all(p.sample for p in found.theirs)
    assert "INVENTED" in SAMPLE.read_text("utf-8")


def test_the_example_of_the_page_is_a_file_that_works(tmp_path: Path) -> None:
    page = (SAMPLE.parents[1] / "docs" / "howto" / "run-a-promotion.md").read_text("utf-8")
    [one] = read(tmp_path, page.split("```yaml\n")[1].split("```")[0]).ours
    assert (one.benefit, one.most_uses, one.operators) == (Percent(10), 500, {"proximus", "orange"})


def test_every_condition_is_read(tmp_path: Path) -> None:
    text = HEAD + ONE.replace("{percent: 10}", '{amount: "2.50"}') + (
        '    until: "2027-03-01 12:00"\n    time_zone: Asia/Shanghai\n    operators: [proximus]\n'
        '    products: [PX-15]\n    minimum: "15.00"\n    channels: [web, kiosk]\n    first_purchase: true\n'
        "    groups: [students]\n"
        "    coupons: [WINTER26]\n    most_uses: 100\n    most_each: 2\n    stacks: true\n    group: season\n"
    )  # fmt: skip
    [one] = read(tmp_path, text).ours
    assert one.benefit == Off(Money(250, "EUR"))
    assert one.window.start == datetime(2026, 11, 30, 16, tzinfo=UTC), "the zone beside it counts, not the document's"
    assert one.window.until == datetime(2027, 3, 1, 4, tzinfo=UTC)
    assert (one.operators, one.products, one.minimum_minor) == ({"proximus"}, {"PX-15"}, 1500)
    assert (one.channels, one.groups, one.coupons) == ({Channel.WEB, Channel.KIOSK}, {"students"}, {"WINTER26"})
    assert (one.first_purchase, one.most_uses, one.most_each, one.each) == (True, 100, 2, 1)
    assert (one.stacks, one.group) == (True, "season")


def test_a_condition_left_out_is_none(tmp_path: Path) -> None:
    found = read(tmp_path, HEAD + ONE + THEIRS)
    [one], [other] = found.ours, found.theirs
    assert one.window.until is one.most_uses is one.most_each is None
    assert (one.operators, one.coupons, one.stacks, one.minimum_minor) == (frozenset(), frozenset(), False, 0)
    assert one.window.start == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert other.gives.sure is other.until.sure is Sure.UNKNOWN


def test_what_an_operator_gives_keeps_its_source(tmp_path: Path) -> None:
    gives = "    gives: {value: {data_mb: 2000, lasts: {days: 31}}, sure: C, source: page}\n"
    [one] = read(tmp_path, HEAD + THEIRS + gives).theirs
    assert one.gives.value == Bonus(data_mb=2000, lasts=Length(days=31))
    assert (one.gives.sure, one.gives.source, one.gives.dated) == (Sure.C, "A page", "2026-11-01")


BONUS = "is a bonus, which only the operator can give: this shop delivers one product per order"

MISTAKES: list[tuple[str, str, str]] = [
    (
        "unknown field",
        ONE + "    cupons: [WINTER26]\n",
        "mine.yaml:15: ours.winter.cupons: is no field here; did you mean 'coupons'?",
    ),
    ("bonus data", ONE.replace("percent: 10", "data_mb: 2000"), f"mine.yaml:14: ours.winter.gives.data_mb: {BONUS}"),
    ("bonus credit", ONE.replace("percent: 10", 'credit: "5.00"'), f"mine.yaml:14: ours.winter.gives.credit: {BONUS}"),
    (
        "two benefits",
        ONE.replace("percent: 10", "percent: 10, fee: waived"),
        "ours.winter.gives: must be one of {percent: 1 to 100}",
    ),
    ("all and more", ONE.replace("10", "101"), "mine.yaml:14: ours.winter.gives: must be one of"),
    ("a yes", ONE.replace("10", "true"), "ours.winter.gives: must be one of"),
    (
        "nothing off",
        ONE.replace("percent: 10", 'amount: "0.00"'),
        "ours.winter.gives.amount: must be more than nothing",
    ),
    (
        "ends first",
        ONE + '    until: "2026-12-01 00:00"\n',
        "mine.yaml:15: ours.winter.until: must be later than 'from'",
    ),
    (
        "skipped hour",
        ONE.replace("2026-12-01 00:00", "2027-03-28 02:30"),
        "mine.yaml:13: ours.winter.from: no clock in Europe/Brussels shows this time",
    ),
    (
        "repeated hour",
        ONE.replace("2026-12-01 00:00", "2026-10-25 02:30"),
        "mine.yaml:13: ours.winter.from: clocks in Europe/Brussels show this time twice",
    ),
    (
        "no such day",
        ONE.replace("2026-12-01 00:00", "2026-02-30 00:00"),
        "ours.winter.from: must be a time as a clock shows it",
    ),
    ("no zone", ONE + "    time_zone: Europe/Bruges\n", "ours.winter.time_zone: 'Europe/Bruges' is no time zone"),
    (
        "operator",
        ONE + "    operators: [proksimus]\n",
        "mine.yaml:15: ours.winter.operators: no 'proksimus' is in the catalogue",
    ),
    ("product", ONE + "    products: [PX-16]\n", "ours.winter.products: no 'PX-16' is in the catalogue"),
    ("group", ONE + "    groups: [seniors]\n", "ours.winter.groups: no 'seniors' is listed under 'groups'"),
    ("group alone", ONE + "    group: season\n", "ours.winter.group: is for promotions that stack"),
    (
        "short coupon",
        ONE + "    coupons: [abc]\n",
        "ours.winter.coupons: 'abc': a coupon has 4 to 40 letters or digits",
    ),
    ("no cap", ONE + "    most_uses: 0\n", "ours.winter.most_uses"),
    ("no Chinese", ONE.replace(', zh-Hans: "冬季"', ""), "ours.winter.title"),
    ("twice", ONE + THEIRS.replace("gift", "winter"), "is there twice"),
    (
        "their operator",
        THEIRS.replace("proximus", "proksimus"),
        "theirs.gift.operator: no 'proksimus' is in the catalogue",
    ),
    ("invented", THEIRS.replace("sure: A", "sure: sample"), "theirs.gift.from: invented figures need 'sample: true'"),
    ("no source", THEIRS.replace("source: page", "source: hearsay"), "theirs.gift.from.source: no source 'hearsay'"),
    (
        "gives nothing",
        THEIRS + "    gives: {value: {lasts: {days: 3}}, sure: A, source: page}\n",
        "theirs.gift.gives.value: must give credit",
    ),
    ("a number", ONE + "    minimum: 15.00\n", "ours.winter.minimum: is a decimal number; write an amount as text"),
]


@pytest.mark.parametrize(("name", "text", "told"), MISTAKES, ids=[row[0] for row in MISTAKES])
def test_a_mistake_is_named_by_file_line_and_field(name: str, text: str, told: str, tmp_path: Path) -> None:
    assert any(told in line for line in mistakes(tmp_path, HEAD + text)), mistakes(tmp_path, HEAD + text)
