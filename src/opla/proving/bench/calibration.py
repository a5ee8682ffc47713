"""How fast this machine is right now: two fixed loops, run before and after, so that figures of two days can be held
beside each other."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.db import connections

_ROUNDS = 300_000
_COMMITTING_S = 1.5


@dataclass(frozen=True)
class Calibration:
    """`python_per_s`: rounds of a loop of integer arithmetic. `commits_per_s`: durable one-row transactions."""

    python_per_s: int
    commits_per_s: int


def calibrate() -> Calibration:
    """Takes about two seconds, and the owner's connection of the database at hand."""
    return Calibration(_python_per_s(), _commits_per_s())


def _python_per_s() -> int:
    best = 0.0
    for _ in range(3):
        began = time.perf_counter()
        x = 1
        for n in range(_ROUNDS):
            x = (x * 1_103_515_245 + n) & 0x7FFFFFFF
        best = max(best, _ROUNDS / (time.perf_counter() - began))
    return round(best)


def _commits_per_s() -> int:
    connection = connections["owner"]
    done = 0
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS calibration (n integer)")
        ends_at = time.perf_counter() + _COMMITTING_S
        while time.perf_counter() < ends_at:
            cursor.execute("INSERT INTO calibration VALUES (%s)", [done])
            done += 1
        cursor.execute("DROP TABLE calibration")
    return round(done / _COMMITTING_S)
