"""What cannot be done is answered as problem details (RFC 9457), whoever found out: an operation, the form, a bug."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from opla.core.refusal import Code, Refusal
from opla.db.queries import quarantine
from opla.db.queries.call import BROKEN
from opla.presenting import problems

_log = logging.getLogger(__name__)


class Refused(Exception):  # noqa: N818 - the field's word for a business no
    """Raised by a resource with the refusals of an operation; answered as one problem."""

    def __init__(self, *refusals: Refusal) -> None:
        super().__init__(*(refusal.code for refusal in refusals))
        self.refusals = refusals


def answer(refusals: Sequence[Refusal], status: int | None = None) -> HttpResponse:
    status = status or problems.status_of(refusals)
    headers = problems.headers(status, refusals)
    return HttpResponse(problems.document(status, refusals), headers=headers, status=status)


def install(api: NinjaAPI) -> None:
    for kind in (Refused, RequestDataTooBig, ValidationError, HttpError, Http404, Exception):
        api.add_exception_handler(kind, _told)


def _told(_request: HttpRequest, found: object) -> HttpResponse:
    match found:
        case Refused():
            return answer(found.refusals)
        case ValidationError():  # what the schema does not allow: every field that is wrong
            return answer([_field(error) for error in found.errors] or [Refusal(Code.FIELD_INVALID)])
        case HttpError():  # ninja's own: a body that is no JSON
            return answer([Refusal(Code.FILE_UNREADABLE, "body", {"why": "json"})], found.status_code)
        case RequestDataTooBig():
            return answer([too_large()])
        case Http404():
            return answer([Refusal(Code.NOT_FOUND)])
        case Exception() if quarantine.stands_still(found):
            return answer([Refusal(Code.QUARANTINE)])
        case Exception() if not isinstance(found, BROKEN):
            _log.error("the API broke", exc_info=found)
    return answer([Refusal(Code.TEMPORARILY_CLOSED)])  # committed or not: the same key again finds out


def too_large() -> Refusal:
    """Of a body that Django did not read to its end."""
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE / 1024 / 1024
    return Refusal(Code.FILE_TOO_LARGE, "body", {"most": f"{most:g}"})


def _field(error: dict[str, object]) -> Refusal:
    place = error.get("loc")
    path = [str(part) for part in place][1:] if isinstance(place, (list, tuple)) else []
    about = ".".join(path[1:] if path[:1] == ["payload"] else path)
    unknown = error.get("type") == "extra_forbidden"
    why = str(error.get("type", ""))
    return Refusal(Code.FIELD_UNKNOWN if unknown else Code.FIELD_INVALID, about, {"why": why})


class NotAllowed:
    """Middleware: a method that an address does not have, django-ninja refuses in plain text before any handler of ours
    is asked."""

    def __init__(self, answer: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._answer = answer

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self._answer(request)
        if response.status_code != 405 or not request.path.startswith("/api/v1/"):
            return response
        told = answer([Refusal(Code.NOT_ALLOWED)], 405)
        told["Allow"] = response["Allow"]
        return told


def nowhere(_request: HttpRequest, **_rest: str) -> HttpResponse:
    """There is no such address: said to a program, not drawn for people."""
    return answer([Refusal(Code.NOT_FOUND)])
