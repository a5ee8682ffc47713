"""Five languages, every text in each, and never a sentence nobody translated."""

from __future__ import annotations

import re

import pytest
from babel.messages.catalog import Catalog
from django.conf import settings

from opla.core.quote import LANGUAGES
from opla.presenting import languages
from opla.site import messages
from surfaces.conftest import Door, Seen, Visitor

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


def test_a_language_is_offered_where_it_is_known_everywhere(door: Door) -> None:
    """One that an order may have, the pages speak; one that they speak is whole, or the tests above fail."""
    assert set(languages.NAMES) == set(LANGUAGES)
    assert [tag.lower() for tag in languages.NAMES] == [tag for tag, _name in settings.LANGUAGES]
    assert [tag.replace("-", "_") for tag in languages.NAMES] == list(messages.LANGUAGES)


def _strings(language: str) -> list[str]:
    said = [m.string for m in messages.read(language) if m.id]
    return [text for one in said for text in ([one] if isinstance(one, str) else one or ())]


def test_french_never_breaks_a_line_before_its_marks() -> None:
    for text in _strings("fr"):
        assert not re.search(r" [:;?!»]| %%|« |'", text), text


@pytest.mark.parametrize(("language", "wrong"), [("nl", "'"), ("de", "['\"]")])
def test_quotes_are_those_of_the_language(language: str, wrong: str) -> None:
    for text in _strings(language):
        assert not re.search(wrong, text), text


@pytest.mark.parametrize("language", ["fr", "nl", "de"])
def test_few_sentences_stand_as_they_do_in_english(language: str) -> None:
    """What is the same in both is a name or a figure, and listed here: anything else is a sentence left behind."""
    same = {
        m.id for m in messages.read(language)
        if isinstance(m.id, str) and m.id and m.id == m.string and re.search(r"[a-z]{2}", _PLACEHOLDER.sub("", m.id))
    }  # fmt: skip
    assert same <= {
        "Bank", "Bonus", "Catalogue", "Codes", "Commission", "Communication", "Contact", "Data", "Date", "E-mail",
        "Identification", "Kiosk", "Name", "Night shop", "Note", "Operator", "Passkeys", "Postcode", "Product",
        "Promotion", "Promotions", "Route", "Source", "Total", "Version", "Versions",
        "Webhook", "Webhooks", "Website",
        "code", "data",
        # what an app is called, which is another word in Chinese alone
        "Alipay", "Apple Pay.", "DingTalk", "Douyin", "WeChat", "WeChat Pay", "WeCom", "Weibo",
    }  # fmt: skip


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
    [
        ("zh-CN,zh;q=0.9", "zh-Hans"), ("zh-Hans-SG", "zh-Hans"), ("en-GB", "en"),
        ("zh-TW", "zh-Hans"), ("zh-Hant-HK,en;q=0.8", "zh-Hans"),  # nearer to who reads these than English is
        ("fr-BE,fr;q=0.9,nl;q=0.8", "fr"), ("fr-CA", "fr"), ("nl-BE,fr;q=0.9", "nl"), ("nl", "nl"),
        ("de", "de"), ("de-BE", "de"), ("de-CH,fr;q=0.5", "de"),
        ("pt-BR,fr;q=0.7,en;q=0.3", "fr"), ("nl;q=0.4,de;q=0.6", "de"),
        ("pt-BR", "en"), ("*", "en"), ("", "en"), ("nonsense;q=x", "en"),
    ],
)  # fmt: skip
def test_the_browsers_language_is_taken_where_we_speak_it(door: Door, accepted: str, language: str) -> None:
    assert f'<html lang="{language}">' in Visitor(language=accepted).get("/").html


def test_every_page_offers_every_language_by_its_own_name(door: Door) -> None:
    html = door.stranger.get("/help/").html
    offered = re.findall(
        r'<button type="submit" name="language" value="(\S+)" lang="\1"( aria-current="true")?>(.+?)</button>', html
    )
    assert [(tag, name) for tag, _here, name in offered] == list(languages.NAMES.items())
    assert [tag for tag, here, _name in offered if here] == ["en"]
    assert '<span class="unseen">Language: </span>English</summary>' in html


@pytest.mark.parametrize("language", languages.NAMES)
def test_a_language_is_spoken_once_it_is_chosen(door: Door, language: str) -> None:
    door.stranger.post("/language/", {"language": language, "next": "/"})
    page = door.stranger.get("/promotions/")
    assert f'<html lang="{language}">' in page.html
    assert f"</span>{languages.NAMES[language]}</summary>" in page.html


def test_a_chosen_language_is_remembered_and_leads_back(door: Door) -> None:
    page = door.stranger.post("/language/", {"language": "zh-Hans", "next": "/top-up/proximus/"})
    assert page.where == "/top-up/proximus/"
    assert "充多少？" in page.text
    assert '<html lang="zh-Hans">' in door.stranger.get("/help/").html


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "help/"])
def test_the_language_switch_leads_nowhere_else(door: Door, back: str) -> None:
    assert door.stranger.post("/language/", {"language": "en", "next": back}).where == "/"


PAGES = (
    "/",
    "/top-up/proximus/",
    "/top-up/telenet/",
    "/top-up/lycamobile/",
    "/help/",
    "/gone/",
    "/promotions/",
    "/have/",
    "/operators/orange/",
    "/guide/",
    "/checklist/",
    "/about/",
    "/terms/",
    "/withdrawal/",
    "/places/",
)


def in_its_language(page: Seen) -> str:
    """What a page says in its own language: an operator's word, or a source, says which it is in."""
    page.html = re.sub(r'<(dt|li) lang="\w+">.*?</\1>', "", page.html)
    return page.text


@pytest.mark.parametrize("language", ["fr", "nl", "de"])
def test_no_english_is_left_on_a_page_of_another_language(door: Door, language: str) -> None:
    visitor = Visitor(language=language)
    link = door.delivered(language=language)
    english = {m.id for m in messages.read(language) if isinstance(m.id, str) and len(m.id) > 11 and m.id != m.string}
    for path in (*PAGES, "/have/proximus/", "/have/base/line/", link, f"{link}receipt/"):
        text = in_its_language(visitor.get(path))
        assert [one for one in english if one in text] == [], path
        assert re.findall(r"\b(?:the|and|you|your|what|is not)\b", text) == [], path


def test_no_english_is_left_on_a_chinese_page(door: Door) -> None:
    visitor = Visitor(language="zh-CN")
    link = door.delivered(language="zh-Hans")
    for path in (*PAGES[:6], link, f"{link}receipt/"):
        text = re.sub("|".join(languages.NAMES.values()), "", in_its_language(visitor.get(path)))
        english = re.findall(r"[a-z]{2,}(?: [a-z]{2,})+", text)
        assert english == [], path


@pytest.mark.parametrize(("site", "status"), [("cross-site", 403), ("same-site", 403), ("same-origin", 200)])
def test_another_site_cannot_change_a_visitors_language(door: Door, site: str, status: int) -> None:
    typed = {"language": "zh-Hans", "next": "/help/"}
    page = door.stranger.post("/language/", typed, **{"Sec-Fetch-Site": site})
    assert page.status == status
    assert ("opla_language" in door.stranger.client.cookies) == (status == 200)
