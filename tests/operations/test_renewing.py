"""Standing renewals: told first, charged once a period under the ceiling, asked where that cannot be, and over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from core.test_bounced import report
from fakes import ANOTHER_WORKER, CUSTOMER, DEVICE, DIRECT, NUMBER, Playing, Provider, World
from opla.core.actor import Actor, Role
from opla.core.day import day_of
from opla.core.money import Money
from opla.core.ports import Answer, ChargeReport, ChargeRequest, Mandate
from opla.core.refusal import Code, Refusal
from opla.core.renewal import NOTICE_DAYS, State
from opla.db.queries import attempts
from opla.db.queries.call import select
from opla.operations import agree_renewal, change_renewal, mail_back, quarantine, renewals
from opla.operations.agree_renewal import Agreed, Typed
from opla.operations.place_orders import Placed, Placement
from opla.operations.renew import renew
from opla.operations.renewals import Standing
from support import at_once

DAY = timedelta(days=1)
OWNER = Actor(Role.OWNER, "ana")
SAID = "Do this again by itself."


@dataclass
class Keeper(Provider):
    """A provider that keeps consent, and charges by it with nobody there. `later` answers such a charge instead."""

    mandates: dict[str, bool] = field(default_factory=dict)
    days: int = 0
    keeps: bool = True
    later: list[ChargeReport] = field(default_factory=list)
    charged: list[ChargeRequest] = field(default_factory=list)
    asked: list[ChargeRequest] = field(default_factory=list)
    ends: list[Answer] = field(default_factory=list)

    def charge(self, request: ChargeRequest) -> ChargeReport:
        self.asked.append(request)
        if not request.mandate:
            return super().charge(request)
        if request.reference not in self.charges:
            self.charged.append(request)
            if self.later:
                self.charges[request.reference] = self.later.pop(0)
            elif not self.mandates.get(request.mandate):
                self.charges[request.reference] = ChargeReport(Answer.DECLINED, why="refused")
            else:
                minor = request.amount.amount_minor
                found = ChargeReport(Answer.SUCCEEDED, f"rec_{len(self.charges)}", "", minor, currency="EUR")
                self.charges[request.reference] = found
        return self.charges[request.reference]

    def fetch(self, reference: str, provider_id: str) -> ChargeReport | None:
        found = super().fetch(reference, provider_id)
        if found is None or found.captured_minor == 0 or found.mandate or not self.keeps:
            return found
        kept = [one for one in self.asked if one.reference == reference and one.keep]
        if not kept:
            return found
        mandate = f"man_{provider_id}"
        self.mandates.setdefault(mandate, True)
        return replace(found, mandate=Mandate(mandate, self.days))

    def end_mandate(self, mandate: str) -> Answer:
        answer = self.ends.pop(0) if self.ends else Answer.SUCCEEDED
        if answer is Answer.SUCCEEDED:
            self.mandates[mandate] = False
        return answer


@pytest.fixture
def keeper(world: World) -> Keeper:
    world.provider = Keeper()
    world.shop = replace(world.shop, keeping=frozenset({"sandbox"}))
    return world.provider


def agreed(world: World, rule: str = "days:30", cap: str = "15", month_cap: str = "") -> tuple[UUID, Standing]:
    """An order with a renewal, not paid yet."""
    quote = world.quote(DIRECT, number=NUMBER)
    read = agree_renewal.read(Typed(rule, cap, month_cap), quote, "sandbox", shop=world.shop)
    assert isinstance(read, Agreed), read
    placement = Placement(quote.id, quote.price.total.amount_minor, "sandbox")
    placed = agree_renewal.place(
        CUSTOMER, placement, read, quote, said=SAID, device=DEVICE, shop=world.shop, at=world.clock()
    )
    assert isinstance(placed, Placed), placed
    return placed.order_id, of(world)


def of(world: World) -> Standing:
    [found] = renewals.of_address("ana@example.org", shop=world.shop)
    return found


def begun(world: World, rule: str = "days:30", cap: str = "15", month_cap: str = "") -> Standing:
    """One whose first payment was made, its first period planned, and its first letter read."""
    agreed(world, rule, cap, month_cap)
    world.work()
    world.provider.session(-1, Answer.SUCCEEDED, 1500)
    world.wake()
    world.work(6)
    world.clock.tick(61)  # it was looked at when the money had come, and the credit had not
    world.work(2)
    assert of(world).kept.state is State.ACTIVE
    return of(world)


def subjects(world: World) -> list[str]:
    """What was written about renewals, in order."""
    return [m.subject for m in world.mailbox.sent if m.subject.startswith("renewal_")]


def change_ceiling(world: World, cap: str, month_cap: str = "") -> list[Refusal]:
    def said(most: Money, month: Money | None) -> str:
        return f"At most {most.decimal}, {month.decimal if month else 'no end'} in a month."

    return change_renewal.change_ceiling(
        CUSTOMER, of(world), cap, month_cap, said, shop=world.shop, at=world.clock()
    )  # fmt: skip


def go_to(world: World, when: datetime, minutes: int = 1) -> None:
    world.clock.now = when + timedelta(minutes=minutes)
    world.work(4)


def until_noticed(world: World) -> datetime:
    """To the moment at which the notice is out; when the charge is due."""
    kept = of(world).kept
    assert kept.last is not None
    charge_at = kept.last.due_at - kept.mandate_days * DAY
    for hours in range(-12, 1, 2):
        world.clock.now = charge_at - NOTICE_DAYS * DAY + timedelta(hours=hours)
        world.work(2)
    return charge_at


def until_charged(world: World) -> Standing:
    """To the day of the next charge, in steps that a notice needs."""
    go_to(world, until_noticed(world))
    world.clock.tick(61)
    world.work(4)
    return of(world)


def phases(world: World) -> list[str]:
    return [str(phase) for (phase,) in select("SELECT phase FROM renewal_period ORDER BY key")]


def test_from_the_box_to_the_second_delivery(world: World, keeper: Keeper) -> None:
    order_id, standing = agreed(world)
    assert standing.kept.state is State.WAITING_CONSENT
    world.work()
    assert [one.keep for one in keeper.asked] == [True]
    keeper.session(0, Answer.SUCCEEDED, 1500)
    world.wake()
    world.work(6)
    assert world.state(order_id) == "delivered"
    world.clock.tick(61)
    world.work(2)
    standing = of(world)
    assert standing.kept.state is State.ACTIVE
    assert subjects(world) == ["renewal_begun"]
    [begun_] = [m for m in world.mailbox.sent if m.subject == "renewal_begun"]
    assert SAID in begun_.text
    assert standing.whose.path in begun_.text

    standing = until_charged(world)
    assert [one.mandate for one in keeper.charged] == ["man_pay_1"]
    assert world.supplier.gave == 2
    assert phases(world) == ["delivered", "planned"]
    assert subjects(world) == ["renewal_begun", "renewal_notice", "renewal_charged"]


def test_a_charge_is_noticed_days_before_and_never_sooner(world: World, keeper: Keeper) -> None:
    standing = begun(world)
    assert standing.kept.last is not None
    due = standing.kept.last.due_at
    go_to(world, due - NOTICE_DAYS * DAY - timedelta(hours=13))
    assert "renewal_notice" not in subjects(world)
    go_to(world, due)  # the machine was off: the notice goes out late, and the charge waits for it
    assert subjects(world)[-1] == "renewal_notice"
    assert keeper.charged == []
    world.clock.now += NOTICE_DAYS * DAY - timedelta(minutes=2)
    world.work(4)
    assert keeper.charged == []
    world.clock.tick(180)
    world.work(4)
    assert len(keeper.charged) == 1


def test_what_cannot_be_told_is_not_charged(world: World, keeper: Keeper) -> None:
    standing = begun(world)
    assert standing.kept.last is not None
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(world.mailbox, "tell", lambda _message: Answer.UNKNOWN)
        for _ in range(12):
            world.clock.now += timedelta(days=3)
            world.work(3)
    assert keeper.charged == []
    assert "missed" in phases(world)


@pytest.mark.parametrize("before_it_is_noted", [False, True])
def test_a_notice_that_comes_back_later_is_none(
    world: World, keeper: Keeper, monkeypatch: pytest.MonkeyPatch, before_it_is_noted: bool
) -> None:
    """The relay took it, and a report says later that there is no such mailbox."""
    begun(world)

    def comes_back() -> None:
        [reference] = [m.reference for m in world.mailbox.sent if m.subject == "renewal_notice"]
        assert mail_back.came_back(report(reference=reference), shop=world.shop, at=world.clock())

    if before_it_is_noted:
        finish = attempts.finish_outbox

        def finished(*done: object, **when: object) -> None:
            if subjects(world)[-1] == "renewal_notice":
                monkeypatch.undo()
                comes_back()
            finish(*done, **when)  # type: ignore[arg-type]  # as it was called

        monkeypatch.setattr(attempts, "finish_outbox", finished)
    due = until_noticed(world)
    if not before_it_is_noted:
        comes_back()
    assert mail_back.dead({"ana@example.org"}, shop=world.shop, at=world.clock())
    for days in range(8):
        go_to(world, due + days * DAY)
    assert keeper.charged == []
    assert phases(world)[0] == "missed"


def test_a_notice_that_comes_back_after_its_charge_changes_nothing_of_it(world: World, keeper: Keeper) -> None:
    begun(world)
    until_charged(world)
    [reference] = [m.reference for m in world.mailbox.sent if m.subject == "renewal_notice"]
    assert mail_back.came_back(report(reference=reference), shop=world.shop, at=world.clock())
    assert phases(world) == ["delivered", "planned"]
    assert mail_back.dead({"ana@example.org"}, shop=world.shop, at=world.clock())


def test_two_workers_at_once_charge_once(world: World, keeper: Keeper) -> None:
    standing = begun(world)
    assert standing.kept.last is not None
    world.clock.now = until_noticed(world) + timedelta(minutes=1)
    stale = of(world).kept

    def turn() -> int:
        from opla.operations.renew import _Look

        _Look(Standing(stale, standing.whose), world.shop, world.clock()).look()
        return 1

    at_once(turn, turn, turn)
    world.work(4)
    assert len(keeper.charged) == 1
    assert select("SELECT count(*) FROM orders") == [(2,)]


def test_a_worker_that_dies_between_notice_and_charge_leaves_one_charge(world: World, keeper: Keeper) -> None:
    standing = begun(world)
    assert standing.kept.last is not None
    world.clock.now = until_noticed(world) + timedelta(minutes=1)
    assert renew(shop=world.shop, at=world.clock()) == 1  # placed, and then nothing more of this worker
    assert phases(world) == ["placed"]
    world.work(3, worker=ANOTHER_WORKER)
    world.clock.tick(61)
    world.work(3, worker=ANOTHER_WORKER)
    assert len(keeper.charged) == 1
    assert phases(world) == ["delivered", "planned"]


def test_what_is_skipped_is_not_charged_and_the_next_is(world: World, keeper: Keeper) -> None:
    standing = begun(world)
    assert standing.kept.last is not None
    first = standing.kept.last
    assert change_renewal.skip(CUSTOMER, standing, shop=world.shop, at=world.clock()) is None
    after = of(world).kept.last
    assert after is not None
    assert after.key == first.key + 30 * DAY
    go_to(world, first.due_at)
    assert keeper.charged == []
    until_charged(world)
    assert len(keeper.charged) == 1
    assert phases(world) == ["skipped", "delivered", "planned"]


@pytest.mark.parametrize("rule", ["days:7", "days:30", "ends", "monthly"])
def test_after_not_this_time_nothing_is_charged_on_that_day(world: World, keeper: Keeper, rule: str) -> None:
    """A week's rule on a plan of thirty days waits for its end: skipped on the day of the notice, it is not back."""
    begun(world, f"monthly:{world.clock().day}" if rule == "monthly" else rule)
    due = until_noticed(world)
    assert change_renewal.skip(CUSTOMER, of(world), shop=world.shop, at=world.clock()) is None
    after = of(world).kept.last
    assert after is not None
    assert day_of(after.due_at) > day_of(due)
    for days in range(5):
        go_to(world, due + days * DAY)
    assert keeper.charged == []
    assert phases(world) == ["skipped", "planned"]


