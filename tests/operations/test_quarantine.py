"""A shop that comes out of a backup: it stands still, asks the outside, and sells nothing a second time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import httpx
import pytest
from django.db import DatabaseError, connections

import support
from adapters.dtone_world import Routed
from fakes import CODE, CUSTOMER, DEVICE, DIRECT, WORKER, Playing, Provider, Supplier, World, compose
from opla.core.actor import Actor, Role
from opla.core.item import Resolution
from opla.core.money import Money
from opla.core.ports import Answer, Charges, ListedCharge, ListedSend, Sends
from opla.core.refusal import Code, Refusal
from opla.counterparts.standins import StandIn
from opla.counterparts.standins.dtone import DTOne
from opla.counterparts.standins.paypal import PayPal
from opla.counterparts.standins.stripe import Stripe
from opla.counterparts.web import Request as Received
from opla.db.queries import quarantine as state
from opla.db.queries.books import books
from opla.db.queries.call import select
from opla.db.queries.codes import Revealed, Stock
from opla.db.queries.items import open_items
from opla.operations import quarantine
from opla.operations.refund_by_choice import refund_by_choice
from opla.operations.resolve_item import Wanted, resolve_item
from opla.operations.reveal_code import reveal
from opla.operations.stock_codes import Stocked, stock_codes
from opla.operations.take_back import take_code_back
from opla.operations.work import work_once
from opla.payments.paypal.config import Config as PayPalConfig
from opla.payments.paypal.provider import PayPal as PayPalAdapter
from opla.payments.stripe.config import Config as StripeConfig
from opla.payments.stripe.provider import Stripe as StripeAdapter
from opla.presenting.items import why
from opla.suppliers.code_stock.provider import OwnStock
from opla.suppliers.dtone.config import Config as DTOneConfig
from support import by_owner

OWNER = Actor(Role.OWNER, "ana")
SERIALS = ["S1", "S2", "S3", "S4"]


@dataclass
class Lister(Provider):
    """A provider that lists whatever was paid there."""

    def charges_since(self, since: datetime, until: datetime) -> list[ListedCharge]:
        return [
            ListedCharge(reference, c.provider_id, c.captured_minor, c.currency, c.answer is Answer.PENDING, "Opla")
            for reference, c in self.charges.items()
        ]


@dataclass
class Sender(Supplier):
    """A supplier that lists what it gave."""

    def sends_since(self, since: datetime, until: datetime) -> list[ListedSend]:
        return [ListedSend(r, s.supplier_id, Money(1500, "EUR"), given=True) for r, s in self.given.items()]


Restore = Callable[[], None]


@pytest.fixture
def world(world: World) -> World:
    """With four codes on the shelf; what it has not, the supplier delivers."""
    world.provider, world.supplier = Lister(), Sender()
    world.shop = replace(world.shop, routes=("code_stock", "sandbox"))
    world.others["code_stock"] = OwnStock(Stock(lambda: world.clock().date()))
    lines = [f"{CODE},000090000000{n},{serial},14.25," for n, serial in enumerate(SERIALS)]
    data = "\n".join(["sku,code,serial,cost,valid_until", *lines]).encode()
    assert isinstance(stock_codes(OWNER, data, shop=world.shop, at=world.clock(), file_name="box.csv"), Stocked)
    return world


@pytest.fixture
def backup(world: World, db: str) -> Iterator[Callable[[], Restore]]:
    """Keep the database as it is now; what comes back restores that, in quarantine."""
    made: list[str] = []
    lost_at = world.clock()

    def keep() -> Restore:
        connections.close_all()
        name, kept_at = f"{db}_kept", world.clock()
        support._admin(support._copied(name, db))
        made.append(name)
        support.point_at(db)

        def restore() -> None:
            nonlocal lost_at
            lost_at = world.clock()
            connections.close_all()
            support.point_at(name)
            entered = quarantine.enter(OWNER, backup="b", restored_to=kept_at, shop=world.shop, at=world.clock())
            assert entered

        return restore

    yield keep
    connections.close_all()
    for name in made:
        support._drop(name)
    support.point_at(db)
    world.clock.now = lost_at  # what was lost stays as it was then


class StandsStill(Exception):  # noqa: N818 - what the database says
    pass


@contextmanager
def standing_still() -> Iterator[None]:
    """Only this may break here: the database's no."""
    try:
        yield
    except DatabaseError as problem:
        if not state.stands_still(problem):
            raise
        raise StandsStill from problem


