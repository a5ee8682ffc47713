"""Whose number it is: asked of suppliers by a worker, kept for a day, and never with the number."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from fakes import START, Supplier, World
from opla.core.ports import LookedUp
from opla.db.queries.call import select
from opla.operations import limits, look_up
from opla.operations.look_up import Found

NUMBER = "+32470123456"
HERE = "203.0.113.7"


@dataclass
class Knowing(Supplier):
    """A supplier that knows whose numbers these are."""

    knows: dict[str, LookedUp] = field(default_factory=dict)
    looked: list[str] = field(default_factory=list)

    def look_up(self, number: str) -> LookedUp | None:
        self.looked.append(number)
        return self.knows.get(number)


@pytest.fixture
def knowing(world: World) -> Knowing:
    world.supplier = Knowing(knows={NUMBER: LookedUp("Lycamobile Belgium", "BE")})
    return world.supplier


def ask(world: World, number: str = NUMBER, address: str = HERE) -> None:
    look_up.ask(number, address=address, shop=world.shop, at=world.clock())


def found(world: World, number: str = NUMBER) -> Found:
    return look_up.found(number, shop=world.shop, at=world.clock())


def said(world: World, number: str = NUMBER) -> str:
    operator = found(world, number).operator
    return operator.id if operator else ""


def test_a_page_waits_until_a_worker_has_asked(world: World, knowing: Knowing) -> None:
    assert found(world) == Found(waiting=False)
    ask(world)
    assert found(world) == Found(waiting=True)
    world.work()
    assert (found(world).waiting, said(world), knowing.looked) == (False, "lycamobile", [NUMBER])
    world.work(2)
    ask(world)
    assert knowing.looked == [NUMBER]  # known for a day


def test_a_page_does_not_wait_for_ever_and_shows_what_comes_late(world: World, knowing: Knowing) -> None:
    ask(world)
    world.clock.tick(7)
    assert found(world) == Found(waiting=False)
    world.work()
    assert said(world) == "lycamobile"


def test_nobody_is_asked_for_what_nobody_waits_for_any_more(world: World, knowing: Knowing) -> None:
    ask(world)
    world.clock.tick(61)
    world.work(2)
    assert knowing.looked == []


def test_after_a_day_it_is_forgotten_and_asked_anew(world: World, knowing: Knowing) -> None:
    ask(world)
    world.work()
    world.clock.now = START + timedelta(days=1, seconds=1)
    assert found(world) == Found(waiting=False)
    look_up.forget(at=world.clock())
    assert select("SELECT count(*) FROM number_look_up") == [(0,)]
    ask(world)
    world.work()
    assert knowing.looked == [NUMBER, NUMBER]


def test_the_number_lies_nowhere_in_the_clear_and_is_gone_when_it_was_asked_for(world: World, knowing: Knowing) -> None:
    ask(world)
    row = select("SELECT digest, sealed FROM number_look_up")[0]
    assert all(b"470123456" not in bytes(cell) for cell in row if isinstance(cell, (bytes, memoryview)))
    world.work()
    assert select("SELECT sealed FROM number_look_up") == [(None,)]


@pytest.mark.parametrize(
    ("told", "operator"),
    [
        (LookedUp("Lycamobile", "BE"), "lycamobile"),
        (LookedUp("lycamobile", "BE"), "lycamobile"),  # our own name for it
        (LookedUp("Proximus Belgium Bundles", "BE"), "proximus"),
        (LookedUp("Proximus", "FR"), ""),  # of another country
        (LookedUp("Somebody", "BE"), ""),
        (None, ""),
    ],
)
def test_what_they_call_it_is_ours_or_nothing(
    world: World, knowing: Knowing, told: LookedUp | None, operator: str
) -> None:
    knowing.knows = {NUMBER: told} if told else {}
    ask(world)
    world.work()
    assert (found(world).waiting, said(world)) == (False, operator)


def test_a_supplier_that_breaks_says_nothing_and_one_that_cannot_is_passed_over(world: World, knowing: Knowing) -> None:
    def breaks(_number: str) -> LookedUp | None:
        raise RuntimeError("a bug")

    world.others["one"] = Supplier()
    broken = Knowing()
    broken.look_up = breaks  # type: ignore[method-assign]  # of this one
    world.others["two"] = broken
    world.shop = replace(world.shop, routes=("code_stock", "one", "two", "sandbox"))
    ask(world)
    world.work()
    assert said(world) == "lycamobile"


def test_where_only_our_own_shelf_delivers_nobody_is_asked(world: World, knowing: Knowing) -> None:
    world.shop = replace(world.shop, routes=("code_stock",))
    ask(world)
    assert found(world) == Found(waiting=False)


def test_who_asks_for_number_after_number_is_told_nothing_more(world: World, knowing: Knowing) -> None:
    for n in range(limits.LOOK_UPS.most + 3):
        ask(world, f"+3247012{n:04d}")
    assert select("SELECT count(*) FROM number_look_up") == [(limits.LOOK_UPS.most,)]
    ask(world, NUMBER, address="198.51.100.1")
    assert found(world).waiting
