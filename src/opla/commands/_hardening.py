"""What `./opla doctor` holds a real shop to: nothing of it is needed to sell, and each makes a break-in worth less.

A sandbox may leave all of it as it is: no real money moves there. What is wrong in a real shop says what to do.
"""

from __future__ import annotations

import ctypes
import os
import resource
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from opla import secret_files
from opla.commands import VAR
from opla.counterparts import trying
from opla.db import glance, keyring
from opla.db.embedded import database

Finding = tuple[bool, str]

_LOCAL = {"127.0.0.1", "localhost", "::1"}
_SHORTEST_TOKEN = 20
_MOST_APART_S = 2.0
_NOT_SYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)


@dataclass(frozen=True)
class Facts:
    """What was found; a mode or an owner is None where there is no such file (yet)."""

    environ: Mapping[str, str]
    our_uid: int = 1000
    core_dumps: bool = False
    keys_mode: int | None = 0o600
    keys_uid: int | None = 1000
    var_mode: int | None = 0o700
    open_files: tuple[str, ...] = ()  # settings whose files others may read
    powers: tuple[str, ...] = ()  # what the shop's role may do in the database, and should not
    one_role: bool = False
    clock_apart_s: float = 0.0
    clock_kept: bool | None = True  # None: nobody knows
    sandbox: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sandbox", self.environ.get("OPLA_SANDBOX", "1") == "1")


def findings() -> Iterator[Finding]:
    """All of it, of this machine and its database."""
    yield from judged(_facts())


def judged(facts: Facts) -> Iterator[Finding]:
    """(fine, what and what to do) for each rule."""
    for wrong, sentence, mended in _rules(facts):
        if not wrong:
            yield True, sentence
        else:
            yield facts.sandbox, f"{mended}{' (a sandbox may leave it so)' if facts.sandbox else ''}"


def _rules(facts: Facts) -> Iterator[tuple[bool, str, str]]:
    """(it is wrong, the sentence when it is right, the sentence when it is wrong and what to do)."""
    given = facts.environ
    url = urlsplit(given.get("OPLA_URL", ""))
    hosts = given.get("OPLA_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
    proxies = given.get("OPLA_PROXIES", "0")
    yield (
        facts.sandbox and url.scheme == "https" and url.hostname not in _LOCAL and not trying.asked(given),
        "the sandbox is where it belongs" if facts.sandbox else "a real shop: no stand-ins",
        f"{url.hostname} is a sandbox for everybody to see: a real shop needs OPLA_SANDBOX=0",
    )
    yield (
        bool(given.get("OPLA_DEBUG")),
        "tracebacks go to the log alone",
        "OPLA_DEBUG prints tracebacks: unset it",
    )
    yield (
        url.scheme != "https",
        "the shop is reached by https, so its cookies are for https alone",
        "OPLA_URL is no https:// address, so cookies travel in the clear: put a proxy with TLS in front, and set it",
    )
    yield (
        url.scheme == "https" and proxies == "0",
        f"{proxies} proxies in front" if proxies != "0" else "no proxy in front",
        "OPLA_PROXIES is 0 behind TLS, so all visitors share the proxy's limits: set it to how many of yours there are",
    )
    yield (
        "*" in hosts or (bool(url.hostname) and url.hostname not in hosts and f"[{url.hostname}]" not in hosts),
        "it answers to its own names alone",
        f"OPLA_HOSTS is to name {url.hostname or 'the shop'} and 127.0.0.1, and no *",
    )
    yield (
        facts.our_uid == 0,
        "it does not run as root",
        "it runs as root: give it a user of its own, as the units in deploy/systemd do",
    )
    yield (
        facts.core_dumps,
        "a crash leaves no memory on the disk",
        "a crash would leave memory, codes included, on the disk: ulimit -c 0, or LimitCORE=0 in its unit",
    )
    keys = keyring.place(VAR)
    yield (
        facts.keys_mode is not None and (facts.keys_mode & 0o077 != 0 or facts.keys_uid not in (facts.our_uid, 0)),
        "the keys are readable by their owner alone" if facts.keys_mode is not None else "the keys are not made yet",
        f"others may read the keys: chown and chmod 600 {keys}",
    )
    yield (
        facts.var_mode is not None and facts.var_mode & 0o002 != 0,
        f"nobody else may write into {VAR}",
        f"everybody may write into {VAR}: chmod o-w it",
    )
    yield (
        bool(facts.open_files),
        "files of secrets are readable by their owner alone",
        f"others may read the files of {', '.join(facts.open_files)}: chmod 600 them",
    )
    token = given.get("OPLA_METRICS_TOKEN", "")
    yield (
        0 < len(token) < _SHORTEST_TOKEN,
        "figures are for whoever has the token" if token else "nobody can read /metrics: OPLA_METRICS_TOKEN is not set",
        f"OPLA_METRICS_TOKEN has {len(token)} characters: take {_SHORTEST_TOKEN} random ones at least",
    )
    yield (
        bool(facts.powers),
        "the shop's role in the database may do what a shop does",
        f"the shop's role in the database may {' and '.join(facts.powers)}: take that away from it (ALTER ROLE)",
    )
    yield (
        facts.one_role,
        "the shop's role does not own the tables",
        "one role owns the tables and runs the shop, so triggers alone guard the money: set DATABASE_OWNER_URL",
    )
    yield (
        abs(facts.clock_apart_s) > _MOST_APART_S,
        "this machine's clock and the database's agree",
        f"this machine's clock is {facts.clock_apart_s:+.0f} s from the database's: set both by NTP",
    )
    yield (
        facts.clock_kept is False,
        "the clock is kept by NTP" if facts.clock_kept else "whether the clock is kept by NTP cannot be seen from here",
        "nobody sets this machine's clock: install chrony or systemd-timesyncd",
    )


def _facts() -> Facts:
    soft, _ = resource.getrlimit(resource.RLIMIT_CORE)
    keys = _status(keyring.place(VAR))
    with database(VAR) as server:
        began = time.time()
        powers = glance.powers(server.dsn_app)
        asked = (began + time.time()) / 2
        apart_s = glance.clock(server.dsn_app).timestamp() - (asked + (time.time() - asked) / 2)
        one_role = glance.role(server.dsn_app) == glance.role(server.dsn_owner)
    named = secret_files.named(os.environ)
    mode = _status(VAR)
    return Facts(
        dict(os.environ),
        our_uid=os.geteuid(),
        core_dumps=soft != 0,
        keys_mode=stat.S_IMODE(keys.st_mode) if keys else None,
        keys_uid=keys.st_uid if keys else None,
        var_mode=stat.S_IMODE(mode.st_mode) if mode else None,
        open_files=tuple(name for name, path in named.items() if (at := _status(path)) and at.st_mode & 0o077),
        powers=powers,
        one_role=one_role,
        clock_apart_s=apart_s,
        clock_kept=_clock_kept(),
    )


def _status(path: Path) -> os.stat_result | None:
    with suppress(OSError):
        return path.stat()
    return None


def _clock_kept() -> bool | None:
    """What the kernel says of its clock: whether somebody keeps it. Asked so, adjtimex(2) changes nothing."""
    try:
        said = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(256))
    except (OSError, AttributeError):
        return None
    return None if said < 0 else said != _NOT_SYNCHRONISED
