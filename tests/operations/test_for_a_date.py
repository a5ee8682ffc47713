"""Paid now, delivered on a day that was chosen: not before, not late, never twice; and called off until then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from fakes import ANOTHER_DEVICE, ANOTHER_WORKER, CODE, CUSTOMER, DEVICE, DIRECT, NUMBER, START, World
from opla.core import dated
from opla.core.actor import Actor, Role
from opla.core.attempt import Kind
from opla.core.ports import Answer
from opla.core.quote import Quote
from opla.core.refusal import Code, Refusal
from opla.db.queries import attempts, codes
from opla.db.queries.call import select
from opla.db.queries.codes import NewCode, Stock
from opla.operations.call_off import call_off
from opla.operations.place_orders import Placed
from opla.operations.quote_topup import Wanted, quote_topup
from opla.operations.resolve_item import Wanted as Decided
from opla.operations.resolve_item import resolve_item
from opla.suppliers.code_stock.provider import OwnStock
from support import at_once, by_owner

OWNER = Actor(Role.OWNER, "ana")
DAY = date(2026, 11, 30)
DUE = datetime(2026, 11, 30, 5, 0, tzinfo=UTC)


def quoted(world: World, sku: str = CODE, day: date = DAY, number: str = "") -> Quote | list[Refusal]:
    wanted = Wanted("", "", "ana@example.org", "en", sku=sku, number=number, deliver_on=day.isoformat())
    return quote_topup(CUSTOMER, wanted, device=DEVICE, shop=world.shop, at=world.clock())


def paid(world: World, sku: str = CODE, day: date = DAY, minor: int = 1500) -> UUID:
    """Bought for the day, and paid; nobody has worked on it since."""
    quote = quoted(world, sku, day, NUMBER if sku == DIRECT else "")
    assert isinstance(quote, Quote), quote
    [placed] = world.place(quote)
    assert isinstance(placed, Placed)
    world.work()
    world.provider.session(len(world.provider.charges) - 1, Answer.SUCCEEDED, minor)
    world.wake()
    world.work()
    assert world.state(placed.order_id) == "paid"
    return placed.order_id


def off(world: World, order_id: UUID, device: bytes = DEVICE) -> str:
    no = call_off(CUSTOMER, order_id, device=device, shop=world.shop, at=world.clock())
    return str(no.code) if no else "off"


def topics() -> list[str]:
    return [str(topic) for (topic,) in select("SELECT topic FROM outbox ORDER BY made_at, topic")]


def stocked(world: World, *valid_until: date | None) -> None:
    """Codes of our own, asked for first."""
    world.shop = replace(world.shop, routes=("code_stock", "sandbox"))
    world.others["code_stock"] = OwnStock(Stock(lambda: world.clock().date()))
    chance = world.shop.chance
    new = [
        NewCode(chance.uuid(START), CODE, f"4821 9034 77{n:02d} 2", f"S{n}", 1400, "EUR", day)
        for n, day in enumerate(valid_until)
    ]
    codes.stock(new, batch=chance.uuid(START), actor=OWNER, at=START, keyring=world.shop.keyring)


def shelf() -> dict[str, str]:
    """Each code of ours by its serial."""
    return {str(serial): str(state) for serial, state in select("SELECT serial, state FROM code ORDER BY serial")}


@pytest.mark.parametrize("sku", [CODE, DIRECT])
def test_what_was_bought_for_a_date_is_asked_for_on_that_day_and_not_a_second_before(world: World, sku: str) -> None:
    order_id = paid(world, sku)
    world.work(3)
    world.clock.now = DUE - timedelta(days=1)
    world.work(3)
    world.clock.now = DUE - timedelta(seconds=1)
    world.work(3)
    assert (world.state(order_id), world.supplier.asked) == ("paid", [])
    world.clock.now = DUE
    world.work(3)
    assert (world.state(order_id), world.supplier.gave) == ("delivered", 1)
    assert topics() == ["dated", "soon", "delivered"]
    assert len(world.mailbox.sent) == 3
    assert world.items() == []


def test_what_is_paid_the_day_before_is_announced_once(world: World) -> None:
    order_id = paid(world, day=START.date() + timedelta(days=1))
    world.work_through(3600 * 18, 1800)
    assert world.state(order_id) == "delivered"
    assert topics() == ["dated", "delivered"]


def test_a_worker_that_was_away_on_the_day_delivers_when_it_is_back(world: World) -> None:
    order_id = paid(world)
    world.clock.now = DUE + timedelta(days=2)
    world.work(3)
    assert world.state(order_id) == "delivered"


def test_paid_after_its_day_has_begun_it_is_delivered_at_once(world: World) -> None:
    """Quoted a minute before midnight for tomorrow, and paid when tomorrow was there, after six."""
    world.clock.now = datetime(2026, 11, 22, 22, 59, tzinfo=UTC)
    world.shop = replace(world.shop, terms=replace(world.shop.terms, payment_valid=timedelta(hours=12)))
    quote = quoted(world, day=date(2026, 11, 23))
    assert isinstance(quote, Quote)
    [placed] = world.place(quote)
    world.work()
    world.clock.now = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
    world.provider.decide(Answer.SUCCEEDED, 1500)
    world.wake()
    world.work(3)
    assert isinstance(placed, Placed)
    assert world.state(placed.order_id) == "delivered"
    assert topics() == ["delivered"]


@pytest.mark.parametrize("day", [START.date(), START.date() - timedelta(days=1), START.date() + timedelta(days=61)])
def test_a_day_that_cannot_be_chosen_is_refused_by_name(world: World, day: date) -> None:
    found = quoted(world, day=day)
    assert isinstance(found, list)
    assert [(r.code, r.about) for r in found] == [(Code.DAY_NOT_POSSIBLE, "deliver_on")]


def test_a_supplier_that_is_slow_on_the_day_has_its_time_from_that_day_on(world: World) -> None:
    order_id = paid(world)
    world.clock.now = DUE
    world.supplier.script = [world.supplier.is_unreachable, world.supplier.is_silent]
    world.work()
    assert world.state(order_id) == "paid"  # had the wait counted, it would have been given up by now
    world.work_through(30)
    assert world.state(order_id) == "delivered"
    assert world.items() == []


def test_a_supplier_that_declines_on_the_day_sends_the_money_back(world: World) -> None:
    order_id = paid(world)
    world.clock.now = DUE
    world.supplier.script = [world.supplier.refuses]
    world.work(4)
    assert world.state(order_id) == "refunded"
    assert world.refunds() == [("declined", 1500, "done")]


def test_two_top_ups_of_one_number_keep_their_distance_on_the_day(world: World) -> None:
    world.supplier.promises = replace(world.supplier.promises, min_gap_same_number_s=120)
    first, second = paid(world, DIRECT), paid(world, DIRECT)
    world.clock.now = DUE
    world.work(2)
    assert world.supplier.gave == 1
    world.clock.tick(119)
    world.work(2)
    assert world.supplier.gave == 1
    world.clock.tick(2)
    world.work(2)
    assert [world.state(o) for o in (first, second)] == ["delivered"] * 2


# ── called off ──


@pytest.mark.parametrize("sku", [CODE, DIRECT])
def test_its_customer_calls_it_off_and_the_money_goes_back(world: World, sku: str) -> None:
    order_id = paid(world, sku)
    world.work()
    assert off(world, order_id) == "off"
    assert off(world, order_id) == "off"  # the same button again changes nothing
    world.work(3)
    assert world.state(order_id) == "refunded"
    assert world.refunds() == [("called_off", 1500, "done")]
    world.clock.now = DUE + timedelta(hours=1)
    world.work(3)
    assert world.supplier.asked == []
    assert world.balance("psp_clearing:sandbox:EUR") == 0


def test_nobody_else_calls_it_off_whoever_has_the_link(world: World) -> None:
    order_id = paid(world)
    assert off(world, order_id, ANOTHER_DEVICE) == "proof_needed"
    assert off(world, UUID(int=3)) == "not_found"
    support = Actor(Role.SUPPORT, "bo")
    no = call_off(support, order_id, device=DEVICE, shop=world.shop, at=world.clock())
    assert no is not None
    assert no.code is Code.NOT_ALLOWED
    assert world.state(order_id) == "paid"


def test_it_is_too_late_from_the_first_second_of_its_time_on(world: World) -> None:
    order_id, at_once_id = paid(world), world.paid()
    assert off(world, at_once_id) == "called_off_too_late"
    world.clock.now = DUE
    assert off(world, order_id) == "called_off_too_late"
    world.work(4)
    assert off(world, order_id) == "called_off_too_late"
    assert [world.state(o) for o in (order_id, at_once_id)] == ["delivered"] * 2


def test_a_worker_that_holds_it_when_it_is_called_off_sends_nothing(world: World) -> None:
    order_id = paid(world)
    [claimed] = attempts.claim(UUID(int=7), [Kind.SEND], at=world.clock(), limit=5, lease_s=30)
    assert off(world, order_id) == "off"
    assert attempts.sending(UUID(int=7), [(claimed.id, 0)]) == set()
    assert attempts.wait(claimed.id, at=world.clock(), good_after=DAY, topic="dated", reference="0" * 32) is None
    assert topics() == ["refunding"]


def test_called_off_twice_at_once_it_is_refunded_once(world: World) -> None:
    order_id = paid(world)
    assert at_once(*[lambda: off(world, order_id)] * 3) == ["off"] * 3
    world.work(3)
    assert world.refunds() == [("called_off", 1500, "done")]


def test_called_off_while_a_worker_works_it_ends_one_way(world: World) -> None:
    stocked(world, None, None, None, None)
    for _ in range(4):
        order_id = paid(world)
        said = at_once(lambda o=order_id: off(world, o), lambda: str(world.work(2, worker=ANOTHER_WORKER)))
        assert said[0] == "off"
        assert world.state(order_id) in ("refunding", "refunded")
    world.work(3)
    assert set(shelf().values()) == {"stock"}


def test_of_a_basket_one_for_a_date_is_called_off_alone(world: World) -> None:
    later, now = quoted(world), world.quote("OR-20")
    assert isinstance(later, Quote)
    placed = world.place(later, now, together=True)
    first, second = [p.order_id for p in placed if isinstance(p, Placed)]
    world.work()
    world.provider.decide(Answer.SUCCEEDED, 3500)
    world.wake()
    world.work(4)
    assert [world.state(o) for o in (first, second)] == ["paid", "delivered"]
    assert off(world, first) == "off"
    world.work(3)
    assert [world.state(o) for o in (first, second)] == ["refunded", "delivered"]
    assert world.refunds() == [("called_off", 1500, "done")]
    assert world.balance("psp_clearing:sandbox:EUR") == 2000


# ── its money leaves meanwhile ──


def test_money_charged_back_while_it_waits_is_noticed_before_its_time_without_a_webhook(world: World) -> None:
    stocked(world, None)
    order_id = paid(world)
    world.work()
    assert shelf() == {"S0": "claimed"}
    world.clock.now = START + timedelta(days=2)
    world.work(3)
    [reference] = world.provider.charges
    before = world.provider.charges[reference]
    world.provider.charges[reference] = replace(before, charged_back_minor=1500)
    world.clock.now = DUE - timedelta(minutes=50)
    world.work(3)
    world.clock.now = DUE
    world.work(3)
    assert world.state(order_id) == "refunded"
    assert (world.supplier.asked, shelf()) == ([], {"S0": "stock"})
    assert world.refunds() == []


# ── its code ──


def test_a_code_of_ours_is_held_at_once_and_is_the_one_that_is_delivered(world: World) -> None:
    stocked(world, date(2027, 12, 31))
    order_id = paid(world)
    world.work()
    assert shelf() == {"S0": "claimed"}
    other = world.paid()
    world.work(3)
    assert world.supplier.gave == 1  # somebody else's order finds the shelf empty
    assert world.state(other) == "delivered"
    world.clock.now = DUE
    world.work(2)
    assert world.state(order_id) == "delivered"
    assert shelf()["S0"] == "sold"
    assert select("SELECT supplier FROM delivery WHERE order_id = %s", [order_id]) == [("code_stock",)]


def test_a_code_that_ends_before_the_day_and_its_margin_is_never_held(world: World) -> None:
    good = DAY + dated.MARGIN
    stocked(world, DAY - timedelta(days=1), good - timedelta(days=1), good)
    order_id = paid(world)
    world.work()
    assert shelf() == {"S0": "stock", "S1": "stock", "S2": "claimed"}
    assert off(world, order_id) == "off"
    assert shelf() == {"S0": "stock", "S1": "stock", "S2": "stock"}


def test_where_no_code_is_good_long_enough_another_supplier_delivers_on_the_day(world: World) -> None:
    stocked(world, DAY - timedelta(days=1))
    order_id = paid(world)
    world.work()
    assert (world.items(), shelf()) == ([], {"S0": "stock"})
    world.clock.now = DUE
    world.work(4)
    assert (world.state(order_id), world.supplier.gave) == ("delivered", 1)


def test_where_nobody_else_delivers_a_person_hears_at_once_and_new_stock_settles_it(world: World) -> None:
    stocked(world, date(2027, 12, 31), DAY)
    world.shop = replace(world.shop, routes=("code_stock",))
    taken, order_id = paid(world), paid(world)
    world.work()
    assert shelf() == {"S0": "claimed", "S1": "stock"}
    assert world.items() == ["reservation"]
    chance = world.shop.chance
    one = NewCode(chance.uuid(START), CODE, "4821 9034 8888 2", "S9", 1400, "EUR", None)
    codes.stock([one], batch=chance.uuid(START), actor=OWNER, at=START, keyring=world.shop.keyring)
    world.clock.now = DUE - timedelta(days=1)
    world.work(2)
    assert (world.items(), shelf()) == ([], {"S0": "claimed", "S1": "stock", "S9": "claimed"})
    world.clock.now = DUE
    world.work(3)
    assert [world.state(o) for o in (taken, order_id)] == ["delivered"] * 2


def test_the_shelf_alone_says_how_late_a_day_may_be(world: World) -> None:
    stocked(world, DAY + dated.MARGIN)
    world.shop = replace(world.shop, routes=("code_stock",))
    assert isinstance(quoted(world), Quote)
    late = quoted(world, day=DAY + timedelta(days=1))
    assert isinstance(late, list)
    assert late[0].params["last"] == DAY.isoformat()
    credit = quoted(world, DIRECT, DAY + timedelta(days=1), NUMBER)
    assert isinstance(credit, list)
    assert credit[0].code is Code.SOLD_OUT  # nobody of this shop sends credit
    none = quoted(world, "OR-20")
    assert isinstance(none, list)
    assert none[0].code is Code.DAY_NOT_POSSIBLE


def test_a_held_code_that_turns_out_to_end_before_its_day_is_for_a_person_and_not_sent(world: World) -> None:
    stocked(world, date(2027, 12, 31))
    order_id = paid(world)
    world.work()
    by_owner("UPDATE code SET valid_until = %s", [DAY - timedelta(days=3)])
    world.clock.now = DUE - timedelta(days=1)
    world.work(2)
    assert world.items() == ["reservation"]
    world.clock.now = DUE
    world.work(2)
    assert world.state(order_id) == "paid"
    [(item_id, why)] = select("SELECT id, why ->> 'why' FROM item WHERE closed_at IS NULL")
    assert why == "expires_first"
    decided = Decided("not_delivered", "the batch was misprinted")
    assert resolve_item(OWNER, int(str(item_id)), decided, shop=world.shop, at=world.clock()) == "resolved"
    world.work(3)
    assert (world.state(order_id), world.supplier.gave, world.items()) == ("delivered", 1, [])
    assert shelf()["S0"] == "written_off"  # it was free again, and its last day is over


def test_a_quote_for_a_date_says_so_and_its_order_too(world: World) -> None:
    quote = quoted(world)
    assert isinstance(quote, Quote)
    assert (quote.deliver_at, quote.reaches_at) == (DUE, DUE)
    order_id = paid(world)
    assert select("SELECT deliver_at FROM orders WHERE id = %s", [order_id]) == [(DUE,)]