def still(world: World) -> None:
    """Nothing moves, whoever works: an attempt of any kind, a message, a journal line."""
    before = _all_of_it()
    world.wake()
    for _ in range(3):
        with suppress(StandsStill), standing_still():
            world.work()
        world.clock.tick(60)
    assert _all_of_it() == before


def _all_of_it() -> list[object]:
    return [
        select("SELECT id, state, tries FROM attempt ORDER BY id"),
        select("SELECT id, state, claimed_by FROM code ORDER BY id"),
        select("SELECT id, state FROM orders ORDER BY id"),
        select("SELECT count(*) FROM transfer"),
        select("SELECT count(*) FROM refund"),
        select("SELECT reference, lease_until FROM outbox ORDER BY reference"),
    ]


def pay(world: World, order_id: UUID) -> None:
    [(reference,)] = select(
        "SELECT a.reference FROM allocation l JOIN attempt a USING (payment_id) WHERE l.order_id = %s", [order_id]
    )
    world.provider.session(list(world.provider.charges).index(str(reference)), Answer.SUCCEEDED, 1500)
    world.wake()


def opened(world: World) -> None:
    assert quarantine.leave(OWNER, shop=world.shop, outside=Playing(world), at=world.clock()) == []


def sold(world: World) -> list[str]:
    """The PINs that left, of all worlds: who looks sees what was sent."""
    return [
        str(serial) for (serial,) in select("SELECT serial FROM code WHERE state = 'sold' AND supplier = 'code_stock'")
    ]


def test_nothing_moves_in_quarantine_and_pages_can_be_read(world: World, backup: Callable[[], Restore]) -> None:
    seen, unseen, _ = world.paid(), world.paid(), world.order()
    world.work(2)
    assert isinstance(reveal(CUSTOMER, seen, device=DEVICE, shop=world.shop, at=world.clock()), Revealed)
    underway = world.paid(DIRECT)
    quote = world.quote()
    restore = backup()
    restore()
    still(world)
    for act in (
        lambda: world.place(quote),
        lambda: refund_by_choice(
            OWNER, unseen, refund_id=UUID(int=7), amount=None, why="a wish", shop=world.shop, at=world.clock()
        ),
        lambda: reveal(CUSTOMER, unseen, device=DEVICE, shop=world.shop, at=world.clock()),
        lambda: stock_codes(
            OWNER, b"sku,code,serial,cost\nPX-15,0000777777771,Z,14.25", shop=world.shop, at=world.clock()
        ),
    ):
        with pytest.raises(StandsStill), standing_still():
            assert act() is None
    assert isinstance(reveal(CUSTOMER, seen, device=DEVICE, shop=world.shop, at=world.clock()), Revealed)
    assert world.state(underway) == "paid"
    assert state.closed()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attempt SET state = 'claimed'",
        "UPDATE attempt SET lease_until = opla_clock()",
        "UPDATE code SET state = 'stock'",
        "UPDATE code SET claimed_by = id::text",
        "UPDATE orders SET state = 'cancelled'",
        "UPDATE payment SET captured_minor = 1",
        "UPDATE outbox SET lease_until = opla_clock()",
        """INSERT INTO transfer (at, event_id, debit, credit, amount_minor, currency, reason, phase)
           VALUES (opla_clock(), 1, 1, 2, 1, 'EUR', 'x', 'posted')""",
    ],
)
def test_not_even_the_owner_of_the_tables_moves_it(world: World, backup: Callable[[], Restore], statement: str) -> None:
    world.paid()
    world.work()
    world.paid()
    world.order()
    backup()()
    with pytest.raises(StandsStill), standing_still():
        by_owner(statement)


STILL = {
    "INSERT": (
        "orders payment attempt refund delivery transfer code deposit drawer_line terminal_payment voucher_use bulk_row"
    ),
    "UPDATE": ("orders payment refund attempt code voucher card outbox webhook_delivery push_message text_out"),
}


