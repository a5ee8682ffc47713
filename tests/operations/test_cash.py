"""Money over a counter, from the code that is shown to the drawer it lies in, played through with books that hold."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from fakes import CODE, CUSTOMER, DEVICE, DIRECT, NUMBER, Playing, World, compose, pushing
from opla.core.actor import Actor, Role
from opla.core.api_access import Access
from opla.core.ledger import CASH
from opla.core.money import Money
from opla.core.places import Kind as PlaceKind
from opla.core.places import Place
from opla.core.ports import Answer, Charges
from opla.core.refusal import Code, Refusal
from opla.db.models import Place as PlaceRow
from opla.db.queries import cash as queries
from opla.db.queries.call import select
from opla.db.queries.cash import Drawers
from opla.db.queries.codes import NewCode, Stock, stock
from opla.operations import cash, places, resellers, webhooks
from opla.operations.cash import Due, Taken, ToPay
from opla.operations.drawers import count, drop, keep_drawer, pay_in, put_in
from opla.operations.pay_again import pay_again
from opla.operations.place_orders import Placed, Placement, place_orders
from opla.operations.reveal_code import reveal
from opla.operations.work import work_once
from opla.payments.cash.provider import OverTheCounter
from opla.suppliers.code_stock.provider import OwnStock
from support import as_owner, at_once

OWNER, CLERK = Actor(Role.OWNER, "ana"), Actor(Role.SUPPORT, "eve")
TILL = "counter-1"
COUNTER = Place(
    "own", "1", PlaceKind.PARTNER, "Phone Shop", street="Kerkstraat 1", postcode="1000", city="Brussel", hours="24/7"
)


class AtTheCounter(Playing):
    """The outside as it is, with our drawers beside the test's provider."""

    def payment(self, name: str) -> Charges:  # type: ignore[override]  # any provider, not the test's alone
        if name == CASH:
            return OverTheCounter(Drawers(self.world.clock, self.world.shop.chance))
        return self.world.provider

    def refunds(self, name: str) -> OverTheCounter:  # type: ignore[override]
        found = self.payment(name)
        assert isinstance(found, OverTheCounter)
        return found


@pytest.fixture
def counter(world: World) -> World:
    """A shop with one open drawer, and €50 of change in it."""
    world.shop = replace(world.shop, payment_methods=("sandbox", CASH), routes=("code_stock", "sandbox"))
    world.others["code_stock"] = OwnStock(Stock(lambda: world.clock().date()))
    places.keep(OWNER, [COUNTER], at=world.clock())
    place_id = PlaceRow.objects.get(source="own", ref="1").id
    assert keep_drawer(OWNER, TILL, place_id, is_open=True, sandbox=True, at=world.clock()) is None
    assert put_in(OWNER, uuid4(), TILL, "50", why="change", at=world.clock()) is None
    return world


def work(world: World, rounds: int = 5) -> None:
    for _ in range(rounds):
        work_once(
            worker=UUID(int=1), shop=world.shop, outside=AtTheCounter(world), compose=compose, clock=world.clock,
            width=50, words=pushing,
        )  # fmt: skip


def ordered(world: World, *skus: str, fee_minor: int = 0) -> tuple[list[UUID], str]:
    """Orders that wait for cash under one payment, and the code it is taken for."""
    world.shop = replace(world.shop, terms=replace(world.shop.terms, fee_minor=fee_minor))
    quotes = [world.quote(sku, number=NUMBER if sku == DIRECT else "") for sku in skus or (CODE,)]
    placed = place_orders(
        CUSTOMER, [Placement(q.id, q.price.total.amount_minor, CASH) for q in quotes], device=DEVICE, shop=world.shop,
        at=world.clock(), together=len(quotes) > 1,
    )  # fmt: skip
    ids = [one.order_id for one in placed if isinstance(one, Placed)]
    assert len(ids) == len(quotes), placed
    work(world)
    [(payment_id,)] = select("SELECT DISTINCT payment_id FROM allocation WHERE order_id = ANY (%s)", [ids])
    return ids, queries.code_of(UUID(str(payment_id)))


def take(world: World, code: str, *, given: str = "", key: UUID | None = None, drawer: str = TILL) -> Taken | Refusal:
    return cash.take(CLERK, key or uuid4(), drawer=drawer, code=code, given=given, at=world.clock())


def no(found: object) -> str:
    assert isinstance(found, Refusal), found
    return str(found.code)


def in_drawer(world: World) -> int:
    return world.balance(f"till_drawer:{TILL}:EUR")


