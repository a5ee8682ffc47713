"""What the owner fills in: the pair of keys made in DT Shop, and whether it is the one for pre-production."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

_PRODUCTION: Final = "https://dvs-api.dtone.com"
_PRE_PRODUCTION: Final = "https://preprod-dvs-api.dtone.com"


@dataclass(frozen=True)
class Config:
    """`timeout_s` bounds one call; `base_url` and `timeout_s` are for tests."""

    key: str = field(repr=False)
    secret: str = field(repr=False)
    sandbox: bool = False
    base_url: str = _PRODUCTION
    timeout_s: float = 10.0

    @classmethod
    def from_mapping(cls, given: Mapping[str, str]) -> Self:
        """Raises ValueError naming the field that is missing or wrong, never showing a key."""
        key, secret, sandbox = given.get("key", ""), given.get("secret", ""), given.get("sandbox", "0")
        if not _word(key) or ":" in key:
            raise ValueError("key: the API key from DT Shop, for production or for pre-production")
        if not _word(secret):
            raise ValueError("secret: the API secret that belongs to the key")
        if sandbox not in ("0", "1"):
            raise ValueError("sandbox: 1 for a pre-production key, else 0")
        base_url = given.get("base_url", _PRE_PRODUCTION if sandbox == "1" else _PRODUCTION)
        if not base_url.startswith(("https://", "http://127.0.0.1:")):
            raise ValueError("base_url: an address that begins with https://")
        return cls(key, secret, sandbox == "1", base_url.rstrip("/"), float(given.get("timeout_s", cls.timeout_s)))


def _word(text: str) -> bool:
    return bool(text) and text.isascii() and text.isprintable() and " " not in text
