"""What the owner fills in: where the message centre is, who they are to it, and from whom texts come."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

#: As many octets as SMPP 3.4 has room for (§5.2.1, §5.2.2), and as GSM has for a name that is no number.
_SYSTEM_ID, _PASSWORD = 15, 8
_SENDER = re.compile(r"\+?[0-9]{3,15}|[A-Za-z0-9 ]{1,11}")


@dataclass(frozen=True)
class Config:
    """`sender` is a number, a short code, or a name of up to 11 letters that nobody can answer.

    Without `tls` the password and every text travel in the clear, so that is for this machine, or a network of one's
    own. `timeout_s` bounds the sending of one text, all its parts together.
    """

    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    sender: str
    tls: bool = True
    timeout_s: float = 20.0

    @classmethod
    def from_mapping(cls, given: Mapping[str, str]) -> Self:
        """Raises ValueError naming the field that is missing or wrong, never showing the password."""
        host, port, tls = given.get("host", ""), given.get("port", "3550"), given.get("tls", "1")
        system_id, password, sender = (given.get(name, "") for name in ("system_id", "password", "sender"))
        if not host or not host.isascii() or not host.isprintable() or " " in host:
            raise ValueError("host: the name or address of the message centre")
        if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
            raise ValueError("port: the number of its port; 2775 is usual, 3550 with TLS")
        if tls not in ("0", "1"):
            raise ValueError("tls: 1, or 0 where the network between is one's own")
        for name, value, most in (("system_id", system_id, _SYSTEM_ID), ("password", password, _PASSWORD)):
            if not value or len(value) > most or not value.isascii() or not value.isprintable():
                raise ValueError(f"{name}: 1 to {most} signs, as the message centre gave it")
        if not _SENDER.fullmatch(sender):
            raise ValueError("sender: a number, a short code, or a name of up to 11 letters and digits")
        return cls(host, int(port), system_id, password, sender, tls == "1", float(given.get("timeout_s", "20")))
