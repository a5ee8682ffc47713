"""Who asks for too many payments, as they and the owner see it."""

from __future__ import annotations

import re

import pytest

from opla.core.ports import Answer
from opla.db.queries.call import select
from surfaces.conftest import Door, Seen, Visitor
from surfaces.test_owner_pages import signed_in

BASE20 = "/top-up/base/BA-20/"


def fails(door: Door, visitor: Visitor) -> Seen:
    """From the amount to a payment that fails; the page one ends on."""
    page = visitor.post(BASE20, {"email": "ana@example.org"})
    page = visitor.post(page.where, {"total": "2000", "method": "sandbox", "at_once": "on"})
    if page.where.startswith("/o/"):
        door.world.work()
        door.world.provider.session(-1, Answer.DECLINED, why="refused")
        door.world.wake()
        door.world.work()
    return page


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Try again in ten minutes, or write to us"),
        ("zh-CN", "请十分钟后再试"),
        ("fr", "Réessayez dans dix minutes"),
        ("nl", "Probeer het over tien minuten opnieuw"),
        ("de", "Versuchen Sie es in zehn Minuten noch einmal"),
    ],
)
def test_the_fifth_card_waits_and_the_price_stays(door: Door, language: str, said: str) -> None:
    ana = Visitor(language=language)
    orders = [fails(door, ana).where for _ in range(4)]
    assert all(where.startswith("/o/") for where in orders)
    page = fails(door, ana)
    assert (page.status, page.where.startswith("/quote/")) == (429, True)
    assert said in page.text
    assert page.value("total") == "2000"  # the button is there for later
    again = ana.post(f"{orders[0]}pay/", {"method": "sandbox"})
    assert (again.status, said in again.text) == (429, True)
    door.world.clock.tick(601)
    assert ana.post(f"{orders[0]}pay/", {"method": "sandbox"}).where == orders[0]


def test_a_basket_waits_as_a_whole(door: Door) -> None:
    ana = Visitor()
    for _ in range(4):
        fails(door, ana)
    for _ in range(2):
        page = ana.post(BASE20, {"email": "ana@example.org"})
        ana.post(f"{page.where}basket/")
    shown = re.findall(r'name="shown" value="([^"]*)"', ana.get("/basket/").html)
    answer = ana.client.post("/basket/", {"shown": shown, "method": "sandbox", "at_once": "on"})
    assert answer.status_code == 429
    page = answer.content.decode()
    assert page.count("Try again in ten minutes") == 1
    assert len(re.findall(r'name="shown"', page)) == 2  # they lie there still
    assert select("SELECT count(*) FROM orders") == [(4,)]


def test_another_device_buys_meanwhile(door: Door) -> None:
    ana, bo = Visitor(), Visitor()
    for _ in range(5):
        fails(door, ana)
    assert fails(door, ana).status == 429
    page = bo.post(BASE20, {"email": "bo@example.org"})
    assert bo.post(page.where, {"total": "2000", "method": "sandbox", "at_once": "on"}).where.startswith("/o/")


def test_the_owner_reads_what_was_seen_and_a_stranger_does_not(door: Door) -> None:
    ana = Visitor()
    for _ in range(6):
        fails(door, ana)
    boss = signed_in(door.world)
    page = boss.get("/owner/items/")
    assert "Somebody may be testing cards" in page.text
    [item] = set(re.findall(r"/owner/items/\d+/", page.html))
    one = boss.get(item)
    assert "One device, today. Payments asked for: 4. Failed: 4. Different numbers: 0." in one.text
    [(ticket,)] = select("SELECT min(ticket) FROM orders")
    assert str(ticket) in one.text
    assert "127.0.0.1" not in one.text
    assert door.stranger.get(item).status in (403, 404)
    assert boss.post(item, {"resolution": "seen", "note": "the provider blocked them", "sure": "yes"}).where == item
    assert "Somebody may be testing cards" not in boss.get("/owner/items/").text
