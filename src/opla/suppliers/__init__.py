"""Suppliers, found by their folder, or by an entry point `opla.suppliers` of an installed package.

Adding one is one folder: `__init__` (NAME, LIVE, build), `provider`, `client`, `mapping`, `config`, MAPPING.md. One
that can be tried without money also says when it moves none: `moves_money`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Protocol, cast, runtime_checkable

from opla.core.ports import CodeStock, Sends


class Folder(Protocol):
    """What every supplier exports. `LIVE` spends real money, and refuses to run beside the sandbox."""

    NAME: str
    LIVE: bool

    def build(self, config: Mapping[str, str], stock: CodeStock, /) -> Sends:
        """`stock` is our own stock of codes. Raises ValueError, naming the field, for settings that are not enough."""
        ...


@runtime_checkable
class Tries(Folder, Protocol):
    """A live adapter that has settings for trying it."""

    def moves_money(self, config: Mapping[str, str]) -> bool:
        """Whether it spends real money with these settings."""
        ...


def names() -> list[str]:
    """Every supplier there is, in alphabetical order."""
    ours = {found.name for found in pkgutil.iter_modules(__path__) if found.ispkg}
    return sorted(ours | set(entry_points(group=__name__).names))


def folder(name: str) -> Folder:
    """The adapter of this name; ours before an outsider's. Raises LookupError when there is none."""
    if name in {found.name for found in pkgutil.iter_modules(__path__) if found.ispkg}:
        return cast("Folder", importlib.import_module(f"{__name__}.{name}"))
    for point in entry_points(group=__name__, name=name):
        return cast("Folder", point.load())
    raise LookupError(f"no supplier is called {name!r}; there are: {', '.join(names())}")


def live(name: str, config: Mapping[str, str]) -> bool:
    """Whether it spends real money with these settings. Raises ValueError when they are not enough."""
    found = folder(name)
    return found.moves_money(config) if isinstance(found, Tries) else found.LIVE


def build(name: str, config: Mapping[str, str], stock: CodeStock) -> Sends:
    """A working supplier. Whether it also `Finds` is asked with isinstance."""
    return folder(name).build(config, stock)
