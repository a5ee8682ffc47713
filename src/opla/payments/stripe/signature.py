"""Whether a webhook is Stripe's, by its `Stripe-Signature` (docs.stripe.com/webhooks/signature).

Their library checks it too, but by a clock of its own and against the past alone; here time is an argument.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

#: How far its time may lie from ours, as their library has it.
TOLERANCE_S = 300
_MAX_HEADER = 2048


def signed(header: str, body: bytes, secret: str, *, at_s: float) -> bool:
    """Whether `header` signs `body` with `secret`, not long before or after `at_s` (seconds since 1970)."""
    if not secret or len(header) > _MAX_HEADER or not header.isascii():
        return False
    parts = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in parts if name == "t"]
    if len(times) != 1 or not times[0].isdigit() or len(times[0]) > 12 or abs(at_s - int(times[0])) > TOLERANCE_S:
        return False
    ours = hmac.new(secret.encode(), times[0].encode() + b"." + body, sha256).hexdigest()
    # While a secret is being changed there is one signature of each.
    return any(name == "v1" and hmac.compare_digest(ours, value) for name, _, value in parts)
