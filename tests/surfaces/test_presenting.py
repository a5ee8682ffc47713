"""Facts into words, by enumeration: nothing the core can say is left without a sentence in any language."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from django.utils import translation

import support  # noqa: F401 - sets Django up, which the imports below need
from opla.core import item, order
from opla.core.catalog import Cell, Fact, FactKind, Shown, Sure
from opla.core.catalog import rules as catalog_rules
from opla.core.money import Money
from opla.core.refusal import Code, Refusal
from opla.core.sim import Place
from opla.presenting import facts, figures, items, languages, notices, numbers, orders
from opla.presenting.pictures import qr
from opla.presenting.refusals import sentence
from surfaces.conftest import Door

HELLO = {"en": "Hello,", "fr": "Bonjour,", "nl": "Dag,", "de": "Guten Tag,", "zh-Hans": "您好"}
LANGUAGES = tuple(tag.lower() for tag in languages.NAMES)
FIGURES = {
    "min": "500",
    "max": "5000",
    "step": "100",
    "offered": "1500 2500",
    "currency": "EUR",
    "missing": "2",
    "extra": "1",
}


@pytest.mark.parametrize("code", list(Code))
@pytest.mark.parametrize("params", [{}, {**FIGURES, "country": "FR", "kind": "machine", "field": "email", "row": "7"}])
def test_every_refusal_has_a_sentence_in_every_language(code: Code, params: dict[str, str]) -> None:
    said = []
    for language in LANGUAGES:
        with translation.override(language):
            said.append(sentence(Refusal(code, "x", params)))
    assert all(len(text) > 3 and "%(" not in text for text in said)
    assert said[0] != said[1]


@pytest.mark.parametrize("kind", list(FactKind))
def test_every_kind_of_fact_has_a_label(kind: FactKind) -> None:
    assert kind in facts._LABELS


WORDS = [
    word
    for enum in (
        catalog_rules.EarlyRenewal,
        catalog_rules.Starts,
        catalog_rules.PlanChange,
        catalog_rules.AutoRenew,
        catalog_rules.Activation,
    )
    for word in enum
]


@pytest.mark.parametrize("word", WORDS)
def test_every_word_of_the_catalogue_has_a_sentence(word: str) -> None:
    fact = Fact(FactKind.EARLY_RENEWAL, Cell(word, Sure.A, "test"))
    said = set()
    for language in LANGUAGES:
        with translation.override(language):
            said.add(facts.value(fact))
    assert len(said) == len(LANGUAGES)


@pytest.mark.parametrize(
    ("sure", "shown", "mark"),
    [
        ("A", Shown.FACT, ""),
        ("B", Shown.FACT, ""),
        ("C", Shown.REPORTED, "reported"),
        ("sample", Shown.SAMPLE, "example"),
    ],
)
def test_how_sure_a_figure_is_stands_beside_it(sure: str, shown: Shown, mark: str) -> None:
    cell: Cell[object] = Cell(1500, Sure(sure), "test")
    with translation.override("en"):
        line = facts.line(Fact(FactKind.DATA_MB, cell))
    assert (line.text, line.shown, line.mark) == ("1.5 GB", shown, mark)


def test_what_is_not_known_is_the_operators_to_decide() -> None:
    with translation.override("en"):
        line = facts.line(Fact(FactKind.LASTS, Cell(None, Sure.UNKNOWN)))
    assert (line.mark, line.text) == ("not verified", "the operator decides")


@pytest.mark.parametrize("name", [*order.Event, *order.State, *item.Kind])
def test_every_event_state_and_item_has_words(name: str) -> None:
    with translation.override("zh-hans"):
        assert name not in {orders.event(name)} & {orders.state(name)} & {items.kind(name)}


@pytest.mark.parametrize("place", list(Place))
def test_every_place_to_look_for_a_number_has_a_sentence(place: Place) -> None:
    assert place in numbers._PLACES


@pytest.mark.parametrize(
    ("language", "money", "short", "moment"),
    [
        ("en", "€1,234.50", "€15", "2 Nov 2026, 14:05"),
        ("fr", "1 234,50 €", "15 €", "2 nov. 2026, 14:05"),
        ("nl", "€ 1.234,50", "€ 15", "2 nov 2026, 14:05"),
        ("de", "1.234,50 €", "15 €", "2. Nov. 2026, 14:05"),
        ("zh-hans", "€1,234.50", "€15", "2026年11月2日 14:05"),
    ],
)
def test_figures_are_written_as_people_write_them(language: str, money: str, short: str, moment: str) -> None:
    """As the CLDR writes them for Belgium. A figure and its sign stay on one line: their spaces are no-break ones."""
    money, short = (
        re.sub(" (?=\\d)", "\N{NARROW NO-BREAK SPACE}", one) if language == "fr" else one for one in (money, short)
    )
    money, short = (one.replace(" ", "\N{NO-BREAK SPACE}") for one in (money, short))
    with translation.override(language):
        assert figures.money(Money(123450, "EUR")) == money
        assert figures.money_short(Money(1500, "EUR")) == short
        assert figures.moment(datetime(2026, 11, 2, 13, 5, tzinfo=UTC)) == moment


def test_the_first_of_a_month_is_premier_in_french() -> None:
    with translation.override("fr"):
        assert figures.day(date(2026, 12, 1)) == "1er déc. 2026"
        assert figures.moment(datetime(2026, 12, 1, 8, 5, tzinfo=UTC)) == "1er déc. 2026, 09:05"
        assert figures.day(date(2026, 12, 21)) == "21 déc. 2026"


@pytest.mark.parametrize(
    ("language", "data"),
    [("en", "1.5 GB"), ("fr", "1,5 GB"), ("nl", "1,5 GB"), ("de", "1,5 GB"), ("zh-hans", "1.5 GB")],
)
def test_data_is_written_with_the_comma_or_point_of_the_language(language: str, data: str) -> None:
    with translation.override(language):
        assert figures.megabytes(1500) == data


@pytest.mark.parametrize("language", languages.NAMES)
@pytest.mark.parametrize("sku", ["PX-15", "MV-15"])
def test_every_notice_is_in_the_orders_language_and_holds_no_code(door: Door, language: str, sku: str) -> None:
    from opla.db.queries import pages

    order_id = door.world.paid(sku, language=language)
    door.world.work(3)
    page = pages.order_by_id(order_id)
    assert page is not None
    page = replace(page, deliver_at=door.world.clock())  # what was bought for a date has messages of its own
    for topic in notices.TOPICS:
        with translation.override("en"):
            made = notices.notice(topic, page, "http://shop.test/o/x/", sandbox=True, digits="123456")
        assert made.subject.startswith("[SANDBOX] "), topic
        assert made.text.startswith(HELLO[language]), topic
        assert "0000000000" not in made.text, topic
        assert ("123456" in made.text) == (topic == "proof"), topic
        assert ("http://shop.test/o/x/" in made.text) == (topic != "proof"), topic


def test_a_notice_nobody_wrote_is_a_mistake_of_the_program(door: Door) -> None:
    from opla.db.queries import pages

    page = pages.order_by_id(door.world.order())
    assert page is not None
    with pytest.raises(ValueError, match="no message"):
        notices.notice("weather", page, "x", sandbox=True)


def test_an_unknown_language_is_english_and_never_an_error() -> None:
    with languages.speaking("tlh"):
        assert languages.current() == "en"


def test_a_qr_code_is_drawn_without_anything_a_strict_policy_forbids() -> None:
    svg = qr("tel:*121*0000000000001%23")
    assert svg.startswith("<svg")
    assert "style=" not in svg
    assert "script" not in svg


def test_whoever_acts_has_a_word() -> None:
    from opla.core.actor import Role
    from opla.presenting.items import actor

    assert all(actor(str(role)) for role in Role)
    assert actor("clerk:anna@main-till") == "anna@main-till (clerk)"
