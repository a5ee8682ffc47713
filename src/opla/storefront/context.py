"""What every page knows: the sandbox's label, the languages, where this page is."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from opla.accounts.customer import customer_of
from opla.accounts.owner import owner_of
from opla.core.actor import Act
from opla.core.browser import Browser, read_browser
from opla.db.queries import quarantine
from opla.presenting import browsers, languages


def browser_of(request: HttpRequest) -> Browser:
    """In what this page is read."""
    return read_browser(request.META.get("HTTP_USER_AGENT", ""))


def inside(request: HttpRequest) -> str:
    """The app whose window this is, by its name; empty in a browser of its own."""
    app = browser_of(request).app
    return browsers.name(app) if app else ""


def _ends_quarantine(request: HttpRequest) -> bool:
    """Whether the page of what is to be compared is theirs."""
    who = owner_of(request, timezone.now()) if hasattr(request, "session") and hasattr(request, "user") else None
    return who is not None and who.refused(Act.END_QUARANTINE) is None


def page(request: HttpRequest) -> dict[str, object]:
    here, closed = languages.current(), quarantine.closed()
    return {
        "sandbox": settings.SANDBOX,
        "quarantined": closed,
        "ends_quarantine": closed and _ends_quarantine(request),
        "contact": settings.CONTACT,
        "inside": inside(request),
        "language": here,
        "languages": languages.NAMES,
        "signed_in": hasattr(request, "user") and customer_of(request) is not None,
        # Only a page that answers GET can be shown again in another language.
        "here": request.get_full_path() if request.method in ("GET", "HEAD") else request.path,
    }