def owed(world: World, order_id: UUID) -> str:
    [found] = queries.owed_to(order_id)
    return found.code


def pay_out(world: World, code: str, key: UUID | None = None) -> Money | Refusal:
    return cash.pay_out(CLERK, key or uuid4(), drawer=TILL, code=code, why="shown on the phone", at=world.clock())


def test_what_is_taken_is_captured_and_delivered_and_lies_in_the_drawer(counter: World) -> None:
    [order_id], code = ordered(counter)
    counter.clock.tick(20 * 3600)
    work(counter)
    assert counter.state(order_id) == "placed"  # it waits longer than for a card
    due = cash.look_up(CLERK, f" {code[:3]} {code[3:6]}-{code[6:]}", at=counter.clock())
    assert isinstance(due, Due)
    assert (due.coins, due.refused) == (Money(1500, "EUR"), None)
    assert take(counter, code, given="20") == Taken(Money(1500, "EUR"), Money(500, "EUR"), again=False)
    work(counter)
    assert counter.state(order_id) == "delivered"
    assert (in_drawer(counter), counter.balance("psp_clearing:cash:EUR"), counter.items()) == (6500, 0, [])
    assert no(cash.look_up(CLERK, "123456789", at=counter.clock())) == "cash_code_unknown"


@pytest.mark.parametrize(
    ("fee_minor", "coins_minor", "rounding_minor"), [(0, 1500, 0), (2, 1500, 2), (3, 1505, -2), (7, 1505, 2)]
)
def test_what_coins_leave_has_an_account_and_the_customer_has_paid_the_whole_price(
    counter: World, fee_minor: int, coins_minor: int, rounding_minor: int
) -> None:
    [order_id], code = ordered(counter, fee_minor=fee_minor)
    assert isinstance(taken := take(counter, code), Taken)
    work(counter)
    assert (taken.coins.amount_minor, counter.state(order_id)) == (coins_minor, "delivered")
    assert (in_drawer(counter), counter.balance("cash_rounding:EUR")) == (5000 + coins_minor, rounding_minor)


def test_a_button_pressed_twice_takes_once_and_two_clerks_do_not_both(counter: World) -> None:
    [order_id], code = ordered(counter)
    key = uuid4()
    first, second = take(counter, code, key=key), take(counter, code, key=key)
    assert isinstance(first, Taken)
    assert isinstance(second, Taken)
    assert (first.again, second.again) == (False, True)
    assert no(take(counter, code)) == "cash_taken"
    _, other = ordered(counter)
    assert no(take(counter, other, key=key)) == "key_reused"
    work(counter)
    assert no(take(counter, code)) == "cash_taken"
    assert (counter.state(order_id), in_drawer(counter)) == ("delivered", 6500)


def test_eight_clerks_at_once_take_once(counter: World) -> None:
    _, code = ordered(counter)
    found = at_once(*[lambda: take(counter, code)] * 8)
    assert sorted(isinstance(one, Taken) for one in found) == [False] * 7 + [True]
    work(counter)
    assert in_drawer(counter) == 6500


def test_nothing_is_taken_for_an_order_that_is_over_or_paid_another_way(counter: World) -> None:
    [order_id], code = ordered(counter)
    counter.clock.tick(48 * 3600)
    due = cash.look_up(CLERK, code, at=counter.clock())
    assert isinstance(due, Due)
    assert no(due.refused) == no(take(counter, code)) == "cash_not_waited_for"
    work(counter)
    assert counter.state(order_id) == "cancelled"


def test_nothing_is_taken_for_what_a_card_has_paid_meanwhile(counter: World) -> None:
    order_id, code = after_a_card(counter)
    card_pays(counter)
    work(counter)
    assert counter.state(order_id) == "delivered"
    assert no(take(counter, code)) == "cash_not_waited_for"
    assert in_drawer(counter) == 5000


def after_a_card(world: World) -> tuple[UUID, str]:
    """An order whose card payment expired, which waits for cash now; the card's page may still be open somewhere."""
    order_id = world.order()
    work(world)
    world.provider.decide(Answer.DECLINED, why="expired")
    world.clock.tick(10)
    work(world)
    assert pay_again(CUSTOMER, order_id, shop=world.shop, method=CASH, at=world.clock()) is None
    work(world)
    [(payment_id,)] = select("SELECT id FROM payment WHERE provider = 'cash'")
    return order_id, queries.code_of(UUID(str(payment_id)))


def card_pays(world: World) -> None:
    world.provider.decide(Answer.SUCCEEDED, 1500)
    world.wake()


