"""Order intake for resellers: one asyncio process that collects requests for milliseconds and places them together.

    POST /api/v1/orders     Authorization: Bearer opla_…    Idempotency-Key: what you call it
    {"sku": "PX-15", "number": "0470 12 34 56"}     or {"operator": "proximus", "amount": "15"}; plan, email, language
    202 {"order": …, "state": "placed"}: it stands, its price is held on the float. 200: it stood before.

A no is an `application/problem+json` (RFC 9457) with a stable code. Nothing is answered before its commit. The address
`/api/orders` is the same. The web process answers this one too, in the same way: a key used there is a key used here.
Two requests under one key at one moment are one order, and both are told so. Orders of a sandbox key are played, beside
the others: nobody's order waits for them.

Rights, end and networks of a key are those of `core.api_access`, believed for `KNOWN_FOR_S`. Its bucket lives in this
process, apart from the one for everything else of the API, and is as large as what one process places:

| bucket      | of whom       | at once | and again, a second |
|-------------|---------------|---------|---------------------|
| orders here | a key         | 10,000  | 5,000               |
| plays here  | a sandbox key | 120     | 20                  |

Its answers say nothing of what is left (`RateLimit`): a bucket that every worker has for itself is no promise. One that
is empty says 429 and `Retry-After`. Every answer has a number of ours (`X-Request-ID`), and the log says it as
`request`, beside those that were placed with it; what a caller sends under that name is not looked at.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeAlias, TypedDict

from django.db import connections

from opla import metering
from opla.accounts import address
from opla.core import idempotency
from opla.core.actor import Actor, Role
from opla.core.api_access import Access, Bounds, admitted
from opla.core.api_access import Scope as Right
from opla.core.refusal import Code, Refusal
from opla.db.queries import quarantine
from opla.db.queries.call import BROKEN, reconnect
from opla.operations import api_keys
from opla.operations.api_keys import SANDBOX_PREFIX, holders
from opla.operations.place_from_float import Asked, Reserved, place_from_float
from opla.operations.play import Playing
from opla.operations.quote_topup import Wanted
from opla.operations.resellers import KNOWN_FOR_S
from opla.operations.shop import Shop
from opla.presenting import languages, problems
from opla.workers.pulse import EVERY_S, Pulse

_log = logging.getLogger(__name__)
_requests = logging.getLogger("opla.request")

#: How long the first request of a batch waits for others, and how many go together at most.
COLLECT_S = 0.002
BATCH = 500
_MAX_BODY_BYTES = 16 * 1024
_PATHS = ("/api/v1/orders", "/api/orders")
MOST = 10_000
PER_S = 5_000
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
    headers: tuple[tuple[bytes, bytes], ...] = ((b"content-type", b"application/json"),)


@dataclass(frozen=True, slots=True)
class Request:
    """One order as it came in: the key of who asks is looked up with the batch. `tongues`: `Accept-Language`; `name`:
    what its answer and the log call it."""

    secret: str
    key: str
    wanted: Wanted
    address: str = ""
    tongues: str = ""
    name: str = ""


class Intake:
    """The ASGI application."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._waiting: list[tuple[Request, asyncio.Future[Response]]] = []
        self._collecting = False
        self._keys = Keys()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="place")  # one connection, one batch at a time
        self._plays = ThreadPoolExecutor(1, thread_name_prefix="play")
        self._players = Keys()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        began = time.perf_counter()
        name = secrets.token_hex(8)
        asked = await self._hear(scope, receive)
        if isinstance(asked, Response):
            answer = asked
            _written([name], answer.status, time.perf_counter() - began)
        else:
            asked = replace(asked, name=name)
            answer = await (self._play(asked) if asked.secret.startswith(SANDBOX_PREFIX) else self._put(asked))
        metering.request("intake", answer.status, time.perf_counter() - began)
        headers = [
            *answer.headers,
            (b"content-length", str(len(answer.body)).encode()),
            (b"x-request-id", name.encode()),
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _hear(self, scope: Scope, receive: Receive) -> Request | Response:
        """What is asked, or what is wrong with how it is asked."""
        if scope["path"] not in _PATHS:
            return problem(Refusal(Code.NOT_FOUND))
        if scope["method"] != "POST":
            return problem(Refusal(Code.NOT_ALLOWED), status=405)
        body = b""
        while True:
            event = await receive()
            body += event.get("body", b"")
            if len(body) > _MAX_BODY_BYTES:
                return problem(Refusal(Code.FILE_UNREADABLE, "body", {"why": "size"}), status=413)
            if not event.get("more_body"):
                break
        return read(dict(scope["headers"]), body, _nearest(scope))  # type: ignore[call-overload]  # pairs, says ASGI

    def say_alive(self) -> None:
        """From now on, by the thread that places orders: one that hangs is silent."""
        threading.Thread(target=self._beat, daemon=True, name="pulse").start()

    def _beat(self) -> None:
        pulse = Pulse("intake")
        with suppress(RuntimeError):  # it is being closed
            while True:
                self._pool.submit(pulse).result()
                time.sleep(EVERY_S)

    def close(self) -> None:
        """Let the batch that is being placed come to its end, and close its connection."""
        for pool in (self._pool, self._plays):
            pool.submit(connections.close_all)
            pool.shutdown(wait=True)

    async def _play(self, asked: Request) -> Response:
        loop = asyncio.get_running_loop()
        [answer] = await loop.run_in_executor(self._plays, self._place, [asked], self._players)
        return answer

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
            answers = await loop.run_in_executor(self._pool, self._place, [asked for asked, _ in batch], self._keys)
            for (_, done), answer in zip(batch, answers, strict=True):
                if not done.done():  # whoever hung up is not waiting any more
                    done.set_result(answer)
            await asyncio.sleep(0)
        self._collecting = False

    def _place(self, batch: list[Request], keys: Keys) -> list[Response]:
        began = time.perf_counter()
        answers = self._placed(batch, keys)
        of_status: dict[int, list[str]] = {}
        for asked, answer in zip(batch, answers, strict=True):
            of_status.setdefault(answer.status, []).append(asked.name)
        for status, names in of_status.items():
            _written(names, status, time.perf_counter() - began)
        return answers

    def _placed(self, batch: list[Request], keys: Keys) -> list[Response]:
        whose = {"request_id": " ".join(asked.name for asked in batch)}
        try:
            return place(batch, keys, shop=self._shop)
        except BROKEN:
            _log.warning("the database is not there", exc_info=True, extra=whose)
            reconnect()
        except Exception as broke:  # noqa: BLE001 - whatever it was, it is written down
            if quarantine.stands_still(broke):
                return [problem(Refusal(Code.QUARANTINE))] * len(batch)
            _log.exception("a batch of orders broke", extra=whose)
        # Committed or not: the same key again finds out.
        return [problem(Refusal(Code.TEMPORARILY_CLOSED))] * len(batch)


def _written(names: list[str], status: int, took_s: float) -> None:
    """One line for those that were placed together and answered alike: a line each costs as much as placing it."""
    if _requests.isEnabledFor(logging.INFO):
        said = {"request_id": " ".join(names), "route": _PATHS[0], "status_code": status, "took_s": round(took_s, 4)}
        _requests.info("order intake", extra=said)


def _nearest(scope: Scope) -> str:
    """Who is connected."""
    client = scope.get("client")
    return str(client[0]) if isinstance(client, (tuple, list)) and client else ""


def read(headers: Headers, body: bytes, nearest: str = "") -> Request | Response:
    """A request for an order, or what is wrong with its form."""
    tongues = _text(headers, b"accept-language")
    scheme, _, secret = _text(headers, b"authorization").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        return problem(Refusal(Code.API_KEY_WRONG), tongues=tongues)
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        return problem(Refusal(Code.FILE_UNREADABLE, "body", {"why": "json"}), tongues=tongues, status=400)
    if strange := sorted(data.keys() - set(_TEXTS)):
        return problem(Refusal(Code.FIELD_UNKNOWN, strange[0], {"why": "extra_forbidden"}), tongues=tongues)
    texts = {name: data.get(name, "") for name in _TEXTS}
    if not_text := next((name for name, value in texts.items() if not _is_text(value)), None):
        return problem(Refusal(Code.FIELD_NOT_TEXT, not_text), tongues=tongues)
    key = idempotency.read(_text(headers, b"idempotency-key"))
    if isinstance(key, Refusal):
        return problem(key, tongues=tongues)
    wanted = Wanted(**{**texts, "language": texts["language"] or "en"})
    return Request(secret.strip(), key, wanted, address.seen(nearest, _text(headers, b"x-forwarded-for")), tongues)


def _is_text(value: object) -> bool:
    """JSON can write what no text holds: PostgreSQL keeps no NUL, and half a pair of surrogates is no sign."""
    return isinstance(value, str) and "\0" not in value and not any("\ud800" <= sign <= "\udfff" for sign in value)


def _text(headers: Headers, name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")


class Keys:
    """Whose each key is, believed for `KNOWN_FOR_S`; those not met in that time are looked up together. And what each
    has left in its bucket: tokens, and when they were counted."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Access, Bounds]] = {}
        self._until = 0.0
        self._left: dict[int, tuple[float, float]] = {}

    def of(self, batch: list[Request], at: datetime) -> list[Access | Refusal]:
        """Who each one is, or why it may order nothing now."""
        now = time.monotonic()
        if now >= self._until:
            self._known, self._until = {}, now + KNOWN_FOR_S
        if new := {asked.secret for asked in batch} - self._known.keys():
            self._known |= holders(new, at=at)
        return [self._access(asked, at, now) for asked in batch]

    def _access(self, asked: Request, at: datetime, now: float) -> Access | Refusal:
        if (found := self._known.get(asked.secret)) is None:
            return Refusal(Code.API_KEY_WRONG)
        access, bounds = found
        if refused := admitted(bounds, asked.address, at):
            return refused
        most, per_s = (api_keys.MOST, api_keys.PER_S) if access.sandbox else (MOST, PER_S)
        left, then = self._left.get(access.key_id, (float(most), now))
        left = min(float(most), left + (now - then) * per_s)
        if left < 1:
            return Refusal(Code.TOO_MANY_CALLS, params={"seconds": "1"})
        self._left[access.key_id] = left - 1, now
        return access.refused(Right.ORDERS_WRITE) or access


def place(batch: list[Request], keys: Keys, *, shop: Shop) -> list[Response]:
    """One answer per request, in their order."""
    at = datetime.now(UTC)
    known = keys.of(batch, at)
    asked, played = [], {}
    for n, (who, one) in enumerate(zip(known, batch, strict=True)):
        if isinstance(who, Access):
            wanted = one.wanted if one.wanted.email else replace(one.wanted, email=who.email)
            if who.sandbox:
                [played[n]] = Playing(who, shop, at).place([(one.key, wanted)])
            else:
                asked.append(Asked(who.reseller, one.key, wanted))
    answers = iter(place_from_float(Actor(Role.RESELLER), asked, shop=shop, at=at) if asked else [])
    return [
        _response([who], one)
        if isinstance(who, Refusal)
        else _response(played[n], one, sandbox=True)
        if n in played
        else _response(next(answers), one)
        for n, (who, one) in enumerate(zip(known, batch, strict=True))
    ]


def _response(answer: Reserved | list[Refusal], asked: Request, *, sandbox: bool = False) -> Response:
    if isinstance(answer, Reserved):
        state = None if answer.again else "placed"
        body = {"order": str(answer.order_id), "state": state, "sandbox": sandbox}
        return Response(200 if answer.again else 202, json.dumps(body).encode())
    return problem(*answer, tongues=asked.tongues)


def problem(*refusals: Refusal, tongues: str = "", status: int = 0) -> Response:
    """RFC 9457, in the language that was asked for."""
    status = status or problems.status_of(refusals)
    with languages.speaking(languages.asked(tongues)):
        body = problems.document(status, refusals)
    headers = problems.headers(status, refusals).items()
    return Response(status, body, tuple((name.lower().encode(), value.encode()) for name, value in headers))
