"""Ordering by HTTP from the web process: one, many, their keys, what became of them, and whose they are."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from api.conftest import Answered, Program, Programs, being_used, made
from fakes import CODE, DIRECT, START
from operations.selling import selling
from opla.core.effects import Unknown
from opla.db.models import CatalogVersion
from opla.db.queries import floats
from opla.db.queries.call import select
from opla.operations import look_ahead, shop
from support import at_once

ORDER = {"sku": DIRECT, "number": "0470 12 34 56"}


def order(program: Program, key: str, **fields: str) -> str:
    answer = program.post("/orders", {**ORDER, **fields}, key)
    assert answer.status == 202, answer
    return str(answer.body["order"])


def code_order(programs: Programs, key: str = "c", *, deliver: bool = True) -> str:
    answer = programs.acme.post("/orders", {"sku": CODE}, key)
    assert answer.status == 202, answer
    if deliver:
        programs.world.work(2)
    return str(answer.body["order"])


def held() -> tuple[int, int]:
    found = floats.balance("acme", "EUR")
    return found.free_minor, found.held_minor


def test_an_order_stands_and_the_same_key_is_the_same_order_however_it_is_written(programs: Programs) -> None:
    first = programs.acme.post("/orders", ORDER, "my-1")
    assert (first.status, first.body["state"], first.body["sandbox"]) == (202, "placed", False)
    again = programs.acme.post("/orders", ORDER, '"my-1"')
    assert (again.status, again.body) == (200, {**first.body, "state": None})  # what it is by now, it says itself
    assert held() == (8500, 1500)
    other = programs.acme.post("/orders", {**ORDER, "number": "0470123457"}, "my-1")
    assert (other.status, other.code, other.body["refusals"][0]["about"]) == (422, "key_reused", "number")
    assert programs.bolt.post("/orders", ORDER, "my-1").body["order"] != first.body["order"]


def withdraw(sku: str) -> None:
    """The operator sells it no more."""
    document = CatalogVersion.objects.get(state="active").document
    [product] = [one for one in document["products"] if one["sku"] == sku]
    product["status"] = {**product["status"], "value": "withdrawn"}
    CatalogVersion.objects.filter(state="active").update(state="retired")
    CatalogVersion.objects.create(made_at=START, made_by="anna", state="active", document=document)


@pytest.mark.parametrize("sandbox", [False, True], ids=["real", "played"])
def test_an_order_stands_for_whoever_repeats_it_though_nobody_could_order_it_any_more(
    programs: Programs, sandbox: bool
) -> None:
    """Told no, a program that lost the answer would buy elsewhere what it has bought."""
    acme = Program(made(programs.world, "acme", sandbox=True)) if sandbox else programs.acme
    first = acme.post("/orders", ORDER, "a")
    assert first.status == 202
    withdraw(DIRECT)
    assert acme.post("/orders", ORDER, "b").code == "product_withdrawn"
    again = acme.post("/orders", ORDER, "a")
    assert (again.status, again.body["order"]) == (200, first.body["order"])
    other = acme.post("/orders", {**ORDER, "number": "0470123457"}, "a")
    assert (other.code, other.body["refusals"][0]["about"]) == ("key_reused", "number")
    batch = acme.post("/orders/batch", {"orders": [{**ORDER, "key": "a"}, {**ORDER, "key": "b"}]}, "all")
    assert [one["status"] for one in batch.body["answers"]] == [200, 422]


@pytest.mark.parametrize("body", [{"sku": CODE}, ORDER, {"operator": "proximus", "amount": "15"}])
def test_a_quote_says_what_the_product_does_in_the_figures_of_its_own_address(
    programs: Programs, body: dict[str, str]
) -> None:
    quoted = programs.acme.post("/quotes", body).body
    said = programs.acme.post("/lines/effects", {"sku": quoted["sku"]})
    assert (quoted["effects"], said.status) == (said.body, 200)


def test_what_nobody_can_say_the_effects_of_has_a_price_all_the_same(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look_ahead, "effect_of", lambda *_: Unknown(CODE, ("lasts",)))
    assert programs.acme.post("/lines/effects", {"sku": CODE}).code == "effect_unknown"
    quoted = programs.acme.post("/quotes", {"sku": CODE})
    assert (quoted.status, quoted.body["effects"]) == (200, None)


def test_what_nobody_could_deliver_is_no_order_for_whom_it_is_no_quote_and_what_stands_stands(
    programs: Programs,
) -> None:
    world, acme = programs.world, programs.acme
    first = order(acme, "a")
    assert acme.post("/quotes", ORDER).status == 200
    selling(world, {"one": 1400}, approved=False)
    for path, key in (("/quotes", ""), ("/orders", "b")):
        refused = acme.post(path, ORDER, key)
        assert (refused.code, refused.body["refusals"][0]["about"]) == ("sold_out", "sku")
    assert held() == (8500, 1500)
    assert acme.post("/orders", ORDER, "a").body["order"] == first


@pytest.mark.parametrize("path", ["/orders", "/orders/batch", "/orders/01a20320-a200-7658-be7a-f6b30cb1e29c/refund"])
@pytest.mark.parametrize("key", ["", '""', "x" * 65])
def test_a_money_write_without_a_key_is_refused_before_anything_else(programs: Programs, path: str, key: str) -> None:
    body = {"orders": [{**ORDER, "key": "a"}]} if path.endswith("batch") else ORDER
    answer = programs.acme.post(path, body, key)
    assert (answer.status, answer.code) == (400, "key_missing")
    assert select("SELECT count(*) FROM orders") == [(0,)]


def test_two_requests_under_one_key_at_one_moment_are_one_order(programs: Programs) -> None:
    """The later one waits for the first and answers the same: nobody is told to come back."""
    answers = at_once(*[lambda: programs.acme.post("/orders", ORDER, "a")] * 4)
    assert sorted(a.status for a in answers) == [200, 200, 200, 202]
    assert len({a.body["order"] for a in answers}) == 1
    assert held() == (8500, 1500)


def test_whoever_waits_too_long_for_another_under_its_key_is_told_to_come_back(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opla.api.idempotency.WAIT_S", 1)
    with being_used("a"):
        answer = programs.acme.post("/orders", ORDER, "a")
    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (409, "still_running", "1")
    assert programs.acme.post("/orders", ORDER, "a").status == 202


def test_of_two_orders_that_race_for_the_last_euro_one_wins_and_one_is_refused(programs: Programs) -> None:
    for n in range(5):
        order(programs.acme, f"before {n}")
    answers = at_once(*[lambda n=n: programs.acme.post("/orders", ORDER, f"race {n}") for n in range(2)])  # type: ignore[misc]
    assert sorted((a.status, a.code) for a in answers) == [(202, ""), (402, "float_too_low")]
    assert held() == (1000, 9000)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"sku": "nothing"}, "product_unknown"),
        ({**ORDER, "number": ""}, "number_missing"),
        ({**ORDER, "number": "112"}, "number_emergency"),
        ({**ORDER, "colour": "red"}, "field_unknown"),
        ({**ORDER, "number": 470123456}, "field_invalid"),
        ({**ORDER, "number": "0470\x00123456"}, "number_unreadable"),
        ({**ORDER, "email": "ana"}, "email_invalid"),
        ({**ORDER, "device": "\ud800"}, "field_invalid"),
        (b"{", "file_unreadable"),
    ],
)
def test_what_cannot_be_an_order_is_refused_and_takes_no_key(programs: Programs, body: Any, code: str) -> None:
    assert programs.acme.post("/orders", body, "a").code == code
    order(programs.acme, "a")


def test_a_batch_answers_each_in_its_order_and_a_bad_one_fails_no_other(programs: Programs) -> None:
    orders = [
        {**ORDER, "key": "one"},
        {**ORDER, "key": "two", "number": "0470"},
        {**ORDER, "key": "three", "number": "0470123458"},
        {**ORDER, "key": "one"},
    ]
    answer = programs.acme.post("/orders/batch", {"orders": orders}, "batch 1")
    assert answer.status == 200, answer
    told = [(a["key"], a["status"]) for a in answer.body["answers"]]
    assert told == [("one", 202), ("two", 422), ("three", 202), ("one", 200)]
    assert answer.body["answers"][1]["problem"]["refusals"][0]["code"] == "number_too_short"
    assert held() == (7000, 3000)
    again = programs.acme.post("/orders/batch", {"orders": orders}, "batch 1")
    assert [a["status"] for a in again.body["answers"]] == [200, 422, 200, 200]
    changed = [*orders[:2], {**orders[2], "number": "0470123459"}, orders[3]]
    other = programs.acme.post("/orders/batch", {"orders": changed}, "batch 1")
    assert (other.code, other.body["refusals"][0]["about"]) == ("key_reused", "orders.2")
    for count in (1, 3):
        other = programs.acme.post("/orders/batch", {"orders": orders[:count]}, "batch 1")
        assert (other.code, other.body["refusals"][0]["about"]) == ("key_reused", "orders")
    assert held() == (7000, 3000)


def test_the_same_batch_twice_at_one_moment_is_one_batch(programs: Programs) -> None:
    body = {"orders": [{**ORDER, "key": str(n)} for n in range(3)]}
    answers = at_once(*[lambda: programs.acme.post("/orders/batch", body, "a")] * 2)
    assert [a.status for a in answers] == [200, 200]
    assert len({a["order"] for answer in answers for a in answer.body["answers"]}) == 3
    assert held() == (5500, 4500)


def test_a_batch_of_more_than_a_hundred_or_of_none_is_refused_whole(programs: Programs) -> None:
    for count in (0, 101):
        body = {"orders": [{**ORDER, "key": str(n)} for n in range(count)]}
        answer = programs.acme.post("/orders/batch", body, "a")
        assert (answer.status, answer.code) == (422, "field_invalid")


@pytest.mark.parametrize("key", ["", " ", "a\x00b", "clé", "x" * 65])
def test_an_order_of_a_batch_is_called_by_signs_that_can_be_seen(programs: Programs, key: str) -> None:
    answer = programs.acme.post("/orders/batch", {"orders": [{**ORDER, "key": "ok"}, {**ORDER, "key": key}]}, "a")
    assert (answer.status, answer.body["refusals"][0]["about"]) == (422, "orders.1.key")


def test_orders_are_listed_newest_first_by_cursor_and_filtered(programs: Programs) -> None:
    ids = []
    for n in range(5):
        ids.append(order(programs.acme, f"k{n}", number=f"047012345{n}"))
        programs.world.clock.tick(1)
    order(programs.bolt, "theirs")
    seen, after = [], ""
    for _ in range(3):
        page = programs.acme.get(f"/orders?limit=2&after={after}").body
        seen += [one["id"] for one in page["items"]]
        after = page["next"]
    assert (seen, after) == (ids[::-1], None)
    assert [o["id"] for o in programs.acme.get("/orders?key=k3").body["items"]] == [ids[3]]
    assert [o["id"] for o in programs.acme.get("/orders?number=0470 12 34 52").body["items"]] == [ids[2]]
    programs.world.work(2)
    delivered = programs.acme.get("/orders?state=delivered").body["items"]
    assert [o["id"] for o in delivered] == ids[::-1]
    assert programs.acme.get("/orders?state=placed").body == {"items": [], "next": None}
    assert programs.acme.get("/orders?key=theirs").body["items"] == []
    assert {o["placed_at"][-1] for o in delivered} == {"Z"}


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "after=x", "state=happy", "number=12", "key=a%00b"])
def test_a_list_is_not_asked_for_what_it_cannot_show(programs: Programs, query: str) -> None:
    answer = programs.acme.get(f"/orders?{query}")
    assert (answer.status, answer.body["refusals"][0]["about"]) == (422, query.partition("=")[0])


def test_one_order_says_what_became_of_it_and_is_nobody_elses(programs: Programs) -> None:
    order_id = order(programs.acme, "a")
    programs.world.work(2)
    found = programs.acme.get(f"/orders/{order_id}").body
    assert (found["state"], found["key"], found["number"]) == ("delivered", "a", "+32470123456")
    assert found["total"] == {"amount_minor": 1500, "currency": "EUR"}
    assert programs.bolt.get(f"/orders/{order_id}").status == 404
    assert programs.acme.get(f"/orders/{uuid4()}").status == 404
    odd = programs.acme.get("/orders/seven")
    assert (odd.status, odd.code, odd.body["refusals"][0]["about"]) == (422, "field_invalid", "order_id")


def test_a_quote_says_the_price_and_buys_nothing(programs: Programs) -> None:
    found = programs.acme.post("/quotes", ORDER)
    assert found.status == 200, found
    assert found.body["total"] == {"amount_minor": 1500, "currency": "EUR"}
    assert (found.body["number"], found.body["expires_at"]) == ("+32470123456", "2026-11-22T12:15:00Z")
    refused = programs.acme.post("/quotes", {"sku": "nothing", "number": "1"})
    assert (refused.status, refused.code) == (422, "product_unknown")
    assert select("SELECT (SELECT count(*) FROM quote) + (SELECT count(*) FROM orders)") == [(0,)]


# ── codes ──


def test_a_code_is_given_to_its_reseller_and_every_look_is_written_down(programs: Programs) -> None:
    order_id = code_order(programs, deliver=False)
    early = programs.acme.get(f"/orders/{order_id}/code")
    assert (early.status, early.code) == (409, "not_delivered_yet")
    programs.world.work(2)
    found = programs.acme.get(f"/orders/{order_id}/code")
    assert (found.status, found.body["code"], found.headers["Cache-Control"]) == (200, "0000000000001", "no-store")
    programs.acme.get(f"/orders/{order_id}/code")
    looks = select("SELECT order_id::text, actor FROM reveal")
    assert len(looks) == 2
    assert {str(order) for order, _ in looks} == {order_id}
    assert all(str(actor).startswith("reseller:acme/") for _, actor in looks)
    assert programs.acme.get(f"/orders/{order_id}").body["code_seen"] is True


def test_a_code_is_nobody_elses_and_needs_its_own_right(programs: Programs) -> None:
    order_id = code_order(programs)
    assert programs.bolt.get(f"/orders/{order_id}/code").status == 404
    assert (
        programs.few.get(f"/orders/{order_id}/code").status,
        programs.nobody.get(f"/orders/{order_id}/code").status,
    ) == (
        403,
        401,
    )
    assert select("SELECT count(*) FROM reveal") == [(0,)]


def test_the_database_itself_gives_no_code_to_another_reseller(programs: Programs) -> None:
    order_id = code_order(programs)
    asked = "SELECT result, sealed FROM opla_reveal(%s, 'reseller:bolt', %s, NULL, NULL, 'bolt')"
    assert select(asked, [programs.world.clock(), order_id]) == [("not_found", None)]
    assert select("SELECT count(*) FROM reveal") == [(0,)]


def test_credit_on_a_number_has_no_code(programs: Programs) -> None:
    order_id = order(programs.acme, "a")
    programs.world.work(2)
    answer = programs.acme.get(f"/orders/{order_id}/code")
    assert (answer.status, answer.body["refusals"][0]["about"]) == (404, "code")


# ── giving back ──


def back(program: Program, order_id: str, key: str = "back") -> Answered:
    return program.post(f"/orders/{order_id}/refund", {}, key)


def test_an_unseen_code_goes_back_once_and_its_price_is_on_the_float(programs: Programs) -> None:
    order_id = code_order(programs)
    assert held() == (8500, 0)
    first = back(programs.acme, order_id)
    assert (first.status, first.body["amount"], first.body["reason"], first.body["state"]) == (
        200, {"amount_minor": 1500, "currency": "EUR"}, "unseen", "done",
    )  # fmt: skip
    assert back(programs.acme, order_id).body == first.body
    assert back(programs.acme, order_id, "another").body == first.body
    assert held() == (10000, 0)
    assert programs.acme.get(f"/orders/{order_id}").body["state"] == "refunded"
    assert programs.acme.get(f"/orders/{order_id}/refunds").body == {"items": [first.body], "next": None}
    assert programs.acme.get(f"/orders/{order_id}/code").status == 404


def test_two_who_give_the_same_code_back_at_once_give_it_back_once(programs: Programs) -> None:
    order_id = code_order(programs)
    answers = at_once(*[lambda key=key: back(programs.acme, order_id, key) for key in ("a", "a", "b")])  # type: ignore[misc]
    assert [a.status for a in answers] == [200] * 3
    assert held() == (10000, 0)


def test_what_was_seen_is_not_here_yet_or_is_no_code_does_not_go_back_and_says_why(programs: Programs) -> None:
    early = code_order(programs, "early", deliver=False)
    assert back(programs.acme, early).code == "not_delivered_yet"
    programs.world.work(2)
    programs.acme.get(f"/orders/{early}/code")
    assert back(programs.acme, early, "now").code == "code_seen"
    credit = order(programs.acme, "credit")
    programs.world.work(2)
    assert back(programs.acme, credit, "credit").code == "nothing_to_refund"
    reused = back(programs.acme, credit, "now")
    assert (reused.status, reused.code, reused.body["refusals"][0]["about"]) == (422, "key_reused", "order")
    assert back(programs.bolt, early).status == 404
    assert programs.bolt.get(f"/orders/{early}/refunds").status == 404


def test_no_more_goes_back_in_a_day_than_refunds_by_rule_may(
    programs: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    monkeypatch.setattr(shop, "current", lambda: replace(programs.world.shop, refund_cap_minor=2000))
    one, two = code_order(programs, "one"), code_order(programs, "two")
    assert back(programs.acme, one, "one").status == 200
    paused = back(programs.acme, two, "two")
    assert (paused.status, paused.code) == (409, "refunds_paused")
    programs.world.clock.tick(24 * 3600)
    assert back(programs.acme, two, "two").status == 200


# ── who may what ──

ANY = "00000000-0000-7000-8000-000000000000"
DOORS = [
    ("POST", "/quotes", ORDER),
    ("POST", "/orders", ORDER),
    ("POST", "/orders/batch", {"orders": [{**ORDER, "key": "a"}]}),
    ("GET", "/orders", None),
    ("GET", f"/orders/{ANY}", None),
    ("GET", f"/orders/{ANY}/code", None),
    ("POST", f"/orders/{ANY}/refund", {}),
    ("GET", f"/orders/{ANY}/refunds", None),
    ("GET", "/float", None),
    ("GET", "/float/movements", None),
]


@pytest.mark.parametrize(("method", "path", "body"), DOORS)
def test_few_rights_and_none_open_nothing(programs: Programs, method: str, path: str, body: object) -> None:
    few = programs.few.ask(method, path, body, **{"idempotency-key": "a"})
    nobody = programs.nobody.ask(method, path, body, **{"idempotency-key": "a"})
    assert [(few.status, few.code), (nobody.status, nobody.code)] == [(403, "scope_missing"), (401, "api_key_wrong")]
    assert select("SELECT (SELECT count(*) FROM orders) + (SELECT count(*) FROM reveal)") == [(0,)]


def test_the_document_says_which_addresses_want_a_key(programs: Programs) -> None:
    paths = programs.acme.get("/openapi.json").body["paths"]
    keyed = {
        path.removeprefix("/api/v1")
        for path, operations in paths.items()
        for operation in operations.values()
        if any(
            (p["in"], p["name"], p["required"]) == ("header", "Idempotency-Key", True)
            for p in operation.get("parameters", [])
        )
    }
    assert keyed >= {"/orders", "/orders/batch", "/orders/{order_id}/refund"}
    names = [p["name"] for p in paths["/api/v1/orders/{order_id}/refund"]["post"]["parameters"]]
    assert names == ["order_id", "Idempotency-Key"]
