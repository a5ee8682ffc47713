"""Processes that outlive the command which started them, and the bond that ends a child with its parent."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15
_LIBC = ctypes.CDLL(None)
_LOG_LIMIT_BYTES = 8_000_000
READY = "ready"

Report = Callable[[str], None]


def bond(signum: signal.Signals) -> None:
    """From now on the kernel sends `signum` to this process when its parent's main thread ends, even by kill -9."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signum, 0, 0, 0)


def call_ourselves(name: str) -> None:
    """The name that `ps -o comm` and /proc/<pid>/comm show, 15 bytes at most; whoever is forked from us has it too."""
    _LIBC.prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def die_with_parent(signum: signal.Signals) -> Callable[[], None]:
    """The bond as a `preexec_fn`, which runs after the change of user (that would undo it)."""
    parent = os.getpid()

    def bind() -> None:
        bond(signum)
        if os.getppid() != parent:  # it died in between
            os._exit(1)

    return bind


def detach(log: Path, work: Callable[[Report], int]) -> int:
    """Fork `work` into a session of its own, its output to `log`, and wait until it reports.

    `work` calls its argument once: with `READY`, or with a sentence saying what is wrong. The starting
    process returns 0 or, having said the sentence on stderr, 1; the detached one never returns.
    """
    reading, writing = os.pipe()
    if os.fork():
        os.close(writing)
        with os.fdopen(reading, encoding="utf-8") as pipe:
            answer = pipe.read()
        if answer == READY:
            return 0
        sys.stderr.write((answer or f"It ended at once; {log} may say why.") + "\n")
        return 1
    os.close(reading)
    os.setsid()
    os.chdir("/")
    _redirect(log)

    def report(sentence: str) -> None:
        os.write(writing, sentence.encode())
        os.close(writing)

    code = 1
    try:
        code = work(report)
    except BaseException:  # noqa: BLE001  (the end of this process: whatever it was belongs in the log)
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)


def _redirect(log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".old.log"))
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.close(nothing)
    os.close(out)
