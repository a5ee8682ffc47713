"""The shelf of the API: what there is, what it does to a SIM, what is cheapest, for programs as for people."""

from __future__ import annotations

import re

import pytest

from api.conftest import Programs

LINE = {
    "operator": "proximus",
    "plan": "bonus",
    "topped_up_at": "2026-11-02T12:00:00Z",
    "credit": [{"amount_minor": 350, "ends": "2027-11-02T12:00:00Z"}],
    "buckets": [{"kind": "data", "left_kb": 1200000, "ends": "2026-12-02T12:00:00Z", "sku": "PX-15"}],
}
USE = {"data_kb": 3_000_000}
READS = ("/operators", "/products", "/products/PX-15", "/promotions")
ASKS = {
    "/numbers/look-up": {"number": "0470 12 34 56"},
    "/lines/effects": {"line": LINE, "sku": "PX-15"},
    "/lines/timeline": {"line": LINE},
    "/plans": {"days": 30, "use": USE},
}


@pytest.mark.parametrize("path", [*READS, *ASKS])
def test_every_reseller_reads_the_same_shelf_with_that_right_and_nobody_without(programs: Programs, path: str) -> None:
    from api.conftest import Program, made

    def seen(program: Program) -> object:
        answer = program.post(path, ASKS[path]) if path in ASKS else program.get(path)
        return answer.body if answer.status == 200 else (answer.status, answer.code)

    assert isinstance(seen(programs.acme), dict)
    assert seen(programs.acme) == seen(programs.few) == seen(programs.bolt)
    assert seen(programs.nobody) == (401, "api_key_wrong")
    assert seen(Program(made(programs.world, "acme", scopes=("float:read",)))) == (403, "scope_missing")


def test_products_are_filtered_and_paged_and_say_their_version(programs: Programs) -> None:
    whole = programs.acme.get("/products?limit=200").body
    assert whole["next"] is None
    skus = [one["sku"] for one in whole["items"]]
    seen, after = [], ""
    while True:
        page = programs.acme.get(f"/products?limit=7&after={after}").body
        assert page["version"] == whole["version"]
        seen += [one["sku"] for one in page["items"]]
        if (after := page["next"]) is None:
            break
    assert seen == skus
    codes = programs.acme.get("/products?operator=proximus&kind=code").body["items"]
    assert codes
    assert {(one["operator"], one["kind"]) for one in codes} == {("proximus", "code")}
    assert programs.acme.get("/products?operator=nobody").code == "operator_unknown"
    assert programs.acme.get("/products?kind=pigeon").code == "field_invalid"
    assert programs.acme.get("/products?after=gone").code == "field_invalid"
    assert programs.acme.get("/products?limit=0").code == "field_invalid"


def test_a_product_says_what_it_gives_and_how_sure_that_is(programs: Programs) -> None:
    said = programs.acme.get("/products/PX-15").body
    assert said["least"] == said["most"] == {"amount_minor": 1500, "currency": "EUR"}
    assert {one["kind"] for one in said["gives"]} >= {"credit", "data"}
    figures = {one["fact"]: one for one in said["facts"]}
    assert figures["data_mb"]["sure"] in {"A", "B", "C", "sample"}
    assert figures["data_mb"]["source"]
    assert said["lasts"] == "P30D" or said["lasts"].startswith("P")
    assert programs.acme.get("/products/NOPE").status == 404


def test_words_are_in_the_language_asked_for_and_codes_stay(programs: Programs) -> None:
    english = programs.acme.get("/products/PX-15").body["facts"]
    french = programs.acme.get("/products/PX-15", **{"accept-language": "fr"}).body["facts"]
    named = programs.acme.get("/products/PX-15?language=fr").body["facts"]
    assert french == named
    assert [one["fact"] for one in english] == [one["fact"] for one in french]
    assert [one["label"] for one in english] != [one["label"] for one in french]
    assert programs.acme.get("/products/PX-15?language=tlh").code == "language_unknown"


