"""What a purchase changes on a SIM, on the page before paying: picture, table, warnings, and who sees them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import cast

import pytest
from django.utils import translation

from fakes import DEVICE
from opla.core.calendar import zone
from opla.core.catalog import Cell, EarlyRenewal, Length, Product, Shown, Sure
from opla.core.drawing import Demand
from opla.core.effects import Doubt, Effect, Portion, Uncertain, Why
from opla.core.line import Bucket, Credit, Kind, Line
from opla.core.money import Money
from opla.core.quote import Quote
from opla.core.refusal import Refusal
from opla.core.timeline import Event, Sign
from opla.presenting import figures, timeline
from opla.presenting.changes import Changes, changes
from opla.storefront import having
from surfaces.conftest import Door, Seen, Visitor

EMAIL = "ana@example.org"
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
GB = 1_000_000
MONTH = Effect(
    "R-15", "red", "EUR", zone("Europe/Brussels"), 1500, credit_minor=1500, portions=(Portion(Kind.DATA, 4 * GB),),
    lasts=Length(days=30), renewal=EarlyRenewal.OVERWRITE_ALL,
)  # fmt: skip
HELD = Line(
    "red", credit=(Credit(350, None),), buckets=(Bucket(Kind.DATA, 1_200_000, AT, AT + timedelta(days=11, hours=11)),)
)


def quoted(visitor: Visitor, path: str = "/top-up/mobile-vikings/MV-15/") -> Seen:
    seen = visitor.post(path, {"number": "0470 12 34 56", "email": EMAIL})
    assert seen.status == 200, seen.text
    return seen


def seen_with(effect: Effect, line: Line | None) -> Changes:
    found = changes(effect, "Red 15", line, AT)
    assert isinstance(found, Changes), found
    return found


def everything(door: Door) -> dict[str, str]:
    """What every table of the shop holds, as a sum."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace"
            " AND has_table_privilege(c.oid, 'SELECT')"
        )
        names = [name for (name,) in cursor.fetchall()]
        sums = {}
        for name in names:
            cursor.execute(f'SELECT md5(coalesce(string_agg(t::text, $$ $$ ORDER BY t::text), $$$$)) FROM "{name}" t')
            sums[name] = cursor.fetchone()[0]
        return sums


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            ["You lose 1.2 GB, which would have lasted until 3 Dec 2026.", "Wait until 4 Dec 2026", "5 GB until 22 "],
        ),
        ("zh-CN", ["您将失去 1.2 GB，它本可用到 2026年12月3日。", "等到 2026年12月4日", "5 GB 至 2026年12月22日"]),
        (
            "fr-BE",
            [
                "Vous perdez : 1,2 GB, que vous auriez pu utiliser jusqu’au 3 déc. 2026.",
                "Attendez jusqu’au 4 déc. 2026",
            ],
        ),
        ("nl-BE", ["U verliest: 1,2 GB, bruikbaar tot en met 3 dec 2026.", "Wacht tot 4 dec 2026"]),
        ("de-BE", ["Sie verlieren: 1,2 GB, nutzbar bis 3. Dez. 2026.", "Warten Sie bis 4. Dez. 2026"]),
    ],
)
def test_what_renewing_early_costs_is_said_before_paying(door: Door, language: str, said: list[str]) -> None:
    visitor = Visitor(language=language)
    page = quoted(visitor)
    assert said[0] not in page.text
    told = visitor.post(f"{page.where}line/", {"left_data": "1,2 GB", "left_until": "2026-12-03", "left_credit": "3.5"})
    assert (told.status, told.where) == (200, page.where)
    assert all(text in told.text for text in said), told.text
    assert told.value("left_data").replace(",", ".") == "1.2 GB"
    assert told.value("left_until") == "2026-12-03"
    assert '<svg class="line-picture"' in told.html
    assert 'class="lost"' in told.html
    forgotten = visitor.post(f"{page.where}line/", {})
    assert said[0] not in forgotten.text


def test_without_a_line_the_page_says_what_it_assumes(door: Door) -> None:
    page = quoted(Visitor())
    assert "If nothing is left on the SIM, and you pay now" in page.text
    assert "If some is left" in page.text
    assert 'class="lost"' not in page.html


