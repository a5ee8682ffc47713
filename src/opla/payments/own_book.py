"""What adapters that ask a book of our own share. A look into it is a database call, and can fail half-way like any
other call; what it shows becomes a report by the adapter's own table (`mapping`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from opla.core.ports import Answer, ChargeReport, RefundReport

T = TypeVar("T")
#: What a book shows, in one word → our answer and our word for why.
Shown = Mapping[str, tuple[Answer, str]]


@dataclass(frozen=True)
class Lost:
    """The book did not answer; what was asked of it may stand there all the same. `error` names what was raised."""

    error: str


#: It answered, and has nothing of what it was just asked to keep.
FORGOTTEN = Lost("forgotten")


def guarded(call: Callable[[], T]) -> T | Lost:
    try:
        return call()
    except Exception as why:  # noqa: BLE001 - the port's errors are its database's, which this layer may not know
        return Lost(type(why).__name__)


def lost_charge(shown: Shown, lost: Lost) -> ChargeReport:
    answer, why = shown["lost"]
    return ChargeReport(answer, why=why, evidence={"error": lost.error})


def refund(shown: Shown, word: str, refund_id: str = "") -> RefundReport:
    answer, why = shown[word]
    return RefundReport(answer, refund_id=refund_id, why=why)


def lost_refund(shown: Shown, lost: Lost) -> RefundReport:
    answer, why = shown["lost"]
    return RefundReport(answer, why=why, evidence={"error": lost.error})
