"""Reloadly's sandbox (`OPLA_TRY_RELOADLY_CLIENT_ID`, `…_CLIENT_SECRET`). Money moved: none, its float is play money.

Their top-ups there reach no phone. The number is `OPLA_TRY_RELOADLY_NUMBER`, one of your own, as E.164.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from live.trying import SIDES, THEIRS, Config, keys, reference, standing
from opla.core.money import Money
from opla.core.ports import Answer, Kind, SendRequest
from opla.counterparts.standins.reloadly import Reloadly as StandIn
from opla.operations import try_adapters
from opla.suppliers import reloadly
from opla.suppliers.reloadly.config import Config as Settings
from opla.suppliers.reloadly.provider import Reloadly

_ID, _SECRET = "client" + "x1Y2" * 6, "secret" + "a9B8" * 8
_SANDBOX = {"sandbox": "1"}


@pytest.fixture(params=SIDES)
def config(request: pytest.FixtureRequest) -> Iterator[Config]:
    if request.param == THEIRS:
        yield keys("reloadly", ["client_id", "client_secret", "number"], _SANDBOX, reloadly.moves_money)
        return
    with standing(StandIn(_ID, _SECRET)) as url:
        given = {"client_id": _ID, "client_secret": _SECRET, "number": "+32470123456"}
        yield {**given, **_SANDBOX, "base_url": url, "auth_url": url}


def test_what_it_sells_in_belgium_and_what_lies_there_is_told(config: Config) -> None:
    """Money moved: none, only questions."""
    adapter = Reloadly(Settings.from_mapping(config))
    listed, left = adapter.products("BE"), adapter.float_left()
    assert listed
    assert {one.country for one in listed} == {"BE"}
    assert left


def test_one_reference_tops_up_once(config: Config) -> None:
    """Money moved: play money, one top-up at the smallest face value that its sandbox sells in Belgium."""
    adapter, ours = Reloadly(Settings.from_mapping(config)), reference()
    listed = [one for one in adapter.products("BE") or () if one.kind is Kind.DIRECT]
    assert listed
    one = min(listed, key=lambda each: each.min_minor)
    face = Money(one.min_minor, one.currency)
    request = SendRequest(ours, one.sku, one.operator, one.kind, face, config["number"])
    sent = adapter.send(request)
    assert sent.answer in {Answer.SUCCEEDED, Answer.PENDING}, (sent.why, sent.evidence)
    again = adapter.send(request)
    assert again.answer in {Answer.UNKNOWN, Answer.NOT_SENT, Answer.DECLINED}, (again.why, again.evidence)
    found = adapter.find(ours)
    assert found
    assert found.supplier_id == sent.supplier_id


def test_doctor_sees_that_the_key_works_and_that_another_does_not(config: Config) -> None:
    """Money moved: none, only questions."""
    assert [fine for fine, _ in try_adapters.supplier("reloadly", config).findings] == [True, True]
    [(fine, sentence)] = try_adapters.supplier("reloadly", {**config, "client_secret": "x" * 30}).findings
    assert (fine, "turns the key away" in sentence) == (False, True)
