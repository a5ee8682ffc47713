"""The languages the shop speaks. Ours are BCP 47 tags (`zh-Hans`); Django writes them in lower case."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.conf import settings
from django.utils import translation
from django.utils.translation.trans_real import parse_accept_lang_header

from opla.core.quote import read_language

#: Tag → what the language calls itself. Adding one: its catalogue in `locale/`, a line here and one in the settings.
NAMES: Final[dict[str, str]] = {
    "en": "English", "fr": "Français", "nl": "Nederlands", "de": "Deutsch", "zh-Hans": "简体中文",
}  # fmt: skip

_BABEL: Final[dict[str, str]] = {"zh-Hans": "zh_Hans_CN", "en": "en_GB", "fr": "fr_BE", "nl": "nl_BE", "de": "de_BE"}


def current() -> str:
    """The tag of the language now active; English when it is none of ours."""
    active = (translation.get_language() or "en").lower()
    return next((tag for tag in NAMES if tag.lower() == active), "en")


def babel_name() -> str:
    """How babel calls the active language, with the country whose habits fit this shop."""
    return _BABEL[current()]


def asked(header: str) -> str:
    """The first of ours that the header `Accept-Language` asks for; English where it asks for none."""
    found = (read_language(tag) for tag, _ in parse_accept_lang_header(header))
    return next((tag for tag in found if isinstance(tag, str)), "en")


@contextmanager
def speaking(tag: str) -> Iterator[None]:
    """Everything inside is said in this language (English where we have none of it)."""
    known = tag.lower() if tag in NAMES else "en"
    with translation.override(known if known in dict(settings.LANGUAGES) else "en"):
        yield
