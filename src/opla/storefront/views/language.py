"""The language switch: remembered in a cookie for a year.

Its form stands on every page and carries no secret, so that a page may be the same for everybody. What another site
could do with it is change a visitor's language; browsers say when it tries (W3C Fetch Metadata), and it is refused.
"""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import REASON_BAD_ORIGIN
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from opla.presenting import languages
from opla.storefront.views import guide
from opla.storefront.views.errors import form_refused

_YEAR_S: Final = 365 * 24 * 3600


@csrf_exempt
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        return form_refused(request, REASON_BAD_ORIGIN)
    wanted = request.POST.get("language", "")
    back = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None) or not back.startswith("/"):
        back = "/"
    answer = HttpResponseRedirect(guide.in_language(back, wanted) if wanted in languages.NAMES else back)
    answer.status_code = 303
    remember(answer, wanted)
    return answer


def remember(response: HttpResponse, language: str) -> None:
    """Put it on the answer, where it is one of ours."""
    if language in languages.NAMES:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, language.lower(), max_age=_YEAR_S, httponly=True, samesite="Lax",
            secure=settings.LANGUAGE_COOKIE_SECURE,
        )  # fmt: skip


def chosen(request: HttpRequest) -> bool:
    """Whether this person has said which language they want."""
    return settings.LANGUAGE_COOKIE_NAME in request.COOKIES
