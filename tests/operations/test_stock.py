"""Our own stock: bought, received, paid; blocked and written off; expired; few left. The books hold after each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from fakes import CUSTOMER, DEVICE, START, World
from opla.core.actor import Actor, Role
from opla.core.money import Money
from opla.core.ports import Answer, SendReport, SendRequest
from opla.core.refusal import Code, Refusal
from opla.core.stock import BatchEvent, BatchState, PurchaseState
from opla.db.queries.books import books
from opla.db.queries.call import select
from opla.db.queries.codes import Stock, stock_levels
from opla.db.queries.items import open_items
from opla.db.queries.purchases import Purchase
from opla.db.queries.stock import Batch, Rule
from opla.operations import stock
from opla.operations.quote_topup import Wanted, quote_topup
from opla.operations.refund_by_choice import refund_by_choice
from opla.operations.stock_codes import Stocked, stock_codes
from opla.suppliers.code_stock.provider import OwnStock
from support import by_owner

OWNER, CLERK = Actor(Role.OWNER, "ana"), Actor(Role.SUPPORT, "ben")
SKU = "PX-15"


@pytest.fixture
def shelf(world: World) -> Iterator[World]:
    """A shop that delivers codes of its own only; whatever a test did, its books hold."""
    world.shop = replace(world.shop, routes=("code_stock",))
    world.others["code_stock"] = OwnStock(Stock(lambda: world.clock().date()))
    yield world
    assert [check.name for check in books(world.clock()) if not check.holds] == []


def rows(*serials: str, sku: str = SKU, cost: str = "14.25", until: str = "") -> str:
    lines = [f"{sku},0000{abs(hash(s)) % 10**9:09d},{s},{cost},{until}" for s in serials]
    return "\n".join(["sku,code,serial,cost,valid_until", *lines])


def came(world: World, *serials: str, purchase: int | None = None, until: str = "") -> None:
    data = rows(*serials, until=until).encode()
    found = stock_codes(OWNER, data, shop=world.shop, at=world.clock(), purchase=purchase, file_name="box.csv")
    assert isinstance(found, Stocked), found


def bought(world: World, quantity: int = 3) -> int:
    found = stock.order(OWNER, "  Lyca  Mobile ", SKU, quantity, "14.25", shop=world.shop, at=world.clock())
    assert isinstance(found, int), found
    return found


def the(number: int) -> Purchase:
    [found] = [one for one in stock.bought.purchases() if one.number == number]
    return found


def sold(world: World) -> UUID:
    order_id = world.paid(SKU, captured_minor=1500)
    world.work(2)
    return order_id


def sold_out(world: World) -> bool:
    wanted = Wanted("", "", "ana@example.org", "en", sku=SKU)
    found = quote_topup(CUSTOMER, wanted, device=DEVICE, shop=world.shop, at=world.clock())
    return isinstance(found, list) and [one.code for one in found] == [Code.SOLD_OUT]


def batch(number: int = 1) -> Batch:
    found = stock.queries.batch(number)
    assert found is not None
    return found


def block(world: World, number: int = 1) -> int | Refusal:
    return stock.move_batch(OWNER, number, BatchEvent.BLOCKED, why="they do not work", at=world.clock())


def move(world: World, event: BatchEvent, number: int = 1) -> int | Refusal:
    return stock.move_batch(OWNER, number, event, at=world.clock())


def code(found: object) -> Code:
    assert isinstance(found, Refusal), found
    return found.code


# ── purchases ──


def test_what_came_of_a_purchase_is_owed_until_it_is_paid(shelf: World) -> None:
    number = bought(shelf)
    assert (the(number).vendor, the(number).missing, the(number).owed) == ("Lyca Mobile", 3, Money(0, "EUR"))
    came(shelf, "A", "B", purchase=number)
    assert (the(number).arrived, the(number).missing) == (2, 1)
    assert (shelf.balance("code_stock:EUR"), shelf.balance("supplier_payable:EUR")) == (2850, -2850)
    assert isinstance(stock.pay(OWNER, number, "28.50", at=shelf.clock()), Purchase)
    assert (the(number).owed, the(number).paid) == (Money(0, "EUR"), Money(2850, "EUR"))
    assert (shelf.balance("supplier_payable:EUR"), shelf.balance("bank:EUR")) == (0, -2850)
    found = stock.received(OWNER, number, damaged=1, invoice="F-2026/17", at=shelf.clock())
    assert isinstance(found, Purchase)
    assert (found.state, found.missing, found.damaged, found.invoice) == (PurchaseState.RECEIVED, 0, 1, "F-2026/17")


def test_a_purchase_says_the_product_and_the_cost_so_that_a_file_need_not(shelf: World) -> None:
    number = bought(shelf)
    data = b"code,serial\n0000567890123,A\n"
    assert stock_codes(OWNER, data, shop=shelf.shop, at=START, purchase=number) == Stocked(1, [], 1425)


@pytest.mark.parametrize(
    ("line", "column"), [("PX-25,0000567890123,A,14.25", "sku"), ("PX-15,0000567890123,A,14.30", "cost")]
)
def test_a_row_that_says_otherwise_than_its_purchase_refuses_the_file(shelf: World, line: str, column: str) -> None:
    number = bought(shelf)
    data = f"sku,code,serial,cost\n{line}\n".encode()
    found = stock_codes(OWNER, data, shop=shelf.shop, at=START, purchase=number)
    assert isinstance(found, list)
    assert [(one.code, one.about) for one in found] == [(Code.ROW_INVALID, column)]
    assert stock_levels() == {}


def test_a_purchase_is_called_off_only_while_nothing_came_and_takes_nothing_then(shelf: World) -> None:
    number, other = bought(shelf), bought(shelf)
    assert isinstance(stock.call_off(OWNER, number, at=shelf.clock()), Purchase)
    found = stock_codes(OWNER, rows("A").encode(), shop=shelf.shop, at=START, purchase=number)
    assert [one.code for one in found if isinstance(found, list)] == [Code.PURCHASE_NOT_NOW]  # type: ignore[union-attr]  # a list
    came(shelf, "A", purchase=other)
    assert code(stock.call_off(OWNER, other, at=shelf.clock())) is Code.PURCHASE_NOT_NOW
    assert code(stock.pay(OWNER, number, "1", at=shelf.clock())) is Code.PURCHASE_NOT_NOW


@pytest.mark.parametrize(
    ("amount", "back", "said"),
    [
        ("42.76", False, Code.PURCHASE_TOO_MUCH),
        ("0.01", True, Code.PURCHASE_TOO_MUCH),
        ("0", False, Code.AMOUNT_UNREADABLE),
        ("-5", False, Code.AMOUNT_UNREADABLE),
        ("five", False, Code.AMOUNT_UNREADABLE),
    ],
)
def test_no_more_is_paid_than_was_ordered_and_none_back_that_was_not_paid(
    shelf: World, amount: str, back: bool, said: Code
) -> None:
    number = bought(shelf)
    assert code(stock.pay(OWNER, number, amount, back=back, at=shelf.clock())) is said


def test_a_vendor_is_paid_first_and_gives_back_what_did_not_come(shelf: World) -> None:
    number = bought(shelf)
    stock.pay(OWNER, number, "42.75", at=shelf.clock())
    came(shelf, "A", "B", purchase=number)
    assert the(number).owed == Money(-1425, "EUR")
    stock.pay(OWNER, number, "14.25", back=True, at=shelf.clock())
    assert (the(number).owed, shelf.balance("supplier_payable:EUR")) == (Money(0, "EUR"), 0)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"vendor": "  "}, Code.VENDOR_MISSING),
        ({"vendor": "x" * 61}, Code.VENDOR_MISSING),
        ({"sku": "XX"}, Code.PRODUCT_UNKNOWN),
        ({"sku": "BA-5"}, Code.PRODUCT_UNKNOWN),  # credited to a number: there are no such codes
        ({"quantity": 0}, Code.QUANTITY_UNREADABLE),
        ({"quantity": stock.MOST_PIECES + 1}, Code.QUANTITY_UNREADABLE),
        ({"cost": "-1"}, Code.AMOUNT_UNREADABLE),
        ({"cost": "cheap"}, Code.AMOUNT_UNREADABLE),
    ],
)
def test_what_nobody_could_order_is_refused(shelf: World, given: dict[str, object], said: Code) -> None:
    asked = {"vendor": "Lyca", "sku": SKU, "quantity": 1, "cost": "14"} | given
    found = stock.order(OWNER, shop=shelf.shop, at=START, **asked)  # type: ignore[arg-type]  # by name
    assert code(found) is said


# ── batches ──


def test_a_batch_says_where_it_came_from_and_what_it_earned(shelf: World) -> None:
    number = bought(shelf)
    came(shelf, "A", "B", purchase=number)
    sold(shelf)
    found = batch()
    assert (found.file_name, found.made_by, found.purchase, found.vendor) == (
        "box.csv",
        "owner:ana",
        number,
        "Lyca Mobile",
    )
    assert (found.codes, found.left, found.sold, found.skus) == (2, 1, 1, SKU)
    assert (found.cost, found.earned) == (Money(2850, "EUR"), Money(1500 - 1425, "EUR"))


def test_a_batch_that_is_blocked_comes_off_sale_at_once_and_says_who_has_its_codes(shelf: World) -> None:
    came(shelf, "A", "B", "C")
    order_id = sold(shelf)
    assert block(shelf) == 2
    assert (stock_levels(), batch().off, batch().why) == ({}, 2, "they do not work")
    [who] = stock.queries.sold_of(batch().id)
    assert (who.order_id, who.email, who.seen) == (order_id, "ana@example.org", False)
    assert sold_out(shelf)
    assert move(shelf, BatchEvent.RELEASED) == 2
    assert shelf.state(sold(shelf)) == "delivered"


def test_what_is_paid_when_its_batch_is_blocked_is_refunded_and_what_is_being_sent_is_sold(shelf: World) -> None:
    came(shelf, "A", "B")
    orders = [shelf.order(SKU), shelf.order(SKU)]
    shelf.work()
    for n in (-1, -2):
        shelf.provider.session(n, Answer.SUCCEEDED, 1500)
    shelf.wake()
    shelf.work()
    stocked = shelf.others["code_stock"]

    class Slow(OwnStock):
        """The batch is blocked between its first claim and the answer to that."""

        def send(self, request: SendRequest) -> SendReport:
            found = stocked.send(request)
            if batch().state is BatchState.ON_SALE:
                block(shelf)
            return found

    shelf.others["code_stock"] = Slow(Stock(lambda: shelf.clock().date()))
    shelf.work(3)
    assert sorted(shelf.state(one) for one in orders) == ["delivered", "refunded"]
    assert len(stock.queries.sold_of(batch().id)) == 1


def test_a_code_that_is_held_for_a_date_is_let_go_with_its_batch(shelf: World) -> None:
    came(shelf, "A")
    order_id = shelf.paid(SKU, captured_minor=1500)
    [(reference,)] = select("SELECT reference FROM attempt WHERE order_id = %s", [order_id])
    assert Stock(START.date).claim(str(reference), SKU) is not None
    assert block(shelf) == 1
    assert select("SELECT state, claimed_by FROM code") == [("blocked", None)]
    came(shelf, "B")
    shelf.work(2)
    assert (shelf.state(order_id), stock.queries.sold_of(batch(2).id)[0].serial) == ("delivered", "B")


def test_a_code_of_a_blocked_batch_that_comes_back_unseen_is_not_sold_again(shelf: World) -> None:
    came(shelf, "A")
    order_id = sold(shelf)
    block(shelf)
    refund_by_choice(
        CLERK,
        order_id,
        refund_id=shelf.shop.chance.uuid(START),
        amount=None,
        why="-",
        shop=shelf.shop,
        at=shelf.clock(),
    )
    shelf.work(2)
    assert (shelf.state(order_id), select("SELECT state, order_id FROM code")) == ("refunded", [("blocked", None)])
    assert shelf.balance("code_stock:EUR") == 1425
    assert move(shelf, BatchEvent.RECALLED) == 1


def test_what_is_recalled_is_our_loss(shelf: World) -> None:
    came(shelf, "A", "B")
    sold(shelf)
    assert code(move(shelf, BatchEvent.RECALLED)) is Code.BATCH_NOT_NOW  # blocked first, so that somebody looks
    block(shelf)
    assert move(shelf, BatchEvent.RECALLED) == 1
    assert (shelf.balance("code_stock:EUR"), shelf.balance("code_losses:EUR")) == (0, 1425)
    assert batch().state is BatchState.WRITTEN_OFF
    assert code(move(shelf, BatchEvent.RELEASED)) is Code.BATCH_NOT_NOW


def test_what_is_sent_back_is_owed_no_more_and_needs_a_vendor(shelf: World) -> None:
    number = bought(shelf)
    came(shelf, "A", "B", purchase=number)
    block(shelf)
    assert move(shelf, BatchEvent.SENT_BACK) == 2
    assert (shelf.balance("supplier_payable:EUR"), the(number).owed) == (0, Money(0, "EUR"))
    came(shelf, "C")
    block(shelf, 2)
    assert code(move(shelf, BatchEvent.SENT_BACK, 2)) is Code.BATCH_NOT_NOW


def test_a_batch_is_blocked_with_a_reason_by_somebody_who_may(shelf: World) -> None:
    came(shelf, "A")
    assert code(stock.move_batch(OWNER, 1, BatchEvent.BLOCKED, why="  ", at=START)) is Code.REASON_MISSING
    assert code(stock.move_batch(OWNER, 1, BatchEvent.EXPIRED, at=START)) is Code.BATCH_NOT_NOW
    assert code(stock.move_batch(OWNER, 7, BatchEvent.BLOCKED, why="x", at=START)) is Code.NOT_FOUND
    for actor in (CLERK, Actor(Role.CUSTOMER), Actor(Role.RESELLER)):
        assert code(stock.move_batch(actor, 1, BatchEvent.BLOCKED, why="x", at=START)) is Code.NOT_ALLOWED
        assert code(stock.order(actor, "L", SKU, 1, "1", shop=shelf.shop, at=START)) is Code.NOT_ALLOWED
        assert code(stock.pay(actor, 1, "1", at=START)) is Code.NOT_ALLOWED
        assert code(stock.batch(actor, 1, at=START)) is Code.NOT_ALLOWED
        assert code(stock.levels(actor, at=START)) is Code.NOT_ALLOWED


def test_a_stray_code_of_a_blocked_batch_is_never_claimed_and_comes_off_the_shelf(world: World) -> None:
    """As one that came back at the very moment in which its batch was blocked."""
    came(world, "A")
    block(world)
    by_owner("UPDATE code SET state = 'stock'")
    assert Stock(START.date).claim("r" * 32, SKU) is None
    assert stock_levels() == {SKU: 1}
    stock.look_over(at=world.clock())
    assert stock_levels() == {}


# ── the last day ──


def test_a_code_is_written_off_when_its_last_day_is_over_and_not_sold_on_it(shelf: World) -> None:
    came(shelf, "A", until=START.date().isoformat())
    came(shelf, "B")
    stock.look_over(at=shelf.clock())
    assert stock_levels() == {SKU: 1}
    assert shelf.balance("code_losses:EUR") == 0
    shelf.clock.now = START + timedelta(days=1)
    done = stock.look_over(at=shelf.clock())
    assert (done.expired, shelf.balance("code_losses:EUR"), shelf.balance("code_stock:EUR")) == (1, 1425, 1425)
    assert (batch(1).lost, batch(2).left) == (1, 1)
    assert stock.look_over(at=shelf.clock()).expired == 0


def test_a_code_that_is_good_for_less_than_was_promised_is_not_sold(shelf: World) -> None:
    came(shelf, "A", until=(START.date() + timedelta(days=29)).isoformat())
    assert stock.tell_rule(OWNER, SKU, min_days=30, shop=shelf.shop, at=START) == Rule(None, 30)
    assert (stock_levels(), shelf.balance("code_stock:EUR")) == ({}, 1425)  # off sale, and still ours
    assert sold_out(shelf)
    stock.tell_rule(OWNER, SKU, min_days=29, shop=shelf.shop, at=START)
    assert shelf.state(sold(shelf)) == "delivered"


def test_even_before_anybody_looks_the_shelf_over_no_such_code_is_claimed(shelf: World) -> None:
    came(shelf, "A", until=(START.date() + timedelta(days=29)).isoformat())
    stock.queries.tell_rule(SKU, Rule(None, 30), UUID(int=1), actor=OWNER, at=START)
    assert Stock(START.date).claim("r" * 32, SKU) is None
    stock.queries.tell_rule(SKU, Rule(None, 29), UUID(int=2), actor=OWNER, at=START)
    assert Stock(START.date).claim("r" * 32, SKU) is not None


# ── few left ──


def warned(world: World) -> dict[str, str]:
    found = [item for item in open_items() if item.kind == "low_stock"]
    return dict(found[0].params) if found else {}


def test_few_left_is_an_item_that_says_how_many_to_order_and_closes_by_itself(shelf: World) -> None:
    came(shelf, "A", "B", "C")
    assert stock.tell_rule(OWNER, SKU, below=3, shop=shelf.shop, at=START) == Rule(3, 0)
    assert warned(shelf) == {}
    sold(shelf)
    assert warned(shelf) == {"sku": SKU, "left": "2", "below": "3", "sold": "1", "suggested": "1"}
    number = bought(shelf, 5)
    stock.look_over(at=shelf.clock())
    assert warned(shelf)["suggested"] == "0"  # they are on their way
    came(shelf, "D", purchase=number)
    stock.look_over(at=shelf.clock())
    assert warned(shelf) == {}


def test_a_product_that_was_never_here_may_have_an_alarm_and_lose_it(shelf: World) -> None:
    stock.tell_rule(OWNER, SKU, below=3, shop=shelf.shop, at=START)
    assert warned(shelf)["left"] == "0"
    stock.tell_rule(OWNER, SKU, below=0, shop=shelf.shop, at=START)
    assert warned(shelf) == {}
    assert code(stock.tell_rule(OWNER, "XX", below=3, shop=shelf.shop, at=START)) is Code.PRODUCT_UNKNOWN
    assert code(stock.tell_rule(OWNER, SKU, below=-1, shop=shelf.shop, at=START)) is Code.QUANTITY_UNREADABLE


def test_what_was_sold_more_than_four_weeks_ago_says_nothing_of_today(shelf: World) -> None:
    came(shelf, "A", "B")
    sold(shelf)
    [level] = stock.queries.levels(START + timedelta(days=27))
    assert (level.sold, level.left, level.cost) == (1, 1, Money(1425, "EUR"))
    [later] = stock.queries.levels(START + timedelta(days=29))
    assert later.sold == 0
