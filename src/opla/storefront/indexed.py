"""Pages that search engines may find: those that say the same to everybody, and nothing of anybody."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponse

P = ParamSpec("P")


def indexed(
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A page that may be found; with a question in its address it is another, and not."""

    @wraps(view)
    def found(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        answer = view(request, *args, **kwargs)
        if answer.status_code == 200 and not request.META.get("QUERY_STRING"):
            answer["X-Robots-Tag"] = "all"
        return answer

    return found


def absolute(path: str) -> str:
    """The address of a page as others write it."""
    return f"{settings.BASE_URL}{path}"
