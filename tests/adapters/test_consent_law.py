"""Whatever breaks on the wire, in whatever order: no charge by a mandate is told to be more than it was."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.test_contract import charge
from opla.core.ports import Answer, ChargeReport, ChargesAgain
from opla.counterparts.standins import TakesMoney, mollie, stripe
from opla.counterparts.web import Request
from opla.payments.mollie.config import Config as MollieConfig
from opla.payments.mollie.consent import MollieAgain
from opla.payments.stripe.config import Config as StripeConfig
from opla.payments.stripe.consent import StripeAgain

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
_MOLLIE = MollieConfig(key="test_" + "a1B2" * 8, base_url="https://mollie.test")
_STRIPE = StripeConfig(key="sk_test_" + "a1B2" * 8, base_url="https://stripe.test")
#: What may happen to one call: nothing, lost before or after it did something, unreadable, or their own error.
FAULTS = ["", "", "", "before", "after", "garbage", "error"]


class Rough(httpx.BaseTransport):
    """A network that breaks as it is told, call by call; after that it works."""

    def __init__(self, machine: TakesMoney) -> None:
        self.machine = machine
        self.coming: deque[str] = deque()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        fault = self.coming.popleft() if self.coming else ""
        if fault == "before":
            raise httpx.ReadTimeout("lost", request=request)
        query = dict(parse_qsl(request.url.query.decode("ascii")))
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = self.machine.handle(Request(request.method, request.url.path, query, headers, request.read()))
        if fault == "after":
            raise httpx.ReadTimeout("lost", request=request)
        status, body = {"garbage": (200, b"\xff{["), "error": (502, b"<h1>no</h1>")}.get(
            fault, (answer.status, answer.body)
        )
        return httpx.Response(status, stream=httpx.ByteStream(body))


def at_mollie(method: str) -> tuple[mollie.Mollie, Rough, ChargesAgain]:
    machine = mollie.Mollie(_MOLLIE.key, lambda: NOW)
    wire = Rough(machine)
    return machine, wire, MollieAgain(_MOLLIE, method, transport=wire)


def at_stripe(method: str) -> tuple[stripe.Stripe, Rough, ChargesAgain]:
    machine = stripe.Stripe(_STRIPE.key, lambda: NOW)
    wire = Rough(machine)
    return machine, wire, StripeAgain(_STRIPE, method, transport=wire)


SIDES: dict[str, Callable[[], tuple[mollie.Mollie | stripe.Stripe, Rough, ChargesAgain]]] = {
    "mollie card": lambda: at_mollie("creditcard"),
    "mollie bancontact": lambda: at_mollie("bancontact"),
    "stripe card": lambda: at_stripe("card"),
    "stripe bancontact": lambda: at_stripe("bancontact"),
}
steps = st.tuples(
    st.sampled_from(["charge", "charge", "charge", "fetch", "find", "debit", "end", "refuse"]),
    st.integers(0, 2),
    st.lists(st.sampled_from(FAULTS), max_size=2),
)


@pytest.mark.parametrize("side", SIDES)
@settings(max_examples=40, deadline=None)
@given(story=st.lists(steps, max_size=12))
def test_no_reference_takes_money_twice_and_no_report_says_more_than_is_true(
    side: str, story: list[tuple[str, int, list[str]]]
) -> None:
    theirs, wire, adapter = SIDES[side]()
    first = adapter.charge(replace(charge("f" * 32), keep=True))
    theirs.pay(first.provider_id)
    found = adapter.fetch("f" * 32, first.provider_id)
    assert found
    assert found.mandate
    mandate, named, ended = found.mandate, {}, False
    for what, which, faults in story:
        reference = f"{which:x}" * 32
        before = captured(theirs, reference)
        wire.coming = deque(faults)
        report: ChargeReport | None = None
        match what:
            case "charge":
                report = adapter.charge(replace(charge(reference), mandate=mandate.id))
            case "fetch" | "find":
                report = adapter.fetch(reference, named.get(reference, "") if what == "fetch" else "")
            case "debit":
                theirs.debit()
            case "end":
                ended = adapter.end_mandate(mandate.id) is Answer.SUCCEEDED or ended
            case _:
                theirs.failing[mandate.id.split("/")[1]] = "authentication_required"
        wire.coming.clear()
        truth = captured(theirs, reference)
        assert truth in (0, 1500)
        assert not (ended and what == "charge" and truth > before)
        if report is None:
            continue
        named |= {reference: report.provider_id} if report.provider_id else {}
        assert report.captured_minor in (0, truth)
        if report.answer is Answer.SUCCEEDED:
            assert truth == 1500
        if report.answer is Answer.DECLINED:
            assert truth == 0


def captured(theirs: TakesMoney, reference: str) -> int:
    return sum(one.captured_minor for one in theirs.taken.values() if one.reference == reference)
