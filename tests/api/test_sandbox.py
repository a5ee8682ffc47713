"""Sandbox keys: the same addresses and shapes, and nothing real comes of it, in a live shop either."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from api.conftest import ALL, Program, Programs, made
from fakes import CODE, DIRECT
from operations.test_look_up import Knowing
from opla.core import api_sandbox
from opla.core.api_sandbox import ENDINGS
from opla.core.webhook import EVENTS, Event
from opla.db.queries.call import select
from opla.operations import shop

#: Of played orders, of keys, and what the janitor does beside them.
QUIET = {"played_order", "api_key", "api_bucket", "idempotency", "audit_segment", "audit_mark"}


@dataclass
class Played:
    programs: Programs
    acme: Program
    few: Program
    bolt: Program


@pytest.fixture
def played(programs: Programs) -> Played:
    keys = (
        made(programs.world, name, scopes=scopes, sandbox=True)
        for name, scopes in (("acme", ALL), ("acme", ("catalogue",)), ("bolt", ALL))
    )
    return Played(programs, *map(Program, keys))


def wish(digits: str, sku: str = DIRECT) -> dict[str, str]:
    return {"sku": sku, "number": f"0470123{digits}"}


def everything() -> dict[str, int]:
    """How many rows every table has, and the sum of everything that moved on any account."""
    tables = select(
        """SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
           AND relnamespace = 'public'::regnamespace"""
    )
    names = [str(name) for (name,) in tables]
    counts = {name: int(str(select(f'SELECT count(*) FROM "{name}"')[0][0])) for name in names if name not in QUIET}
    [(moved,)] = select("SELECT sum(debits_posted + credits_posted + debits_pending + credits_pending) FROM account")
    return {**counts, "moved": int(str(moved))}


def test_nothing_real_comes_of_it_whatever_it_asks(played: Played) -> None:
    acme, world = played.acme, played.programs.world
    knowing = world.supplier = Knowing()
    before = everything()
    for row in ENDINGS:
        acme.post("/orders", wish(row.digits), row.digits)
        world.clock.tick(1)
    acme.post("/orders/batch", {"orders": [{**wish("000"), "key": "x"}]}, "batch")
    code = acme.post("/orders", {"sku": CODE}, "code").body["order"]
    other = acme.post("/orders", {"sku": CODE}, "other").body["order"]
    assert acme.get(f"/orders/{code}/code").status == 200
    assert acme.post(f"/orders/{other}/refund", {}, "back").status == 200
    assert acme.get("/float/movements").status == 200
    assert acme.post("/numbers/look-up", {"number": "0470 12 34 56"}).body["proposal"]["by"] == "number_block"
    world.clock.tick(60)
    world.work(3)
    assert everything() == before
    callers = {caller for (caller,) in select("SELECT caller FROM idempotency WHERE caller NOT LIKE 'paid_in:%%'")}
    assert callers == {"played_batch:acme", "played_refund:acme"}
    assert (knowing.asked, knowing.looked, world.mailbox.sent) == ([], [], [])


def test_a_live_shop_plays_for_a_sandbox_key_too(played: Played, monkeypatch: pytest.MonkeyPatch) -> None:
    live = replace(played.programs.world.shop, sandbox=False)
    monkeypatch.setattr(shop, "current", lambda: live)
    sold = next(p["sku"] for p in played.acme.get("/products").body["items"] if p["kind"] == "code")
    answer = played.acme.post("/orders", {"sku": sold}, "a")
    assert (answer.status, answer.body["sandbox"]) == (202, True)
    assert select("SELECT count(*) FROM orders") == [(0,)]


@pytest.mark.parametrize("row", ENDINGS, ids=lambda e: e.digits)
def test_each_ending_is_seen_as_the_table_says(played: Played, row: api_sandbox.Ending) -> None:
    answer = played.acme.post("/orders", wish(row.digits), "a")
    if row.refused:
        assert answer.code == row.refused.code
        assert played.acme.get("/orders").body["items"] == []
        return
    assert (answer.status, answer.body["sandbox"]) == (202, True)
    start = played.programs.world.clock()
    for seconds, state in row.path:
        played.programs.world.clock.now = start + timedelta(seconds=seconds)
        found = played.acme.get(f"/orders/{answer.body['order']}").body
        assert (found["state"], found["sandbox"]) == (state, True)


TOLD = {"delivered": "order.delivered", "cancelled": "order.cancelled", "refunded": "order.failed"}
TOLD_TAKEN_BACK = {**TOLD, "refunded": "order.refunded"}


def endpoint(program: Program) -> None:
    assert program.post("/webhooks", {"url": "https://acme.example/hooks"}).status == 201


def told(program: Program) -> list[tuple[str, str, str]]:
    """What was told, in its order: when, what it is called, the state it says."""
    items = program.get("/webhooks/messages").body["items"]
    for one in items:
        assert set(one["data"]) == set(EVENTS[Event(one["type"])][1])
    return [(one["timestamp"], one["type"], one["data"]["state"]) for one in reversed(items)]


@pytest.mark.parametrize("row", [e for e in ENDINGS if e.path], ids=lambda e: e.digits)
def test_its_endpoints_are_told_of_every_ending_when_it_comes(played: Played, row: api_sandbox.Ending) -> None:
    world, acme = played.programs.world, played.acme
    endpoint(acme)
    start = world.clock()
    acme.post("/orders", wish(row.digits), "a")
    acme.post("/orders", wish(row.digits), "a")  # again, which is told no second time
    names = TOLD_TAKEN_BACK if row.digits == "906" else TOLD
    later = [(s, names[state], str(state)) for s, state in row.path if state in names]
    expected = [(0, "order.placed", "placed"), *later]
    for seconds in sorted({0, *(s for s, _, _ in expected), 60}):
        world.clock.now = start + timedelta(seconds=seconds)
        now = [(_instant(start, s), name, state) for s, name, state in expected if s <= seconds]
        assert sorted(told(acme)) == sorted(now)
        world.work()
        assert len(world.receiver.posted) == len(now)
    assert played.programs.acme.get("/webhooks/messages").body["items"] == []


def _instant(start: datetime, seconds: int) -> str:
    return (start + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def test_a_code_that_goes_back_is_told_in_place_of_what_was_to_come(played: Played) -> None:
    endpoint(played.acme)
    made = played.acme.post("/orders", {"sku": CODE, "number": "0470123906"}, "a").body["order"]
    played.programs.world.clock.tick(5)
    assert played.acme.post(f"/orders/{made}/refund", {}, "back").status == 200
    assert played.acme.post(f"/orders/{made}/refund", {}, "back").status == 200
    played.programs.world.clock.tick(60)
    assert [name for _, name, _ in told(played.acme)][-1] == "order.refunded"
    assert len(told(played.acme)) == 3


def test_the_shapes_are_those_of_real_orders(played: Played) -> None:
    real, play = played.programs.acme, played.acme
    orders = {who: who.post("/orders", {"sku": CODE}, "a") for who in (real, play)}
    assert orders[real].body.keys() == orders[play].body.keys()
    played.programs.world.work(2)
    ids = {who: answer.body["order"] for who, answer in orders.items()}
    for path in ("/orders", "/float", "/float/movements", "/orders/{}", "/orders/{}/refunds", "/orders/{}/code"):
        mine, theirs = (who.get(path.format(ids[who])) for who in (real, play))
        assert (mine.status, shape(mine.body)) == (theirs.status, shape(theirs.body)), path


def shape(body: object) -> object:
    if isinstance(body, dict):
        return {name: shape(value) for name, value in body.items()}
    if isinstance(body, list):
        return [shape(one) for one in body[:1]]
    return ""


def test_keys_mean_there_what_they_mean_everywhere(played: Played) -> None:
    first = played.acme.post("/orders", wish("000"), "a")
    again = played.acme.post("/orders", wish("000"), '"a"')
    assert (again.status, again.body) == (200, {**first.body, "state": None})
    other = played.acme.post("/orders", wish("001"), "a")
    assert (other.code, other.body["refusals"][0]["about"]) == ("key_reused", "number")
    assert played.acme.post("/orders", wish("000")).code == "key_missing"
    assert played.programs.acme.post("/orders", wish("000"), "a").status == 202  # a live key's are its own
    batch = {"orders": [{**wish("000"), "key": "a"}, {**wish("920"), "key": "b"}, {**wish("002"), "key": "c"}]}
    answers = played.acme.post("/orders/batch", batch, "b").body["answers"]
    assert [a["status"] for a in answers] == [200, 402, 202]


def test_played_orders_are_listed_filtered_and_paged(played: Played) -> None:
    for n in range(5):
        played.acme.post("/orders", wish(f"00{n}"), f"k{n}")
        played.programs.world.clock.tick(1)
    seen, after = [], ""
    while after is not None:
        page = played.acme.get(f"/orders?limit=2&after={after}").body
        seen += [one["key"] for one in page["items"]]
        after = page["next"]
    assert seen == ["k4", "k3", "k2", "k1", "k0"]
    assert [o["key"] for o in played.acme.get("/orders?number=0470123003&state=delivered").body["items"]] == ["k3"]
    assert played.acme.get("/orders?state=paid").body["items"] == []


def test_play_money_is_spent_held_and_there_again_at_midnight(played: Played) -> None:
    played.acme.post("/orders", wish("000"), "a")
    played.acme.post("/orders", wish("900"), "b")
    found = played.acme.get("/float").body
    assert [found[name]["amount_minor"] for name in ("balance", "free", "held")] == [98500, 97000, 1500]
    lines = played.acme.get("/float/movements").body["items"]
    assert sorted(x["event"] for x in lines) == ["delivered", "paid_in", "reserved", "reserved"]
    assert lines[0]["balance"]["amount_minor"] == 98500
    played.programs.world.clock.tick(24 * 3600)
    assert played.acme.get("/float").body["free"]["amount_minor"] == 100000


def test_more_than_the_play_money_is_not_ordered(played: Played) -> None:
    big = {"orders": [{"sku": "MV-40", "number": "0470123000", "key": f"k{n}"} for n in range(26)]}
    statuses = [a["status"] for a in played.acme.post("/orders/batch", big, "all").body["answers"]]
    assert statuses == [202] * 25 + [402]


def test_a_played_code_goes_back_unseen_and_not_when_it_was_seen(played: Played) -> None:
    one, two = (played.acme.post("/orders", {"sku": CODE}, key).body["order"] for key in "ab")
    code = played.acme.get(f"/orders/{one}/code").body
    assert (code["code"][:4], code["sandbox"]) == ("0000", True)
    assert played.acme.post(f"/orders/{one}/refund", {}, "one").code == "code_seen"
    back = played.acme.post(f"/orders/{two}/refund", {}, "two")
    assert (back.status, back.body["reason"], back.body["sandbox"]) == (200, "unseen", True)
    assert played.acme.post(f"/orders/{two}/refund", {}, "two").body == back.body
    assert played.acme.get(f"/orders/{two}/refunds").body["items"] == [back.body]
    assert (played.acme.get(f"/orders/{two}/code").status, played.acme.get(f"/orders/{two}").body["state"]) == (
        404,
        "refunded",
    )
    assert played.acme.get("/float").body["free"]["amount_minor"] == 98500


def test_a_played_order_is_nobody_elses_and_neither_side_sees_the_other(played: Played) -> None:
    mine = played.acme.post("/orders", {"sku": CODE}, "a").body["order"]
    real = played.programs.acme.post("/orders", {"sku": CODE}, "a").body["order"]
    for who, order_id in ((played.bolt, mine), (played.programs.acme, mine), (played.acme, real)):
        for path in ("", "/code", "/refunds"):
            assert who.get(f"/orders/{order_id}{path}").status == 404
        assert who.post(f"/orders/{order_id}/refund", {}, "x").status == 404
    assert played.bolt.get("/orders").body["items"] == []
    assert played.few.get("/orders").code == "scope_missing"


def test_played_orders_are_gone_after_a_week(played: Played) -> None:
    played.acme.post("/orders", {"sku": CODE}, "a")
    played.programs.world.clock.now += api_sandbox.KEPT + timedelta(seconds=1)
    played.acme.post("/orders", {"sku": CODE}, "b")
    assert [o["key"] for o in played.acme.get("/orders").body["items"]] == ["b"]
