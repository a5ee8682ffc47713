"""Order intake as a reseller's program meets it: one request, one answer, after its commit."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from fakes import DIRECT, START, World
from opla.core.actor import Actor, Role
from opla.db.queries import floats
from opla.db.queries.call import select
from opla.operations import api_keys, resellers
from opla.operations.api_keys import Key
from opla.site.logs import Record
from opla.workers import intake
from opla.workers.intake import Intake
from support import aside

OWNER = Actor(Role.OWNER, "test")
ORDER = {"sku": DIRECT, "amount": "15", "number": "0470 12 34 56"}


class Door:
    """Acme's program, and what it was answered."""

    def __init__(self, world: World) -> None:
        self.world = world
        resellers.add(OWNER, "acme", title="Acme", email="orders@acme.example", at=START)
        resellers.pay_in(OWNER, "acme", "100", "first", shop=world.shop, at=START)
        made = api_keys.make(OWNER, "acme", api_keys.Terms(), shop=world.shop, at=START)
        assert isinstance(made, Key)
        self.secret = made.secret
        self.intake = Intake(world.shop)
        self.headers: list[tuple[bytes, bytes]] = []
        self.numbers: list[str] = []  # of the answers: X-Request-ID

    def key(self, **terms: Any) -> str:
        """Another of its keys."""
        made = api_keys.make(OWNER, "acme", api_keys.Terms(**terms), shop=self.world.shop, at=START)
        assert isinstance(made, Key)
        return made.secret

    def asks(self, *bodies: tuple[str, object], secret: str | None = None) -> list[tuple[int, dict[str, object]]]:
        """(idempotency key, body) of each request, all sent at the same moment."""

        async def all_of_them() -> list[tuple[int, dict[str, object]]]:
            return await asyncio.gather(*[self.ask(key, body, secret) for key, body in bodies])

        return aside(lambda: asyncio.run(all_of_them()))

    async def ask(
        self, key: str, body: object, secret: str | None, path: str = "/api/v1/orders"
    ) -> tuple[int, dict[str, object]]:
        bearer = f"Bearer {self.secret if secret is None else secret}".encode()
        scope = {
            "type": "http",
            "method": "POST",
            "path": path,
            "client": ("203.0.113.7", 4711),
            "headers": [(b"authorization", bearer), (b"idempotency-key", key.encode()), *self.headers],
        }
        sent: list[intake._Event] = []

        async def receive() -> intake._Event:
            return {"type": "http.request", "body": body if isinstance(body, bytes) else json.dumps(body).encode()}

        async def send(event: intake._Event) -> None:
            sent.append(event)

        await self.intake(scope, receive, send)
        self.numbers.append(dict(sent[0]["headers"])[b"x-request-id"].decode())
        return sent[0]["status"], json.loads(sent[1]["body"])


@pytest.fixture
def door(world: World) -> Iterator[Door]:
    door = Door(world)
    yield door
    door.intake.close()


def code(answer: tuple[int, dict[str, object]]) -> tuple[int, str]:
    status, body = answer
    return status, str(body.get("type", "")).removeprefix("urn:opla:refusal:")


def test_an_order_is_answered_when_it_stands_and_its_price_is_held(door: Door) -> None:
    [(status, body)] = door.asks(("a", ORDER))
    assert (status, body["state"]) == (202, "placed")
    assert select("SELECT id::text, state, reseller FROM orders") == [(body["order"], "placed", "acme")]
    assert floats.balance("acme", "EUR").held_minor == 1500


def test_requests_of_one_moment_are_placed_by_one_commit_and_each_gets_its_own_answer(door: Door) -> None:
    answers = door.asks(*[(f"k{n}", {**ORDER, "number": f"047012345{n}"}) for n in range(6)], ("bad", {"sku": "?"}))
    assert [status for status, _ in answers] == [202] * 6 + [422]
    assert len({str(body["order"]) for _, body in answers[:6]}) == 6
    assert select("SELECT count(DISTINCT xmin::text), count(DISTINCT number) FROM orders") == [(1, 6)]


def test_the_same_request_again_is_the_same_order(door: Door) -> None:
    [(_, first)] = door.asks(("a", ORDER))
    [(status, again)] = door.asks(("a", ORDER))
    assert (status, again["order"]) == (200, first["order"])
    [other] = door.asks(("a", {**ORDER, "number": "0470123457"}))
    assert code(other) == (422, "key_reused")
    [(status, quoted)] = door.asks(('"a"', ORDER))
    assert (status, quoted["order"]) == (200, first["order"])


def test_the_address_that_was_there_before_is_the_same_door(door: Door) -> None:
    first, again = (
        aside(lambda path=path: asyncio.run(door.ask("a", ORDER, None, path)))  # type: ignore[misc]
        for path in ("/api/orders", "/api/v1/orders")
    )
    assert ([first[0], again[0]], {**first[1], "state": None}) == ([202, 200], again[1])


