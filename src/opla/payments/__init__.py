"""Payment providers, found by their folder, or by an entry point `opla.payments` of an installed package.

Adding one is one folder: `__init__` (NAME, LIVE, build), `provider`, `client`, `mapping`, `config`, MAPPING.md.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Protocol, cast

from opla.core.ports import Charges


class Folder(Protocol):
    """What every payment adapter exports. `LIVE` moves real money, and refuses to run beside the sandbox."""

    NAME: str
    LIVE: bool

    def build(self, config: Mapping[str, str]) -> Charges:
        """Raises ValueError, naming the field, when the owner's settings are not enough."""
        ...


def names() -> list[str]:
    """Every payment adapter there is, in alphabetical order."""
    ours = {found.name for found in pkgutil.iter_modules(__path__) if found.ispkg}
    return sorted(ours | set(entry_points(group=__name__).names))


def folder(name: str) -> Folder:
    """The adapter of this name; ours before an outsider's. Raises LookupError when there is none."""
    if name in {found.name for found in pkgutil.iter_modules(__path__) if found.ispkg}:
        return cast("Folder", importlib.import_module(f"{__name__}.{name}"))
    for point in entry_points(group=__name__, name=name):
        return cast("Folder", point.load())
    raise LookupError(f"no payment adapter is called {name!r}; there are: {', '.join(names())}")


def build(name: str, config: Mapping[str, str]) -> Charges:
    """A working adapter. What else it can do (`Refunds`, `Notifies`) is asked with isinstance."""
    return folder(name).build(config)
