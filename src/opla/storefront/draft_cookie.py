"""The cookie that holds a draft: signed, in the visitor's own browser until they close it, and nowhere else.

It is no session: those are rows, of people who signed in. This is what a stranger typed, and no process keeps it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest
from django.http.response import HttpResponseBase

COOKIE: Final = "opla_draft"
_SALT: Final = "opla.draft"


class Draft:
    """What was typed, by name. Read from the cookie when first asked for."""

    def __init__(self, cookie: str) -> None:
        self._cookie = cookie
        self._held: dict[str, object] | None = None
        self.changed = False

    def get(self, name: str) -> object:
        return self._read().get(name)

    def keep(self, name: str, value: object) -> None:
        self._read()[name] = value
        self.changed = True

    def forget(self, name: str) -> None:
        if name in self._read():
            del self._read()[name]
            self.changed = True

    def clear(self) -> None:
        self._held, self.changed = {}, True

    def written(self) -> str:
        """Empty when nothing is held."""
        held = self._read()
        return signing.dumps(held, salt=_SALT, compress=True) if held else ""

    def _read(self) -> dict[str, object]:
        if self._held is None:
            try:
                found = signing.loads(self._cookie, salt=_SALT) if self._cookie else {}
            except signing.BadSignature:
                found = {}
            self._held = found if isinstance(found, dict) else {}
        return self._held


class DraftCookie:
    """Middleware: `request.draft`, and back into the cookie where something was typed."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        draft = Draft(request.COOKIES.get(COOKIE, ""))
        setattr(request, "draft", draft)  # noqa: B010 - mypy knows Django's request, which has no such field
        response = self._answer(request)
        if draft.changed:
            if written := draft.written():
                response.set_cookie(
                    COOKIE, written, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
                )
            else:
                response.delete_cookie(COOKIE, samesite="Lax")
        return response


def draft_of(request: HttpRequest) -> Draft:
    found: Draft = getattr(request, "draft")  # noqa: B009 - see above
    return found
