"""One word per thing: what the glossary forbids stands nowhere, and what it settles is what the sentences say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from opla.counterparts.texts import TEXTS
from opla.presenting import languages
from opla.site import messages

ROOT = Path(__file__).resolve().parents[2]
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text("utf-8")
CATALOGUES = "".join(path.read_text("utf-8") for path in sorted((ROOT / "catalogs").glob("*.yaml")))
NAMES = {"简体中文": "zh-Hans", "français": "fr", "Nederlands": "nl", "Deutsch": "de"}
_NOT_SAID = re.compile(r"%\(\w+\)[sd]|\./opla \w+|[\w.-]+@[\w.-]+")

#: A thing, how English sentences name it, and the beginning of its word in each language. Each stands in the glossary.
SETTLED = [
    ("top up", r"top(?:ped|s)?[- ]up", {"fr": "recharg", "nl": "herla", "de": "auf(?:zu|ge)?lad|laden|lädt"}),
    ("operator", r"operators?\b", {"fr": "opérateur", "nl": "operator", "de": "Anbieter"}),
    ("refund", r"refund", {"fr": "rembours", "nl": "terug(?: te )?beta", "de": "rück(?:zu)?erstatt"}),
    ("receipt", r"receipt", {"fr": "reçu", "nl": "ontvangstbewijs", "de": "quittung", "zh-Hans": "收据"}),
    (
        "plan",
        r"\b(?:your|my|every|this|or) plan\b|^plan$",
        {"fr": "plans? tarifaire", "nl": "tariefplan", "de": "tarif", "zh-Hans": "套餐"},
    ),
    ("coupon", r"coupon", {"fr": "code promo", "nl": "kortingscode", "de": "Rabattcode", "zh-Hans": "优惠码"}),
    ("promotion", r"promotion", {"fr": "promotion", "nl": "promotie", "de": "aktion", "zh-Hans": "优惠"}),
    ("service fee", r"service fee", {"fr": "frais de service", "nl": "servicekosten", "de": "Servicegebühr"}),
    ("face value", r"face value", {"fr": "valeur nominale", "nl": "nominale waarde", "de": "Nennwert"}),
    ("order number", r"\border number", {"fr": "numéro de commande", "nl": "bestelnummer", "de": "Bestellnummer"}),
    ("forecast", r"forecast", {"fr": "prévision", "nl": "voorspelling", "de": "Prognose", "zh-Hans": "预测"}),
    ("reading", r"\breadings?\b", {"fr": "relevé", "nl": r"\bstand", "de": r"\bst[aä]nd"}),
    ("customer care", r"customer care", {"fr": "service clientèle", "nl": "klantendienst", "de": "Kundendienst"}),
    (
        "place",
        r"\b(?:all|some|these|any|no) places?\b",
        {"fr": "points? de vente", "nl": "verkooppunt", "de": "verkaufsstelle"},
    ),
    ("sandbox", r"sandbox (?:refuses|has)|the sandbox\?", {"fr": "environnement", "nl": "testomg", "de": "Testumg"}),
]


def tables(heading: str) -> list[list[str]]:
    """The rows of the table under a heading, without its head."""
    under = re.split(r"^#+ ", GLOSSARY.partition(f" {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in under.splitlines() if line[:1] == "|"]
    return [rows[0], *rows[2:]]


def said(language: str) -> Iterator[tuple[str, str]]:
    """Every text of a language with its English one: the shop's, the catalogues', and the sandbox's own pages."""
    for message in messages.read(language.replace("-", "_")):
        if message.id:
            ids = [message.id] if isinstance(message.id, str) else list(message.id)
            strings = [message.string] if isinstance(message.string, str) else list(message.string or ())
            yield from ((_NOT_SAID.sub("", ids[-1]), _NOT_SAID.sub("", text)) for text in strings)
    noted = [re.findall(rf'^ +{tag}: "(.*)"$', CATALOGUES, re.MULTILINE) for tag in ("en", language)]
    yield from zip(*noted, strict=True)
    yield from ((TEXTS["en"][name], text) for name, text in TEXTS[language].items())


def forbidden(language: str) -> list[str]:
    return [word.strip() for row in tables("Never instead")[1:] if row[0] == language for word in row[1].split(",")]


@pytest.mark.parametrize("language", languages.NAMES)
def test_no_second_word_is_said_for_a_thing(language: str) -> None:
    words = forbidden(language)
    assert len(words) >= 7
    edge = "" if language == "zh-Hans" else r"(?<![\w-]){}(?![\w-])"
    # German nouns are told from verbs by their capital.
    found = [
        (word, text)
        for word in words
        for _english, text in said(language)
        if re.search(edge.format(re.escape(word)) if edge else word, text, 0 if language == "de" else re.IGNORECASE)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("language", "word", "english", "stem"),
    [(language, word, english, stem) for word, english, stems in SETTLED for language, stem in stems.items()],
)
def test_what_is_settled_is_what_is_said(language: str, word: str, english: str, stem: str) -> None:
    """Wherever the English sentence names the thing, so does this one, by the glossary's word."""
    head, *rows = tables("What people meet")
    [row] = [row for row in rows if row[0].split(",")[0] == word]
    assert re.search(stem, row[[NAMES.get(name) for name in head].index(language)], re.IGNORECASE)
    met = [(source, text) for source, text in said(language) if re.search(english, source, re.IGNORECASE)]
    assert met
    assert [pair for pair in met if not re.search(stem, pair[1], re.IGNORECASE)] == []


def test_every_word_people_meet_is_settled_in_every_language() -> None:
    head, *rows = tables("What people meet")
    assert set(NAMES) <= set(head)
    assert [row for row in rows if len(row) != len(head) or not all(row)] == []
