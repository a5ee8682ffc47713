"""English and Simplified Chinese, every text, and never a sentence nobody translated."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Catalog

from opla.site import messages
from surfaces.conftest import Door, Visitor

_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%")


@pytest.fixture(scope="module")
def said() -> Catalog:
    return messages.extract()


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_sentence_of_the_code_has_words(said: Catalog, language: str) -> None:
    there, wanted = {m.id for m in messages.read(language) if m.id}, {m.id for m in said if m.id}
    assert (wanted - there, there - wanted) == (set(), set()), "run ./opla _translate"
    assert messages.missing(messages.read(language)) == []


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_no_words_are_guessed_and_every_figure_has_its_place(language: str) -> None:
    for message in messages.read(language):
        assert not message.fuzzy, message.id
        sources = [message.id] if isinstance(message.id, str) else list(message.id)
        strings = [message.string] if isinstance(message.string, str) else list(message.string or ())
        for string in strings if message.id else []:
            assert sorted(_PLACEHOLDER.findall(string)) == sorted(_PLACEHOLDER.findall(sources[-1])), message.id


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_what_django_reads_is_what_translators_wrote(language: str) -> None:
    assert messages.mo(language).read_bytes() == messages.compiled(messages.read(language)), "run ./opla _translate"


def test_chinese_has_a_space_between_han_and_figures_and_no_half_width_marks() -> None:
    for message in messages.read("zh_Hans"):
        strings = [message.string] if isinstance(message.string, str) else list(message.string or ())
        for string in strings if message.id else []:
            bare = _PLACEHOLDER.sub("", string)
            assert not re.search(r"[\u4e00-\u9fff][A-Za-z0-9€]|[A-Za-z0-9][\u4e00-\u9fff]", bare), string
            assert not re.search(r"[\u4e00-\u9fff][,;:?!]", string), string


def test_every_sentence_is_found_again_after_it_is_written(said: Catalog) -> None:
    ids = {m.id for m in said}
    assert "Pay %(total)s" in ids  # from a template
    assert "Wait for the operator's answer, on the screen or by SMS." in ids  # from Python
    assert ("%(n)s day", "%(n)s days") in ids


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("zh-CN,zh;q=0.9", "zh-Hans"), ("zh-TW", "zh-Hans"), ("en-GB", "en"), ("fr-BE,fr", "en"), ("*", "en"), ("", "en")],
)
def test_the_browsers_language_is_taken_where_we_speak_it(door: Door, accepted: str, language: str) -> None:
    assert f'<html lang="{language}">' in Visitor(language=accepted).get("/").html


def test_a_chosen_language_is_remembered_and_leads_back(door: Door) -> None:
    page = door.stranger.post("/language/", {"language": "zh-Hans", "next": "/top-up/proximus/"})
    assert page.where == "/top-up/proximus/"
    assert "充多少？" in page.text
    assert '<html lang="zh-Hans">' in door.stranger.get("/help/").html


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "help/"])
def test_the_language_switch_leads_nowhere_else(door: Door, back: str) -> None:
    assert door.stranger.post("/language/", {"language": "en", "next": back}).where == "/"


def test_no_english_is_left_on_a_chinese_page(door: Door) -> None:
    visitor = Visitor(language="zh-CN")
    link = door.delivered(language="zh-Hans")
    for path in (
        "/",
        "/top-up/proximus/",
        "/top-up/telenet/",
        "/top-up/lycamobile/",
        "/help/",
        "/gone/",
        link,
        f"{link}receipt/",
    ):
        text = re.sub(r"简体中文|English", "", visitor.get(path).text)
        english = re.findall(r"[a-z]{2,}(?: [a-z]{2,})+", text)
        assert english == [], path


@pytest.mark.parametrize(("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 200)])
def test_another_site_cannot_change_a_visitors_language(door: Door, site: str, status: int) -> None:
    typed = {"language": "zh-Hans", "next": "/help/"}
    page = door.stranger.post("/language/", typed, **{"Sec-Fetch-Site": site})
    assert page.status == status
    assert ("opla_language" in door.stranger.client.cookies) == (status == 200)
