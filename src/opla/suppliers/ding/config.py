"""What the owner fills in: the API key of their DingConnect account, and whether it is for trying only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

_KEY = re.compile(r"[!-~]{8,128}")
_NUMBER = re.compile(r"(\+[1-9]\d{6,14})?")


@dataclass(frozen=True)
class Config:
    """`number` goes along with an order for a PIN, which has no number of its own and must have one. The rest is for
    tests.

    `timeout_s` bounds a transfer: they end one after 90 seconds. Anything else is asked for less long.
    """

    key: str = field(repr=False)
    uat: bool = False
    number: str = ""
    base_url: str = "https://api.dingconnect.com"
    timeout_s: float = 95.0

    @classmethod
    def from_mapping(cls, given: Mapping[str, str]) -> Self:
        """Raises ValueError naming the field that is missing or wrong, never showing the key."""
        key, base_url = given.get("key", ""), given.get("base_url", cls.base_url)
        if not _KEY.fullmatch(key):
            raise ValueError("key: the API key, as the developers' page of your DingConnect account shows it")
        if given.get("uat", "") not in ("", "0", "1"):
            raise ValueError("uat: 1 to send everything to their numbers for trying, else nothing")
        if not _NUMBER.fullmatch(given.get("number", "")):
            raise ValueError("number: a mobile number of your own with its country code, such as +32470123456")
        if not base_url.startswith(("https://", "http://127.0.0.1:")):
            raise ValueError("base_url: an address that begins with https://")
        return cls(
            key=key,
            uat=given.get("uat") == "1",
            number=given.get("number", ""),
            base_url=base_url.rstrip("/"),
            timeout_s=float(given.get("timeout_s", cls.timeout_s)),
        )