def test_ended_while_its_charge_is_unopened_nothing_is_charged(world: World, keeper: Keeper) -> None:
    standing = begun(world)
    assert standing.kept.last is not None
    world.clock.now = until_noticed(world) + timedelta(minutes=1)
    assert renew(shop=world.shop, at=world.clock()) == 1
    assert change_renewal.end(CUSTOMER, of(world), shop=world.shop, at=world.clock()) is None
    world.work(4)
    assert keeper.charged == []
    assert list(keeper.mandates.values()) == [False]
    assert subjects(world)[-1] == "renewal_ended"
    world.clock.now += 3 * DAY
    world.work(3)
    assert select("SELECT state FROM orders ORDER BY placed_at") == [("delivered",), ("cancelled",)]


def test_above_the_ceiling_nothing_is_charged_and_somebody_is_asked(world: World, keeper: Keeper) -> None:
    begun(world)
    world.shop = replace(world.shop, terms=replace(world.shop.terms, fee_minor=1))
    until_charged(world)
    assert keeper.charged == []
    assert phases(world) == ["asked", "planned"]
    assert subjects(world)[-1] == "renewal_asked"
    until_charged(world)
    assert of(world).kept.state is State.PAUSED
    assert subjects(world)[-1] == "renewal_paused"
    assert keeper.charged == []


