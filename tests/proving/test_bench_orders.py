"""The bench of orders measures what it says: the floor writes the rows that an order really leaves."""

from __future__ import annotations

import pytest

from fakes import World
from opla.core.actor import Actor, Role
from opla.db.queries.call import select
from opla.operations.place_from_float import Asked, Reserved, place_from_float
from opla.operations.quote_topup import Wanted
from opla.operations.shop import Shop
from opla.proving.bench import floor, reselling

TABLES = ("idempotency", "orders", "attempt", "attempt_evidence", "event", "transfer", "delivery", "outbox")


def rows() -> dict[str, int]:
    """How many rows of each table belong to orders (the deposit on a float has an event and a transfer of its own)."""
    counts = {table: int(str(select(f"SELECT count(*) FROM {table}")[0][0])) for table in TABLES}
    [(deposits,)] = select("SELECT count(*) FROM event WHERE subject = 'float'")
    for table in ("idempotency", "event", "transfer"):
        counts[table] -= int(str(deposits))
    return counts


def test_the_floor_writes_as_many_rows_of_each_table_as_a_delivered_order_of_a_reseller_leaves(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shop() -> Shop:
        return world.shop

    monkeypatch.setattr(reselling, "current", shop)
    reselling.keys(1)
    wanted = Wanted("", "", "orders@example.org", "en", sku=reselling.SKU, number=reselling.number(0))
    asked = Asked(reselling.NAME, "one", wanted)
    [placed] = place_from_float(Actor(Role.RESELLER), [asked], shop=world.shop, at=world.clock())
    assert isinstance(placed, Reserved)
    world.work(2)
    one = rows()
    [(events,)] = select("SELECT count(*) FROM event WHERE subject = 'order'")
    assert events == len(floor.EVENTS)
    assert one["transfer"] == len(floor.REASONS)
    assert all(one.values())
    assert select("SELECT DISTINCT name FROM event WHERE subject = 'order'") != []


def test_the_floor_itself(db: str) -> None:
    floor.write(floor.BATCH)
    assert rows() == {
        **dict.fromkeys(TABLES, floor.BATCH),
        "event": floor.BATCH * len(floor.EVENTS),
        "transfer": floor.BATCH * len(floor.REASONS),
    }