def test_the_web_process_answers_the_same_address_in_the_same_way(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    from api.conftest import Program
    from opla.operations import shop

    monkeypatch.setattr(shop, "current", lambda: door.world.shop)
    web = Program(door.secret)
    [(_, first)] = door.asks(("a", ORDER))
    answer = web.post("/orders", ORDER, "a")
    assert (answer.status, answer.body) == (200, {**first, "state": None})
    for key, body in (
        ("a", {**ORDER, "number": "0470123457"}),
        ("", ORDER),
        ("b", {**ORDER, "amount": "17"}),
        ("b", {**ORDER, "number": "", "email": "x"}),
        ("b", b"{"),
        ("b", {**ORDER, "colour": "red"}),
    ):
        [(status, problem)] = door.asks((key, body))
        theirs = web.post("/orders", body, key)
        assert (status, problem) == (theirs.status, theirs.body)


def test_a_key_without_that_right_over_or_elsewhere_orders_nothing(door: Door) -> None:
    for n, (terms, refused) in enumerate(
        (
            ({"scopes": ("catalogue",)}, (403, "scope_missing")),
            ({"expires_at": START - timedelta(seconds=1)}, (401, "api_key_expired")),
            ({"addresses": ("198.51.100.0/24",)}, (403, "api_key_elsewhere")),
            ({"addresses": ("203.0.113.0/28",)}, (202, "")),
        )
    ):
        [answer] = door.asks((f"k{n}", ORDER), secret=door.key(**terms))
        assert code(answer) == refused


def test_the_order_of_a_sandbox_key_is_played_here_too(door: Door) -> None:
    secret = door.key(sandbox=True)
    [answer, low] = door.asks(("a", ORDER), ("b", {**ORDER, "number": "0470 12 39 20"}), secret=secret)
    assert (answer[0], answer[1]["sandbox"], code(low)) == (202, True, (402, "float_too_low"))
    assert select("SELECT id::text FROM played_order") == [(answer[1]["order"],)]
    assert select("SELECT count(*) FROM orders") == [(0,)]


def test_whoever_asks_beyond_its_bucket_waits_and_nobody_else_does(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MOST", 3)
    monkeypatch.setattr(intake, "PER_S", 0)
    other = door.key()
    answers = door.asks(*[(f"k{n}", ORDER) for n in range(5)])
    assert sorted(code(a) for a in answers) == [(202, "")] * 3 + [(429, "too_many_calls")] * 2
    assert code(door.asks(("else", ORDER), secret=other)[0]) == (202, "")


def test_a_no_is_said_in_the_language_that_was_asked_for(door: Door) -> None:
    bad = {**ORDER, "amount": "17"}
    [(_, english)] = door.asks(("a", bad))
    door.headers = [(b"accept-language", b"xx, fr-BE;q=0.9, nl;q=0.1")]
    [(_, french)] = door.asks(("a", bad))
    assert french["title"] != english["title"]


@pytest.mark.parametrize("secret", ["", "opla_00000000000000000000000000000000"])
def test_a_stranger_orders_nothing_and_fails_no_neighbour(door: Door, secret: str) -> None:
    [stranger] = door.asks(("a", ORDER), secret=secret)
    assert code(stranger) == (401, "api_key_wrong")
    assert select("SELECT count(*) FROM orders") == [(0,)]


@pytest.mark.parametrize(
    ("key", "body", "answer"),
    [
        ("a", b"{", (400, "file_unreadable")),
        ("a", b"[]", (400, "file_unreadable")),
        ("a", {**ORDER, "colour": "red"}, (422, "field_unknown")),
        ("a", {**ORDER, "number": 470123456}, (422, "field_not_text")),
        ("a", {**ORDER, "number": "047012\x0056"}, (422, "field_not_text")),
        ("a", {**ORDER, "device": "\ud800"}, (422, "field_not_text")),
        ("a", b" " * 20_000, (413, "file_unreadable")),
        ("", ORDER, (400, "key_missing")),
        ("a", {**ORDER, "amount": "17"}, (422, "amount_not_offered")),
        ("a", {**ORDER, "number": ""}, (422, "number_missing")),
    ],
)
def test_a_request_that_cannot_be_an_order_is_refused_by_a_code(
    door: Door, key: str, body: object, answer: tuple[int, str]
) -> None:
    [refused] = door.asks((key, body))
    assert code(refused) == answer
    assert refused[1]["title"]


def test_what_the_float_does_not_cover_needs_payment(door: Door) -> None:
    answers = door.asks(*[(f"k{n}", ORDER) for n in range(7)])
    assert [status for status, _ in answers] == [202] * 6 + [402]


def test_a_database_that_breaks_is_said_to_be_closed_for_a_moment_and_the_same_key_finds_out(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    def broken(*_: object, **__: object) -> None:
        raise OperationalError("gone")

    with monkeypatch.context() as patched:
        patched.setattr(intake, "place_from_float", broken)
        [closed] = door.asks(("a", ORDER))
    assert code(closed) == (503, "temporarily_closed")
    [(status, _)] = door.asks(("a", ORDER))
    assert status == 202


def test_every_answer_has_a_number_of_ours_and_the_log_says_it_once(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="opla.request")
    door.headers = [(b"x-request-id", b"theirs\r\nSet-Cookie: a=b")]
    door.asks(*[(f"k{n}", {**ORDER, "number": f"047012345{n}"}) for n in range(3)], ("bad", {"sku": "?"}), ("", ORDER))
    assert len(set(door.numbers)) == 5
    assert all(re.fullmatch("[0-9a-f]{16}", number) for number in door.numbers)
    lines = [json.loads(Record().format(record)) for record in caplog.records if record.name == "opla.request"]
    assert sorted(number for line in lines for number in line["request"].split()) == sorted(door.numbers)
    assert {line["status"]: len(line["request"].split()) for line in lines if line["status"] == 202} == {202: 3}
    assert {line["route"] for line in lines} == {"/api/v1/orders"}
    assert "theirs" not in caplog.text


def test_what_breaks_a_batch_is_written_with_the_numbers_of_its_requests(
    door: Door, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(intake, "place_from_float", broken)
    [closed] = door.asks(("a", ORDER))
    assert code(closed) == (503, "temporarily_closed")
    [line] = [json.loads(Record().format(record)) for record in caplog.records if record.levelname == "ERROR"]
    assert (line["request"], line["error"]) == (door.numbers[0], "ZeroDivisionError")
