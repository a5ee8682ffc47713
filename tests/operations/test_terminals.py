"""Paying by card at a counter, from the machine that is rung to the payout of what it took, with books that hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from fakes import CODE, CUSTOMER, DEVICE, DIRECT, NUMBER, Playing, World, compose, pushing
from opla.core.actor import Actor, Role
from opla.core.attempt import Kind as Attempt
from opla.core.ledger import CASH, TERMINAL
from opla.core.places import Kind as PlaceKind
from opla.core.places import Place
from opla.core.ports import Answer, Charges
from opla.core.refusal import Code, Refusal
from opla.db.models import Place as PlaceRow
from opla.db.queries import attempts, terminals
from opla.db.queries.call import select
from opla.db.queries.codes import NewCode, Stock, stock
from opla.operations import cash, place_files, places, sample_till, shop, terminal
from opla.operations.drawers import keep_drawer
from opla.operations.pay_again import pay_again
from opla.operations.payouts import Looked
from opla.operations.place_orders import Placed, Placement, place_orders
from opla.operations.reveal_code import reveal
from opla.operations.terminal import Stand, Wish
from opla.operations.work import settle_claims, work_once
from opla.payments.terminal.provider import ReadByClerks
from opla.suppliers.code_stock.provider import OwnStock
from support import as_owner, at_once

OWNER, CLERK = Actor(Role.OWNER, "ana"), Actor(Role.SUPPORT, "eve")
TILL, OTHER_TILL, KIOSK = "counter-1", "counter-2", "main-kiosk"
OURS, THEIRS = "counter-1-bank", "counter-1-mollie"
COUNTER = Place(
    "own", "1", PlaceKind.PARTNER, "Phone Shop", street="Kerkstraat 1", postcode="1000", city="Brussel", hours="24/7"
)


class AtTheCounter(Playing):
    """The outside as it is, with our slips beside the test's provider."""

    def payment(self, name: str) -> Charges:  # type: ignore[override]  # any provider, not the test's alone
        if name == TERMINAL:
            return ReadByClerks(terminals.Slips(self.world.clock))
        return self.world.provider

    def refunds(self, name: str) -> ReadByClerks:  # type: ignore[override]
        found = self.payment(name)
        assert isinstance(found, ReadByClerks)
        return found


@pytest.fixture
def counter(world: World) -> World:
    """A shop with two tills, a machine of ours and one of theirs at the first, and codes on its shelf."""
    world.shop = replace(
        world.shop,
        payment_methods=("sandbox", CASH),
        counter_methods=(TERMINAL, "mollie_terminal"),
        routes=("code_stock", "sandbox"),
    )
    world.others["code_stock"] = OwnStock(Stock(lambda: world.clock().date()))
    places.keep(OWNER, [COUNTER], at=world.clock())
    place_id = PlaceRow.objects.get(source="own", ref="1").id
    for till in (TILL, OTHER_TILL):
        assert keep_drawer(OWNER, till, place_id, is_open=True, sandbox=True, at=world.clock()) is None
    assert keep(world, OURS, TERMINAL, drawer=TILL) is None
    assert keep(world, THEIRS, "mollie_terminal", their_id="term_000001", drawer=TILL) is None
    return world


def keep(
    world: World, name: str, method: str, *, their_id: str = "", drawer: str = "", station: str = "",
    is_open: bool = True, actor: Actor = OWNER,
) -> str | None:  # fmt: skip
    no = terminal.keep_terminal(
        actor, name, method, their_id=their_id, drawer=drawer, station=station, is_open=is_open, shop=world.shop,
        at=world.clock(),
    )  # fmt: skip
    return str(no.code) if no else None


def work(world: World, rounds: int = 5) -> None:
    for _ in range(rounds):
        work_once(
            worker=UUID(int=1), shop=world.shop, outside=AtTheCounter(world), compose=compose, clock=world.clock,
            width=50, words=pushing,
        )  # fmt: skip


