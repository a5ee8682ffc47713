"""Programs of resellers in front of the API: Acme's with all rights, a colleague's with few, another reseller's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connections, transaction

from fakes import START, World
from opla.core.actor import Actor, Role
from opla.core.api_access import PEOPLE_ONLY, Scope
from opla.operations import api_keys, resellers
from surfaces.conftest import Door, door  # noqa: F401 - the shop in front of which they stand

OWNER = Actor(Role.OWNER, "test")
ALL = tuple(sorted(set(Scope) - PEOPLE_ONLY))


@dataclass
class Answered:
    status: int
    body: Any
    headers: dict[str, str]

    @property
    def code(self) -> str:
        """Of the first refusal; empty where there is none."""
        return str(self.body["refusals"][0]["code"]) if isinstance(self.body, dict) and "refusals" in self.body else ""


class Program:
    """One program with one key."""

    def __init__(self, secret: str, address: str = "203.0.113.7") -> None:
        from django.test import Client

        self.secret = secret
        self._client = Client(SERVER_NAME="127.0.0.1", REMOTE_ADDR=address)

    def get(self, path: str, **headers: str) -> Answered:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: object, key: str = "", **headers: str) -> Answered:
        return self.ask("POST", path, body, **({"idempotency-key": key} if key else {}), **headers)

    def ask(self, method: str, path: str, body: object = None, base: str = "/api/v1", **headers: str) -> Answered:
        signed = {"authorization": f"Bearer {self.secret}", **headers} if self.secret else headers
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = self._client.generic(method, f"{base}{path}", data, "application/json", headers=signed)
        raw = b"".join(answer) if answer.streaming else answer.content
        is_json = "json" in answer.headers.get("Content-Type", "")
        return Answered(answer.status_code, json.loads(raw) if raw and is_json else raw, dict(answer.items()))


@dataclass
class Programs:
    world: World
    acme: Program  # every right that a key can have
    few: Program  # a colleague's at acme: may look at the catalogue, and no more
    bolt: Program  # of another reseller, with every right
    nobody: Program


def made(world: World, reseller: str, **terms: Any) -> str:
    key = api_keys.make(OWNER, reseller, api_keys.Terms(**terms), shop=world.shop, at=START)
    assert isinstance(key, api_keys.Key)
    return key.secret


@contextmanager
def being_used(key: str, caller: str = "acme") -> Iterator[None]:
    """Another request under this key has begun, and ends by coming to nothing."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SELECT set_config('opla.writes', 'function', true)")
        cursor.execute(
            "INSERT INTO idempotency (caller, key, fields, order_id, at) VALUES (%s, %s, '', gen_random_uuid(), now())",
            [caller, key],
        )
        yield
        transaction.set_rollback(True, using="owner")


@pytest.fixture
def programs(door: Door) -> Programs:  # noqa: F811
    world = door.world
    for name in ("acme", "bolt"):
        assert resellers.add(OWNER, name, title=name.title(), email=f"orders@{name}.example", at=START) is None
        resellers.pay_in(OWNER, name, "100", "first", shop=world.shop, at=START)
    return Programs(
        world,
        Program(made(world, "acme", scopes=ALL)),
        Program(made(world, "acme", scopes=("catalogue",))),
        Program(made(world, "bolt", scopes=ALL)),
        Program(""),
    )
