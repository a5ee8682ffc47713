"""Trying real adapters before there are keys: the owner names them in `OPLA_TRY`, and the stand-ins answer.

`OPLA_TRY="mollie reloadly" ./opla up`: the adapters are the true ones; their keys are made here, for trying only, and
their address is that of the counterparts process on this machine. A live shop refuses it.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

PAYMENTS: Final = ("mollie", "stripe", "paypal")
SUPPLIERS: Final = ("reloadly", "ding", "dtone")
SETTING: Final = "OPLA_TRY"
#: Where a stand-in is found below the address of the counterparts.
PREFIX: Final = "/try/"
_NUMBER: Final = "+32470123456"


def asked(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Whose stand-ins are to answer; nobody's without the setting."""
    return tuple(dict.fromkeys(environ.get(SETTING, "").split()))


def problem(environ: Mapping[str, str]) -> str:
    """Why what was asked for cannot be: a sentence; empty when it can."""
    names = asked(environ)
    if not names:
        return ""
    if environ.get("OPLA_SANDBOX", "1") != "1":
        return f"{SETTING} is for trying, and this is a live shop: stand-ins do not run in it."
    for name in names:
        if name not in PAYMENTS + SUPPLIERS:
            return f"{SETTING}: nobody stands in for {name}; there are {', '.join(PAYMENTS + SUPPLIERS)}."
        own = f"OPLA_{'PAYMENTS' if name in PAYMENTS else 'SUPPLIERS'}_{name}_".upper()
        if any(key.startswith(own) for key in environ):
            return f"{name} has settings of its own ({own}…): take them away, or take {name} out of {SETTING}."
    return ""


def methods(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The ways of paying: those named, and of whoever is tried and has none named, its own page."""
    named = environ.get("OPLA_PAYMENT_METHODS", "").split()
    adapters = {name.partition("_")[0] for name in named}
    return (*named, *(name for name in asked(environ) if name in PAYMENTS and name not in adapters))


def suppliers(environ: Mapping[str, str]) -> tuple[str, ...]:
    named = environ.get("OPLA_SUPPLIERS", "").split()
    return (*named, *(name for name in asked(environ) if name in SUPPLIERS and name not in named))


def settings(name: str, base: str, secret: str) -> Mapping[str, str]:
    """What the owner of a real account would fill in, for the stand-in below `base`. Every key is one for trying."""
    url, key, more = f"{base}{PREFIX}{name}", _key(secret, name), _key(secret, f"{name} 2")
    theirs: Mapping[str, Mapping[str, str]] = {
        "mollie": {"key": f"test_{key}"},
        "stripe": {"key": f"sk_test_{key}"},
        "paypal": {"client": key, "secret": more, "mode": "sandbox"},
        "reloadly": {"client_id": key, "client_secret": more, "sandbox": "1", "number": _NUMBER, "auth_url": url},
        "ding": {"key": key, "number": _NUMBER, "uat": "1"},
        "dtone": {"key": key, "secret": more, "sandbox": "1"},
    }
    return {**theirs[name], "base_url": url}


def _key(secret: str, name: str) -> str:
    return hmac.new(secret.encode(), f"try {name}".encode(), sha256).hexdigest()[:32]
