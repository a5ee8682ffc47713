"""Where a reseller wants to be told. The address comes from outside and a worker posts to it, so that it could be led
to whatever lies behind our own walls: only public addresses are called, and what was looked at is what is called.

    typed ──read_url──▶ url ──looked up──▶ addresses ──every one public?──▶ connected to one of these very addresses

`http` and addresses of this machine are for a sandbox shop alone, and only where the url itself says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

from opla.core.refusal import Code, Refusal

_LONGEST: Final = 500
#: Where HTTPS is served. Other ports of a public machine are other services, to which nothing is ever posted.
PORTS: Final = frozenset({443, 8443})
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_NAME: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))+")

#: Never called, each with what it is (IANA's special-purpose registries, RFC 6890), whatever the library says of it.
REFUSED: Final[dict[str, str]] = {
    "0.0.0.0/8": "this network",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "behind a provider's NAT (RFC 6598), and some clouds' metadata",
    "127.0.0.0/8": "this machine",
    "168.63.129.16/32": "Azure's own host, behind a public number",
    "169.254.0.0/16": "link-local, and most clouds' metadata",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "protocol assignments, and Oracle's metadata",
    "192.0.2.0/24": "documentation",
    "192.88.99.0/24": "6to4 relays",
    "192.168.0.0/16": "private",
    "198.18.0.0/15": "benchmarks",
    "198.51.100.0/24": "documentation",
    "203.0.113.0/24": "documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved, and broadcast",
    "::/8": "unspecified, loopback, and IPv4 written as IPv6, mapped or compatible",
    "64:ff9b::/96": "NAT64: an IPv4 address behind it",
    "64:ff9b:1::/48": "NAT64 of a network's own",
    "100::/64": "discard",
    "2001::/23": "protocol assignments, Teredo among them: an IPv4 address behind it",
    "2001:db8::/32": "documentation",
    "2002::/16": "6to4: an IPv4 address behind it",
    "3fff::/20": "documentation",
    "5f00::/16": "segment routing",
    "fc00::/7": "private",
    "fe80::/10": "link-local",
    "fec0::/10": "site-local, as it once was",
    "ff00::/8": "multicast",
}
_REFUSED: Final = tuple(ip_network(network) for network in REFUSED)


@dataclass(frozen=True)
class Url:
    """An address that may be posted to, taken apart. `here`: on this very machine, without TLS."""

    host: str
    port: int
    target: str  # path and query
    here: bool

    @property
    def named(self) -> str:
        """The host as a request says it (RFC 9110 §7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (80 if self.here else 443) else f"{host}:{self.port}"


def read_url(text: str, *, sandbox: bool) -> Url | Refusal:
    """An address as typed. Whether its name leads anywhere that may be called is asked when it is called."""
    text = text.strip()
    why = ""
    if len(text) > _LONGEST:
        why = "long"
    elif not text or not text.isascii() or not text.isprintable() or re.search(r"[\s\\#<>\"{}|^`]", text):
        why = "unreadable"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return _refused("unreadable")
    here = sandbox and parts.scheme == "http" and host in _HERE
    if why:
        return _refused(why)
    if "@" in parts.netloc:
        return _refused("credentials")
    if parts.scheme != "https" and not here:
        return _refused("https")
    literal = _literal(host)
    if not here and (literal is None and not _is_name(host)):
        return _refused("host")
    if not here and literal is not None and not public(host):
        return _refused("private")
    port = port if port is not None else 80 if here else 443
    if not here and port not in PORTS:
        return _refused("port")
    target = parts.path or "/"
    return Url(host, port, f"{target}?{parts.query}" if parts.query else target, here)


def callable_at(url: Url, addresses: Sequence[str]) -> bool:
    """Whether every address that its name leads to may be called: one that may not is somebody's try."""
    fits = _loopback if url.here else public
    return bool(addresses) and all(fits(address) for address in addresses)


def public(address: str) -> bool:
    """Whether this is an address of the public internet, that only whoever has it answers at."""
    found = _literal(address)
    if found is None or any(found in network for network in _REFUSED if network.version == found.version):
        return False
    return found.is_global and not (found.is_multicast or found.is_reserved or found.is_unspecified)


def _loopback(address: str) -> bool:
    found = _literal(address)
    return found is not None and found.is_loopback


def _literal(text: str) -> IPv4Address | IPv6Address | None:
    """An address as such; with a zone (`%eth0`) it is none that anybody else could mean."""
    try:
        return None if "%" in text else ip_address(text)
    except ValueError:
        return None


def _is_name(host: str) -> bool:
    """Whether it is a name below some top-level domain: `127.1`, `0x7f.1` and `localhost` are none."""
    last = host.rpartition(".")[2]
    return len(host) <= 253 and bool(_NAME.fullmatch(host)) and last[:1].isalpha()


def _refused(why: str) -> Refusal:
    return Refusal(Code.WEBHOOK_URL_REFUSED, "url", {"why": why})
