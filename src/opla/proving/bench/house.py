"""What a year of old orders costs the people of the house: their first page, a search, an order's life, the proof."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from itertools import repeat
from typing import Final

from django.conf import settings
from django.db import connections
from django.http import HttpRequest

from opla.accounts import owner
from opla.accounts.sessions import SessionStore
from opla.core.actor import Actor, Role
from opla.db.queries.books import books
from opla.db.queries.call import expect, select
from opla.proving.bench import floor
from opla.proving.bench.bench import Bench
from opla.proving.bench.load import load
from opla.proving.bench.row import Row, percentile
from opla.proving.bench.shop import request_of

_OLD = 1_000_000
_YEAR = timedelta(days=365)
_WARM_UP_S = 1.5
_SECONDS = 3.0


#: Each figure: its goal, and what it is of.
_FIGURES: Final = {
    "today": (500.0, "the first page"),
    "find": (200.0, "a search for the supplier's number of an order"),
    "life": (200.0, "an order's page"),
    "proof": (60_000.0, "the proof of the books, which no page waits for"),
}


def house(bench: Bench) -> list[Row]:
    """Milliseconds until half of the answers were there, one person asking for one page after another."""
    old = _OLD * 10 if bench.full else _OLD
    few, many = _measured(bench, floor.BATCH), _measured(bench, old)
    on = f"on {old:,} orders of a year; the floor: on {floor.BATCH:,}"
    return [
        Row.at_most(f"house_{name}", many[name], "ms", goal=goal, floor=few[name], note=f"{what}, {on}")
        for name, (goal, what) in _FIGURES.items()
    ]


def _measured(bench: Bench, old: int) -> dict[str, float]:
    with bench.database() as database:
        bench.say(f"house: {old:,} orders of a year")
        floor.write(old, over=_YEAR)
        with connections["owner"].cursor() as cursor:
            cursor.execute("ANALYZE")  # as autovacuum has done long before a shop is that old
        began = time.perf_counter()
        books(datetime.now(UTC))
        found = {"proof": (time.perf_counter() - began) * 1000}
        [(order_id,)] = select("SELECT id FROM orders ORDER BY placed_at DESC LIMIT 1")
        pages = {
            "today": ("/owner/", 200),
            "find": (f"/owner/find/?q={order_id}", 302),
            "life": (f"/owner/orders/{order_id}/", 200),
        }
        cookie = f"{settings.SESSION_COOKIE_NAME}={_signed_in()}"
        with bench.serving(database, "_web") as (_, port):
            for name, (path, status) in pages.items():
                asked = repeat(request_of(path, cookie))
                load(port, asked, connections=1, seconds=_WARM_UP_S, status=status)
                done = load(port, asked, connections=1, seconds=_SECONDS, status=status)
                found[name] = percentile(done.latencies_ms, 50)
        return found


def _signed_in() -> str:
    """The session of an owner, as a sandbox's link makes it."""
    request = HttpRequest()
    request.session = SessionStore()
    owner.sign_in(request, Actor(Role.OWNER, "bench"), datetime.now(UTC))
    request.session.save()
    return expect(request.session.session_key, str)
