"""Where the card of an order goes: to a postal address, sealed about its order, or to a place of the shop's own."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from opla.core.address import Address
from opla.core.places import OWN
from opla.core.refusal import Code, Refusal
from opla.db.keyring import Unopenable
from opla.db.queries import cards
from opla.db.queries.cards import To
from opla.operations import places
from opla.operations.shop import Shop

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Going:
    """One of the two: `place` is what a place of ours is called; without either it is forgotten."""

    address: Address | None = field(default=None, repr=False)
    place: str = ""


def collection_places(*, shop: Shop) -> list[tuple[str, str]]:
    """Places of our own by what a form names them, each as it is called: name, street, town."""
    found = [place for place in places.known(sandbox=shop.sandbox) if place.source == OWN]
    return [
        (one.ref, ", ".join(part for part in (one.name, one.street, f"{one.postcode} {one.city}".strip()) if part))
        for one in found
    ]


def at_place(ref: str, *, shop: Shop) -> Going | Refusal:
    """To be collected there."""
    called = dict(collection_places(shop=shop)).get(ref)
    return Going(place=called) if called else Refusal(Code.PLACE_UNKNOWN, "collect_at")


def seal(going: Going, order_id: UUID, *, shop: Shop) -> To:
    if going.address is None:
        return To(going.place, None)
    return To("", shop.keyring.seal(json.dumps(going.address.document).encode(), _about(order_id)))


def opened(to: To | None, order_id: UUID, *, shop: Shop) -> Going:
    """Where it goes, as far as that is still known."""
    if to is None or to.sealed is None:
        return Going(place=to.place if to else "")
    try:
        return Going(Address(**json.loads(shop.keyring.open(to.sealed, _about(order_id)))))
    except Unopenable:
        _log.exception("order %s: the address of its card does not open", order_id)
        return Going()


def of(order_ids: Sequence[UUID], *, shop: Shop) -> dict[UUID, Going]:
    return {key: opened(to, key, shop=shop) for key, to in cards.to_of(order_ids).items()}


def _about(order_id: UUID) -> bytes:
    return b"card to " + order_id.bytes
