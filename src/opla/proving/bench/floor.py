"""The least that writing orders can cost: the same rows in the same tables, set-based, with nothing else.

No rule is asked, nothing is locked, compared, claimed or answered; every row is written once, in its last state. The
triggers of the guards and the constraints are the tables' own and stay.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from django.db import connections, transaction

from opla.core import ledger, order
from opla.db.queries.call import expect

#: Orders that are written together.
BATCH = 1000
_ROWS = """
WITH made AS MATERIALIZED (
    SELECT n, lpad(to_hex(%(first)s + n), 32, '0')::uuid AS id,
        clock_timestamp() - make_interval(secs => %(over_s)s * (1 - (%(first)s + n)::float / %(until)s)) AS at
    FROM generate_series(1, %(count)s) AS n
), keys AS (
    INSERT INTO idempotency (caller, key, fields, order_id, at)
    SELECT 'floor', id::text, decode(repeat('00', 56), 'hex'), id, at FROM made
), orders_ AS (
    INSERT INTO orders (id, ticket, state, sku, operator, product_name, kind, face_minor, fee_minor, fee_vat_minor,
        currency, number, plan, email, language, catalog_version, sample, reseller, reseller_key, placed_at, ended_at)
    SELECT id, right(id::text, 12), 'delivered', 'MV-15', 'mobile-vikings', 'Mobile Vikings 15', 'direct', 1500, 0, 0,
        'EUR', '+32470123456', '', 'orders@example.org', 'en', 1, true, 'floor', id::text, at, at
    FROM made
), attempts AS (
    INSERT INTO attempt (id, kind, adapter, reference, state, order_id, tries, made_at, provider_id)
    SELECT id, 'send', 'sandbox', replace(id::text, '-', ''), 'succeeded', id, 1, at, id::text FROM made
), evidence AS (
    INSERT INTO attempt_evidence (attempt_id, at, answer, why, evidence)
    SELECT id, at, 'succeeded', '', '{}'::jsonb FROM made
), events AS (
    INSERT INTO event (at, subject, subject_id, name, source, target, actor, why)
    SELECT m.at, 'order', m.id, e.name, e.source, e.target, 'system', ''
    FROM made m CROSS JOIN (VALUES
        ('reserved', '', 'placed'), ('paid_from_float', 'placed', 'paid'), ('delivered', 'paid', 'delivered'),
        ('told', 'delivered', 'delivered')) AS e (name, source, target)
), transfers AS (
    INSERT INTO transfer (at, event_id, debit, credit, amount_minor, currency, reason, phase, order_id)
    SELECT m.at, m.n, %(debit)s, %(credit)s, t.amount, 'EUR', t.reason, t.phase, m.id
    FROM made m CROSS JOIN (VALUES
        (1500, 'held', 'held'), (1500, 'released', 'released'), (1440, 'cost', 'posted'), (60, 'margin', 'posted'))
        AS t (amount, reason, phase)
), deliveries AS (
    INSERT INTO delivery (order_id, kind, supplier, supplier_id, cost_minor, attempt_id, at)
    SELECT id, 'direct', 'sandbox', id::text, 1440, id, at FROM made
)
INSERT INTO outbox (reference, topic, order_id, made_at, tries, done_at)
SELECT replace(id::text, '-', ''), 'delivered', id, at, 1, at FROM made
"""
_ACCOUNTS = """
INSERT INTO account (code, kind, currency, side) VALUES
    ('reseller_float:floor:EUR', 'reseller_float', 'EUR', 'either'), ('margin:EUR', 'margin', 'EUR', 'either')
ON CONFLICT (code) DO UPDATE SET side = 'either' RETURNING id
"""
_BALANCES = (
    "UPDATE account SET debits_posted = debits_posted + 1, credits_posted = credits_posted + 1 WHERE id = ANY (%s)"
)


def orders_per_s(count: int) -> float:
    """Write so many delivered orders; how many in a second, after one batch of warm-up."""
    write(BATCH)
    began = time.perf_counter()
    write(count, first=BATCH)
    return count / (time.perf_counter() - began)


def write(count: int, *, first: int = 0, over: timedelta = timedelta(0)) -> None:
    """Delivered orders, a batch a commit, on the owner's connection. `first` keeps their ids apart.

    They are as if they had come evenly `over` the time until now.
    """
    with connections["owner"].cursor() as cursor:
        if over:
            began = datetime.now(UTC) - over
            cursor.execute("SELECT opla_partitions(%s, %s)", [began.date(), over.days // 28 + 1])
        for n in range(first, first + count, BATCH):
            with transaction.atomic(using="owner"):
                cursor.execute("SELECT set_config('opla.writes', 'function', true)")
                cursor.execute(_ACCOUNTS)
                debit, credit = (expect(account, int) for (account,) in cursor.fetchall())
                written = {"first": n, "count": BATCH, "over_s": over.total_seconds(), "until": first + count}
                cursor.execute(_ROWS, {**written, "debit": debit, "credit": credit})
                cursor.execute(_BALANCES, [[debit, credit]])


#: What an order of a reseller leaves behind, for the test that holds this script against the real thing.
EVENTS = (order.Event.RESERVED, order.Event.PAID_FROM_FLOAT, order.Event.DELIVERED, order.Event.TOLD)
REASONS = (ledger.Reason.HELD, ledger.Reason.RELEASED, ledger.Reason.COST, ledger.Reason.MARGIN)
