"""PayPal's sandbox (`OPLA_TRY_PAYPAL_CLIENT`, `OPLA_TRY_PAYPAL_SECRET`). Money moved: none, it is play money.

Live keys look like those of the sandbox: whatever is given is shown to the sandbox alone, which turns live ones away.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from live.trying import EUR15, SIDES, THEIRS, Config, charge, keys, reference, standing
from opla.core.ports import Answer, RefundRequest
from opla.counterparts.standins.paypal import PayPal as StandIn
from opla.operations import try_adapters
from opla.payments import paypal

_CLIENT, _SECRET = "A" + "b1C2" * 10, "E" + "d3F4" * 10
_MODE = {"mode": "sandbox"}


@pytest.fixture(params=SIDES)
def config(request: pytest.FixtureRequest) -> Iterator[Config]:
    if request.param == THEIRS:
        yield keys("paypal", ["client", "secret"], _MODE, paypal.moves_money)
        return
    with standing(StandIn(_CLIENT, _SECRET, lambda: datetime.now(UTC))) as url:
        yield {"client": _CLIENT, "secret": _SECRET, "base_url": url, **_MODE}


def test_a_payment_is_made_once_and_found_by_its_id(config: Config) -> None:
    """Money moved: none, play money. One order of 15 euros that nobody approves stays behind there."""
    adapter, ours = paypal.build(config), reference()
    made = adapter.charge(charge(ours))
    assert (made.answer, made.why) == (Answer.PENDING, "")
    assert made.redirect_url.startswith("https://")
    assert adapter.charge(charge(ours)).provider_id == made.provider_id
    found = adapter.fetch(ours, made.provider_id)
    assert found
    assert (found.answer, found.provider_id, found.captured_minor) == (Answer.PENDING, made.provider_id, 0)


def test_what_was_not_paid_is_not_given_back(config: Config) -> None:
    """Money moved: none, play money, and a refund that is not asked for because nothing was taken."""
    adapter, ours = paypal.build(config), reference()
    made = adapter.charge(charge(ours))
    refused = adapter.refund(RefundRequest(reference(), made.provider_id, EUR15, "x"))
    assert (refused.answer, refused.why) == (Answer.DECLINED, "not_captured")


def test_doctor_sees_that_the_key_works_and_that_another_does_not(config: Config) -> None:
    """Money moved: none, only questions."""
    assert [fine for fine, _ in try_adapters.payment(["paypal"], config).findings] == [True]
    [(fine, sentence)] = try_adapters.payment(["paypal"], {**config, "secret": "x" * 40}).findings
    assert (fine, "turns the key away" in sentence) == (False, True)
