"""A shop in which something of everything has happened, for judges that walk through all of its pages."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final
from uuid import UUID, uuid4

from api.conftest import ALL, made
from browser.test_owner_pages import posted
from fakes import CODE, CUSTOMER, DEVICE, DIRECT, WORKER, Playing, World, compose, pushing
from operations import test_bank_transfers as transfers
from operations import test_cards as sim_cards
from operations import test_cash as counters
from operations import test_terminals as terminals
from operations.selling import selling
from operations.test_floats import asked, standing
from operations.test_partners import agree
from operations.test_passports import ACME, PNG, WANTED
from opla.core.actor import SYSTEM, Actor, Role
from opla.core.day import day_of
from opla.core.item import Kind as ItemKind
from opla.core.ledger import CASH, TERMINAL
from opla.core.money import Money
from opla.core.passport import Event as PassportEvent
from opla.core.ports import (
    Answer,
    Charges,
    Message,
    Movement,
    Payout,
    PayoutLine,
    Promises,
    RefundReport,
)
from opla.core.refusal import Refusal
from opla.core.station import Kind
from opla.core.structured import belgian
from opla.core.trouble import Tried
from opla.db.models import Place as PlaceRow
from opla.db.queries import terminals as slips
from opla.db.queries.bank import Book
from opla.db.queries.call import select
from opla.db.queries.cards import Shelves
from opla.db.queries.cash import Drawers
from opla.db.queries.months import ClosedMonth
from opla.operations import (
    catalogue,
    passport_reports,
    passports,
    people,
    promotions,
    resellers,
    stations,
    stock,
    threads,
    vouchers,
)
from opla.operations.close_day import close_all
from opla.operations.close_month import close_month
from opla.operations.drawers import keep_drawer, put_in
from opla.operations.edit_catalogue import Typed, change_cell
from opla.operations.payouts import keep
from opla.operations.places import keep as keep_places
from opla.operations.refund_by_choice import refund_by_choice
from opla.operations.resolve_item import Wanted, resolve_item
from opla.operations.stock_codes import Stocked, stock_codes
from opla.operations.suppliers import sync, tell_below, watch
from opla.operations.vouchers import Made
from opla.operations.work import work_once
from opla.payments.bank_transfer.provider import OwnAccountTransfers
from opla.payments.cash.provider import OverTheCounter
from opla.payments.terminal.provider import ReadByClerks
from opla.suppliers.card_stock.provider import OwnCards
from statements import PAYER, camt, entry
from surfaces.conftest import Door, looked
from surfaces.test_owner_pages import parked

OWNER, SUPPORT = Actor(Role.OWNER, "ana"), Actor(Role.SUPPORT, "sam")
PIN: Final = "0000567890123"
#: What waits for a person in other worlds than this one, each with the tests that bring it about and settle it.
ELSEWHERE: Final = {
    ItemKind.UNKNOWN_CHARGE: "tests/operations/test_resolving.py",
    ItemKind.ADAPTER_GONE: "tests/operations/test_adapters_gone.py",
    ItemKind.RESERVATION: "tests/operations/test_for_a_date.py",
    ItemKind.CARD_TESTING: "tests/operations/test_card_testing.py",
    ItemKind.LETTER_UNREADABLE: "tests/operations/test_slips.py",
    ItemKind.TABLET: "tests/operations/test_offline.py",
    ItemKind.PAYOUT_MISSING: "tests/operations/test_payouts.py",
    ItemKind.LEFT_BEHIND: "tests/surfaces/test_kiosk.py",
    ItemKind.LOST_PAYMENT: "tests/operations/test_quarantine.py",
    ItemKind.LOST_SEND: "tests/operations/test_quarantine.py",
}


class Everywhere(Playing):
    """The outside as it is, with our own account, drawers and slips beside the test's provider."""

    def payment(self, name: str) -> Charges:  # type: ignore[override]  # any provider, not the test's alone
        match name:
            case "bank_transfer":
                return OwnAccountTransfers(Book(self.world.clock, self.world.shop.chance))
            case "cash":
                return OverTheCounter(Drawers(self.world.clock, self.world.shop.chance))
            case "terminal":
                return ReadByClerks(slips.Slips(self.world.clock))
        return self.world.provider

    def refunds(self, name: str) -> Charges:  # type: ignore[override]
        return self.payment(name)


