"""A push service's HTTP: one post, to an address that is checked again just before."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from opla.calling import Caller, Reply
from opla.core.ports import Answer
from opla.core.push import allowed

Resolve = Callable[[str], Sequence[str]]


def resolve(host: str) -> list[str]:
    """Every address of a name; empty when it has none. No limit of time but the resolver's own."""
    try:
        return sorted({str(found[4][0]) for found in socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)})
    except OSError:
        return []


class Client:
    """`resolve` and `call` are the network; tests bring their own."""

    def __init__(
        self,
        hosts: Sequence[str],
        timeout_s: float,
        *,
        resolve: Resolve = resolve,
        call: Callable[[str, float], Caller] = lambda origin, timeout_s: Caller(
            origin, {}, timeout_s, through_proxy=False
        ),
    ) -> None:
        self._hosts, self._timeout_s, self._resolve, self._call = hosts, timeout_s, resolve, call

    def post(self, endpoint: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        if not allowed(endpoint, self._hosts):
            return Reply(trouble=Answer.NOT_SENT, evidence={"error": "not_a_push_service"})
        parts = urlsplit(endpoint)
        addresses = self._resolve(parts.hostname or "")
        if not addresses or not all(ip_address(address.partition("%")[0]).is_global for address in addresses):
            return Reply(trouble=Answer.NOT_SENT, evidence={"error": "not_public"})
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        return self._call(f"https://{parts.hostname}", self._timeout_s).post_bytes(path, body, headers)