def test_the_ceiling_of_a_month_holds(world: World, keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    for where in ("renewals", "renew"):  # nobody knows what it does, so every week it is
        monkeypatch.setattr(f"opla.operations.{where}.effect_now", lambda _sku, _face: None)
    begun(world, "days:7", "15", "15")
    until_charged(world)  # 29 November
    assert len(keeper.charged) == 1
    until_charged(world)  # 6 December: another month
    assert len(keeper.charged) == 2
    until_charged(world)
    assert len(keeper.charged) == 2
    assert phases(world) == ["delivered", "delivered", "asked", "planned"]


def test_a_bank_that_wants_the_person_gets_them_and_the_order_is_delivered_once(world: World, keeper: Keeper) -> None:
    begun(world)
    keeper.later = [ChargeReport(Answer.DECLINED, "rec_x", why="authentication", currency="EUR")]
    until_charged(world)
    assert phases(world) == ["refused"]
    assert subjects(world)[-1] == "renewal_not_charged"
    letter = world.mailbox.sent[-1]
    assert "authentication" in letter.text
    assert "/o/" in letter.text
    [(order_id,)] = select("SELECT order_id FROM renewal_period")
    assert isinstance(order_id, UUID)
    assert world.pay_again(order_id) is None
    world.work()
    assert keeper.asked[-1].mandate == ""
    assert keeper.asked[-1].keep is False
    keeper.session(-1, Answer.SUCCEEDED, 1500)
    world.wake()
    world.work(4)
    assert world.state(order_id) == "delivered"
    world.clock.tick(3700)
    world.work(3)
    assert phases(world) == ["delivered", "planned"]
    assert of(world).kept.refused == 0
    assert world.supplier.gave == 2


def test_a_try_by_hand_that_is_left_leaves_the_days_that_were_promised(world: World, keeper: Keeper) -> None:
    begun(world)
    keeper.later = [ChargeReport(Answer.DECLINED, "rec_x", why="authentication", currency="EUR")]
    until_charged(world)
    [(order_id,)] = select("SELECT order_id FROM renewal_period")
    assert isinstance(order_id, UUID)
    assert world.pay_again(order_id) is None
    world.work()
    keeper.session(-1, Answer.DECLINED, why="abandoned")
    world.wake()
    world.work()
    world.clock.now += DAY
    world.work(3)
    assert world.pay_again(order_id) is None
    world.work()
    keeper.session(-1, Answer.SUCCEEDED, 1500)
    world.wake()
    world.work(4)
    assert world.state(order_id) == "delivered"


def test_a_provider_that_lets_nobody_in_for_days_is_no_refusal_to_be_paid_by_hand(
    world: World, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(world)
    charge = keeper.charge
    locked = ChargeReport(Answer.NOT_SENT, why="key_wrong")
    monkeypatch.setattr(keeper, "charge", lambda asked: locked if asked.mandate else charge(asked))
    until_charged(world)
    for _ in range(24):
        world.clock.tick(3 * 3600)
        world.work(2)
    assert select("SELECT state FROM orders ORDER BY placed_at") == [("delivered",), ("cancelled",)]
    [message] = [m for m in world.mailbox.sent if m.subject in ("renewal_not_charged", "renewal_asked")]
    assert message.subject == "renewal_asked"
    assert "expired" in message.text
    assert "/o/" not in message.text
    assert phases(world) == ["unpaid", "planned"]


def test_whoever_was_told_of_a_charge_that_nobody_made_hears_that_it_was_not(world: World, keeper: Keeper) -> None:
    """The notice was out; then no worker ran for longer than it holds."""
    begun(world)
    go_to(world, until_noticed(world) + 4 * DAY)
    assert keeper.charged == []
    assert phases(world)[0] == "missed"
    [message] = [m for m in world.mailbox.sent if m.subject == "renewal_asked"]
    assert "late" in message.text.split()


def test_what_a_restore_forgot_may_have_been_charged_so_it_is_not_charged_again(world: World, keeper: Keeper) -> None:
    """The backup ends after the notice, and the disk went after the charge. The next period is charged as ever."""
    begun(world)
    charge_at = until_noticed(world)
    known_until = world.clock()
    world.clock.now = charge_at + timedelta(hours=1)
    assert quarantine.enter(OWNER, backup="b", restored_to=known_until, shop=world.shop, at=world.clock())
    for area, name in (("payments", "sandbox"), ("suppliers", "sandbox")):
        assert quarantine.compared(OWNER, area, name, "looked", at=world.clock()) is None
    assert quarantine.leave(OWNER, shop=world.shop, outside=Playing(world), at=world.clock()) == []
    go_to(world, world.clock())
    go_to(world, charge_at + 4 * DAY)
    assert (keeper.charged, phases(world)[0]) == ([], "missed")
    until_charged(world)
    assert len(keeper.charged) == 1


def test_two_refusals_in_a_row_pause_it_and_say_so(world: World, keeper: Keeper) -> None:
    begun(world)
    for _ in range(2):
        keeper.later = [ChargeReport(Answer.DECLINED, why="refused")]
        until_charged(world)
        world.clock.now += 3 * DAY
        world.work(4)
        world.clock.tick(3700)
        world.work(4)
    assert of(world).kept.state is State.PAUSED
    assert phases(world) == ["unpaid", "unpaid"]
    assert subjects(world)[-2:] == ["renewal_notice", "renewal_paused"]
    assert len(keeper.charged) == 2
    assert change_renewal.resume(CUSTOMER, of(world), shop=world.shop, at=world.clock()) is None
    world.work(2)
    assert of(world).kept.state is State.ACTIVE
    assert phases(world) == ["unpaid", "unpaid", "planned"]


def test_a_charge_that_nobody_can_tell_of_is_never_made_again(world: World, keeper: Keeper) -> None:
    begun(world)
    keeper.later = [ChargeReport(Answer.UNKNOWN, why="timeout")] * 50
    until_charged(world)
    for _ in range(40):
        world.clock.now += DAY
        world.work(2)
    assert len(keeper.charged) == 1
    assert phases(world) == ["placed"]
    assert "unknown_charge" in world.items()


def test_without_consent_it_ends_and_says_so(world: World, keeper: Keeper) -> None:
    keeper.keeps = False
    agreed(world)
    world.work()
    keeper.session(0, Answer.SUCCEEDED, 1500)
    world.wake()
    world.work(4)
    world.clock.now += 3 * DAY
    world.work(3)
    assert of(world).kept.state is State.ENDED
    assert subjects(world) == ["renewal_not_begun"]


def test_consent_that_comes_after_the_end_is_ended_at_the_provider(world: World, keeper: Keeper) -> None:
    agreed(world)
    world.work()
    assert change_renewal.end(CUSTOMER, of(world), shop=world.shop, at=world.clock()) is None
    keeper.ends = [Answer.UNKNOWN]
    keeper.session(0, Answer.SUCCEEDED, 1500)
    world.wake()
    world.work(3)
    assert of(world).kept.state is State.ENDED
    assert list(keeper.mandates.values()) == [True]  # they did not answer
    world.clock.tick(11)
    world.work(2)
    assert list(keeper.mandates.values()) == [False]
    assert select("SELECT state, sealed FROM mandate") == [("ended", None)]


def test_money_that_takes_days_is_asked_for_earlier_and_the_line_has_it_on_its_day(
    world: World, keeper: Keeper
) -> None:
    keeper.days = 5
    begun(world)
    last = of(world).kept.last
    assert last is not None
    until_charged(world)
    assert len(keeper.charged) == 1
    assert world.supplier.gave == 1
    go_to(world, last.due_at)
    go_to(world, last.due_at, 70)
    assert world.supplier.gave == 2
    assert phases(world)[0] == "delivered"


@pytest.mark.parametrize("after", [timedelta(minutes=5), timedelta(hours=1), DAY])
def test_consent_that_is_told_only_at_a_late_look_is_kept(world: World, keeper: Keeper, after: timedelta) -> None:
    agreed(world)
    asked_at = world.clock()
    world.work()
    keeper.keeps = False  # it is pending there, or that look was lost
    keeper.session(0, Answer.SUCCEEDED, 1500)
    world.wake()
    world.work(6)
    for earlier in (timedelta(minutes=5), timedelta(hours=1), DAY):
        if earlier < after:
            world.clock.now = asked_at + earlier + timedelta(seconds=1)
            world.work(3)
    assert of(world).kept.state is State.WAITING_CONSENT
    keeper.keeps = True
    world.clock.now = asked_at + after + timedelta(seconds=1)
    world.work(3)
    assert of(world).kept.state is State.ACTIVE
    assert select("SELECT state, spare FROM mandate") == [("kept", False)]
    assert subjects(world) == ["renewal_begun"]


def test_a_direct_debit_that_takes_its_days_does_not_let_its_order_expire(world: World, keeper: Keeper) -> None:
    keeper.days = 5
    begun(world)
    keeper.later = [ChargeReport(Answer.PENDING, "rec_x", currency="EUR")]
    until_charged(world)
    [charged] = keeper.charged
    for _ in range(6):  # a day more than it should take
        world.clock.now += DAY
        world.work(3)
    assert select("SELECT state FROM orders ORDER BY placed_at") == [("delivered",), ("placed",)]
    assert phases(world) == ["placed"]
    keeper.charges[charged.reference] = ChargeReport(Answer.SUCCEEDED, "rec_x", "", 1500, currency="EUR")
    world.wake()
    world.work(4)
    world.clock.tick(3700)
    world.work(4)
    assert select("SELECT state FROM orders ORDER BY placed_at") == [("delivered",), ("delivered",)]
    assert len(keeper.charged) == 1
    assert phases(world) == ["delivered", "planned"]
    assert world.items() == []


def test_a_new_ceiling_leaves_who_and_what_the_words_and_a_letter(world: World, keeper: Keeper) -> None:
    begun(world)
    assert change_ceiling(world, "20", "40") == []
    assert change_ceiling(world, "20", "40") == []  # the same page sent twice
    assert change_ceiling(world, "25") == []
    world.work(2)
    assert select("SELECT actor, why FROM event WHERE name = 'ceiling' ORDER BY id") == [
        (str(CUSTOMER), "1500 EUR → 2000 EUR, 4000 EUR"),
        (str(CUSTOMER), "2000 EUR, 4000 EUR → 2500 EUR"),
    ]
    assert of(world).kept.agreed.split("\n") == [
        SAID, "At most 20.00, 40.00 in a month.", "At most 25.00, no end in a month."
    ]  # fmt: skip
    assert subjects(world) == ["renewal_begun", "renewal_ceiling", "renewal_ceiling"]
    assert "2500" in world.mailbox.sent[-1].text


@pytest.mark.parametrize(("cap", "charged"), [("14.99", 0), ("15", 1)])
def test_a_ceiling_lowered_before_the_charge_left_holds_for_it(
    world: World, keeper: Keeper, cap: str, charged: int
) -> None:
    begun(world)
    world.clock.now = until_noticed(world) + timedelta(minutes=1)
    assert renew(shop=world.shop, at=world.clock()) == 1  # placed under the higher one
    assert change_ceiling(world, cap) == []
    world.work(4)
    assert len(keeper.charged) == charged
    world.clock.tick(61)
    world.work(2)
    assert of(world).kept.refused == 0


def test_pausing_drops_what_is_planned_and_going_on_plans_it_again(world: World, keeper: Keeper) -> None:
    standing = begun(world)
    assert change_renewal.pause(CUSTOMER, standing, shop=world.shop, at=world.clock()) is None
    assert change_renewal.pause(CUSTOMER, of(world), shop=world.shop, at=world.clock()) == Refusal(Code.RENEWAL_NOT_NOW)
    assert standing.kept.last is not None
    go_to(world, standing.kept.last.due_at)
    assert keeper.charged == []
    assert change_renewal.resume(CUSTOMER, of(world), shop=world.shop, at=world.clock()) is None
    world.work(2)
    assert phases(world) == ["dropped", "planned"]
    until_charged(world)
    assert len(keeper.charged) == 1


@pytest.mark.parametrize("rule", ["ends", "days:30"])
@pytest.mark.parametrize("noticed", [False, True])
def test_going_on_before_the_day_goes_on_with_that_day(world: World, keeper: Keeper, rule: str, noticed: bool) -> None:
    """Paused by mistake, and gone on with: the coming charge is not lost, and what was told of it is told again."""
    before = begun(world, rule).kept.last
    if noticed:
        until_noticed(world)
    assert change_renewal.pause(CUSTOMER, of(world), shop=world.shop, at=world.clock()) is None
    world.clock.tick(60)
    assert change_renewal.resume(CUSTOMER, of(world), shop=world.shop, at=world.clock()) is None
    world.work(2)
    after = of(world).kept.last
    assert before is not None
    assert after is not None
    assert (after.key, after.due_at) == (before.key, before.due_at)
    until_charged(world)
    world.clock.tick(3 * 3600)
    world.work(4)
    assert len(keeper.charged) == 1
    assert phases(world) == ["delivered", "planned"]
    assert subjects(world).count("renewal_notice") == 1 + noticed


def test_gone_on_with_on_the_day_before_it_is_told_first_all_the_same(world: World, keeper: Keeper) -> None:
    last = begun(world).kept.last
    assert last is not None
    until_noticed(world)
    assert change_renewal.pause(CUSTOMER, of(world), shop=world.shop, at=world.clock()) is None
    world.clock.now = last.due_at - DAY
    assert change_renewal.resume(CUSTOMER, of(world), shop=world.shop, at=world.clock()) is None
    world.work(3)
    go_to(world, last.due_at + (NOTICE_DAYS - 1) * DAY, -10)
    assert keeper.charged == []
    go_to(world, last.due_at + (NOTICE_DAYS - 1) * DAY, 10)
    assert len(keeper.charged) == 1


def test_the_owner_ends_one_and_a_worker_may_not(world: World, keeper: Keeper) -> None:
    standing = begun(world)
    by_system = change_renewal.end(Actor(Role.SYSTEM), standing, shop=world.shop, at=world.clock())
    assert isinstance(by_system, Refusal)
    assert by_system.code is Code.NOT_ALLOWED
    assert change_renewal.skip(OWNER, standing, shop=world.shop, at=world.clock()) is not None
    assert change_renewal.end(OWNER, standing, shop=world.shop, at=world.clock()) is None
    assert change_renewal.end(OWNER, of(world), shop=world.shop, at=world.clock()) is None  # it is ended already


def test_when_the_plan_ends_it_is_renewed_without_taking_anything_away(world: World, keeper: Keeper) -> None:
    standing = begun(world, "ends")
    assert standing.kept.last is not None
    assert standing.kept.delivered_at is not None
    assert standing.kept.last.due_at > standing.kept.delivered_at + 20 * DAY
    until_charged(world)
    assert len(keeper.charged) == 1


@pytest.mark.parametrize("rule", ["ends", "days:30"])
def test_what_was_bought_by_hand_meanwhile_is_not_destroyed(world: World, keeper: Keeper, rule: str) -> None:
    """The same for the same SIM, ten days before its charge: that waits until the new one has ended, and says so."""
    standing = begun(world, rule)
    assert standing.kept.last is not None
    due = standing.kept.last.due_at
    world.clock.now = due - 10 * DAY
    bought = world.paid(DIRECT)
    world.work(3)
    assert world.state(bought) == "delivered"
    until_noticed(world)
    go_to(world, due)
    go_to(world, due + DAY)
    assert keeper.charged == []
    assert "renewal_notice" not in subjects(world)
    last = of(world).kept.last
    assert last is not None
    assert last.due_at >= due + 20 * DAY
    until_charged(world)
    assert len(keeper.charged) == 1
    assert phases(world) == ["delivered", "planned"]


def test_what_was_bought_by_hand_after_the_notice_is_asked_about(world: World, keeper: Keeper) -> None:
    begun(world, "ends")
    until_noticed(world)
    world.paid(DIRECT)
    until_charged(world)
    assert keeper.charged == []
    assert phases(world) == ["asked", "planned"]


def test_an_interval_that_would_take_something_away_waits_until_it_does_not(world: World, keeper: Keeper) -> None:
    standing = begun(world, "days:7")
    safe = renewals.safe_now(standing.kept, standing.kept.delivered_at or world.clock(), shop=world.shop)
    assert standing.kept.last is not None
    assert safe is not None
    assert standing.kept.last.due_at >= safe.free


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (Typed("days:30", "14.99"), Code.CEILING_TOO_LOW),
        (Typed("days:30", "20", "19"), Code.CEILING_TOO_LOW),
        (Typed("days:30", "much"), Code.AMOUNT_UNREADABLE),
        (Typed("days:5", "15"), Code.INTERVAL_UNKNOWN),
        (Typed("hourly", "15"), Code.INTERVAL_UNKNOWN),
    ],
)
def test_what_cannot_be_agreed_to_is_refused_by_name(world: World, keeper: Keeper, typed: Typed, code: Code) -> None:
    quote = world.quote(DIRECT, number=NUMBER)
    refused = agree_renewal.read(typed, quote, "sandbox", shop=world.shop)
    assert isinstance(refused, list)
    assert [one.code for one in refused] == [code]


