"""What every page knows: the sandbox's label, the languages, where this page is."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from opla.accounts.customer import customer_of
from opla.presenting import languages


def page(request: HttpRequest) -> dict[str, object]:
    here = languages.current()
    return {
        "sandbox": settings.SANDBOX,
        "contact": settings.CONTACT,
        "language": here,
        "languages": languages.NAMES,
        "signed_in": hasattr(request, "user") and customer_of(request) is not None,
        # Only a page that answers GET can be shown again in another language.
        "here": request.get_full_path() if request.method in ("GET", "HEAD") else request.path,
    }
