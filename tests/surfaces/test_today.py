"""The owner's first page: every figure on it is what the database holds, and each leads to where it is settled."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest

import support
from fakes import CODE, DIRECT, NUMBER, World
from opla.core.actor import Actor, Role
from opla.core.day import bounds, day_of
from opla.core.ports import Answer, Promises
from opla.db.queries import today
from opla.db.queries.books import proof, prove_turn
from opla.db.queries.call import select
from opla.operations.prove import prove
from opla.operations.refund_by_choice import refund_by_choice
from opla.presenting import charts, languages
from opla.presenting import today as words
from surfaces.conftest import Door, Visitor
from surfaces.test_owner_pages import parked, signed_in

HERE = "/owner/"


def silent(world: World) -> None:
    world.supplier.promises = Promises(refuses_repeat=False, find_by_reference=False, max_seconds=10)
    world.supplier.script = [world.supplier.is_silent]


def test_who_signs_in_comes_here_and_strangers_find_nothing(door: Door) -> None:
    owner = signed_in(door.world)
    assert "Today" in owner.get(HERE).title
    for path in (HERE, "/owner/books/", "/owner/figures/2026-11-22/sales.csv"):
        for visitor in (door.owner, door.colleague, door.stranger):
            assert visitor.get(path).status == 404


def test_support_sees_what_waits_and_no_figures(door: Door) -> None:
    parked(door)
    page = signed_in(door.world, Role.SUPPORT, "sam").get(HERE)
    assert "Nobody can say whether it was delivered" in page.text
    assert "Where the money lies" not in page.text
    assert "checks of the books" not in page.text
    support_ = signed_in(door.world, Role.SUPPORT, "sam")
    assert support_.get("/owner/books/").status == 404
    assert support_.get("/owner/figures/2026-11-22/sales.csv").status == 404


def test_one_thing_that_waits_is_one_click_away_and_several_are_their_list(door: Door) -> None:
    page = parked(door)
    owner = signed_in(door.world)
    first = owner.get(HERE)
    assert f'<a href="{page}">Nobody can say whether it was delivered</a>' in first.html
    assert re.search(r"Nobody can say whether it was delivered 1 €15.00 [12] minutes?", first.text)
    silent(door.world)
    door.world.paid(DIRECT)
    door.world.work_through(17 * 60, step_s=60)
    listed = owner.get(HERE)
    assert '<a href="/owner/items/?kind=unknown_send">' in listed.html
    assert "Nobody can say whether it was delivered 2 €30.00" in listed.text
    only = owner.get("/owner/items/?kind=unknown_send")
    assert only.html.count('<article class="sheet item">') == 2
    assert owner.get("/owner/items/?kind=bank_gap").html.count('<article class="sheet item">') == 0


def test_an_unclear_answer_is_counted_by_its_age_until_it_waits_for_a_person(door: Door) -> None:
    world = door.world
    silent(world)
    world.paid(DIRECT)
    world.work()
    world.clock.tick(60)
    [row] = [one for one in today.underway(world.clock()) if one.kind == "send"]
    assert (row.unknown, row.age, row.count, row.amount.amount_minor) == (True, 0, 1, 1500)
    assert "Deliveries of which nobody has said whether they were made 1 €15.00" in signed_in(world).get(HERE).text
    world.work_through(17 * 60, step_s=60)
    assert world.items() == ["unknown_send"]
    assert [one for one in today.underway(world.clock()) if one.kind == "send"] == []


def test_what_is_asked_about_by_itself_leads_to_its_orders_by_age(door: Door) -> None:
    world, owner = door.world, signed_in(door.world)
    unpaid = world.order(CODE)
    world.work()
    silent(world)
    sent = world.paid(DIRECT)
    world.work()
    world.clock.tick(60)
    links = [unescape(one) for one in re.findall(r'href="(/owner/underway/[^"]*)"', owner.get(HERE).html)]
    assert links == [
        "/owner/underway/?kind=charge", "/owner/underway/?kind=charge&age=0",
        "/owner/underway/?kind=send&unknown", "/owner/underway/?kind=send&unknown&age=0",
    ]  # fmt: skip
    for address, order in zip(links, (unpaid, unpaid, sent, sent), strict=True):
        listed = owner.get(address)
        assert re.findall(r'href="/owner/orders/([^/]+)/"', listed.html) == [str(order)], address
    assert world.supplier.asked[0] in listed.text
    assert "Nothing is on its way" in owner.get("/owner/underway/?kind=charge&age=3").text
    for nowhere in ("", "?kind=look", "?kind=send&age=9", "?kind=send&age=x"):
        assert owner.get(f"/owner/underway/{nowhere}").status == 404


def test_the_list_is_by_age_or_by_money(door: Door) -> None:
    world, owner = door.world, signed_in(door.world)
    silent(world)
    first = parked(door, CODE)
    silent(world)
    world.paid("MV-40", quote=world.quote("MV-40", number=NUMBER), captured_minor=4000)
    world.work_through(17 * 60, step_s=60)
    assert world.items() == ["unknown_send", "unknown_send"]

    def shown(how: str) -> list[str]:
        return re.findall(r'<h2><a href="(/owner/items/\d+/)"', owner.get(f"/owner/items/{how}").html)

    assert shown("")[0] == first
    assert shown("?kind=unknown_send&by=money") == shown("")[::-1]


def test_an_item_of_a_payment_leads_to_each_order_and_shows_what_was_posted(door: Door) -> None:
    world, owner = door.world, signed_in(door.world)
    order = world.order(CODE)
    world.work()
    world.provider.decide(Answer.SUCCEEDED, 1000)
    world.wake()
    world.work(3)
    assert world.items() == ["wrong_amount"]
    [address] = re.findall(r'href="(/owner/items/\d+/)"', owner.get(HERE).html)
    page = owner.get(address)
    assert f'href="/owner/orders/{order}/"' in page.html
    for text in ("Postings", "€10.00", "Ordered", "Less came in than asked"):
        assert text in page.text, text


def test_the_sales_are_those_of_the_orders_of_the_day_in_the_hour_they_were_placed(door: Door) -> None:
    world = door.world
    door.delivered(CODE)
    world.clock.tick(3600)
    door.delivered(CODE)
    world.order(CODE)  # not paid
    [first, second] = today.hours(*bounds(day_of(world.clock())))
    assert (first.placed, first.delivered, first.sold.amount_minor) == (1, 1, 1500)
    assert (second.hour, second.placed, second.delivered) == (first.hour + 1, 2, 1)
    page = signed_in(world).get(HERE)
    assert "Sold €30.00" in page.text
    assert "Ordered 3 Delivered 2" in page.text
    rows = list(csv.reader(io.StringIO(signed_in(world).get("/owner/figures/2026-11-22/sales.csv").html)))
    assert rows[0] == ["hour", "currency", "placed", "delivered", "sold_minor"]
    assert [row[1:] for row in rows[1:]] == [["EUR", "1", "1", "1500"], ["EUR", "2", "1", "1500"]]
    world.clock.tick(24 * 3600)
    world.work(3)  # what was not paid is over
    tomorrow = signed_in(world).get(HERE)
    assert "Sold – yesterday, the whole day: €30.00" in tomorrow.text


def test_what_is_earned_is_what_was_posted_that_day_and_adds_up(door: Door) -> None:
    world = door.world
    door.delivered(CODE)
    span = bounds(day_of(world.clock()))
    kinds = [one.kind for one in today.earned(*span)]
    [(posted,)] = select(
        """SELECT sum(credits_posted - debits_posted)::bigint FROM account WHERE kind = ANY (%s)""", [kinds]
    )
    assert "margin" in kinds
    assert sum(one.amount.amount_minor for one in today.earned(*span)) == posted
    assert today.earned(span[1], span[1] + timedelta(days=1)) == []


def test_where_the_money_lies_is_the_balance_of_the_books(door: Door) -> None:
    door.delivered(CODE)
    held = {
        one.kind: one.amount.amount_minor for one in today.lying(["psp_clearing", "customer_held", "supplier_float"])
    }
    assert held["psp_clearing"] == door.world.balance("psp_clearing:sandbox:EUR")
    assert "With the payment provider" in signed_in(door.world).get(HERE).text


def test_how_long_they_waited_is_from_the_money_to_the_delivery(door: Door) -> None:
    world = door.world
    for seconds in (0, 5, 50):
        order = world.paid(CODE)
        world.clock.tick(seconds)
        world.work(3)
        assert world.state(order) == "delivered"
    *_, all_ = today.waited(*bounds(day_of(world.clock())))
    assert (all_.hour, all_.delivered, all_.half_s, all_.most_s) == (-1, 3, 5, 50)


def test_the_suppliers_are_counted_by_what_they_answered(door: Door) -> None:
    world = door.world
    door.delivered(CODE)
    world.supplier.script = [world.supplier.refuses]
    world.paid(CODE)
    world.work(3)
    [one] = today.suppliers(*bounds(day_of(world.clock())))
    assert (one.name, one.succeeded, one.declined, one.undecided) == ("sandbox", 1, 1, 0)


def test_a_broken_promise_is_the_first_thing_the_page_says_as_of_when_and_since_when(door: Door) -> None:
    world = door.world
    owner = signed_in(world)
    assert "The books have not been proven yet." in owner.get(HERE).text
    door.delivered(CODE)
    assert prove(clock=world.clock)
    assert "No promise is broken" in owner.get(HERE).text
    by_one = "UPDATE account SET debits_posted = debits_posted {} 1 WHERE code = 'psp_clearing:sandbox:EUR'"
    support.by_owner(by_one.format("+"))
    for _ in range(2):
        world.clock.tick(301)
        assert prove(clock=world.clock)
    broken = owner.get(HERE)
    assert re.search(r"\d+ checks? of the books fails?\. Sell nothing more", broken.text)
    first = proof(world.clock()).checks[0]
    assert (first[0].holds, first[1]) == (False, world.clock() - timedelta(seconds=301))
    assert re.search(r"^(?:(?! 0 ).)*balances 1 ", owner.get("/owner/books/").text)
    support.by_owner(by_one.format("-"))
    world.clock.tick(301)
    assert prove(clock=world.clock)
    assert proof(world.clock()).broken == []


def test_books_are_proven_by_one_at_a_time_every_few_minutes_or_when_somebody_asks(door: Door) -> None:
    world, owner = door.world, signed_in(door.world)
    assert prove(clock=world.clock)
    assert not prove(clock=world.clock)
    assert "They are being proven" not in owner.get("/owner/books/").text
    world.clock.tick(60)
    owner.post("/owner/books/")
    assert "They are being proven" in owner.get("/owner/books/").text
    assert prove(clock=world.clock)
    assert proof(world.clock()).at == world.clock()
    world.clock.tick(301)
    assert prove_turn(world.clock())  # somebody begins
    owner.post("/owner/books/")
    world.clock.tick(60)
    assert not prove(clock=world.clock)  # and has not ended
    world.clock.tick(3600)
    assert "Nobody has proven the books since then" not in owner.get(HERE).text
    world.clock.tick(600)
    assert "Nobody has proven the books since then" in owner.get(HERE).text
    assert prove(clock=world.clock)  # whoever began has died
    assert "Nobody has proven the books since then" not in owner.get(HERE).text


def test_proving_a_large_shop_takes_a_fiftieth_of_the_time(door: Door) -> None:
    world = door.world
    at = world.clock()
    times = iter([at, at + timedelta(minutes=2)])
    assert prove(clock=lambda: next(times))
    world.clock.tick(102 * 60 - 1)
    assert not prove(clock=world.clock)
    world.clock.tick(1)
    assert prove(clock=world.clock)


def test_a_refund_that_waits_for_a_second_person_is_on_it(door: Door) -> None:
    world = door.world
    world.shop = replace(world.shop, refund_alone_minor=0)
    door.delivered(CODE)
    [(id_,)] = select("SELECT id FROM orders")
    order = UUID(str(id_))
    refund_by_choice(
        Actor(Role.SUPPORT, "sam"), order, refund_id=UUID(int=7), amount=None, why="It never arrived",
        shop=world.shop, at=world.clock(),
    )  # fmt: skip
    assert "A refund waits for a second person 1 €15.00" in signed_in(world).get(HERE).text


def test_a_charge_back_stands_on_it_with_the_day_until_which_it_can_be_answered(door: Door) -> None:
    world = door.world
    door.delivered(CODE)
    [(reference, session)] = world.provider.charges.items()
    due = world.clock() + timedelta(days=9)
    world.provider.charges[reference] = replace(session, charged_back_minor=1500, answer_by=due)
    world.wake()
    world.work(3)
    first = signed_in(world).get(HERE)
    assert "Refunded or charged back at the provider, not by us answer before 1 Dec 2026, 13:00 1 €15.00" in first.text
    [(item,)] = select("SELECT id FROM item WHERE closed_at IS NULL")
    assert "waits for your answer until 1 Dec 2026, 13:00" in signed_in(world).get(f"/owner/items/{item}/").text


@pytest.mark.parametrize("name", ["2026-13-01/sales", "2026-11-22/other", "9999-12-31/sales"])
def test_a_day_or_a_name_that_is_none_is_not_found(door: Door, name: str) -> None:
    assert signed_in(door.world).get(f"/owner/figures/{name}.csv").status == 404


@pytest.mark.parametrize("language", list(languages.NAMES))
def test_it_stands_in_every_language(door: Door, language: str) -> None:
    door.delivered(CODE)
    page = signed_in(door.world, language=language).get(HERE)
    assert page.status == 200
    assert page.html.count('class="line-picture"') == 3


def test_lengths_of_time_are_told_in_the_unit_that_says_enough() -> None:
    with languages.speaking("en"):
        told = [words.lasted(s) for s in (0.04, 1, 9.96, 59, 60, 119, 600, 3600, 90_000, 172_800)]
    assert told == ["0 secs", "1 sec", "10 secs", "59 secs", "1 min", "119 secs", "10 mins", "1 hr", "25 hrs", "2 days"]


def test_a_picture_shows_more_where_there_is_more() -> None:
    drawn = charts.by_hour({9: 100, 10: 400}, "€4.00")
    high = [int(h) for h in re.findall(r'class="after"[^>]*height="(\d+)"', drawn)]
    assert high[1] == 4 * high[0] == 96
    shares = charts.shares([("one", 3, 0, 1), ("<b>", 0, 0, 0)])
    assert [int(w) for w in re.findall(r'<rect[^>]*width="(\d+)"', shares)] == [255, 85]
    assert "&lt;b&gt;" in shares


def test_the_picture_of_a_visitor_without_orders_is_empty(door: Door) -> None:
    page = signed_in(door.world).get(HERE)
    assert 'class="line-picture"' not in page.html
    assert Visitor().get(HERE).status == 404
