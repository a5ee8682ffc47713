"""Forms that any stranger may send carry when they were shown, signed, and a field that no person sees.

Whoever sends one without having looked at it, faster than anybody types, or with that field filled in, is not refused:
they get what they sent on one more page, with a button. People press it; programs that post blindly never do.
Docs: docs/decisions/0019-friction-without-puzzles.md.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, Final, ParamSpec

from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from opla.storefront import visit

P = ParamSpec("P")

SHOWN: Final = "shown_at"
TRAP: Final = "homepage"
#: Nobody reads a form, types an address and presses a button faster.
LEAST: Final = timedelta(seconds=1)
#: A page left open longer is asked once more, so that one look does not serve a program for ever.
MOST: Final = timedelta(hours=12)
_SALT: Final = "opla.patience"


def token(at: datetime) -> str:
    """That a form was shown at this time, so that nobody else can say it."""
    return signing.dumps(int(at.timestamp() * 1000), salt=_SALT)


def kept_or_new(request: HttpRequest) -> str:
    """Of a form that comes back with a mistake marked: the time it was first shown. Else: now."""
    at, text = visit.now(), request.POST.get(SHOWN, "")
    age = _age(text, at)
    return text if age is not None and timedelta() <= age <= MOST else token(at)


def patient(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A view whose form carries `{% patience %}`."""

    @wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.method == "POST" and _hurried(request):
            return _once_more(request)
        return view(request, *args, **kwargs)

    return wrapped


def _hurried(request: HttpRequest) -> bool:
    age = _age(request.POST.get(SHOWN, ""), visit.now())
    return bool(request.POST.get(TRAP)) or age is None or not LEAST <= age <= MOST


def _age(text: str, at: datetime) -> timedelta | None:
    """None: nobody of ours wrote this."""
    try:
        shown = signing.loads(text[:200], salt=_SALT)
    except signing.BadSignature:
        return None
    return timedelta(milliseconds=at.timestamp() * 1000 - shown) if isinstance(shown, int) else None


def _once_more(request: HttpRequest) -> HttpResponse:
    """Answered as if all were well: a program learns nothing from it, and a person loses nothing but a file, which no
    page can hand back: it is asked for again."""
    ours = {SHOWN, TRAP, "csrfmiddlewaretoken"}
    sent = [(name, value) for name, values in request.POST.lists() if name not in ours for value in values]
    files = [(name, file.name) for name in request.FILES if isinstance(file := request.FILES[name], UploadedFile)]
    shown = {"sent": sent, "files": files, "action": request.get_full_path()}
    return render(request, "storefront/once_more.html", shown)
