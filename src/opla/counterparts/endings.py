"""What the sandbox operators do with a number, by its last three digits. `docs/reference/sandbox.md` is made from this.

In the spirit of DT One's pre-production numbers: the number scripts the outcome, so that a test, a demonstration
or a person at the till can see every answer. An ending that is not here succeeds at once. Codes have no number
and always succeed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What happens to the call itself, apart from what the operator does."""

    NONE = "none"
    SILENT_BEFORE = "silent_before"  # nothing is done, and no answer comes before the caller gives up
    SILENT_AFTER = "silent_after"  # done, and no answer comes
    DROP_BEFORE = "drop_before"  # nothing is done, and the connection breaks
    DROP_AFTER = "drop_after"  # done, and the connection breaks
    ERROR_BEFORE = "error_before"  # nothing is done; 500
    ERROR_AFTER = "error_after"  # done; 500
    GARBAGE = "garbage"  # done; 200 with something that is not JSON
    HUGE = "huge"  # done; 200 with a body nobody should read to its end

    @property
    def acts(self) -> bool:
        return not self.value.endswith("_before")


@dataclass(frozen=True)
class Ending:
    """One row of the table. `fault` strikes the first call with a reference only, unless `always`."""

    digits: str
    meaning: str
    why: str = ""  # declined, with this word
    pending_s: int = 0
    reversed_after_s: int = 0
    fault: Fault = Fault.NONE
    always: bool = False


ENDINGS: tuple[Ending, ...] = (
    Ending("900", "pending for 5 s, then delivered", pending_s=5),
    Ending("901", "declined: the operator refuses this number", why="number_refused"),
    Ending("902", "declined: the operator is out of service", why="operator_unavailable"),
    Ending("903", "no answer, and nothing done; the same reference again is delivered", fault=Fault.SILENT_BEFORE),
    Ending("904", "delivered, but no answer; the same reference again says so", fault=Fault.SILENT_AFTER),
    Ending("905", "pending for 20 s, then declined by the operator", why="operator_declined", pending_s=20),
    Ending("906", "delivered, and taken back 10 s later", reversed_after_s=10),
    Ending("907", "delivered, but the connection breaks before the answer", fault=Fault.DROP_AFTER),
    Ending("908", "error 500, and nothing done; the same reference again is delivered", fault=Fault.ERROR_BEFORE),
    Ending("909", "declined: our float with the supplier is too low", why="insufficient_float"),
    Ending("910", "never an answer, never found, nothing done", fault=Fault.SILENT_BEFORE, always=True),
)

_AT_ONCE = Ending("", "delivered at once")
_BY_DIGITS = {ending.digits: ending for ending in ENDINGS}


def ending_of(number: str) -> Ending:
    """The row for a number in E.164, or the one that succeeds at once."""
    return _BY_DIGITS.get(number[-3:], _AT_ONCE)


def reference_table() -> str:
    """The table as Markdown, for the reference page."""
    rows = [f"| …{ending.digits} | {ending.meaning} | {ending.why or '–'} |" for ending in ENDINGS]
    head = ["| number ends in | what happens | `why` |", "|---|---|---|"]
    return "\n".join([*head, *rows, "| anything else | delivered at once | – |"])
