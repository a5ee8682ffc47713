"""Paying in by the API: a payment whose page comes a moment later, once for each key, and nobody else's to see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from api.conftest import ALL, Program, Programs, made
from opla.core.ports import Answer
from opla.db.queries.call import select

ASKED = {"amount_minor": 25_000, "method": "sandbox"}


def test_its_payment_page_is_there_once_a_worker_has_it_and_paid_it_is_on_the_float(programs: Programs) -> None:
    acme, world = programs.acme, programs.world
    assert acme.get("/float").body["methods"] == ["sandbox"]
    asked = acme.post("/float/deposits", ASKED, "in-1")
    assert (asked.status, asked.body["state"], asked.body["payment_url"]) == (202, "opening", None)
    where = f"/float/deposits/{asked.body['id']}"
    world.work()
    waits = acme.get(where).body
    assert (waits["state"], waits["payment_url"]) == ("open", "http://sandbox.test/pay")
    world.provider.decide(Answer.SUCCEEDED, 25_000)
    world.wake()
    world.work()
    paid = acme.get(where).body
    assert (paid["state"], paid["payment_url"], paid["key"]) == ("paid_in", None, "in-1")
    assert acme.get("/float").body["free"]["amount_minor"] == 35_000
    assert acme.get("/float/movements").body["items"][0]["key"] == "in-1"
    for stranger in (programs.bolt, programs.few, programs.nobody):
        assert stranger.get(where).status in (401, 403, 404)
    assert programs.bolt.get(where).code == "not_found"


def test_it_is_made_once_for_each_key(programs: Programs) -> None:
    acme = programs.acme
    assert acme.post("/float/deposits", ASKED).code == "key_missing"
    first, again = (acme.post("/float/deposits", ASKED, "same") for _ in range(2))
    assert (first.status, again.status, again.body) == (202, 202, first.body)
    other = acme.post("/float/deposits", {**ASKED, "amount_minor": 26_000}, "same")
    assert (other.status, other.code, other.body["refusals"][0]["about"]) == (422, "key_reused", "amount")
    assert select("SELECT count(*) FROM deposit") == [(1,)]
    assert programs.bolt.post("/float/deposits", ASKED, "same").status == 202  # keys are each reseller's own


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({"amount_minor": 5}, "amount_below_min"),
        ({"amount_minor": 100_000_000}, "amount_above_max"),
        ({"amount_minor": "ten"}, "field_invalid"),
        ({"currency": "USD"}, "amount_unreadable"),
        ({"method": "bank_transfer"}, "payment_method_unknown"),
        ({"card": "4242"}, "field_unknown"),
    ],
)
def test_what_cannot_be_paid_in_is_refused_by_name(programs: Programs, typed: dict[str, object], code: str) -> None:
    programs.world.shop = replace(programs.world.shop, payment_methods=("sandbox", "bank_transfer"))
    answer = programs.acme.post("/float/deposits", {**ASKED, **typed}, "k")
    assert (answer.status, answer.code) == (422, code)
    assert programs.few.post("/float/deposits", ASKED, "k").code == "scope_missing"


def test_whoever_pays_none_of_many_waits(programs: Programs) -> None:
    answers = [programs.acme.post("/float/deposits", ASKED, f"k{n}") for n in range(11)]
    assert [one.status for one in answers] == [202] * 10 + [429]
    assert answers[-1].code == "payments_paused"


def test_a_sandbox_key_pays_nothing_in(programs: Programs) -> None:
    trying = Program(made(programs.world, "acme", scopes=ALL, sandbox=True))
    assert trying.get("/float").body["methods"] == ["sandbox"]  # as a live key sees it
    assert trying.post("/float/deposits", ASKED, "k").code == "not_allowed"
    assert trying.get("/float/deposits/00000000-0000-0000-0000-000000000001").code == "not_found"
    assert select("SELECT count(*) FROM payment") == [(0,)]
