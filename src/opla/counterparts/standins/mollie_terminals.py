"""Mollie's card machines, as much as its stand-in needs: which there are, and what becomes of a payment that rings one.

Their document has the words and the half minute (`statusReason`); that a machine that is busy refuses at once, and how
long one waits for a card, it does not say.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from opla.counterparts.standins import Fields, inner, text_of

_REACHED_WITHIN: Final = timedelta(seconds=30)
_MESSAGES: Final = {
    "terminal_busy": "Another transaction was already ongoing on the terminal.",
    "terminal_unreachable": "The transaction did not reach the terminal within 30 seconds.",
}


class Machines:
    """`silent`: those whose network is gone, by their id."""

    def __init__(self, mode: str) -> None:
        self.every = [_machine(n, mode, state) for n, state in enumerate(("active", "inactive"))]
        self.silent: set[str] = set()

    def takes(self, id_: object) -> bool:
        """Whether a payment may be asked for on this one."""
        return id_ in {one["id"] for one in self.every if one["status"] == "active"}

    def ring(self, payment: Fields, id_: str, others: Iterable[Fields]) -> None:
        """A payment that was just made appears on the machine, unless it shows another one."""
        busy = any(one["status"] == "open" and inner(one, "details").get("terminalId") == id_ for one in others)
        payment["details"] = {"terminalId": id_}
        if busy:
            _fails(payment, "terminal_busy")

    def time_out(self, payments: Iterable[Fields], now: datetime) -> None:
        """What a machine never heard of has failed by now."""
        for one in payments:
            out = one["status"] == "open" and inner(one, "details").get("terminalId") in self.silent
            if out and now - datetime.fromisoformat(text_of(one, "createdAt")) >= _REACHED_WITHIN:
                _fails(one, "terminal_unreachable")


def _fails(payment: Fields, why: str) -> None:
    payment |= {"status": "failed", "statusReason": {"code": why, "message": _MESSAGES[why]}}


def _machine(n: int, mode: str, status: str) -> Fields:
    link = {"href": "https://api.mollie.com/v2", "type": "application/hal+json"}
    return {
        "resource": "terminal",
        "id": f"term_{n + 1:06d}",
        "mode": mode,
        "profileId": "pfl_QkEhN94Ba",
        "status": status,
        "brand": "PAX",
        "model": "A920",
        "serialNumber": f"{n:010d}",
        "currency": "EUR",
        "description": f"Counter {n + 1}",
        "createdAt": "2026-01-12T11:58:35+00:00",
        "updatedAt": "2026-01-12T11:58:35+00:00",
        "_links": {"self": link, "documentation": link},
    }
