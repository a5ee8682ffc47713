"""The translations' round: what the code says → `.po` for translators → `.mo` for Django. No GNU gettext needed.

`.mo` files are committed: nothing is built on the machine of whoever runs the shop. Tests prove that both are current.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

SOURCES: Final = Path(__file__).resolve().parents[1]
LOCALE: Final = SOURCES / "locale"
#: Folder names are Django's; `en` holds the sentences as they stand in the code.
LANGUAGES: Final = ("en", "fr", "nl", "de", "zh_Hans")

_KEYWORDS: Final = ("_", "gettext", "gettext_noop", "ngettext")
_HEADER: Final = "# Every sentence of the shop. Made by `./opla _translate`; the msgstr lines are yours to write.\n"

_NO_DATE: Final = datetime(2026, 1, 1, tzinfo=UTC)

#: One sentence, or a singular and a plural.
Message = str | tuple[str, str]


def extract() -> Catalog:
    """Every sentence in the code and the templates, with the files it stands in."""
    found = Catalog(charset="utf-8")
    for path in sorted([*SOURCES.rglob("*.py"), *SOURCES.rglob("*.html")]):
        for message in _messages(path):
            found.add(message, locations=[(str(path.relative_to(SOURCES)), 0)], flags=_flags(message))
    return found


def _messages(path: Path) -> Iterator[Message]:
    text = path.read_text("utf-8")
    if path.suffix == ".html":
        # In parentheses, because what is left of the markup has no sensible indentation.
        text = f"(\n{templatize(text, origin=str(path))}\n)"
    for _line, function, found, _comments in extract_python(
        io.BytesIO(text.encode()), dict.fromkeys(_KEYWORDS), (), {}
    ):
        said: object = found  # one argument comes as a text, several as a tuple; the annotation says neither
        words = said if isinstance(said, tuple) else (said,)
        texts = [word for word in words if isinstance(word, str) and word]
        if function == "ngettext" and len(texts) > 1:
            yield texts[0], texts[1]
        elif texts:
            yield texts[0]


def _flags(message: Message) -> set[str]:
    text = message if isinstance(message, str) else message[0]
    return {"python-format"} if "%(" in text else set()


def po(language: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / "django.po"


def mo(language: str) -> Path:
    return po(language).with_suffix(".mo")


def read(language: str) -> Catalog:
    """The catalogue of a language; an empty one when it has none yet."""
    if not po(language).exists():
        return Catalog(locale=language, charset="utf-8")
    with po(language).open("rb") as file:
        return read_po(file, locale=language, charset="utf-8")


def updated(language: str, said: Catalog) -> Catalog:
    """The language's sentences, no more and no fewer than the code's. A changed one is a new one: never guessed."""
    before = read(language)
    after = Catalog(locale=language, charset="utf-8", header_comment=_HEADER.strip(), project="Opla", fuzzy=False)
    for message in said:
        if not message.id:
            continue
        known = before.get(message.id)
        string = known.string if known is not None else ""
        if language == "en":
            string = message.id
        after.add(message.id, string, locations=message.locations, flags=message.flags)
    return after


def compiled(catalog: Catalog) -> bytes:
    catalog.creation_date = catalog.revision_date = _NO_DATE  # the same sentences are the same file, whenever made
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def written(catalog: Catalog) -> bytes:
    """The `.po` text. Without line numbers and dates, which would change with everything."""
    out = io.BytesIO()
    write_po(out, catalog, width=100, include_lineno=False, sort_by_file=False, omit_header=False)
    lines = out.getvalue().decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(_DATED)).encode()


_DATED: Final = ('"POT-Creation-Date', '"PO-Revision-Date', '"Last-Translator', '"Generated-By', '"Report-Msgid')


def missing(catalog: Catalog) -> list[Message]:
    """Sentences without words in this language."""
    left: list[Message] = []
    for message in catalog:
        strings = [message.string] if isinstance(message.string, str) else list(message.string or ())
        if message.id and not (strings and all(strings)):
            left.append(message.id if isinstance(message.id, str) else (message.id[0], message.id[1]))
    return left


def update() -> dict[str, list[Message]]:
    """Rewrite every `.po` and `.mo`; what is still missing, by language."""
    said = extract()
    left: dict[str, list[Message]] = {}
    for language in LANGUAGES:
        catalog = updated(language, said)
        po(language).parent.mkdir(parents=True, exist_ok=True)
        po(language).write_bytes(written(catalog))
        mo(language).write_bytes(compiled(read(language)))
        left[language] = missing(catalog)
    return left
