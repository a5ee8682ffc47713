"""SIM cards from the box to the customer: packed, sent, collected, lost, returned, exchanged; and the books hold."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from stdnum import luhn

from fakes import CUSTOMER, DEVICE, START, World
from opla.core.actor import Actor, Role
from opla.core.address import Address
from opla.core.card import Event
from opla.core.ports import Answer
from opla.core.refusal import Refusal
from opla.db.queries import cards as rows
from opla.db.queries.books import books
from opla.db.queries.call import select
from opla.db.queries.cards import Shelves
from opla.operations import card_to, cards
from opla.operations.card_files import Stocked, import_cards
from opla.operations.card_to import Going
from opla.operations.place_from_float import Asked, place_from_float
from opla.operations.place_orders import Placed, Placement, place_orders
from opla.operations.quote_topup import Wanted as Topup
from opla.operations.refund_by_choice import refund_by_choice
from opla.operations.resolve_item import Wanted, offers, resolve_item
from opla.operations.shop import Shop
from opla.suppliers.card_stock.provider import OwnCards

OWNER, CLERK = Actor(Role.OWNER, "ana"), Actor(Role.SUPPORT, "ben")
HOME = Going(Address("王 小明", "Rue Neuve", "12", "3", "1000", "Bruxelles"))
SKU, OTHER_SKU = "PX-SIM", "LY-SIM"


def iccid(n: int) -> str:
    digits = f"890000000000000{n:03d}"
    return digits + luhn.calc_check_digit(digits)


@pytest.fixture
def counter(world: World) -> World:
    """A shop with three cards of one operator at 7.00 and one of another at 5.00."""
    world.shop = replace(world.shop, routes=("code_stock", "card_stock", "sandbox"))
    world.others["card_stock"] = OwnCards(Shelves(world.clock))
    bring(world, [(SKU, n, "7.00") for n in range(3)] + [(OTHER_SKU, 9, "5.00")])
    return world


def bring(world: World, lines: list[tuple[str, int, str]]) -> Stocked | list[Refusal]:
    text = "\n".join(["sku,iccid,cost", *(f"{sku},{iccid(n)},{cost}" for sku, n, cost in lines)])
    return import_cards(OWNER, text.encode(), shop=world.shop, at=world.clock())


def placed(world: World, to: Going | None = HOME) -> Placed | Refusal:
    quote = world.quote(SKU)
    one = Placement(quote.id, quote.price.total.amount_minor, "sandbox", to)
    [found] = place_orders(CUSTOMER, [one], device=DEVICE, shop=world.shop, at=world.clock())
    return found


def bought(world: World, to: Going = HOME) -> UUID:
    """An order that is paid, and waits for the clerk with a card reserved."""
    found = placed(world, to)
    assert isinstance(found, Placed), found
    world.work()
    world.provider.session(-1, Answer.SUCCEEDED, 1500)
    world.wake()
    world.work(2)
    return found.order_id


def sent(world: World, tracking: str = "3SBE123") -> UUID:
    order_id = bought(world)
    assert done(world, cards.pack, order_id, of(order_id)[0].iccid) is None
    assert done(world, cards.hand_over, order_id, tracking=tracking) is None
    return order_id


def done(world: World, act: Callable[..., Refusal | None], *what: object, **more: object) -> str | None:
    refused = act(CLERK, *what, **more, shop=world.shop, at=world.clock())
    return None if refused is None else str(refused.code)


def of(order_id: UUID) -> list[rows.Card]:
    return [kept.card for kept in rows.of_order(order_id)]


def states(world: World) -> dict[str, int]:
    return {str(state): int(str(n)) for state, n in select("SELECT state, count(*) FROM card GROUP BY state")}


def wrong(world: World) -> list[str]:
    return [check.name for check in books(world.clock()) if not check.holds]


def test_a_card_is_reserved_packed_and_sent_and_the_order_pays_for_it_then(counter: World) -> None:
    order_id = bought(counter)
    assert (counter.state(order_id), [c.state for c in of(order_id)]) == ("paid", ["reserved"])
    assert (counter.balance("card_stock:EUR"), counter.balance("margin:EUR")) == (2600, 0)
    assert done(counter, cards.pack, order_id, f"  {of(order_id)[0].iccid}F ") is None
    assert done(counter, cards.hand_over, order_id, tracking=" 3SBE 123 ") is None
    assert (counter.state(order_id), of(order_id)[0].tracking) == ("delivered", "3SBE 123")
    assert (counter.balance("card_stock:EUR"), counter.balance("margin:EUR")) == (1900, -800)
    counter.work(2)
    assert [m.subject for m in counter.mailbox.sent] == ["delivered"]
    assert counter.events(order_id) == ["placed", "paid", "delivered"]
    assert done(counter, cards.hand_over, order_id) == "card_not_now"  # asked twice it is done once


def test_what_a_worker_asks_of_it_later_is_told_the_same(counter: World) -> None:
    order_id = bought(counter)
    [(reference,)] = select("SELECT reference FROM attempt WHERE order_id = %s", [order_id])
    stock = counter.others["card_stock"]
    assert isinstance(stock, OwnCards)
    assert stock.find(str(reference)).answer is Answer.PENDING  # type: ignore[union-attr]  # there is one
    counter.clock.tick(3600)
    counter.work(3)
    assert counter.state(order_id) == "paid"
    cards.pack(CLERK, order_id, of(order_id)[0].iccid, shop=counter.shop, at=counter.clock())
    cards.hand_over(CLERK, order_id, shop=counter.shop, at=counter.clock())
    report = stock.find(str(reference))
    assert report is not None
    assert (report.answer, report.cost_minor) == (Answer.SUCCEEDED, 700)


def test_nobody_places_an_order_for_a_card_without_saying_where_it_goes(counter: World) -> None:
    found = placed(counter, to=None)
    assert isinstance(found, Refusal)
    assert (found.code, found.about) == ("address_missing", "name")
    assert select("SELECT 1 FROM orders") == []


def test_the_address_is_sealed_about_its_order_and_opens_there_only(counter: World) -> None:
    order_id, other = bought(counter), bought(counter)
    [(sealed,)] = select("SELECT sealed FROM card_to WHERE order_id = %s", [order_id])
    assert "小明".encode() not in bytes(sealed)  # type: ignore[arg-type]  # a bytea
    assert card_to.of([order_id], shop=counter.shop) == {order_id: HOME}
    to = rows.to_of([order_id])[order_id]
    assert card_to.opened(to, other, shop=counter.shop) == Going()


SCANS: list[tuple[str, str]] = [
    (iccid(0)[:-1] + str((int(iccid(0)[-1]) + 1) % 10), "sim_check_digit"),
    (iccid(77), "card_unknown"),
    (iccid(9), "card_other_product"),
    ("hello", "number_unreadable"),
    ("", "number_missing"),
    ("0470 12 34 56", "card_unknown"),
]


@pytest.mark.parametrize(("scanned", "refused"), SCANS)
def test_a_wrong_iccid_is_refused_by_name(counter: World, scanned: str, refused: str) -> None:
    order_id = bought(counter)
    assert done(counter, cards.pack, order_id, scanned) == refused
    assert [c.state for c in of(order_id)] == ["reserved"]


def test_any_free_card_of_the_product_will_do_and_two_orders_may_change_theirs(counter: World) -> None:
    one, two = bought(counter), bought(counter)
    [first], [second] = of(one), of(two)
    spare = next(iccid(n) for n in range(3) if iccid(n) not in (first.iccid, second.iccid))
    assert done(counter, cards.pack, one, second.iccid) is None  # the clerk took the other one's
    assert ([c.iccid for c in of(one)], [c.iccid for c in of(two)]) == ([second.iccid], [first.iccid])
    assert done(counter, cards.pack, two, second.iccid) == "card_taken"
    assert done(counter, cards.pack, two, spare) is None
    assert states(counter) == {"packed": 2, "in_stock": 2}


def test_when_few_are_left_a_person_hears_of_it_and_when_none_is_nothing_is_sold(counter: World) -> None:
    assert [counter.state(bought(counter)) for _ in range(3)] == ["paid"] * 3
    assert quote_refused(counter) == "starter_sold_out"
    assert "low_stock" in counter.items()
    bring(counter, [(SKU, n, "7.00") for n in range(20, 26)])
    assert "low_stock" not in counter.items()


def quote_refused(world: World) -> str:
    from opla.operations.quote_topup import Wanted as Asked
    from opla.operations.quote_topup import quote_topup

    found = quote_topup(
        CUSTOMER, Asked("", "", "ana@example.org", "en", sku=SKU), device=DEVICE, shop=world.shop, at=world.clock()
    )
    assert isinstance(found, list), found
    return str(found[0].code)


def test_an_order_for_a_card_that_is_gone_meanwhile_is_refunded_by_rule(counter: World) -> None:
    first = placed(counter)
    assert isinstance(first, Placed)
    for n in range(3):
        card = rows.by_iccid(iccid(n))
        assert card is not None
        assert done(counter, cards.write_off, card.id, Event.DAMAGED) is None
    counter.work()
    counter.provider.session(-1, Answer.SUCCEEDED, 1500)
    counter.wake()
    counter.work(4)
    assert counter.state(first.order_id) == "refunded"
    assert counter.balance("stock_losses:EUR") == 2100


def test_ready_means_a_code_that_the_customer_shows_and_guessing_it_is_limited(counter: World) -> None:
    order_id = bought(counter, Going(place="Opla, Rue Neuve 1, 1000 Bruxelles"))
    code = cards.collection_code(order_id, shop=counter.shop)
    assert done(counter, cards.make_ready, order_id) == "card_not_now"  # not packed yet
    cards.pack(CLERK, order_id, of(order_id)[0].iccid, shop=counter.shop, at=START)
    assert done(counter, cards.hand_over, order_id) == "card_not_now"  # it is collected, not sent
    assert done(counter, cards.make_ready, order_id) is None
    counter.work()
    assert [m.subject for m in counter.mailbox.sent] == ["card_ready"]
    assert done(counter, cards.hand_over, order_id, code="AAAAAA") == "collection_code_wrong"
    assert (counter.state(order_id), code.isalnum(), len(code)) == ("paid", True, 6)
    assert done(counter, cards.hand_over, order_id, code=f" {code[:3].lower()}-{code[3:]} ") is None
    assert (counter.state(order_id), [c.state for c in of(order_id)]) == ("delivered", ["collected"])
    another = bought(counter, Going(place="Opla"))
    cards.pack(CLERK, another, of(another)[0].iccid, shop=counter.shop, at=START)
    cards.make_ready(CLERK, another, shop=counter.shop, at=START)
    tries = [done(counter, cards.hand_over, another, code=f"AAAAA{n}") for n in range(7)]
    assert (tries[0], tries[-1]) == ("collection_code_wrong", "too_many_tries")


def test_lost_in_the_post_another_one_is_sent_and_the_customer_pays_once(counter: World) -> None:
    order_id = sent(counter)
    assert done(counter, cards.replace_card, order_id, Event.LOST) is None
    assert states(counter) == {"lost": 1, "reserved": 1, "in_stock": 2}
    [_, second] = of(order_id)
    assert done(counter, cards.pack, order_id, second.iccid) is None
    assert done(counter, cards.hand_over, order_id, tracking="second") is None
    assert (counter.balance("card_stock:EUR"), counter.balance("stock_losses:EUR")) == (1200, 700)
    assert counter.refunds() == []
    counter.work(2)
    assert sorted(m.subject for m in counter.mailbox.sent) == ["card_sent", "delivered"]
    [first, _] = of(order_id)
    assert done(counter, cards.came_back, first.iccid) is None  # the post found it after all
    assert (counter.balance("card_stock:EUR"), counter.balance("stock_losses:EUR")) == (1900, 0)


def test_lost_in_the_post_the_whole_price_goes_back_and_the_card_is_our_loss(counter: World) -> None:
    order_id = sent(counter)
    assert done(counter, cards.refund_card, order_id, Event.LOST, why="three weeks") is None
    assert counter.state(order_id) == "refunding"
    counter.work(2)
    assert (counter.state(order_id), counter.refunds()) == ("refunded", [("card_lost", 1500, "done")])
    assert (counter.balance("margin:EUR"), counter.balance("stock_losses:EUR")) == (0, 700)
    assert done(counter, cards.refund_card, order_id, Event.LOST, why="again") == "card_not_now"


def test_a_card_that_waits_in_place_of_a_lost_one_is_free_again_when_the_money_goes_back(counter: World) -> None:
    order_id = sent(counter)
    assert done(counter, cards.replace_card, order_id, Event.LOST) is None
    assert done(counter, cards.refund_card, order_id, Event.RETURNED, why="?") == "card_not_now"
    assert done(counter, cards.refund_card, order_id, Event.LOST, why="does not want it any more") is None
    counter.work(2)
    assert (states(counter), counter.balance("stock_losses:EUR")) == ({"lost": 1, "in_stock": 3}, 700)


def test_returned_unopened_in_time_the_price_goes_back_and_the_card_is_sold_again(counter: World) -> None:
    order_id = sent(counter)
    [card] = of(order_id)
    counter.clock.now = START + timedelta(days=30)
    assert done(counter, cards.refund_card, order_id, Event.RETURNED, why="unopened") is None
    counter.work(2)
    assert (counter.state(order_id), states(counter)) == ("refunded", {"in_stock": 4})
    assert (counter.balance("card_stock:EUR"), counter.balance("margin:EUR")) == (2600, 0)
    again = bought(counter)
    assert card.iccid in {c.iccid for c in of(again)} | {iccid(n) for n in range(3)}


def test_returned_too_late_it_is_the_shops_choice(counter: World) -> None:
    order_id = sent(counter)
    counter.clock.now = START + timedelta(days=31)
    assert done(counter, cards.refund_card, order_id, Event.RETURNED, why="unopened") == "return_over"
    [card] = of(order_id)
    assert done(counter, cards.opened, card.id) is None
    found = refund_by_choice(
        OWNER, order_id, refund_id=UUID(int=5), amount=None, why="goodwill", shop=counter.shop, at=counter.clock()
    )
    assert not isinstance(found, Refusal), found
    counter.work(2)
    assert (counter.state(order_id), states(counter)) == ("refunded", {"written_off": 1, "in_stock": 3})
    assert counter.balance("margin:EUR") == -800 + 1500  # the card's cost stays with the order


def test_a_wrong_size_is_exchanged_and_the_first_one_comes_back_or_does_not(counter: World) -> None:
    order_id = sent(counter)
    assert done(counter, cards.replace_card, order_id, Event.WRONG_SIZE) is None
    [first, second] = of(order_id)
    assert (first.state, second.state) == ("exchanged", "reserved")
    cards.pack(CLERK, order_id, second.iccid, shop=counter.shop, at=START)
    assert done(counter, cards.hand_over, order_id) is None
    assert counter.balance("stock_losses:EUR") == 700
    assert done(counter, cards.came_back, first.iccid) is None
    assert counter.balance("stock_losses:EUR") == 0
    assert done(counter, cards.replace_card, order_id, Event.WRONG_SIZE) is None
    assert done(counter, cards.opened, second.id) is None
    assert states(counter) == {"written_off": 1, "reserved": 1, "in_stock": 2}


def test_a_card_that_is_damaged_before_it_leaves_is_followed_by_another(counter: World) -> None:
    order_id = bought(counter)
    [card] = of(order_id)
    assert done(counter, cards.write_off, card.id, Event.DAMAGED) is None
    [another] = of(order_id)
    assert (another.state, another.id != card.id) == ("reserved", True)
    assert counter.balance("stock_losses:EUR") == 700


def test_where_none_is_left_the_orders_money_goes_back(counter: World) -> None:
    orders = [bought(counter) for _ in range(3)]
    [card] = of(orders[0])
    assert done(counter, cards.write_off, card.id, Event.LOST) is None
    counter.work(2)
    assert [counter.state(o) for o in orders] == ["refunded", "paid", "paid"]
    assert states(counter) == {"lost": 1, "reserved": 2, "in_stock": 1}


def test_what_is_not_wanted_before_it_leaves_is_free_again(counter: World) -> None:
    order_id = bought(counter)
    cards.pack(CLERK, order_id, of(order_id)[0].iccid, shop=counter.shop, at=START)
    assert done(counter, cards.not_wanted, order_id) is None
    counter.work(2)
    assert (counter.state(order_id), states(counter)) == ("refunded", {"in_stock": 4})
    assert done(counter, cards.not_wanted, order_id) == "card_not_now"


def test_after_five_days_unsent_a_person_hears_of_it_and_cannot_say_it_was_delivered(counter: World) -> None:
    order_id = bought(counter)
    counter.clock.now = START + timedelta(days=5, minutes=1)
    counter.work(2)
    assert "unknown_send" in counter.items()
    [(item_id, why)] = select("SELECT id, why ->> 'why' FROM item WHERE kind = 'unknown_send'")
    assert why == "not_handed_over"
    from opla.db.queries import items

    found = items.item(int(str(item_id)))
    assert found is not None
    assert [str(o.resolution) for o in offers(found, shop=counter.shop)] == ["not_delivered", "ask_again"]
    step = resolve_item(
        OWNER, found.id, Wanted("not_delivered", "we are closed"), shop=counter.shop, at=counter.clock()
    )
    assert not isinstance(step, Refusal), step
    counter.work(2)
    assert (counter.state(order_id), states(counter)["in_stock"]) == ("refunded", 4)


def test_a_stranger_a_customer_and_a_reseller_hand_nothing_over(counter: World) -> None:
    order_id = bought(counter)
    for role in (Role.CUSTOMER, Role.RESELLER, Role.SYSTEM):
        refused = cards.pack(Actor(role), order_id, of(order_id)[0].iccid, shop=counter.shop, at=START)
        assert refused is not None
        assert refused.code == "not_allowed"
    assert import_cards(CLERK, b"sku,iccid,cost\n", shop=counter.shop, at=START)[0].code == "not_allowed"  # type: ignore[index]


@pytest.mark.parametrize(
    ("data", "refused"),
    [
        (b"sku,iccid,cost\nPX-SIM," + b"8" * 200_000, "file_unreadable"),
        (b"sku,iccid\n", "file_unreadable"),
        (b"\xff", "file_unreadable"),
        (b"sku,iccid,cost\n" * 80_000, "file_too_large"),
    ],
)
def test_what_is_no_file_of_cards_is_refused_in_one_sentence(counter: World, data: bytes, refused: str) -> None:
    found = import_cards(OWNER, data, shop=counter.shop, at=START)
    assert isinstance(found, list)
    assert [no.code for no in found] == [refused]


def test_the_same_file_twice_changes_nothing(counter: World) -> None:
    before = counter.balance("card_stock:EUR")
    found = bring(counter, [(SKU, 0, "9.00"), (SKU, 50, "7.00")])
    assert found == Stocked(1, [2], 700)
    assert bring(counter, [(SKU, 0, "9.00"), (SKU, 50, "7.00")]) == Stocked(0, [2, 3], 0)
    assert counter.balance("card_stock:EUR") == before + 700


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (f"PX-SIM,{iccid(60)[:-1]}x,7.00", "iccid"),
        (f"PX-SIM,{iccid(60)[:-1]}{(int(iccid(60)[-1]) + 1) % 10},7.00", "iccid"),
        ("PX-SIM,4821903477,7.00", "iccid"),
        ("PX-SIM,8932000000000000006,7.00", "iccid"),  # a real one would be given away in a sandbox
        (f"PX-15,{iccid(60)},7.00", "sku"),
        (f"PX-ESIM,{iccid(60)},7.00", "sku"),
        (f"PX-SIM,{iccid(60)},-7", "cost"),
        (f"PX-SIM,{iccid(60)},", "cost"),
    ],
)
def test_a_bad_row_refuses_the_whole_file_and_is_named(counter: World, row: str, column: str) -> None:
    text = f"sku,iccid,cost\nPX-SIM,{iccid(61)},7.00\n{row}\n"
    found = import_cards(OWNER, text.encode(), shop=counter.shop, at=START)
    assert isinstance(found, list)
    assert [(no.code, no.about, no.params) for no in found] == [("row_invalid", column, {"row": "3"})]
    assert rows.by_iccid(iccid(61)) is None


def test_where_a_card_went_is_forgotten_in_time_and_not_while_it_is_under_way(counter: World) -> None:
    gone, waits = sent(counter), bought(counter)
    assert rows.forget(START + timedelta(days=1)) == 1
    assert card_to.of([gone, waits], shop=counter.shop) == {gone: Going(), waits: HOME}


def test_whatever_a_clerk_does_in_whatever_order_no_card_is_lost_to_the_books(counter: World) -> None:
    """What was stocked is on the shelf, given, lost or written off, and the money says the same after each act."""
    bring(counter, [(SKU, n, f"{5 + n % 4}.00") for n in range(100, 112)])
    chance, shop = random.Random(5), counter.shop
    orders = [bought(counter) for _ in range(4)]
    for _ in range(160):
        order_id = chance.choice(orders)
        a_clerk_does_something(chance, order_id, shop, counter)
        counter.clock.tick(60)
        if chance.random() < 0.1:
            counter.work()
        active = select(
            """SELECT order_id FROM card WHERE state IN ('reserved', 'packed', 'ready', 'sent', 'collected')
               GROUP BY order_id HAVING count(*) > 1"""
        )
        assert active == []
        assert wrong(counter) == []
    assert sum(states(counter).values()) == 16
    assert len(states(counter)) >= 4  # enough has happened


def a_clerk_does_something(chance: random.Random, order_id: UUID, shop: Shop, world: World) -> None:
    at, any_card = world.clock(), rows.by_iccid(iccid(chance.choice([*range(3), *range(100, 112)])))
    assert any_card is not None
    acts: list[Callable[[], Refusal | None]] = [
        lambda: cards.pack(CLERK, order_id, any_card.iccid, shop=shop, at=at),
        lambda: cards.pack(CLERK, order_id, any_card.iccid, shop=shop, at=at),
        lambda: cards.hand_over(CLERK, order_id, shop=shop, at=at),
        lambda: cards.hand_over(CLERK, order_id, shop=shop, at=at),
        lambda: cards.replace_card(CLERK, order_id, chance.choice([Event.LOST, Event.WRONG_SIZE]), shop=shop, at=at),
        lambda: cards.came_back(CLERK, any_card.iccid, shop=shop, at=at),
    ]
    rare: list[Callable[[], Refusal | None]] = [
        lambda: cards.write_off(CLERK, any_card.id, chance.choice([Event.LOST, Event.DAMAGED]), shop=shop, at=at),
        lambda: cards.opened(CLERK, any_card.id, shop=shop, at=at),
        lambda: cards.not_wanted(CLERK, order_id, shop=shop, at=at),
        lambda: cards.refund_card(
            CLERK, order_id, chance.choice([Event.LOST, Event.RETURNED]), why="so", shop=shop, at=at
        ),
    ]
    chance.choice(rare if chance.random() < 0.12 else acts)()


def test_a_program_that_says_no_address_is_refused(counter: World) -> None:
    wanted = Topup("", "", "a@example.org", "en", sku=SKU)
    [no] = place_from_float(
        Actor(Role.RESELLER, "acme"), [Asked("acme", "k1", wanted)], shop=counter.shop, at=counter.clock()
    )
    assert isinstance(no, list)
    assert [refusal.code for refusal in no] == ["address_missing"]
