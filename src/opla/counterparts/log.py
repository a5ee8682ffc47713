"""The other side's own evidence: an append-only file, one line per change, never rewritten.

A line is a JSON list of the entries of one change, so a change is there whole or not at all. It is on disk
(fsync) before anybody is answered. After `kill -9` or a power cut a torn last line is dropped: nobody was
told of it.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from opla.counterparts.entries import Entry


class LogError(Exception):
    """A line before the last one is unreadable: somebody changed the file. It is not repaired by guessing."""


def _changes(data: bytes) -> Iterator[tuple[int, list[Entry]]]:
    """Each whole change with the offset where it ends."""
    end = 0
    lines = data.split(b"\n")
    for place, line in enumerate(lines[:-1]):
        try:
            change = json.loads(line)
            if not isinstance(change, list):
                raise TypeError(line)  # noqa: TRY301 - the same torn line, told apart by no one
        except (ValueError, TypeError):
            if place == len(lines) - 2 and not lines[-1]:
                return
            raise LogError(f"line {place + 1} of the sandbox log is unreadable") from None
        end += len(line) + 1
        yield end, change


def read(path: Path) -> list[Entry]:
    """Every entry of a log, oldest first; an absent file is an empty log. Safe while a server writes."""
    data = path.read_bytes() if path.exists() else b""
    return [entry for _, change in _changes(data) for entry in change]


class Log:
    """The log of one running server, which is its only writer (the lock in `place` sees to that)."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        changes = list(_changes(path.read_bytes()))
        self.entries: list[Entry] = [entry for _, change in changes for entry in change]
        self._end = changes[-1][0] if changes else 0
        os.ftruncate(self._file, self._end)
        os.fsync(self._file)

    def append(self, change: Sequence[Entry]) -> None:
        """Keep one change for ever. Raises OSError, with the file as before, when the disk refuses."""
        line = json.dumps(change, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        try:
            if os.pwrite(self._file, line, self._end) != len(line):
                raise OSError("the disk took only a part of the line")  # noqa: TRY301 - one way out for both
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, self._end)
            raise
        self._end += len(line)

    def close(self) -> None:
        os.close(self._file)


@dataclass(frozen=True)
class SendFacts:
    """What one of our references got from an operator. `given` above 1 would be value given twice."""

    given: int
    reversed: int
    declined: int
    kind: str
    face_minor: int
    currency: str


@dataclass(frozen=True)
class PaymentFacts:
    """What became of one payment at the provider, in minor units."""

    reference: str
    currency: str
    captured_minor: int
    refunded_minor: int
    charged_back_minor: int

    @property
    def kept_minor(self) -> int:
        return self.captured_minor - self.refunded_minor - self.charged_back_minor


@dataclass(frozen=True)
class Facts:
    """The other side's truth, to hold against our books: `payments` by their id, all else by our reference."""

    sends: Mapping[str, SendFacts]
    payments: Mapping[str, PaymentFacts]
    refunds: Mapping[str, int]
    mails: Mapping[str, int]


def facts(path: Path) -> Facts:
    """Count what a log holds, by plain sums: no machine's logic stands between the evidence and the reader."""
    return _count(read(path))


def _count(entries: Iterable[Entry]) -> Facts:
    asked: dict[str, Entry] = {}
    created: dict[str, Entry] = {}
    sums: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        what = str(entry["what"])
        match what:
            case "operator.accepted":
                asked[str(entry["reference"])] = entry
            case "operator.given" | "operator.reversed" | "operator.declined" | "mail.received":
                sums[what, str(entry["reference"])] += 1
            case "payment.created":
                created[str(entry["id"])] = entry
            case "payment.captured" | "payment.charged_back":
                sums[what, str(entry["id"])] += int(entry["amount_minor"])
            case "payment.refunded":
                sums[what, str(entry["id"])] += int(entry["amount_minor"])
                sums["refund", str(entry["reference"])] += int(entry["amount_minor"])
    return Facts(
        sends=MappingProxyType(
            {
                reference: SendFacts(
                    given=sums["operator.given", reference],
                    reversed=sums["operator.reversed", reference],
                    declined=sums["operator.declined", reference],
                    kind=str(entry["kind"]),
                    face_minor=int(entry["face_minor"]),
                    currency=str(entry["currency"]),
                )
                for reference, entry in asked.items()
            }
        ),
        payments=MappingProxyType(
            {
                id_: PaymentFacts(
                    reference=str(entry["reference"]),
                    currency=str(entry["currency"]),
                    captured_minor=sums["payment.captured", id_],
                    refunded_minor=sums["payment.refunded", id_],
                    charged_back_minor=sums["payment.charged_back", id_],
                )
                for id_, entry in created.items()
            }
        ),
        refunds=MappingProxyType({key: n for (what, key), n in sums.items() if what == "refund"}),
        mails=MappingProxyType({key: n for (what, key), n in sums.items() if what == "mail.received"}),
    )
