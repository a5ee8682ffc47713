"""Every kind of thing that waits for a person has a page with what is known, and a way out that is pressed there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID, uuid4

import pytest

import support
from fakes import DIRECT, World
from operations import test_bank_transfers as banking
from operations import test_cash as tills
from operations import test_terminals as machines
from operations.test_bank_transfers import bank_world
from operations.test_items_of_money_back import large
from operations.test_resolving import declined, unknown_charge, unknown_refund, unknown_send
from opla.core.item import RESOLUTIONS, Kind, Resolution, Why
from opla.core.ports import Answer, RefundReport, SendReport
from opla.core.structured import belgian
from opla.db import setup
from opla.db.queries.books import books
from opla.db.queries.call import select
from opla.presenting import items as words
from opla.presenting import languages
from statements import PAYER, camt, entry
from surfaces.conftest import Door, Seen
from surfaces.test_owner_pages import signed_in

__all__ = ["bank_world"]  # a fixture

ROOT: Final = Path(__file__).parents[2]
SQL: Final = Path(setup.__file__).parent / "sql"
#: Where something else than a form on its own page settles it: the list to which the page leads in one click.
ELSEWHERE: Final = {Kind.CASH_DUE: "/owner/cash/", Kind.PASSPORT: "/owner/sellers/"}
#: What is told of each, as whoever opens it writes it: its word for why, and the figures of that.
TOLD: Final[dict[Kind, tuple[Why, dict[str, str]]]] = {
    Kind.UNKNOWN_SEND: (Why.NOT_HANDED_OVER, {}),
    Kind.UNKNOWN_REFUND: (Why.REFUND_SILENT, {}),
    Kind.UNKNOWN_CHARGE: (Why.CHARGE_SILENT, {}),
    Kind.CONTRADICTION: (Why.NO_COST, {}),
    Kind.REFUND_REFUSED: (Why.REFUND_REFUSED, {"said": "too_old"}),
    Kind.REFUND_CAP: (Why.CAP_REACHED, {}),
    Kind.WRONG_AMOUNT: (Why.UNDERPAID, {"came": "10.00", "asked": "15.00"}),
    Kind.REFUND_APPROVAL: (Why.SECOND_PERSON, {"asker": "owner:ana", "reason": "it did not arrive"}),
    Kind.OUTSIDE_REFUND: (Why.CHANGED_AT_PROVIDER, {"refunded": "0.00", "charged_back": "15.00",
                                                    "answer_by": "2026-12-01T12:00:00+00:00"}),
    Kind.MESSAGE_GIVEN_UP: (Why.MESSAGE_GIVEN_UP, {"topic": "delivered"}),
    Kind.STEPPED_BACK: (Why.STEPPED_BACK, {"name": "Ana Li"}),
    Kind.ADAPTER_GONE: (Why.ADAPTER_GONE, {"adapter": "gone"}),
    Kind.RESERVATION: (Why.NOTHING_HELD, {"day": "2026-12-24"}),
    Kind.CARD_TESTING: (Why.CARD_TESTING, {"source": "address", "payments": "9", "failed": "8", "numbers": "7",
                                           "turned_away": "1", "orders": "ABCD-EFGH-JK"}),
    Kind.LOW_STOCK: (Why.FEW_CODES, {"left": "2", "sku": "PX-15", "below": "5", "sold": "9", "suggested": "10"}),
    Kind.FLOAT_LOW: (Why.FLOAT_BELOW, {"supplier": "sandbox", "float_minor": "100", "below_minor": "5000"}),
    Kind.SUPPLIER_LIST: (Why.NOT_LISTED, {"supplier": "sandbox", "skus": "PX-15"}),
    Kind.BANK_LINE: (Why.NO_REFERENCE, {}),
    Kind.BANK_OUT: (Why.OTHER_AMOUNT, {"asked": "1.00"}),
    Kind.BANK_GAP: (Why.STATEMENT_MISSING, {"before": "1", "after": "3"}),
    Kind.TRANSFER_DUE: (Why.TRANSFER_DUE, {"reference": "090933755493"}),
    Kind.CASH_DUE: (Why.CASH_DUE, {}),
    Kind.SLIP_DUE: (Why.SLIP_DUE, {}),
    Kind.LINE_BACK: (Why.LINE_BACK, {"reference": "090933755493"}),
    Kind.PAYOUT_DIFFERS: (Why.PAYOUT_DIFFERS, {"provider": "mollie", "payout": "st_1", "unknown": "1", "other": "0"}),
    Kind.PAYOUT_LATE: (Why.PAYOUT_FAILED, {"provider": "mollie", "payout": "st_1"}),
    Kind.PAYOUT_MISSING: (Why.PAYOUT_MISSING, {"provider": "mollie", "day": "2026-11-01"}),
    Kind.PASSPORT: (Why.PASSPORT_APPLIED, {"seller": "Acme", "place": "Rue Neuve 12"}),
    Kind.SELLER_REPORTED: (Why.SELLER_REPORTED, {"number": "1234"}),
    Kind.LETTER_UNREADABLE: (Why.LETTER_UNREADABLE, {"number": "1234"}),
    Kind.TABLET: (Why.OFFLINE_LATE, {"station": "till-1", "n": "3", "clerk": "mia", "serial": "S1"}),
    Kind.LEFT_BEHIND: (Why.LEFT_AT_KIOSK, {"station": "kiosk-1"}),
    Kind.LOST_PAYMENT: (Why.LOST_PAYMENT, {"adapter": "mollie", "their_id": "tr_1", "about": "EUR 15.00"}),
    Kind.LOST_SEND: (Why.LOST_SEND, {"adapter": "sandbox", "their_id": "sup_1", "about": "EUR 15.00"}),
}  # fmt: skip
#: Those that are opened about an order and its requests outside.
OF_ATTEMPTS: Final[dict[Kind, str]] = {
    **dict.fromkeys((Kind.UNKNOWN_SEND, Kind.CONTRADICTION, Kind.ADAPTER_GONE, Kind.RESERVATION), "send"),
    **dict.fromkeys((Kind.UNKNOWN_CHARGE, Kind.OUTSIDE_REFUND, Kind.WRONG_AMOUNT, Kind.PAYOUT_MISSING), "charge"),
    **dict.fromkeys((Kind.UNKNOWN_REFUND, Kind.REFUND_REFUSED, Kind.REFUND_CAP, Kind.TRANSFER_DUE), "refund"),
    **dict.fromkeys((Kind.CASH_DUE, Kind.SLIP_DUE), "refund"),
}
OF_ORDERS: Final = {Kind.REFUND_APPROVAL, Kind.MESSAGE_GIVEN_UP, Kind.STEPPED_BACK, Kind.LEFT_BEHIND}


def opened(world: World, kind: Kind) -> int:
    """One of this kind, about an order that was delivered and refunded since: with everything there can be to see."""
    [(order_id, payment_id)] = select("SELECT order_id, payment_id FROM allocation")
    tried = {str(of): id_ for id_, of in select("SELECT id, kind FROM attempt")}
    attempt = tried.get(OF_ATTEMPTS.get(kind, ""))
    alone = kind in (Kind.UNKNOWN_CHARGE, Kind.OUTSIDE_REFUND, Kind.WRONG_AMOUNT, Kind.PAYOUT_MISSING)
    order = order_id if (attempt or kind in OF_ORDERS) and not alone else None
    why, params = TOLD[kind]
    support.by_owner(
        """INSERT INTO item (kind, subject, order_id, payment_id, attempt_id, amount_minor, currency, why, opened_at)
           VALUES (%s, %s, %s, %s, %s, 1500, 'EUR', %s::jsonb, %s)""",
        [kind, attempt or order or uuid4(), order, payment_id if alone else None, attempt,
         json.dumps({"why": why, **params}), world.clock()],
    )  # fmt: skip
    [(item_id,)] = select("SELECT max(id) FROM item")
    return int(str(item_id))


def refunded(world: World) -> UUID:
    """An order with a charge, a send that was declined, and a refund."""
    order_id = declined(world)
    world.work(3)
    assert world.state(order_id) == "refunded"
    return order_id


def test_every_kind_can_be_made_here_and_no_other_is_made_by_the_database() -> None:
    assert set(TOLD) == set(Kind) == set(RESOLUTIONS)
    made = set()
    for path in SQL.glob("*.sql"):
        for values in re.findall(r"INSERT INTO item \([^)]*\)\s*(?:VALUES \(|SELECT )(.{0,200})", path.read_text()):
            made |= set(re.findall(r"'([a-z_]+[a-z])'", values.split(",")[0]))
    assert len(made) > 10
    assert made <= set(Kind), made - set(Kind)


def test_every_kind_has_its_row_in_the_documentation() -> None:
    page = (ROOT / "docs/howto/resolve-an-item.md").read_text("utf-8")
    rows = {name for line in re.findall(r"^\| (`.*?) \|", page, re.MULTILINE) for name in re.findall(r"`(\w+)`", line)}
    assert set(Kind) - rows == set()
    for kind in Kind:
        [row] = [line for line in page.splitlines() if re.match(rf"\| [^|]*`{kind}`", line)]
        for resolution in RESOLUTIONS[kind]:
            assert f"`{resolution}`" in row, (kind, resolution)


def test_every_kind_has_a_page_with_what_is_known_a_way_out_and_words_in_five_languages(door: Door) -> None:
    world = door.world
    order_id = refunded(world)
    [(ticket,)] = select("SELECT ticket FROM orders")
    visitors = {tag: signed_in(world, language=tag) for tag in languages.NAMES}
    titles: dict[str, set[str]] = {tag: set() for tag in visitors}
    for kind in Kind:
        address = f"/owner/items/{opened(world, kind)}/"
        for tag, visitor in visitors.items():
            page = visitor.get(address)
            assert page.status == 200, (kind, tag)
            titles[tag].add(page.title)
            assert str(TOLD[kind][0]) not in page.text.split() or "_" not in str(TOLD[kind][0]), (kind, "has no words")
        page = visitors["en"].get(address)
        ways = re.findall(r'name="resolution" value="(\w+)"', page.html)
        assert ways or ELSEWHERE[kind] in page.html, f"{kind} has no way out"
        assert set(ways) >= set(RESOLUTIONS[kind]) - {Resolution.DELIVERED, Resolution.PAID, Resolution.PAID_BACK}
        if kind in OF_ATTEMPTS or kind in OF_ORDERS:
            for text in (ticket, "What happened", "Our reference", "What they answered", "Postings", "Refunded"):
                assert str(text) in page.text, (kind, text)
            assert f"/owner/orders/{order_id}/" in page.html, kind
        else:
            [led] = re.findall(r'<p class="links"><a href="(/owner/\w+/(?:out/)?)">', page.html.split("<h1>")[1])[:1]
            assert visitors["en"].get(led).status == 200, (kind, led)
        support.by_owner("UPDATE item SET closed_at = opened_at, closed_by = 'system'")
    assert {tag: len(found) for tag, found in titles.items()} == dict.fromkeys(titles, len(Kind))


#: What moves nothing but the item itself is pressed here, one of each; what moves money has its own world below.
SEEN: Final = [kind for kind in Kind if Resolution.SEEN in RESOLUTIONS[kind]]


def test_what_is_only_to_be_seen_leaves_the_list_with_a_reason(door: Door) -> None:
    world = door.world
    refunded(world)
    owner = signed_in(world)
    for kind in SEEN:
        opened(world, kind)
        press(owner_page := link_from(owner.get("/owner/"), kind), owner, "seen")
        assert world.items() == [], (kind, owner_page)
    assert select("SELECT step, count(*) FROM item_evidence GROUP BY 1") == [("resolved", len(SEEN))]


def link_from(first: Seen, kind: Kind) -> str:
    """The one thing of its kind that waits is one click from the first page."""
    with languages.speaking("en"):
        called = words.kind(kind)
    [address] = re.findall(rf'href="(/owner/items/\d+/)">{re.escape(called).replace(chr(39), "&#x27;")}<', first.html)
    return str(address)


def press(address: str, who: object, resolution: str, **typed: str) -> Seen:
    from surfaces.conftest import Visitor

    assert isinstance(who, Visitor)
    assert f'value="{resolution}"' in who.get(address).html, resolution
    done = who.post(address, {"resolution": resolution, "note": "they said so", "sure": "yes", **typed})
    assert done.status == 200, done.text
    return done


class Way(NamedTuple):
    """A thing that moves money: how it comes about, what is pressed (with what), and how the order ends."""

    kind: Kind
    makes: Callable[[World], object]
    resolution: str
    typed: tuple[tuple[str, str], ...] = ()
    then: tuple[str, ...] = ()  # what is left on the list
    works: Callable[[World], object] = lambda world: world.work(4)


def contradicted(world: World) -> None:
    world.supplier.script = [lambda _r: SendReport(Answer.SUCCEEDED, "sup_1", None)] * 9
    world.paid(DIRECT)
    world.work(2)


def refused(world: World) -> None:
    declined(world)
    world.provider.on_refund = lambda _r: RefundReport(Answer.DECLINED, why="too_old")
    world.work(2)


def capped(world: World) -> None:
    world.shop = replace(world.shop, refund_cap_minor=0)
    declined(world)
    world.work(2)


def unsaid(world: World) -> None:
    banking.ordered(world)
    banking.bring(world, camt(entry(1500, text="thank you", iban=PAYER)))


def overpaid(world: World) -> None:
    _, reference = banking.ordered(world)
    banking.bring(world, camt(entry(1600, structured=reference, iban=PAYER)))


def sent_otherwise(world: World) -> None:
    overpaid(world)
    [(why,)] = select("SELECT why ->> 'reference' FROM item WHERE kind = 'transfer_due'")
    banking.bring(world, camt(entry(-99, text=belgian(str(why))), number=2, opening=11600))


WAYS: Final = [
    Way(Kind.UNKNOWN_SEND, unknown_send, "delivered", (("amount", "14.40"),)),
    Way(Kind.UNKNOWN_SEND, unknown_send, "not_delivered"),
    Way(Kind.UNKNOWN_REFUND, unknown_refund, "paid_back"),
    Way(Kind.UNKNOWN_REFUND, unknown_refund, "paid_back_otherwise"),
    Way(Kind.UNKNOWN_CHARGE, unknown_charge, "paid", (("amount", "15"), ("supplier_id", "pay_9"))),
    Way(Kind.UNKNOWN_CHARGE, unknown_charge, "not_paid"),
    Way(Kind.CONTRADICTION, contradicted, "delivered", (("amount", "14.40"),)),
    Way(Kind.REFUND_REFUSED, refused, "paid_back_otherwise"),
    Way(Kind.REFUND_CAP, capped, "allow_today"),
    Way(Kind.BANK_LINE, unsaid, "send_back", then=("line_back",), works=banking.work),
    Way(Kind.BANK_LINE, unsaid, "not_ours", works=banking.work),
    Way(Kind.BANK_LINE, unsaid, "matched", (("ticket", "?"),), works=banking.work),
    Way(Kind.BANK_OUT, sent_otherwise, "not_ours", then=("transfer_due",), works=banking.work),
    Way(Kind.TRANSFER_DUE, overpaid, "paid_back", works=banking.work),
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: f"{way.kind}-{way.resolution}")
def test_what_moves_money_is_settled_on_its_page_and_the_books_hold(door: Door, bank_world: World, way: Way) -> None:
    world = door.world
    way.makes(world)
    owner = signed_in(world)
    typed = dict(way.typed)
    if typed.get("ticket") == "?":
        [(ticket,)] = select("SELECT ticket FROM orders")
        typed["ticket"] = str(ticket)
    press(link_from(owner.get("/owner/"), way.kind), owner, way.resolution, **typed)
    way.works(world)
    assert tuple(world.items()) == way.then
    assert [one for one in books(world.clock()) if not one.holds] == []


def test_a_refund_that_waits_for_a_second_person_is_not_approved_by_who_asked(door: Door) -> None:
    world = door.world
    order_id = large(world)
    first, second = signed_in(world, name="anna"), signed_in(world, name="ben")
    address = link_from(first.get("/owner/"), Kind.REFUND_APPROVAL)
    said = {"resolution": "approve", "note": "yes", "sure": "yes"}
    assert "A second person must agree." in first.post(address, said).text
    assert f'href="{address}"' in first.get(f"/owner/orders/{order_id}/").html
    press(address, second, "approve")
    world.work(3)
    assert (world.state(order_id), world.items()) == ("refunded", [])
    told = second.get(address).text
    assert "anna (owner)" in told  # who asked
    assert "ben (owner)" in told  # and who agreed


def test_a_refund_in_cash_is_paid_out_on_the_page_it_leads_to(door: Door, request: pytest.FixtureRequest) -> None:
    counter: World = request.getfixturevalue("counter")
    [order_id], code = tills.ordered(counter, fee_minor=2)
    counter.supplier.script.append(counter.supplier.refuses)
    tills.take(counter, code)
    tills.work(counter)
    owner = signed_in(counter)
    page = owner.get(link_from(owner.get("/owner/"), Kind.CASH_DUE))
    assert '<a class="button" href="/owner/cash/"' in page.html
    owed = tills.owed(counter, order_id)
    till = owner.get("/owner/cash/")
    assert owed not in page.html + till.html  # the customer shows it
    looked = owner.post("/owner/cash/", {"act": "look", "code": owed})
    assert "pay_out" in looked.html
    paid = owner.post(
        "/owner/cash/",
        {"act": "pay_out", "code": owed, "till": tills.TILL, "key": looked.value("key"), "why": "shown on the phone"},
    )
    assert paid.status == 200
    tills.work(counter)
    assert (counter.state(order_id), counter.items()) == ("refunded", [])


counter, at_machines = tills.counter, machines.counter  # fixtures


def test_a_refund_on_a_card_machine_is_settled_by_who_knows_that_it_went(
    door: Door, request: pytest.FixtureRequest
) -> None:
    world: World = request.getfixturevalue("at_machines")
    order_id, _ = machines.refunding(world)
    owner = signed_in(world)
    press(link_from(owner.get("/owner/"), Kind.SLIP_DUE), owner, "paid_back")
    machines.work(world)
    assert (world.state(order_id), world.items()) == ("refunded", [])


def test_no_kind_is_left_out() -> None:
    pressed = {way.kind for way in WAYS} | set(SEEN) | set(ELSEWHERE) | {Kind.REFUND_APPROVAL, Kind.SLIP_DUE}
    assert pressed == set(Kind)


def test_said_delivered_and_the_supplier_says_not_later(door: Door) -> None:
    """What a person said stands, and nothing moves by itself: it comes back as a thing to decide."""
    world = door.world
    order_id = unknown_send(world)
    owner = signed_in(world)
    press(link_from(owner.get("/owner/"), Kind.UNKNOWN_SEND), owner, "delivered", amount="14.40")
    assert world.state(order_id) == "delivered"
    [reference] = world.supplier.asked
    world.supplier.finds = True
    world.supplier.given[reference] = SendReport(Answer.DECLINED, "sup_1", why="declined")
    world.work_through(30 * 3600, step_s=1800)
    assert world.items() == ["contradiction"], "nobody noticed"
    assert world.state(order_id) == "delivered"
    owner = signed_in(world)
    address = link_from(owner.get("/owner/"), Kind.CONTRADICTION)
    page = owner.get(address)
    assert f'href="/owner/orders/{order_id}/"' in page.html
    given = owner.get(f"/owner/orders/{order_id}/")
    done = owner.post(
        f"/owner/orders/{order_id}/", {"key": given.value("key"), "why": "it was never delivered", "sure": "yes"}
    )
    assert done.status == 200
    press(address, owner, "seen")
    world.work(4)
    assert (world.state(order_id), world.items()) == ("refunded", [])
    assert [one for one in books(world.clock()) if not one.holds] == []
