"""What the owner fills in, as `OPLA_NOTICES_WEB_PUSH_<FIELD>`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from opla.core.push import HOSTS


@dataclass(frozen=True)
class Config:
    """`subject` is where a push service reaches whoever runs this shop (RFC 8292 §2.1); `key` is the shop's own.

    `hosts` are the push services that may be called, `core.push.HOSTS` where nothing is said.
    """

    subject: str
    key: int = field(repr=False)  # the private scalar of P-256
    hosts: tuple[str, ...] = HOSTS
    timeout_s: float = 10.0

    @classmethod
    def from_mapping(cls, given: Mapping[str, str]) -> Self:
        """Raises ValueError naming the field that is missing or wrong."""
        subject, key = given.get("subject", ""), given.get("key", "")
        if not subject.startswith(("mailto:", "https://")) or not subject.isascii() or not subject.isprintable():
            raise ValueError("subject: where push services reach you, such as mailto:you@example.org")
        try:
            scalar = int(key, 16)
        except ValueError:
            scalar = 0
        if scalar <= 0:
            raise ValueError("key: the shop's own; it fills that in itself, from its keys")
        hosts = tuple(given.get("hosts", "").replace(",", " ").split()) or HOSTS
        return cls(subject, scalar, hosts, float(given.get("timeout_s", "10")))
