"""Order intake for resellers: one asyncio process that collects requests for milliseconds and places them together.

    POST /api/orders        Authorization: Bearer opla_…    Idempotency-Key: what you call it
    {"sku": "PX-15", "number": "0470 12 34 56"}     or {"operator": "proximus", "amount": "15"}; plan, email, language
    202 {"order": …, "state": "placed"}: it stands, its price is held on the float. 200: it stood before.

A no is an `application/problem+json` (RFC 9457) with a stable code. Nothing is answered before its commit.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeAlias, TypedDict

from django.db import connections

from opla.core.actor import Actor, Role
from opla.core.refusal import Code, Refusal
from opla.db.queries.call import BROKEN, reconnect
from opla.operations.place_from_float import Asked, Reserved, place_from_float
from opla.operations.quote_topup import Wanted
from opla.operations.resellers import KNOWN_FOR_S, holders
from opla.operations.shop import Shop
from opla.presenting import languages
from opla.presenting.refusals import sentence

_log = logging.getLogger(__name__)

#: How long the first request of a batch waits for others, and how many go together at most.
COLLECT_S = 0.002
BATCH = 500
_MAX_BODY_BYTES = 16 * 1024
_TEXTS = ("sku", "operator", "amount", "number", "plan", "email", "language", "device")

Headers: TypeAlias = Mapping[bytes, bytes]
Scope: TypeAlias = Mapping[str, object]


class _Event(TypedDict, total=False):
    """What comes in and goes out, as ASGI spells it."""

    type: str
    body: bytes
    more_body: bool
    status: int
    headers: list[tuple[bytes, bytes]]


Receive: TypeAlias = Callable[[], Awaitable[_Event]]
Send: TypeAlias = Callable[[_Event], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes
    kind: bytes = b"application/json"


@dataclass(frozen=True, slots=True)
class Request:
    """One order as it came in: the key of who asks is looked up with the batch."""

    secret: str
    key: str
    wanted: Wanted


#: HTTP statuses of what is refused; everything else that was typed wrong is 422.
_STATUS = {Code.API_KEY_WRONG: 401, Code.FLOAT_TOO_LOW: 402, Code.KEY_REUSED: 409, Code.TEMPORARILY_CLOSED: 503}


class Intake:
    """The ASGI application."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._waiting: list[tuple[Request, asyncio.Future[Response]]] = []
        self._collecting = False
        self._keys = Keys()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="place")  # one connection, one batch at a time
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        answer = await self._answer(scope, receive)
        headers = [(b"content-type", answer.kind), (b"content-length", str(len(answer.body)).encode())]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        if scope["path"] != "/api/orders":
            return problem(404, Refusal(Code.NOT_FOUND))
        if scope["method"] != "POST":
            return problem(405, Refusal(Code.NOT_ALLOWED))
        body = b""
        while True:
            event = await receive()
            body += event.get("body", b"")
            if len(body) > _MAX_BODY_BYTES:
                return problem(413, Refusal(Code.FILE_UNREADABLE, "body", {"why": "size"}))
            if not event.get("more_body"):
                break
        asked = read(dict(scope["headers"]), body)  # type: ignore[call-overload]  # pairs of bytes, says ASGI
        return asked if isinstance(asked, Response) else await self._put(asked)

    def close(self) -> None:
        """Let the batch that is being placed come to its end, and close its connection."""
        self._pool.submit(connections.close_all)
        self._pool.shutdown(wait=True)

    async def _put(self, asked: Request) -> Response:
        done: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, done))
        if not self._collecting:
            self._collecting = True
            task = asyncio.create_task(self._collect())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await done

    async def _collect(self) -> None:
        """Place what waits, again until nothing does. While one batch is placed the next one comes together."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(COLLECT_S)
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
            answers = await loop.run_in_executor(self._pool, self._place, [asked for asked, _ in batch])
            for (_, done), answer in zip(batch, answers, strict=True):
                if not done.done():  # whoever hung up is not waiting any more
                    done.set_result(answer)
            await asyncio.sleep(0)
        self._collecting = False

    def _place(self, batch: list[Request]) -> list[Response]:
        try:
            return place(batch, self._keys, shop=self._shop)
        except BROKEN:
            _log.warning("the database is not there", exc_info=True)
            reconnect()
        except Exception:  # noqa: BLE001 - whatever it was, it is written down
            _log.exception("a batch of orders broke")
        # Committed or not: the same key again finds out.
        return [problem(503, Refusal(Code.TEMPORARILY_CLOSED))] * len(batch)


def read(headers: Headers, body: bytes) -> Request | Response:
    """A request for an order, or what is wrong with its form."""
    scheme, _, secret = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        return problem(401, Refusal(Code.API_KEY_WRONG))
    try:
        data = json.loads(body)
    except ValueError:
        return problem(400, Refusal(Code.FILE_UNREADABLE, "body", {"why": "json"}))
    if not isinstance(data, dict):
        return problem(400, Refusal(Code.FILE_UNREADABLE, "body", {"why": "json"}))
    if strange := sorted(data.keys() - set(_TEXTS)):
        return problem(422, Refusal(Code.FIELD_UNKNOWN, strange[0]))
    texts = {name: data.get(name, "") for name in _TEXTS}
    if not_text := next((name for name, value in texts.items() if not isinstance(value, str) or "\0" in value), None):
        return problem(422, Refusal(Code.FIELD_NOT_TEXT, not_text))
    key = headers.get(b"idempotency-key", b"").decode("latin-1")
    return Request(secret, key, Wanted(**{**texts, "language": texts["language"] or "en"}))


class Keys:
    """Whose each key is, believed for `KNOWN_FOR_S`; those not met in that time are looked up together."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, str]] = {}
        self._until = 0.0

    def of(self, secrets: list[str]) -> list[tuple[str, str]]:
        """Name and e-mail of each one's holder; both empty where it is nobody's."""
        if time.monotonic() >= self._until:
            self._known, self._until = {}, time.monotonic() + KNOWN_FOR_S
        if new := set(secrets) - self._known.keys():
            self._known |= holders(new)
        return [self._known.get(secret, ("", "")) for secret in secrets]