@dataclass
class Everything:
    """The shop; what nobody of the house may ever be shown; and whose data only some of them may see."""

    door: Door
    secrets: list[str]
    personal: list[str]

    @property
    def world(self) -> World:
        return self.door.world

    def work(self, rounds: int = 3) -> None:
        work(self.world, rounds)


def work(world: World, rounds: int = 3) -> None:
    for _ in range(rounds):
        work_once(
            worker=WORKER, shop=world.shop, outside=Everywhere(world), compose=compose, clock=world.clock, width=50,
            words=pushing,
        )  # fmt: skip


def everything(door: Door) -> Everything:
    world = door.world
    world.shop = replace(world.shop, refund_alone_minor=500)
    world.supplier.prefix = "00007391"  # such as stands in nothing else
    parked(door)
    secrets = [*_seen(door), PIN]
    _resellers(world)
    _bought(world)
    _sellers(world)
    _money_back(door)
    secrets += [*_counter(world), made(world, "acme", scopes=ALL)]
    _cards(world)
    _bank(world)
    _supplied(world)
    _catalogue(world)
    promotions.seed(keyring=world.shop.keyring, at=world.clock())
    _people(world)
    posted(world)
    world.clock.tick(10 * 24 * 3600)
    work(world, 5)
    days = close_all(OWNER, at=world.clock())
    assert isinstance(days, list), days
    month = close_month(OWNER, date(2026, 11, 1), at=world.clock())
    assert isinstance(month, ClosedMonth), month
    _capped(world)
    missing = {str(kind) for kind in ItemKind} - set(world.items()) - set(ELSEWHERE)
    assert missing == set(), world.items()
    return Everything(
        door, secrets, ["ana@example.org", "0470123456", "+32470123456", "bo@example.org", "Zoë Payer", PAYER]
    )


def _seen(door: Door) -> list[str]:
    """A code that was looked at, about which somebody wrote; a refund by choice that waits for a second person."""
    world = door.world
    link = door.delivered(CODE)
    seen = re.search(r'id="code"[^>]*>([^<]+)<', door.owner.post(f"{link}code/").html)
    assert seen
    order = UUID(str(select("SELECT order_id FROM reveal")[0][0]))
    threads.say(
        CUSTOMER, order, "It says error 33", device=DEVICE, language="nl", shop=world.shop, at=world.clock(),
        tried=Tried("no_data", "iphone", ("restart",)),
    )  # fmt: skip
    door.delivered(DIRECT)
    [(direct,)] = select("SELECT id FROM orders WHERE kind = 'direct' AND state = 'delivered'")
    wish = {"amount": None, "why": "It never came", "shop": world.shop, "at": world.clock()}
    waits = refund_by_choice(SUPPORT, UUID(str(direct)), refund_id=uuid4(), **wish)
    assert not isinstance(waits, Refusal)
    return [seen[1], link.strip("/").split("/")[-1]]


def _resellers(world: World) -> None:
    resellers.add(OWNER, "acme", title="Acme", email="orders@acme.example", at=world.clock())
    resellers.pay_in(OWNER, "acme", "100", "first", shop=world.shop, at=world.clock())
    standing(world, asked("a"))


def _bought(world: World) -> None:
    bought = stock.order(OWNER, "Vendor", "PX-15", 9, "14.25", shop=world.shop, at=world.clock())
    assert isinstance(bought, int)
    box = f"sku,code,serial,cost\nPX-15,{PIN},S1,14.25\n".encode()
    kept = stock_codes(OWNER, box, shop=world.shop, at=world.clock(), purchase=bought, file_name="box.csv")
    assert isinstance(kept, Stocked)
    rule = stock.tell_rule(OWNER, "PX-15", below=5, min_days=9, shop=world.shop, at=world.clock())
    assert not isinstance(rule, Refusal), rule


