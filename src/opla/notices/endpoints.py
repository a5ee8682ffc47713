"""Resellers' endpoints: looked up once, judged, and posted to at one of the very addresses that were judged."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Sequence
from typing import Final

from opla.calling import Told, post_to
from opla.core.endpoint import Url, callable_at, read_url
from opla.core.ports import Webhook
from opla.core.refusal import Refusal
from opla.core.webhook import SAID, Outcome

_TIMEOUT_S: Final = 10.0
#: Of an answer. What is shown of it is less.
_MOST: Final = 4096
#: Addresses of one name that are tried, where the first does not even connect.
_ADDRESSES: Final = 3

Resolve = Callable[[str, int], Sequence[str]]


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name, as this machine would try them; empty when it has none."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    except (OSError, UnicodeError):
        return []
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class Endpoints:
    """Keeps `PostsWebhooks`. `resolve` and `trusted` (whose certificates count) are the network: tests bring theirs."""

    def __init__(self, *, sandbox: bool, resolve: Resolve = resolve, trusted: ssl.SSLContext | None = None) -> None:
        self._sandbox, self._resolve, self._trusted = sandbox, resolve, trusted

    def post(self, webhook: Webhook) -> Outcome:
        url = read_url(webhook.url, sandbox=self._sandbox)
        if isinstance(url, Refusal):
            return Outcome(why="address_refused")
        ends_at = time.monotonic() + _TIMEOUT_S
        addresses = self._resolve(url.host, url.port)
        if not addresses:
            return Outcome(why="no_address")
        if not callable_at(url, addresses):
            return Outcome(why="address_refused")
        told = Told(why="timed_out")
        for address in addresses[:_ADDRESSES]:
            if (left_s := ends_at - time.monotonic()) <= 0:
                break
            told = self._post(address, url, webhook, left_s)
            if told.left:
                break
        return Outcome(told.status, told.why, _readable(told.said), _seconds(told.retry_after))

    def _post(self, address: str, url: Url, webhook: Webhook, timeout_s: float) -> Told:
        origin = ("http" if url.here else "https", url.host, url.port)
        headers = {"Host": url.named, "User-Agent": "Opla", **webhook.headers}
        return post_to(
            address, origin, url.target, webhook.body, headers, timeout_s=timeout_s, most=_MOST, trusted=self._trusted
        )


def _readable(said: bytes) -> str:
    """The beginning of an answer as text that harms no page and no database."""
    text = "".join(sign if sign.isprintable() else " " for sign in said.decode("utf-8", "replace"))
    return " ".join(text.split())[:SAID]


def _seconds(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