def started(world: World, *skus: str, on: str = OURS) -> tuple[list[UUID], UUID]:
    """Orders that are to be paid on this machine, and their payment."""
    quotes = [world.quote(sku, number=NUMBER if sku == DIRECT else "") for sku in skus or (CODE,)]
    wishes = [Wish(q.id, q.price.total.amount_minor) for q in quotes]
    placed = terminal.start(CUSTOMER, wishes, device=DEVICE, terminal=on, shop=world.shop, at=world.clock())
    ids = [one.order_id for one in placed if isinstance(one, Placed)]
    assert len(ids) == len(quotes), placed
    work(world)
    found = terminal.of_order(ids[0])
    assert found
    return ids, found.payment_id


def stand(payment_id: UUID) -> str:
    found = terminal.state(payment_id)
    assert found
    return str(found.stand)


def confirm(world: World, payment_id: UUID, receipt: str = "0001", key: UUID | None = None) -> str | None:
    no = terminal.confirm(CLERK, key or uuid4(), payment_id, receipt, at=world.clock())
    return str(no.code) if no else None


def refuse(world: World, payment_id: UUID) -> str | None:
    no = terminal.refuse(CLERK, uuid4(), payment_id, at=world.clock())
    return str(no.code) if no else None


def approved(world: World, payment_id: UUID, receipt: str = "0001") -> UUID:
    key = uuid4()
    assert confirm(world, payment_id, receipt, key) is None
    return key


def void(world: World, slip: UUID, receipt: str = "", why: str = "twice") -> str | None:
    no = terminal.void(CLERK, slip, receipt=receipt, why=why, shop=world.shop, at=world.clock())
    return str(no.code) if no else None


def stocked(world: World, n: int = 1) -> None:
    for _ in range(n):
        pin = NewCode(uuid4(), CODE, f"{uuid4().int % 10**13:013d}", "S", 1400, "EUR", None)
        stock([pin], batch=uuid4(), actor=OWNER, at=world.clock(), keyring=world.shop.keyring)


def minor(world: World) -> tuple[int, int]:
    """What the books say the acquirer has of ours, and what its machine's own total must be."""
    told = terminal.slips(TILL, world.clock() - timedelta(days=30), world.clock() + timedelta(seconds=1))
    return world.balance("psp_clearing:terminal:EUR"), told.minor


# ── a clerk reads it ──


def test_what_a_clerk_confirms_is_captured_and_delivered_and_stands_with_the_acquirer(counter: World) -> None:
    [order_id], payment_id = started(counter)
    assert stand(payment_id) == "waiting"
    assert confirm(counter, payment_id, " 00 01 ") is None
    shown = terminal.state(payment_id)
    assert shown
    assert (shown.told, shown.by_clerk, shown.terminal.name) == (True, True, OURS)
    work(counter)
    assert (stand(payment_id), counter.state(order_id)) == ("approved", "delivered")
    assert (minor(counter), counter.items()) == ((1500, 1500), [])
    [slip] = terminals.slips(TILL, limit=9)
    assert (slip.receipt, slip.actor, slip.payment_id) == ("0001", "support:eve", payment_id)


def test_a_no_ends_the_try_and_another_way_pays_for_all_of_it(counter: World) -> None:
    [order_id], payment_id = started(counter)
    assert refuse(counter, payment_id) is None
    work(counter)
    assert (stand(payment_id), counter.state(order_id)) == ("declined", "placed")
    counter.clock.tick(5)
    assert terminal.start_again(CUSTOMER, order_id, terminal=OURS, shop=counter.shop, at=counter.clock()) is None
    work(counter)
    again = terminal.of_order(order_id)
    assert again
    assert again.payment_id != payment_id
    assert confirm(counter, again.payment_id) is None
    work(counter)
    assert (counter.state(order_id), minor(counter)) == ("delivered", (1500, 1500))


def test_while_one_payment_is_open_no_other_way_begins(counter: World) -> None:
    [order_id], payment_id = started(counter)
    assert pay_again(CUSTOMER, order_id, shop=counter.shop, method=CASH, at=counter.clock()) is None
    assert terminal.start_again(CUSTOMER, order_id, terminal=THEIRS, shop=counter.shop, at=counter.clock()) is None
    [(payments,)] = select("SELECT count(*) FROM payment")
    assert (payments, stand(payment_id)) == (1, "waiting")