@pytest.mark.parametrize("table", STILL["INSERT"].split())
def test_no_row_is_added_whichever_way_it_comes(world: World, backup: Callable[[], Restore], table: str) -> None:
    backup()()
    [(column,)] = select(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND attidentity = '' LIMIT 1",
        [table],
    )
    with pytest.raises(StandsStill), standing_still():
        by_owner(f"INSERT INTO {table} ({column}) SELECT {column} FROM {table}")


@pytest.mark.parametrize("table", STILL["UPDATE"].split())
def test_every_table_that_moves_has_its_guard(world: World, table: str) -> None:
    """Those without a row here too: the guard stands, is on, and asks the question."""
    [(enabled, function, condition)] = select(
        """SELECT tgenabled, tgfoid::regproc::text, pg_get_triggerdef(oid) FROM pg_trigger
           WHERE tgrelid = %s::regclass AND tgname = 'quarantine_update'""",
        [table],
    )
    assert (enabled, function) == ("O", "opla_refuse_in_quarantine")
    assert "BEFORE UPDATE" in str(condition)
    assert any(word in str(condition) for word in ("new.state", "new.lease_until"))


def test_what_was_sold_after_the_backup_is_not_sold_again(world: World, backup: Callable[[], Restore]) -> None:
    restore = backup()
    order_id = world.paid()
    world.work(2)
    shown = reveal(CUSTOMER, order_id, device=DEVICE, shop=world.shop, at=world.clock())
    assert isinstance(shown, Revealed)
    restore()
    opened(world)
    new = world.paid()
    world.work(3)
    assert world.state(new) == "delivered"
    assert sold(world) == []  # from the supplier: the shelf is empty until somebody says what lies on it
    assert "lost_payment" in world.items()

    [(number, sku, count)] = state.batches()
    assert (sku, count) == (CODE, 4)
    unsold = [serial for serial in SERIALS if serial != shown.serial]
    assert quarantine.release(OWNER, number, unsold, "the vendor's portal", at=world.clock()) == (3, 1)
    orders = [world.paid() for _ in range(4)]
    world.work(4)
    assert [world.state(o) for o in orders] == ["delivered"] * 4
    assert sorted(sold(world)) == unsold


def test_a_batch_nobody_can_speak_for_stays_off_the_shelf(world: World, backup: Callable[[], Restore]) -> None:
    backup()()
    opened(world)
    [(number, _, _)] = state.batches()
    assert quarantine.release(OWNER, number, None, " ", at=world.clock()) == Refusal(Code.REASON_MISSING, "note")
    assert quarantine.release(OWNER, 99, None, "x", at=world.clock()) == Refusal(Code.NOT_FOUND)
    assert quarantine.release(OWNER, number, None, "they say all", at=world.clock()) == (4, 0)
    assert quarantine.release(OWNER, number, None, "they say all", at=world.clock()) == Refusal(Code.NOT_FOUND)


def test_an_order_that_was_delivered_after_the_backup_is_not_delivered_again(
    world: World, backup: Callable[[], Restore]
) -> None:
    """Placed before, paid and delivered after: its payment is found, and its delivery is for a person."""
    order_id = world.order(DIRECT)
    world.work()
    restore = backup()
    pay(world, order_id)
    world.work(3)
    assert (world.state(order_id), world.supplier.gave) == ("delivered", 1)
    restore()
    opened(world)
    world.work_through(60)
    assert (world.state(order_id), world.supplier.gave) == ("paid", 1)
    assert sorted(world.items()) == ["lost_send", "unknown_send"]
    [parked] = [i for i in open_items() if i.kind == "unknown_send"]
    wanted = Wanted(Resolution.DELIVERED, "in their list", amount="14.40", supplier_id="sup_1")
    assert resolve_item(OWNER, parked.id, wanted, shop=world.shop, at=world.clock()) == "resolved"
    assert (world.state(order_id), world.supplier.gave) == ("delivered", 1)


