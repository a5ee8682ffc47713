"""A browser that wants to be told: where its push service takes messages, and under which key they are sealed.

The address comes from a stranger and a worker calls it, so only the push services browsers really have are ever called:
by https, by name, at their own port.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

#: The push services of Chrome, Firefox, Safari and Edge. A name that begins with a dot stands for all below it.
HOSTS: Final = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    ".push.apple.com",
    ".notify.windows.com",
)
_LONGEST: Final = 1500
_POINT_BYTES: Final = 65  # an uncompressed point of P-256, which begins with 4 (SEC 1, 2.3.3)
_AUTH_BYTES: Final = 16


@dataclass(frozen=True)
class Subscription:
    """As `PushSubscription` of the Push API has it. Whoever has it can write to this browser."""

    endpoint: str = field(repr=False)
    p256dh: bytes = field(repr=False)
    auth: bytes = field(repr=False)


def read_subscription(endpoint: str, p256dh: str, auth: str, hosts: Sequence[str] = HOSTS) -> Subscription | None:
    """A subscription as a browser sends it, its keys in base64url; None when it is none that may be called."""
    key, secret = _bytes(p256dh), _bytes(auth)
    if not allowed(endpoint, hosts) or key is None or secret is None:
        return None
    if len(key) != _POINT_BYTES or key[0] != 4 or len(secret) != _AUTH_BYTES:
        return None
    return Subscription(endpoint, key, secret)


def allowed(endpoint: str, hosts: Sequence[str] = HOSTS) -> bool:
    """Whether this is an address of a push service in `hosts`, and of nothing else."""
    if len(endpoint) > _LONGEST or not endpoint.isascii() or not endpoint.isprintable() or "\\" in endpoint:
        return False
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme != "https" or "@" in parts.netloc or port not in (None, 443) or len(parts.path) < 2:
        return False
    return any(host == name or (name.startswith(".") and host.endswith(name)) for name in hosts)


def _bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
