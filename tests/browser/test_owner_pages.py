"""The owner's pages in a real browser: axe finds nothing in them, and they fit the smallest phone."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.db import connections
from django.test import override_settings
from playwright.sync_api import Browser, Page

from browser import judges
from browser.conftest import Screen, Screens
from browser.test_every_page import judge, press
from fakes import CODE, CUSTOMER, DEVICE, Playing, World
from operations.selling import selling
from operations.test_bank_transfers import ACCOUNT, bring, ordered
from opla.core import month as months
from opla.core.actor import SYSTEM, Actor, Role
from opla.core.address import Address
from opla.core.letter import Event
from opla.core.money import Money
from opla.core.ports import Movement, Payout, PayoutLine, Promises
from opla.core.quote import Terms
from opla.core.refusal import Refusal
from opla.core.trouble import Tried
from opla.db.queries import items
from opla.db.queries import quarantine as quarantine_state
from opla.db.queries.call import select
from opla.db.queries.months import ClosedMonth
from opla.operations import letters_out, people, place_files, quarantine, slips, stock, threads
from opla.operations import shop as shops
from opla.operations.close_day import close_all
from opla.operations.close_month import close_month
from opla.operations.links import link_of
from opla.operations.owner import make_link
from opla.operations.payouts import keep
from opla.operations.resolve_item import Wanted, resolve_item
from opla.operations.stock_codes import Stocked, stock_codes
from opla.operations.suppliers import tell_below, watch
from statements import PAYER, camt, entry
from support import by_owner

ANA = Actor(Role.OWNER, "ana")
PICTURES = os.environ.get("OPLA_PICTURES", "")


@dataclass
class House:
    """A shop with something in it for a person, served on a port of its own."""

    world: World
    base: str
    page: str
    order: str  # the page of its order
    day: str
    thread: str
    transfer: str  # the page of an order that waits for one
    line: str  # of our bank account, which shows no reference
    payout: str  # of which one line is of no payment of ours
    month: str  # that is closed


def posted(world: World) -> tuple[str, str]:
    """The page of an order slip, and of a letter with one that came back."""
    to = Address("Ana Peeters", "Kerkstraat", "12", "", "9000", "Gent")
    made = slips.make(ANA, "proximus", "nl", address=to, shop=world.shop, at=world.clock())
    sheets = letters_out.print_letters(ANA, shop=world.shop, at=world.clock())
    assert not isinstance(made, Refusal)
    assert not isinstance(sheets, Refusal)
    one = sheets[0].letter.id
    for event in (Event.POSTED, Event.RETURNED):
        assert letters_out.say(ANA, [one], event, at=world.clock()) == 1
    return f"/owner/post/slips/{made[0]}/", f"/owner/post/letters/{one}/"


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name for it
        pass


@pytest.fixture
def house(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    now = datetime.now(UTC)
    world.clock.now = now.replace(day=1, hour=12) - timedelta(days=1)  # the last day of a month that can be closed
    world.shop = replace(world.shop, second_person_minor=1000, terms=Terms(fee_minor=50))
    monkeypatch.setattr(shops, "current", lambda: world.shop)
    world.supplier.promises = Promises(refuses_repeat=False, find_by_reference=False, max_seconds=10)
    world.paid(CODE, captured_minor=1550)
    world.work(2)
    world.paid(CODE, captured_minor=1550)
    world.supplier.script = [world.supplier.is_silent]
    world.work_through(17 * 60, step_s=60)
    [found] = items.open_items()
    said = Wanted("not_delivered", "Rang them", file_name="a-letter-with-a-long-name.pdf", file=b"%PDF")
    resolve_item(ANA, found.id, said, shop=world.shop, at=world.clock())
    world.clock.tick(24 * 3600)
    world.work()
    assert found.order_id
    written = threads.say(
        CUSTOMER, found.order_id, "Mobiel internet werkt niet", device=DEVICE, language="nl", shop=world.shop,
        at=world.clock(), tried=Tried("no_data", "iphone", ("restart",)),
    )  # fmt: skip
    world.shop = replace(world.shop, payment_methods=("sandbox", "bank_transfer"), account=ACCOUNT)
    world.clock.now = datetime.now(UTC)
    waiting, _ = ordered(world)
    bring(world, camt(entry(990, text="voor mijn bestelling, alvast bedankt", iban=PAYER, name="Zoë Payer")))
    line = next(one.id for one in items.open_items() if one.kind == "bank_line")
    paid_out = [
        PayoutLine("l1", Movement.PAYMENT, 1550, 43, "pay_1"),
        PayoutLine("l2", Movement.PAYMENT, 900, 30, "tr_7UhSN1zuXS7UhSN1zuXS7UhSN1zuXS"),
    ]
    told = Payout("stl_jDk30akdN", Money(2377, "EUR"), world.clock().date(), "1234567.2611.01")
    keep(SYSTEM, "sandbox", [(told, paid_out)], shop=world.shop, at=world.clock())
    [(payout_id,)] = select("SELECT id FROM payout")
    closed = close_all(ANA, at=world.clock())
    assert isinstance(closed, list)
    month = close_month(ANA, closed[0].day.replace(day=1), at=world.clock())
    assert isinstance(month, ClosedMonth), month

    from opla.site.wsgi import application

    server = make_server("127.0.0.1", 0, application, handler_class=_Quiet)

    def serve() -> None:
        server.serve_forever(poll_interval=0.05)
        connections.close_all()

    thread = threading.Thread(target=serve)
    thread.start()
    yield House(
        world, f"http://127.0.0.1:{server.server_port}", f"/owner/items/{found.id}/",
        f"/owner/orders/{found.order_id}/", f"/owner/days/{closed[0].day}/", f"/owner/threads/{written}/",
        f"/o/{link_of(waiting, world.shop.keyring)}/", f"/owner/items/{line}/", f"/owner/payouts/{payout_id}/",
        f"/owner/months/{months.name(month.month)}/",
    )  # fmt: skip
    server.shutdown()
    thread.join(10)
    server.server_close()


def people_named(world: World, by: Actor) -> None:
    for email, name, role in (("ana@shop.example", "Ana", "owner"), ("ben@shop.example", "Ben", "accountant")):
        named = people.name(by, email, name, role, "nl", shop=world.shop, at=world.clock())
        assert not isinstance(named, Refusal)


def a_figure_changed(screen: Screen) -> None:
    """Refused, and proposed."""
    screen.go("/owner/catalogue/cell/?key=products/PX-15/face")
    for value in ("sixteen", "16.00"):
        screen.page.fill("#value", value)
        press(screen.page, "main form button.main")
        judge(screen.page)


@pytest.mark.parametrize(
    ("language", "dark"),
    [
        pytest.param("zh-CN", False, id="Chinese paper"),
        pytest.param("en", True, id="English ink", marks=pytest.mark.full),
        pytest.param("de-BE", False, id="German paper", marks=pytest.mark.full),
        pytest.param("fr-BE", False, id="French paper", marks=pytest.mark.full),
        pytest.param("nl-BE", False, id="Dutch paper", marks=pytest.mark.full),
    ],
)
def test_the_owners_pages_pass_axe_and_fit_a_small_phone(
    house: House, chromium: Browser, language: str, dark: bool, tmp_path: Path
) -> None:
    screens = Screens(house.base, chromium)
    screen: Screen = screens.open(language=language, width=320, dark=dark, javascript=True)
    page = screen.page
    bo = Actor(Role.OWNER, "bo")
    screen.go(f"/owner/enter/{make_link(bo, at=datetime.now(UTC))}/")
    judge(page)
    press(page, "main form button.main")
    judge(page)
    place_files.seed(at=datetime.now(UTC))
    one = selling(house.world, {"reloadly": 1400}, approved=False)["reloadly"]
    one.left = Money(5000, "USD")
    watch(shop=house.world.shop, outside=Playing(house.world), at=house.world.clock())
    assert not tell_below(ANA, "reloadly", Money(9900, "USD"), shop=house.world.shop, at=house.world.clock())
    box = b"sku,code,serial,cost\nPX-15,0000567890123,S1,14.25\n"
    bought = stock.order(ANA, "Vendor", "PX-15", 9, "14.25", shop=house.world.shop, at=house.world.clock())
    assert isinstance(bought, int)
    came = stock_codes(ANA, box, shop=house.world.shop, at=house.world.clock(), purchase=bought, file_name="box.csv")
    assert isinstance(came, Stocked)
    with override_settings(SHOP_ADDRESS="Postbus 1, 9000 Gent"):
        screen.go("/owner/post/")
        judge(page)
    slip, sheet = posted(house.world)
    people_named(house.world, bo)
    for path in (
        "/owner/",
        "/owner/books/",
        "/owner/find/?q=ana@example.org",
        "/owner/find/?q=nobody@example.org",
        house.order,
        "/owner/items/?kind=bank_line",
        "/owner/items/?by=money",
        "/owner/underway/?kind=charge",
        "/owner/catalogue/",
        "/owner/catalogue/?of=PX-15",
        "/owner/catalogue/cell/?key=products/PX-15/face",
        "/owner/promotions/",
        "/owner/promotions/one/",
        "/owner/promotions/one/?of=theirs",
        "/owner/prices/",
        "/owner/people/",
        "/owner/trail/",
        house.page,
        "/owner/days/",
        house.day,
        "/owner/months/",
        house.month,
        "/owner/reconciliation/",
        "/owner/places/",
        "/owner/suppliers/",
        "/owner/stock/",
        "/owner/vouchers/",
        "/owner/stock/1/",
        "/owner/cards/",
        "/owner/post/",
        slip,
        sheet,
        "/owner/threads/",
        "/owner/bank/",
        "/owner/bank/out/",
        "/owner/payouts/",
        house.payout,
        house.line,
        house.transfer,
        house.thread,
    ):
        screen.go(path)
        judge(page)
    a_figure_changed(screen)
    screen.go(house.thread)
    judge(page)
    press(page, "button[name=phrase] >> nth=0")
    judge(page)
    page.fill("#message", "4821 9034 7715 2")
    press(page, "main form button.main")
    judge(page)
    screen.go(house.page)
    page.locator("details.choice summary").nth(1).click()
    form = page.locator("details.choice").nth(1)
    form.locator("textarea").fill(" ")
    form.locator("input[type=checkbox]").check()
    with page.expect_navigation():
        form.locator("button.main").click()
    judge(page)  # refused, with what was typed
    form.locator("textarea").fill("I rang them too")
    form.locator("input[type=checkbox]").check()
    with page.expect_navigation():
        form.locator("button.main").click()
    judge(page)
    # What lies at a supplier is less than wanted, whatever was decided; the line and the payout still wait.
    assert sorted(house.world.items()) == ["bank_line", "float_low", "payout_differs"]
    assert judges.DOCUMENTS.refused(tmp_path) == ""
    assert screen.strangers == []
    screen.context.close()


@pytest.mark.parametrize("language", ["zh-CN", "fr-BE"])
def test_a_restored_shop_is_compared_on_a_small_phone(house: House, chromium: Browser, language: str) -> None:
    """Asked by a worker while the page waits, compared by hand, refused, and open: all of it passes axe."""
    world = house.world
    box = b"sku,code,serial,cost\nPX-15,0000567890123,S1,14.25\nPX-15,0000567890124,S2,14.25\n"
    assert isinstance(stock_codes(ANA, box, shop=world.shop, at=world.clock(), file_name="box.csv"), Stocked)
    screen = Screens(house.base, chromium).open(language=language, width=320, dark=False, javascript=True)
    page = screen.page
    screen.go(f"/owner/enter/{make_link(Actor(Role.OWNER, 'bo'), at=datetime.now(UTC))}/")
    press(page, "main form button.main")
    screen.go("/owner/quarantine/")
    judge(page)
    at = datetime.now(UTC)
    assert quarantine.enter(ANA, backup="20261122-0310", restored_to=at, shop=world.shop, at=at)
    try:
        screen.go("/owner/")
        page.click("aside.closed a")
        page.wait_for_url("**/owner/quarantine/")
        judge(page)
        picture(page, f"quarantine-{language}")
        press(page, "#asked button")
        judge(page)
        assert quarantine.answer(shop=world.shop, outside=Playing(world), at=datetime.now(UTC))
        page.wait_for_selector("#asked:not([hx-get])")  # it asks by itself
        press(page, "#asked a")
        judge(page)
        step = page.locator("details.more", has=page.locator("input[name=area][value=suppliers]")).first
        step.locator("input[name=note]").fill("their portal")
        with page.expect_navigation():
            step.locator("button").click()
        judge(page)
        batch = page.locator("details.more", has=page.locator("textarea")).first
        batch.locator("input[name=note]").fill("their list")
        batch.locator("input[name=sure]").check()
        with page.expect_navigation():
            batch.locator("button").first.click()
        judge(page)  # without serials it is refused
        picture(page, f"quarantine-asked-{language}")
    finally:
        by_owner("UPDATE quarantine_step SET done_at = opla_clock(), done_by = 'test'")
        assert quarantine_state.leave(until=at, actor=ANA, at=at) == "left"
        quarantine_state._open.clear()
    screen.go("/owner/quarantine/")
    judge(page)
    assert screen.strangers == []
    screen.context.close()


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES, f"{name}.png")), full_page=True)


@pytest.mark.parametrize("language", ["zh-CN", pytest.param("fr-BE", marks=pytest.mark.full)])
def test_a_promotion_and_a_fee_are_changed_on_a_small_phone(house: House, chromium: Browser, language: str) -> None:
    screens = Screens(house.base, chromium)
    screen: Screen = screens.open(language=language, width=320, dark=False, javascript=True)
    page = screen.page
    screen.go(f"/owner/enter/{make_link(Actor(Role.OWNER, 'bo'), at=datetime.now(UTC))}/")
    press(page, "main form button.main")
    screen.go("/owner/promotions/one/")
    press(page, "main form button.main")  # refused
    judge(page)
    typed = {"id": "spring", "title-en": "Spring", "title-fr": "Printemps", "title-nl": "Lente", "title-de": "Frühling",
             "title-zh-Hans": "春天", "from": "2026-11-01T00:00", "much": "10", "why": "Slow sales"}  # fmt: skip
    for field, text in typed.items():
        page.fill(f"#{field}", text)
    press(page, "main form button.main")
    judge(page)  # proposed
    press(page, "#draft button[value=approve]")
    judge(page)
    [(version,)] = select("SELECT id FROM promotions_version WHERE active")
    screen.go(f"/owner/promotions/versions/{version}/")
    judge(page)
    screen.go("/owner/prices/")
    for fee in ("much", "0.50"):
        page.fill("#fee", fee)
        page.fill("#why", "Costs rose")
        press(page, "button[value=propose]")
        judge(page)
    press(page, "#draft button[value=discard]")
    judge(page)
    assert screen.strangers == []
    screen.context.close()
