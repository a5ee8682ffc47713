"""Three people at the shop's door: the owner of an order, a colleague on another device, and a stranger."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from fakes import World


@dataclass
class Seen:
    """One page as somebody saw it."""

    status: int
    html: str
    where: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What stands on the page, without markup, spaces folded."""
        bare = re.sub(r"<(script|style|svg)\b.*?</\1>|<[^>]+>", " ", self.html, flags=re.DOTALL)
        return re.sub(r"[ \n\u00a0]+", " ", unescape(bare)).strip()

    @property
    def title(self) -> str:
        found = re.search(r"<title>(.*?)</title>", self.html, re.DOTALL)
        return unescape(found.group(1)) if found else ""

    def value(self, name: str) -> str:
        """What stands in a field."""
        found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', self.html)
        return unescape(found.group(1)) if found else ""

    def error(self, name: str) -> str:
        """The sentence beside a field, tied to it for those who cannot see it."""
        found = re.search(rf'id="{name}-error">([^<]*)<', self.html)
        if not found:
            return ""
        assert re.search(
            rf'<input[^>]*name="{name}"[^>]*aria-describedby="[^"]*{name}-error[^>]*aria-invalid', self.html
        )
        return unescape(found.group(1))


def looked() -> dict[str, str]:
    """What a form carries that somebody looked at for ten seconds (`storefront.patience`)."""
    from opla.storefront import patience, visit

    return {patience.SHOWN: patience.token(visit.now() - timedelta(seconds=10))}


class Visitor:
    """A browser without JavaScript: follows redirects, keeps its cookies."""

    def __init__(self, device: bytes | None = None, language: str = "en", *, checks_forms: bool = False) -> None:
        from django.test import Client

        self.client = Client(
            enforce_csrf_checks=checks_forms, SERVER_NAME="127.0.0.1", HTTP_ACCEPT_LANGUAGE=language,
            raise_request_exception=True,
        )  # fmt: skip
        if device is not None:
            self.client.cookies["opla_device"] = base64.urlsafe_b64encode(device).decode().rstrip("=")

    def get(self, path: str, *, follow: bool = True, **headers: str) -> Seen:
        return self._seen(self.client.get(path, follow=follow, headers=headers or None), path)

    def post(self, path: str, typed: dict[str, str] | None = None, *, follow: bool = True, **headers: str) -> Seen:
        sent = {**looked(), **(typed or {})}
        return self._seen(self.client.post(path, sent, follow=follow, headers=headers or None), path)

    def _seen(self, response: Any, path: str) -> Seen:
        chain = getattr(response, "redirect_chain", [])
        where = chain[-1][0] if chain else path
        html = response.getvalue().decode(errors="replace" if response.streaming else "strict")
        return Seen(response.status_code, html, urlsplit(where).path, dict(response.items()))


@dataclass
class Door:
    """The shop as people see it, over a world played by the test."""

    world: World
    owner: Visitor
    colleague: Visitor
    stranger: Visitor

    def link(self, order_id: object) -> str:
        """The order's page."""
        from uuid import UUID

        from opla.operations.links import link_of

        return f"/o/{link_of(UUID(str(order_id)), self.world.shop.keyring)}/"

    def delivered(self, sku: str = "PX-15", *, language: str = "en") -> str:
        """A delivered order's page."""
        order_id = self.world.paid(sku, language=language)
        self.world.work(3)
        assert self.world.state(order_id) == "delivered"
        return self.link(order_id)


@pytest.fixture
def door(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    from django.utils import translation

    from fakes import ANOTHER_DEVICE, DEVICE
    from opla.operations import shop, wake

    monkeypatch.setattr(shop, "current", lambda: world.shop)
    monkeypatch.setattr(wake, "current", lambda: world.shop)
    monkeypatch.setattr("django.utils.timezone.now", world.clock)
    counterparts = world.shop.var / "sandbox"
    counterparts.mkdir(exist_ok=True)
    (counterparts / "address.json").write_text('{"url": "http://127.0.0.1:9"}')
    (counterparts / "secret").write_text("of a test")
    world.clock.now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    yield Door(world, Visitor(DEVICE), Visitor(ANOTHER_DEVICE), Visitor())
    translation.activate("en")
