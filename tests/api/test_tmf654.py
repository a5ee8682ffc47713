"""TMF654 on the same orders and the same float: top up, look, cancel; every answer as the official document has it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from api.conftest import Answered, Program, Programs, being_used
from fakes import CODE, DIRECT, World
from opla.api.tmf654 import shapes, views

BASE = "/tmf-api/prepayBalanceManagement/v4"
TYPE = "application/json;charset=utf-8"
SPEC = Path(os.environ.get("OPLA_SPECS", "/nowhere")) / "tmf" / "TMF654-PrepayBalance-v4.0.0.swagger.json"


class Theirs:
    """A program that speaks TMF654, with the key of another one."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Answered:
        found = self._program.ask(method, path, body, base=BASE, **headers)
        judge(found, method, path)
        return found

    def get(self, path: str) -> Answered:
        return self.ask("GET", path)

    def topup(self, key: str, **change: object) -> Answered:
        return self.ask("POST", "/topupBalance", asked(**change), **{"idempotency-key": key} if key else {})


def asked(**change: object) -> dict[str, object]:
    return {
        "amount": {"amount": 15, "units": "EUR"},
        "usageType": "monetary",
        "bucket": {"id": "mobile-vikings"},
        "partyAccount": {"id": "acme"},
        "logicalResource": [{"id": "1", "value": "0470 12 34 56", "@referredType": "MSISDN"}],
        "@type": "TopupBalance",
        **change,
    }


def judge(answer: Answered, method: str, path: str) -> None:
    """By their document, where it is there: the body of this status of this address."""
    assert answer.headers["Content-Type"] == TYPE
    if not SPEC.exists():
        return
    spec = json.loads(SPEC.read_text("utf-8"))
    [_, name, *rest] = path.partition("?")[0].split("/")
    act = spec["paths"].get(f"/{name}/{{id}}" if rest else f"/{name}", {}).get(method.lower())
    if act is None:
        assert answer.status in (404, 405)
        return
    answers = act["responses"]
    assert str(answer.status) in answers, (answer.status, answer.body)
    schema = answers[str(answer.status)].get("schema")
    if schema:
        jsonschema.Draft4Validator({**schema, "definitions": spec["definitions"]}).validate(answer.body)


@pytest.fixture
def acme(programs: Programs) -> Theirs:
    return Theirs(programs.acme)


def float_of(acme: Theirs) -> dict[str, Any]:
    [found] = acme.get("/bucket").body
    return {"free": found["remainingValue"]["amount"], "held": found["reservedValue"]["amount"]}


def test_a_topup_is_an_order_from_the_float_and_is_completed_when_it_is_delivered(
    programs: Programs, acme: Theirs
) -> None:
    made = acme.topup("one")
    assert (made.status, made.body["status"]) == (201, "created")
    assert made.headers["Location"] == made.body["href"] == f"{BASE}/topupBalance/{made.body['id']}"
    assert float_of(acme) == {"free": 85.0, "held": 15.0}
    programs.world.work(3)
    found = acme.get(f"/topupBalance/{made.body['id']}").body
    assert (found["status"], found["product"][0]["id"]) == ("completed", DIRECT)
    assert found["logicalResource"] == [{"id": "+32470123456", "@referredType": "MSISDN"}]
    assert float_of(acme) == {"free": 85.0, "held": 0.0}
    assert programs.acme.get(f"/orders/{found['id']}").body["state"] == "delivered"  # the same order, there too


def test_the_same_key_is_the_same_topup_another_body_under_it_a_conflict_and_no_key_none(acme: Theirs) -> None:
    first = acme.topup("one")
    assert acme.topup("one").body["id"] == first.body["id"]
    other = acme.topup("one", logicalResource=[{"id": "0470 12 34 57"}])
    assert (other.status, other.body["code"], other.body["message"]) == (400, "key_reused", "number")
    assert (acme.topup("").status, acme.topup("").body["code"]) == (400, "key_missing")
    assert float_of(acme)["held"] == 15.0