def test_an_order_that_expires_meanwhile_is_not_refunded_by_itself(world: World, backup: Callable[[], Restore]) -> None:
    order_id = world.order(DIRECT)
    world.work()
    restore = backup()
    pay(world, order_id)
    world.work(3)
    assert world.state(order_id) == "delivered"
    restore()
    world.clock.tick(3 * 86_400)
    quarantine.leave(OWNER, shop=world.shop, outside=Playing(world), at=world.clock())
    world.clock.tick(3600)  # nobody worked while its time to be paid passed
    world.work_through(60)
    assert world.provider.refunds == {}
    assert world.state(order_id) in ("paid", "refunding", "cancelled")
    assert {"unknown_send", "unknown_refund"} & set(world.items())


def test_a_send_under_way_is_settled_by_what_the_supplier_lists(world: World, backup: Callable[[], Restore]) -> None:
    """Its attempt was written down before the backup, and answered after it: the same reference, and one delivery."""
    order_id = world.paid(DIRECT)
    restore = backup()
    world.work(2)
    assert (world.state(order_id), world.supplier.gave) == ("delivered", 1)
    restore()
    assert world.items() == ["unknown_send"]
    opened(world)
    world.work_through(30)
    assert (world.state(order_id), world.supplier.gave) == ("delivered", 1)
    assert world.items() == []


def test_a_send_that_the_supplier_does_not_know_waits_for_a_person(world: World, backup: Callable[[], Restore]) -> None:
    order_id = world.paid(DIRECT)
    backup()()
    opened(world)
    world.work_through(60)
    assert (world.state(order_id), world.supplier.asked, world.items()) == ("paid", [], ["unknown_send"])
    [(reference,)] = select("SELECT reference FROM attempt WHERE order_id = %s", [order_id])
    assert select("SELECT opla_wake(%s, %s, 'sandbox', %s)", [world.clock(), ["send"], [reference]]) == [(0,)]
    [parked] = open_items()
    said = Wanted(Resolution.NOT_DELIVERED, "not in their list, nor in any other")
    assert resolve_item(OWNER, parked.id, said, shop=world.shop, at=world.clock()) == "resolved"
    world.work_through(60)
    assert world.state(order_id) == "refunded"


def test_a_refused_send_leads_to_nobody_else_before_a_person_says_so(
    world: World, backup: Callable[[], Restore]
) -> None:
    """Declined at one after the backup, and delivered by the next: the second reference is lost."""
    world.others["other"] = Sender(prefix="1111")
    world.shop = replace(world.shop, routes=("sandbox", "other"))
    order_id = world.paid(DIRECT)
    [(reference,)] = select("SELECT reference FROM attempt WHERE order_id = %s", [order_id])
    restore = backup()
    restore()
    opened(world)
    state.made([str(reference)], at=world.clock())  # as if it had been found, and then taken back
    world.supplier.script = [world.supplier.refuses]
    world.work_through(60)
    other = world.others["other"]
    assert isinstance(other, Sender)
    assert (world.state(order_id), other.gave) == ("paid", 0)
    assert world.items() == ["unknown_send"]


def test_a_code_of_the_shelf_that_somebody_has_is_delivered_by_itself(
    world: World, backup: Callable[[], Restore]
) -> None:
    order_id = world.paid()
    restore = backup()
    world.work(2)
    shown = reveal(CUSTOMER, order_id, device=DEVICE, shop=world.shop, at=world.clock())
    assert isinstance(shown, Revealed)
    restore()
    [(ticket,)] = select("SELECT ticket FROM orders WHERE id = %s", [order_id])
    assert quarantine.gave(OWNER, str(ticket), "none", at=world.clock()) == Refusal(Code.NOT_FOUND)
    assert quarantine.gave(OWNER, str(ticket), shown.serial, at=world.clock()) is None
    opened(world)
    world.work_through(30)
    assert (world.state(order_id), sold(world), world.items()) == ("delivered", [shown.serial], [])
    again = reveal(CUSTOMER, order_id, device=DEVICE, shop=world.shop, at=world.clock())
    assert isinstance(again, Revealed)
    assert again.pin == shown.pin


