"""A reseller's file: read, checked, placed, paid from the float, delivered and told, each state durable by itself."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime

from opla.core.actor import Actor, Role
from opla.core.refusal import Refusal
from opla.db.queries.call import expect, select
from opla.operations.place_from_float import Reserved
from opla.operations.reseller_file import place_file, read_file
from opla.operations.shop import current
from opla.proving.bench import floor, reselling
from opla.proving.bench.bench import Bench, Database
from opla.proving.bench.meter import Cpu, postmaster
from opla.proving.bench.row import Row

ORDERS = 50_000
_WARM_UP = 2_000
_PATIENCE_S = 600


def bulk(bench: Bench) -> list[Row]:
    count = ORDERS * 4 if bench.full else ORDERS
    with bench.database() as database:
        reselling.keys(1)
        per_s, cpu_ms = placed_and_delivered(bench, database, count)
    with bench.database():
        bench.say("bulk: the floor")
        floor_per_s = floor.orders_per_s(count)
    note = f"{count:,} orders of a file: placed, paid, delivered, told; three durable states and the telling"
    return [
        Row.at_most("cpu_bulk", cpu_ms, "CPU-ms", goal=0.12, note="per order: reading, rules, worker and PostgreSQL"),
        Row.at_least("bulk", per_s, "orders/s", goal=0.5, floor=floor_per_s, note=note),
    ]


def placed_and_delivered(bench: Bench, database: Database, count: int, *, first: int = 0) -> tuple[float, float]:
    """(orders a second from the file's first byte to the last one told, CPU-milliseconds an order)."""
    warm_up, data = file_of(_WARM_UP, first=first), file_of(count, first=first + _WARM_UP)
    with bench.process(database, "_instant_worker"):
        _wait_for(place(warm_up))
        spent, began = Cpu(os.getpid(), postmaster()), time.perf_counter()
        _wait_for(place(data))
        seconds, cpu_ms = time.perf_counter() - began, spent.ms
    [(delivered, told)] = select(
        """SELECT (SELECT count(*) FROM orders WHERE reseller = %(name)s AND state = 'delivered'),
                  (SELECT count(*) FROM outbox WHERE done_at IS NOT NULL)""",
        {"name": reselling.NAME},
    )
    if min(expect(delivered, int), expect(told, int)) < count + _WARM_UP:
        raise AssertionError(f"{delivered} delivered and {told} told of {count + _WARM_UP}")
    return count / seconds, cpu_ms / count


def file_of(count: int, *, first: int) -> bytes:
    lines = (f"{n},{reselling.SKU},{reselling.number(n)}" for n in range(first, first + count))
    return "\n".join(["key,sku,number", *lines]).encode()


def place(data: bytes) -> int:
    """What `./opla reseller place` does with a file. How many orders stand."""
    asked = read_file(reselling.NAME, "orders@example.org", data)
    if isinstance(asked, Refusal):
        raise TypeError(f"the file was refused: {asked}")
    placed = 0
    for batch in place_file(Actor(Role.RESELLER, reselling.NAME), asked, shop=current(), at=datetime.now(UTC)):
        placed += sum(isinstance(line.answer, Reserved) for line in batch)
    if placed != len(asked):
        raise ValueError(f"{len(asked) - placed} lines were refused")
    return placed


def _wait_for(placed: int) -> None:
    """Until nothing is to be done any more. Asked by the indexes of what is due, so that asking costs nothing."""
    ends_at = time.monotonic() + _PATIENCE_S
    while True:
        [(left,)] = select(
            """SELECT EXISTS (SELECT FROM attempt WHERE due_at IS NOT NULL)
                   OR EXISTS (SELECT FROM outbox WHERE due_at IS NOT NULL)"""
        )
        if not left:
            return
        if time.monotonic() > ends_at:
            raise TimeoutError(f"{placed} orders were not all told after {_PATIENCE_S} s")
        time.sleep(0.02)