def test_nobody_else_sees_or_sets_what_is_on_a_sim_and_the_server_keeps_none_of_it(door: Door) -> None:
    page = quoted(door.owner)
    for other in (door.colleague, door.stranger):
        assert other.post(f"{page.where}line/", {"left_data": "1", "left_until": "2026-12-03"}).status == 404
    before = everything(door)
    door.owner.post(f"{page.where}line/", {"left_data": "1.234", "left_until": "2026-12-03"})
    assert "1.234" in door.owner.get(page.where).text
    assert everything(door) == before


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"left_data": "lots", "left_until": "2026-12-03"}, ["left_data"]),
        ({"left_data": "1.2 TB", "left_until": "2026-11-01"}, ["left_data", "left_until"]),
        ({"left_data": "1.2"}, ["left_until"]),
        ({"left_until": "2026-12-03"}, ["left_data"]),
        ({"left_credit": "-3", "last_top_up": "2027-01-01"}, ["left_credit", "last_top_up"]),
        ({"left_credit": "1e9", "last_top_up": "2026-13-01"}, ["left_credit", "last_top_up"]),
        ({"last_top_up": "0001-01-01"}, ["last_top_up"]),
    ],
)
def test_what_cannot_be_read_is_refused_beside_its_field(door: Door, typed: dict[str, str], wrong: list[str]) -> None:
    visitor = Visitor()
    page = quoted(visitor)
    seen = visitor.post(f"{page.where}line/", typed)
    assert seen.status == 422
    assert [name for name in ("left_data", "left_until", "left_credit", "last_top_up") if seen.error(name)] == wrong
    assert all(seen.value(name) == text for name, text in typed.items())


def test_a_line_known_better_than_the_questions_ask_is_changed_only_where_an_answer_was() -> None:
    brussels = zone("Europe/Brussels")
    made = cast("Quote", SimpleNamespace(operator="red", made_at=AT))
    rolled = Bucket(Kind.DATA, 500_000, AT, AT + timedelta(days=1), "R-15")
    held = replace(HELD.buckets[0], left=1_234_567)
    full = replace(HELD, buckets=(held, rolled, Bucket(Kind.SMS, None, AT, None)), number_ends=AT)
    typed = dict(having.form(full, brussels).values)
    assert having.read(typed, full, made, "EUR", brussels) == full
    endless = replace(HELD, buckets=(replace(held, ends=None),))
    assert having.read(dict(having.form(endless, brussels).values), endless, made, "EUR", brussels) == endless
    changed = having.read({**typed, "left_credit": "5"}, full, made, "EUR", brussels)
    assert changed == replace(full, credit=(Credit(500, None),))
    less = having.read({**typed, "left_data": "300 MB"}, full, made, "EUR", brussels)
    assert isinstance(less, Line)
    assert [(b.kind, b.left) for b in less.buckets] == [(Kind.DATA, 300_000), (Kind.SMS, None)]
    later = having.read({**typed, "last_top_up": "2026-11-01"}, full, made, "EUR", brussels)
    assert isinstance(later, Line)
    assert (later.topped_up_at, later.number_ends) == (datetime(2026, 10, 31, 23, tzinfo=UTC), None)
    assert having.read(dict.fromkeys(having.FIELDS, ""), full, made, "EUR", brussels) is None


def test_what_the_operator_would_refuse_cannot_be_paid(door: Door) -> None:
    page = quoted(door.owner)
    told = door.owner.post(f"{page.where}line/", {"last_top_up": "2025-01-02"})
    assert "This number has been lost by its operator's rules." in told.text
    assert "Pay €15.00" not in told.text
    paid = door.owner.post(page.where, {"total": "1500", "method": "sandbox", "at_once": "on"})
    assert (paid.status, paid.where) == (422, page.where)
    assert paid.text.count("This number has been lost") == 1
    door.owner.post(f"{page.where}line/", {})
    assert door.owner.post(page.where, {"total": "1500", "method": "sandbox", "at_once": "on"}).where.startswith("/o/")


