"""Everybody of the house follows every link that they are shown: none is dead, none breaks, and none shows a secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from urllib.parse import urljoin, urlsplit
from uuid import UUID, uuid4

import pytest

from browser.test_owner_pages import posted
from fakes import CODE, CUSTOMER, DEVICE, DIRECT
from operations.test_bank_transfers import ACCOUNT, bring, ordered
from operations.test_floats import asked, standing
from opla.core.actor import Actor, Role
from opla.core.refusal import Refusal
from opla.core.station import Kind
from opla.core.trouble import Tried
from opla.db.queries.call import select
from opla.operations import resellers, stations, stock, threads
from opla.operations.close_day import close_all
from opla.operations.refund_by_choice import refund_by_choice
from opla.operations.stock_codes import Stocked, stock_codes
from statements import PAYER, camt, entry
from surfaces.conftest import Door, Visitor
from surfaces.test_owner_pages import parked, signed_in

OWNER = Actor(Role.OWNER, "ana")
PIN = "0000567890123"
_MOST = 400


@pytest.fixture
def busy(door: Door) -> tuple[Door, list[str]]:
    """A shop in which something of everything has happened; and what no page of the house may ever show."""
    world = door.world
    world.shop = replace(world.shop, refund_alone_minor=500)
    parked(door)
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
    asked_for = refund_by_choice(Actor(Role.SUPPORT, "sam"), UUID(str(direct)), refund_id=uuid4(), **wish)
    assert not isinstance(asked_for, Refusal)
    resellers.add(OWNER, "acme", title="Acme", email="orders@acme.example", at=world.clock())
    resellers.pay_in(OWNER, "acme", "100", "first", shop=world.shop, at=world.clock())
    standing(world, asked("a"))
    bought = stock.order(OWNER, "Vendor", "PX-15", 9, "14.25", shop=world.shop, at=world.clock())
    assert isinstance(bought, int)
    box = f"sku,code,serial,cost\nPX-15,{PIN},S1,14.25\n".encode()
    kept = stock_codes(OWNER, box, shop=world.shop, at=world.clock(), purchase=bought, file_name="box.csv")
    assert isinstance(kept, Stocked)
    world.shop = replace(world.shop, payment_methods=("sandbox", "bank_transfer"), account=ACCOUNT)
    posted(world)
    station = stations.keep(OWNER, "main-till", Kind.TILL, shop=world.shop, at=world.clock())
    ordered(world)
    bring(world, camt(entry(990, text="voor mijn bestelling", iban=PAYER, name="Zoë Payer")))
    world.clock.tick(2 * 24 * 3600)
    world.work(5)
    assert isinstance(close_all(OWNER, at=world.clock()), list)
    secrets = [seen[1], PIN, link.strip("/").split("/")[-1]]
    return door, [*secrets, *([] if isinstance(station, Refusal) else [station.code])]


def links(html: str, here: str) -> Iterator[str]:
    for href in re.findall(r'<a [^>]*href="([^"]+)"', html):
        found = urlsplit(urljoin(here, unescape(href)))
        if not found.netloc and found.path.startswith("/owner/"):
            yield found.path + (f"?{found.query}" if found.query else "")


def crawled(who: Visitor) -> dict[str, str]:
    """Every page that is reached from the first one, by its address."""
    pages: dict[str, str] = {}
    ahead = ["/owner/"]
    while ahead and len(pages) < _MOST:
        path = ahead.pop()
        if path in pages:
            continue
        seen = who.get(path)
        assert seen.status == 200, path
        pages[path] = seen.html
        ahead += [link for link in links(seen.html, path) if link not in pages]
    assert len(pages) < _MOST, "it never ends"
    return pages


def bare(text: str) -> str:
    return re.sub(r"[\s\-]", "", text)


@pytest.mark.parametrize(
    ("role", "least"), [(Role.OWNER, 60), (Role.SUPPORT, 12), (Role.ACCOUNTANT, 12), (Role.SHOP_MANAGER, 6)]
)
def test_every_link_that_somebody_is_shown_leads_somewhere_and_shows_no_secret(
    busy: tuple[Door, list[str]], role: Role, least: int
) -> None:
    door, secrets = busy
    pages = crawled(signed_in(door.world, role, "bo"))
    assert len(pages) >= least, sorted(pages)
    for path, html in pages.items():
        for secret in secrets:
            assert bare(secret) not in bare(html), path
