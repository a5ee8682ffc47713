"""What the whole stack holds in memory, idle, after ten thousand orders: every process that a shop runs.

The orders are placed from here; everything after that is done by the real processes: `web` serves pages and webhooks,
`worker` charges, delivers and tells. Counted are `up` itself, these two and the database's keeper; told apart are
PostgreSQL, and what stands in for the outside in a sandbox, which a shop that sells does not run.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from opla.core.actor import Actor, Role
from opla.core.quote import Quote
from opla.db.queries.call import expect, select
from opla.operations.outside import configuration
from opla.operations.place_orders import Placement, place_orders
from opla.operations.quote_topup import Wanted, quote_topups
from opla.operations.shop import Shop, current
from opla.payments.sandbox.config import Config
from opla.payments.sandbox.provider import Sandbox
from opla.proving.bench.bench import Bench
from opla.proving.bench.load import load
from opla.proving.bench.meter import pss_mb
from opla.proving.bench.row import Row
from opla.proving.bench.shop import page_requests

ORDERS = 10_000
#: Bought together under one payment, as a family or a small shop does.
_BASKET = 10
_AT_ONCE = 50  # baskets waiting to be paid
_PATIENCE_S = 120
_IDLE_S = 5
_CUSTOMER = Actor(Role.CUSTOMER, "bench")
_STAND_INS = "_counterparts"


def memory(bench: Bench) -> list[Row]:
    with bench.database() as database, bench.serving(database, "up") as (_, port):
        pages = page_requests(port)
        shop = current()
        sandbox = Sandbox(Config.from_mapping(configuration("payments", "sandbox", shop.var)))
        for done in range(0, ORDERS, _BASKET * _AT_ONCE):
            bench.say(f"memory: {done:,} of {ORDERS:,} orders")
            _buy(_BASKET * _AT_ONCE, shop, sandbox)
            load(port, pages, connections=4, seconds=0.5)
        time.sleep(_IDLE_S)
        held = _held(bench.var)
    stand_ins_mb = held.pop(_STAND_INS)
    parts = ", ".join(f"{name} {mb:.0f}" for name, mb in held.most_common())
    note = f"PSS after {ORDERS:,} orders: {parts}; apart: PostgreSQL, and the sandbox's stand-ins {stand_ins_mb:.0f}"
    return [Row.at_most("memory", held.total(), "MB", goal=200, note=note)]


def _buy(count: int, shop: Shop, sandbox: Sandbox) -> None:
    """Place and pay `count` orders, and wait until all are delivered and told."""
    device = shop.chance.secret()
    for _ in range(count // _BASKET):
        _place(shop, device)
    decided: set[str] = set()
    ends_at = time.monotonic() + _PATIENCE_S
    while _open_orders():
        opened = select("SELECT provider_id FROM attempt WHERE kind = 'charge' AND state = 'pending'")
        for (provider_id,) in opened:
            name = expect(provider_id, str)
            if name and name not in decided:
                sandbox.decide(name, "pay")
                decided.add(name)
        if time.monotonic() > ends_at:
            raise TimeoutError(f"{_open_orders()} orders were not delivered within {_PATIENCE_S} s")
        time.sleep(0.1)


def _place(shop: Shop, device: bytes) -> None:
    at = datetime.now(UTC)
    direct = [
        Wanted("", "", "ana@example.org", "en", sku="MV-15", number=f"04700000{n:02d}") for n in range(_BASKET // 2)
    ]
    codes = [Wanted("", "", "ana@example.org", "zh-Hans", sku="PX-15")] * (_BASKET - len(direct))
    quotes = quote_topups(_CUSTOMER, direct + codes, device=device, shop=shop, at=at)
    placements = [Placement(q.id, q.price.total.amount_minor, "sandbox") for q in quotes if isinstance(q, Quote)]
    if len(placements) != _BASKET:
        raise ValueError(f"a wish was refused: {quotes}")
    place_orders(_CUSTOMER, placements, device=device, shop=shop, at=at, together=True)


def _open_orders() -> int:
    [(orders, letters)] = select(
        """SELECT (SELECT count(*) FROM orders WHERE state <> 'delivered'),
                  (SELECT count(*) FROM outbox WHERE due_at IS NOT NULL)"""
    )
    return expect(orders, int) + expect(letters, int)


def _held(var: Path) -> Counter[str]:
    """Megabytes by name, or by the word after `opla` on the command line, of every process of ours in this folder."""
    mark = f"OPLA_VAR={var}\0".encode()
    held: Counter[str] = Counter()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            environment, command = (entry / "environ").read_bytes(), (entry / "cmdline").read_bytes()
        except OSError:  # it ended, or is somebody else's
            continue
        if mark in environment and (called := (entry / "comm").read_text().strip()).startswith("opla "):
            held[called] += pss_mb(int(entry.name))  # type: ignore[assignment] # Counter's stubs know whole numbers alone
        elif mark in environment:
            words = command.decode("utf-8", "replace").split("\0")
            name = words[words.index("-m") + 1] if "-m" in words else words[0]
            held[words[words.index(name) + 1] if name == "opla" else name] += pss_mb(int(entry.name))  # type: ignore[assignment] # Counter's stubs know whole numbers alone
    return held
