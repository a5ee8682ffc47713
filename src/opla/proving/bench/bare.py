"""The floor of the shop's pages: Django with the same server and database, one view, one SELECT, and nothing else.

Settings and addresses at once: a process whose DJANGO_SETTINGS_MODULE is this serves one word at `/`.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from opla.site import settings as shop

# All of the shop's, but for what follows.
globals().update({name: value for name, value in vars(shop).items() if name.isupper()})
MIDDLEWARE: list[str] = []
TEMPLATES: list[dict[str, object]] = []
USE_I18N = False
ROOT_URLCONF = __name__


def one_select(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM catalog_version WHERE state = 'active'")
        found = cursor.fetchone()
    return HttpResponse(f"{found}", headers={"Content-Length": len(f"{found}")})


urlpatterns = [path("", one_select)]
