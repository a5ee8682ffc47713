"""Payment providers, found by their folder, or by an entry point `opla.payments` of an installed package.

Adding one is one folder: `__init__` (NAME, LIVE, build), `provider`, `client`, `mapping`, `config`, MAPPING.md. One
that knows several ways of paying names them in METHODS, and each is a provider of its own: `mollie_bancontact`. The
shop then says what people choose between, and the books tell them apart; the key is the same for all.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from importlib.metadata import entry_points
from typing import Protocol, cast, runtime_checkable

from opla.core.ports import AccountBook, CashBook, Charges, SlipBook, VoucherBook


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
class Keeps(Folder, Protocol):
    """An adapter that keeps consent for later charges (`ChargesAgain`): with which ways of paying, as the provider
    calls them. One without METHODS names itself."""

    KEEPS: Collection[str]


@runtime_checkable
class Translates(Keeps, Protocol):
    """What its METHODS are called at the provider."""

    METHOD: Mapping[str, str]


@runtime_checkable
class OnOurBook(Folder, Protocol):
    """An adapter that calls nobody: it reads what statements of our own account brought."""

    ON_OUR_BOOK: bool

    def build(self, config: Mapping[str, str], book: AccountBook | None = None) -> Charges: ...


@runtime_checkable
class AtOurCounter(Folder, Protocol):
    """The same of money that is taken over a counter of ours."""

    AT_OUR_COUNTER: bool

    def build(self, config: Mapping[str, str], drawers: CashBook | None = None) -> Charges: ...


@runtime_checkable
class ReadByClerks(Folder, Protocol):
    """The same of money that a machine took which nobody here can ask."""

    READ_BY_CLERKS: bool

    def build(self, config: Mapping[str, str], slips: SlipBook | None = None) -> Charges: ...


@runtime_checkable
class ByOurVouchers(Folder, Protocol):
    """The same of vouchers that we sold."""

    BY_OUR_VOUCHERS: bool

    def build(self, config: Mapping[str, str], vouchers: VoucherBook | None = None) -> Charges: ...


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


def ways(adapter: str) -> list[str]:
    """All ways of paying of one adapter, its own page with a choice among them: they are paid out together."""
    found = folder(adapter)
    return (
        [found.NAME, *(f"{found.NAME}_{method}" for method in found.METHODS)]
        if isinstance(found, Several)
        else [found.NAME]
    )


def live(name: str, config: Mapping[str, str]) -> bool:
    """Whether it moves real money with these settings. Raises ValueError when they are not enough."""
    found = folder(name)
    return found.moves_money(config) if isinstance(found, Several) else found.LIVE


def keeps(name: str) -> bool:
    """Whether a payment made this way can keep consent for later ones. False for a name that nobody has."""
    try:
        found, method = _found(name)
    except LookupError:
        return False
    if not isinstance(found, Keeps) or not found.KEEPS:
        return False
    # Where people choose on the provider's page, they may choose one that keeps it; if not, they are told.
    return not method or (isinstance(found, Translates) and found.METHOD[method] in found.KEEPS)


def build(
    name: str,
    config: Mapping[str, str],
    book: AccountBook | None = None,
    drawers: CashBook | None = None,
    slips: SlipBook | None = None,
    vouchers: VoucherBook | None = None,
) -> Charges:
    """A working adapter. What else it can do (`Refunds`, `Notifies`) is asked with isinstance."""
    found, method = _found(name)
    if isinstance(found, AtOurCounter):
        return found.build(config, drawers)
    if isinstance(found, ReadByClerks):
        return found.build(config, slips)
    if isinstance(found, ByOurVouchers):
        return found.build(config, vouchers)
    if isinstance(found, OnOurBook):
        return found.build(config, book)
    return found.build(config, method) if isinstance(found, Several) else found.build(config)


def calls_somebody(name: str) -> bool:
    """Whether anybody outside is asked; not where we read what we wrote ourselves. LookupError as `folder` raises."""
    return not isinstance(folder(name), OnOurBook | AtOurCounter | ReadByClerks | ByOurVouchers)


def _found(name: str) -> tuple[Folder, str]:
    adapter, _, method = name.partition("_")
    if (whole := _folder(name)) is not None:
        return whole, ""
    found = _folder(adapter)
    if isinstance(found, Several) and method in found.METHODS:
        return found, method
    raise LookupError(f"no payment adapter is called {name!r}; there are: {', '.join(names())}")


@cache
def _folder(name: str) -> Folder | None:
    """Looked for once: what is installed beside us stays as it is while we run, and looking reads many files."""
    if name in {found.name for found in pkgutil.iter_modules(__path__) if found.ispkg}:
        return cast("Folder", importlib.import_module(f"{__name__}.{name}"))
    return next((cast("Folder", point.load()) for point in entry_points(group=__name__, name=name)), None)