def test_what_nobody_knows_is_left_to_the_operator(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opla.storefront.having.changes", lambda *_, **__: None)
    assert "Not verified: the operator decides what this does" in quoted(Visitor()).text


def test_another_operators_sim_is_not_taken_for_this_one(door: Door) -> None:
    visitor = Visitor(DEVICE)
    page = quoted(visitor)
    visitor.post(f"{page.where}line/", {"left_data": "1.2", "left_until": "2026-12-03"})
    assert "From what you told us" in visitor.get(page.where).text
    other = visitor.post("/top-up/orange/OR-15/", {"email": EMAIL}).text
    assert "If nothing is left on the SIM" in other
    assert "Pay €15.00" in other


def test_the_table_says_all_that_the_picture_shows() -> None:
    found = seen_with(replace(MONTH, renewal=EarlyRenewal.QUEUE), HELD)
    rows = {row.name: (row.now, row.after) for row in found.rows}
    assert rows["Data"] == (
        ("1.2 GB until 3 Dec 2026",), ("1.2 GB until 3 Dec 2026", "4 GB from 4 Dec 2026 until 2 Jan 2027"),
    )  # fmt: skip
    # An end that nobody told is not said to be the number's.
    assert rows["Credit"][0] == ("€3.50",)
    assert found.warnings == ("Red 15 begins only at 4 Dec 2026.",)
    assert "after · 4 GB → 2 Jan 2027" in found.svg


def test_a_purchase_that_begins_later_leaves_a_gap_that_is_drawn_and_said() -> None:
    found = seen_with(replace(MONTH, delay=Length(days=2)), Line("red"))
    assert "Data: nothing until 24 Nov 2026, 13:00." in found.warnings
    assert 'class="gap"' in found.svg
    assert "nothing until 24 Nov 2026, 13:00" in found.svg


@pytest.mark.parametrize(
    ("effect", "condition"),
    [
        (replace(MONTH, bonus_window_days=31), "The bonus only if your last top-up was at most 31 days ago."),
        (replace(MONTH, bonus_plans=frozenset({"x"})), "Only with a plan that gives a bonus. Not every plan does."),
    ],
)
def test_a_bonus_whose_gate_nobody_knows_is_shown_with_its_condition(effect: Effect, condition: str) -> None:
    found = seen_with(effect, None)
    assert found.conditions == (condition,)
    assert "Data" in [row.name for row in found.rows]
    told = seen_with(effect, replace(HELD, plan="y", topped_up_at=AT - timedelta(days=60)))
    assert told.conditions == ()
    assert any(warning.startswith("No bonus") for warning in told.warnings)


@pytest.mark.parametrize(
    ("doubts", "shown"),
    [((), Shown.FACT), ((Doubt.USUAL,), Shown.REPORTED), ((Doubt.REPORTED, Doubt.SAMPLE), Shown.SAMPLE)],
)
def test_the_picture_is_as_sure_as_its_least_sure_figure(doubts: tuple[Doubt, ...], shown: Shown) -> None:
    uncertain = tuple(Uncertain("data_mb", (doubt,)) for doubt in doubts)
    assert seen_with(replace(MONTH, uncertain=uncertain), None).shown is shown


def test_what_renews_by_itself_is_said_with_its_price() -> None:
    bundle = replace(MONTH, sku="R-B", from_credit=True, price_minor=300, credit_minor=None, group="bundle")
    line = replace(HELD, buckets=(replace(HELD.buckets[0], sku="R-B", group="bundle", renews=True),))
    found = changes(replace(MONTH, renewal=EarlyRenewal.BESIDE), "Red 15", line, AT, effects={"R-B": bundle})
    assert isinstance(found, Changes)
    [said] = found.warnings
    assert said.startswith("4 Dec 2026: R-B renews by itself for €3.00 from the credit, until 2 Jan 2027")


def test_what_is_typed_counts_as_what_the_purchase_would_renew() -> None:
    found = seen_with(replace(MONTH, group="data"), HELD)
    assert found.warnings[0] == "You lose 1.2 GB, which would have lasted until 3 Dec 2026."
    assert isinstance(changes(replace(MONTH, renewal=EarlyRenewal.REFUSED_WHILE_ACTIVE), "Red 15", HELD, AT), Refusal)


@pytest.mark.parametrize("language", ["en", "fr", "nl", "de", "zh-hans"])
@pytest.mark.parametrize("sign", list(Sign))
def test_every_event_has_a_sentence_in_every_language(sign: Sign, language: str) -> None:
    events = [
        Event(sign, AT, "R-15", Kind.DATA, 1200000, slow_kbps, until, why)
        for slow_kbps in (None, 512)
        for until in (None, AT)
        for why in Why
    ]
    with translation.override(language):
        said = {timeline.sentence(event, "EUR") for event in events}
        assert all(len(text) > 3 and "%(" not in text for text in said)
        days = {date(2026, 12, day): Demand(500_000, 0, 1) for day in (3, 4, 5)}
        assert f"{figures.megabytes(1500)} · {timeline.amount(Kind.SMS, 3)}" in timeline.missing(days)


def test_what_could_never_begin_is_refused_at_its_price(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    from opla.operations import quote_topup

    product, face = cast("tuple[Product, Money]", quote_topup._chosen(1, "mobile-vikings", "15", "MV-15", True))
    rules = replace(product.rules, use_by=Cell(date(2026, 11, 21), Sure.A))
    monkeypatch.setattr(quote_topup, "_chosen", lambda *_: (replace(product, rules=rules), face))
    seen = door.owner.post("/top-up/mobile-vikings/MV-15/", {"number": "0470 12 34 56", "email": EMAIL})
    assert seen.status == 422
    assert "It would lapse before it could begin." in seen.text