def test_a_code_is_not_renewed_nor_anything_in_a_shop_that_keeps_no_consent(world: World, keeper: Keeper) -> None:
    assert agree_renewal.choices(world.quote(), shop=world.shop) is None
    without = replace(world.shop, keeping=frozenset())
    assert agree_renewal.choices(world.quote(DIRECT, number=NUMBER), shop=without) is None


def test_the_key_to_somebodys_money_is_sealed(world: World, keeper: Keeper) -> None:
    begun(world)
    [(sealed,)] = select("SELECT sealed FROM mandate")
    assert isinstance(sealed, bytes)
    assert b"man_pay_1" not in sealed
    text = "man_pay_1"
    for table in ("attempt_evidence", "event", "outbox", "renewal", "mandate", "attempt"):
        rows = select(f"SELECT t::text FROM {table} t")
        assert all(text not in str(row) for row in rows), table


def test_a_payment_that_the_bank_took_back_is_followed_by_no_other(world: World, keeper: Keeper) -> None:
    begun(world)
    [(first, before)] = list(keeper.charges.items())
    keeper.charges[first] = replace(before, charged_back_minor=1500)
    world.wake()
    world.work(2)
    until_charged(world)
    assert keeper.charged == []
    assert of(world).kept.state is State.ENDED
    assert subjects(world)[-1] == "renewal_ended"
    assert "charged_back" in world.mailbox.sent[-1].text
    assert list(keeper.mandates.values()) == [False]