def test_a_button_pressed_twice_tells_once_and_nobody_says_the_other_thing_then(counter: World) -> None:
    _, payment_id = started(counter)
    key = uuid4()
    assert [confirm(counter, payment_id, key=key) for _ in range(2)] == [None, None]
    assert confirm(counter, payment_id, "0002", key) == "key_reused"
    assert confirm(counter, payment_id, "0002") == "slip_told"
    assert refuse(counter, payment_id) == "slip_told"
    work(counter)
    assert minor(counter) == (1500, 1500)


def test_of_eight_clerks_at_once_one_tells(counter: World) -> None:
    _, payment_id = started(counter)
    found = at_once(*[lambda n=n: confirm(counter, payment_id, f"{n:04d}") for n in range(8)])
    assert sorted(found, key=str) == [None, *["slip_told"] * 7]
    work(counter)
    assert minor(counter) == (1500, 1500)


def test_a_receipt_is_of_one_payment_a_day_and_a_till(counter: World) -> None:
    (_, first), (_, second) = started(counter), started(counter)
    assert confirm(counter, first, "77") is None
    assert confirm(counter, second, "77") == "receipt_used"
    for wrong in ("", "  ", "7;7", "x" * 40):
        assert confirm(counter, second, wrong) == "receipt_invalid"
    work(counter)
    counter.clock.tick(24 * 3600)
    assert confirm(counter, second, "77") is None
    work(counter)


def test_a_machine_that_said_yes_after_the_order_had_ended_is_believed_and_its_money_goes_back(counter: World) -> None:
    [order_id], payment_id = started(counter)
    for _ in range(2):
        counter.clock.tick(3600)
        work(counter)
    assert (counter.state(order_id), stand(payment_id)) == ("cancelled", "expired")
    assert confirm(counter, payment_id) is None
    work(counter)
    assert (counter.state(order_id), counter.items()) == ("refunding", ["slip_due"])
    [owed] = terminal.owed(ticket(order_id))
    assert give_back(counter, owed.reference) is None
    work(counter)
    assert (counter.refunds(), minor(counter), counter.items()) == ([("late", 1500, "done")], (0, 0), [])


def ticket(order_id: UUID) -> str:
    [(found,)] = select("SELECT ticket FROM orders WHERE id = %s", [order_id])
    return str(found)


def give_back(world: World, reference: str, receipt: str = "0002", drawer: str = TILL) -> str | None:
    no = terminal.give_back(
        CLERK, uuid4(), reference, drawer=drawer, receipt=receipt, why="the same card", at=world.clock()
    )
    return str(no.code) if no else None


def refunding(world: World) -> tuple[UUID, str]:
    """An order that could not be delivered, and the reference of its refund."""
    world.supplier.script = [world.supplier.refuses] * 9
    [order_id], payment_id = started(world)
    approved(world, payment_id)
    work(world)
    assert (world.state(order_id), world.items()) == ("refunding", ["slip_due"])
    [owed] = terminal.owed(ticket(order_id))
    return order_id, owed.reference


def test_a_refund_waits_for_its_card_and_is_given_back_once(counter: World) -> None:
    order_id, reference = refunding(counter)
    assert give_back(counter, reference, drawer=OTHER_TILL) is None  # wherever such a machine stands
    assert give_back(counter, reference) == "slip_told"
    work(counter)
    assert (counter.state(order_id), counter.items()) == ("refunded", [])
    assert (counter.balance("psp_clearing:terminal:EUR"), minor(counter)[1]) == (0, 1500)
    assert give_back(counter, reference) == "slip_told"
    assert no(terminal.by_bank(CLERK, reference, why="moved", at=counter.clock())) == "slip_not_due"


def test_whoever_cannot_come_with_the_card_is_sent_the_money(counter: World) -> None:
    order_id, reference = refunding(counter)
    assert terminal.by_bank(CLERK, reference, why="moved away", at=counter.clock()) is None
    assert give_back(counter, reference) == "slip_not_due"
    work(counter)
    assert (counter.state(order_id), counter.items()) == ("refunding", ["refund_refused"])


