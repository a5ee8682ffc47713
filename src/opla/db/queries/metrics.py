"""The figures of `core.metric` that the database knows, and signs of life. What has ended is not looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction

from opla.core.metric import AGES, DELIVERY_MS, OLDER
from opla.db.queries.call import Argument, call, expect, select

#: A commit that took its event's number is over by then.
_SETTLED: Final = timedelta(seconds=5)
_MOST: Final = 20_000
#: Watching may not hold up what is watched.
_LONGEST_MS: Final = 3_000


@dataclass(frozen=True, slots=True)
class Sample:
    """One figure. Of a histogram, the last label is the upper edge of a bucket, `+Inf` or `sum`."""

    metric: str
    labels: tuple[str, ...]
    value: float


def beat(process: str, host: str, pid: int, version: str, *, at: datetime) -> None:
    call(
        "opla_beat",
        Argument(at, "timestamptz"),
        Argument(process, "text"),
        Argument(host, "text"),
        Argument(pid, "int"),
        Argument(version, "text"),
    )


def tally(*, at: datetime, settled: timedelta = _SETTLED) -> int:
    """Count what happened until a moment ago; how many. Zero: it is up to date, or another counts."""
    [row] = call(
        "opla_tally",
        Argument(at - settled, "timestamptz"),
        Argument(_MOST, "int"),
        Argument([edge / 1000 for edge in DELIVERY_MS], "double precision[]"),
    )
    return expect(row[0], int)


#: What has not ended, found without looking at what has: unpaid ones, those with something due, those with an item.
_FIGURES: Final = """
    WITH open_order AS (
        SELECT o.state, o.placed_at FROM orders o WHERE o.ended_at IS NULL AND o.id IN (
            SELECT id FROM orders WHERE expires_at IS NOT NULL
            UNION SELECT order_id FROM attempt WHERE kind = 'send' AND due_at IS NOT NULL
            UNION SELECT r.order_id FROM attempt a JOIN refund r ON r.id = a.refund_id
                  WHERE a.kind = 'refund' AND a.due_at IS NOT NULL
            UNION SELECT order_id FROM item WHERE closed_at IS NULL AND order_id IS NOT NULL)
    ), open_attempt AS (
        SELECT a.*, coalesce(
                   o.face_minor + o.fee_minor - o.discount_minor, p.amount_minor, r.amount_minor) AS amount_minor,
               coalesce(o.currency, p.currency, r.currency) AS currency
        FROM attempt a LEFT JOIN orders o ON o.id = a.order_id LEFT JOIN payment p ON p.id = a.payment_id
        LEFT JOIN refund r ON r.id = a.refund_id
        WHERE a.state IN ('new', 'claimed', 'sending', 'pending', 'unknown')
          AND (a.id IN (SELECT id FROM attempt WHERE due_at IS NOT NULL)
               OR a.id IN (SELECT attempt_id FROM item WHERE closed_at IS NULL AND attempt_id IS NOT NULL))
    ), queue AS (
        SELECT kind AS queue, due_at FROM attempt
        WHERE due_at <= %(at)s AND (lease_until IS NULL OR lease_until <= opla_clock())
        UNION ALL SELECT 'mail', due_at FROM outbox
        WHERE due_at <= %(at)s AND (lease_until IS NULL OR lease_until <= opla_clock())
        UNION ALL SELECT 'text', due_at FROM text_out
        WHERE due_at <= %(at)s AND (lease_until IS NULL OR lease_until <= opla_clock())
        UNION ALL SELECT 'push', due_at FROM push_message
        WHERE due_at <= %(at)s AND (lease_until IS NULL OR lease_until <= opla_clock())
        UNION ALL SELECT 'webhook', due_at FROM webhook_delivery
        WHERE due_at <= %(at)s AND (lease_until IS NULL OR lease_until <= opla_clock())
    )
    SELECT 'opla_orders_open', ARRAY[state, (%(ages)s::text[])[1 + width_bucket(
           extract(epoch FROM %(at)s - placed_at)::float8, %(edges)s::float8[])]], count(*)::float8
    FROM open_order GROUP BY 2
    UNION ALL
    SELECT 'opla_attempts_open', ARRAY[kind, state, (%(ages)s::text[])[1 + width_bucket(
           extract(epoch FROM %(at)s - made_at)::float8, %(edges)s::float8[])]], count(*) FROM open_attempt GROUP BY 2
    UNION ALL
    SELECT 'opla_attempts_at_risk_minor', ARRAY[kind, currency], sum(amount_minor) FROM open_attempt
    WHERE state = 'unknown' GROUP BY 2
    UNION ALL
    SELECT 'opla_queue_waiting', ARRAY[n.name], count(q.due_at)
    FROM unnest(ARRAY['charge', 'send', 'refund', 'mail', 'text', 'push', 'webhook']) AS n (name)
    LEFT JOIN queue q ON q.queue = n.name GROUP BY 2
    UNION ALL
    SELECT 'opla_queue_lag_seconds', ARRAY[n.name], coalesce(extract(epoch FROM %(at)s - min(q.due_at)), 0)
    FROM unnest(ARRAY['charge', 'send', 'refund', 'mail', 'text', 'push', 'webhook']) AS n (name)
    LEFT JOIN queue q ON q.queue = n.name GROUP BY 2
    UNION ALL
    SELECT 'opla_items_open', ARRAY[kind, (%(ages)s::text[])[1 + width_bucket(
           extract(epoch FROM %(at)s - opened_at)::float8, %(edges)s::float8[])]], count(*)
    FROM item WHERE closed_at IS NULL GROUP BY 2
    UNION ALL
    SELECT 'opla_items_at_risk_minor', ARRAY[kind, currency], sum(amount_minor) FROM item
    WHERE closed_at IS NULL GROUP BY 2
    UNION ALL
    SELECT 'opla_bank_lines_unmatched', '{}', count(*) FROM item WHERE closed_at IS NULL AND kind = 'bank_line'
    UNION ALL
    SELECT 'opla_books_wrong', ARRAY[name], wrong FROM books_proof
    UNION ALL
    SELECT 'opla_books_proven_timestamp_seconds', '{}', extract(epoch FROM proven_at) FROM books_proving
    WHERE proven_at IS NOT NULL
    UNION ALL
    SELECT 'opla_books_due_timestamp_seconds', '{}', extract(epoch FROM due_at) FROM books_proving
    WHERE proven_at IS NOT NULL
    UNION ALL
    SELECT 'opla_stock_codes', ARRAY[sku], count(*) FROM code
    WHERE state = 'stock' AND supplier = 'code_stock' GROUP BY 2
    UNION ALL
    SELECT 'opla_stock_codes', ARRAY[sku], 0 FROM stock_rule r WHERE r.below IS NOT NULL AND NOT EXISTS (
        SELECT FROM code c WHERE c.sku = r.sku AND c.state = 'stock' AND c.supplier = 'code_stock')
    UNION ALL
    SELECT 'opla_stock_low_mark', ARRAY[sku], below FROM stock_rule WHERE below IS NOT NULL
    UNION ALL
    SELECT 'opla_stock_cards', ARRAY[sku], count(*) FROM card WHERE state = 'in_stock' GROUP BY 2
    UNION ALL
    SELECT 'opla_supplier_float_minor', ARRAY[supplier, float_currency], float_minor FROM supplier_state
    WHERE float_minor IS NOT NULL
    UNION ALL
    SELECT 'opla_supplier_float_low_mark_minor', ARRAY[supplier, below_currency], below_minor FROM supplier_state
    WHERE below_minor IS NOT NULL
    UNION ALL
    SELECT 'opla_supplier_float_told_timestamp_seconds', ARRAY[supplier], extract(epoch FROM float_at)
    FROM supplier_state
    WHERE float_at IS NOT NULL
    UNION ALL
    SELECT 'opla_supplier_open', ARRAY[supplier], (open_until > %(at)s)::int FROM supplier_state
    WHERE open_until IS NOT NULL
    UNION ALL
    SELECT 'opla_reseller_floats_minor', ARRAY[currency], sum(credits_posted - debits_posted) FROM account
    WHERE kind = 'reseller_float' GROUP BY 2
    UNION ALL
    SELECT 'opla_reseller_floats_low', '{}', count(*) FROM float_alarm f JOIN account a
    ON a.code LIKE 'reseller\\_float:' || f.reseller_id || ':%%'
    WHERE a.credits_posted - a.debits_posted - a.debits_pending < f.below_minor
    UNION ALL
    SELECT 'opla_heartbeat_timestamp_seconds', ARRAY[process, host], extract(epoch FROM at) FROM heartbeat
    UNION ALL
    SELECT 'opla_database_size_bytes', '{}', pg_database_size(current_database())
    UNION ALL
    SELECT 'opla_database_connections', ARRAY[coalesce(state, 'other')], count(*) FROM pg_stat_activity
    WHERE datname = current_database() GROUP BY 2
    UNION ALL
    SELECT 'opla_database_oldest_transaction_seconds', '{}',
           coalesce(extract(epoch FROM clock_timestamp() - min(xact_start)), 0) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
    UNION ALL
    SELECT 'opla_database_transaction_id_age', '{}', age(datfrozenxid) FROM pg_database
    WHERE datname = current_database()
    UNION ALL
    SELECT 'opla_months_ahead', ARRAY[n.name], (SELECT count(*) FROM kept_month k
        WHERE k.name = n.name AND k.place = 'live' AND k.month > (%(at)s AT TIME ZONE 'UTC')::date)
    FROM unnest(ARRAY['event', 'transfer', 'attempt_evidence']) AS n (name)
    UNION ALL
    SELECT 'opla_rows_of_no_month', ARRAY[n.name], n.there::int FROM (
        VALUES ('event', EXISTS (SELECT FROM event_default)), ('transfer', EXISTS (SELECT FROM transfer_default)),
               ('attempt_evidence', EXISTS (SELECT FROM attempt_evidence_default))) AS n (name, there)
    UNION ALL
    SELECT 'opla_tallied_timestamp_seconds', '{}', value::float8 FROM opla_meta WHERE key = 'tallied_at'
    UNION ALL
    SELECT metric, label, value FROM tally
"""


def figures(*, at: datetime) -> list[Sample]:
    """All that the database knows now; a figure of a state that nothing is in is left out."""
    with _briefly():
        rows = select(_FIGURES, {"at": at, "ages": [*AGES, OLDER], "edges": list(AGES.values())})
    return [Sample(expect(name, str), tuple(map(str, labels)), float(value)) for name, labels, value in rows]  # type: ignore[arg-type,call-overload]  # text[] and float8, says the statement


@contextmanager
def _briefly() -> Iterator[None]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {_LONGEST_MS}")
        yield
