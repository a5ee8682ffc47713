"""What is measured: names of rows, and the function that measures them. Quick ones first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from opla.proving.bench.bench import Bench
from opla.proving.bench.bulk import bulk
from opla.proving.bench.fair import fair
from opla.proving.bench.growth import growth
from opla.proving.bench.house import house
from opla.proving.bench.memory import memory
from opla.proving.bench.numbers import numbers
from opla.proving.bench.planner import planner
from opla.proving.bench.row import Row
from opla.proving.bench.shop import shop
from opla.proving.bench.single import single

#: One measurement may give several rows, always in this order.
MEASURES: Final[dict[tuple[str, ...], Callable[[Bench], list[Row]]]] = {
    ("shop", "shop_p99"): shop,
    ("numbers",): numbers,
    ("planner", "planner_p99"): planner,
    ("cpu_bulk", "bulk"): bulk,
    (
        *("cpu_single", "cpu_database", "wal_single", "disk_single", "commits_single"),
        *("single", "single_p99", "delivered_p99", "hot"),
    ): single,
    ("fair", "fair_p99"): fair,
    ("growth_bulk", "growth_single"): growth,
    ("house_today", "house_find", "house_life", "house_proof"): house,
    ("memory",): memory,
}

NAMES: Final = [name for names in MEASURES for name in names]