def test_what_is_taken_while_a_card_pays_goes_back_in_cash(counter: World) -> None:
    order_id, code = after_a_card(counter)
    card_pays(counter)
    assert isinstance(take(counter, code), Taken)  # both stand before a worker has seen either
    work(counter)
    assert (counter.state(order_id), [r[:2] for r in counter.refunds()]) == ("delivered", [("second", 1500)])


def test_a_refund_waits_for_its_code_and_is_paid_out_once(counter: World) -> None:
    [order_id], code = ordered(counter, fee_minor=2)
    counter.supplier.script.append(counter.supplier.refuses)
    assert isinstance(take(counter, code), Taken)
    work(counter)
    assert (counter.state(order_id), counter.items()) == ("refunding", ["cash_due"])
    back = owed(counter, order_id)
    assert len(back) == 12
    found = cash.look_up(CLERK, back, at=counter.clock())
    assert isinstance(found, ToPay)
    assert (found.owed.amount, found.coins, found.refused) == (Money(1502, "EUR"), Money(1500, "EUR"), None)
    assert no(cash.pay_out(CLERK, uuid4(), drawer=TILL, code=back, why=" ", at=counter.clock())) == "reason_missing"
    assert no(take(counter, back)) == "cash_code_unknown"
    key = uuid4()
    assert pay_out(counter, back, key) == pay_out(counter, back, key) == Money(1500, "EUR")
    assert no(pay_out(counter, back)) == "cash_paid_out"
    work(counter)
    assert (counter.state(order_id), counter.items(), in_drawer(counter)) == ("refunded", [], 5000)
    assert (counter.balance("cash_rounding:EUR"), counter.balance("psp_clearing:cash:EUR")) == (0, 0)
    assert no(pay_out(counter, back)) == "cash_paid_out"


def test_eight_clerks_pay_a_refund_out_once(counter: World) -> None:
    [order_id], code = ordered(counter)
    counter.supplier.script.append(counter.supplier.refuses)
    take(counter, code)
    work(counter)
    back = owed(counter, order_id)
    found = at_once(*[lambda: pay_out(counter, back)] * 8)
    assert sorted(isinstance(one, Money) for one in found) == [False] * 7 + [True]
    work(counter)
    assert (counter.state(order_id), in_drawer(counter)) == ("refunded", 5000)


def test_a_drawer_gives_no_more_than_it_holds(counter: World) -> None:
    [order_id], code = ordered(counter)
    counter.supplier.script.append(counter.supplier.refuses)
    take(counter, code)
    work(counter)
    assert no(drop(OWNER, uuid4(), TILL, "65.01", why="to the safe", at=counter.clock())) == "drawer_short"
    assert drop(OWNER, uuid4(), TILL, "60", why="to the safe", at=counter.clock()) is None
    assert no(pay_out(counter, owed(counter, order_id))) == "drawer_short"
    assert put_in(OWNER, uuid4(), TILL, "10", why="change", at=counter.clock()) is None
    assert pay_out(counter, owed(counter, order_id)) == Money(1500, "EUR")
    assert (in_drawer(counter), counter.balance("cash_outside:EUR")) == (0, 0)


def test_who_wants_it_on_an_account_gets_it_there_and_the_code_pays_nothing(counter: World) -> None:
    [order_id], code = ordered(counter)
    counter.supplier.script.append(counter.supplier.refuses)
    take(counter, code)
    work(counter)
    back = owed(counter, order_id)
    assert cash.by_bank(CLERK, back, why="they moved away", at=counter.clock()) is None
    assert no(pay_out(counter, back)) == "cash_not_due"
    assert no(cash.by_bank(CLERK, back, why="again", at=counter.clock())) == "cash_not_due"
    work(counter)
    assert (counter.state(order_id), counter.items()) == ("refunding", ["refund_refused"])
    assert queries.owed_to(order_id) == []


def test_a_mistaken_taking_is_undone_before_anything_was_seen(counter: World) -> None:
    [order_id], code = ordered(counter)
    key = uuid4()
    take(counter, code, key=key)
    assert no(cash.void(CLERK, key, why="", shop=counter.shop, at=counter.clock())) == "reason_missing"
    assert cash.void(CLERK, key, why="not enough money", shop=counter.shop, at=counter.clock()) is None
    assert cash.void(CLERK, key, why="again", shop=counter.shop, at=counter.clock()) is None
    work(counter)
    assert (counter.state(order_id), in_drawer(counter)) == ("placed", 5000)
    assert isinstance(take(counter, code), Taken)  # they come back with the money
    work(counter)
    assert (counter.state(order_id), in_drawer(counter)) == ("delivered", 6500)


