"""The address of a server as this shop uses it: of several the one that takes writes, and a dead one is soon noticed.

    postgresql://opla_app@db1,db2,db3/opla

Whatever is read here may decide about money, so nothing is read from a copy: `target_session_attrs=read-write` stands
on every connection, and libpq passes over a server that only follows. When a primary dies without a word, its
connections are given up after `tcp_user_timeout`, and whoever asks again asks the next one.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl, urlencode

_PRIMARY: Final = "target_session_attrs"
_TAKES_WRITES: Final = frozenset({"read-write", "primary"})
#: Seconds, but for tcp_user_timeout. An address may say others; a socket of this machine knows none of them.
_UNLESS_SAID: Final = {
    "connect_timeout": "5",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}


def reached(url: str) -> str:
    """The same address, with what it does not say itself. Raises ValueError where it asks for a copy."""
    where, _, options = url.partition("?")
    said = dict(parse_qsl(options))
    if said.get(_PRIMARY, "read-write") not in _TAKES_WRITES:
        raise ValueError(
            f"the address of the database says {_PRIMARY}={said[_PRIMARY]}: what Opla reads decides about money, so it "
            "reads the primary alone. Leave that out."
        )
    missing = {name: value for name, value in {_PRIMARY: "read-write", **_UNLESS_SAID}.items() if name not in said}
    return f"{where}?{'&'.join(part for part in (options, urlencode(missing)) if part)}"