def no(found: Refusal | None) -> str:
    assert found is not None
    return str(found.code)


# ── a mistake ──


def test_a_mistake_before_a_worker_saw_it_ends_the_try_without_a_cent(counter: World) -> None:
    [order_id], payment_id = started(counter)
    slip = approved(counter, payment_id)
    assert void(counter, slip, why=" ") == "reason_missing"
    assert void(counter, slip) is None
    assert void(counter, slip) is None
    work(counter)
    assert (stand(payment_id), counter.state(order_id), minor(counter)) == ("declined", "placed", (0, 0))
    assert confirm(counter, payment_id, "0009") == "slip_told"


def test_a_mistake_after_the_capture_is_undone_while_the_code_lies_unseen(counter: World) -> None:
    stocked(counter, 2)
    ids, payment_id = started(counter, CODE, CODE)
    slip = approved(counter, payment_id)
    work(counter)
    assert [counter.state(one) for one in ids] == ["delivered"] * 2
    assert void(counter, slip) == "receipt_invalid"  # what undoes a payment is a slip of its own
    assert void(counter, slip, "0002") is None
    work(counter)
    assert [counter.state(one) for one in ids] == ["refunded"] * 2
    assert (minor(counter), counter.items()) == ((0, 0), [])
    assert select("SELECT count(*) FROM code WHERE state = 'stock'") == [(2,)]


def test_what_was_seen_or_is_long_ago_is_no_mistake_any_more(counter: World) -> None:
    stocked(counter)
    [order_id], payment_id = started(counter)
    slip = approved(counter, payment_id)
    work(counter)
    assert not isinstance(reveal(CUSTOMER, order_id, device=DEVICE, shop=counter.shop, at=counter.clock()), Refusal)
    assert void(counter, slip, "0002") == "taking_used"
    _, second = started(counter, DIRECT)
    late = approved(counter, second, "0003")
    counter.clock.tick(15 * 60 + 1)
    assert void(counter, late) == "taking_too_old"
    assert void(counter, uuid4()) == "not_found"


def test_whoever_asks_just_now_has_seen_the_approval(counter: World) -> None:
    [order_id], payment_id = started(counter)
    slip, at, worker = approved(counter, payment_id), counter.clock(), UUID(int=1)
    claimed = attempts.claim(worker, [Attempt.CHARGE], at=at, limit=9, lease_s=60)
    assert void(counter, slip) == "still_running"
    settle_claims(claimed, worker=worker, shop=counter.shop, outside=AtTheCounter(counter), at=at, clock=counter.clock)
    work(counter)
    assert counter.state(order_id) == "delivered"


def test_an_approval_at_the_last_minute_waits_for_its_worker(counter: World) -> None:
    [order_id], payment_id = started(counter)
    counter.clock.tick(20 * 60 - 1)
    assert confirm(counter, payment_id) is None
    counter.clock.tick(10 * 60)
    work(counter)
    assert counter.state(order_id) == "delivered"


def test_a_busy_till_is_not_taken_for_somebody_who_tests_cards(counter: World) -> None:
    for _ in range(20):  # from one device: on the web that is too many
        [order_id], payment_id = started(counter)
        assert refuse(counter, payment_id) is None
        work(counter, 1)
    assert terminal.start_again(CUSTOMER, order_id, terminal=OURS, shop=counter.shop, at=counter.clock()) is None


# ── a machine of theirs ──


def test_their_machine_is_rung_by_its_id_and_the_payment_asked_about(counter: World) -> None:
    rung: list[str] = []
    before = counter.provider.charge
    counter.provider.on_charge = None

    def charge(request: object) -> object:
        rung.append(request.terminal)  # type: ignore[attr-defined]
        return before(request)  # type: ignore[arg-type]

    counter.provider.charge = charge  # type: ignore[method-assign,assignment]
    [order_id], payment_id = started(counter, on=THEIRS)
    assert (rung, stand(payment_id)) == (["term_000001"], "waiting")
    assert confirm(counter, payment_id) == "not_found"  # nobody says what can be asked
    counter.provider.decide(Answer.DECLINED, why="terminal_busy")
    counter.clock.tick(10)
    work(counter)
    shown = terminal.state(payment_id)
    assert shown
    assert (shown.stand, shown.why, shown.by_clerk) == (Stand.DECLINED, "terminal_busy", False)
    assert terminal.start_again(CUSTOMER, order_id, terminal=THEIRS, shop=counter.shop, at=counter.clock()) is None
    work(counter)
    counter.provider.session(1, Answer.SUCCEEDED, 1500)
    counter.clock.tick(10)
    work(counter)
    assert (counter.state(order_id), rung) == ("delivered", ["term_000001"] * 2)


