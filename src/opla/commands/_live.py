"""What `doctor --live` asks outside: everybody at once, so that it takes as long as the slowest of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from opla import notices, payments, suppliers
from opla.commands import VAR
from opla.core.ports import Tells
from opla.counterparts import trying
from opla.db import glance, keyring
from opla.operations import try_adapters, try_clock
from opla.operations.outside import configuration
from opla.operations.try_adapters import Tried
from opla.operations.try_address import public_address

Finding = tuple[bool, str]
#: They carry messages too, to phones.
_TEXTS = frozenset({"smpp"})


def findings(dsn: str) -> Iterator[Finding]:
    """`dsn` is the database, as the shop."""
    sandbox = os.environ.get("OPLA_SANDBOX", "1") == "1"
    url = os.environ.get("OPLA_URL", "").rstrip("/")
    asks = list(_adapters(glance.machines(dsn)))
    with ThreadPoolExecutor(len(asks) + 1) as pool:
        address = pool.submit(public_address, url, _signing_key(), sandbox=sandbox)
        tried = list(pool.map(lambda ask: ask(), asks))
    for one in tried:
        yield from one.findings
    yield from address.result().findings
    yield _database_clock(dsn)
    heard = [one.heard[-1] for one in tried if one.heard]
    own = address.result().heard
    beside = [found for one in (*heard, own) if one and (found := try_clock.heard_beside_s(one)) is not None]
    if beside:
        # One that is wrong is theirs, all that are wrong are ours: what the middle one says counts.
        whose = (
            "those who answered" if len(beside) > 1 or not own else f"that of {url}, which may be this machine's own"
        )
        yield try_clock.sentence(whose, sorted(beside)[len(beside) // 2])
    else:
        yield True, "nobody who answered said the time, so this machine's clock was held against the database's alone"
    yield _missing(dsn, sandbox=sandbox)


def _signing_key() -> str:
    """Empty where this shop has no keys yet: looking makes none."""
    return keyring.load(VAR).signing_key if keyring.place(VAR).exists() else ""


def _adapters(machines: Sequence[tuple[str, str]] = ()) -> Iterator[Callable[[], Tried]]:
    """Those whose settings are enough. What is wrong with the settings of the others was said before."""
    ways: dict[str, list[str]] = {}
    for name in os.environ.get("OPLA_PAYMENT_METHODS", "").split():
        if _payment_is_live(name) is not None and payments.calls_somebody(name):
            ways.setdefault(payments.adapter_of(name), []).append(name)
    for adapter, names in ways.items():
        yield partial(try_adapters.payment, names, configuration("payments", adapter, VAR))
        for name in names:
            if ids := [their_id for method, their_id in machines if method == name]:
                yield partial(try_adapters.machines, name, ids, configuration("payments", adapter, VAR))
    for name, given in _suppliers():
        if _supplier_is_live(name, given) is not None:
            yield partial(try_adapters.supplier, name, given)


def _suppliers() -> Iterator[tuple[str, Mapping[str, str]]]:
    for name in suppliers.names():
        if name not in {"sandbox", *trying.asked(os.environ)} and (given := configuration("suppliers", name, VAR)):
            yield name, given


def _payment_is_live(name: str) -> bool | None:
    """None where the settings are not enough, or nobody is called so; the sandbox's own payment is no outside."""
    if name == "sandbox":
        return None
    try:
        if payments.adapter_of(name) in trying.asked(os.environ):
            return None
        return payments.live(name, configuration("payments", payments.adapter_of(name), VAR))
    except (LookupError, ValueError):
        return None


def _supplier_is_live(name: str, given: Mapping[str, str]) -> bool | None:
    try:
        return suppliers.live(name, given)
    except ValueError:
        return None


def _database_clock(dsn: str) -> Finding:
    asked_s = time.time()
    told = glance.clock(dsn)
    return try_clock.sentence("the database's", try_clock.database_beside_s(asked_s, time.time(), told))


def _missing(dsn: str, *, sandbox: bool) -> Finding:
    missing = []
    if not any(_payment_is_live(name) for name in os.environ.get("OPLA_PAYMENT_METHODS", "").split()):
        missing.append("a way of being paid with real money")
    if not any(_supplier_is_live(name, given) for name, given in _suppliers()) and not (
        not sandbox and glance.has_codes(dsn)
    ):
        missing.append("a live supplier or codes of your own")
    if not any(map(_carries_mail, notices.names())):
        missing.append("real e-mail")
    if not missing:
        return True, "there is a way of being paid, something to deliver, and real e-mail"
    rest = "; a sandbox may leave it so" if sandbox else ""
    return sandbox, f"missing before this shop can open: {', '.join(missing)}{rest}"


def _carries_mail(name: str) -> bool:
    """Whether it reaches real people by e-mail with the owner's settings."""
    if name in _TEXTS or not (folder := notices.folder(name)).LIVE:
        return False
    try:
        return isinstance(folder.build(configuration("notices", name, VAR)), Tells)
    except ValueError:
        return False
