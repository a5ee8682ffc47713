"""Mollie with a test key (`OPLA_TRY_MOLLIE_KEY=test_…`). Money moved: none, a test key opens no bank."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from live.trying import EUR15, SIDES, THEIRS, Config, charge, keys, reference, standing
from opla.core.ports import Answer, ChargesAgain, RefundRequest
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


def test_a_first_payment_that_keeps_consent_is_made_once(config: Config) -> None:
    """Money moved: none, a test key. One open payment that would keep consent stays behind there, and expires."""
    adapter, ours = mollie.build(config), reference()
    assert isinstance(adapter, ChargesAgain)
    ask = replace(charge(ours), keep=True)
    made = adapter.charge(ask)
    assert (made.answer, made.why, made.mandate) == (Answer.PENDING, "", None)
    assert adapter.charge(ask).provider_id == made.provider_id


def test_consent_that_nobody_gave_charges_nothing_and_has_ended(config: Config) -> None:
    """Money moved: none, a test key, and a charge that is refused."""
    adapter, nobodys = mollie.build(config), "cst_nobodyopla/mdt_nobodyopla"
    assert isinstance(adapter, ChargesAgain)
    report = adapter.charge(replace(charge(reference()), mandate=nobodys))
    assert (report.answer, report.why) == (Answer.DECLINED, "mandate_ended"), report.evidence
    assert adapter.end_mandate(nobodys) is Answer.SUCCEEDED


def test_doctor_sees_that_the_key_works_and_that_another_does_not(config: Config) -> None:
    """Money moved: none, only questions."""
    assert [fine for fine, _ in try_adapters.payment(["mollie"], config).findings] == [True]
    wrong = {**config, "key": "test_" + "x" * 32}
    [(fine, sentence)] = try_adapters.payment(["mollie"], wrong).findings
    assert (fine, "turns the key away" in sentence) == (False, True)
