"""What the processes of one machine count of themselves: requests answered, calls made, as `core.metric` names them.

Each process writes into a file of its own that all of them may read, as prometheus_client does it for many processes. A
file belongs to a place, not to a process: whoever comes takes the first place that nobody holds and counts on from what
stands there, so that files are as few as processes ever ran at once, however often they were started again.

Without a folder (`begin` was not called, or it cannot be written) they count for themselves, and nobody reads it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from opla.core.metric import METRICS

if TYPE_CHECKING:
    from prometheus_client import Counter, Histogram
    from prometheus_client.metrics_core import Metric as Family

#: The library puts a new file on the disk as a hole. Written to when the disk is full, it would kill whoever counts.
_FILE_BYTES: Final = 1 << 18
_PLACES: Final = 256

_folder: Path | None = None
_place: tuple[int, int, int] | None = None  # pid, place, the descriptor of its lock


def begin(folder: Path) -> None:
    """Count into this folder from now on. For processes that others are forked from, before anything was counted."""
    global _folder  # noqa: PLW0603 - one a process
    if _folder is not None:
        return
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        _folder = folder
        _mine()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)  # where the library looks
        from prometheus_client import values

        values.ValueClass = values.MultiProcessValue(_mine)  # type: ignore[no-untyped-call]
        return
    _folder = None


def request(surface: str, status: int, seconds: float) -> None:
    """A request was answered."""
    with suppress(OSError):  # nobody goes without an answer because it could not be counted
        _counter("opla_http_requests_total").labels(surface, f"{status // 100}xx").inc()
        _histogram("opla_http_request_duration_seconds").labels(surface).observe(seconds)


def called(kind: str, adapter: str, answer: str, seconds: float) -> None:
    """A payment provider or a supplier was called, and this came back."""
    with suppress(OSError):
        _counter("opla_answers_total").labels(kind, adapter, answer).inc()
        _histogram("opla_call_duration_seconds").labels(kind, adapter).observe(seconds)


def counted() -> Iterable[Family]:
    """What all processes of this machine have counted; of this process alone where there is no folder."""
    from prometheus_client import CollectorRegistry
    from prometheus_client.multiprocess import MultiProcessCollector

    if _folder is not None:
        registry = CollectorRegistry()
        MultiProcessCollector(registry, str(_folder))  # type: ignore[no-untyped-call]
        return list(registry.collect())
    return [family for made in _made for family in made.collect()]


def _mine() -> int:
    """The place of this process, held until it ends."""
    global _place  # noqa: PLW0603 - one a process
    if _place is not None and _place[0] == os.getpid():
        return _place[1]
    if _folder is None:
        raise OSError("nobody said where to count")
    if _place is not None:
        os.close(_place[2])  # of whoever we were forked from, who holds on to it
        _place = None
    for place in range(1, _PLACES):
        lock = os.open(_folder / f"place-{place}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for kind in ("counter", "histogram"):
                _room(_folder / f"{kind}_{place}.db")
        except BlockingIOError:
            os.close(lock)
            continue
        _place = os.getpid(), place, lock
        return place
    raise OSError("too many processes count here")


def _room(file: Path) -> None:
    if file.exists():
        return
    made = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.posix_fallocate(made, 0, _FILE_BYTES)
    except OSError:
        file.unlink()
        raise
    finally:
        os.close(made)


_made: list[Counter | Histogram] = []


@cache
def _counter(name: str) -> Counter:
    from prometheus_client import Counter, disable_created_metrics

    disable_created_metrics()  # type: ignore[no-untyped-call]  # when each began is nobody's figure

    made = Counter(name, METRICS[name].told, METRICS[name].labels, registry=None)
    _made.append(made)
    return made


@cache
def _histogram(name: str) -> Histogram:
    from prometheus_client import Histogram, disable_created_metrics

    disable_created_metrics()  # type: ignore[no-untyped-call]
    metric = METRICS[name]
    made = Histogram(
        name, metric.told, metric.labels, buckets=[edge / 1000 for edge in metric.bounds_ms], registry=None
    )
    _made.append(made)
    return made
