"""Where a visitor comes from: the address that the last machine we trust saw."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The visitor's address. Behind `OPLA_PROXIES` proxies of ours it is the one that the outermost of them wrote down.

    What stands before it in the header is the visitor's own writing, and is never read.
    """
    nearest = str(request.META.get("REMOTE_ADDR", ""))
    written = [part.strip() for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    trusted: int = settings.PROXIES
    seen = [*written[-trusted:], nearest] if trusted else [nearest]
    return seen[0]