def test_a_code_that_was_given_back_and_sold_on_is_not_shown_to_its_first_buyer(
    world: World, backup: Callable[[], Restore]
) -> None:
    """Both were delivered and unseen where the backup ends; after it one was given back, and its money with it."""
    given_back, kept = world.paid(), world.paid()
    world.work(2)
    restore = backup()
    assert take_code_back(CUSTOMER, given_back, device=DEVICE, shop=world.shop, at=world.clock()) is None
    world.work(3)
    restore()
    reference, report = next(iter(world.provider.charges.items()))
    world.provider.charges[reference] = replace(report, refunded_minor=1500)
    opened(world)

    def look_at(order_id: UUID) -> object:
        with standing_still():
            return reveal(CUSTOMER, order_id, device=DEVICE, shop=world.shop, at=world.clock())

    for order_id in (given_back, kept):
        with pytest.raises(StandsStill):
            look_at(order_id)
    world.work_through(10)
    assert isinstance(look_at(kept), Revealed)
    with suppress(StandsStill):
        assert not isinstance(look_at(given_back), Revealed)
    assert select("SELECT order_id FROM reveal") == [(kept,)]
    assert "outside_refund" in world.items()


def test_every_payment_no_book_knows_is_an_item_once(world: World, backup: Callable[[], Restore]) -> None:
    known = world.paid(DIRECT)
    world.work(2)
    restore = backup()
    world.paid(DIRECT)
    world.work(2)
    restore()
    for _ in range(2):
        looked = quarantine.look(OWNER, shop=world.shop, outside=Playing(world), at=world.clock())
        assert [(x.area, x.name, x.listed, x.strange) for x in looked if not isinstance(x, Refusal)] == [  # type: ignore[union-attr]
            ("payments", "sandbox", 2, 1),
            ("suppliers", "sandbox", 2, 1),
        ]
    found = [(i.kind, i.at_risk.amount_minor, i.params["adapter"]) for i in open_items()]
    assert found == [("lost_payment", 1500, "sandbox"), ("lost_send", 1500, "sandbox")]
    assert world.state(known) == "delivered"
    opened(world)
    for one in open_items():
        assert why(one).startswith("sandbox shows a")
        said = Wanted(Resolution.SEEN, "refunded in their dashboard")
        assert resolve_item(OWNER, one.id, said, shop=world.shop, at=world.clock()) == "resolved"
    assert world.items() == []


class Inside(httpx.BaseTransport):
    """The network between a real adapter and its stand-in in this process."""

    def __init__(self, machine: StandIn) -> None:
        self._machine = machine

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        query = dict(parse_qsl(request.url.query.decode()))
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = self._machine.handle(Received(request.method, request.url.path, query, headers, request.read()))
        return httpx.Response(answer.status, stream=httpx.ByteStream(answer.body), headers=dict(answer.headers))


@dataclass
class Outside(Playing):
    """The real adapters of a provider and a supplier, each with its stand-in."""

    till: Stripe | PayPal
    charges: Charges
    dtone: DTOne
    sends: Sends

    def payment(self, name: str) -> Any:
        return self.charges

    def refunds(self, name: str) -> Any:
        return self.charges

    def supplier(self, name: str) -> Sends:
        return self.sends if name == "sandbox" else super().supplier(name)

    def work(self) -> None:
        for _ in range(4):
            work_once(worker=WORKER, shop=self.world.shop, outside=self, compose=compose, clock=self.world.clock)
            self.world.wake()
            self.world.clock.tick(2)

    def bought(self) -> UUID:
        order_id = self.world.order(DIRECT)
        self.work()
        [(provider_id,)] = select(
            "SELECT a.provider_id FROM allocation l JOIN attempt a USING (payment_id) WHERE l.order_id = %s", [order_id]
        )
        self.till.pay(str(provider_id))
        self.work()
        return order_id

    @property
    def gave(self) -> int:
        return sum(self.dtone.given.values())


def stripe(clock: Callable[[], datetime]) -> tuple[Stripe, Charges]:
    machine = Stripe("sk_test_" + "a1" * 12, clock)
    return machine, StripeAdapter(
        StripeConfig("sk_test_" + "a1" * 12), "card", transport=Inside(machine), clock=lambda: clock().timestamp()
    )


