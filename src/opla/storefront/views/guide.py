"""The guide: a page per question and language, each at an address of its own, and readable without buying."""

from __future__ import annotations

from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import Resolver404, resolve, reverse
from django.utils import translation
from django.views.decorators.http import require_safe

from opla.core.catalog import Catalog
from opla.core.guide import Asked, Question, asked
from opla.operations import catalogue
from opla.presenting import guide, languages
from opla.storefront import guide_addresses as addresses
from opla.storefront.indexed import absolute, indexed
from opla.storefront.kept import Drawing, Kept

_KEPT: Final = Kept()


@require_safe
@indexed
def index(request: HttpRequest, language: str = "") -> HttpResponse:
    """Every question. Without a language in its address, in the visitor's."""
    _speak(language)
    version, catalog = catalogue.active()
    return _KEPT.page(request, catalog, lambda: _index(catalog, version))


@require_safe
@indexed
def page(request: HttpRequest, language: str, slug: str) -> HttpResponse:
    _speak(language)
    version, catalog = catalogue.active()
    one = addresses.found(catalog, language, slug)
    if one is None:
        raise Http404
    return _KEPT.page(request, catalog, lambda: _page(one, catalog, version, language))


def href(one: Asked, language: str) -> str:
    """The page's address in a language."""
    return reverse("guide-page", args=[language, addresses.address(one, language)])


def in_language(path: str, language: str) -> str:
    """The same page of the guide in another language; any other address as it is."""
    try:
        found = resolve(path)
    except Resolver404:
        return path
    was = found.kwargs.get("language", "")
    if found.url_name == "guide-language":
        return reverse("guide-language", args=[language])
    if found.url_name != "guide-page" or was not in languages.NAMES:
        return path
    one = addresses.found(catalogue.active()[1], was, found.kwargs["slug"])
    return href(one, language) if one else path


def alternates(one: Asked | None) -> list[tuple[str, str]]:
    """Each language with the whole address of the page in it; None: of the index."""
    if one is None:
        return [(tag, absolute(reverse("guide-language", args=[tag]))) for tag in languages.NAMES]
    return [(tag, absolute(href(one, tag))) for tag in languages.NAMES]


def _speak(language: str) -> None:
    if language and language not in languages.NAMES:
        raise Http404
    if language:
        translation.activate(language.lower())


def _index(catalog: Catalog, version: int) -> Drawing:
    tongue = languages.current()
    pages = asked(catalog)

    def rows(several: list[Asked]) -> list[tuple[str, str]]:
        return [(href(one, tongue), guide.title(one, catalog)) for one in several]

    groups = [(o, rows([one for one in pages if one.operator == o.id])) for o in catalog.operators]
    return "storefront/guide.html", {
        "country": rows([one for one in pages if not one.operator]),
        "groups": [(operator, of) for operator, of in groups if of],
        "alternates": alternates(None),
        "canonical": absolute(reverse("guide-language", args=[tongue])),
        "made_at": catalogue.made_at(version),
    }


def _page(one: Asked, catalog: Catalog, version: int, language: str) -> Drawing:
    drawn = guide.guide(one, catalog)
    sources, seen = guide.sources(drawn.cells)
    operator = catalog.operator(one.operator)
    return "storefront/guide_page.html", {
        "guide": drawn,
        "steps": [(step, [_link(link, language) for link in step.links]) for step in drawn.steps],
        "more": [_link(link, language) for link in drawn.more],
        "operator": operator,
        "words": operator if operator and one.question in (Question.TOP_UP, Question.WHAT_IS_LEFT) else None,
        "others": [(href(other, language), guide.title(other, catalog)) for other in guide.others(one, catalog)],
        "sources": sources,
        "seen": seen,
        "alternates": alternates(one),
        "canonical": absolute(href(one, language)),
        "made_at": catalogue.made_at(version),
    }


def _link(link: guide.Link, language: str) -> tuple[str, str]:
    if link.page is not None:
        return href(link.page, language), link.text
    return reverse(link.view, args=link.args) + (f"?{link.query}" if link.query else ""), link.text
