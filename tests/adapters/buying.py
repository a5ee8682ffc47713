"""A purchase through a provider's own world, from the price to the money back: for tests of one adapter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol
from uuid import UUID

from adapters.worlds import Counterparts
from fakes import CUSTOMER, DEVICE, World, compose, pushing
from opla.core.ports import Charges, Notifies
from opla.operations.place_orders import Placed, Placement, place_orders
from opla.operations.wake import wake_payment
from opla.operations.work import work_once


class Provider(Protocol):
    """A payment world whose clock is that of the counterparts."""

    other: Counterparts

    @property
    def adapter(self) -> Charges: ...

    def webhook(self, provider_id: str) -> tuple[Mapping[str, str], bytes]: ...


class Buying:
    """An order whose customer stands at the provider's page. `way` is the way of paying, by its registered name."""

    def __init__(self, world: World, provider: Provider, way: str) -> None:
        self.world, self._provider, self._way = world, provider, way
        world.shop = replace(world.shop, payment_methods=(way,))
        quote = world.quote()
        asked = [Placement(quote.id, quote.price.total.amount_minor, way)]
        [placed] = place_orders(CUSTOMER, asked, device=DEVICE, shop=world.shop, at=world.clock())
        assert isinstance(placed, Placed)
        self.order_id = placed.order_id
        self.work()

    # Whoever a worker may call: the world's own, with this provider as whom people pay at.

    def payment(self, _name: str) -> object:
        return self._provider.adapter

    refunds = payment

    def supplier(self, _name: str) -> object:
        return self.world.supplier

    def tells(self) -> object:
        return self.world.mailbox

    def pushes(self) -> object:
        return self.world.push_service

    def webhooks(self) -> object:
        return self.world.push_service

    def work(self, rounds: int = 1) -> None:
        for _ in range(rounds):
            work_once(
                worker=UUID(int=1), shop=self.world.shop, outside=self, compose=compose,  # type: ignore[arg-type]
                clock=self.world.clock, width=50, words=pushing,
            )  # fmt: skip

    def told(self, provider_id: str) -> None:
        """Their webhook arrives, and whoever it names is asked about."""
        adapter = self._provider.adapter
        assert isinstance(adapter, Notifies)
        wake_payment(self._way, adapter.woken(*self._provider.webhook(provider_id)), at=self.world.clock())
        self.work(3)

    def later(self, seconds: float) -> None:
        """For us and for them."""
        self.world.clock.tick(seconds)
        self._provider.other.pass_s(seconds)
        self.work(3)

    @property
    def state(self) -> str:
        return self.world.state(self.order_id)

    @property
    def left_with_them_minor(self) -> int:
        return self.world.balance(f"psp_clearing:{self._way}:EUR")
