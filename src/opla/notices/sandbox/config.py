"""What the owner fills in. `opla up` fills it in for the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

PREFIX = "OPLA_NOTICES_SANDBOX_"


@dataclass(frozen=True)
class Config:
    """`timeout_s` bounds one call; shorter than promised in tests only."""

    base_url: str
    secret: str = field(repr=False)
    timeout_s: float = 10.0

    @classmethod
    def from_mapping(cls, given: Mapping[str, str]) -> Self:
        """Raises ValueError naming the field that is missing or wrong."""
        base_url, secret = given.get("base_url", ""), given.get("secret", "")
        if not base_url.startswith(("http://", "https://")):
            raise ValueError("base_url: the address of the sandbox, such as http://127.0.0.1:8001")
        if not secret or not secret.isascii() or not secret.isprintable():
            raise ValueError("secret: the shared secret of the sandbox, as in var/sandbox/secret")
        return cls(base_url.rstrip("/"), secret, float(given.get("timeout_s", "10")))

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Self:
        """From `OPLA_…_BASE_URL` and the like."""
        return cls.from_mapping(
            {name.removeprefix(PREFIX).lower(): value for name, value in environment.items() if name.startswith(PREFIX)}
        )
