"""What providers say they paid out: their lists read whole or not at all, every line once, to the cent.

Each stand-in pays out what it truly moved, and its answers are judged by the provider's own document (`OPLA_SPECS`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Protocol

import pytest

from adapters.mollie_world import KEY, LIVE_KEY, TOKEN, MolliePayments
from adapters.stripe_world import StripePayments
from adapters.test_contract import HOSTILE, charge
from adapters.worlds import Counterparts, answering, nobody
from opla import payments
from opla.core import payout
from opla.core.money import Money
from opla.core.ports import Charges, Movement, Payout, PayoutLine, PaysOut, RefundRequest, Refunds
from opla.counterparts.alone import Alone
from opla.counterparts.endings import Fault
from opla.counterparts.standins.mollie import Mollie
from opla.counterparts.standins.stripe import Stripe

REFS = [f"{n:032x}" for n in range(1, 4)]
LONG_AGO = date(2020, 1, 1)


class PayingWorld(Protocol):
    adapter: Charges
    theirs: Mollie | Stripe
    alone: Alone

    def at(self, url: str) -> Charges: ...


#: A provider that tells what it paid out adds its line here.
WORLDS: Mapping[str, Callable[[Counterparts], PayingWorld]] = {
    "mollie": lambda other: MolliePayments(other, key=LIVE_KEY),
    "stripe": StripePayments,
}


@pytest.fixture(params=sorted(WORLDS))
def world(request: pytest.FixtureRequest, other: Counterparts) -> PayingWorld:
    return WORLDS[request.param](other)


def tells(adapter: Charges) -> PaysOut:
    assert isinstance(adapter, PaysOut)
    return adapter


def paid(world: PayingWorld, *references: str) -> list[str]:
    """Their ids of payments that were made."""
    found = []
    for reference in references:
        made = world.adapter.charge(charge(reference))
        world.theirs.pay(made.provider_id)
        found.append(made.provider_id)
    return found


def read(world: PayingWorld) -> list[tuple[Payout, Sequence[PayoutLine]]]:
    adapter, told = tells(world.adapter), []
    found = adapter.payouts(LONG_AGO)
    assert found is not None
    for one in found:
        lines = adapter.payout_lines(one)
        assert lines is not None
        assert payout.adds_up(one, lines)
        told.append((one, lines))
    return told


def test_a_payout_names_each_payment_with_its_fee_and_adds_up(world: PayingWorld) -> None:
    ids = paid(world, *REFS)
    assert read(world) == []
    id_ = world.theirs.pay_out()
    [(told, lines)] = read(world)
    assert (told.id, told.amount, told.failed) == (id_, Money(world.theirs.paid_out[id_], "EUR"), False)
    assert [(line.kind, line.gross_minor) for line in lines] == [(Movement.PAYMENT, 1500)] * 3
    assert {line.fee_minor for line in lines} == {next(iter(world.theirs.taken.values())).fee_minor}
    charges = [world.adapter.fetch(ref, id_) for ref, id_ in zip(REFS, ids, strict=True)]
    known = {name for c in charges if c for name in (c.provider_id, c.evidence.get("their_payment", ""))}
    assert {line.of for line in lines} <= known
    assert read(world) == [(told, lines)]


def test_refunds_and_charge_backs_are_taken_out_of_the_next_payout(world: PayingWorld) -> None:
    ids = paid(world, *REFS)
    world.theirs.pay_out()
    assert isinstance(world.adapter, Refunds)
    back = world.adapter.refund(RefundRequest("e" * 32, ids[0], Money(600, "EUR"), "part"))
    world.theirs.settle()
    world.theirs.charge_back(ids[1])
    world.theirs.refund_outside(ids[2])
    id_ = world.theirs.pay_out()
    [lines] = [lines for one, lines in read(world) if one.id == id_]
    moved = sorted((line.kind, line.gross_minor, line.refund_id == back.refund_id) for line in lines)
    assert moved == [
        (Movement.CHARGE_BACK, -1500, False),
        (Movement.REFUND, -1500, False),
        (Movement.REFUND, -600, True),
    ]
    assert world.theirs.paid_out[id_] < -3600
    [back_line] = [line for line in lines if line.kind is Movement.CHARGE_BACK]
    assert back_line.fee_minor > 0
    assert back_line.of


def test_a_payment_that_they_forgot_is_in_none(world: PayingWorld) -> None:
    ids = paid(world, *REFS)
    world.theirs.forgets.add(ids[1])
    world.theirs.pay_out()
    [(_, lines)] = read(world)
    assert len(lines) == 2


def test_what_was_paid_out_long_ago_is_not_read_again(world: PayingWorld) -> None:
    paid(world, REFS[0])
    world.theirs.pay_out()
    [(told, _)] = read(world)
    assert tells(world.adapter).payouts(told.paid_on + timedelta(days=1)) == []
    assert tells(world.adapter).payouts(told.paid_on) == [told]


def test_many_payments_are_read_page_by_page(world: PayingWorld) -> None:
    for n in range(260):
        made = world.adapter.charge(charge(f"{n:032x}"))
        world.theirs.pay(made.provider_id)
    world.theirs.pay_out()
    [(_, lines)] = read(world)
    assert len({line.id for line in lines}) == 260


@pytest.mark.parametrize("fault", [Fault.SILENT_BEFORE, Fault.DROP_AFTER, Fault.ERROR_BEFORE, Fault.GARBAGE])
def test_a_page_that_cannot_be_read_makes_the_whole_unreadable(world: PayingWorld, fault: Fault) -> None:
    paid(world, *REFS)
    world.theirs.pay_out()
    adapter = tells(world.adapter)
    [one] = adapter.payouts(LONG_AGO) or ()
    for path in {request.path for request, _ in world.alone.calls[-1:]}:
        world.alone.order_fault("GET", path, fault)
        assert adapter.payouts(LONG_AGO) is None
    adapter.payout_lines(one)
    for path in [request.path for request, _ in world.alone.calls if "fault" not in request.path][-1:]:
        world.alone.order_fault("GET", path, fault)
        assert adapter.payout_lines(one) is None


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_reply_is_no_answer_and_never_raises(world: PayingWorld, name: str) -> None:
    told = Payout("po_1", Money(1, "EUR"), LONG_AGO)
    with answering(HOSTILE[name]) as url:
        adapter = tells(world.at(url))
        assert adapter.payouts(LONG_AGO) is None
        assert adapter.payout_lines(told) is None
    assert tells(world.at(nobody())).payouts(LONG_AGO) is None


# ── Mollie's own ──


def test_mollie_is_asked_with_the_organisations_token_and_only_beside_a_live_key(other: Counterparts) -> None:
    world = MolliePayments(other, key=LIVE_KEY)
    paid(world, REFS[0])
    world.theirs.pay_out()
    read(world)
    tokens = {
        request.headers["authorization"] for request, _ in world.alone.calls if not request.path.startswith("/v2/pay")
    }
    assert tokens == {f"Bearer {TOKEN}"}
    for settings in ({"key": KEY, "access_token": TOKEN}, {"key": LIVE_KEY}):
        assert not isinstance(payments.build("mollie_card", settings), PaysOut)
    with pytest.raises(ValueError, match="access_token"):
        payments.build("mollie", {"key": LIVE_KEY, "access_token": "live_" + "a" * 30})


def test_what_mollie_keeps_beyond_the_fees_of_payments_is_a_fee_of_none_and_the_rest_has_no_name(
    other: Counterparts,
) -> None:
    world = MolliePayments(other, key=LIVE_KEY)
    paid(world, REFS[0])
    id_ = world.theirs.pay_out()
    settlement = world.theirs.settlements[id_]
    [[[cost]]] = [[month["costs"] for month in year.values()] for year in settlement["periods"].values()]  # type: ignore[attr-defined]  # a dict
    assert cost["amountGross"]["value"] == "0.5200"  # they write costs with four decimals
    cost["amountGross"] = {"currency": "EUR", "value": "0.5351"}
    settlement["amount"] = {"currency": "EUR", "value": "9.00"}
    [(_, lines)] = read(world)
    assert [(line.kind, line.gross_minor, line.fee_minor) for line in lines] == [
        (Movement.PAYMENT, 1500, 52),
        (Movement.FEE, 0, 2),
        (Movement.OTHER, 900 - 1446, 0),
    ]


def test_a_settlement_as_mollies_document_shows_one_adds_up_to_the_cent(other: Counterparts) -> None:
    world = MolliePayments(other, key=LIVE_KEY)
    paid(world, REFS[0])
    settlement = world.theirs.settlements[world.theirs.pay_out()]
    [[[cost]]] = [[month["costs"] for month in year.values()] for year in settlement["periods"].values()]  # type: ignore[attr-defined]  # a dict
    for gross, sent in (("0.5249", "14.47"), ("0.5249", "14.48"), ("0.5250", "14.48")):  # 15.00 less what was kept
        cost["amountGross"] = {"currency": "EUR", "value": gross}
        settlement["amount"] = {"currency": "EUR", "value": sent}
        [(told, lines)] = read(world)
        assert Movement.OTHER not in {line.kind for line in lines}
        assert told.amount.decimal == sent


def test_what_another_one_settles_is_no_line_of_mollies_and_nobody_reads_the_whole_balance_for_it(
    other: Counterparts,
) -> None:
    world = MolliePayments(other, key=LIVE_KEY)
    for n in range(10, 280):
        paid(world, f"{n:032x}")
    world.theirs.pay_out()
    ids = paid(world, *REFS)
    world.theirs.elsewhere.add(ids[0])
    world.refunds().refund(RefundRequest("e" * 32, ids[0], Money(600, "EUR"), "part"))
    world.theirs.settle()
    newest = world.theirs.pay_out()
    adapter = tells(world.adapter)
    [one] = [one for one in adapter.payouts(LONG_AGO) or () if one.id == newest]
    world.alone.calls.clear()
    lines = adapter.payout_lines(one)
    assert lines is not None
    assert [(line.kind, line.gross_minor) for line in lines] == [(Movement.PAYMENT, 1500)] * 2
    assert payout.adds_up(one, lines)
    assert sum("/transactions" in request.path for request, _ in world.alone.calls) == 1  # a page of two


def test_both_forms_in_which_mollies_document_writes_a_context_are_read(other: Counterparts) -> None:
    world = MolliePayments(other, key=LIVE_KEY)
    paid(world, REFS[0])
    world.theirs.pay_out()
    before = read(world)
    for *_, move in world.theirs._moves:
        move["context"] = {str(move["type"]): move["context"]}
    assert read(world) == before


@pytest.mark.parametrize("state", ["open", "pending", "processing-at-bank"])
def test_a_settlement_on_its_way_waits_and_a_failed_one_says_so(other: Counterparts, state: str) -> None:
    world = MolliePayments(other, key=LIVE_KEY)
    paid(world, REFS[0])
    settlement = world.theirs.settlements[world.theirs.pay_out()]
    settlement["status"] = state
    assert read(world) == []
    settlement["status"] = "failed"
    [(told, _)] = read(world)
    assert told.failed
    settlement["status"] = "paid_in_shells"
    assert tells(world.adapter).payouts(LONG_AGO) is None
    world.alone.calls.clear()  # that word is none of theirs, as their document would say


# ── Stripe's own ──


def test_a_payout_at_stripe_that_failed_is_theirs_again_and_comes_with_the_next(other: Counterparts) -> None:
    world = StripePayments(other)
    paid(world, REFS[0])
    first = world.theirs.pay_out()
    world.theirs.fail_payout(first)
    paid(world, REFS[1])
    second = world.theirs.pay_out()
    told = {one.id: (one, lines) for one, lines in read(world)}
    assert [told[id_][0].failed for id_ in (first, second)] == [True, False]
    returned = [line for line in told[second][1] if line.kind is Movement.RETURNED]
    assert [line.net_minor for line in returned] == [world.theirs.paid_out[first]]


def test_what_a_payout_by_hand_pays_out_at_stripe_is_nowhere_said(other: Counterparts) -> None:
    world = StripePayments(other)
    paid(world, REFS[0])
    by_hand = world.theirs.pay_out()
    paid(world, REFS[1])
    automatic = world.theirs.pay_out()
    world.theirs.payouts[by_hand] |= {"automatic": False, "reconciliation_status": "not_applicable"}
    told = {one.id: (one, lines) for one, lines in read(world)}
    head, [line] = told[by_hand]
    assert (line.kind, line.net_minor) == (Movement.OTHER, head.amount.amount_minor)
    _, [other] = told[automatic]  # theirs that is made by hand is no reason to know of none
    assert (other.kind, other.gross_minor) == (Movement.PAYMENT, 1500)


def test_a_charge_back_that_was_won_at_stripe_comes_back_and_its_fee_does_not(other: Counterparts) -> None:
    world = StripePayments(other)
    [id_] = paid(world, REFS[0])
    world.theirs.charge_back(id_)
    world.theirs.win(id_)
    world.theirs.pay_out()
    [(_, lines)] = read(world)
    back = [line for line in lines if line.kind is Movement.CHARGE_BACK]
    assert sorted((line.gross_minor, line.fee_minor) for line in back) == [(-1500, 2000), (1500, 0)]


@pytest.mark.parametrize("wrong", [{"livemode": True}, {"status": "sent_by_pigeon"}, {"arrival_date": 2**40}])
def test_a_payout_at_stripe_that_cannot_be_ours_makes_the_page_unreadable(
    other: Counterparts, wrong: dict[str, object]
) -> None:
    world = StripePayments(other)
    paid(world, REFS[0])
    world.theirs.payouts[world.theirs.pay_out()] |= wrong
    assert tells(world.adapter).payouts(LONG_AGO) is None


def test_a_payout_at_stripe_that_is_on_its_way_or_not_reckoned_yet_waits(other: Counterparts) -> None:
    world = StripePayments(other)
    paid(world, REFS[0])
    id_ = world.theirs.pay_out()
    for wrong in ({"status": "in_transit"}, {"status": "paid", "reconciliation_status": "in_progress"}):
        world.theirs.payouts[id_] |= wrong
        assert read(world) == []
