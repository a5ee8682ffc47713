"""DT One's pre-production (`OPLA_TRY_DTONE_KEY`, `…_SECRET`). Money moved: none, nothing is delivered or paid there.

The last three digits of a number say there what becomes of it: 100 is delivered within three seconds, 102 is refused.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from live.trying import SIDES, THEIRS, Config, keys, reference, standing
from opla.core.money import Money
from opla.core.ports import Answer, Kind, SendReport, SendRequest
from opla.counterparts.standins.dtone import DTOne as StandIn
from opla.operations import try_adapters
from opla.suppliers import dtone
from opla.suppliers.dtone.config import Config as Settings
from opla.suppliers.dtone.provider import DTOne

_KEY, _SECRET = "key" + "x1Y2" * 6, "secret" + "a9B8" * 8
_SANDBOX = {"sandbox": "1"}
_DELIVERED, _REFUSED = "+32470123100", "+32470123102"


@pytest.fixture(params=SIDES)
def config(request: pytest.FixtureRequest) -> Iterator[Config]:
    if request.param == THEIRS:
        yield keys("dtone", ["key", "secret"], _SANDBOX, dtone.moves_money)
        return
    began, stood = datetime.now(UTC), time.monotonic()

    def now() -> datetime:
        """A hundred times as fast, so that nobody waits for their three seconds."""
        return datetime.fromtimestamp(began.timestamp() + 100 * (time.monotonic() - stood), UTC)

    with standing(StandIn(now, _KEY, _SECRET)) as url:
        yield {"key": _KEY, "secret": _SECRET, **_SANDBOX, "base_url": url}


def ask(adapter: DTOne, ours: str, number: str) -> SendRequest:
    """The smallest credit that is sold in Belgium there."""
    listed = [one for one in adapter.products("BE") or () if one.kind is Kind.DIRECT]
    if not listed:
        pytest.skip("this account sells no Belgian credit")
    one = min(listed, key=lambda each: each.min_minor)
    return SendRequest(ours, one.sku, one.operator, one.kind, Money(one.min_minor, one.currency), number)


def ended(adapter: DTOne, ours: str) -> SendReport:
    until = time.monotonic() + 20
    while True:
        found = adapter.find(ours)
        assert found
        if found.answer is not Answer.PENDING or time.monotonic() > until:
            return found
        time.sleep(0.2)


def test_what_it_sells_in_belgium_and_what_lies_there_is_told(config: Config) -> None:
    """Money moved: none, only questions."""
    adapter = DTOne(Settings.from_mapping(config))
    listed = adapter.products("BE")
    assert listed is not None
    assert {one.country for one in listed} <= {"BE"}
    assert adapter.float_left()


def test_one_reference_is_sent_once_and_found(config: Config) -> None:
    """Money moved: none. One scripted transaction of the smallest Belgian credit stays behind there."""
    adapter, ours = DTOne(Settings.from_mapping(config)), reference()
    request = ask(adapter, ours, _DELIVERED)
    sent, again = adapter.send(request), adapter.send(request)
    assert {sent.answer, again.answer} <= {Answer.SUCCEEDED, Answer.PENDING}, (sent.why, again.why, again.evidence)
    assert again.supplier_id == sent.supplier_id
    assert ended(adapter, ours).answer is Answer.SUCCEEDED


def test_a_number_that_the_operator_refuses_is_declined(config: Config) -> None:
    """Money moved: none. One scripted refusal stays behind there."""
    adapter, ours = DTOne(Settings.from_mapping(config)), reference()
    sent = adapter.send(ask(adapter, ours, _REFUSED))
    report = ended(adapter, ours) if sent.answer is Answer.PENDING else sent
    assert report.answer is Answer.DECLINED, (report.why, report.evidence)


def test_doctor_sees_that_the_key_works_and_that_another_does_not(config: Config) -> None:
    """Money moved: none, only questions."""
    assert [fine for fine, _ in try_adapters.supplier("dtone", config).findings] == [True, True]
    [(fine, sentence)] = try_adapters.supplier("dtone", {**config, "secret": "x" * 30}).findings
    assert (fine, "turns the key away" in sentence) == (False, True)
