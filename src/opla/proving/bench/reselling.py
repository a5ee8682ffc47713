"""Resellers with keys and full floats, and the requests they send."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from opla.core.actor import Actor, Role
from opla.core.refusal import Refusal
from opla.operations import api_keys, resellers
from opla.operations.shop import current

_OWNER = Actor(Role.OWNER, "bench")
_FLOAT = "1000000000"
SKU = "MV-15"  # credit on a number
NAME = "bench-000"  # the first of them


def keys(count: int) -> list[str]:
    """The API keys of so many new resellers, each with a thousand million euros on its float."""
    made = []
    for n in range(count):
        name, at = f"bench-{n:03d}", datetime.now(UTC)
        answers = (
            resellers.add(_OWNER, name, title=name, email="orders@example.org", at=at),
            resellers.pay_in(_OWNER, name, _FLOAT, "first", shop=current(), at=at),
        )
        key = api_keys.make(_OWNER, name, api_keys.Terms(), shop=current(), at=at)
        if isinstance(key, Refusal) or any(isinstance(answer, Refusal) for answer in answers):
            raise ValueError(f"{name} was refused: {answers}, {key}")
        made.append(key.secret)
    return made


def number(n: int) -> str:
    """A Belgian mobile number of the fictional habit of this bench: the n-th of ten million."""
    return f"0470 {n // 10_000 % 100:02d} {n // 100 % 100:02d} {n % 100:02d}"


def request_key(n: int) -> str:
    """What the n-th request calls its order; a file's lines are called by their numbers alone."""
    return f"request {n}"


def requests(secrets: list[str]) -> Iterator[bytes]:
    """For ever: one order per request, of each reseller in turn, each under a key of its own."""
    n = 0
    while True:
        body = json.dumps({"sku": SKU, "number": number(n)}).encode()
        head = (
            "POST /api/orders HTTP/1.1",
            "Host: 127.0.0.1",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            f"Authorization: Bearer {secrets[n % len(secrets)]}",
            f"Idempotency-Key: {request_key(n)}",
        )
        yield "\r\n".join([*head, "", ""]).encode() + body
        n += 1
