"""Suppliers that sell under names and at costs of their own, from a float that runs low and is filled again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from opla.core.actor import Actor
from opla.core.catalog import Catalog
from opla.core.money import Money
from opla.core.ports import Kind, Listed, SendRequest
from opla.core.refusal import Refusal
from opla.core.routing import OUT_OF_FLOAT
from opla.core.supply import State
from opla.db.queries import suppliers as queries
from opla.operations import catalogue
from opla.operations.outside import Outside
from opla.operations.shop import Shop
from opla.operations.suppliers import decide, sync
from opla.proving.faults import Fault
from opla.proving.world import Supplier

#: The dearest takes so many thousandths of the face value, in euros; each before it a hundredth less.
_PER_MILLE = 970
_DOLLARS_PER_MILLE = 1085
#: What the owner fills a float up to, for so many orders of this size, and what is found low.
_FULL_FOR, _USUAL_MINOR = 200, 1500
_FILLED_AFTER_S = (300, 4000)


class Seller(Supplier):
    """A supplier of the simulation with a list and a float. `rank` counts from the cheapest, 0."""

    rank = 0
    dearer_per_mille = 0  # so that real suppliers are the cheapest in some shards
    sells: Sequence[Listed] = ()
    left_minor = _FULL_FOR * _USUAL_MINOR
    misnamed = 0  # how often it was asked for what it does not sell
    _is_filled = False

    @property
    def currency(self) -> str:
        return self._takes or "EUR"

    def stock(self, catalog: Catalog) -> None:
        """Everything of the catalogue that is sent somewhere, under names of its own."""
        self.sells = [
            Listed(
                f"{self.name}:{product.sku}",
                product.name,
                product.operator,
                catalog.country,
                product.delivery.value,
                product.currency,
                product.min_minor,
                product.max_minor,
                self._cost(product.min_minor),
                self.currency,
            )
            for product in catalog.products
            if product.delivery.value in (Kind.CODE, Kind.DIRECT) and product.min_minor
        ]

    def products(self, country: str) -> Sequence[Listed] | None:  # noqa: ARG002 - it sells in one
        return None if self._silent() else self.sells

    def float_left(self) -> Money | None:
        return None if self._silent() else Money(self.left_minor, self.currency)

    def _silent(self) -> bool:
        self._boundary(f"ask {self.name}")
        return self.service.is_down or self._faults.strikes(Fault.TIMEOUT_BEFORE_ACTING)

    def _cost(self, face_minor: int) -> int:
        per_mille = _PER_MILLE - 10 * (2 - self.rank) + self.dearer_per_mille
        rate = _DOLLARS_PER_MILLE if self._takes else 1000
        return face_minor * per_mille * rate // 10**6

    def _takes_of_us(self, request: SendRequest) -> int:
        cost_minor = self._cost(request.face.amount_minor)
        self.left_minor -= cost_minor
        return cost_minor

    def _refusal(self, request: SendRequest) -> str:
        if request.sku not in {one.sku for one in self.sells}:
            self.misnamed += 1
            return "product_unknown"
        if self._cost(request.face.amount_minor) > self.left_minor:
            self._fill()
            return OUT_OF_FLOAT
        return super()._refusal(request)

    def _fill(self) -> None:
        """Its owner hears of it, and sends money: that takes minutes, or longer than anybody waits."""
        if self._is_filled:
            return
        self._is_filled = True

        def filled() -> None:
            self.left_minor, self._is_filled = _FULL_FOR * _USUAL_MINOR, False

        self._agenda.after(self._chance.randrange(*_FILLED_AFTER_S), filled)


def open_market(sellers: Sequence[Seller], owner: Actor, *, shop: Shop, outside: Outside, at: datetime) -> None:
    """Their lists are read, and somebody says which of theirs is which of ours."""
    _, catalog = catalogue.active()
    for seller in sellers:
        seller.stock(catalog)
        while isinstance(sync(owner, seller.name, shop=shop, outside=outside, at=at), Refusal):
            pass  # no answer; the owner tries again
        for one in seller.sells:
            ours = one.sku.removeprefix(f"{seller.name}:")
            refused = decide(owner, seller.name, ours, one.sku, State.APPROVED, shop=shop, at=at)
            if refused is not None:
                raise ValueError(f"{one.sku}: {refused}")


def approve_likely(supplier: str, owner: Actor, *, shop: Shop, outside: Outside, at: datetime) -> None:
    """A real supplier's list is read, and somebody finds every proposal to be true."""
    while isinstance(sync(owner, supplier, shop=shop, outside=outside, at=at), Refusal):
        pass  # no answer; the owner tries again
    for one in queries.supplied([supplier]):
        if one.state is State.PROPOSED:
            decide(owner, supplier, one.sku, one.their_sku, State.APPROVED, shop=shop, at=at)
