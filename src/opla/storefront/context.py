"""What every page knows: the sandbox's label, the languages, where this page is."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from opla.accounts.customer import customer_of
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


def page(request: HttpRequest) -> dict[str, object]:
    here = languages.current()
    return {
        "sandbox": settings.SANDBOX,
        "quarantined": quarantine.closed(),
        "contact": settings.CONTACT,
        "inside": inside(request),
        "language": here,
        "languages": languages.NAMES,
        "signed_in": hasattr(request, "user") and customer_of(request) is not None,
        # Only a page that answers GET can be shown again in another language.
        "here": request.get_full_path() if request.method in ("GET", "HEAD") else request.path,
    }