@pytest.mark.parametrize(
    ("change", "code", "about"),
    [
        ({"usageType": "data"}, "field_invalid", "usageType"),
        ({"amount": {"amount": 15, "units": "USD"}}, "field_invalid", "amount.units"),
        ({"amount": {"amount": 15.001, "units": "EUR"}}, "amount_unreadable", "amount"),
        ({"amount": {"amount": 16, "units": "EUR"}}, "amount_not_offered", "amount"),
        ({"amount": {"amount": "much"}}, "field_invalid", "amount.amount"),
        ({"bucket": {"id": "nobody"}}, "operator_unknown", "operator"),
        ({"partyAccount": {"id": "bolt"}}, "field_invalid", "partyAccount"),
        ({"product": [{"id": "NOSUCH"}]}, "product_unknown", "product"),
        ({"logicalResource": [{"id": "112"}]}, "number_emergency", "number"),
        ({"voucher": "1234"}, "field_invalid", "voucher"),
        ({"isAutoTopup": True}, "field_invalid", "isAutoTopup"),
    ],
)
def test_what_cannot_be_is_refused_in_their_error_body_and_nothing_is_held(
    acme: Theirs, change: dict[str, object], code: str, about: str
) -> None:
    answer = acme.topup("one", **change)
    assert answer.status == 400
    assert (answer.body["code"], answer.body["message"]) == (code, about)
    assert answer.body["reason"]
    assert float_of(acme)["held"] == 0.0


def test_a_float_that_is_too_low_is_a_conflict(acme: Theirs) -> None:
    answers = [acme.topup(f"n{n}") for n in range(7)]
    assert [a.status for a in answers] == [201] * 6 + [409]
    assert answers[-1].body["code"] == "float_too_low"


def _code(world: World, acme: Theirs) -> str:
    """A delivered topup by a code of ours."""
    number: dict[str, object] = {"logicalResource": []}
    made = acme.topup("code", bucket={"id": "proximus"}, product=[{"id": CODE}], **number)
    assert made.status == 201, made.body
    world.work(3)
    return str(made.body["id"])


@pytest.mark.parametrize("way", ["PATCH", "DELETE"])
def test_an_unseen_code_is_cancelled_once_and_a_seen_one_never(programs: Programs, acme: Theirs, way: str) -> None:
    name = _code(programs.world, acme)
    body = {"status": "cancelled"} if way == "PATCH" else None
    for _ in range(2):
        assert acme.ask(way, f"/topupBalance/{name}", body).status == (200 if way == "PATCH" else 204)
    assert acme.get(f"/topupBalance/{name}").body["status"] == "cancelled"
    assert float_of(acme) == {"free": 100.0, "held": 0.0}


def test_what_was_seen_or_went_to_a_number_is_not_cancelled(programs: Programs, acme: Theirs) -> None:
    name = _code(programs.world, acme)
    assert programs.acme.get(f"/orders/{name}/code").status == 200
    direct = acme.topup("direct").body["id"]
    programs.world.work(3)
    for one in (name, direct):
        refused = acme.ask("PATCH", f"/topupBalance/{one}", {"status": "cancelled"})
        assert (refused.status, acme.get(f"/topupBalance/{one}").body["status"]) == (409, "completed")
    assert acme.ask("PATCH", f"/topupBalance/{direct}", {"status": "completed"}).status == 400


def test_lists_are_filtered_paged_and_shown_in_part(programs: Programs, acme: Theirs) -> None:
    names = []
    for n in range(5):
        names.append(acme.topup(f"n{n}", logicalResource=[{"id": f"0470 12 34 5{n}"}]).body["id"])
        programs.world.clock.tick(1)
    programs.world.work(3)
    page = acme.get("/topupBalance?limit=2&offset=1")
    assert [one["id"] for one in page.body] == names[::-1][1:3]
    assert (page.headers["X-Result-Count"], 'rel="next"' in page.headers["Link"]) == ("2", True)
    assert [one["id"] for one in acme.get("/topupBalance?logicalResource.id=%2B32470123453").body] == [names[3]]
    assert acme.get("/topupBalance?status=failed").body == []
    assert len(acme.get("/topupBalance?status=completed&bucket.id=mobile-vikings").body) == 5
    assert set(acme.get("/topupBalance?fields=amount&limit=1").body[0]) == {"id", "href", "status", "amount"}
    assert acme.get("/topupBalance?limit=x").body["message"] == "limit"


def following(acme: Theirs, path: str) -> list[dict[str, Any]]:
    """Everything of a list, as a program reads it that follows `next` until there is none."""
    found: list[dict[str, Any]] = []
    for _ in range(50):
        page = acme.get(path)
        found += page.body
        if "Link" not in page.headers:
            return found
        [link] = re.findall(r'<([^>]+)>; rel="next"', page.headers["Link"])
        path = link.removeprefix(BASE)
    raise AssertionError("it never ends")


