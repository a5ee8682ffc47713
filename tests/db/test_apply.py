"""`opla_apply`: a decision is written whole or not at all, and a neighbour's misfortune is not ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError

from fakes import START, WORKER, Playing, World
from opla.core.actor import SYSTEM
from opla.core.attempt import Kind as Tried
from opla.core.attempt import Step
from opla.core.change import Change, Move, NewAttempt, NewMessage, NewRefund, Note, Subject, Sums
from opla.core.item import Kind, NewItem
from opla.core.ledger import Phase, Reason, Transfer
from opla.core.money import Money
from opla.core.ports import Answer, RefundReport
from opla.db.queries import attempts
from opla.db.queries.apply import Result, apply
from opla.db.queries.call import select
from opla.db.queries.cases import payment_cases
from opla.operations import settle
from opla.operations.charge import ChargeDesk
from support import at_once

NOBODY = UUID(int=0)
EVERY_TABLE = """orders payment allocation refund attempt code delivery event account transfer attempt_evidence outbox
                 item"""


def write(world: World, *changes: Change) -> list[Result]:
    return apply(changes, actor=SYSTEM, at=world.clock(), keyring=world.shop.keyring, chance=world.shop.chance)


def cancel(order_id: UUID, source: str = "placed", **more: object) -> Change:
    change = Change(moves=(Move(Subject.ORDER, order_id, source, "cancelled", "expired"),))
    return replace(change, **more)  # type: ignore[arg-type]  # fields of Change, by name


def everything() -> dict[str, list[tuple[object, ...]]]:
    return {table: select(f"SELECT t::text FROM {table} t ORDER BY 1") for table in EVERY_TABLE.split()}


def payment_of(order_id: UUID) -> UUID:
    [(payment_id,)] = select("SELECT payment_id FROM allocation WHERE order_id = %s", [order_id])
    assert isinstance(payment_id, UUID)
    return payment_id


def test_a_decision_on_old_news_writes_nothing_at_all(world: World) -> None:
    paid = world.paid()
    payment_id = payment_of(paid)
    [(attempt_id,)] = select("SELECT id FROM attempt WHERE order_id = %s", [paid])
    assert isinstance(attempt_id, UUID)
    line = Transfer(
        "psp_clearing:x:EUR", "customer_held:EUR", 5, "EUR", Reason.CAPTURED, Phase.POSTED, paid, payment_id
    )
    refund = NewRefund(UUID(int=5), payment_id, paid, 100, "EUR", "second")
    stale = Change(
        moves=(Move(Subject.ORDER, paid, "placed", "cancelled", "expired", (line,)),),
        notes=(Note(attempt_id, "unknown", None, 0),),
        sums=(Sums(payment_id, captured_minor=5),),
        attempts=(NewAttempt(UUID(int=6), Tried.REFUND, "sandbox", "a" * 32, START, refund_id=refund.id),),
        refunds=(refund,),
        messages=(NewMessage("delivered", paid, "m"),),
        items=(NewItem(Kind.CONTRADICTION, Money(1, "EUR"), "", order_id=paid),),
    )
    before = everything()
    assert write(world, stale) == [Result.LOST]
    assert everything() == before


def test_a_bad_neighbour_and_a_repeat_in_the_batch_fail_nobody_else(world: World) -> None:
    one, two, three = world.order(), world.order(), world.order()
    results = write(world, cancel(one), cancel(two, "paid"), cancel(one), cancel(NOBODY), cancel(three))
    assert results == [Result.WON, Result.LOST, Result.LOST, Result.LOST, Result.WON]
    assert [world.state(o) for o in (one, two, three)] == ["cancelled", "placed", "cancelled"]
    assert world.events(one) == ["placed", "expired"]


def test_a_decision_that_changes_no_state_is_not_written_twice(world: World) -> None:
    """Two workers saw the same second capture: neither moves a state, and only one may move the money."""
    order_id = world.paid()
    payment_id = payment_of(order_id)
    [(attempt_id, tries)] = select("SELECT id, tries FROM attempt WHERE payment_id = %s", [payment_id])
    assert isinstance(attempt_id, UUID)
    seen = Change(
        moves=(Move(Subject.ATTEMPT, attempt_id, "succeeded", "succeeded", "succeeded"),),
        notes=(Note(attempt_id, "succeeded", None, int(str(tries))),),
        sums=(Sums(payment_id, charged_back_minor=100),),
    )
    with transaction.atomic():  # undone: a charge-back without its line would break the books
        assert write(world, seen) == [Result.WON]
        assert write(world, seen) == [Result.LOST]
        assert select("SELECT charged_back_minor FROM payment") == [(100,)]
        transaction.set_rollback(True)


@pytest.mark.parametrize(("asked", "result"), [([1500], "won"), ([1501], "refund_too_much"), ([800, 700, 1], "too")])
def test_no_refund_starts_beyond_what_is_left(world: World, asked: list[int], result: str) -> None:
    payment_id = payment_of(world.paid())

    def back(n: int, amount_minor: int) -> Change:
        refund = NewRefund(UUID(int=n), payment_id, None, amount_minor, "EUR", "overpaid")
        return Change(moves=(), refunds=(refund,), sums=(Sums(payment_id, refunding_minor=amount_minor),))

    with transaction.atomic():
        results = write(world, *[back(n + 10, amount) for n, amount in enumerate(asked)])
        assert results == [Result.WON, Result.WON, Result.REFUND_TOO_MUCH] if result == "too" else [result]
        left = write(world, back(99, 1))
        assert left == [Result.WON if result == "refund_too_much" else Result.REFUND_TOO_MUCH]
        transaction.set_rollback(True)


def test_what_was_charged_back_or_is_in_flight_is_not_refunded_again(world: World) -> None:
    payment_id = payment_of(world.paid())
    with transaction.atomic():
        write(world, Change(moves=(), sums=(Sums(payment_id, charged_back_minor=1000, refunding_minor=400),)))
        refund = NewRefund(UUID(int=3), payment_id, None, 101, "EUR", "overpaid")
        assert write(world, Change(moves=(), refunds=(refund,))) == [Result.REFUND_TOO_MUCH]
        assert write(world, Change(moves=(), refunds=(replace(refund, amount_minor=100),))) == [Result.WON]
        transaction.set_rollback(True)


def test_a_decision_about_money_that_went_back_is_lost_when_other_money_went_back_meanwhile(world: World) -> None:
    payment_id = payment_of(world.paid())
    [(seen,)] = select("SELECT opla_seen(p) FROM payment p")
    change = Change(moves=(), sums=(Sums(payment_id, refunding_minor=100, seen=str(seen)),))
    unseen = Change(moves=(), sums=(Sums(payment_id, refunding_minor=1),))
    with transaction.atomic():
        assert write(world, change, change) == [Result.WON, Result.LOST]
        assert write(world, change) == [Result.LOST]
        [(fresh,)] = select("SELECT opla_seen(p) FROM payment p")
        again = replace(change, sums=(replace(change.sums[0], seen=str(fresh)),))
        assert write(world, unseen, again) == [Result.WON, Result.LOST]
        transaction.set_rollback(True)


def test_what_the_core_says_was_seen_of_a_payment_is_what_the_database_says(world: World) -> None:
    world.supplier.script = [world.supplier.refuses]
    payment_id = payment_of(world.paid())
    world.provider.on_refund = lambda _r: RefundReport(Answer.PENDING)
    world.work(2)
    rows = select("SELECT opla_seen(p) FROM payment p")
    assert rows == [(payment_cases([payment_id])[payment_id].payment.seen,)] == [("1500/0/1500/1500/0/0",)]


def test_a_hot_account_is_updated_once_however_many_decisions_touch_it(world: World) -> None:
    orders = [world.order() for _ in range(5)]
    world.work()
    world.provider.decide(Answer.SUCCEEDED, 1500)
    world.wake()
    desk = ChargeDesk(world.shop, Playing(world))
    claimed = attempts.claim(WORKER, [Tried.CHARGE], at=world.clock(), limit=50, lease_s=30)
    cases = desk.load(claimed)
    heard = [settle.Worked(one, cases[one.id], desk.call(one, cases[one.id], Step.ASK)) for one in claimed]
    with transaction.atomic():
        settle.write(desk, heard, settle.Going(WORKER, world.shop, world.clock(), world.clock))
        rows = select("SELECT n_tup_upd FROM pg_stat_xact_user_tables WHERE relname = 'account'")
    assert rows == [(3,)]  # psp_clearing, customer_held, supplier_float
    assert [world.state(o) for o in orders] == ["paid"] * 5


def test_a_line_to_an_account_nobody_knows_or_of_another_currency_is_a_loud_mistake(world: World) -> None:
    order_id = world.order()
    for debit in ("no_such_kind:EUR", "margin:USD"):
        line = Transfer(debit, "customer_held:EUR", 5, "EUR", Reason.CAPTURED, Phase.POSTED, order_id)
        with pytest.raises(IntegrityError, match="unknown or of another currency"):
            write(world, Change(moves=(Move(Subject.ORDER, order_id, "placed", "cancelled", "expired", (line,)),)))
    assert world.state(order_id) == "placed"


def test_an_item_is_open_once_and_can_be_opened_again_after_it_was_closed(world: World) -> None:
    order_id = world.order()
    opened = Change(moves=(), items=(NewItem(Kind.CONTRADICTION, Money(1, "EUR"), "n", order_id=order_id),))
    write(world, opened, opened)
    write(world, opened)
    assert world.items() == ["contradiction"]
    write(world, Change(moves=(), closes=((Kind.CONTRADICTION, order_id),)))
    assert world.items() == []
    write(world, opened)
    assert select("SELECT count(*), count(closed_at) FROM item") == [(2, 1)]


def test_two_workers_with_one_decision_at_once_write_it_once(world: World) -> None:
    orders = sorted(world.order() for _ in range(20))
    forth = [cancel(o) for o in orders]
    results = at_once(lambda: write(world, *forth), lambda: write(world, *reversed(forth)))
    assert sorted(r for rs in results for r in rs) == [Result.LOST] * 20 + [Result.WON] * 20
    assert select("SELECT count(*) FROM event WHERE name = 'expired'") == [(20,)]


def test_rows_of_a_month_nobody_prepared_are_kept_and_their_month_is_left_alone(world: World) -> None:
    world.clock.now = START + timedelta(days=500)
    world.paid()
    with connection.cursor() as cursor:
        cursor.execute("SELECT opla_partitions(%s, 2)", [world.clock().date()])
    assert select("SELECT count(*) > 0 FROM transfer_default") == [(True,)]
    with pytest.raises(Exception, match=r"append-only|functions only|permission denied"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM event_2028_05")