def _sellers(world: World) -> None:
    """One who applies for a passport, one who has it, and one who is reported."""
    for place in (WANTED.place, "Rue Haute 3, 1000 Bruxelles"):
        number = passports.apply(ACME, replace(WANTED, place=place), shop=world.shop, at=world.clock())
        assert isinstance(number, str), number
    no = passports.decide(
        OWNER, number, PassportEvent.APPROVED, until=None, reason="seen", shop=world.shop, at=world.clock()
    )
    assert no is None
    wanted = passport_reports.Reported("rue Haute 3, Gent", "They show this.", "bo@example.org", number, PNG, "::1")
    assert passport_reports.report(Actor(Role.CUSTOMER), wanted, shop=world.shop, at=world.clock()) == []


def _money_back(door: Door) -> None:
    """Every way in which money that goes back, or a payment, comes to a person."""
    world = door.world
    provider = world.provider
    stepped = world.paid(DIRECT)
    world.work(2)
    [(ticket, email)] = select("SELECT ticket, email FROM orders WHERE id = %s", [stepped])
    said = {"name": "Ana Li", "ticket": str(ticket), "email": str(email), "confirm": "1", **looked()}
    page = door.owner.post("/withdrawal/", said)
    assert "We have your statement" in page.text, page.text
    outside = list(provider.charges)[-1]
    provider.charges[outside] = replace(provider.charges[outside], refunded_minor=700)
    for captured, currency in ((1000, "EUR"), (1500, "USD")):  # too little; and what cannot be
        world.order()
        world.work()
        provider.session(-1, Answer.SUCCEEDED, captured)
        last = list(provider.charges)[-1]
        provider.charges[last] = replace(provider.charges[last], currency=currency)
        world.wake()
        world.work(2)
    _refused(world, RefundReport(Answer.DECLINED, why="too_old"))
    _refused(world, RefundReport(Answer.UNKNOWN))
    provider.on_refund = None
    tell = world.mailbox.tell

    def refuses(message: Message) -> Answer:
        return Answer.DECLINED

    world.mailbox.tell = refuses  # type: ignore[method-assign]  # their server says no, for good
    world.paid(CODE)
    world.work(3)
    world.mailbox.tell = tell  # type: ignore[method-assign]


def _capped(world: World) -> None:
    """A refund that waits for another day, or a word."""
    world.shop = replace(world.shop, refund_cap_minor=0)
    world.paid()
    world.supplier.script = [world.supplier.refuses] * 2
    work(world)
    world.supplier.script = []


def _refused(world: World, answer: RefundReport) -> None:
    """An order that nobody delivers, and whose refund is answered so."""
    world.provider.promises = Promises(refuses_repeat=False, find_by_reference=True, max_seconds=10)
    world.paid()
    world.supplier.script = [world.supplier.refuses] * 2
    world.provider.on_refund = lambda _r: answer
    world.work_through(20 * 60, step_s=60)
    world.supplier.script = []


def _counter(world: World) -> list[str]:
    """A till with a clerk, a card machine and vouchers; refunds that are owed over it. What is secret there."""
    at = world.clock()
    world.shop = replace(
        world.shop, payment_methods=("sandbox", "bank_transfer", CASH), counter_methods=(TERMINAL,),
        account=transfers.ACCOUNT,
    )  # fmt: skip
    keep_places(OWNER, [counters.COUNTER], at=at)
    place_id = PlaceRow.objects.get(source="own", ref="1").id
    assert keep_drawer(OWNER, counters.TILL, place_id, is_open=True, sandbox=True, at=at) is None
    assert put_in(OWNER, uuid4(), counters.TILL, "50", why="change", at=at) is None
    assert agree(world, "corner", [int(str(place_id))], date(2026, 11, 1)) is None
    assert terminals.keep(world, terminals.OURS, TERMINAL, drawer=counters.TILL) is None
    station = stations.keep(OWNER, "main-till", Kind.TILL, drawer=counters.TILL, shop=world.shop, at=at)
    assert not isinstance(station, Refusal)
    _, code = counters.ordered(world)
    counters.ordered(world)  # which waits
    _, payment = terminals.started(world)
    world.supplier.script = [world.supplier.refuses] * 4
    assert not isinstance(counters.take(world, code), Refusal)
    terminals.approved(world, payment)
    work(world, 5)
    world.supplier.script = []
    printed: list[str] = []

    def draw(made: vouchers.Printed) -> bytes:
        printed.extend(code for _serial, code in made.vouchers)
        return b"%PDF"

    made = vouchers.make(
        OWNER, "PX-15", 2, until=day_of(at) + timedelta(days=99), language="nl", draw=draw, shop=world.shop, at=at
    )
    assert isinstance(made, Made), made
    return [station.code, *printed]