def test_what_has_not_changed_is_not_sent_again(programs: Programs) -> None:
    first = programs.acme.get("/products")
    again = programs.acme.get("/products", **{"if-none-match": first.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    french = programs.acme.get("/products/PX-15", **{"accept-language": "fr"}).headers["ETag"]
    assert programs.acme.get("/products/PX-15").headers["ETag"] != french
    assert programs.nobody.get("/products", **{"if-none-match": first.headers["ETag"]}).status == 401


def test_promotions_are_the_operators_and_floats_take_none_of_ours(programs: Programs) -> None:
    from fakes import START
    from opla.operations import promotions

    world = programs.world
    assert programs.acme.get("/promotions").body["items"] == []
    assert promotions.seed(keyring=world.shop.keyring, at=START)
    said = programs.acme.get("/promotions").body
    _, known = promotions.active()
    assert known.ours
    assert said["floats_take_ours"] is False
    running = {one.id for one in known.theirs if one.runs(world.clock())}
    assert {one["id"] for one in said["items"]} == running
    assert not running & {one.id for one in known.ours}


def test_a_number_is_read_back_with_a_proposal_and_a_wrong_one_says_why(programs: Programs) -> None:
    said = programs.acme.post("/numbers/look-up", {"number": "0470 12 34 56"}).body
    assert (said["kind"], said["number"], said["shown"]) == ("number", "+32470123456", "0470 12 34 56")
    assert said["proposal"]["by"] == "number_block"
    for typed, code in (("0470 12 34 5", "number_too_short"), ("112", "number_emergency"), ("x", "number_unreadable")):
        answer = programs.acme.post("/numbers/look-up", {"number": typed})
        assert (answer.status, answer.code) == (422, code)


def test_the_number_of_a_sim_is_named_and_an_activation_code_never_said_again(programs: Programs) -> None:
    said = programs.acme.post("/numbers/look-up", {"number": "LPA:1$rsp.example.com$SECRET-77"}).body
    assert (said["kind"], said["number"], said["why_not"]["code"]) == ("activation_code", None, "sim_needs_number")
    assert said["where_to_look"]
    assert "SECRET" not in str(said)


def test_what_a_purchase_does_is_what_the_shop_says_before_paying(programs: Programs) -> None:
    from datetime import UTC, datetime

    from opla.core.effects import Applied, apply, effect_of
    from opla.core.line_file import read_line, write_line
    from opla.operations import catalogue

    at = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    said = programs.acme.post("/lines/effects", ASKS["/lines/effects"]).body
    product = catalogue.active()[1].product("PX-15")
    assert product is not None
    effect, line = effect_of(product), read_line(LINE)
    done = apply(effect, line, at)  # type: ignore[arg-type]
    assert isinstance(done, Applied)
    assert said["after"] == write_line(done.line)
    assert [one["what"] for one in said["happened"]] == [str(fact.what) for fact in done.happened]
    assert said["cost"] == {"amount_minor": 1500, "currency": "EUR"}
    assert said["verdict"]["advice"] in {"renew", "wait", "lapse", "ask"}
    assert said["said"]["rows"]
    french = programs.acme.post("/lines/effects", ASKS["/lines/effects"], **{"accept-language": "fr"}).body
    assert {**french, "said": None} == {**said, "said": None}
    assert french["said"] != said["said"]


def test_effects_are_refused_with_the_field_that_is_wrong(programs: Programs) -> None:
    for body, code, about in (
        ({"sku": "NOPE"}, "product_unknown", "sku"),
        ({"sku": "PX-15", "line": {"operator": "base"}}, "product_of_another_operator", "product"),
        ({"sku": "PX-15", "line": {"operator": "nobody"}}, "operator_unknown", "line.operator"),
        ({"sku": "PX-15", "line": {"operator": "proximus", "colour": "red"}}, "line_unreadable", "line"),
        ({"sku": "PX-15", "colour": "red"}, "field_unknown", "colour"),
        ({"sku": "PX-15", "at": 7}, "field_invalid", "at"),
        ({"sku": "PX-15", "amount_minor": "1500"}, "field_invalid", "amount_minor"),
    ):
        answer = programs.acme.post("/lines/effects", body)
        assert (answer.status, answer.code, answer.body["refusals"][0]["about"]) == (422, code, about)


def test_a_timeline_shows_the_line_at_instants_and_what_happens_between(programs: Programs) -> None:
    said = programs.acme.post(
        "/lines/timeline",
        {
            "line": LINE,
            "until": "2027-01-22T12:00:00Z",
            "purchases": [{"sku": "PX-15", "at": "2026-12-03T08:00:00Z"}],
            "use": USE,
            "instants": ["2026-12-02T12:00:00Z", "2026-12-04T00:00:00Z"],
        },
    ).body
    before, after = (one["line"] for one in said["instants"])
    assert "buckets" not in before or before["buckets"] == []
    assert after["buckets"]
    assert "bought" in {one["event"] for one in said["events"]}
    assert all(one["text"] for one in said["events"])
    for wrong in (
        {"line": LINE, "until": "2036-01-01T00:00:00Z"},
        {"line": LINE, "until": "2020-01-01T00:00:00Z"},
        {"line": LINE, "instants": ["2020-01-01T00:00:00Z"]},
    ):
        assert programs.acme.post("/lines/timeline", wrong).code == "day_unreadable"


def test_a_plan_is_what_the_page_of_the_shop_finds(programs: Programs) -> None:
    said = programs.acme.post("/plans", ASKS["/plans"]).body
    best = said["best"]
    sums = (
        sum(one["cost"]["amount_minor"] for one in best["purchases"])
        + (best["sim"] or {"amount_minor": 0})["amount_minor"]
    )
    assert best["cost"]["amount_minor"] == sums
    assert all(one["text"] for one in best["purchases"])
    assert [one["cost"]["amount_minor"] for one in said["runners_up"]] == sorted(
        one["cost"]["amount_minor"] for one in said["runners_up"]
    )
    own = programs.bolt.post("/plans", {**ASKS["/plans"], "line": LINE}).body
    assert "proximus" in {one["operator"] for one in [own["best"], *own["runners_up"]] if not one["new_sim"]}
    assert programs.acme.post("/plans", {"days": 30, "use": {}}).code == "need_missing"
    assert programs.acme.post("/plans", {"days": 3000, "use": USE}).code == "field_invalid"


def test_a_plan_while_another_is_searched_for_is_asked_to_come_again(programs: Programs) -> None:
    from opla.db import locks

    lock = locks.open_lock(programs.world.shop.var / "planning.lock")
    assert locks.take(lock, timeout_s=0)
    answer = programs.acme.post("/plans", {"days": 31, "use": USE, "line": LINE})
    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (409, "still_running", "1")
    import os

    os.close(lock)


def test_the_document_names_every_field_of_a_line_that_the_core_reads() -> None:
    from opla.api.resources.lines import LINE_SCHEMA
    from opla.core.line import Bucket, Credit, Line

    fields = LINE_SCHEMA["properties"]
    assert fields.keys() == Line.__dataclass_fields__.keys()
    assert fields["credit"]["items"]["properties"].keys() == Credit.__dataclass_fields__.keys()
    told = {re.sub("^(left|eu_left)_.*", r"\1", name) for name in fields["buckets"]["items"]["properties"]}
    assert told == Bucket.__dataclass_fields__.keys()