def test_the_next_page_is_of_the_same_list_and_none_ends_where_we_stop_looking(
    programs: Programs, acme: Theirs, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(6):
        acme.topup(f"n{n}", logicalResource=[{"id": f"0470 12 34 5{n % 2}"}])
        programs.world.clock.tick(1)
    programs.world.work(3)
    names = [one["id"] for one in acme.get("/topupBalance").body]
    for searched in (2000, 3, 2, 1):
        monkeypatch.setattr(views, "_SEARCHED", searched)
        rare = following(acme, "/topupBalance?fields=amount&logicalResource.id=%2B32470123451&limit=1")
        assert [one["id"] for one in rare] == [names[0], names[2], names[4]]
        assert {"usageType", "bucket"}.isdisjoint(set().union(*rare))
        assert [one["id"] for one in following(acme, "/topupBalance?limit=2")] == names
        assert [one["id"] for one in following(acme, "/topupBalance?limit=2&offset=3")] == names[3:]
        moved = following(acme, "/balanceActionHistory?limit=4")
        assert len({one["id"] for one in moved}) == len(moved) == 13
        assert len(following(acme, "/bucket")) == 1
    assert acme.get("/topupBalance?after=x").body["message"] == "after"


def test_whoever_waits_too_long_for_another_under_its_key_is_told_to_come_back(
    acme: Theirs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opla.api.idempotency.WAIT_S", 1)
    with being_used("a"):
        answer = acme.topup("a")
    assert (answer.status, answer.body["code"], answer.headers["Retry-After"]) == (409, "still_running", "1")
    assert acme.topup("a").status == 201


def test_too_much_a_bug_and_an_address_that_is_none_are_told_in_their_words_too(
    acme: Theirs, monkeypatch: pytest.MonkeyPatch
) -> None:
    much = acme.topup("a", description="x" * 70_000)
    assert (much.status, much.body["code"]) == (400, "file_too_large")
    assert acme.get("/nowhere").status == 404
    monkeypatch.setattr(shapes, "bucket", lambda *_: 1 // 0)
    broken = acme.get("/bucket")
    assert (broken.status, broken.body["code"]) == (500, "temporarily_closed")


def test_the_history_is_what_moved_on_the_float_and_adds_up_to_it(programs: Programs, acme: Theirs) -> None:
    acme.topup("one")
    programs.world.work(3)
    moved = acme.get("/balanceActionHistory").body
    [total] = acme.get("/accumulatedBalance").body
    assert sum(one["amount"]["amount"] for one in moved) == total["totalBalance"]["amount"] == 85.0
    for one in moved:
        assert acme.get(f"/balanceActionHistory/{one['id']}").body == one
    assert acme.get("/accumulatedBalance/float-EUR").body == total
    assert acme.get("/bucket/float-USD").status == 404


def test_nobody_sees_or_cancels_what_is_another_reseller_s(programs: Programs, acme: Theirs) -> None:
    name = _code(programs.world, acme)
    bolt, few, nobody = Theirs(programs.bolt), Theirs(programs.few), Theirs(programs.nobody)
    [action, *_] = acme.get("/balanceActionHistory").body
    assert bolt.get("/topupBalance").body == []
    for path in (f"/topupBalance/{name}", f"/balanceActionHistory/{action['id']}", "/topupBalance/x"):
        assert bolt.get(path).status == 404
    assert bolt.ask("DELETE", f"/topupBalance/{name}").status == 404
    for path in ("/topupBalance", "/bucket", "/accumulatedBalance", "/balanceActionHistory", f"/topupBalance/{name}"):
        assert (few.get(path).status, nobody.get(path).status) == (403, 401)
    assert (few.topup("one").status, nobody.topup("one").status) == (403, 401)
    assert acme.get(f"/topupBalance/{name}").body["status"] == "completed"


def test_what_is_not_offered_says_so(acme: Theirs) -> None:
    for path in ("/adjustBalance", "/transferBalance", "/reserveBalance/x"):
        answer = acme.get(path)
        assert (answer.status, answer.body["code"], answer.headers["Allow"]) == (405, "not_offered", "")
    for method, path, allowed in (("PUT", "/topupBalance", "GET, HEAD, POST"), ("POST", "/bucket", "GET, HEAD")):
        answer = acme.ask(method, path, {})
        assert (answer.status, answer.headers["Allow"]) == (405, allowed)
