"""Faults a test orders: the next calls to a path are lost, broken or answered with nonsense. In memory only."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from opla.counterparts.endings import Fault


@dataclass
class _Ordered:
    method: str
    path: str
    fault: Fault
    times: int


class Faults:
    def __init__(self) -> None:
        self._ordered: list[_Ordered] = []
        self._lock = threading.Lock()

    def order(self, given: Mapping[str, object]) -> bool:
        """The next `times` calls of `method` whose path starts with `path` meet `fault`. False: not understood."""
        method, path, fault, times = (given.get(name) for name in ("method", "path", "fault", "times"))
        if not isinstance(method, str) or not isinstance(path, str) or not isinstance(times, int):
            return False
        if fault not in set(Fault):
            return False
        with self._lock:
            self._ordered.append(_Ordered(method, path, Fault(str(fault)), times))
        return True

    def next(self, method: str, path: str) -> Fault:
        """What happens to this call; counts it."""
        with self._lock:
            for ordered in self._ordered:
                if ordered.times > 0 and ordered.method == method and path.startswith(ordered.path):
                    ordered.times -= 1
                    return ordered.fault
        return Fault.NONE
