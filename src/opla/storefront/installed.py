"""The shop as an app on a phone: its manifest, its service worker, and the page it shows where there is no network.

All of it is the same for everybody: made without a request, so that nothing of anybody's can be in it.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from opla.presenting import languages
from opla.storefront.templatetags.opla import asset

_WORKER: Final = Path(__file__).with_name("service-worker.js")
_ICON: Final = "storefront/icons/icon-192.png"
#: A JWK set of the keys whose passports are believed (`operations.passports.keys`).
Keys = dict[str, list[dict[str, str]]]
#: What the page without a network needs. Nothing else is kept by the worker.
_FILES: Final = (
    "storefront/style.css", "storefront/app.js", "storefront/shop.js", "storefront/phone.js", "storefront/kept.js",
    "storefront/verify-offline.js", "django_htmx/htmx-2.min.js", "storefront/favicon.svg", _ICON,
)  # fmt: skip


def kept_page(language: str) -> str:
    """What this phone keeps, in one of the shop's languages: filled in by the phone itself."""
    return _kept_page(language, settings.SANDBOX, settings.CONTACT)


@cache
def _kept_page(language: str, sandbox: bool, contact: str) -> str:
    return _page("storefront/kept.html", language, sandbox, contact, reverse("kept"))


def verify_page(language: str, keys: Keys, issuer: str) -> str:
    """What a phone without a network can say of a seller's QR: read by the phone itself, with the keys kept here."""
    known = {"keys": json.dumps(keys["keys"]), "issuer": issuer}
    return _page(
        "storefront/verify_offline.html", language, settings.SANDBOX, settings.CONTACT, reverse("verify"), **known
    )


def _page(template: str, language: str, sandbox: bool, contact: str, here: str, **more: str) -> str:
    with languages.speaking(language):
        shown = {
            "sandbox": sandbox,
            "contact": contact,
            "language": language,
            "languages": languages.NAMES,
            "here": here,
            **more,
        }
        return render_to_string(template, shown)


def worker(keys: Keys, issuer: str) -> str:
    """The service worker, under a version that changes with whatever it keeps, and with nothing else."""
    pages = {tag: reverse("kept-in", args=[tag]) for tag in languages.NAMES}
    verify = {tag: reverse("verify-in", args=[tag]) for tag in languages.NAMES}
    files = [asset(name) for name in _FILES]
    source = _WORKER.read_text("utf-8")
    content = "".join((source, *files, *(kept_page(tag) + verify_page(tag, keys, issuer) for tag in languages.NAMES)))
    told = {
        "VERSION": hashlib.sha256(content.encode()).hexdigest()[:16],
        "PAGES": pages,
        "VERIFY": verify,
        "FILES": files,
        "ICON": asset(_ICON),
    }
    return "".join(f"const {name} = {json.dumps(value)};\n" for name, value in told.items()) + source


def manifest(language: str) -> dict[str, object]:
    """What a phone is told when the shop is put among its apps (W3C Web Application Manifest)."""
    icons = "storefront/icons"
    with languages.speaking(language):
        return {
            "id": "/",
            "name": _("Opla: top up in Belgium") + (" (SANDBOX)" if settings.SANDBOX else ""),
            "short_name": "Opla",
            "description": _("Prepaid mobile top-up: see what it does before you pay."),
            "lang": language,
            "dir": "ltr",
            "start_url": reverse("home"),
            "scope": "/",
            "display": "standalone",
            "background_color": "#fbfaf6",
            "theme_color": "#0b5a8a",
            "categories": ["shopping", "utilities"],
            "icons": [
                _icon("storefront/favicon.svg", "any", "image/svg+xml"),
                _icon(_ICON, "192x192"),
                _icon(f"{icons}/icon-512.png", "512x512"),
                _icon(f"{icons}/maskable-512.png", "512x512", purpose="maskable"),
                _icon(f"{icons}/maskable.svg", "any", "image/svg+xml", purpose="maskable"),
            ],
            "shortcuts": [
                {"name": _("Kept on this phone"), "url": reverse("kept")},
                {"name": _("What do I have?"), "url": reverse("have")},
            ],
        }


def _icon(name: str, sizes: str, kind: str = "image/png", *, purpose: str = "any") -> dict[str, str]:
    return {"src": asset(name), "sizes": sizes, "type": kind, "purpose": purpose}
