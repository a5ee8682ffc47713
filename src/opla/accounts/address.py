"""Where a visitor comes from: the address that the last machine we trust saw."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The visitor's address. Behind `OPLA_PROXIES` proxies of ours it is the one that the outermost of them wrote down.

    What stands before it in the header is the visitor's own writing, and is never read.
    """
    return seen(str(request.META.get("REMOTE_ADDR", "")), request.META.get("HTTP_X_FORWARDED_FOR", ""))


def seen(nearest: str, forwarded: str) -> str:
    """The same, from who is connected and what the header `X-Forwarded-For` says."""
    written = [part.strip() for part in forwarded.split(",") if part.strip()]
    trusted: int = settings.PROXIES
    return [*written[-trusted:], nearest][0] if trusted else nearest