def paypal(clock: Callable[[], datetime]) -> tuple[PayPal, Charges]:
    machine = PayPal("c" * 20, "s" * 20, clock)
    config = PayPalConfig("c" * 20, "s" * 20, "sandbox", "https://api-m.sandbox.paypal.com")
    return machine, PayPalAdapter(config, transport=Inside(machine))


TILLS = {"stripe": stripe, "paypal": paypal}


@pytest.fixture(params=TILLS)
def outside(request: pytest.FixtureRequest, world: World) -> Outside:
    machine, charges = TILLS[request.param](world.clock)
    dtone = DTOne(world.clock)
    world.shop = replace(world.shop, routes=("sandbox",))
    return Outside(world, machine, charges, dtone, Routed(DTOneConfig("key", "secret"), Inside(dtone)))


def test_what_their_own_lists_show_of_the_lost_window_is_an_item_once_and_nothing_is_given_again(
    outside: Outside, backup: Callable[[], Restore]
) -> None:
    """A purchase before the backup and one after it, by the real adapters of Stripe, PayPal and DT One."""
    world = outside.world
    known = outside.bought()
    restore = backup()
    lost = outside.bought()
    assert (world.state(lost), outside.gave) == ("delivered", 2)
    restore()
    for _ in range(2):
        looked = quarantine.look(OWNER, shop=world.shop, outside=outside, at=world.clock())
        assert not isinstance(looked, Refusal)
        assert [(x.area, x.name, x.listed, x.strange, x.undecided) for x in looked] == [
            ("payments", "sandbox", 2, 1, 0),
            ("suppliers", "sandbox", 2, 1, 0),
        ]
    items = [(i.kind, i.at_risk.amount_minor) for i in open_items()]
    assert items == [("lost_payment", 1500), ("lost_send", 1500)]
    assert quarantine.leave(OWNER, shop=world.shop, outside=outside, at=world.clock()) == []
    for _ in range(5):
        outside.work()
    assert (world.state(known), outside.gave, set(outside.dtone.given.values())) == ("delivered", 2, {1})
    assert len(open_items()) == 2
    assert dict(outside.till.given_back) == {}


@pytest.mark.parametrize("outside", ["paypal"], indirect=True)
def test_a_list_that_is_late_says_so_and_holds_the_shop_until_it_is_there_or_a_person_compared(
    outside: Outside, backup: Callable[[], Restore]
) -> None:
    world = outside.world
    assert isinstance(outside.till, PayPal)
    restore = backup()
    outside.bought()
    outside.till.late = timedelta(hours=3)
    restore()

    def left() -> object:
        found = quarantine.leave(OWNER, shop=world.shop, outside=outside, at=world.clock())
        return found if isinstance(found, Refusal) else [(step.name, step.unlisted) for step in found]

    assert left() == [("sandbox", "not_yet")]
    outside.till.searches = False
    assert left() == [("sandbox", "not_allowed")]
    outside.till.searches = True
    world.clock.tick(3 * 3600)
    assert left() == []
    assert sorted(world.items()) == ["lost_payment", "lost_send"]


def test_what_a_page_asks_is_done_once_by_a_worker_and_in_the_name_of_who_asked(
    world: World, backup: Callable[[], Restore]
) -> None:
    def answered() -> bool:
        world.clock.tick(1)
        return quarantine.answer(shop=world.shop, outside=Playing(world), at=world.clock())

    world.paid(DIRECT)
    assert quarantine.ask(OWNER, quarantine.LOOK, at=world.clock()) == Refusal(Code.NOT_FOUND)
    restore = backup()
    world.work(2)
    restore()
    assert not answered()
    assert isinstance(quarantine.ask(CUSTOMER, quarantine.LOOK, at=world.clock()), Refusal)
    assert quarantine.ask(OWNER, "sell", at=world.clock()) == Refusal(Code.NOT_FOUND)
    assert quarantine.ask(OWNER, quarantine.LOOK, at=world.clock()) is None
    now = state.current()
    assert now
    assert (now.asked, now.answered) == ("look", "")
    assert answered()
    assert not answered()
    now = state.current()
    assert now
    assert (now.asked, now.answered, {step.done_by for step in now.steps}) == ("", "look", {"owner:ana"})
    assert quarantine.ask(OWNER, quarantine.LEAVE, at=world.clock()) is None
    assert answered()
    assert state.current() is None
    found = state.last()
    assert found
    assert (found.left_by, [name for (name,) in select("SELECT name FROM event WHERE subject = 'quarantine'")]) == (
        "owner:ana",
        ["entered", "asked", "asked", "left"],
    )


