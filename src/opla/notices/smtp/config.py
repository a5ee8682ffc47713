"""What the owner fills in, as `OPLA_NOTICES_SMTP_<FIELD>`: the mail server, who we are there, and whom mail is from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Self

_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}|\[[0-9a-f:]+\]")
_ADDRESS = re.compile(r"[!-~]+@[A-Za-z0-9.-]+")
_PORTS = {"tls": 465, "starttls": 587, "none": 25}
_OWN = frozenset({"localhost", "127.0.0.1", "[::1]"})


@dataclass(frozen=True)
class Config:
    """`tls`: `tls` from the first byte, `starttls` before anything is said, `none` for a server on this machine only.

    `sender` is `name@example.org` or `The shop <name@example.org>`. `timeout_s` bounds a whole delivery.
    """

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = field(repr=False, default="")
    tls: str = "starttls"
    timeout_s: float = 20.0

    @property
    def domain(self) -> str:
        """Whose names our messages carry."""
        return parseaddr(self.sender)[1].partition("@")[2]

    @classmethod
    def from_mapping(cls, given: Mapping[str, str]) -> Self:
        """Raises ValueError naming the field that is missing or wrong, never showing the password."""
        host, tls, sender = given.get("host", ""), given.get("tls", "starttls"), given.get("sender", "").strip()
        if not _HOST.fullmatch(host):
            raise ValueError("host: the name of your mail server, such as smtp.example.org")
        if tls not in _PORTS:
            raise ValueError("tls: tls, starttls, or none where the mail server is this machine")
        if tls == "none" and host not in _OWN:
            raise ValueError("tls: without it only a mail server on this machine is spoken to")
        port = given.get("port", str(_PORTS[tls]))
        if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
            raise ValueError(f"port: a number, {_PORTS[tls]} as a rule")
        _, address = parseaddr(sender)
        if not _ADDRESS.fullmatch(address) or not sender.isprintable():
            raise ValueError("sender: the address your mails come from, such as The shop <shop@example.org>")
        user, password = given.get("user", ""), given.get("password", "")
        if bool(user) != bool(password) or not f"{user}{password}".isprintable():
            raise ValueError("password: a user and a password, or neither")
        timeout_s = float(given.get("timeout_s", cls.timeout_s))
        return cls(host, int(port), sender, user, password, tls, timeout_s)