# ── which machines there are ──


def test_a_machine_is_offered_where_it_stands_and_nowhere_on_the_web(counter: World) -> None:
    assert keep(counter, "kiosk-mollie", "mollie_terminal", their_id="term_2", station=KIOSK) is None
    assert [one.name for one in terminal.terminals_at(counter.shop, drawer=TILL)] == [OURS, THEIRS]
    assert [one.name for one in terminal.terminals_at(counter.shop, drawer=TILL, station=KIOSK)] == [
        OURS, THEIRS, "kiosk-mollie",
    ]  # fmt: skip
    assert [one.name for one in terminal.terminals_at(counter.shop, station=KIOSK)] == ["kiosk-mollie"]
    assert terminal.terminals_at(counter.shop, drawer=OTHER_TILL) == []
    assert terminal.terminals_at(counter.shop) == []
    assert set(cash.ways(counter.shop)) == {"sandbox", CASH}
    quote = counter.quote()
    [refused] = place_orders(
        CUSTOMER, [Placement(quote.id, quote.price.total.amount_minor, TERMINAL)], device=DEVICE, shop=counter.shop,
        at=counter.clock(),
    )  # fmt: skip
    assert isinstance(refused, Refusal)
    assert refused.code is Code.PAYMENT_METHOD_UNKNOWN


def test_a_machine_that_was_taken_away_is_not_rung(counter: World) -> None:
    assert keep(counter, OURS, TERMINAL, drawer=TILL, is_open=False) is None
    quote = counter.quote()
    for name in (OURS, "nobody's"):
        [found] = terminal.start(
            CUSTOMER, [Wish(quote.id, quote.price.total.amount_minor)], device=DEVICE, terminal=name,
            shop=counter.shop, at=counter.clock(),
        )  # fmt: skip
        assert isinstance(found, Refusal)
        assert found.code is Code.TERMINAL_UNKNOWN
    assert [one.name for one in terminal.terminals_at(counter.shop, drawer=TILL)] == [THEIRS]


def test_a_machine_is_put_where_it_can_be_and_its_name_stands_for_it_for_ever(counter: World) -> None:
    assert keep(counter, OURS, TERMINAL, drawer=OTHER_TILL) is None
    assert [one.name for one in terminal.terminals_at(counter.shop, drawer=OTHER_TILL)] == [OURS]
    assert keep(counter, THEIRS, "mollie_terminal", their_id="term_9", drawer=TILL) == "terminal_taken"
    assert keep(counter, "another", "mollie_terminal", their_id="term_000001", drawer=TILL) == "terminal_taken"
    assert keep(counter, "another", TERMINAL, drawer="nowhere") == "drawer_unknown"
    assert keep(counter, "another", TERMINAL, station=KIOSK) == "terminal_unknown"  # nobody is there to read it
    assert keep(counter, "another", TERMINAL, their_id="term_9", drawer=TILL) == "terminal_unknown"
    assert keep(counter, "another", "mollie_terminal", drawer=TILL) == "terminal_unknown"
    assert keep(counter, "another", "mollie_card", their_id="term_9", drawer=TILL) == "payment_method_unknown"
    assert keep(counter, "A N", TERMINAL, drawer=TILL) == "terminal_name_invalid"
    assert keep(counter, "another", TERMINAL, drawer=TILL, actor=CLERK) == "not_allowed"


