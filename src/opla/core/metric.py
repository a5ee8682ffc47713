"""What this shop tells of itself in figures, for Prometheus: the whole table. Reference, queries and pages follow it.

Names end in their unit (`_seconds`, `_bytes`, `_minor`: minor units of `currency`), what only grows in `_total`. A
label has few values, known beforehand or named by the owner: never an order, a number, or anything of a person.

`age` is how long something has waited: `1m`, `10m`, `1h`, `1d` (at most so long) or `older`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Kind(StrEnum):
    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


class Source(StrEnum):
    DATABASE = "database"  # the same whoever is asked, on whatever machine
    PROCESSES = "processes"  # of the web, intake and worker processes of the machine that is asked


@dataclass(frozen=True, slots=True)
class Metric:
    """`bounds_ms` are the upper edges of a histogram's buckets, in thousandths of its seconds."""

    kind: Kind
    told: str
    labels: tuple[str, ...] = ()
    source: Source = Source.DATABASE
    bounds_ms: tuple[int, ...] = ()


#: How old something is, as `age` says it: at most so many seconds.
AGES: Final = MappingProxyType({"1m": 60, "10m": 600, "1h": 3600, "1d": 86_400})
OLDER: Final = "older"

_HTTP_MS: Final = (5, 10, 25, 50, 100, 250, 500, 1000, 2500, 10_000)
_CALL_MS: Final = (50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000)
DELIVERY_MS: Final = (500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 300_000, 1_800_000, 7_200_000, 86_400_000)

_G, _C, _H, _HERE = Kind.GAUGE, Kind.COUNTER, Kind.HISTOGRAM, Source.PROCESSES

METRICS: Final = MappingProxyType(
    {
        # the shop
        "opla_build_info": Metric(_G, "1; the version is its label.", ("version",), _HERE),
        "opla_sandbox": Metric(_G, "1: a sandbox, in which no real money moves; 0: a real shop.", (), _HERE),
        "opla_database_up": Metric(_G, "1: the database answered this question; 0: nothing below is told.", (), _HERE),
        # orders
        "opla_orders_open": Metric(_G, "Orders that have not ended.", ("state", "age")),
        "opla_order_events_total": Metric(_C, "What happened to orders, by the event of core/order.", ("event",)),
        "opla_paid_to_delivered_seconds": Metric(
            _H,
            "From an order's payment to its delivery; what was bought for a date is left out.",
            ("kind",),
            bounds_ms=DELIVERY_MS,
        ),
        # attempts
        "opla_attempts_open": Metric(
            _G,
            "Attempts without a final answer. `unknown`: nobody knows yet whether value was given.",
            ("kind", "state", "age"),
        ),
        "opla_attempts_at_risk_minor": Metric(
            _G,
            "Money of attempts that are unknown: it may be given already, and may not be given again.",
            ("kind", "currency"),
        ),
        "opla_answers_total": Metric(
            _C,
            "Answers of payment providers and suppliers, one of five.",
            ("kind", "adapter", "answer"),
            _HERE,
        ),
        "opla_call_duration_seconds": Metric(
            _H,
            "How long one call of a payment provider or supplier took.",
            ("kind", "adapter"),
            _HERE,
            _CALL_MS,
        ),
        # what is to be done
        "opla_queue_waiting": Metric(
            _G,
            "What is due and nobody has begun: attempts (charge, send, refund), mail, text, push, webhook.",
            ("queue",),
        ),
        "opla_queue_lag_seconds": Metric(_G, "How long the longest-waiting of them has been due.", ("queue",)),
        "opla_items_open": Metric(_G, "What waits for a person, by the kind of core/item.", ("kind", "age")),
        "opla_items_at_risk_minor": Metric(_G, "The money at risk in it.", ("kind", "currency")),
        "opla_bank_lines_unmatched": Metric(_G, "Money on our bank account that nobody can say what for."),
        "opla_books_wrong": Metric(_G, "Rows that a check of the books found wrong in their last proof.", ("check",)),
        "opla_books_proven_timestamp_seconds": Metric(_G, "As of when the books were proven last."),
        "opla_books_due_timestamp_seconds": Metric(_G, "When they are to be proven next."),
        # what there is to sell
        "opla_stock_codes": Metric(_G, "Codes of our own shelf that can be sold.", ("sku",)),
        "opla_stock_cards": Metric(_G, "SIM cards on the shelf that can be sold.", ("sku",)),
        "opla_stock_low_mark": Metric(_G, "Fewer codes than this are too few, as the owner wants it.", ("sku",)),
        "opla_supplier_float_minor": Metric(_G, "What is left at a supplier, as they said.", ("supplier", "currency")),
        "opla_supplier_float_low_mark_minor": Metric(
            _G, "Less than this is too little, as the owner wants it.", ("supplier", "currency")
        ),
        "opla_supplier_float_told_timestamp_seconds": Metric(_G, "When they said so.", ("supplier",)),
        "opla_supplier_open": Metric(
            _G, "1: a supplier is left in peace because it did not answer; 0: it is asked.", ("supplier",)
        ),
        "opla_reseller_floats_minor": Metric(_G, "What resellers have with us, together.", ("currency",)),
        "opla_reseller_floats_low": Metric(_G, "Resellers who have less than the mark they set themselves."),
        # processes
        "opla_heartbeat_timestamp_seconds": Metric(
            _G, "When a process (worker, intake, texts) last said that it lives.", ("process", "host")
        ),
        "opla_http_requests_total": Metric(
            _C, "Requests answered, by the part of the shop and the class of the status.", ("surface", "status"), _HERE
        ),
        "opla_http_request_duration_seconds": Metric(
            _H, "How long a request took here, without the way to the visitor.", ("surface",), _HERE, _HTTP_MS
        ),
        # the database
        "opla_database_size_bytes": Metric(_G, "The whole database on its disk."),
        "opla_database_connections": Metric(_G, "Connections to it by what they do.", ("state",)),
        "opla_database_oldest_transaction_seconds": Metric(_G, "Age of the oldest transaction of ours that is open."),
        "opla_database_transaction_id_age": Metric(_G, "Transactions since the last freeze; above 2e9 it stops."),
        "opla_months_ahead": Metric(_G, "Months after this one that rows can be written to already.", ("table",)),
        "opla_rows_of_no_month": Metric(
            _G, "1: rows came for a month that nobody had made, and are not in it yet; 0: there are none.", ("table",)
        ),
        "opla_tallied_timestamp_seconds": Metric(_G, "Until when what happened has been counted into what only grows."),
    }
)
