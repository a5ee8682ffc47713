"""Suppliers with lists and floats of their own, for tests of who is asked."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

from fakes import CODE, DIRECT, Supplier, World
from opla.core.actor import Actor, Role
from opla.core.money import Money
from opla.core.ports import Kind, Listed, SendReport, SendRequest
from opla.core.supply import State
from opla.operations.suppliers import decide, sync

OWNER = Actor(Role.OWNER, "ana")
THEIRS = {CODE: "17-PX", DIRECT: "42-MV"}


def listed(sku: str = "17-PX", cost_minor: int | None = 1400, **other: object) -> Listed:
    """Fifteen euros of Proximus as a code, or what `other` says."""
    base = Listed(sku, "PIN 15 EUR", "Proximus Belgium", "BE", Kind.CODE, "EUR", 1500, 1500, cost_minor, "EUR")
    return replace(base, **other)  # type: ignore[arg-type]  # fields of a dataclass


@dataclass
class Seller(Supplier):
    """A supplier that sells under its own names, and says what it sells and what of ours lies there."""

    sells: list[Listed] | None = field(default_factory=list)
    left: Money | None = None
    skus: list[str] = field(default_factory=list)  # as they were asked for
    looked: int = 0

    def send(self, request: SendRequest) -> SendReport:
        self.skus.append(request.sku)
        return super().send(request)

    def products(self, country: str) -> list[Listed] | None:
        return self.sells

    def float_left(self) -> Money | None:
        self.looked += 1
        return self.left


def selling(world: World, costs: dict[str, int | None], *, approved: bool = True) -> dict[str, Seller]:
    """A shop with these suppliers and no other, each selling the code and the credit of the tests at its cost."""
    sellers = {
        name: Seller(
            prefix=str(n + 7) * 4,
            sells=[
                listed(cost_minor=cost),
                listed("42-MV", cost, name="Top-up", operator="Mobile Vikings", kind=Kind.DIRECT),
            ],
        )
        for n, (name, cost) in enumerate(costs.items())
    }
    world.others.update(sellers)
    world.shop = replace(world.shop, routes=tuple(costs), mapped=frozenset(costs))
    for name in costs:
        sync(OWNER, name, shop=world.shop, outside=playing(world), at=world.clock())
        for sku, theirs in THEIRS.items() if approved else ():
            assert decide(OWNER, name, sku, theirs, State.APPROVED, shop=world.shop, at=world.clock()) is None
    return sellers


def playing(world: World) -> object:
    from fakes import Playing

    return Playing(world)


def later(world: World, **passed: float) -> None:
    world.clock.now += timedelta(**passed)
