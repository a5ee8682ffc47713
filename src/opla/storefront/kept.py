"""Pages that say the same to everybody: drawn once per catalogue and language, and from then on only sent.

They hold nothing of a visitor, so they may be kept compressed too: there is no secret on them that their size could
tell (which is why other pages carry random padding).
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Mapping
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from opla.core.catalog import Catalog
from opla.presenting import languages
from opla.storefront.context import inside

#: A template, and what it is drawn with.
Drawing = tuple[str, Mapping[str, object]]

_TAKES_GZIP: Final = re.compile(r"\bgzip\b")


class Kept:
    """The drawn pages of one catalogue, plain and compressed. Another catalogue begins anew."""

    def __init__(self) -> None:
        self._kept: tuple[Catalog | None, dict[tuple[object, ...], tuple[bytes, bytes]]] = (None, {})

    def page(self, request: HttpRequest, catalog: Catalog, draw: Callable[[], Drawing]) -> HttpResponse:
        """The page at this address; `draw` must use nothing of this visitor's, and address and catalogue decide all.

        With a query string it is drawn each time: nobody fills the memory with addresses of their own making.
        """
        of, pages = self._kept
        if of is not catalog:
            pages = {}
            self._kept = catalog, pages  # at once, so that no other thread puts a page of one among those of the other
        key = (request.path, languages.current(), settings.SANDBOX, settings.CONTACT, inside(request))
        page = pages.get(key)
        if page is None or request.META.get("QUERY_STRING"):
            template, shown = draw()
            # Without a form's secret: a form that came to need one would be refused, and never carry a stranger's.
            drawn = render_to_string(template, {**shown, "csrf_token": ""}, request).encode()
            page = drawn, gzip.compress(drawn, mtime=0)
            if not request.META.get("QUERY_STRING"):
                pages[key] = page
        plain, compressed = page
        if _TAKES_GZIP.search(request.META.get("HTTP_ACCEPT_ENCODING", "")):
            return HttpResponse(compressed, headers={"Content-Encoding": "gzip", "Vary": "Accept-Encoding"})
        return HttpResponse(plain, headers={"Vary": "Accept-Encoding"})
