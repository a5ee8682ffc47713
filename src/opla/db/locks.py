"""Locks that the kernel counts: a `flock` goes with the last process that holds it, however that process ends."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_POLL_S = 0.02


def open_lock(path: Path) -> int:
    """A descriptor of the lock file, made where missing. Not inherited by children unless they are handed it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def take(lock: int, *, shared: bool = False, timeout_s: float | None = None) -> bool:
    """Take the lock; without a time limit wait for as long as it needs. False when the time ran out."""
    kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
    if timeout_s is None:
        fcntl.flock(lock, kind)
        return True
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_S)
        else:
            return True


def release(lock: int) -> None:
    fcntl.flock(lock, fcntl.LOCK_UN)


@contextmanager
def holding(path: Path, *, shared: bool = False) -> Iterator[int]:
    lock = open_lock(path)
    try:
        take(lock, shared=shared)
        yield lock
    finally:
        os.close(lock)


def is_held(path: Path) -> bool:
    """Whether some process holds the lock exclusively at this instant."""
    if not path.exists():
        return False
    lock = open_lock(path)
    try:
        return not take(lock, shared=True, timeout_s=0)
    finally:
        os.close(lock)
