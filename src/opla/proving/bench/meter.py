"""What processes cost, from /proc: CPU time and memory of whole process trees. Linux only, as `up` is.

CPU time counts a process with the children it has waited for, so a child that ends in between is not lost.
"""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

from opla.db.queries.call import expect, select

_PROC = Path("/proc")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on; empty when the process is gone (proc(5))."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return []


def tree(*roots: int) -> list[int]:
    """These processes and all their descendants, as they stand now."""
    children: dict[int, list[int]] = defaultdict(list)
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children[int(fields[1])].append(int(entry.name))
    found: list[int] = []
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children[pid]
    return found


def cpu_ms(*roots: int) -> float:
    """CPU time of these trees since they began: user and system, the ended children's too. Steps of 10 ms."""
    times = (_stat(pid)[11:15] for pid in tree(*roots))
    return sum(int(ticks) for fields in times for ticks in fields) * 1000 / _TICKS_PER_S


class Cpu:
    """CPU time that trees spend from now on."""

    def __init__(self, *roots: int) -> None:
        self._roots = roots
        self._before = cpu_ms(*roots)

    @property
    def ms(self) -> float:
        return cpu_ms(*self._roots) - self._before


def pss_mb(*pids: int) -> float:
    """Memory of these processes in megabytes (10⁶ bytes), shared pages divided among all that share them."""
    return sum(map(_pss_kb, pids)) * 1024 / 1e6


def _pss_kb(pid: int) -> int:
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:  # it ended, or its memory is already gone
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def postmaster() -> int:
    """The process all of PostgreSQL descends from. Raises LookupError when it runs on another machine."""
    [(pid,)] = select("SELECT pg_backend_pid()")
    fields = _stat(expect(pid, int))
    name = _PROC / fields[1] / "comm" if fields else None
    if name is None or not name.read_text().startswith("postgres"):
        raise LookupError("PostgreSQL runs on another machine, so its CPU time cannot be measured from here")
    return int(fields[1])
