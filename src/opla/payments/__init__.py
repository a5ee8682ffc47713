"""Payment providers, found by their folder, or by an entry point `opla.payments` of an installed package.

Adding one is one folder: `__init__` (NAME, LIVE, build), `provider`, `client`, `mapping`, `config`, MAPPING.md. One
that knows several ways of paying names them in METHODS, and each is a provider of its own: `mollie_bancontact`. The
shop then says what people choose between, and the books tell them apart; the key is the same for all.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from typing import Protocol, cast, runtime_checkable

from opla.core.ports import AccountBook, Charges


class Folder(Protocol):
    """What every payment adapter exports. `LIVE` moves real money, and refuses to run beside the sandbox."""

    NAME: str
    LIVE: bool

    def build(self, config: Mapping[str, str]) -> Charges:
        """Raises ValueError, naming the field, when the owner's settings are not enough."""
        ...


@runtime_checkable
class Several(Folder, Protocol):
    """An adapter of several ways of paying; `build` without one leaves the choice to its own page."""

    METHODS: Sequence[str]

    def build(self, config: Mapping[str, str], method: str = "") -> Charges: ...

    def moves_money(self, config: Mapping[str, str]) -> bool:
        """Whether it is live with these settings: not with a key for trying."""
        ...


@runtime_checkable
class OnOurBook(Folder, Protocol):
    """An adapter that calls nobody: it reads what statements of our own account brought."""

    ON_OUR_BOOK: bool

    def build(self, config: Mapping[str, str], book: AccountBook | None = None) -> Charges: ...


def names() -> list[str]:
    """Every payment adapter there is, in alphabetical order."""
    ours = {found.name for found in pkgutil.iter_modules(__path__) if found.ispkg}
    return sorted(ours | set(entry_points(group=__name__).names))


def folder(name: str) -> Folder:
    """The adapter of this name; ours before an outsider's. Raises LookupError when there is none."""
    return _found(name)[0]


def adapter_of(name: str) -> str:
    """The adapter that a way of paying belongs to, by whose name its settings are called."""
    return folder(name).NAME


def live(name: str, config: Mapping[str, str]) -> bool:
    """Whether it moves real money with these settings. Raises ValueError when they are not enough."""
    found = folder(name)
    return found.moves_money(config) if isinstance(found, Several) else found.LIVE


def build(name: str, config: Mapping[str, str], book: AccountBook | None = None) -> Charges:
    """A working adapter. What else it can do (`Refunds`, `Notifies`) is asked with isinstance."""
    found, method = _found(name)
    if isinstance(found, OnOurBook):
        return found.build(config, book)
    return found.build(config, method) if isinstance(found, Several) else found.build(config)


def _found(name: str) -> tuple[Folder, str]:
    adapter, _, method = name.partition("_")
    if (whole := _folder(name)) is not None:
        return whole, ""
    found = _folder(adapter)
    if isinstance(found, Several) and method in found.METHODS:
        return found, method
    raise LookupError(f"no payment adapter is called {name!r}; there are: {', '.join(names())}")


def _folder(name: str) -> Folder | None:
    if name in {found.name for found in pkgutil.iter_modules(__path__) if found.ispkg}:
        return cast("Folder", importlib.import_module(f"{__name__}.{name}"))
    return next((cast("Folder", point.load()) for point in entry_points(group=__name__, name=name)), None)
