"""What the owner fills in: the pair of keys of their Reloadly account, and which of its two worlds it is for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

_ID = re.compile(r"[!-~]{8,128}")
_NUMBER = re.compile(r"(\+[1-9]\d{6,14})?")
AUTH: Final = "https://auth.reloadly.com"
LIVE: Final = "https://topups.reloadly.com"
SANDBOX: Final = "https://topups-sandbox.reloadly.com"


@dataclass(frozen=True)
class Config:
    """`number` goes along with an order for a PIN, which has no number of its own. The rest is for tests.

    `timeout_s` bounds a top-up, which a slow operator holds for about a minute; questions are asked for less long.
    """

    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    sandbox: bool = False
    number: str = ""
    base_url: str = ""
    auth_url: str = AUTH
    timeout_s: float = 75.0

    @property
    def audience(self) -> str:
        """Whom a token is for: one world's top-ups and nothing else."""
        return SANDBOX if self.sandbox else LIVE

    @property
    def address(self) -> str:
        return self.base_url or self.audience

    @classmethod
    def from_mapping(cls, given: Mapping[str, str]) -> Self:
        """Raises ValueError naming the field that is missing or wrong, never showing a key."""
        for name in ("client_id", "client_secret"):
            if not _ID.fullmatch(given.get(name, "")):
                raise ValueError(f"{name}: as the developers' page of your Reloadly account shows it")
        if given.get("sandbox", "") not in ("", "0", "1"):
            raise ValueError("sandbox: 1 with the keys of their sandbox, else nothing")
        if not _NUMBER.fullmatch(given.get("number", "")):
            raise ValueError("number: a mobile number of your own with its country code, such as +32470123456")
        base_url, auth_url = given.get("base_url", ""), given.get("auth_url", AUTH)
        for name, url in (("base_url", base_url or AUTH), ("auth_url", auth_url)):
            if not url.startswith(("https://", "http://127.0.0.1:")):
                raise ValueError(f"{name}: an address that begins with https://")
        return cls(
            client_id=given["client_id"],
            client_secret=given["client_secret"],
            sandbox=given.get("sandbox") == "1",
            number=given.get("number", ""),
            base_url=base_url.rstrip("/"),
            auth_url=auth_url.rstrip("/"),
            timeout_s=float(given.get("timeout_s", cls.timeout_s)),
        )
