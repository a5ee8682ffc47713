"""For search engines: what may be found, and in which languages it exists."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from opla.core.catalog import Catalog
from opla.core.guide import asked
from opla.operations import catalogue
from opla.storefront.indexed import absolute
from opla.storefront.views import guide

_MAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
_XHTML = "http://www.w3.org/1999/xhtml"


@require_safe
def robots(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 (the same for everybody)
    """Nothing is forbidden here: a page that must not be found says so itself, and must be read for that."""
    text = f"User-agent: *\nAllow: /\nSitemap: {absolute(reverse('sitemap'))}\n"
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 (the same for everybody)
    version, catalog = catalogue.active()
    made = catalogue.made_at(version).date().isoformat()
    ET.register_namespace("", _MAP)
    ET.register_namespace("xhtml", _XHTML)
    root = ET.Element(f"{{{_MAP}}}urlset")
    for address, alternates in _pages(catalog):
        url = ET.SubElement(root, f"{{{_MAP}}}url")
        ET.SubElement(url, f"{{{_MAP}}}loc").text = address
        ET.SubElement(url, f"{{{_MAP}}}lastmod").text = made
        for tag, other in alternates:
            ET.SubElement(url, f"{{{_XHTML}}}link", rel="alternate", hreflang=tag, href=other)
    body = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return HttpResponse(body, content_type="application/xml; charset=utf-8")


def _pages(catalog: Catalog) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Each page with its alternates: the guide's in every language, the others at the one address they have."""
    for name in (
        "home",
        "operators",
        "guide",
        "esim",
        "esim-install",
        "identify",
        "redeem",
        "verify",
        "about",
        "terms",
        "withdrawal",
    ):
        yield absolute(reverse(name)), []
    for operator in catalog.operators:
        yield absolute(reverse("operator", args=[operator.id])), []
    for several in (guide.alternates(None), *(guide.alternates(one) for one in asked(catalog))):
        yield from ((address, several) for _tag, address in several)
