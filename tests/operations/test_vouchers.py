"""Vouchers from the printer to the phone they top up, played through with books that hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from fakes import CODE, CUSTOMER, DEVICE, DIRECT, NUMBER, Playing, World, compose, pushing
from operations.test_cash import CLERK, COUNTER, OWNER, TILL, AtTheCounter, counter, in_drawer, no
from opla.core.actor import Actor, Role
from opla.core.day import day_of
from opla.core.ledger import VOUCHER
from opla.core.money import Money
from opla.core.phone import Number
from opla.core.ports import Charges
from opla.core.refusal import Code, Refusal
from opla.core.voucher import Event, grouped, read_code
from opla.db.models import Place as PlaceRow
from opla.db.queries import pages
from opla.db.queries import quarantine as standing
from opla.db.queries import vouchers as queries
from opla.db.queries.books import books
from opla.db.queries.call import select
from opla.db.queries.codes import Stock
from opla.db.queries.refunds import Chosen
from opla.db.queries.vouchers import Vouchers
from opla.operations import places, quarantine, vouchers
from opla.operations.drawers import keep_drawer
from opla.operations.expire import expire
from opla.operations.order_texts import read_number
from opla.operations.outside import Adapters
from opla.operations.refund_by_choice import refund_by_choice
from opla.operations.vouchers import Activated, By, For, Good, Made, Printed, Redeemed, ToSell, Unfit
from opla.operations.work import work_once
from opla.payments.voucher.provider import OnPaper
from support import as_owner, at_once

__all__ = ["counter"]  # the fixture

E164 = "+32470123456"
BY = By(DEVICE, address="198.51.100.7")
OWED = "vouchers:EUR"


class OnOurPaper(AtTheCounter):
    """The same outside, with our vouchers beside."""

    def payment(self, name: str) -> Charges:
        return OnPaper(Vouchers(self.world.clock)) if name == VOUCHER else super().payment(name)

    def refunds(self, name: str) -> OnPaper:  # type: ignore[override]  # of vouchers alone here
        found = self.payment(name)
        assert isinstance(found, OnPaper)
        return found


def work(world: World, rounds: int = 5) -> None:
    for _ in range(rounds):
        work_once(
            worker=UUID(int=1), shop=world.shop, outside=OnOurPaper(world), compose=compose, clock=world.clock,
            width=50, words=pushing,
        )  # fmt: skip


def place_id() -> int:
    return int(PlaceRow.objects.get(source=COUNTER.source, ref=COUNTER.ref).id)


def printed(world: World, sku: str = CODE, quantity: int = 3, *, days: int = 365) -> dict[str, str]:
    """Serial → code, as they stood on the paper."""
    drawn: list[Printed] = []
    made = vouchers.make(
        OWNER, sku, quantity, until=day_of(world.clock()) + timedelta(days=days), language="fr",
        draw=lambda paper: drawn.append(paper) or b"%PDF", shop=world.shop, at=world.clock(),
    )  # fmt: skip
    assert isinstance(made, Made), made
    return dict(drawn[0].vouchers)


def move(world: World, serials: str, event: Event, **more: object) -> dict[str, int] | Refusal:
    place = place_id() if event is Event.SENT else None
    said = {"place_id": place, "why": "found out", **more}
    return vouchers.move(OWNER, serials, event, sandbox=True, at=world.clock(), **said)  # type: ignore[arg-type]


def in_stock(world: World, sku: str = CODE, quantity: int = 3, **more: int) -> dict[str, str]:
    """At the place of the till."""
    found = printed(world, sku, quantity, **more)
    for event in (Event.SENT, Event.ARRIVED):
        assert move(world, " ".join(found), event) == {"moved": quantity}
    return found


def sell(world: World, serial: str, *, key: UUID | None = None, drawer: str = TILL, given: str = "") -> object:
    return vouchers.activate(CLERK, serial, drawer=drawer, line_id=key or uuid4(), given=given, at=world.clock())


def sold(world: World, sku: str = CODE, **more: int) -> tuple[str, str]:
    """The serial and the code of one that was paid for."""
    serial, code = next(iter(in_stock(world, sku, 1, **more).items()))
    assert isinstance(sell(world, serial), Activated)
    return serial, code


def redeem(world: World, code: str, *, by: By = BY, **wanted: str) -> Redeemed | list[Refusal]:
    found = vouchers.redeem(CUSTOMER, code, For("en", **wanted), by=by, shop=world.shop, at=world.clock())
    return found.refusals if isinstance(found, Unfit) else [found] if isinstance(found, Refusal) else found


def done(found: object) -> UUID:
    assert isinstance(found, Redeemed), found
    return found.order_id


def state(serial: str) -> str:
    [(found,)] = select("SELECT state FROM voucher WHERE serial = %s", [serial])
    return str(found)


def test_a_voucher_is_printed_sent_sold_and_redeemed_and_owed_for_in_between(counter: World) -> None:
    [serial, *others] = found = in_stock(counter)
    code = found[serial]
    assert counter.balance(OWED) == 0
    assert no(vouchers.look(CUSTOMER, code, by=BY, shop=counter.shop, at=counter.clock())) == "voucher_wrong"
    told = sell(counter, serial, given="20")
    assert isinstance(told, Activated)
    assert (told.coins, told.change) == (Money(1500, "EUR"), Money(500, "EUR"))
    assert (counter.balance(OWED), in_drawer(counter)) == (-1500, 6500)
    good = vouchers.look(CUSTOMER, code.lower(), by=BY, shop=counter.shop, at=counter.clock())
    assert isinstance(good, Good)
    assert good.product.sku == CODE
    order_id = done(redeem(counter, code))
    assert (counter.balance(OWED), state(serial)) == (0, "redeemed")
    work(counter)
    assert counter.state(order_id) == "delivered"
    assert counter.balance("psp_clearing:voucher:EUR") == 0
    assert [state(one) for one in others] == ["in_stock", "in_stock"]


def test_nobody_need_give_an_address_and_one_that_is_given_must_be_right(counter: World) -> None:
    _serial, code = sold(counter, DIRECT)
    assert [one.code for one in redeem(counter, code, number=NUMBER, email="ana")] == [Code.EMAIL_INVALID]  # type: ignore[union-attr]
    assert [one.code for one in redeem(counter, code)] == [Code.NUMBER_MISSING]  # type: ignore[union-attr]
    order_id = done(redeem(counter, code, number=NUMBER))
    work(counter)
    page = pages.order_by_id(order_id)
    assert page is not None
    assert (page.email, page.number, page.provider, str(page.state)) == ("", E164, VOUCHER, "delivered")


@pytest.mark.parametrize(
    "wrong", ["mistyped", "unknown", "printed", "lost", "in stock", "over", "blocked", "used", "paid back"]
)
def test_whatever_is_wrong_with_a_code_is_one_refusal(counter: World, wrong: str) -> None:
    if wrong in ("mistyped", "unknown"):
        code = "K7M3" if wrong == "mistyped" else "K7M39QX2TBVW13"
    elif wrong in ("printed", "lost"):
        [(serial, code)] = printed(counter, quantity=1).items()
        if wrong == "lost":
            move(counter, serial, Event.LOST)
    elif wrong == "in stock":
        [code] = in_stock(counter, quantity=1).values()
    else:
        serial, code = sold(counter, days=10)
        if wrong == "over":
            counter.clock.tick(11 * 24 * 3600)
        elif wrong == "blocked":
            assert move(counter, serial, Event.BLOCKED) == {"moved": 1}
        elif wrong == "used":
            done(redeem(counter, code))
        else:
            vouchers.give_back(
                CLERK, code, drawer=TILL, line_id=uuid4(), why="shown", shop=counter.shop, at=counter.clock()
            )
    other = By(b"x" * 16, address="198.51.100.8")
    assert redeem(counter, code, by=other) == [Refusal(Code.VOUCHER_WRONG, "code")]


def test_a_voucher_is_redeemed_once_however_many_try_at_the_same_moment(counter: World) -> None:
    _serial, code = sold(counter)
    each = [By(bytes([n]) * 16, address=f"198.51.100.{n}") for n in range(1, 5)]
    found = at_once(*[lambda by=by: redeem(counter, code, by=by) for by in each])  # type: ignore[misc]
    assert [isinstance(one, Redeemed) for one in found].count(True) == 1
    assert [one for one in found if not isinstance(one, Redeemed)] == [[Refusal(Code.VOUCHER_WRONG, "code")]] * 3
    assert select("SELECT count(*) FROM orders") == [(1,)]


def test_pressing_twice_shows_the_same_order_and_others_the_one_sentence(counter: World) -> None:
    _serial, code = sold(counter)
    first, second = redeem(counter, code), redeem(counter, code)
    assert isinstance(first, Redeemed)
    assert isinstance(second, Redeemed)
    assert (first.order_id, first.link, second.again) == (second.order_id, second.link, True)
    assert redeem(counter, code, by=By(b"", address="198.51.100.9")) == [Refusal(Code.VOUCHER_WRONG, "code")]


@pytest.mark.parametrize("texted", [False, True])
def test_pressing_twice_at_the_same_moment_shows_the_same_order(counter: World, *, texted: bool) -> None:
    _serial, code = sold(counter, DIRECT)
    number = read_number(E164)
    assert isinstance(number, Number)
    each = [By(bytes([n]) * 16, texts=number) for n in (1, 2)] if texted else [BY, BY]
    found = at_once(*[lambda by=by: redeem(counter, code, by=by, number=NUMBER) for by in each])  # type: ignore[misc]
    assert len({done(one) for one in found}) == 1
    assert sorted(one.again for one in found if isinstance(one, Redeemed)) == [False, True]


def test_two_tills_that_sell_the_same_voucher_take_its_price_once(counter: World) -> None:
    assert keep_drawer(OWNER, "counter-2", place_id(), is_open=True, sandbox=True, at=counter.clock()) is None
    [serial] = in_stock(counter, quantity=1)
    found = at_once(lambda: sell(counter, serial), lambda: sell(counter, serial, drawer="counter-2"))
    assert sorted(type(one).__name__ for one in found) == ["Activated", "Refusal"]
    assert [no(one) for one in found if isinstance(one, Refusal)] == ["voucher_sold"]
    assert counter.balance(OWED) == -1500
    taken = select("SELECT sum(minor)::bigint FROM drawer_line WHERE kind = 'voucher_sold'")
    assert taken == [(1500,)]


def test_a_button_that_is_pressed_twice_sells_once(counter: World) -> None:
    one, other = in_stock(counter, quantity=2)
    key = uuid4()
    first, second = sell(counter, one, key=key), sell(counter, one, key=key)
    assert isinstance(first, Activated)
    assert isinstance(second, Activated)
    assert (first.again, second.again, in_drawer(counter)) == (False, True, 6500)
    assert no(sell(counter, other, key=key)) == "key_reused"
    assert no(sell(counter, one)) == "voucher_sold"


def test_paper_is_sold_only_where_it_lies_by_the_books(counter: World) -> None:
    elsewhere = replace(COUNTER, ref="2", name="Night Shop")
    places.keep(OWNER, [elsewhere], at=counter.clock())
    there = int(PlaceRow.objects.get(source="own", ref="2").id)
    assert keep_drawer(OWNER, "night-1", there, is_open=True, sandbox=True, at=counter.clock()) is None
    one, two, three = printed(counter)
    assert no(sell(counter, one)) == "voucher_not_here"  # with us still
    move(counter, f"{one} {two}", Event.SENT)
    assert no(sell(counter, one)) == "voucher_not_here"  # on its way
    move(counter, f"{one} {two}", Event.ARRIVED)
    assert no(sell(counter, one, drawer="night-1")) == "voucher_not_here"
    assert isinstance(sell(counter, one), Activated)
    assert no(sell(counter, "00099000000101")) == "voucher_serial_unknown"
    assert state(three) == "printed"


def test_what_is_over_is_neither_sold_nor_lost_to_whoever_paid(counter: World) -> None:
    one, two = in_stock(counter, quantity=2, days=10).items()
    assert isinstance(sell(counter, one[0]), Activated)
    counter.clock.tick(11 * 24 * 3600)
    assert no(sell(counter, two[0])) == "voucher_over"
    shown = vouchers.look_up(CLERK, two[0], at=counter.clock())
    assert isinstance(shown, ToSell)
    assert no(shown.refused) == "voucher_over"
    assert counter.balance(OWED) == -1500  # still
    back = vouchers.give_back(
        CLERK, grouped(one[1]), drawer=TILL, line_id=uuid4(), why="the paper", shop=counter.shop, at=counter.clock()
    )
    assert back == Money(1500, "EUR")
    assert (counter.balance(OWED), in_drawer(counter), state(one[0])) == (0, 5000, "refunded")


def test_coins_leave_a_little_and_the_voucher_is_owed_for_to_the_cent(counter: World) -> None:
    counter.shop = replace(counter.shop, terms=replace(counter.shop.terms, fee_minor=2))
    _serial, code = sold(counter)
    assert (counter.balance(OWED), in_drawer(counter), counter.balance("cash_rounding:EUR")) == (-1502, 6500, 2)
    counter.shop = replace(counter.shop, terms=replace(counter.shop.terms, fee_minor=99))
    order_id = done(redeem(counter, code))  # at the price it was sold for
    work(counter)
    assert counter.state(order_id) == "delivered"
    assert select("SELECT face_minor, fee_minor FROM orders WHERE id = %s", [order_id]) == [(1500, 2)]


def test_what_could_not_be_delivered_makes_the_voucher_good_again(counter: World) -> None:
    serial, code = sold(counter, days=1)
    counter.supplier.script = [counter.supplier.refuses] * 9
    order_id = done(redeem(counter, code))
    counter.clock.tick(36 * 3600)
    work(counter, 8)
    assert (counter.state(order_id), state(serial), counter.balance(OWED)) == ("refunded", "active", -1500)
    counter.supplier.script = []
    again = redeem(counter, code)  # for thirty days, though the day on the paper is over
    assert done(again) != order_id
    work(counter)
    assert counter.state(done(again)) == "delivered"
    assert counter.balance("psp_clearing:voucher:EUR") == counter.balance(OWED) == 0


def test_a_part_of_the_price_is_no_product_so_a_person_pays_it(counter: World) -> None:
    serial, code = sold(counter)
    order_id = done(redeem(counter, code))
    work(counter)
    given = refund_by_choice(
        OWNER, order_id, refund_id=uuid4(), amount=Money(500, "EUR"), why="sorry", shop=counter.shop, at=counter.clock()
    )
    assert isinstance(given, Chosen)
    work(counter)
    assert (state(serial), counter.items()) == ("redeemed", ["refund_refused"])
    assert counter.balance("refunds_due:EUR") == -500


def test_an_order_that_no_worker_took_up_in_time_gives_the_voucher_back(counter: World) -> None:
    serial, code = sold(counter)
    order_id = done(redeem(counter, code))
    counter.clock.tick(25 * 3600)
    expire(shop=counter.shop, at=counter.clock())
    assert counter.state(order_id) == "cancelled"
    for _ in range(4):
        work(counter)
        counter.clock.tick(10)
    assert (counter.state(order_id), state(serial), counter.balance(OWED)) == ("refunded", "active", -1500)


@pytest.mark.parametrize("sandbox", [True, False])
def test_a_worker_of_any_shop_reaches_our_own_vouchers(counter: World, *, sandbox: bool) -> None:
    here = replace(counter.shop, sandbox=sandbox)
    outside = Adapters(here, Stock(lambda: counter.clock().date()), vouchers=Vouchers(counter.clock))
    assert isinstance(outside.payment(VOUCHER), OnPaper)
    assert isinstance(outside.refunds(VOUCHER), OnPaper)


def test_nothing_of_a_code_is_kept_but_its_keyed_digest(counter: World) -> None:
    _serial, code = sold(counter)
    done(redeem(counter, code))
    work(counter)
    tables = select("SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND oid >= 16384")
    for (table,) in tables:
        assert select(f"SELECT count(*) FROM {table} x WHERE x::text LIKE %s", [f"%{code}%"]) == [(0,)], table


def test_ten_tries_and_then_slowly(counter: World) -> None:
    _serial, code = sold(counter)
    guess = "K7M39QX2TBVW13"
    for _ in range(10):
        assert redeem(counter, guess) == [Refusal(Code.VOUCHER_WRONG, "code")]
    [tired] = redeem(counter, code)  # type: ignore[misc]
    assert (tired.code, tired.params) == (Code.TOO_MANY_TRIES, {"minutes": "1"})
    counter.clock.tick(61)
    assert redeem(counter, guess) == [Refusal(Code.VOUCHER_WRONG, "code")]
    assert no(redeem(counter, code)[0]) == "too_many_tries"  # type: ignore[index]
    kiosk = By(b"", address=BY.address, station="main-kiosk")  # counted by itself, wherever it stands
    done(redeem(counter, code, by=kiosk))


def test_good_codes_use_up_no_tries(counter: World) -> None:
    found = in_stock(counter, quantity=14)
    for serial in found:
        assert isinstance(sell(counter, serial), Activated)
    *codes, last, back = found.values()
    for code in codes:
        assert isinstance(vouchers.look(CUSTOMER, code, by=BY, shop=counter.shop, at=counter.clock()), Good)
        done(redeem(counter, code))
        done(redeem(counter, code))  # it is theirs already
    assert select("SELECT count(*) FROM orders") == [(12,)]
    for _ in range(10):
        assert redeem(counter, "K7M39QX2TBVW13") == [Refusal(Code.VOUCHER_WRONG, "code")]
    assert no(redeem(counter, last)[0]) == "too_many_tries"  # type: ignore[index]
    line = uuid4()
    for _ in range(12):  # the same press of a clerk's button
        given = vouchers.give_back(
            CLERK, back, drawer=TILL, line_id=line, why="shown", shop=counter.shop, at=counter.clock()
        )
        assert given == Money(1500, "EUR")


def test_paper_that_was_lost_or_came_back_is_counted_and_owed_for_by_nobody(counter: World) -> None:
    one, two, three = in_stock(counter)
    assert move(counter, f"{one}..{two}", Event.LOST, why="") == Refusal(Code.REASON_MISSING, "why")
    assert move(counter, one, Event.LOST) == {"moved": 1}
    assert move(counter, f"{one},{two}\n{three}", Event.RETURNED) == {"moved": 3}  # it was found again
    assert move(counter, f"{one}..{three}", Event.ARRIVED) == {"returned": 3}
    assert move(counter, one, Event.SENT, place_id=None) == Refusal(Code.VOUCHER_PLACE_MISSING, "place")
    assert no(move(counter, "1234", Event.LOST)) == "voucher_serial_unknown"
    [found] = queries.batches(limit=9)
    assert [(str(lying.state), lying.place_id, lying.count) for lying in found.lying] == [("returned", None, 3)]
    assert counter.balance(OWED) == 0


@pytest.mark.parametrize(
    ("sku", "quantity", "days", "code"),
    [
        ("NO-SUCH", 1, 30, "product_unknown"),
        ("PX-SIM", 1, 30, "product_unknown"),
        (CODE, 0, 30, "quantity_unreadable"),
        (CODE, 1001, 30, "quantity_unreadable"),
        (CODE, 1, -1, "time_not_possible"),
        (CODE, 1, 3000, "time_not_possible"),
    ],
)
def test_what_cannot_be_printed_is_refused(counter: World, sku: str, quantity: int, days: int, code: str) -> None:
    until: date = day_of(counter.clock()) + timedelta(days=days)
    made = vouchers.make(
        OWNER, sku, quantity, until=until, language="en", draw=lambda _paper: b"", shop=counter.shop, at=counter.clock()
    )
    assert no(made) == code
    assert select("SELECT count(*) FROM voucher") == [(0,)]


def test_paper_that_could_not_be_drawn_is_no_voucher(counter: World) -> None:
    def jam(_paper: Printed) -> bytes:
        raise OSError("out of paper")

    with pytest.raises(OSError, match="paper"):
        vouchers.make(
            OWNER, CODE, 1, until=day_of(counter.clock()), language="en", draw=jam, shop=counter.shop,
            at=counter.clock(),
        )  # fmt: skip
    assert select("SELECT count(*) FROM voucher") == [(0,)]


def test_each_act_asks_who_may(counter: World) -> None:
    serial, code = sold(counter)
    stranger = Actor(Role.RESELLER, "x")
    at, shop = counter.clock(), counter.shop
    assert no(vouchers.listed(CLERK)) == "not_allowed"
    assert no(vouchers.move(CLERK, serial, Event.LOST, why="x", sandbox=True, at=at)) == "not_allowed"
    assert no(vouchers.activate(CUSTOMER, serial, drawer=TILL, line_id=uuid4(), at=at)) == "not_allowed"
    assert no(vouchers.look_up(CUSTOMER, serial, at=at)) == "not_allowed"
    assert no(vouchers.look(stranger, code, by=BY, shop=shop, at=at)) == "not_allowed"
    assert no(vouchers.redeem(stranger, code, For(), by=BY, shop=shop, at=at)) == "not_allowed"


#: Raw SQL of the owner's, past every guard, and the checks that must notice.
BREAKS = [
    ("UPDATE voucher SET state = 'active' WHERE state = 'redeemed'", "states vouchers"),
    ("UPDATE voucher SET state = 'in_stock' WHERE state = 'active'", "states vouchers"),
    ("UPDATE voucher SET state = 'lost' WHERE state = 'in_stock'", "states"),
    ("DELETE FROM voucher_use", "provider_accounts vouchers"),
    ("UPDATE voucher_use SET minor = minor - 1", "provider_accounts vouchers"),
    ("DELETE FROM voucher_line", "vouchers"),
    ("UPDATE voucher_line SET voucher_id = (SELECT id FROM voucher WHERE state = 'in_stock')", "vouchers"),
    ("UPDATE account SET credits_posted = credits_posted + 1 WHERE kind = 'vouchers'", "balances vouchers"),
    ("UPDATE transfer SET reason = 'voucher_met' WHERE reason = 'voucher_owed'", "postings"),
    ("UPDATE drawer_line SET settled_minor = settled_minor - 1 WHERE kind = 'voucher_sold'", "drawers vouchers"),
    ("UPDATE event SET target = 'lost' WHERE subject = 'voucher' AND name = 'redeemed'", "arrows states"),
]


def test_the_books_notice_what_is_wrong_with_a_voucher(counter: World) -> None:
    one, two, _three = found = in_stock(counter)
    assert isinstance(sell(counter, one), Activated)
    assert isinstance(sell(counter, two), Activated)
    done(redeem(counter, found[one]))
    work(counter)
    at = counter.clock() + timedelta(hours=2)
    assert [check.name for check in books(at) if not check.holds] == []
    for sql, noticed in BREAKS:
        with as_owner() as cursor:
            cursor.execute(sql)
            cursor.execute("SELECT name FROM opla_books(%s) WHERE wrong > 0 ORDER BY name", [at])
            assert " ".join(str(name) for (name,) in cursor.fetchall()) == noticed, sql


def test_a_code_as_it_is_grouped_is_read_again(counter: World) -> None:
    for code in printed(counter).values():
        assert read_code(grouped(code)) == code


def test_what_may_have_been_redeemed_after_a_backup_opens_nothing_until_a_person_says_so(counter: World) -> None:
    serial, code = sold(counter)
    at = counter.clock()
    assert quarantine.enter(OWNER, backup="b", restored_to=at, shop=counter.shop, at=at)
    now = standing.current()
    assert now is not None
    assert (state(serial), now.vouchers) == ("blocked", 1)
    for step in now.steps:
        assert quarantine.compared(OWNER, step.area, step.name, "looked", at=at) is None
    assert quarantine.leave(OWNER, shop=counter.shop, outside=Playing(counter), at=at) == []
    assert isinstance(redeem(counter, code), list)
    assert move(counter, serial, Event.RELEASED) == {"moved": 1}
    done(redeem(counter, code))
    work(counter)