def _cards(world: World) -> None:
    """SIM cards: one to be packed, one sent."""
    world.shop = replace(world.shop, routes=("card_stock", "sandbox"))
    world.others["card_stock"] = OwnCards(Shelves(world.clock))
    sim_cards.bring(world, [(sim_cards.SKU, n, "7.00") for n in range(3)])
    sim_cards.bought(world)
    sim_cards.sent(world)


def _bank(world: World) -> None:
    """Lines that nobody knows, a gap, money that went out, what is to be sent; and payouts that differ."""
    _, reference = transfers.ordered(world)
    late, lines = transfers.ordered(world)[1], []
    lines.append(entry(990, text="voor mijn bestelling", iban=PAYER, name="Zoë Payer"))
    lines.append(entry(1600, structured=reference, iban=PAYER))
    lines.append(entry(900, text="oops", iban=PAYER))
    _brought(world, camt(*lines, opening=0))
    [(oops,)] = select("SELECT id FROM item WHERE kind = 'bank_line' ORDER BY id DESC LIMIT 1")
    resolve_item(OWNER, int(str(oops)), Wanted("send_back", "theirs"), shop=world.shop, at=world.clock())
    [(why,)] = select("SELECT why ->> 'reference' FROM item WHERE kind = 'transfer_due' LIMIT 1")
    assert late
    _brought(world, camt(entry(-99, text=belgian(str(why))), number=3, opening=9999))
    day = day_of(world.clock())
    for n, (line, failed) in enumerate(((PayoutLine("l1", Movement.PAYMENT, 900, 30, "tr_none"), False),
                                        (PayoutLine("l2", Movement.PAYMENT, 1500, 43, "pay_1"), True))):  # fmt: skip
        told = Payout(f"stl_{n}", Money(line.net_minor, "EUR"), day, f"1234567.2611.0{n}", failed)
        keep(SYSTEM, "sandbox", [(told, [line])], shop=world.shop, at=world.clock())


def _brought(world: World, data: bytes) -> None:
    found = transfers.import_statement(OWNER, data, shop=world.shop, at=world.clock())
    assert not isinstance(found, Refusal), found
    work(world)


def _supplied(world: World) -> None:
    """A supplier whose float is low, and whose list has shrunk to nothing."""
    routes = world.shop.routes
    one = selling(world, {"reloadly": 1400}, approved=False)["reloadly"]
    one.left = Money(5000, "USD")
    world.shop = replace(world.shop, routes=(*routes, "reloadly"))
    watch(shop=world.shop, outside=Everywhere(world), at=world.clock())
    assert not tell_below(OWNER, "reloadly", Money(9900, "USD"), shop=world.shop, at=world.clock())
    one.sells = []
    sync(OWNER, "reloadly", shop=world.shop, outside=Everywhere(world), at=world.clock())
    watch(shop=world.shop, outside=Everywhere(world), at=world.clock())


def _catalogue(world: World) -> None:
    """A figure that is proposed."""
    active = catalogue.active()[0]
    [(source,)] = select(
        "SELECT p -> 'face' ->> 'source' FROM catalog_version, jsonb_array_elements(document -> 'products') p "
        "WHERE p ->> 'sku' = 'PX-15'"
    )
    typed = Typed("16.00", "A", str(source), verified_on="2026-11-22")
    assert change_cell(OWNER, "products/PX-15/face", typed, seen=active, at=world.clock()) is None


def _people(world: World) -> None:
    for email, name, role in (("ana@shop.example", "Ana", "owner"), ("ben@shop.example", "Ben", "accountant")):
        named = people.name(OWNER, email, name, role, "nl", shop=world.shop, at=world.clock())
        assert not isinstance(named, Refusal)