def test_only_who_may_take_money_says_what_a_machine_said(counter: World) -> None:
    _, payment_id = started(counter)
    at, key = counter.clock(), uuid4()
    for refused in (
        terminal.confirm(CUSTOMER, key, payment_id, "1", at=at),
        terminal.refuse(CUSTOMER, key, payment_id, at=at),
        terminal.void(CUSTOMER, key, receipt="", why="x", shop=counter.shop, at=at),
        terminal.give_back(CUSTOMER, key, "x", drawer=TILL, receipt="1", why="x", at=at),
        terminal.by_bank(CUSTOMER, "x", why="x", at=at),
    ):
        assert no(refused) == "not_allowed"


def test_a_shop_offers_the_machines_that_its_settings_name_and_in_a_sandbox_one_to_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("django.conf.settings.PAYMENT_METHODS", ["mollie_card", "mollie_terminal"], raising=False)
    shop.current.cache_clear()
    try:
        assert shop.current().counter_methods == ("mollie_terminal", "terminal")
        assert not set(shop.current().counter_methods) & set(shop.current().payment_methods)
    finally:
        shop.current.cache_clear()


def test_a_sandbox_gets_a_till_with_a_machine_to_try(world: World) -> None:
    place_files.seed(at=world.clock())
    sample_till.fill(at=world.clock())
    [found] = terminals.terminals()
    assert (found.name, found.method, found.drawer, found.open) == (
        sample_till.MACHINE, TERMINAL, sample_till.NAME, True,
    )  # fmt: skip


# ── what was paid out ──


def paid_out(world: World, amount: str, key: str = "statement-7", reference: str = "WORLDLINE 4711") -> Looked | str:
    found = terminal.paid_out(
        OWNER, key, amount, until=date(2026, 11, 22), day=date(2026, 11, 24), reference=reference, shop=world.shop,
        at=world.clock(),
    )  # fmt: skip
    return str(found.code) if isinstance(found, Refusal) else found


def test_what_the_acquirer_sent_takes_the_slips_away_and_what_is_missing_is_its_fee(counter: World) -> None:
    _, first = started(counter)
    approved(counter, first)
    work(counter)
    _, reference = refunding_beside(counter)
    assert give_back(counter, reference) is None
    work(counter)
    assert paid_out(counter, "15.01") == "slips_too_few"
    assert paid_out(counter, "14.60") == Looked(1, 4, 0)
    assert paid_out(counter, "14.60") == Looked(0, 0, 0)
    assert paid_out(counter, "3", "statement-8") == "slips_too_few"  # nothing is left
    assert counter.balance("psp_clearing:terminal:EUR") == 0
    assert counter.balance("in_transit:terminal:EUR") == 1460
    assert counter.balance("payout_fees:terminal:EUR") == 40
    assert counter.items() == []
    _, second = started(counter)
    approved(counter, second, "0009")
    work(counter)
    assert paid_out(counter, "15", "statement-9") == Looked(1, 1, 0)
    assert paid_out(counter, "x", "k") == "amount_unreadable"
    assert paid_out(counter, "1", "") == "key_missing"


def refunding_beside(world: World) -> tuple[UUID, str]:
    world.supplier.script = [world.supplier.refuses] * 9
    [order_id], payment_id = started(world)
    approved(world, payment_id, "0005")
    work(world)
    [owed] = terminal.owed(ticket(order_id))
    return order_id, owed.reference


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM terminal_line WHERE kind = 'approved'",
        "DELETE FROM terminal_line WHERE kind = 'given_back'",
        "UPDATE terminal_line SET minor = minor - 1 WHERE kind = 'given_back'",
        "UPDATE terminal_due SET withdrawn_at = made_at",
    ],
)
def test_the_books_see_a_payment_or_a_refund_that_is_not_as_its_slip_says(counter: World, change: str) -> None:
    _, reference = refunding(counter)
    assert give_back(counter, reference) is None
    work(counter)
    with as_owner() as cursor:
        cursor.execute("SELECT name FROM opla_books(%s) WHERE wrong > 0", [counter.clock()])
        assert cursor.fetchall() == []
        cursor.execute(change)
        cursor.execute("SELECT name FROM opla_books(%s) WHERE wrong > 0", [counter.clock()])
        assert cursor.fetchall() == [("slips",)]
