"""What nobody answers for any more comes onto the list, and leaves it when it works again."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from fakes import WORKER, Playing, Provider, World, compose
from opla.core.actor import Actor, Role
from opla.core.item import Step
from opla.core.ports import Answer, Message, Sends
from opla.db.queries import items
from opla.db.queries.call import select
from opla.operations.resolve_item import Wanted, offers, resolve_item
from opla.operations.work import work_once

ANA = Actor(Role.OWNER, "ana")


@dataclass
class Missing(Playing):
    """A shop whose supplier, or provider, is no longer set up."""

    supplier_gone: bool = True

    def supplier(self, name: str) -> Sends:
        if self.supplier_gone:
            raise LookupError(name)
        return super().supplier(name)

    def payment(self, name: str) -> Provider:
        if not self.supplier_gone:
            raise LookupError(name)
        return super().payment(name)


def work(world: World, minutes: int, *, supplier_gone: bool = True) -> None:
    for _ in range(minutes):
        work_once(
            worker=WORKER, shop=world.shop, outside=Missing(world, supplier_gone), compose=compose, clock=world.clock
        )
        world.clock.tick(60)


def say(world: World, resolution: str) -> object:
    [found] = items.open_items()
    return resolve_item(ANA, found.id, Wanted(resolution, "I took it out"), shop=world.shop, at=world.clock())


def test_a_supplier_that_stays_gone_is_a_persons_and_leaves_the_list_when_it_is_back(world: World) -> None:
    order_id = world.paid()
    work(world, 10)
    assert world.items() == []  # somebody is only restarting it
    work(world, 10)
    assert world.items() == ["adapter_gone"]
    [found] = items.open_items()
    assert (found.order_id, found.params) == (order_id, {"adapter": "sandbox"})
    world.work()
    assert (world.state(order_id), world.items()) == ("delivered", [])


def test_what_never_left_can_be_called_off_and_goes_back(world: World) -> None:
    order_id = world.paid()
    work(world, 20)
    [found] = items.open_items()
    assert [o.resolution for o in offers(found, shop=world.shop)] == ["not_delivered", "seen"]
    assert say(world, "not_delivered") is Step.RESOLVED
    world.work(2)
    assert (world.state(order_id), world.supplier.asked, world.items()) == ("refunded", [], [])


def test_once_seen_it_does_not_come_back_until_it_is_gone_another_time(world: World) -> None:
    order_id = world.paid()
    world.supplier.script = [world.supplier.accepts]
    work(world, 20)
    assert say(world, "seen") is Step.RESOLVED
    work(world, 30)
    assert world.items() == []
    world.work()  # back, and they have it
    world.clock.tick(60)
    work(world, 25)
    assert (world.state(order_id), world.items()) == ("paid", ["unknown_send", "adapter_gone"])


def test_late_looks_at_what_is_settled_are_nobodys_business(world: World) -> None:
    world.paid()
    world.work(2)
    work(world, 30, supplier_gone=False)
    assert world.items() == []


class Silent:
    """A transport that takes nothing, until it does."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answer = Answer.NOT_SENT
        monkeypatch.setattr(world.mailbox, "tell", self.tell)

    def tell(self, _message: Message) -> Answer:
        return self.answer


def given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> Silent:
    silent = Silent(world, monkeypatch)
    world.paid()
    world.work_through(40 * 3600, step_s=3600)
    for _ in range(8):
        world.clock.tick(24 * 3600)
        world.work()
    assert world.items() == ["message_given_up"]
    return silent


def test_a_message_given_up_is_an_item_and_can_be_sent_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    silent = given_up(world, monkeypatch)
    [found] = items.open_items()
    assert (found.params, found.at_risk.amount_minor, found.state) == ({"topic": "delivered"}, 0, "delivered")
    silent.answer = Answer.SUCCEEDED
    assert say(world, "tell_again") is Step.RESOLVED
    world.work()
    assert select("SELECT count(*) FROM event WHERE name = 'told'") == [(1,)]
    assert world.items() == []


def test_a_message_given_up_can_be_seen(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    given_up(world, monkeypatch)
    assert say(world, "seen") is Step.RESOLVED
    world.work()
    assert world.items() == []


def test_when_the_same_is_told_after_all_the_item_leaves_by_itself(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    silent = given_up(world, monkeypatch)
    from support import by_owner

    silent.answer = Answer.SUCCEEDED
    by_owner("UPDATE outbox SET due_at = %s", [world.clock()])
    world.work()
    assert world.items() == []
