"""Card testing where orders are placed and payments tried again: counted exactly, told to a person once an hour."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import pytest

from fakes import CODE, CUSTOMER, DEVICE, DIRECT, World
from opla.core.card_testing import Source
from opla.core.ports import Answer
from opla.core.quote import Quote
from opla.core.refusal import Code, Refusal
from opla.db.queries import items
from opla.db.queries.call import select
from opla.operations.pay_again import pay_again
from opla.operations.place_orders import Placed, Placement, place_orders
from opla.operations.quote_topup import Wanted, quote_topup
from opla.presenting import items as words
from opla.presenting.refusals import sentence
from support import as_owner, at_once

HOME, HOSTEL = "198.51.100.7", "203.0.113.9"
WAIT = Refusal(Code.PAYMENTS_PAUSED, "", {"minutes": "10"})


@dataclass
class Shopper:
    """Somebody on a device, behind an address."""

    world: World
    device: bytes = DEVICE
    address: str = HOME
    email: str = "ana@example.org"

    def quote(self, sku: str = CODE, number: str = "") -> Quote:
        wanted = Wanted("", "", self.email, "en", sku=sku, number=number)
        found = quote_topup(CUSTOMER, wanted, device=self.device, shop=self.world.shop, at=self.world.clock())
        assert isinstance(found, Quote), found
        return found

    def place(self, *quotes: Quote) -> list[Placed | Refusal]:
        placements = [Placement(q.id, q.price.total.amount_minor, "sandbox") for q in quotes]
        return place_orders(
            CUSTOMER, placements, device=self.device, shop=self.world.shop, at=self.world.clock(),
            together=len(quotes) > 1, address=self.address,
        )  # fmt: skip

    def buy(self, sku: str = CODE, number: str = "") -> Placed | Refusal:
        [answer] = self.place(self.quote(sku, number))
        return answer

    def buys_and_fails(self) -> UUID | None:
        """The order whose payment failed; None: it was not let through."""
        answer = self.buy()
        if isinstance(answer, Refusal):
            assert answer.code is Code.PAYMENTS_PAUSED
            return None
        self.world.work()
        self.world.provider.session(-1, Answer.DECLINED, why="refused")
        self.world.wake()
        self.world.work()
        return answer.order_id

    def pay_again(self, order_id: UUID) -> Refusal | None:
        return pay_again(
            CUSTOMER, order_id, shop=self.world.shop, method="sandbox", at=self.world.clock(), device=self.device,
            address=self.address,
        )  # fmt: skip


def noted() -> int:
    [(n,)] = select("SELECT count(DISTINCT payment_id) FROM card_try")
    return int(str(n))


def test_a_card_that_fails_three_times_is_followed_by_one_that_pays(world: World) -> None:
    ana = Shopper(world)
    order_id = ana.buys_and_fails()
    assert order_id is not None
    for _ in range(2):
        assert ana.pay_again(order_id) is None
        world.work()
        world.provider.decide(Answer.DECLINED, why="refused")
        world.wake()
        world.work()
    assert ana.pay_again(order_id) is None
    assert world.items() == []


def test_after_four_failures_neither_a_new_order_nor_another_try_is_let_through_and_after_waiting_both_are(
    world: World,
) -> None:
    ana = Shopper(world)
    failed = [ana.buys_and_fails() for _ in range(4)]
    assert ana.buy() == WAIT
    assert failed[0] is not None
    assert ana.pay_again(failed[0]) == WAIT
    [(payments,)] = select("SELECT count(*) FROM payment")
    assert (payments, noted()) == (4, 4)  # nothing was made, and whoever waits is not counted for it
    world.clock.tick(599)
    assert ana.buy() == WAIT
    world.clock.tick(2)
    assert ana.pay_again(failed[0]) is None
    assert isinstance(ana.buy(), Placed)


def test_a_family_fills_a_basket_and_that_is_one_payment(world: World) -> None:
    ana = Shopper(world)
    for basket in range(2):
        lines = [ana.quote(DIRECT, f"0470123{basket}{n:02d}") for n in range(8)]
        assert all(isinstance(one, Placed) for one in ana.place(*lines))
        world.clock.tick(1801)
    more = [ana.quote(DIRECT, f"04709999{n:02d}") for n in range(8)]
    assert all(isinstance(one, Placed) for one in ana.place(*more))  # twenty-four numbers: as many as in a day
    world.clock.tick(3601)
    assert ana.buy(DIRECT, "0470888888") == Refusal(Code.PAYMENTS_PAUSED, "", {"until": "tomorrow"})
    world.work()


def test_a_basket_that_is_told_to_wait_buys_nothing_of_it(world: World) -> None:
    ana = Shopper(world)
    for _ in range(4):
        ana.buys_and_fails()
    assert ana.place(ana.quote(), ana.quote()) == [WAIT, WAIT]
    [(orders,)] = select("SELECT count(*) FROM orders")
    assert orders == 4


def test_the_same_button_pressed_again_shows_its_order_however_often(world: World) -> None:
    ana = Shopper(world)
    quote = ana.quote()
    [first] = ana.place(quote)
    for _ in range(4):
        ana.buys_and_fails()
    [again] = ana.place(quote)
    assert isinstance(first, Placed)
    assert isinstance(again, Placed)
    assert (again.order_id, again.again) == (first.order_id, True)


def test_a_payment_open_in_another_tab_is_shown_and_not_counted(world: World) -> None:
    ana = Shopper(world)
    failed = ana.buys_and_fails()
    assert failed is not None
    for _ in range(12):
        assert ana.pay_again(failed) is None
    assert noted() == 2


def test_a_price_that_is_over_is_no_try(world: World) -> None:
    ana = Shopper(world)
    quote = ana.quote()
    world.clock.tick(3600)
    for _ in range(12):
        assert ana.place(quote) == [Refusal(Code.QUOTE_EXPIRED, "quote")]
    assert noted() == 0


def test_forty_guests_of_a_hostel_buy_and_a_fraudster_among_them_waits_alone(world: World) -> None:
    for n in range(40):
        world.clock.tick(60)
        assert isinstance(Shopper(world, b"guest %d" % n, HOSTEL, f"guest{n}@example.org").buy(), Placed)
    bad = Shopper(world, b"fraudster", HOSTEL, "bad@example.org")
    assert [bad.buys_and_fails() is None for _ in range(6)] == [False] * 4 + [True] * 2
    assert isinstance(Shopper(world, b"guest 41", HOSTEL, "guest41@example.org").buy(), Placed)


def test_another_home_of_ipv6_is_another_address_and_the_same_home_is_not(world: World) -> None:
    def fails(n: int, address: str) -> bool:
        return Shopper(world, b"d%d" % n, address, f"e{n}@example.org").buys_and_fails() is not None

    assert [fails(n, f"2001:db8:1:2::{n:x}") for n in range(13)] == [True] * 12 + [False]
    assert fails(99, "2001:db8:1:3::1")


def test_many_at_once_are_counted_one_by_one(world: World) -> None:
    ana = Shopper(world)
    quotes = [ana.quote() for _ in range(16)]
    answers = at_once(*[lambda part=part: [ana.place(q)[0] for q in part] for part in (quotes[:8], quotes[8:])])
    let = sum(isinstance(answer, Placed) for part in answers for answer in part)
    assert let == 8


@pytest.mark.parametrize(("address", "waits"), [("", False), ("127.0.0.1", True), ("::1", True)])
def test_a_terminal_is_not_counted_and_this_machines_own_address_is_nobodys(
    world: World, address: str, waits: bool
) -> None:
    ana = Shopper(world, address=address)
    assert [ana.buys_and_fails() is None for _ in range(5)][-1] is waits
    if address:
        assert isinstance(Shopper(world, b"another", address, "bo@example.org").buy(), Placed)
        assert select("SELECT DISTINCT what FROM card_try WHERE what IN ('address', 'network')") == []


def test_a_person_is_told_once_an_hour_with_what_was_seen_and_what_may_be_charged_back(world: World) -> None:
    ana = Shopper(world)
    paid = ana.buy()
    assert isinstance(paid, Placed)
    world.work()
    world.provider.session(0, Answer.SUCCEEDED, 1500)
    world.wake()
    world.work(3)
    for _ in range(4):
        answer = ana.buy(DIRECT, "0470123456")
        assert isinstance(answer, Placed)
        world.work()
        world.provider.session(-1, Answer.DECLINED, why="refused")
        world.wake()
        world.work()
    for _ in range(3):
        assert ana.buy() == WAIT
    [found] = items.open_items()
    assert (found.kind, found.at_risk.amount_minor) == ("card_testing", 1500)
    assert {name: found.params[name] for name in ("source", "payments", "failed", "numbers", "turned_away")} == {
        "source": Source.DEVICE, "payments": "5", "failed": "4", "numbers": "1", "turned_away": "3",
    }  # fmt: skip
    assert paid.ticket in found.params["orders"]
    said = words.why(found)
    assert "One device, today. Payments asked for: 5. Failed: 4." in said
    assert "Told to wait, this hour: 3." in said
    world.clock.tick(3600)
    assert isinstance(ana.buy(), Placed)
    for _ in range(9):
        ana.buys_and_fails()
    assert world.items() == ["card_testing"] * 2  # another hour, another item


def test_an_item_that_a_person_has_seen_is_not_opened_again_in_the_same_hour(world: World) -> None:
    from opla.core.actor import Actor, Role
    from opla.operations.resolve_item import Wanted as Said
    from opla.operations.resolve_item import resolve_item

    ana = Shopper(world)
    for _ in range(6):
        ana.buys_and_fails()
    [found] = items.open_items()
    owner = Actor(Role.OWNER, "test")
    assert resolve_item(owner, found.id, Said("seen", "looked at it"), shop=world.shop, at=world.clock()) == "resolved"
    assert ana.buy() == WAIT
    assert world.items() == []


def test_neither_address_nor_number_is_kept_and_their_digests_for_a_day(world: World) -> None:
    ana = Shopper(world)
    ana.buy(DIRECT, "0470123456")
    with as_owner() as cursor:
        cursor.execute("SELECT t::text FROM card_try t")
        kept = " ".join(str(row) for row in cursor.fetchall())
    for secret in (HOME, "ana@", "470123456", DEVICE.decode(), DEVICE.hex(), HOME.encode().hex()):
        assert secret not in kept
    world.clock.tick(27 * 3600)
    Shopper(world, b"another", HOSTEL, "bo@example.org").buy()
    assert noted() == 1
    world.work()


def test_the_sentence_is_the_same_whichever_limit_it_was(world: World) -> None:
    by_device = Shopper(world, b"one", HOSTEL)
    for _ in range(4):
        by_device.buys_and_fails()
    by_email = [Shopper(world, b"d%d" % n, f"192.0.{n}.1", "eve@example.org") for n in range(6)]
    for one in by_email:
        one.buys_and_fails()
    first, second = by_device.buy(), by_email[5].buy()
    assert first == second == WAIT
    assert "ten minutes" in sentence(WAIT)
