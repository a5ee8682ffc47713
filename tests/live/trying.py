"""Where a test of `tests/live` is tried: at a provider's own sandbox, with keys from the environment; at our stand-in.

A key is read from `OPLA_TRY_<NAME>_<FIELD>`, never from the settings of a shop. Without keys a test is skipped by name.
The stand-in is always there, so that the test itself is known to work on the day somebody has keys.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import pytest

from opla.core.money import Money
from opla.core.ports import ChargeRequest
from opla.counterparts.alone import Alone
from opla.counterparts.standins import StandIn

THEIRS: Final = "their sandbox"
SIDES: Final = (THEIRS, "our stand-in")
EUR15: Final = Money(1500, "EUR")

Config = Mapping[str, str]


def keys(name: str, fields: Sequence[str], fixed: Config, moves_money: Callable[[Config], bool]) -> Config:
    """The keys for trying this provider; the test is skipped without them. A live one is refused by its name."""
    names = {field: f"OPLA_TRY_{name}_{field}".upper() for field in fields}
    if missing := [variable for variable in names.values() if not os.environ.get(variable)]:
        pytest.skip(f"no sandbox of {name} here: {', '.join(missing)} not set")
    given = {**fixed, **{field: os.environ[variable] for field, variable in names.items()}}
    if moves_money(given):
        pytest.fail(f"{', '.join(names.values())}: a live key, which moves money. Nothing was sent.", pytrace=False)
    return given


@contextmanager
def standing(machine: StandIn) -> Iterator[str]:
    """The stand-in's address."""
    alone = Alone(machine)
    try:
        yield alone.url
    finally:
        alone.stop()


def reference() -> str:
    return secrets.token_hex(16)


def charge(reference: str) -> ChargeRequest:
    """15 euros that nobody pays; their webhook leads nowhere."""
    shop = "https://shop.example.org"
    return ChargeRequest(reference, EUR15, "Opla, a try", "nl", f"{shop}/pay/return/x/", f"{shop}/hooks/payments/x/")
