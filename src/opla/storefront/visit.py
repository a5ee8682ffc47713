"""Who is here, at which shop, when: what every view starts from."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest
from django.utils import timezone

from opla.accounts.address import address_of
from opla.accounts.customer import account, customer_of
from opla.accounts.device import customer, device_of, ensured
from opla.core.actor import Actor
from opla.db.models import Customer
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
    customer: Customer | None = None  # who signed in, where somebody did

    @property
    def customer_id(self) -> UUID | None:
        return self.customer.pk if self.customer else None

    @property
    def device_hash(self) -> bytes:
        return device_hash(self.device)


def now() -> datetime:
    return timezone.now()


def visit(request: HttpRequest) -> Visit:
    return _visit(request, shops.current(), device_of(request))


def visit_with_device(request: HttpRequest) -> Visit:
    """As `visit`, with a device secret made now where there is none; the caller puts it on the answer."""
    shop = shops.current()
    return _visit(request, shop, ensured(request, shop.chance))


def _visit(request: HttpRequest, shop: Shop, device: bytes) -> Visit:
    signed_in = customer_of(request)
    # Events and reveals name the account where there is one: it says more than one of its devices.
    actor = account(signed_in) if signed_in else customer(device)
    return Visit(shop, actor, now(), device, address_of(request), signed_in)
