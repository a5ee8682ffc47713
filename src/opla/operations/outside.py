"""The adapters this shop is set up with. Only workers (and what proves the shop) call them, and only from here."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol

from opla import notices, payments, secret_files, suppliers
from opla.core.ledger import CASH, ELSEWHERE, OWN_ACCOUNTS, SHELVES, TERMINAL, VOUCHER
from opla.core.ports import (
    AccountBook,
    CashBook,
    Charges,
    CodeStock,
    Notifies,
    PostsWebhooks,
    Pushes,
    Refunds,
    Sends,
    SendsTexts,
    SlipBook,
    Tells,
    Texts,
    VoucherBook,
)
from opla.counterparts import trying
from opla.notices.endpoints import Endpoints
from opla.operations.shop import Shop

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class SandboxBesideLive(Exception):  # noqa: N818
    """A live adapter was asked for in a shop that stands in the sandbox, or the sandbox in a live one."""


class Outside(Protocol):
    """Everybody a worker may call, by name. A simulation hands in its own."""

    def payment(self, name: str) -> Charges: ...

    def refunds(self, name: str) -> Refunds: ...

    def supplier(self, name: str) -> Sends: ...

    def tells(self) -> Tells: ...

    def pushes(self) -> Pushes: ...

    def webhooks(self) -> PostsWebhooks: ...


class Adapters:
    """The adapters found by their folders, built from the owner's settings; again when those change."""

    def __init__(
        self,
        shop: Shop,
        stock: CodeStock,
        book: AccountBook | None = None,
        drawers: CashBook | None = None,
        slips: SlipBook | None = None,
        vouchers: VoucherBook | None = None,
    ) -> None:
        self._shop = shop
        self._stock = stock
        self._book, self._drawers, self._slips, self._vouchers = book, drawers, slips, vouchers
        self._payments: dict[tuple[str, str], Charges] = {}
        self._suppliers: dict[tuple[str, str], Sends] = {}
        self._tells: dict[tuple[str, str], Tells] = {}
        self._pushes: dict[tuple[str, str], Pushes] = {}

    def payment(self, name: str) -> Charges:
        config, (_, settings) = self._configuration("payments", payments.adapter_of(name))
        key = name, settings
        if key not in self._payments:
            self._may_run(name, live=payments.live(name, config), config=config)
            self._payments[key] = payments.build(name, config, self._book, self._drawers, self._slips, self._vouchers)
        return self._payments[key]

    def refunds(self, name: str) -> Refunds:
        adapter = self.payment(name)
        if not isinstance(adapter, Refunds):
            raise LookupError(f"{name} cannot give money back")  # noqa: TRY004 - an ability, not a type
        return adapter

    def notifies(self, name: str) -> Notifies | None:
        """The adapter as a reader of webhooks, if it is one."""
        adapter = self.payment(name)
        return adapter if isinstance(adapter, Notifies) else None

    def supplier(self, name: str) -> Sends:
        config, key = self._configuration("suppliers", name)
        if key not in self._suppliers:
            self._may_run(name, live=suppliers.live(name, config), config=config)
            self._suppliers[key] = suppliers.build(name, config, self._stock)
        return self._suppliers[key]

    def tells(self) -> Tells:
        name = "sandbox" if self._shop.sandbox else "smtp"
        folder, config, key = notices.folder(name), *self._configuration("notices", name)
        self._may_run(name, live=folder.LIVE)
        if key not in self._tells:
            found = folder.build(config)
            if not isinstance(found, Tells):
                raise LookupError(f"{name} carries no messages")
            self._tells[key] = found
        return self._tells[key]

    def texts(self) -> Texts:
        """Raises ValueError, naming the field, where it is not set up."""
        folder, (config, _) = notices.folder("smpp"), self._configuration("notices", "smpp")
        self._may_run("smpp", live=folder.LIVE)
        found = folder.build(config)
        if not isinstance(found, Texts):
            raise LookupError("smpp carries no texts")  # noqa: TRY004 - an ability, not a type
        return found

    def sends_texts(self) -> SendsTexts | None:
        """None where texts are not set up. Raises ValueError, naming the field, where that is done wrongly."""
        if not texts_go(self._shop):
            return None
        if not self._shop.sandbox:
            return self.texts()
        mailbox = self.tells()
        return mailbox if isinstance(mailbox, SendsTexts) else None

    def pushes(self) -> Pushes:
        name = "sandbox" if self._shop.sandbox else "web_push"
        folder, config, key = notices.folder(name), *self._configuration("notices", name)
        self._may_run(name, live=folder.LIVE)
        if key not in self._pushes:
            own = {"key": f"{self._shop.keyring.push_key:x}"} if folder.LIVE else {}
            found = folder.build({**config, **own})
            if not isinstance(found, Pushes):
                raise LookupError(f"{name} carries nothing to browsers")
            self._pushes[key] = found
        return self._pushes[key]

    def webhooks(self) -> PostsWebhooks:
        return Endpoints(sandbox=self._shop.sandbox)

    def longest_call_s(self) -> int:
        """The most seconds any one call may take: a lease must outlast it."""
        # Who looks after suppliers alone keeps no drawers and no slips.
        ours = {CASH: self._drawers, TERMINAL: self._slips}
        asked = [name for name in self._shop.every_method if name not in ours or ours[name]]
        promises = [self.payment(name).promises for name in asked]
        promises += [self.supplier(name).promises for name in self._shop.routes]
        return max((kept.max_seconds for kept in promises), default=10)

    def _may_run(self, name: str, *, live: bool, config: Mapping[str, str] = _NOTHING) -> None:
        # Our own shelves, account, drawers and vouchers belong to sandbox and live shops alike; everybody else to one.
        if name not in SHELVES | ELSEWHERE | {VOUCHER} and live is self._shop.sandbox:
            raise SandboxBesideLive(f"{name} does not run in a shop whose sandbox is {self._shop.sandbox}")
        if live and any(config.get(url, "").startswith("http://") for url in ("base_url", "auth_url")):
            raise SandboxBesideLive(f"{name} moves real money: it is not called at a stand-in's address")

    def _configuration(self, area: str, name: str) -> tuple[Mapping[str, str], tuple[str, str]]:
        config = configuration(area, name, self._shop.var)
        return config, (name, json.dumps(dict(config), sort_keys=True))


def texts_go(shop: Shop) -> bool:
    """Whether this shop sends text messages: the sandbox's go into its mailbox."""
    return shop.sandbox or bool(configuration("notices", "smpp", shop.var).get("host"))


def configuration(area: str, name: str, var: Path) -> Mapping[str, str]:
    """What the owner filled in, as `OPLA_<AREA>_<NAME>_<FIELD>`; the sandbox says itself where it is, below `var`, and
    is what those are set up with that are only tried (`trying`).

    Raises OSError while the sandbox is not up yet.
    """
    if name == "sandbox":
        folder = var / "sandbox"
        return {
            "base_url": str(json.loads((folder / "address.json").read_text())["url"]),
            "secret": (folder / "secret").read_text().strip(),
        }
    if name in trying.asked(os.environ):
        base = str(json.loads((var / "sandbox" / "address.json").read_text())["url"])
        return trying.settings(name, base, (var / "sandbox" / "secret").read_text().strip())
    prefix = "OPLA_BANK_" if name in OWN_ACCOUNTS else f"OPLA_{area}_{name}_".upper()
    files = {f"{name}_FILE" for name in secret_files.named(os.environ)}
    given = {key: value for key, value in os.environ.items() if key not in files}
    return {key[len(prefix) :].lower(): value for key, value in given.items() if key.startswith(prefix)}
