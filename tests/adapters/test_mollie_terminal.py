"""Mollie's card machines on counters: rung by their id, and what becomes of a payment there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from adapters.mollie_world import KEY, LIVE_KEY, TOKEN, MolliePayments
from adapters.test_contract import ok
from adapters.worlds import PATIENCE_S, Counterparts, answering
from fakes import CUSTOMER, DEVICE, Playing, World, compose, pushing
from opla import payments
from opla.core.actor import Actor, Role
from opla.core.money import Money
from opla.core.ports import (
    Answer,
    ChargeReport,
    ChargeRequest,
    Charges,
    RefundRequest,
    Refunds,
    Terminal,
    Terminals,
)
from opla.operations import terminal
from opla.operations.place_orders import Placed
from opla.operations.terminal import Wish
from opla.operations.wake import wake_payment
from opla.operations.work import work_once

REF, REF2 = "0a" * 16, "0b" * 16


@pytest.fixture
def mollie(other: Counterparts) -> MolliePayments:
    return MolliePayments(other)


def at_counter(mollie: MolliePayments, token: str = "") -> Charges:
    config = {"base_url": mollie.alone.url, "key": KEY, "timeout_s": PATIENCE_S, "access_token": token}
    return payments.build("mollie_terminal", config)


def ringing(reference: str = REF, terminal: str = "term_000001") -> ChargeRequest:
    return ChargeRequest(
        reference, Money(1500, "EUR"), "Opla R123", "nl", "https://shop.example.org/", "https://shop.example.org/hooks/",
        terminal=terminal,
    )  # fmt: skip


def told(adapter: Charges, made: ChargeReport, reference: str = REF) -> tuple[Answer, str]:
    found = adapter.fetch(reference, made.provider_id)
    assert found
    return found.answer, found.why


def test_a_card_machine_is_rung_by_its_id_and_there_is_no_page_but_where_it_is_tried(
    other: Counterparts, mollie: MolliePayments
) -> None:
    live = MolliePayments(other, key=LIVE_KEY)
    rung = payments.build("mollie_terminal", {"base_url": live.alone.url, "key": LIVE_KEY}).charge(ringing())
    assert (rung.answer, rung.redirect_url) == (Answer.PENDING, "")
    made = at_counter(mollie).charge(ringing())
    assert (made.answer, made.redirect_url) == (Answer.PENDING, mollie.theirs.page(made.provider_id))
    assert (mollie.asked()[0]["method"], mollie.asked()[0]["terminalId"]) == ("pointofsale", "term_000001")
    assert told(at_counter(mollie), made) == (Answer.PENDING, "")
    mollie.pay(made.provider_id)
    paid = at_counter(mollie).fetch(REF, made.provider_id)
    assert paid
    assert (paid.answer, paid.captured_minor) == (Answer.SUCCEEDED, 1500)


def test_a_payment_without_a_card_machine_is_never_asked_for(mollie: MolliePayments) -> None:
    for wrong in ("", "the one on the left", "term_" + "x" * 80):
        report = at_counter(mollie).charge(ringing(terminal=wrong))
        assert (report.answer, report.why) == (Answer.DECLINED, "terminal_unknown")
    assert mollie.asked() == []
    assert at_counter(mollie).charge(ringing(terminal="term_000002")).answer is Answer.DECLINED  # it is switched off


def test_the_red_key_and_a_payment_that_ran_out_are_a_no_and_one_that_is_paid_late_is_told_of(
    mollie: MolliePayments,
) -> None:
    rings = at_counter(mollie)
    for n, (theirs, ours) in enumerate(
        {"abandoned": "terminal_cancelled", "expired": "expired", "refused": "refused"}.items()
    ):
        reference = f"{n:032x}"
        made = rings.charge(ringing(reference))
        mollie.theirs.fail(made.provider_id, theirs)
        assert told(rings, made, reference) == (Answer.DECLINED, ours)
        mollie.pay(made.provider_id)  # their answer came late
        assert told(rings, made, reference) == (Answer.SUCCEEDED, "")


def test_a_card_machine_that_is_busy_or_out_of_reach_says_so(mollie: MolliePayments) -> None:
    rings = at_counter(mollie)
    first, second = rings.charge(ringing()), rings.charge(ringing(REF2))
    assert (second.answer, second.why) == (Answer.DECLINED, "terminal_busy")
    mollie.theirs.machines.silent.add("term_000001")
    assert told(rings, first) == (Answer.PENDING, "")
    mollie.now += timedelta(seconds=30)
    assert told(rings, first) == (Answer.DECLINED, "terminal_silent")


def test_a_word_of_a_machine_that_is_not_in_the_table_leaves_what_its_status_says(mollie: MolliePayments) -> None:
    rings = at_counter(mollie)
    made = rings.charge(ringing())
    for reason, why in (
        ({"code": "insufficient_funds", "message": ""}, "no_funds"),
        ({"code": "unsafe_pin", "message": ""}, "refused"),
        ({"code": 5, "message": ""}, "refused"),
        ("expired_card", "refused"),
        (None, "refused"),
    ):
        with answering(ok(**mollie.told(REF, id=made.provider_id, status="failed", statusReason=reason))) as url:
            strange = payments.build("mollie_terminal", {"base_url": url, "key": KEY})
            assert told(strange, made) == (Answer.DECLINED, why)


def test_what_a_card_machine_took_goes_back_like_any_payment(mollie: MolliePayments) -> None:
    rings = at_counter(mollie, TOKEN)
    made = rings.charge(ringing())
    mollie.pay(made.provider_id)
    assert isinstance(rings, Refunds)
    asked = RefundRequest(REF2, made.provider_id, Money(1500, "EUR"), "back")
    assert rings.refund(asked).answer is Answer.PENDING
    mollie.settle_refunds()
    done = rings.fetch_refund(REF2, made.provider_id)
    assert done
    assert done.answer is Answer.SUCCEEDED
    paid = rings.fetch(REF, made.provider_id)
    assert paid
    assert paid.refunded_minor == 1500


def test_the_card_machines_are_listed_with_what_they_are_called(mollie: MolliePayments) -> None:
    rings = at_counter(mollie)
    assert isinstance(rings, Terminals)
    assert rings.terminals() == [
        Terminal("term_000001", "Counter 1", "EUR", ready=True),
        Terminal("term_000002", "Counter 2", "EUR", ready=False),
    ]
    with answering(b"HTTP/1.1 200 OK\r\n\r\n{}") as url:
        strange = payments.build("mollie_terminal", {"base_url": url, "key": KEY})
        assert isinstance(strange, Terminals)
        assert strange.terminals() is None


# ── a sale ──


class Outside(Playing):
    """The world's own outside, with Mollie as whom people pay at."""

    def __init__(self, world: World, rings: Charges) -> None:
        super().__init__(world)
        self._rings = rings

    def payment(self, _name: str) -> Charges:  # type: ignore[override]  # theirs, not the test's
        return self._rings

    refunds = payment  # type: ignore[assignment]


