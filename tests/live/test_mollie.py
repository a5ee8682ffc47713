"""Mollie with a test key (`OPLA_TRY_MOLLIE_KEY=test_…`). Money moved: none, a test key opens no bank."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from live.trying import EUR15, SIDES, THEIRS, Config, charge, keys, reference, standing
from opla.core.ports import Answer, RefundRequest
from opla.counterparts.standins.mollie import Mollie as StandIn
from opla.operations import try_adapters
from opla.payments import mollie

_KEY = "test_" + "a1B2" * 8


@pytest.fixture(params=SIDES)
def config(request: pytest.FixtureRequest) -> Iterator[Config]:
    if request.param == THEIRS:
        yield keys("mollie", ["key"], {}, mollie.moves_money)
        return
    with standing(StandIn(_KEY, lambda: datetime.now(UTC))) as url:
        yield {"key": _KEY, "base_url": url}


def test_a_payment_is_made_once_and_found_by_our_reference(config: Config) -> None:
    """Money moved: none, a test key. One open payment of 15 euros stays behind there, and expires."""
    adapter, ours = mollie.build(config), reference()
    made = adapter.charge(charge(ours))
    assert (made.answer, made.why) == (Answer.PENDING, "")
    assert made.redirect_url.startswith("https://")
    assert adapter.charge(charge(ours)).provider_id == made.provider_id
    for found in (adapter.fetch(ours, made.provider_id), adapter.fetch(ours, "")):
        assert found
        assert (found.answer, found.provider_id, found.captured_minor) == (Answer.PENDING, made.provider_id, 0)


def test_what_was_not_paid_is_not_given_back(config: Config) -> None:
    """Money moved: none, a test key, and a refund that is refused."""
    adapter, ours = mollie.build(config), reference()
    made = adapter.charge(charge(ours))
    assert adapter.refund(RefundRequest(reference(), made.provider_id, EUR15, "x")).answer is Answer.DECLINED


def test_doctor_sees_that_the_key_works_and_that_another_does_not(config: Config) -> None:
    """Money moved: none, only questions."""
    assert [fine for fine, _ in try_adapters.payment(["mollie"], config).findings] == [True]
    wrong = {**config, "key": "test_" + "x" * 32}
    [(fine, sentence)] = try_adapters.payment(["mollie"], wrong).findings
    assert (fine, "turns the key away" in sentence) == (False, True)
