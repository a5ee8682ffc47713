"""Six digits that change every half minute (TOTP, RFC 6238, over HOTP, RFC 4226): what an authenticator app shows.

SHA-1, six digits and thirty seconds are what every such app understands, and with a key of 160 bits they are enough.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime
from typing import Final
from urllib.parse import quote

STEP_S: Final = 30
DIGITS: Final = 6
KEY_BYTES: Final = 20


def step_at(at: datetime) -> int:
    """The number of the half minute."""
    return int(at.timestamp()) // STEP_S


def digits(key: bytes, step: int, count: int = DIGITS) -> str:
    """What the app shows in this half minute (RFC 4226 §5.3)."""
    mac = hmac.new(key, step.to_bytes(8, "big"), hashlib.sha1).digest()
    start = mac[-1] & 0xF
    number = int.from_bytes(mac[start : start + 4], "big") & 0x7FFF_FFFF
    return f"{number % 10**count:0{count}d}"


def step_of(key: bytes, typed: str, at: datetime) -> int | None:
    """Which half minute these digits are of: this one, the last or the next, as clocks differ; None: none of them."""
    now = step_at(at)
    for step in (now, now - 1, now + 1):
        if hmac.compare_digest(digits(key, step).encode(), typed.encode()):
            return step
    return None


def written(key: bytes) -> str:
    """The key as people type it into an app."""
    return base64.b32encode(key).decode().rstrip("=")


def address(key: bytes, issuer: str, name: str) -> str:
    """What the app reads out of a QR code (Google Authenticator's key URI format)."""
    return f"otpauth://totp/{quote(issuer)}:{quote(name)}?secret={written(key)}&issuer={quote(issuer)}"
