"""Whether two clocks agree: seals of webhooks, leases and the days people are told hang on the time."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from opla.calling import Heard

#: What is further apart is said. Certificates and signatures allow minutes, but a clock that is kept is within one.
MOST_BESIDE_S = 2.0


def beside_s(asked_s: float, heard_s: float, least_s: float, most_s: float) -> float:
    """How many seconds another clock is certainly ahead of ours (behind: below nothing).

    It was read between our `asked_s` and `heard_s`, and showed a time from `least_s` to `most_s`.
    """
    if least_s > heard_s:
        return least_s - heard_s
    return min(0.0, most_s - asked_s)


def heard_beside_s(heard: Heard) -> float | None:
    """Of somebody who answered over HTTP, whose `Date` has whole seconds; None where it is no date."""
    try:
        found = parsedate_to_datetime(heard.date)
    except ValueError:
        return None
    said_s = (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    return beside_s(heard.asked_s, heard.heard_s, said_s, said_s + 1)


def database_beside_s(asked_s: float, heard_s: float, told: datetime) -> float:
    return beside_s(asked_s, heard_s, told.timestamp(), told.timestamp())


def sentence(whose: str, ahead_s: float) -> tuple[bool, str]:
    if abs(ahead_s) <= MOST_BESIDE_S:
        return True, f"this machine's clock agrees with {whose}"
    way = "behind" if ahead_s > 0 else "ahead of"
    return False, f"this machine's clock is {abs(ahead_s):.0f} s {way} {whose}: let it be set by a time server"
