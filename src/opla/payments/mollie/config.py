"""What the owner fills in: the key of their Mollie profile; for signed webhooks, their secret as well."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

_KEY = re.compile(r"(live|test)_[A-Za-z0-9]{30,64}")


@dataclass(frozen=True)
class Config:
    """`base_url` and `timeout_s` are for tests; a payment page that a bank is slow to open takes seconds."""

    key: str = field(repr=False)
    base_url: str = "https://api.mollie.com"
    timeout_s: float = 20.0
    webhook_secret: str = field(repr=False, default="")

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
        return cls(
            key, base_url.rstrip("/"), float(given.get("timeout_s", cls.timeout_s)), given.get("webhook_secret", "")
        )
