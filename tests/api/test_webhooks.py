"""Webhooks by the API: made, changed, given another secret, tried, read and posted again; each by its own reseller."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from api.conftest import OWNER, Program, Programs, made
from operations.test_floats import asked, standing
from opla.core.webhook import Outcome
from opla.operations import resellers

URL = "https://hooks.acme.example/opla"
NOBODYS = UUID(int=7)


def endpoint(program: Program, *events: str, url: str = URL) -> dict[str, Any]:
    answer = program.post("/webhooks", {"url": url, "events": list(events)})
    assert answer.status == 201, answer.body
    assert isinstance(answer.body, dict)
    return answer.body


def test_an_endpoint_is_made_and_its_secret_shown_this_once(programs: Programs) -> None:
    new = endpoint(programs.acme, "order.delivered")
    assert new["secret"].startswith("whsec_")
    assert (new["state"], new["events"], new["made_at"]) == ("active", ["order.delivered"], "2026-11-22T12:00:00Z")
    [listed] = programs.acme.get("/webhooks").body["items"]
    assert "secret" not in listed
    assert programs.acme.get(f"/webhooks/{new['id']}").body == listed
    assert listed == {name: value for name, value in new.items() if name not in ("secret", "old_secret_until")}


ADDRESSES = [
    ("GET", "/webhooks", None),
    ("POST", "/webhooks", {"url": URL + "2"}),
    ("GET", "/webhooks/{id}", None),
    ("PATCH", "/webhooks/{id}", {"state": "ended"}),
    ("POST", "/webhooks/{id}/secret", None),
    ("POST", "/webhooks/{id}/test", None),
    ("POST", "/webhooks/{id}/replay", {"since": "2026-11-22T00:00:00Z"}),
    ("GET", "/webhooks/messages", None),
    ("GET", "/webhooks/messages/{message}", None),
    ("POST", "/webhooks/messages/{message}/replay", None),
    ("DELETE", "/webhooks/{id}", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ADDRESSES, ids=[f"{m} {p}" for m, p, _ in ADDRESSES])
def test_four_programs_knock(programs: Programs, method: str, path: str, body: object) -> None:
    """The owner's does it; a colleague without the right and nobody do not; another reseller's sees none of it."""
    new = endpoint(programs.acme)
    message = programs.acme.post(f"/webhooks/{new['id']}/test", None).body["message"]
    at = path.format(id=new["id"], message=message)
    assert (programs.nobody.ask(method, at, body).status, programs.few.ask(method, at, body).code) == (
        401,
        "scope_missing",
    )
    stranger = programs.bolt.ask(method, at, body)
    if "{" in path:
        assert (stranger.status, stranger.code) == (404, "not_found")
    else:
        assert new["id"] not in str(stranger.body)
        assert message not in str(stranger.body)
    assert programs.acme.ask(method, at, body).status in (200, 201, 202)
    sandbox = Program(made(programs.world, "acme", sandbox=True, scopes=("webhooks",)))
    if "{" in path:
        assert sandbox.ask(method, at, body).status == 404


def test_what_is_wrong_is_said_field_by_field(programs: Programs) -> None:
    answer = programs.acme.post("/webhooks", {"url": "http://10.0.0.1/", "events": ["order.lost"]})
    assert answer.status == 422
    assert [(r["code"], r["about"]) for r in answer.body["refusals"]] == [
        ("webhook_url_refused", "url"),
        ("webhook_event_unknown", "events"),
    ]
    assert programs.acme.post("/webhooks", {"url": URL, "colour": "red"}).code == "field_unknown"
    assert programs.acme.post("/webhooks", {}).code == "field_invalid"
    new = endpoint(programs.acme)
    assert programs.acme.post(f"/webhooks/{new['id']}/replay", {"since": "yesterday"}).code == "field_invalid"
    assert programs.acme.ask("PATCH", f"/webhooks/{new['id']}", {"state": "asleep"}).code == "field_invalid"
    assert programs.acme.get("/webhooks/messages?limit=201").code == "field_invalid"
    assert programs.acme.post("/webhooks", {"url": URL}).code == "webhook_known"
    for n in range(4):
        endpoint(programs.acme, url=f"{URL}{n}")
    assert programs.acme.post("/webhooks", {"url": URL + "4"}).code == "webhooks_too_many"


def test_what_is_not_named_stays_as_it_was(programs: Programs) -> None:
    new = endpoint(programs.acme, "order.failed")
    path = f"/webhooks/{new['id']}"
    other = "https://other.acme.example/"
    assert programs.acme.ask("PATCH", path, {"url": other}).body["events"] == ["order.failed"]
    assert programs.acme.ask("PATCH", path, {"events": []}).body["url"] == other
    ended = programs.acme.ask("PATCH", path, {"state": "ended"}).body
    assert (ended["state"], ended["ended_why"]) == ("ended", "by_hand")
    assert programs.acme.post(f"{path}/test", None).code == "webhook_ended"
    again = programs.acme.ask("PATCH", path, {"state": "active"}).body
    assert (again["state"], again["ended_at"], again["url"]) == ("active", None, other)
    assert programs.acme.ask("DELETE", path).body["id"] == new["id"]
    assert programs.acme.get(path).status == 404


def test_another_secret_signs_beside_the_old_one_for_a_day(programs: Programs) -> None:
    new = endpoint(programs.acme)
    changed = programs.acme.post(f"/webhooks/{new['id']}/secret", None).body
    assert changed["secret"] != new["secret"]
    assert changed["old_secret_until"] == "2026-11-23T12:00:00Z"


def test_messages_are_read_page_by_page_with_what_became_of_each(programs: Programs) -> None:
    world, acme = programs.world, programs.acme
    new = endpoint(acme)
    other = endpoint(acme, "float.paid_in", url="https://other.acme.example/")
    world.receiver.on_post = lambda one: Outcome(500, said="oops") if one.url == URL else Outcome(200)
    for n in range(3):
        world.clock.tick(1)
        assert resellers.pay_in(OWNER, "acme", "5", f"n{n}", shop=world.shop, at=world.clock()) is True
    world.clock.tick(1)
    standing(world, asked("a"))
    world.work(3)
    seen, after = [], ""
    while True:
        page = acme.get(f"/webhooks/messages?limit=2{after}").body
        seen += page["items"]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    types = [one["type"] for one in seen]
    assert sorted(types[:2]) == ["order.delivered", "order.placed"]
    assert types[2:] == ["float.paid_in"] * 3
    assert [one["data"]["key"] for one in seen[2:]] == ["n2", "n1", "n0"]
    one = acme.get(f"/webhooks/messages/{seen[2]['id']}").body
    states = {d["endpoint"]: (d["state"], d["tries"], d["last_status"]) for d in one["deliveries"]}
    assert states == {new["id"]: ("waiting", 1, 500), other["id"]: ("delivered", 1, 200)}
    assert sorted((t["status"], t["said"]) for t in one["tries"]) == [(200, ""), (500, "oops")]
    wanted = acme.get(f"/webhooks/messages?endpoint={other['id']}&type=float.paid_in").body["items"]
    assert len(wanted) == 3
    assert acme.get("/webhooks/messages?type=order.delivered").body["items"][0]["data"]["key"] == "a"
    for unknown in (seen[0]["id"], "x"):  # of another reseller, and nobody's
        answer = programs.bolt.get(f"/webhooks/messages?after={unknown}")
        assert (answer.code, answer.body["refusals"][0]["about"]) == ("field_invalid", "after")


def test_one_message_or_all_since_a_time_are_posted_again(programs: Programs) -> None:
    world, acme = programs.world, programs.acme
    new = endpoint(acme, "order.placed")
    standing(world, asked("a"))
    world.work(2)
    since = (world.clock() + timedelta(seconds=1)).isoformat().replace("+00:00", "Z")
    world.clock.tick(2)
    standing(world, asked("b", number="0470123457"))
    world.work(2)
    [b, a] = [one["id"] for one in acme.get("/webhooks/messages?type=order.placed").body["items"]]
    assert acme.post(f"/webhooks/messages/{a}/replay", None).body == {"messages": 1}
    assert acme.post(f"/webhooks/{new['id']}/replay", {"since": since}).body == {"messages": 1}
    world.work(2)
    assert sorted(one.headers["webhook-id"] for one in world.receiver.posted) == sorted([a, a, b, b])
    assert acme.post(f"/webhooks/messages/{'0' * 32}/replay", None).status == 404
    assert acme.post(f"/webhooks/{NOBODYS}/test", None).status == 404
