"""What text messages need: who wants none, and the state of an order somebody knows the number of."""

from __future__ import annotations

from datetime import datetime

from opla.core import order
from opla.db.queries.call import Argument, call, expect, select


def stop(who: bytes, *, at: datetime) -> None:
    call("opla_stop_texts", Argument(at, "timestamptz"), Argument(who, "bytea"))


def stopped(who: bytes) -> bool:
    return bool(select("SELECT 1 FROM text_stop WHERE who = %s", [who]))


def state_of(ticket: str) -> tuple[order.State, str] | None:
    """The state and the language of an order; of a reseller's none, as its customers ask the reseller."""
    rows = select("SELECT state, language FROM orders WHERE ticket = %s AND reseller = ''", [ticket])
    return (order.State(expect(rows[0][0], str)), expect(rows[0][1], str)) if rows else None
