"""Whether the shop's public address leads to this shop, with a certificate that lasts, and to the door of webhooks.

A form that strangers may send carries when it was shown, signed by this shop's keys: whoever answers with one that is
fresh has those keys, which no parking page, old server or cache has.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

import httpcore
import httpx
from django.core import signing

from opla.calling import MAX_BODY, Heard

#: The page that is looked at, and what its form carries (`storefront.patience`).
PAGE: Final = "/ask/"
SHOWN: Final = re.compile(r'name="shown_at" value="([^"]{1,200})"')
SALT: Final = "opla.patience"
#: A door of webhooks, which takes nothing but posts.
DOOR: Final = "/hooks/payments/doctor/"
_FRESH_S: Final = 300
_LASTS_DAYS: Final = 14
_TIMEOUT_S: Final = 10.0

Finding = tuple[bool, str]


@dataclass(frozen=True)
class _Page:
    status: int
    text: str
    heard: Heard
    certificate_ends_s: float | None


@dataclass(frozen=True)
class Address:
    """`heard` is what time they said it was, if anybody answered over TLS."""

    findings: Sequence[Finding]
    heard: Heard | None = None


def public_address(url: str, signing_key: str, *, sandbox: bool) -> Address:
    """`url` is OPLA_URL. A sandbox needs none that others reach."""
    if not url:
        said = "OPLA_URL is not set: nobody outside is told where this shop is, so webhooks do not come"
        return Address([(sandbox, said + _may(sandbox))])
    host = _host(url)
    if not host:
        return Address([(sandbox, f"OPLA_URL is no address that begins with https://{_may(sandbox)}")])
    try:
        page = _get(url.rstrip("/") + PAGE)
        door = _get(url.rstrip("/") + DOOR)
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as why:
        return Address([(False, f"{url} does not answer from here: {_trouble(why)}")])
    findings = [_whose(url, page, signing_key), *_lasting(url, page)]
    if findings[0][0]:
        findings.append(_door(url, door))
        findings.append((True, f"that was asked from this machine, which proves less than from outside: {_far(host)}"))
    return Address(findings, page.heard)


def _host(url: str) -> str:
    """Whom an https address names; empty for anything else."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return (parts.hostname or "") if parts.scheme == "https" and not parts.username else ""


def _get(url: str) -> _Page:
    """Over before three times the time-out, however slowly they drip."""
    asked_s, text, ends_at = time.time(), b"", time.monotonic() + _TIMEOUT_S
    with httpx.stream("GET", url, timeout=_TIMEOUT_S, headers={"Accept-Encoding": "identity"}) as response:
        heard = Heard(asked_s, time.time(), response.headers.get("Date", ""))
        ends_s = _certificate_ends_s(response)
        for part in response.iter_raw():
            text += part
            if len(text) > MAX_BODY or time.monotonic() > ends_at:
                break
        return _Page(response.status_code, text.decode("utf-8", "replace"), heard, ends_s)


def _certificate_ends_s(response: httpx.Response) -> float | None:
    """Seconds since 1970; None where the library, or a proxy between, does not show the certificate."""
    stream = response.extensions.get("network_stream")
    wrapped = stream.get_extra_info("ssl_object") if isinstance(stream, httpcore.NetworkStream) else None
    shown: Callable[[], Mapping[str, object] | None] | None = getattr(wrapped, "getpeercert", None)
    ends = (shown() or {}).get("notAfter") if shown else None
    return float(ssl.cert_time_to_seconds(ends)) if isinstance(ends, str) else None


def _whose(url: str, page: _Page, signing_key: str) -> Finding:
    if 300 <= page.status < 400:
        return False, f"{url} sends people on to another address: OPLA_URL must be the one they end at"
    if page.status == 400:
        return False, f"{url} answers with status 400: is its name among OPLA_HOSTS, and does your proxy pass Host on?"
    if page.status != 200:
        return False, f"{url} answers with status {page.status}: is the shop up, and does your proxy lead to it?"
    if not signing_key:
        return False, f"this shop has no keys here yet, so nobody can say whose pages {url} answers with"
    found = SHOWN.search(page.text)
    shown_ms: object = None
    if found:
        try:
            shown_ms = signing.TimestampSigner(key=signing_key, salt=SALT, fallback_keys=[]).unsign_object(found[1])
        except signing.BadSignature:
            return False, f"{url} answers with a page of another Opla, or of this one with other keys"
    if not isinstance(shown_ms, int):
        return False, f"{url} answers, but not with a page of this shop"
    if not -_FRESH_S <= page.heard.heard_s - shown_ms / 1000 <= _FRESH_S:
        return (
            False,
            f"{url} answers with a page of this shop that is old: something between keeps pages, or a clock is wrong",
        )
    return True, f"{url} answers with this shop's own pages"


def _door(url: str, door: _Page) -> Finding:
    if door.status == 405:
        return True, f"webhooks find their door below {url}/hooks/"
    return False, f"{url}{DOOR} answers with status {door.status}, not 405: something keeps webhooks out"


def _lasting(url: str, page: _Page) -> list[Finding]:
    if page.certificate_ends_s is None:
        return []
    days = int((page.certificate_ends_s - page.heard.heard_s) // 86400)
    if days < _LASTS_DAYS:
        return [(False, f"the certificate of {url} ends in {days} days: whatever renews it has not done so yet")]
    return [(True, f"the certificate of {url} is good for {days} days")]


def _far(host: str) -> str:
    """What is still to be tried, and what the name leads to from here, where that is nowhere public."""
    more = "open it once with a phone that is not on your network"
    try:
        found = {str(info[4][0]) for info in socket.getaddrinfo(host, None)}
    except OSError:
        return more
    inside = sorted(one for one in found if not ip_address(one.partition("%")[0]).is_global)
    return f"{more}; from here the name leads to {inside[0]}, which is no public address" if inside else more


def _trouble(why: Exception) -> str:
    certificate = re.search(r"certificate verify failed: ([^(\[]*)", str(why))
    if certificate:
        return f"its certificate is not to be trusted ({certificate[1].strip()})"
    if isinstance(why, httpx.TimeoutException):
        return "nothing came in time"
    return f"no connection ({type(why).__name__})"


def _may(sandbox: bool) -> str:
    return "; a sandbox may leave it so" if sandbox else ""
