"""DingConnect by its numbers for trying (`OPLA_TRY_DING_KEY`). Money moved: none, by what their page says of them.

They have one world: the key is a real one, and every transfer goes to the `UatNumber` of its product instead. About a
hundred such calls a day are said to be allowed, so take no account that a shop sells by.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from live.trying import SIDES, THEIRS, Config, keys, reference, standing
from opla.core.money import Money
from opla.core.ports import Answer, Kind, SendRequest
from opla.counterparts.standins.ding import Ding as StandIn
from opla.operations import try_adapters
from opla.suppliers import ding
from opla.suppliers.ding.config import Config as Settings
from opla.suppliers.ding.provider import Ding

_KEY = "key" + "x1Y2" * 6
_UAT = {"uat": "1"}


@pytest.fixture(params=SIDES)
def config(request: pytest.FixtureRequest) -> Iterator[Config]:
    if request.param == THEIRS:
        yield keys("ding", ["key"], _UAT, ding.moves_money)
        return
    with standing(StandIn(_KEY)) as url:
        yield {"key": _KEY, **_UAT, "base_url": url}


def test_what_it_sells_in_belgium_and_what_lies_there_is_told(config: Config) -> None:
    """Money moved: none, only questions."""
    adapter = Ding(Settings.from_mapping(config))
    listed = adapter.products("BE")
    assert listed
    assert {one.country for one in listed} == {"BE"}
    assert adapter.float_left()


def test_one_transfer_to_a_number_for_trying_is_sent_and_found(config: Config) -> None:
    """Money moved: none. One transfer of the smallest Belgian credit, to their own number for trying."""
    adapter, ours = Ding(Settings.from_mapping(config)), reference()
    listed = [one for one in adapter.products("BE") or () if one.kind is Kind.DIRECT]
    if not listed:
        pytest.skip("this account sells no Belgian credit")
    one = min(listed, key=lambda each: each.min_minor)
    face = Money(one.min_minor, one.currency)
    sent = adapter.send(SendRequest(ours, one.sku, one.operator, one.kind, face, "+32470123456"))
    assert sent.answer in {Answer.SUCCEEDED, Answer.PENDING}, (sent.why, sent.evidence)
    found = adapter.find(ours)
    assert found
    assert found.supplier_id == sent.supplier_id


def test_doctor_sees_that_the_key_works_and_that_another_does_not(config: Config) -> None:
    """Money moved: none, only questions."""
    assert [fine for fine, _ in try_adapters.supplier("ding", config).findings] == [True, True]
    [(fine, sentence)] = try_adapters.supplier("ding", {**config, "key": "x" * 30}).findings
    assert (fine, "turns the key away" in sentence) == (False, True)
