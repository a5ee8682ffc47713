"""While the shop's records are checked after a restore: pages stand and say so, and nothing moves behind them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from fakes import DIRECT, NUMBER, START, Playing
from operations.test_quarantine import Lister
from opla.core.actor import Actor, Role
from opla.db.queries import quarantine as state
from opla.db.queries.call import select
from opla.db.queries.items import open_items
from opla.operations import api_keys, quarantine, resellers
from opla.operations.quote_topup import Wanted
from opla.operations.stock_codes import stock_codes
from opla.workers import intake
from surfaces.conftest import Door, Visitor
from surfaces.test_owner_pages import signed_in

OWNER = Actor(Role.OWNER, "ana")
SAYS = {
    "en": "closed while its records are checked",
    "fr": "fermée pendant que ses registres sont vérifiés",
    "nl": "gesloten terwijl de gegevens worden nagekeken",
    "de": "geschlossen, während seine Aufzeichnungen geprüft werden",
    "zh-CN": "商店正在核对记录，暂时关闭",
}


@pytest.fixture
def restored(door: Door) -> Iterator[Door]:
    """A shop with one order delivered and not seen, and one that waits to be paid, which came out of a backup."""
    yield door
    state._open.clear()


def close(door: Door) -> None:
    world = door.world
    assert quarantine.enter(OWNER, backup="b", restored_to=world.clock(), shop=world.shop, at=world.clock())
    state._open.clear()


@pytest.mark.parametrize("language", SAYS)
def test_every_page_says_so_in_its_reader_s_language(restored: Door, language: str) -> None:
    visitor = Visitor(language=language)
    assert SAYS[language] not in visitor.get("/").text
    close(restored)
    assert SAYS[language] in visitor.get("/").text
    assert SAYS[language] in visitor.get("/help/").text


def test_what_was_ordered_before_is_read_and_nothing_else_moves(restored: Door) -> None:
    delivered, waiting = restored.delivered(), restored.link(restored.world.order())
    close(restored)
    before = (
        select("SELECT count(*) FROM reveal"),
        select("SELECT count(*) FROM orders"),
        restored.world.mailbox.sent[:],
    )
    for link in (delivered, waiting):
        page = restored.owner.get(link)
        assert page.status == 200
        assert "closed while its records are checked" in page.text
    asked = restored.owner.post(f"{delivered}code/")
    assert (asked.status, asked.headers["Retry-After"]) == (503, "600")
    assert "Nothing was charged" in asked.text
    assert "closed" in asked.title
    assert restored.stranger.post(f"{delivered}code/").status != 503
    after = select("SELECT count(*) FROM reveal"), select("SELECT count(*) FROM orders"), restored.world.mailbox.sent[:]
    assert after == before


def test_a_webhook_is_taken_and_waits(restored: Door) -> None:
    restored.world.order()
    restored.world.work()
    close(restored)
    answer = restored.stranger.post("/hooks/payments/sandbox/", {"id": "sp_" + "0" * 24})
    assert (answer.status, answer.html) == (200, "ok\n")


def test_nobody_buys(restored: Door) -> None:
    visitor = restored.owner
    quote = restored.world.quote(number=NUMBER)
    close(restored)
    answer = visitor.post(f"/quote/{quote.id}/", {"method": "sandbox", "total": "1500", "at_once": "on"})
    assert answer.status == 503
    assert select("SELECT count(*) FROM orders") == [(0,)]


def test_resellers_programs_are_told_by_both_faces(restored: Door) -> None:
    world = restored.world
    assert resellers.add(OWNER, "acme", title="Acme", email="orders@acme.example", at=START) is None
    resellers.pay_in(OWNER, "acme", "100", "first", shop=world.shop, at=START)
    key = api_keys.make(OWNER, "acme", api_keys.Terms(), shop=world.shop, at=START)
    assert isinstance(key, api_keys.Key)
    close(restored)
    answer = Visitor().client.post(
        "/api/v1/orders", {"sku": DIRECT, "number": NUMBER}, "application/json",
        headers={"authorization": f"Bearer {key.secret}", "idempotency-key": "k1"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["refusals"][0]["code"]) == (503, "quarantine")
    wanted = Wanted("", "", "", "en", sku=DIRECT, number=NUMBER)
    [told] = intake.Intake(world.shop)._place([intake.Request(key.secret, "k2", wanted)], intake.Keys())
    assert (told.status, json.loads(told.body)["refusals"][0]["code"]) == (503, "quarantine")


def test_the_owner_reads_what_a_restore_forgot_while_the_shop_stands_still(restored: Door) -> None:
    world = restored.world
    world.paid()
    close(restored)
    told = state.Told("0a" * 16, "sp_1", "given", 1500, "EUR", "Proximus €15")
    assert state.listed("payments", "sandbox", [told], actor=OWNER, at=world.clock()) == (1, 1, 0)
    for language, says in (("en", "that no book here knows: sp_1"), ("zh-CN", "sp_1（Proximus €15）")):
        owner = signed_in(world, language=language)
        for item in open_items():
            page = owner.get(f"/owner/items/{item.id}/")
            assert page.status == 200
            assert (says in page.text) is (item.kind == "lost_payment")
    assert "nothing after 22 Nov 2026" in signed_in(world).get(f"/owner/items/{open_items()[0].id}/").text


PAGE = "/owner/quarantine/"


def answered(door: Door) -> None:
    world = door.world
    assert quarantine.answer(shop=world.shop, outside=Playing(world), at=world.clock())


def test_the_page_is_the_owners_alone_and_says_that_nothing_was_restored(restored: Door) -> None:
    world = restored.world
    owner = signed_in(world)
    assert "never brought back from a backup" in owner.get(PAGE).text
    assert PAGE in owner.get("/owner/").html
    accountant = signed_in(world, Role.ACCOUNTANT, "ben")
    close(restored)
    for who in (restored.stranger, restored.owner, accountant):
        assert who.get(PAGE).status == 404
        assert who.post(PAGE, {"act": "leave", "sure": "yes"}).status == 404
        assert PAGE not in who.get("/").html
    assert PAGE in owner.get("/").html  # beside the banner


def test_an_owner_brings_the_shop_back_from_the_page_alone(restored: Door) -> None:
    """In the real quarantine: asked by a worker, compared by hand, confirmed, open."""
    world = restored.world
    world.provider = Lister()
    restored.delivered("MV-15")
    owner = signed_in(world)
    close(restored)
    page = owner.get(PAGE)
    assert page.status == 200
    assert "✗ to be compared Sandbox payment To be compared" in page.text
    assert "Nothing is known after" in page.text

    asked = owner.post(PAGE, {"act": "ask"})
    assert (asked.status, asked.where) == (200, PAGE)
    assert "Everybody who has a list is asked since" in asked.text
    answered(restored)
    page = owner.get(PAGE)
    assert "✓ compared Sandbox payment 1 is on their list; our books know all of them" in page.text
    assert "✗ to be compared sandbox We have no list of theirs: compare it by hand." in page.text

    unsure = owner.post(PAGE, {"act": "leave"})
    assert unsure.status == 422
    assert "Tick the box" in unsure.text
    owner.post(PAGE, {"act": "leave", "sure": "yes"})
    answered(restored)
    assert "The shop was not opened: there is something left to compare." in owner.get(PAGE).text
    assert "closed while" in restored.stranger.get("/").text

    compared = {"act": "compared", "area": "suppliers", "name": "sandbox"}
    assert owner.post(PAGE, compared).status == 422
    page = owner.post(PAGE, compared | {"note": "their portal, one delivery"})
    assert "✓ compared sandbox Compared by hand By ana (owner)" in page.text
    assert "their portal, one delivery" in page.text
    owner.post(PAGE, {"act": "leave", "sure": "yes"})
    answered(restored)
    assert state.current() is None
    state._open.clear()
    page = owner.get(PAGE)
    assert "The shop is open" in page.text
    assert "Open again" in page.text
    assert "closed while" not in restored.stranger.get("/").text
    told = owner.get("/owner/trail/").text
    assert "suppliers sandbox their portal, one delivery" in told
    assert told.count("quarantine") >= 4


def test_codes_come_back_by_their_serials_and_one_is_given_to_the_order_that_has_it(restored: Door) -> None:
    world = restored.world
    lines = "\n".join(f"PX-15,000090000000{n},S{n},14.25" for n in range(4))
    stock_codes(OWNER, f"sku,code,serial,cost\n{lines}".encode(), shop=world.shop, at=world.clock())
    world.shop = replace(world.shop, routes=("code_stock", "sandbox"))
    order_id = world.paid()
    [(ticket,)] = select("SELECT ticket FROM orders WHERE id = %s", [order_id])
    owner = signed_in(world)
    close(restored)
    assert "4 codes are off the shelf" in owner.get(PAGE).text
    release = {"act": "release", "batch": "1", "note": "their list of today", "sure": "yes"}
    assert "Put in the serials" in owner.post(PAGE, release).text
    for missing in ({"note": " "}, {"sure": ""}):
        page = owner.post(PAGE, {**release, "serials": "S1 S2", **missing})
        assert (page.status, ">S1 S2</textarea>" in page.html) == (422, True)
    gave = {"act": "gave", "ticket": str(ticket).lower(), "serial": "S0"}
    assert owner.post(PAGE, gave).status == 200
    assert owner.post(PAGE, gave | {"serial": "S9"}).status == 422
    page = owner.post(PAGE, {**release, "serials": "S1\nS2"})
    assert "Back on the shelf: 2. Posted as lost: 1." in page.text
    assert "✓ Codes of our own shelf None is off the shelf." in page.text
    assert "their list of today" in page.text
    again = owner.post(PAGE, {**release, "serials": "S1"})
    assert (again.status, "done already" in again.text) == (422, True)
    rows = select("SELECT serial, state FROM code ORDER BY serial")
    assert rows == [("S0", "claimed"), ("S1", "stock"), ("S2", "stock"), ("S3", "written_off")]


@pytest.mark.parametrize(
    "posted",
    [
        {},
        {"act": "sell"},
        {"act": "release_all", "batch": "x", "note": "n", "sure": "yes"},
        {"act": "release", "batch": "1", "serials": "\0", "note": "n", "sure": "yes"},
        {"act": "compared", "area": "payments", "name": "nobody", "note": "n"},
        {"act": "compared", "area": "payments", "name": "sandbox", "note": "\0"},
        {"act": "gave", "ticket": "\0", "serial": "x" * 9000},
    ],
)
def test_what_nobody_would_type_changes_nothing(restored: Door, posted: dict[str, str]) -> None:
    owner = signed_in(restored.world)
    close(restored)
    assert owner.post(PAGE, posted).status in (404, 422)
    now = state.current()
    assert now
    assert not any(step.done_at for step in now.steps)


@pytest.mark.parametrize("language", ["fr", "nl", "de", "zh-CN"])
def test_it_is_read_in_every_language(restored: Door, language: str) -> None:
    owner = signed_in(restored.world, language=language)
    close(restored)
    page = owner.get(PAGE)
    assert page.status == 200
    for english in ("To be compared", "Nothing is known after", "Open the shop", "Serial", "Ask everybody"):
        assert english not in page.text