def test_a_worker_that_died_over_it_is_followed_by_another(world: World, backup: Callable[[], Restore]) -> None:
    backup()()
    quarantine.ask(OWNER, quarantine.LOOK, at=world.clock())
    assert state.take(patience=timedelta(minutes=20), at=world.clock())
    world.clock.tick(19 * 60)
    assert not quarantine.answer(shop=world.shop, outside=Playing(world), at=world.clock())
    world.clock.tick(2 * 60)
    assert quarantine.answer(shop=world.shop, outside=Playing(world), at=world.clock())


def test_sim_cards_are_counted_by_a_person_and_hold_up_nothing(world: World, backup: Callable[[], Restore]) -> None:
    backup()()
    found = state.current()
    assert found
    assert "shelf" not in {step.area for step in found.steps}  # it has none
    by_owner("INSERT INTO quarantine_step (quarantine_id, area, name) SELECT id, 'shelf', 'sim_cards' FROM quarantine")
    opened(world)
    assert quarantine.compared(OWNER, "shelf", "sim_cards", "40 in the drawer", at=world.clock()) is None
    assert quarantine.compared(OWNER, "payments", "sandbox", "late", at=world.clock()) == Refusal(Code.NOT_FOUND)
    found = state.last()
    assert found
    assert [(step.done_by, step.note) for step in found.steps if step.area == "shelf"] == [
        ("owner:ana", "40 in the drawer")
    ]


def test_it_is_not_left_while_a_strange_payment_may_still_come(world: World, backup: Callable[[], Restore]) -> None:
    restore = backup()
    world.order(DIRECT)
    world.work()
    restore()
    left = quarantine.leave(OWNER, shop=world.shop, outside=Playing(world), at=world.clock())
    assert [(s.area, s.undecided) for s in left if not isinstance(s, Refusal)] == [("payments", 1)]  # type: ignore[union-attr]
    world.provider.decide(Answer.DECLINED, why="expired")
    opened(world)


def test_who_has_no_list_is_compared_by_a_person_with_a_name(world: World, backup: Callable[[], Restore]) -> None:
    world.provider = Provider()
    backup()()
    left = quarantine.leave(OWNER, shop=world.shop, outside=Playing(world), at=world.clock())
    assert [(s.area, s.name) for s in left if not isinstance(s, Refusal)] == [("payments", "sandbox")]  # type: ignore[union-attr]
    still(world)
    customer = quarantine.compared(CUSTOMER, "payments", "sandbox", "x", at=world.clock())
    assert isinstance(customer, Refusal)
    assert quarantine.compared(OWNER, "payments", "sandbox", "", at=world.clock()) == Refusal(
        Code.REASON_MISSING, "note"
    )
    assert quarantine.compared(OWNER, "payments", "else", "x", at=world.clock()) == Refusal(Code.NOT_FOUND)
    assert quarantine.compared(OWNER, "payments", "sandbox", "dashboard, 3 payments", at=world.clock()) is None
    opened(world)
    rows = select("SELECT name, actor, why FROM event WHERE subject = 'quarantine' ORDER BY id")
    assert rows == [
        ("entered", "owner:ana", "b"),
        ("compared", "owner:ana", "payments sandbox dashboard, 3 payments"),
        ("left", "owner:ana", ""),
    ]


def test_the_books_hold_in_quarantine_and_after_it(world: World, backup: Callable[[], Restore]) -> None:
    world.paid()
    world.order()
    restore = backup()
    world.work(3)
    restore()
    world.clock.tick(7 * 3600)
    assert [check.name for check in books(world.clock()) if not check.holds] == []
    opened(world)
    world.work_through(60)
    assert [check.name for check in books(world.clock()) if not check.holds] == []