def test_consent_that_came_with_a_second_payment_is_ended_and_the_first_stays(world: World, keeper: Keeper) -> None:
    order_id, _ = agreed(world)
    world.work()
    keeper.session(0, Answer.DECLINED, why="expired")
    world.wake()
    world.work()
    assert world.pay_again(order_id) is None
    world.work()
    assert [one.keep for one in keeper.asked] == [True, True]
    keeper.session(1, Answer.SUCCEEDED, 1500)
    keeper.session(0, Answer.SUCCEEDED, 1500)
    world.wake()
    world.work(6)
    assert sorted(keeper.mandates.values()) == [False, True]
    assert select("SELECT spare, state FROM mandate ORDER BY spare") == [(False, "kept"), (True, "ended")]
    assert of(world).kept.state is State.ACTIVE
    assert world.refunds() == [("second", 1500, "done")]


def test_a_way_of_paying_that_the_shop_gave_up_is_not_charged(world: World, keeper: Keeper) -> None:
    begun(world)
    world.shop = replace(world.shop, keeping=frozenset())
    until_charged(world)
    assert keeper.charged == []
    assert phases(world) == ["asked", "planned"]


def test_what_is_charged_and_given_back_twice_in_a_row_pauses_it(world: World, keeper: Keeper) -> None:
    """A number that is closed: it would be charged and refunded for ever."""
    begun(world, "ends")
    for n in (1, 2):
        world.supplier.script = [world.supplier.refuses]
        until_charged(world)
        world.clock.tick(61)
        world.work(4)
        assert of(world).kept.refused == n
        assert world.refunds() == [("declined", 1500, "done")] * n
    assert phases(world) == ["returned", "returned"]
    assert of(world).kept.state is State.PAUSED
    assert subjects(world)[-2:] == ["renewal_notice", "renewal_paused"]


