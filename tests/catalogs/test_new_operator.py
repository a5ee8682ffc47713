"""An operator of another country, written by following the page: it is read, and its rules do what its pages say."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pytest

from opla.commands import catalog as command
from opla.core.catalog import Catalog, parse
from opla.core.catalog.rules import RULE_FIELDS, AutoRenew, CreditRenewal, EarlyRenewal, PlanChange, Since
from opla.core.effects import Applied, Effect, Unknown, What, apply, effect_of, renewals, used
from opla.core.line import Credit, Kind, Line, evolve
from opla.core.refusal import Code, Refusal
from opla.operations.read_catalog import CATALOGS, CatalogFileError, read_catalog, read_country

PAGE = (CATALOGS.parent / "docs" / "howto" / "add-an-operator.md").read_text("utf-8")
GB = 1_000_000


def london(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@cache
def britain(*, sandbox: bool = True) -> Catalog:
    return parse(read_country("united-kingdom", sandbox=sandbox))


def sold(sku: str, amount_minor: int | None = None) -> Effect:
    product = britain().product(sku) or britain().bundle(sku)
    assert product
    found = effect_of(product, amount_minor)
    assert isinstance(found, Effect), found
    return found


def done(answer: Applied | Refusal) -> Line:
    assert isinstance(answer, Applied), answer
    return answer.line


def held(line: Line) -> list[tuple[Kind, int | None, datetime, datetime | None]]:
    return [(b.kind, b.left, b.starts, b.ends) for b in line.buckets if b.kind is Kind.DATA]


# ── the page ──────────────────────────────────────────────────────────────


def example() -> str:
    (block,) = re.findall(r"```yaml catalogue\n(.*?)```", PAGE, re.DOTALL)
    return str(block)


def test_the_example_of_the_page_is_read_and_everything_in_it_can_be_computed(tmp_path: Path):
    (tmp_path / "blue.yaml").write_text(example(), "utf-8")
    read = parse(read_catalog(tmp_path / "blue.yaml"))
    assert [p.sku for p in (*read.products, *read.bundles)] == ["BLUE-10", "BLUE-DAY"]
    assert all(isinstance(effect_of(p), Effect) for p in (*read.products, *read.bundles))


@pytest.mark.parametrize("field", RULE_FIELDS)
def test_the_page_asks_for_every_rule(field: str):
    assert f"`{field}`" in PAGE


@pytest.mark.parametrize(
    "word", [w for words in (EarlyRenewal, CreditRenewal, PlanChange, AutoRenew, Since) for w in words]
)
def test_the_page_knows_every_word(word: str):
    assert f"`{word}`" in PAGE


MISTAKES = [
    ("value: queue", "value: queued", "rules.blue.early_renewal.value", "'queued' is not one of"),
    ("value: 15000", "value: -5", "products.BLUE-10.data_mb.value", "-5"),
    ("credit_renewal:", "credit_renewel:", "rules.blue.credit_renewel", "did you mean 'credit_renewal'"),
    ("{days: 28}", "{days: 0}", "rules.blue.lasts.value.days", "less than the minimum of 1"),
    ("{days: 28}", "{weeks: 4}", "rules.blue.lasts.value.weeks", "is no field here"),
    ("{days: 28}", "{days: 28, months: 1}", "rules.blue.lasts.value", "days: N"),
    ("{days: 28}", "for_ever", "rules.blue.lasts.value", "as_the_number"),
    ("{days: 28}", "{days: 9999}", "rules.blue.lasts.value.days", "greater than the maximum of 3660"),
    ("since: use_or_purchase", "since: birth", "rules.blue.number_life.value.since", "'birth' is not one of"),
    ('credit_price: {value: "1.00"', "credit_price: {value: 1", "products.BLUE-DAY.credit_price.value", "not of type"),
    ("value: add-on", "value: Add On", "rules.blue-add-on.group.value", "Add On"),
    ("    number_grace:", "    use_by: {value: soon, sure: A, source: blue-faq}\n    number_grace:",
     "rules.blue.use_by.value", "ISO date"),
    ("    number_grace:", "    bonus_plans: {value: [gold], sure: A, source: blue-faq}\n    number_grace:",
     "products.BLUE-10.bonus_plans", "operator 'blue' has no plan 'gold'"),
    ("    rules: blue-add-on", '    face: {value: "1.00", sure: A, source: blue-faq}', "products.BLUE-DAY.credit_price",
     "no price in money"),
    ("    rules: blue-add-on", "    rules: blue-addon", "products.BLUE-DAY.rules", "no 'blue-addon'"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "about", "says"), MISTAKES)
def test_a_mistake_in_a_rule_is_named_with_file_line_and_field(
    tmp_path: Path, right: str, wrong: str, about: str, says: str
):
    assert right in example()
    bad = example().replace(right, wrong, 1)
    (tmp_path / "blue.yaml").write_text(bad, "utf-8")
    with pytest.raises(CatalogFileError) as caught:
        read_catalog(tmp_path / "blue.yaml")
    (mistake,) = caught.value.mistakes
    assert (mistake.file, mistake.about) == ("blue.yaml", about)
    assert says in mistake.what
    at = bad[: bad.index(wrong.strip())].count("\n") + 1
    assert mistake.line in ({at, at + 1} if about.startswith("rules") else range(1, bad.count("\n") + 1))


def test_the_command_says_what_is_missing(capsys: pytest.CaptureFixture[str]):
    arguments = command.argparse.Namespace(act="check", what=str(CATALOGS / "united-kingdom.yaml"), json=True)
    assert command.run(arguments) == 0
    assert json.loads(capsys.readouterr().out)["missing"]["GG-25"] == ["voice_min", "sms"]


def test_the_command_checks_a_sample_over_its_base(capsys: pytest.CaptureFixture[str]):
    arguments = command.argparse.Namespace(act="check", what=str(CATALOGS / "united-kingdom.sample.yaml"), json=False)
    assert command.run(arguments) == 0
    assert "cannot be computed" not in capsys.readouterr().out


# ── its rules ─────────────────────────────────────────────────────────────


def test_without_inventions_nothing_is_computed():
    live = britain(sandbox=False)
    assert all(isinstance(effect_of(p), Unknown) for p in (*live.products, *live.bundles))


def test_a_second_goodybag_waits_for_the_first_over_the_change_of_the_clock():
    """One calendar month on British clocks: 28 February, 28 March, 28 April, which is an hour earlier in UTC."""
    first = done(apply(sold("GG-10"), Line("giffgaff", currency="GBP"), london("2027-02-28T12:00+00:00")))
    second = done(apply(sold("GG-25"), first, london("2027-03-10T08:00+00:00")))
    assert held(second) == [
        (Kind.DATA, 15 * GB, london("2027-02-28T12:00+00:00"), london("2027-03-28T12:00+01:00")),
        (Kind.DATA, 40 * GB, london("2027-03-28T12:00+01:00"), london("2027-04-28T12:00+01:00")),
    ]


def test_a_goodybag_of_the_end_of_january_ends_with_february():
    for day in (28, 29, 30, 31):
        line = done(apply(sold("GG-10"), Line("giffgaff", currency="GBP"), london(f"2027-01-{day}T09:00+00:00")))
        assert held(line)[0][3] == london("2027-02-28T09:00+00:00")


def test_always_on_goes_on_slowly_and_half_of_it_works_abroad():
    line = done(apply(sold("GG-25"), Line("giffgaff", currency="GBP"), london("2027-02-28T12:00+00:00")))
    (data,) = [b for b in line.buckets if b.kind is Kind.DATA]
    assert (data.left, data.slow_kbps, data.eu_left, data.generation) == (40 * GB, 384, 20 * GB, "4G")


def test_a_goodybag_bought_with_credit_queues_behind_one_bought_with_money():
    at = london("2027-03-10T08:00+00:00")
    line = done(apply(sold("GG-10"), Line("giffgaff", currency="GBP", credit=(Credit(1200, None),)), at))
    after = done(apply(sold("GG-10-CREDIT"), line, at))
    assert (after.credit_at(at), len(held(after))) == (200, 2)
    refusal = apply(sold("GG-10-CREDIT"), after, at)
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.CREDIT_TOO_LOW


def test_a_goodybag_recurs_by_card_when_its_owner_asked_for_it():
    at, effect = london("2027-03-10T08:00+00:00"), sold("GG-10")
    line = done(apply(effect, Line("giffgaff", currency="GBP"), at, renew=True))
    after = renewals(line, {"GG-10": effect}, london("2027-05-01T00:00+01:00"))
    assert [fact.what for fact in after.happened].count(What.BUCKET_ADDED) == 3
    assert after.line.topped_up_at == london("2027-04-10T08:00+01:00")


def test_giffgaff_credit_never_ends_and_a_number_unused_for_six_months_does():
    effect, at = sold("GG-CREDIT", 1000), london("2026-08-31T10:00+01:00")
    line = done(apply(effect, Line("giffgaff", currency="GBP"), at))
    assert line.credit == (Credit(1000, None),)
    assert line.number_ends == london("2027-02-28T10:00+00:00")
    assert used(effect, line, london("2027-01-01T10:00+00:00")).number_ends == london("2027-07-01T10:00+01:00")


def test_asda_keeps_a_number_for_180_days_and_another_90_in_silence():
    effect, at = sold("AS-10"), london("2026-11-20T14:05+00:00")
    line = done(apply(effect, Line("asda-mobile", currency="GBP"), at))
    assert (line.number_ends, line.number_lost) == (london("2027-05-19T14:05+01:00"), london("2027-08-17T14:05+01:00"))
    assert evolve(line, london("2027-08-17T14:04+01:00")).credit_at(at) == 200
    assert evolve(line, london("2027-08-17T14:05+01:00")).credit == ()
    again = apply(effect, line, london("2027-08-17T14:05+01:00"))
    assert isinstance(again, Refusal)
    assert again.code is Code.NUMBER_LOST
