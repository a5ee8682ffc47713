"""Who is here, at which shop, when: what every view starts from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone

from opla.accounts.address import address_of
from opla.accounts.device import customer, device_of, ensured
from opla.core.actor import Actor
from opla.operations import shop as shops
from opla.operations.links import device_hash
from opla.operations.shop import Shop


@dataclass(frozen=True)
class Visit:
    """One request. `device` is empty for somebody who has never asked for a price here."""

    shop: Shop
    actor: Actor
    at: datetime
    device: bytes = field(repr=False)
    address: str = field(repr=False)

    @property
    def device_hash(self) -> bytes:
        return device_hash(self.device)


def now() -> datetime:
    return timezone.now()


def visit(request: HttpRequest) -> Visit:
    device = device_of(request)
    return Visit(shops.current(), customer(device), now(), device, address_of(request))


def visit_with_device(request: HttpRequest) -> Visit:
    """As `visit`, with a device secret made now where there is none; the caller puts it on the answer."""
    shop = shops.current()
    device = ensured(request, shop.chance)
    return Visit(shop, customer(device), now(), device, address_of(request))