def place(batch: list[Request], keys: Keys, *, shop: Shop) -> list[Response]:
    """One answer per request, in their order."""
    names = keys.of([asked.secret for asked in batch])
    known = [
        Asked(name, asked.key, asked.wanted if asked.wanted.email else _to(asked.wanted, email))
        for (name, email), asked in zip(names, batch, strict=True)
        if name
    ]
    answers = iter(place_from_float(Actor(Role.RESELLER), known, shop=shop, at=datetime.now(UTC)) if known else [])
    return [_response(next(answers)) if name else problem(401, Refusal(Code.API_KEY_WRONG)) for name, _ in names]


def _to(wanted: Wanted, email: str) -> Wanted:
    return replace(wanted, email=email)


def _response(answer: Reserved | list[Refusal]) -> Response:
    if isinstance(answer, Reserved):
        body = f'{{"order": "{answer.order_id}", "state": "placed"}}'.encode()
        return Response(200 if answer.again else 202, body)
    status = max(_STATUS.get(refusal.code, 422) for refusal in answer)
    return problem(status, *answer)


def problem(status: int, *refusals: Refusal) -> Response:
    """RFC 9457, in English: it is read by programs and their makers. The first refusal is the problem's own."""
    with languages.speaking("en"):
        said = [{"code": r.code, "about": r.about, "message": sentence(r), "params": dict(r.params)} for r in refusals]
    document = {"type": f"urn:opla:refusal:{refusals[0].code}", "status": status, "title": said[0]["message"]}
    return Response(status, json.dumps({**document, "refusals": said}).encode(), b"application/problem+json")
