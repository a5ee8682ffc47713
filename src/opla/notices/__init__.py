"""What carries a message to a person, found by its folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Protocol, cast

from opla.core.ports import Pushes, Tells


class Folder(Protocol):
    """What every transport exports. `LIVE` reaches real people, and refuses to run beside the sandbox."""

    NAME: str
    LIVE: bool

    def build(self, config: Mapping[str, str]) -> Tells | Pushes:
        """What carries messages, or short ones to browsers, or both.

        Raises ValueError, naming the field, when the owner's settings are not enough.
        """
        ...


def names() -> list[str]:
    """Every transport there is, in alphabetical order."""
    return sorted(found.name for found in pkgutil.iter_modules(__path__) if found.ispkg)


def folder(name: str) -> Folder:
    """The transport of this name. Raises LookupError when there is none."""
    if name not in names():
        raise LookupError(f"no transport is called {name!r}; there are: {', '.join(names())}")
    return cast("Folder", importlib.import_module(f"{__name__}.{name}"))


def build(name: str, config: Mapping[str, str]) -> Tells | Pushes:
    return folder(name).build(config)