def test_a_taking_whose_code_lies_unseen_is_undone_whole_and_one_that_was_seen_is_not(counter: World) -> None:
    for seen in (False, True):
        pin = NewCode(uuid4(), CODE, f"{uuid4().int % 10**13:013d}", "S", 1400, "EUR", None)
        stock([pin], batch=uuid4(), actor=OWNER, at=counter.clock(), keyring=counter.shop.keyring)
        [order_id], code = ordered(counter, fee_minor=2)
        key = uuid4()
        take(counter, code, key=key)
        work(counter)
        assert counter.state(order_id) == "delivered"
        if seen:
            assert not isinstance(
                reveal(CUSTOMER, order_id, device=DEVICE, shop=counter.shop, at=counter.clock()), Refusal
            )
        found = cash.void(CLERK, key, why="the wrong customer", shop=counter.shop, at=counter.clock())
        assert (found.code if found else None) == (Code.TAKING_USED if seen else None)
        assert cash.void(CLERK, key, why="again", shop=counter.shop, at=counter.clock()) == found
        work(counter)
        assert (counter.state(order_id), counter.items()) == ("delivered" if seen else "refunded", [])
        assert in_drawer(counter) == (6500 if seen else 5000)


@pytest.mark.parametrize("broken", [False, True])
def test_undoing_what_paid_for_several_gives_back_the_coins_that_were_taken(
    counter: World, broken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        pin = NewCode(uuid4(), CODE, f"{uuid4().int % 10**13:013d}", "S", 1400, "EUR", None)
        stock([pin], batch=uuid4(), actor=OWNER, at=counter.clock(), keyring=counter.shop.keyring)
    ids, code = ordered(counter, CODE, CODE, CODE, fee_minor=1)
    key = uuid4()
    assert take(counter, code, key=key) == Taken(Money(4505, "EUR"), Money(0, "EUR"), again=False)  # for 45.03
    work(counter)

    def void() -> Refusal | None:
        return cash.void(CLERK, key, why="the wrong customer", shop=counter.shop, at=counter.clock())

    if broken:  # after the first was paid out
        write = queries.write
        stop = iter([False, False, True])
        monkeypatch.setattr(queries, "write", lambda *a, **kw: "moved" if next(stop) else write(*a, **kw))
        assert no(void()) == "still_running"
        monkeypatch.setattr(queries, "write", write)
        work(counter)
    assert void() is None
    assert void() is None
    work(counter)
    assert [counter.state(one) for one in ids] == ["refunded"] * 3
    assert (in_drawer(counter), counter.balance("cash_rounding:EUR"), counter.items()) == (5000, 0, [])


def test_credit_on_a_number_and_what_was_taken_long_ago_is_not_undone(counter: World) -> None:
    _, code = ordered(counter, DIRECT)
    key = uuid4()
    take(counter, code, key=key)
    work(counter)
    assert no(cash.void(CLERK, key, why="x", shop=counter.shop, at=counter.clock())) == "taking_used"
    counter.clock.tick(16 * 60)
    assert no(cash.void(CLERK, key, why="x", shop=counter.shop, at=counter.clock())) == "taking_too_old"


def test_several_sims_are_one_payment_and_one_code(counter: World) -> None:
    ids, code = ordered(counter, CODE, DIRECT)
    assert isinstance(taken := take(counter, code, given="50"), Taken)
    assert (taken.coins, taken.change) == (Money(3000, "EUR"), Money(2000, "EUR"))
    work(counter)
    assert [counter.state(one) for one in ids] == ["delivered", "delivered"]


def test_cash_is_offered_where_an_open_drawer_can_be_found_and_nowhere_else(counter: World) -> None:
    assert cash.ways(counter.shop) == ("sandbox", CASH)
    for change in ({"street": ""}, {"hours": ""}):
        PlaceRow.objects.update(**change)
        assert cash.ways(counter.shop) == ("sandbox",)
        PlaceRow.objects.update(street="Kerkstraat 1", hours="24/7")
    quote = counter.quote(CODE)
    place_id = PlaceRow.objects.get().id
    closed = keep_drawer(OWNER, TILL, place_id, is_open=False, sandbox=True, at=counter.clock())
    assert no(closed) == "drawer_not_empty"
    drop(OWNER, uuid4(), TILL, "50", why="home", at=counter.clock())
    assert keep_drawer(OWNER, TILL, place_id, is_open=False, sandbox=True, at=counter.clock()) is None
    asked = [Placement(quote.id, 1500, CASH)]
    [found] = place_orders(CUSTOMER, asked, device=DEVICE, shop=counter.shop, at=counter.clock())
    assert no(found) == "payment_method_unknown"
    assert no(put_in(OWNER, uuid4(), TILL, "5", why="x", at=counter.clock())) == "drawer_unknown"


def test_what_is_counted_is_there_and_the_difference_is_signed_for(counter: World) -> None:
    key = uuid4()
    assert count(OWNER, key, TILL, "49.35", why="a note stuck", at=counter.clock()) == Money(-65, "EUR")
    assert count(OWNER, key, TILL, "49.35", why="a note stuck", at=counter.clock()) == Money(-65, "EUR")
    assert (in_drawer(counter), counter.balance("cash_differences:EUR")) == (4935, 65)
    assert count(OWNER, uuid4(), TILL, "50", why="found", at=counter.clock()) == Money(65, "EUR")
    assert count(OWNER, uuid4(), TILL, "50", why="evening", at=counter.clock()) == Money(0, "EUR")
    [newest, *_] = queries.lines(TILL, limit=9)
    assert (newest.kind, newest.actor, newest.given_minor) == ("counted", "owner:ana", 5000)


def test_only_who_may_takes_cash_and_only_the_owner_counts_it(counter: World) -> None:
    _, code = ordered(counter)
    at = counter.clock()
    for nobody in (CUSTOMER, Actor(Role.RESELLER, "acme")):
        assert no(cash.look_up(nobody, code, at=at)) == "not_allowed"
        assert no(cash.take(nobody, uuid4(), drawer=TILL, code=code, given="", at=at)) == "not_allowed"
        assert no(cash.pay_out(nobody, uuid4(), drawer=TILL, code=code, why="x", at=at)) == "not_allowed"
        assert no(cash.by_bank(nobody, code, why="x", at=at)) == "not_allowed"
        assert no(cash.void(nobody, uuid4(), why="x", shop=counter.shop, at=at)) == "not_allowed"
    assert no(put_in(CLERK, uuid4(), TILL, "5", why="x", at=at)) == "not_allowed"
    assert no(count(CLERK, uuid4(), TILL, "5", why="x", at=at)) == "not_allowed"


def test_a_reseller_pays_cash_in_once(counter: World) -> None:
    assert resellers.add(OWNER, "acme", title="", email="a@example.org", at=counter.clock()) is None
    key, access = uuid4(), Access("acme", "", frozenset())
    webhooks.make(Actor(Role.RESELLER), access, "https://a.example.com/", [], shop=counter.shop, at=counter.clock())
    for _ in range(2):
        assert pay_in(OWNER, key, TILL, "acme", "200", at=counter.clock()) is None
    assert no(pay_in(OWNER, key, TILL, "acme", "300", at=counter.clock())) == "key_reused"
    assert no(pay_in(OWNER, uuid4(), TILL, "nobody", "300", at=counter.clock())) == "not_found"
    assert (counter.balance("reseller_float:acme:EUR"), in_drawer(counter)) == (-20000, 25000)
    [told] = webhooks.messages(access, limit=9, at=counter.clock())
    assert (told.type, told.data["amount"]) == ("float.paid_in", {"amount_minor": 20000, "currency": "EUR"})


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE drawer_line SET minor = 1501 WHERE kind = 'taken'",
        "UPDATE drawer_line SET settled_minor = 1499 WHERE kind = 'taken'",
        "DELETE FROM drawer_line WHERE kind = 'taken'",
        "DELETE FROM drawer_line WHERE kind = 'put_in'",
        "UPDATE account SET debits_posted = debits_posted + 5 WHERE kind = 'till_drawer'",
        "DELETE FROM drawer_line WHERE kind = 'paid_out'",
        "UPDATE cash_code SET withdrawn_at = made_at WHERE purpose = 'refund'",
    ],
)
def test_the_books_see_a_drawer_that_is_not_as_its_lines_say(counter: World, change: str) -> None:
    [order_id], code = ordered(counter)
    counter.supplier.script.append(counter.supplier.refuses)
    take(counter, code)
    work(counter)
    pay_out(counter, owed(counter, order_id))
    work(counter)
    with as_owner() as cursor:
        cursor.execute("SELECT name FROM opla_books(%s) WHERE wrong > 0", [counter.clock()])
        assert cursor.fetchall() == []
        cursor.execute(change)
        cursor.execute("SELECT name FROM opla_books(%s) WHERE wrong > 0", [counter.clock()])
        assert ("drawers",) in cursor.fetchall()
