"""While the shop's records are checked after a restore: pages stand and say so, and nothing moves behind them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from fakes import DIRECT, NUMBER, START
from opla.core.actor import Actor, Role
from opla.db.queries import quarantine as state
from opla.db.queries.call import select
from opla.db.queries.items import open_items
from opla.operations import api_keys, quarantine, resellers
from opla.operations.quote_topup import Wanted
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
