"""What the owner fills in: the client and the secret of their app at PayPal, and whether these are real."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

_WORD = re.compile(r"[A-Za-z0-9_-]{20,200}")
_ADDRESS = {"live": "https://api-m.paypal.com", "sandbox": "https://api-m.sandbox.paypal.com"}


@dataclass(frozen=True)
class Config:
    """`base_url` and `timeout_s`, of one call, are for tests."""

    client: str
    secret: str = field(repr=False)
    mode: str
    base_url: str
    timeout_s: float = 7.0

    @property
    def test(self) -> bool:
        return self.mode == "sandbox"

    @classmethod
    def from_mapping(cls, given: Mapping[str, str]) -> Self:
        """Raises ValueError naming the field that is missing or wrong, never showing a secret."""
        client, secret, mode = (given.get(name, "") for name in ("client", "secret", "mode"))
        if not _WORD.fullmatch(client):
            raise ValueError("client: the client id of the app at PayPal")
        if not _WORD.fullmatch(secret):
            raise ValueError("secret: the secret of the app at PayPal")
        if mode not in _ADDRESS:
            raise ValueError("mode: live, or sandbox where the app is one of PayPal's sandbox")
        base_url = given.get("base_url", _ADDRESS[mode])
        if not base_url.startswith(("https://", "http://127.0.0.1:")):
            raise ValueError("base_url: an address that begins with https://")
        return cls(client, secret, mode, base_url.rstrip("/"), float(given.get("timeout_s", cls.timeout_s)))
