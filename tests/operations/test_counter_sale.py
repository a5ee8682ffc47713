"""What a clerk sells at a till: one press, one commit, one number; and its way back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from fakes import CODE, DIRECT, NUMBER, World
from operations.test_cash import OWNER, TILL, counter, in_drawer, no, work
from operations.test_stations import broken, named, opened, paired, trail
from opla.core.actor import Actor
from opla.core.money import Money
from opla.core.ports import Kind
from opla.core.promotion import Channel
from opla.core.quote import Quote
from opla.core.refusal import Refusal
from opla.db.queries import counter as queries
from opla.db.queries.call import select
from opla.db.queries.stations import Clerk, Shift, Station
from opla.operations import counter_sale, shifts, stations
from opla.operations.clerks import actor_of
from opla.operations.counter_sale import GivenBack, Press, Sold
from opla.operations.offers import Claim
from opla.operations.quote_topup import Wanted, quote_topup
from opla.operations.reveal_code import reveal
from support import at_once

__all__ = ["counter"]

#: What the tablet was paired with.
TABLET = b"t" * 16


@dataclass
class Shop:
    """A till with a shift open on it."""

    world: World
    station: Station
    anna: Clerk
    shift: Shift

    @property
    def actor(self) -> Actor:
        return actor_of(self.anna, self.station)

    def quote(self, sku: str = CODE, number: str = "") -> Quote:
        wanted = Wanted("", "", "", "fr", sku=sku, number=number, claim=Claim(Channel.TILL))
        made = quote_topup(self.actor, wanted, device=TABLET, shop=self.world.shop, at=self.world.clock())
        assert isinstance(made, Quote), made
        return made

    def press(self, quote: Quote, given: str = "", key: UUID | None = None) -> Sold | Refusal:
        press = Press(key or uuid4(), quote.id, quote.price.total.amount_minor, given)
        return counter_sale.sell(
            self.actor, press, self.anna, self.station, device=TABLET, shop=self.world.shop, at=self.world.clock()
        )

    def sold(self, sku: str = CODE, number: str = "", given: str = "") -> Sold:
        done = self.press(self.quote(sku, number), given)
        assert isinstance(done, Sold), done
        return done


@pytest.fixture
def till(counter: World) -> Shop:
    station, anna = paired(counter), named(counter)
    return Shop(counter, station, anna, opened(counter, anna, station))


def count(table: str) -> object:
    return select(f"SELECT count(*) FROM {table}")[0][0]


def test_one_press_places_takes_and_numbers_and_a_worker_delivers(till: Shop) -> None:
    done = till.sold(given="20")
    assert (done.sale.n, done.again, done.sale.state, done.sale.total) == (1, False, "placed", Money(1500, "EUR"))
    assert counter_sale.change_of(done.sale) == Money(500, "EUR")
    assert in_drawer(till.world) == 6500
    work(till.world)
    assert till.world.state(done.sale.order_id) == "delivered"
    assert till.world.items() == []
    assert not broken(till.world)
    revealed = reveal(till.actor, done.sale.order_id, device=TABLET, shop=till.world.shop, at=till.world.clock())
    assert not isinstance(revealed, Refusal)


def test_what_is_refused_leaves_no_order_no_coin_and_no_number(till: Shop) -> None:
    quote = till.quote()
    before = [count(table) for table in ("orders", "payment", "drawer_line", "counter_sale", "cash_code")]
    assert no(till.press(quote, "10")) == "cash_too_little"
    assert no(till.press(quote, "1500")) == "cash_cannot_be"
    assert before == [count(table) for table in ("orders", "payment", "drawer_line", "counter_sale", "cash_code")]
    assert isinstance(till.press(quote, "20"), Sold)
    assert till.sold().sale.n == 2


def test_the_same_press_or_the_same_price_is_sold_once_also_side_by_side(till: Shop) -> None:
    quote, key = till.quote(), uuid4()
    answers = at_once(*[lambda: till.press(quote, "20", key)] * 3, *[lambda: till.press(quote, "20")] * 2)
    sold = [one for one in answers if isinstance(one, Sold)]
    assert len({one.sale.id for one in sold}) == 1
    assert min(one.again for one in sold) is False
    assert in_drawer(till.world) == 6500
    assert (count("orders"), count("counter_sale")) == (1, 1)
    used = sold[0].sale.id
    again = till.press(quote, "20", used)
    assert isinstance(again, Sold)
    assert again.again
    assert no(till.press(till.quote(), "20", used)) == "key_reused"


def test_sales_side_by_side_are_numbered_without_a_gap(till: Shop) -> None:
    quotes = [till.quote() for _ in range(4)]
    answers = at_once(*[lambda quote=quote: till.press(quote) for quote in quotes])  # type: ignore[misc]
    assert sorted(one.sale.n for one in answers if isinstance(one, Sold)) == [1, 2, 3, 4]


def test_outside_of_a_shift_nothing_is_sold(till: Shop) -> None:
    shifts.close_shift(till.actor, till.shift.id, till.anna, {5000: "1"}, why="", at=till.world.clock())
    assert no(till.press(till.quote())) == "shift_closed"
    assert count("orders") == 0


def test_a_price_of_another_device_is_not_sold(till: Shop) -> None:
    theirs = till.world.quote(CODE)
    assert no(till.press(theirs)) == "quote_unknown"


def test_who_sold_it_undoes_it_and_a_manager_and_nobody_else(till: Shop) -> None:
    done = till.sold()
    ben, carl = named(till.world, "ben"), named(till.world, "carl", manages=True)
    assert no(counter_sale.found(till.station, done.sale.n, ben)) == "sale_not_yours"
    assert no(counter_sale.found(till.station, 7, till.anna)) == "not_found"
    other = replace(till.station, id=uuid4())
    assert no(counter_sale.found(other, done.sale.n, till.anna)) == "not_found"
    assert not isinstance(counter_sale.found(till.station, done.sale.n, carl), Refusal)
    at = till.world.clock()
    shop = till.world.shop

    def undo(clerk: Clerk, why: str = "wrong operator", station: Station = till.station) -> Refusal | None:
        actor = actor_of(clerk, station)
        return counter_sale.undo(actor, done.sale.id, station, clerk, why=why, shop=shop, at=at)

    assert no(undo(ben)) == "sale_not_yours"
    assert no(undo(till.anna, " ")) == "reason_missing"
    assert no(undo(till.anna, station=replace(till.station, drawer="elsewhere"))) == "not_found"
    assert undo(till.anna) is None
    assert in_drawer(till.world) == 5000
    again = queries.sale(done.sale.id)
    assert again is not None
    assert again.left
    assert counter_sale.change_of(again) is None
    assert queries.numbers_in(till.shift.id) == [queries.Numbers("main-till", 1, 1)]
    [row] = queries.in_shift(till.shift.id, "EUR")
    assert (row.clerk, row.times, row.undone) == ("Anna", 1, 1)
    work(till.world)
    assert not broken(till.world)


def test_after_a_quarter_of_an_hour_it_is_a_refund_with_its_rules_out_of_this_drawer(till: Shop) -> None:
    done = till.sold(DIRECT, NUMBER)
    work(till.world)
    till.world.clock.tick(16 * 60)
    at = till.world.clock()
    late = counter_sale.undo(till.actor, done.sale.id, till.station, till.anna, why="x", shop=till.world.shop, at=at)
    assert no(late) == "taking_too_old"
    key = uuid4()

    def back(why: str) -> GivenBack | Refusal:
        return counter_sale.give_back(
            till.actor, key, done.sale, till.station, why=why, evidence="", shop=till.world.shop, at=at
        )

    assert no(back(" ")) == "reason_missing"
    total = done.sale.total
    assert back("a complaint") == GivenBack(total, total) == back("a complaint")
    assert in_drawer(till.world) == 5000
    work(till.world)
    assert till.world.state(done.sale.order_id) == "refunded"
    assert not broken(till.world)


def test_a_large_refund_waits_for_a_second_person(till: Shop) -> None:
    till.world.shop = replace(till.world.shop, refund_alone_minor=100)
    done = till.sold(DIRECT, NUMBER)
    work(till.world)
    back = counter_sale.give_back(
        till.actor, uuid4(), done.sale, till.station, why="a complaint", evidence="", shop=till.world.shop,
        at=till.world.clock(),
    )  # fmt: skip
    assert back == GivenBack(done.sale.total, None)
    assert in_drawer(till.world) == 5000 + done.sale.total.amount_minor


def test_a_price_from_home_is_found_by_its_digits_and_made_again_for_the_till(till: Shop) -> None:
    world, home = till.world, till.world.quote(DIRECT, number=NUMBER)
    code = counter_sale.bring(home, shop=world.shop)
    assert code == counter_sale.bring(home, shop=world.shop)
    assert (len(code), code[0]) == (11, "9")
    world.clock.tick(3600)  # longer than its price was good
    brought = queries.brought(code, at=world.clock())
    assert brought == home
    made = counter_sale.priced_again(till.actor, home, device=TABLET, shop=world.shop, at=world.clock())
    assert isinstance(made, Quote)
    assert (made.sku, made.number, made.email, made.language) == (home.sku, home.number, home.email, home.language)
    assert isinstance(till.press(made), Sold)
    work(world)
    world.clock.tick(world.shop.terms.cash_valid.total_seconds())
    assert queries.brought(code, at=world.clock()) is None
    assert queries.brought("90000000000", at=world.clock()) is None


def test_a_sim_card_is_not_sold_at_a_till(till: Shop) -> None:
    card = replace(till.world.quote(CODE), kind=Kind.SIM)
    made = counter_sale.priced_again(till.actor, card, device=TABLET, shop=till.world.shop, at=till.world.clock())
    assert isinstance(made, list)
    assert no(made[0]) == "not_at_tills"


def test_what_was_sold_most_lately_stands_first(till: Shop) -> None:
    for sku in (CODE, DIRECT, DIRECT):
        till.sold(sku, NUMBER if sku == DIRECT else "")
    since = till.world.clock() - timedelta(days=30)
    found = queries.sold_most(till.station.id, since, limit=8)
    assert [one.sku for one in found] == [DIRECT, CODE]
    assert queries.sold_most(uuid4(), since, limit=8) == []


def test_a_count_that_differs_is_signed_for_and_every_other_count_stays_in_the_trail(till: Shop) -> None:
    till.sold(given="20")
    actor, shift, anna = till.actor, till.shift, till.anna
    at = till.world.clock()
    assert no(shifts.close_shift(actor, shift.id, anna, {5000: "1"}, why=" ", at=at)) == "shift_differs"
    assert in_drawer(till.world) == 6500
    closed = shifts.close_shift(actor, shift.id, anna, {5000: "1", 1000: "1"}, why="a note is missing", at=at)
    assert not isinstance(closed, Refusal)
    assert (closed.closing_found, closed.why) == (Money(-500, "EUR"), "a note is missing")
    assert trail(till.station.id)[-1] == "count_differs"
    assert not broken(till.world)


def test_an_unpaired_tablet_sells_nothing_more_and_its_sales_stay(till: Shop) -> None:
    done = till.sold()
    assert stations.unpair(OWNER, "main-till", why="stolen", at=till.world.clock()) is None
    assert queries.sale(done.sale.id) == done.sale
    assert done.sale.drawer == TILL
