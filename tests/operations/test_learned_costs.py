"""What a supplier really took is what it costs there, where its list says otherwise or nothing."""

from __future__ import annotations

from fakes import CODE, World
from operations.selling import OWNER, Seller, later, selling
from opla.core.money import Money
from opla.core.ports import Answer, Pin, SendReport, SendRequest
from opla.core.supply import State
from opla.db.queries import suppliers
from opla.db.queries.call import select
from opla.operations import routes
from opla.operations.suppliers import decide


def takes(seller: Seller, cents: int) -> None:
    """What this supplier takes from now on, whatever it lists."""

    def give(request: SendRequest) -> SendReport:
        seller.gave += 1
        return SendReport(
            Answer.SUCCEEDED, f"{seller.prefix}{seller.gave}", cents, Pin(f"{seller.prefix}{seller.gave:09d}")
        )

    seller.give = give  # type: ignore[method-assign]  # of this one


def delivered(world: World) -> str:
    """Who delivers the next order."""
    world.clock.tick(1)
    order_id = world.paid()
    world.work(2)
    assert world.state(order_id) == "delivered"
    [(name,)] = select("SELECT supplier FROM delivery WHERE order_id = %s", [order_id])
    return str(name)


def test_a_commission_that_no_list_explains_is_seen_in_what_was_taken(world: World) -> None:
    sellers = selling(world, {"listed": 1450, "ding": 1500})
    takes(sellers["ding"], 1440)  # its list is before its commission
    takes(sellers["listed"], 1450)
    assert delivered(world) == "listed"  # as far as anybody knows
    sellers["listed"].script.append(sellers["listed"].refuses)
    assert delivered(world) == "ding"
    assert delivered(world) == "ding"  # 14.40 was taken, and that is known now
    takes(sellers["ding"], 1490)
    assert delivered(world) == "ding"
    assert delivered(world) == "listed"  # and what it takes now


def test_what_was_taken_long_ago_or_before_a_person_looked_at_the_list_says_nothing(world: World) -> None:
    sellers = selling(world, {"one": 1450})
    takes(sellers["one"], 1400)
    delivered(world)

    def known() -> list[Money]:
        since = world.clock() - routes.LEARNED_FOR
        return list(suppliers.learned(["one"], [CODE], since).values())

    assert known() == [Money(1400, "EUR")]
    later(world, days=31)
    assert known() == []
    delivered(world)
    assert known() == [Money(1400, "EUR")]
    world.clock.tick(1)
    assert decide(OWNER, "one", CODE, "17-PX", State.APPROVED, shop=world.shop, at=world.clock()) is None
    assert known() == []


def test_what_came_from_our_own_shelf_is_learned_by_nobody(world: World) -> None:
    assert routes.learn(at=world.clock()) == 0
    selling(world, {"one": 1450})
    delivered(world)
    assert routes.learn(at=world.clock()) == 0  # it was learned in the round that delivered it
