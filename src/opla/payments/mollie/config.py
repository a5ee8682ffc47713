"""What the owner fills in: the key of their Mollie profile; for signed webhooks, their secret as well."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

_TOKEN = re.compile(r"(access_[A-Za-z0-9]{20,64})?")
_KEY = re.compile(r"(live|test)_[A-Za-z0-9]{30,64}")


@dataclass(frozen=True)
class Config:
    """`base_url` and `timeout_s` are for tests; a payment page that a bank is slow to open takes seconds.

    `access_token` is of the organisation, and reads what was paid out: the key of a profile may not (their document
    names for that advancedAccessToken and oAuth alone).
    """

    key: str = field(repr=False)
    base_url: str = "https://api.mollie.com"
    timeout_s: float = 20.0
    webhook_secret: str = field(repr=False, default="")
    access_token: str = field(repr=False, default="")

    @property
    def test(self) -> bool:
        return self.key.startswith("test_")

    @classmethod
    def from_mapping(cls, given: Mapping[str, str]) -> Self:
        """Raises ValueError naming the field that is missing or wrong, never showing the key."""
        key, base_url = given.get("key", ""), given.get("base_url", cls.base_url)
        if not _KEY.fullmatch(key):
            raise ValueError("key: the API key of the profile at Mollie, which begins with live_ or test_")
        if not base_url.startswith(("https://", "http://127.0.0.1:")):
            raise ValueError("base_url: an address that begins with https://")
        access_token = given.get("access_token", "")
        if not _TOKEN.fullmatch(access_token):
            raise ValueError(
                "access_token: a token of the organisation at Mollie, which begins with access_, or nothing"
            )
        timeout_s = float(given.get("timeout_s", cls.timeout_s))
        return cls(key, base_url.rstrip("/"), timeout_s, given.get("webhook_secret", ""), access_token)