def test_whoever_ends_it_while_a_worker_takes_the_charge_up_is_heard(
    world: World, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taken up, and its payment on the way to the socket: the last moment at which nothing has left."""
    begun(world)
    world.clock.now = until_noticed(world) + timedelta(minutes=1)
    before = attempts.sending

    def sending(worker: UUID, claimed: Sequence[tuple[UUID, int]]) -> set[UUID]:
        assert change_renewal.end(CUSTOMER, of(world), shop=world.shop, at=world.clock()) is None
        return before(worker, claimed)

    renew(shop=world.shop, at=world.clock())
    monkeypatch.setattr(attempts, "sending", sending)
    world.work()
    monkeypatch.undo()
    world.work(2)
    assert keeper.charged == []
    assert subjects(world)[-1] == "renewal_ended"


def test_paused_before_its_charge_left_is_no_refusal(world: World, keeper: Keeper) -> None:
    begun(world)
    world.clock.now = until_noticed(world) + timedelta(minutes=1)
    renew(shop=world.shop, at=world.clock())
    assert change_renewal.pause(CUSTOMER, of(world), shop=world.shop, at=world.clock()) is None
    world.work(2)
    world.clock.tick(61)
    world.work(2)
    world.clock.now += 3 * DAY
    world.work(2)
    world.clock.tick(3700)
    world.work(2)
    assert keeper.charged == []
    assert phases(world) == ["unpaid"]
    assert of(world).kept.refused == 0
    assert subjects(world)[-1] == "renewal_paused"
