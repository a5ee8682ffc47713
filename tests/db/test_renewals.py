"""What the database refuses although somebody decided it: a charge that was not told, not agreed to, or made before."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.utils import IntegrityError

from fakes import DIRECT, NUMBER, World
from operations.test_renewing import Keeper, begun, of, until_noticed
from opla.core import renewal
from opla.core.actor import SYSTEM
from opla.core.day import ZONE
from opla.db.queries import renewals
from opla.db.queries.call import select
from support import by_owner


@pytest.fixture
def ready(world: World) -> World:
    """Everything is so: its notice is out long enough, and its charge is due now."""
    world.provider = Keeper()
    world.shop = replace(world.shop, keeping=frozenset({"sandbox"}))
    begun(world, month_cap="15")
    world.clock.now = until_noticed(world) + timedelta(minutes=1)
    return world


def placed(world: World, version: int = 0) -> bool:
    """Whether the database lets an order that was just made be the charge of the open period."""
    order_id = world.order(quote=world.quote(DIRECT, number=NUMBER))
    [(payment_id,)] = select("SELECT payment_id FROM allocation WHERE order_id = %s", [order_id])
    kept = of(world).kept
    assert kept.last
    assert isinstance(payment_id, UUID)
    at = world.clock()
    kept = replace(kept, version=kept.version + version)
    month = renewal.month_start(at, ZONE)
    return renewals.place(kept, kept.last.key, order_id, payment_id, at=at, look_at=at, month=month)


def test_what_is_told_agreed_to_and_due_is_placed_once(ready: World) -> None:
    assert placed(ready)
    assert not placed(ready)


@pytest.mark.parametrize(
    "broken",
    [
        "UPDATE renewal SET state = 'paused'",
        "UPDATE renewal SET state = 'ended'",
        "UPDATE renewal SET cap_minor = 1499",
        "UPDATE renewal SET month_cap_minor = cap_minor, cap_minor = 1500, face_minor = 1400",
        "UPDATE renewal SET sku = 'MV-10'",
        "UPDATE renewal SET method = 'mollie'",
        "UPDATE renewal SET notice_days = 4",
        "UPDATE renewal_period SET notice_sent_at = NULL",
        "UPDATE renewal_period SET phase = 'skipped', closed_at = made_at",
        "UPDATE mandate SET state = 'ending'",
    ],
)
def test_whatever_is_otherwise_is_refused(ready: World, broken: str) -> None:
    by_owner(broken)
    kept = of(ready).kept
    assert kept.last
    assert not placed(ready)
    assert select("SELECT count(*) FROM renewal_period WHERE order_id IS NOT NULL") == [(0,)]


def test_what_was_decided_of_another_version_is_refused(ready: World) -> None:
    assert not placed(ready, version=-1)


def test_beyond_the_ceiling_of_the_month_nothing_is_placed(ready: World) -> None:
    assert placed(ready)
    by_owner(
        """UPDATE renewal_period SET phase = 'delivered', closed_at = made_at;
           INSERT INTO renewal_period (renewal_id, key, phase, due_at, notice, notice_made_at, notice_sent_at, made_at)
           SELECT renewal_id, key + 1, 'planned', due_at, 'x', notice_made_at, notice_sent_at, made_at
           FROM renewal_period"""
    )
    assert not placed(ready)
    by_owner("UPDATE renewal SET month_cap_minor = 3000")
    assert placed(ready)


@pytest.mark.parametrize(
    "sql",
    [
        # a second open period, one of the same day, and an order without a notice
        """INSERT INTO renewal_period (renewal_id, key, phase, due_at, made_at)
           SELECT renewal_id, key + 1, 'planned', due_at, made_at FROM renewal_period""",
        """INSERT INTO renewal_period (renewal_id, key, phase, due_at, made_at, closed_at)
           SELECT renewal_id, key, 'planned', due_at, made_at, made_at FROM renewal_period""",
        """UPDATE renewal_period SET notice_sent_at = NULL, order_id = (SELECT id FROM orders LIMIT 1),
           payment_id = (SELECT id FROM payment LIMIT 1)""",
    ],
)
def test_the_tables_themselves_hold_one_period_at_a_time_and_no_order_untold(ready: World, sql: str) -> None:
    with pytest.raises(IntegrityError):
        by_owner(sql)


def test_of_two_that_want_to_step_the_second_is_told_so(ready: World) -> None:
    kept, at = of(ready).kept, ready.clock()
    stepped = renewals.Stepped(at, kept.state)
    assert [renewals.step(kept, stepped, actor=SYSTEM, at=at) for _ in range(2)] == [True, False]


def test_a_look_at_a_renewal_reads_no_table_that_grows_with_the_shop(
    ready: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, asked = of(ready).kept, list[str]()
    monkeypatch.setattr(renewals, "select", lambda sql, _values: asked.append(sql) or [])
    renewals.load([kept.id])
    monkeypatch.undo()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # tables of a test are too small for their indexes
        cursor.execute(f"EXPLAIN (COSTS off) {asked[0]}", [[kept.id]])
        plan = [str(line).strip() for (line,) in cursor.fetchall()]
    assert not [line for line in plan if "Seq Scan" in line]
    assert sum(line.startswith("Index Cond: (order_id = ANY") for line in plan) == 2  # delivery and allocation
