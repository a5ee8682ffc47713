"""A reseller's file: read, checked, placed, paid from the float, delivered and told, each state durable by itself."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from uuid import UUID

from opla.core.api_access import Access, Scope
from opla.core.bulk import WORKED_ON
from opla.core.refusal import Refusal
from opla.db.queries import bulk as files
from opla.db.queries.bulk import File
from opla.db.queries.call import expect, select
from opla.operations import bulk as operation
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
        Row.at_most("cpu_bulk", cpu_ms, "CPU-ms", goal=0.12, note="per order: reading, checks, worker, PostgreSQL"),
        Row.at_least("bulk", per_s, "orders/s", goal=0.5, floor=floor_per_s, note=note),
    ]


def placed_and_delivered(bench: Bench, database: Database, count: int) -> tuple[float, float]:
    """(orders a second from the file's first byte to the last one told, CPU-milliseconds an order)."""
    warm_up, data = file_of(_WARM_UP, first=0), file_of(count, first=_WARM_UP)
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
    """What `./opla reseller place` does with a file, beside the worker. How many orders stand."""
    confirmed = confirm(data)
    done = followed(confirmed)
    if done.placed != done.rows:
        raise ValueError(f"{done.rows - done.placed} rows were refused")
    return done.placed


def confirm(data: bytes, reseller: str = reselling.NAME) -> UUID:
    """A file that was read and checked, and may be bought now."""
    who, at = Access(reseller, "orders@example.org", frozenset(Scope)), datetime.now(UTC)
    key = current().chance.reference()
    file = operation.upload(who, data, key=key, shop=current(), at=at)
    if isinstance(file, Refusal):
        raise TypeError(f"the file was refused: {file}")
    total_minor = followed(file.file_id).total_minor
    if refused := operation.confirm(who, file.file_id, total_minor, key=key, at=datetime.now(UTC)):
        raise TypeError(f"the sum was refused: {refused}")
    return file.file_id


def followed(file_id: UUID) -> File:
    """Do what a worker does with it, until there is nothing to do."""
    while (found := files.file(file_id)) is not None and found.state in WORKED_ON:
        if not operation.step(shop=current(), at=datetime.now(UTC), only=file_id):
            time.sleep(0.02)  # a worker has it
    if found is None:
        raise LookupError("the file is gone")
    return found


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
