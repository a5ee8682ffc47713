"""Where a browser may be asked whether it wants to be told: beside an order or a reminder that there is."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from django.http import HttpRequest

from opla.core.browser import Fails
from opla.operations import push
from opla.operations import shop as shops
from opla.storefront.context import browser_of


@dataclass(frozen=True)
class Offer:
    """`url` is where a subscription is posted, `key` what the browser makes it with, `tag` how messages name it."""

    url: str
    key: str
    tag: str


def offer(request: HttpRequest, tag: str, url: str) -> Offer | None:
    """None where this shop sends none, or nothing would reach this browser."""
    key = push.public_key(shops.current())
    if not key or Fails.PUSH in browser_of(request).fails:
        return None
    return Offer(url, base64.urlsafe_b64encode(key).decode().rstrip("="), tag)
