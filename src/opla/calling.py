"""One HTTP call to the outside world, as a value: what came back, or that it never left, or that nobody knows.

The one place where the outside's failures become `Answer.NOT_SENT` and `Answer.UNKNOWN`; every adapter's
`client.py` is a list of paths over it. There are no retries: repeating is the janitor's decision, never a client's.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from typing import Self, TypeVar

import httpx

from opla.core.money import MINOR_DIGITS, Money
from opla.core.ports import Answer, Unlisted

T = TypeVar("T")

#: No reply of any provider we know comes near; beyond it nobody reads on.
MAX_BODY = 1024 * 1024
MAX_TEXT = 2048
#: No price and no rate is as large, or as small as one part of it.
_BEYOND = Decimal(10) ** 12

#: Raised before one byte of the request was written.
_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@dataclass(frozen=True)
class Reply:
    """What came of a call. `trouble` is None when somebody answered readably with a status below 500.

    `evidence` is fit for keeping: the status, or the name of the failure; never a body.
    `rows` are of a call that asks for a list, where an error is still in `fields`; `headers` have lower-case names.
    """

    status: int = 0
    fields: Mapping[str, object] = field(default_factory=dict)
    trouble: Answer | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)
    rows: Sequence[Mapping[str, object]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        return self.trouble is None and 200 <= self.status < 300

    def text(self, name: str) -> str | None:
        """A field that must be a word, an id or an address; None when it is not, or holds what no database could."""
        value = self.fields.get(name)
        return value if isinstance(value, str) and value.isprintable() and len(value) <= MAX_TEXT else None

    def whole(self, name: str) -> int | None:
        """A field that must be an integer from 0; None when it is not."""
        value = self.fields.get(name)
        return value if type(value) is int and value >= 0 else None


@dataclass(frozen=True)
class Heard:
    """That somebody answered, and the `Date` they said (RFC 9110 §6.6.1), between two moments of our own clock.

    Moments are seconds since 1970; `date` is empty where they said none.
    """

    asked_s: float
    heard_s: float
    date: str


_LISTENING: ContextVar[list[Heard] | None] = ContextVar("listening", default=None)


@contextlib.contextmanager
def listening() -> Iterator[list[Heard]]:
    """Whoever answers a call of this thread meanwhile, whatever adapter made it: who tries adapters asks for this."""
    heard: list[Heard] = []
    before = _LISTENING.set(heard)
    try:
        yield heard
    finally:
        _LISTENING.reset(before)


@dataclass(frozen=True)
class Access:
    """Where somebody is called, and with which secret. `timeout_s` bounds one call; only tests shorten it."""

    base_url: str
    secret: str = field(repr=False)
    timeout_s: float = 10.0

    @classmethod
    def from_mapping(cls, given: Mapping[str, str]) -> Self:
        """Raises ValueError naming the field that is missing or wrong."""
        base_url, secret = given.get("base_url", ""), given.get("secret", "")
        if not base_url.startswith(("http://", "https://")):
            raise ValueError("base_url: an address, such as http://127.0.0.1:8001")
        if not secret or not secret.isascii() or not secret.isprintable():
            raise ValueError("secret: the secret shared with it; the sandbox's is in var/sandbox/secret")
        return cls(base_url.rstrip("/"), secret, float(given.get("timeout_s", "10")))


class Caller:
    """Calls one provider. `timeout_s` bounds a whole call, however slowly they drip their answer.

    `transport` is for a simulation, whose other side is in this process; without one it is the network.

    Every call opens its own connection: a kept one may be dead, and then nobody could say whether a request left.
    """

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        timeout_s: float,
        *,
        through_proxy: bool,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._client = httpx.Client(
            base_url=base_url,
            headers={"Accept-Encoding": "identity", "Connection": "close", **headers},
            timeout=timeout_s,
            limits=httpx.Limits(max_keepalive_connections=0),
            trust_env=through_proxy,
            verify=not base_url.startswith("http://") and _trusted(from_environment=through_proxy),
            transport=transport,
        )

    def get(self, path: str, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> Reply:
        return self._call("GET", path, query=query, headers=headers)

    def post(self, path: str, body: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Reply:
        return self._call("POST", path, body=body, headers=headers)

    def delete(self, path: str) -> Reply:
        """What is answered with 204 and nothing, when it is done."""
        return self._call("DELETE", path, nothing=True)

    def get_rows(self, path: str, query: Mapping[str, str] | None = None) -> Reply:
        """What is answered with an array of objects; anything else with a status below 300 is unreadable."""
        return self._call("GET", path, query=query, rows=True)

    def post_rows(self, path: str, body: Mapping[str, object]) -> Reply:
        return self._call("POST", path, body=body, rows=True)

    def post_bytes(self, path: str, content: bytes, headers: Mapping[str, str]) -> Reply:
        """What is no JSON. An answer that is none either keeps its status beside `unreadable`."""
        return self._call("POST", path, content=content, headers=headers)

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        rows: bool = False,
        nothing: bool = False,
    ) -> Reply:
        asked_s, ends_at = time.time(), time.monotonic() + self._timeout_s
        guard = _Guard(ends_at)
        try:
            with self._client.stream(
                method,
                path,
                params=query,
                json=body,
                content=content,
                headers=headers,
                extensions={"trace": guard.trace},
            ) as response:
                if (heard := _LISTENING.get()) is not None:
                    heard.append(Heard(asked_s, time.time(), response.headers.get("Date", "")))
                return _read(response, ends_at, rows=rows, nothing=nothing)
        except _NEVER_LEFT as why:
            return _trouble(Answer.NOT_SENT, type(why).__name__)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as why:
            return _trouble(Answer.UNKNOWN, "timed_out" if guard.hung_up else type(why).__name__)
        finally:
            guard.stand_down()


@dataclass(frozen=True)
class Told:
    """What one post came to: a status and the beginning of what was said, or `why` nobody answered.

    `left`: the request may have left us. False: nothing did, and another address may be tried.
    """

    status: int = 0
    said: bytes = b""
    why: str = ""
    retry_after: str = ""
    left: bool = True


def post_to(
    address: str,
    origin: tuple[str, str, int],
    target: str,
    content: bytes,
    headers: Mapping[str, str],
    *,
    timeout_s: float,
    most: int,
    trusted: ssl.SSLContext | None = None,
) -> Told:
    """One POST to this very address: no name is looked up, no proxy asked, no redirect followed.

    `origin` is (scheme, host, port) as it was typed: the certificate must be the host's, whatever the address. Of the
    answer `most` bytes are read and no more. `trusted`: whose certificates count, where not everybody's.
    """
    scheme, host, port = origin
    here = f"[{address}]" if ":" in address else address
    guard = _Guard(time.monotonic() + timeout_s)
    verify = (trusted or _trusted(from_environment=False)) if scheme == "https" else False
    said = b""
    try:
        with (
            httpx.Client(verify=verify, trust_env=False, timeout=timeout_s) as client,
            client.stream(
                "POST",
                f"{scheme}://{here}:{port}{target}",
                content=content,
                headers={"Accept-Encoding": "identity", "Connection": "close", **headers},
                extensions={"trace": guard.trace, "sni_hostname": host},
            ) as response,
        ):
            with contextlib.suppress(httpx.HTTPError):  # whoever said 200 and hung up has taken it
                for part in response.iter_raw():
                    said += part
                    if len(said) >= most:
                        break
            return Told(response.status_code, said[:most], retry_after=response.headers.get("Retry-After", ""))
    except _NEVER_LEFT as why:
        unsigned = "CERTIFICATE" in str(why)
        late = guard.hung_up or isinstance(why, httpx.TimeoutException)
        return Told(why="timed_out" if late else "certificate" if unsigned else "no_connection", left=False)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as why:
        late = guard.hung_up or isinstance(why, httpx.TimeoutException)
        return Told(why="timed_out" if late else re.sub(r"\W", "", type(why).__name__))
    finally:
        guard.stand_down()


@cache
def _trusted(*, from_environment: bool) -> ssl.SSLContext:
    """Whose certificates count. Reading them takes 80 ms, and a reader of webhooks is built for each of them."""
    return httpx.create_ssl_context(trust_env=from_environment)


class _Guard:
    """Ends a connection at the deadline: the library's own time-outs start anew with every byte that drips in.

    It holds a second handle of the same connection, from before its TLS: what wraps the first one takes it away.
    """

    def __init__(self, ends_at: float) -> None:
        self.hung_up = False
        self._ends_at = ends_at
        self._timer: threading.Timer | None = None
        self._connection: socket.socket | None = None
        self._ending = threading.Lock()

    def trace(self, event: str, info: Mapping[str, object]) -> None:
        if event != "connection.connect_tcp.complete":
            return
        extra: Callable[[str], object] | None = getattr(info.get("return_value"), "get_extra_info", None)
        found = extra("socket") if extra else None
        if isinstance(found, socket.socket):
            self._connection = found.dup()
            self._timer = threading.Timer(max(0.001, self._ends_at - time.monotonic()), self._end)
            self._timer.daemon = True
            self._timer.start()

    def stand_down(self) -> None:
        if self._timer and self._connection:
            self._timer.cancel()
            with self._ending:  # never the number of a connection that somebody else has opened since
                self._connection.close()

    def _end(self) -> None:
        with self._ending, contextlib.suppress(OSError):  # it ended by itself a moment before
            if self._connection:
                self.hung_up = True
                self._connection.shutdown(socket.SHUT_RDWR)


def _read(response: httpx.Response, ends_at: float, *, rows: bool, nothing: bool) -> Reply:
    body = b""
    for part in response.iter_raw():
        body += part
        if len(body) > MAX_BODY or time.monotonic() > ends_at:
            return _trouble(Answer.UNKNOWN, "body_too_long", response.status_code)
    if response.status_code >= 500:
        return _trouble(Answer.UNKNOWN, "their_error", response.status_code)
    if nothing and response.status_code == 204 and not body:
        return Reply(204, evidence={"status": "204"}, headers=dict(response.headers))
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return _trouble(Answer.UNKNOWN, "unreadable", response.status_code)
    evidence, headers = {"status": str(response.status_code)}, dict(response.headers)
    if rows and response.status_code < 300:
        if isinstance(found, list) and all(isinstance(row, dict) for row in found):
            return Reply(response.status_code, evidence=evidence, rows=found, headers=headers)
    elif isinstance(found, dict):
        return Reply(response.status_code, found, evidence=evidence, headers=headers)
    return _trouble(Answer.UNKNOWN, "unreadable", response.status_code)


def _trouble(answer: Answer, why: str, status: int = 0) -> Reply:
    evidence = {"error": re.sub(r"\W", "", why), **({"status": str(status)} if status else {})}
    return Reply(status, trouble=answer, evidence=evidence)


def all_of(ask: Callable[[int], Reply], name: str, read: Callable[[object], T | None]) -> list[T] | Unlisted:
    """Every row of a list that comes in parts: `ask` is told how many there are already, and says `more` while there
    are. `NO_ANSWER` when a part has no readable answer, or a row cannot be read: a list with a hole is none.
    """
    found: list[T] = []
    while True:
        reply = ask(len(found))
        rows = reply.fields.get(name)
        if not reply.done or not isinstance(rows, list):
            return Unlisted.NO_ANSWER
        part = [one for row in rows if (one := read(row)) is not None]
        if len(part) < len(rows):
            return Unlisted.NO_ANSWER
        found += part
        if not part or not reply.fields.get("more"):
            return found


def page_of(url: str, base_url: str) -> str:
    """An address that people may be sent to: with TLS, or on this very machine where the caller's other side is there
    too, which only a stand-in is; empty where they may not."""
    here = "http://127.0.0.1:"
    return url if url.startswith("https://") or (url.startswith(here) and base_url.startswith(here)) else ""


def told_money(value: object, currency: object) -> Money | None:
    """An amount as they tell it, a number or a text with any decimals, rounded half away from zero to minor units.

    None when it is no amount, or of a currency nobody here knows.
    """
    if not isinstance(currency, str) or currency not in MINOR_DIGITS:
        return None
    found = told_number(value)
    if found is None:
        return None
    minor = (found * 10 ** MINOR_DIGITS[currency]).quantize(Decimal(1), ROUND_HALF_UP)
    return Money(int(minor), currency)


def told_number(value: object) -> Decimal | None:
    """A number of theirs without the noise of a binary fraction; None when it is none, or beyond any price."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        found = Decimal(repr(value) if isinstance(value, float) else value)
    except (ArithmeticError, ValueError):
        return None
    sane = found.is_finite() and (not found or 1 / _BEYOND < abs(found) < _BEYOND)
    return found if sane else None
