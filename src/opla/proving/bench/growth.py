"""What years of old orders cost: the same measurements on an empty shop and on top of a million delivered orders."""

from __future__ import annotations

from django.db import connections

from opla.proving.bench import floor, reselling
from opla.proving.bench.bench import Bench
from opla.proving.bench.bulk import placed_and_delivered
from opla.proving.bench.row import Row
from opla.proving.bench.single import loaded

_OLD = 1_000_000
_ORDERS = 20_000
_RESELLERS = 50


def growth(bench: Bench) -> list[Row]:
    old = _OLD * 10 if bench.full else _OLD
    bulk_empty, single_empty = _measured(bench, 0)
    bulk, single = _measured(bench, old)
    note = f"on top of {old:,} old orders; the floor is the same on an empty shop"
    return [
        Row.at_least("growth_bulk", bulk, "orders/s", goal=0.9, floor=bulk_empty, note=note),
        Row.at_least("growth_single", single, "orders/s", goal=0.9, floor=single_empty, note=note),
    ]


def _measured(bench: Bench, old: int) -> tuple[float, float]:
    """(bulk, single) orders a second."""
    with bench.database() as database:
        secrets = reselling.keys(_RESELLERS)
        bench.say(f"growth: {old:,} old orders")
        floor.write(old)
        with connections["owner"].cursor() as cursor:
            cursor.execute("ANALYZE")  # as autovacuum has done long before a shop is that old
        bulk_per_s, _ = placed_and_delivered(bench, database, _ORDERS)
        return bulk_per_s, loaded(bench, database, secrets, floor_of=lambda _seconds: 0.0).per_s
