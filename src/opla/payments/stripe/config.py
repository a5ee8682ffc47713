"""What the owner fills in: a key of their Stripe account, and the secret its webhooks are signed with."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

#: A secret key, or a restricted one, which is better: it can be given the few rights that are used.
_KEY = re.compile(r"(sk|rk)_(live|test)_[A-Za-z0-9_]{16,250}")
_WEBHOOK_SECRET = re.compile(r"(whsec_[A-Za-z0-9+/=]{16,250})?")


@dataclass(frozen=True)
class Config:
    """`base_url` and `timeout_s`, of one call, are for tests. Without `webhook_secret` no webhook is believed."""

    key: str = field(repr=False)
    webhook_secret: str = field(default="", repr=False)
    base_url: str = "https://api.stripe.com"
    timeout_s: float = 8.0

    @property
    def test(self) -> bool:
        return self.key[3:].startswith("test_")

    @classmethod
    def from_mapping(cls, given: Mapping[str, str]) -> Self:
        """Raises ValueError naming the field that is missing or wrong, never showing a secret."""
        key, base_url = given.get("key", ""), given.get("base_url", cls.base_url)
        webhook_secret = given.get("webhook_secret", "")
        if not _KEY.fullmatch(key):
            raise ValueError("key: a secret or restricted key of Stripe, which begins with sk_ or rk_, live_ or test_")
        if not _WEBHOOK_SECRET.fullmatch(webhook_secret):
            raise ValueError("webhook_secret: the signing secret of the webhook, which begins with whsec_, or nothing")
        if not base_url.startswith(("https://", "http://127.0.0.1:")):
            raise ValueError("base_url: an address that begins with https://")
        return cls(key, webhook_secret, base_url.rstrip("/"), float(given.get("timeout_s", cls.timeout_s)))
