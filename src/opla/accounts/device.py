"""The device a person shops on: a 128-bit random cookie, set with the first quote, stored by us only as a hash.

It is no account. It lets the ordering device look at its own code, and nobody else.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from django.http import HttpRequest, HttpResponse

from opla.core.actor import Actor, Role
from opla.core.chance import Chance
from opla.operations.links import device_hash

COOKIE: Final = "opla_device"
_YEAR_S: Final = 365 * 24 * 3600
_BYTES: Final = 16
#: What a device that never ordered is called when asked about: the hash of it belongs to nobody.
NOBODY: Final = b""


def device_of(request: HttpRequest) -> bytes:
    """The secret of this device, or `NOBODY` where it has none yet."""
    return read_secret(request.COOKIES.get(COOKIE, "")) or NOBODY


def ensured(request: HttpRequest, chance: Chance) -> bytes:
    """The secret of this device, made now when it has none: then `remember` puts it on the answer."""
    return device_of(request) or chance.secret()


def remember(response: HttpResponse, device: bytes, *, secure: bool) -> None:
    """Put the device's secret on the answer, again each time, so that it lives a year from the last order."""
    response.set_cookie(COOKIE, write_secret(device), max_age=_YEAR_S, httponly=True, samesite="Lax", secure=secure)


def customer(device: bytes) -> Actor:
    """Who acts, as events and reveals name them: the beginning of the device's hash, which opens nothing."""
    return Actor(Role.CUSTOMER, device_hash(device).hex()[:12] if device else "")


def write_secret(device: bytes) -> str:
    """A secret as a cookie holds it."""
    return base64.urlsafe_b64encode(device).decode().rstrip("=")


def read_secret(text: str) -> bytes | None:
    """A cookie's secret; None where it holds none."""
    try:
        device = base64.b64decode(text + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    return device if len(device) == _BYTES else None
