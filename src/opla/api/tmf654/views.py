"""The addresses of TMF654. Everything goes in and out as its document has it: one content type, its own error body."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import wraps
from itertools import islice
from typing import Concatenate, Final, ParamSpec, TypeVar
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from pydantic import ValidationError

from opla.api import paging
from opla.api.auth import Key
from opla.api.idempotency import key_of, once
from opla.api.problems import Refused, too_large
from opla.api.sides import side
from opla.api.tmf654 import shapes
from opla.api.tmf654.shapes import Json, Shape
from opla.core.api_access import Access, Scope
from opla.core.money import Money
from opla.core.refusal import Code, Refusal
from opla.core.reselling import Line, Sold, Which
from opla.db.queries import quarantine
from opla.db.queries.call import BROKEN
from opla.db.queries.sold import Place
from opla.operations.quote_topup import Wanted
from opla.operations.reselling import CURRENCY
from opla.presenting import problems
from opla.presenting.refusals import sentence

_log = logging.getLogger(__name__)

_TYPE: Final = "application/json;charset=utf-8"
_LIMIT, _MOST, _DEEPEST = 20, 200, 2000
#: One answer looks through so many.
_SEARCHED: Final = 2000
#: What a list is asked with that is no filter.
_OURS: Final = ("fields", "offset", "limit", "after")
_ALWAYS: Final = datetime(2000, 1, 1, tzinfo=UTC)
#: Statuses that their document has for what we answer otherwise.
_STATUS: Final = {402: 409, 413: 400, 422: 400, 429: 409, 503: 500}
P = ParamSpec("P")
T = TypeVar("T", bound=shapes.Theirs)
Act = Callable[Concatenate[HttpRequest, Access, P], HttpResponse]


def _needs(**scopes: Scope) -> Callable[[Act[P]], Callable[..., HttpResponse]]:
    """For these methods, each with the right of a key that it wants; every no in the words of their document."""

    def guarded(act: Act[P]) -> Callable[..., HttpResponse]:
        @csrf_exempt
        @wraps(act)
        def view(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            try:
                scope = scopes.get("GET" if request.method == "HEAD" else request.method or "")
                if scope is None:
                    refused = _error(405, "not_offered", "This is not offered here.")
                    refused["Allow"] = ", ".join(sorted({*scopes, "HEAD"} if "GET" in scopes else scopes))
                    return refused
                who = Key(scope)(request)
                request.auth = who  # type: ignore[attr-defined]  # as ninja has it
                return act(request, who, *args, **kwargs)
            except Refused as no:
                return _refused(no.refusals)
            except RequestDataTooBig:
                return _refused([too_large()])
            except Exception as broke:  # noqa: BLE001 - whatever it was, it is told in their words
                if quarantine.stands_still(broke):
                    return _refused([Refusal(Code.QUARANTINE)])
                if not isinstance(broke, BROKEN):
                    _log.exception("TMF654 broke")
                return _refused([Refusal(Code.TEMPORARILY_CLOSED)])

        return view

    return guarded


@_needs(GET=Scope.ORDERS_READ, POST=Scope.ORDERS_WRITE)
def topups(request: HttpRequest, who: Access) -> HttpResponse:
    if request.method == "POST":
        return _create(request, who)
    return _listed(request, ((shapes.topup(one, who.reseller), paging.write(one.id)) for one in _orders(request)))


@_needs(GET=Scope.ORDERS_READ, PATCH=Scope.REFUNDS_WRITE, DELETE=Scope.REFUNDS_WRITE)
def topup(request: HttpRequest, who: Access, name: str) -> HttpResponse:
    order_id = _uuid(name)
    found = side(request).one(order_id)
    if found is None:
        raise Refused(Refusal(Code.NOT_FOUND))
    if request.method in ("GET", "HEAD"):
        return _answer(shapes.only(shapes.topup(found, who.reseller), request.GET.get("fields", "")))
    if request.method == "PATCH" and _read(request, shapes.Change).status != "cancelled":
        raise Refused(Refusal(Code.FIELD_INVALID, "status", {"why": "cancelled"}))
    if shapes.STATUS[found.state] != "cancelled":
        with once():
            given = side(request).give_back(order_id, f"tmf654-{order_id}")
        if isinstance(given, Refusal):
            # It is there, and cannot be cancelled as it stands.
            return _refused([given], 409)
    if request.method == "DELETE":
        return HttpResponse(status=204, content_type=_TYPE)
    after = side(request).one(order_id)
    return _answer(shapes.topup(after or found, who.reseller))


@_needs(GET=Scope.FLOAT_READ)
def buckets(request: HttpRequest, who: Access) -> HttpResponse:
    return _listed(request, [(_bucket(request, who), "")])


@_needs(GET=Scope.FLOAT_READ)
def bucket(request: HttpRequest, who: Access, name: str) -> HttpResponse:
    return _one(request, _bucket(request, who), name)


@_needs(GET=Scope.FLOAT_READ)
def balances(request: HttpRequest, who: Access) -> HttpResponse:
    return _listed(request, [(_accumulated(request, who), "")])


@_needs(GET=Scope.FLOAT_READ)
def balance(request: HttpRequest, who: Access, name: str) -> HttpResponse:
    return _one(request, _accumulated(request, who), name)


@_needs(GET=Scope.FLOAT_READ)
def history(request: HttpRequest, who: Access) -> HttpResponse:
    moved = _moved(request)
    return _listed(request, ((shapes.action(one, who.reseller), paging.write(one.at, one.event_id)) for one in moved))


@_needs(GET=Scope.FLOAT_READ)
def action(request: HttpRequest, who: Access, name: str) -> HttpResponse:
    micros, _, event = name.partition("-")
    if not (micros.isdecimal() and event.isdecimal() and len(micros) < 18 and len(event) < 19):
        raise Refused(Refusal(Code.NOT_FOUND))
    at = _ALWAYS.fromtimestamp(0, UTC) + timedelta(microseconds=int(micros))
    before = Place(at, int(event) + 1)
    found = side(request).lines(at, at + timedelta(microseconds=1), after=before, limit=1)
    if not found or found[0].event_id != int(event):
        raise Refused(Refusal(Code.NOT_FOUND))
    return _answer(shapes.only(shapes.action(found[0], who.reseller), request.GET.get("fields", "")))


def nowhere(_request: HttpRequest, **_rest: str) -> HttpResponse:
    """No address of their document."""
    return _refused([Refusal(Code.NOT_FOUND)])


@_needs()
def not_offered(_request: HttpRequest, _who: Access, name: str = "") -> HttpResponse:
    """What their document has besides. Nobody gets here: no method is let in."""
    raise NotImplementedError


def _create(request: HttpRequest, who: Access) -> HttpResponse:
    key, asked = key_of(request), _read(request, shapes.Topup)
    wrong = [
        Refusal(Code.FIELD_INVALID, "usageType", {"why": "monetary"}) if asked.usage_type != "monetary" else None,
        Refusal(Code.FIELD_INVALID, "partyAccount", {"why": who.reseller})
        if asked.party_account.id != who.reseller
        else None,
        Refusal(Code.FIELD_INVALID, "voucher", {"why": "not_offered"}) if asked.voucher else None,
        Refusal(Code.FIELD_INVALID, "isAutoTopup", {"why": "not_offered"}) if asked.is_auto_topup else None,
        Refusal(Code.FIELD_INVALID, "amount.units", {"why": CURRENCY}) if asked.amount.units != CURRENCY else None,
    ]
    if refusals := [refusal for refusal in wrong if refusal]:
        raise Refused(*refusals)
    wanted = Wanted(
        asked.bucket.id, shapes.decimal(asked.amount.amount), who.email, "en", sku=asked.sku, number=asked.number
    )
    with once():
        [placed] = side(request).place([(key, wanted)])
    if isinstance(placed, list):
        raise Refused(*placed)
    found = side(request).one(placed.order_id)
    if found is None:
        raise Refused(Refusal(Code.TEMPORARILY_CLOSED))
    made = _answer(shapes.topup(found, who.reseller), 201)
    made["Location"] = f"{shapes.BASE}/topupBalance/{found.id}"
    return made


def _orders(request: HttpRequest) -> Iterator[Sold]:
    """Newest first, behind the cursor, a page of the database at a time."""
    after = paging.read(request.GET.get("after", ""), UUID, str)
    while found := side(request).orders(Which(), after=after, limit=_MOST):
        yield from found
        after = found[-1].id


def _moved(request: HttpRequest) -> Iterator[Line]:
    """What moved on the float, as `_orders`."""
    until = timezone.now() + timedelta(days=1)
    after = paging.read(request.GET.get("after", ""), Place, paging.instant, paging.number)
    while found := side(request).lines(_ALWAYS, until, after=after, limit=_MOST):
        yield from found
        after = Place(found[-1].at, found[-1].event_id)


def _bucket(request: HttpRequest, who: Access) -> Shape:
    found = side(request).balance()
    return shapes.bucket(Money(found.free_minor, CURRENCY), Money(found.held_minor, CURRENCY), who.reseller)


def _accumulated(request: HttpRequest, who: Access) -> Shape:
    return shapes.accumulated(Money(side(request).balance().balance_minor, CURRENCY), who.reseller)


def _one(request: HttpRequest, shown: Shape, name: str) -> HttpResponse:
    if shown["id"] != name:
        raise Refused(Refusal(Code.NOT_FOUND))
    return _answer(shapes.only(shown, request.GET.get("fields", "")))


def _listed(request: HttpRequest, all_of_them: Iterable[tuple[Shape, str]]) -> HttpResponse:
    """Those that fit every filter, from `offset`, at most `limit` (TMF630 part 1), each beside the cursor behind it.

    One answer looks through `_SEARCHED` of them. Where there is more, of what fits or of what was not looked at yet,
    the link `next` goes on there, and a page may have fewer than asked for, or none: a list ends where no link is.
    """
    offset, limit = _count(request, "offset", 0, _DEEPEST), _count(request, "limit", _LIMIT, _MOST)
    filters = [(path, text) for path, text in request.GET.items() if path not in _OURS]
    several, fitting, place = iter(all_of_them), list[Shape](), ""
    for one, place in islice(several, _SEARCHED):  # noqa: B007 - where the next answer goes on
        if all(shapes.fits(one, path, str(text)) for path, text in filters):
            fitting.append(one)
        if len(fitting) > offset + limit:
            break
    shown: list[Json] = [shapes.only(x, request.GET.get("fields", "")) for x in fitting[offset : offset + limit]]
    answer = _answer(shown)
    answer["X-Result-Count"] = str(len(shown))
    if len(fitting) > offset + limit:
        answer["Link"] = _next(request, offset=offset + limit)
    elif next(several, None) is not None:
        answer["Link"] = _next(request, offset=max(0, offset - len(fitting)), after=place)
    return answer


def _next(request: HttpRequest, **place: object) -> str:
    """The same list, with the same filters and fields, from there on."""
    asked = request.GET.copy()
    for name, value in place.items():
        asked[name] = str(value)
    return f'<{request.path}?{asked.urlencode()}>; rel="next"'


def _count(request: HttpRequest, name: str, usual: int, most: int) -> int:
    text = request.GET.get(name, "")
    if not text:
        return usual
    if not (text.isascii() and text.isdecimal() and len(text) < 10) or int(text) > most:
        raise Refused(Refusal(Code.FIELD_INVALID, name, {"why": f"0 … {most}"}))
    return int(text)


def _uuid(name: str) -> UUID:
    try:
        return UUID(name)
    except ValueError:
        raise Refused(Refusal(Code.NOT_FOUND)) from None


def _read(request: HttpRequest, shape: type[T]) -> T:
    try:
        return shape.model_validate_json(request.body)
    except ValidationError as wrong:
        fields = [".".join(str(part) for part in error["loc"]) for error in wrong.errors()]
        raise Refused(*(Refusal(Code.FIELD_INVALID, field) for field in fields)) from None


def _refused(refusals: Sequence[Refusal], status: int | None = None) -> HttpResponse:
    found = status or problems.status_of(refusals)
    first = refusals[0]
    answer = _error(_STATUS.get(found, found), first.code, sentence(first), first.about)
    if (wait_s := problems.retry_after_s(refusals)) is not None:
        answer["Retry-After"] = str(wait_s)
    if found == 401:
        answer["WWW-Authenticate"] = "Bearer"
    return answer


def _error(status: int, code: str, reason: str, about: str = "") -> HttpResponse:
    """Their Error: `code` is a refusal of ours, `message` the field it is about."""
    shown: Shape = {"code": code, "reason": reason, "status": str(status), "@type": "Error"}
    if about:
        shown["message"] = about
    return _answer(shown, status)


def _answer(shown: Json, status: int = 200) -> HttpResponse:
    return HttpResponse(json.dumps(shown), status=status, content_type=_TYPE)