class Counter:
    """A till with one of Mollie's machines, and an order that is to be paid on it."""

    def __init__(self, world: World, mollie: MolliePayments) -> None:
        self.world, self.mollie = world, mollie
        self.outside = Outside(world, at_counter(mollie))
        world.shop = replace(world.shop, counter_methods=("mollie_terminal",))
        no = terminal.keep_terminal(
            Actor(Role.OWNER, "ana"), "card-1", "mollie_terminal", their_id="term_000001", station="kiosk-1",
            is_open=True, shop=world.shop, at=world.clock(),
        )  # fmt: skip
        assert no is None
        quote = world.quote()
        [placed] = terminal.start(
            CUSTOMER, [Wish(quote.id, quote.price.total.amount_minor)], device=DEVICE, terminal="card-1",
            shop=world.shop, at=world.clock(),
        )  # fmt: skip
        assert isinstance(placed, Placed)
        self.order_id = placed.order_id
        self.work()

    def work(self) -> None:
        for _ in range(6):
            work_once(
                worker=UUID(int=1), shop=self.world.shop, outside=self.outside, compose=compose,
                clock=self.world.clock, width=50, words=pushing,
            )  # fmt: skip
            self.world.clock.tick(5)

    @property
    def last(self) -> str:
        return list(self.mollie.theirs.payments)[-1]

    @property
    def stands(self) -> tuple[str, str, str]:
        shown = terminal.of_order(self.order_id)
        assert shown
        return self.world.state(self.order_id), str(shown.stand), shown.why

    def again(self) -> None:
        no = terminal.start_again(
            CUSTOMER, self.order_id, terminal="card-1", shop=self.world.shop, at=self.world.clock()
        )
        assert no is None
        self.work()


def test_a_card_that_is_held_to_the_machine_pays_once_and_what_is_not_delivered_goes_back(
    world: World, mollie: MolliePayments
) -> None:
    world.supplier.script = [world.supplier.refuses]
    till = Counter(world, mollie)
    assert till.stands == ("placed", "waiting", "")
    mollie.pay(till.last)
    till.work()
    assert till.stands == ("refunding", "approved", "")
    mollie.settle_refunds()
    world.clock.tick(60)
    till.work()
    assert (till.stands[0], world.balance("psp_clearing:mollie_terminal:EUR")) == ("refunded", 0)


def test_after_the_red_key_another_try_pays_and_a_first_one_that_is_paid_after_all_goes_back(
    world: World, mollie: MolliePayments
) -> None:
    till = Counter(world, mollie)
    first = till.last
    mollie.theirs.fail(first, "abandoned")
    till.work()
    assert till.stands == ("placed", "declined", "terminal_cancelled")
    till.again()
    mollie.pay(till.last)
    till.work()
    assert till.stands == ("delivered", "approved", "")
    mollie.pay(first)
    world.clock.tick(300)
    till.work()
    assert world.refunds() == [("second", 1500, "due")]
    mollie.settle_refunds()
    world.clock.tick(120)
    till.work()
    assert world.balance("psp_clearing:mollie_terminal:EUR") == 1500


def test_what_is_paid_on_the_machine_after_the_order_had_ended_goes_back(world: World, mollie: MolliePayments) -> None:
    till = Counter(world, mollie)
    world.clock.tick(21 * 60)
    till.work()
    mollie.theirs.fail(till.last, "expired")
    world.clock.tick(3600)
    till.work()
    assert till.stands == ("cancelled", "expired", "expired")
    mollie.pay(till.last)
    wake_payment("mollie_terminal", [till.last], at=world.clock())
    till.work()
    mollie.settle_refunds()
    world.clock.tick(120)
    till.work()
    assert (world.refunds(), world.balance("psp_clearing:mollie_terminal:EUR")) == ([("late", 1500, "done")], 0)
