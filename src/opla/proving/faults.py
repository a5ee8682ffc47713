"""What can go wrong, by name, and how often. One seeded source decides every case, and counts it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from enum import StrEnum
from random import Random


class Fault(StrEnum):
    # our own processes
    DIES_BEFORE_COMMIT = "dies_before_commit"
    DIES_AFTER_COMMIT = "dies_after_commit"
    DIES_BEFORE_SEND = "dies_before_send"
    DIES_AFTER_SEND = "dies_after_send"
    SLEEPS_PAST_LEASE = "sleeps_past_lease"
    CONNECTION_BREAKS_BEFORE = "connection_breaks_before_commit"
    CONNECTION_BREAKS_AFTER = "connection_breaks_after_commit"
    CLOCK_JUMPS = "clock_jumps"
    # providers and suppliers
    NEVER_LEFT = "never_left"
    TIMEOUT_BEFORE_ACTING = "timeout_before_acting"
    TIMEOUT_AFTER_ACTING = "timeout_after_acting"
    ACTS_LATE = "acts_late"
    GARBAGE = "garbage"
    PENDING_FIRST = "pending_first"
    DECLINES = "declines"
    OLD_ANSWER = "old_answer"
    CONTRADICTS = "contradicts"
    REVERSES = "reverses"
    DOWN_FOR_HOURS = "down_for_hours"
    OUT_OF_FLOAT = "out_of_float"
    DUPLICATE_PIN = "duplicate_pin"
    REFUND_REFUSED = "refund_refused"
    # webhooks
    WEBHOOK_LOST = "webhook_lost"
    WEBHOOK_REPEATED = "webhook_repeated"
    WEBHOOK_FORGED = "webhook_forged"
    # customers
    PLACES_TWICE = "places_twice"
    REFUSED = "refused"
    ABANDONS = "abandons"
    PAYS_LATE = "pays_late"
    PAYS_TWICE = "pays_twice"
    PAYS_AGAIN = "pays_again"
    PAYS_WRONG_AMOUNT = "pays_wrong_amount"
    STRANGER_LOOKS = "stranger_looks"


#: Chance of each, per occasion, in millionths. Boundaries come by the batch, customers by the head.
PER_MILLION: dict[Fault, int] = {
    Fault.DIES_BEFORE_COMMIT: 2_000,
    Fault.DIES_AFTER_COMMIT: 2_000,
    Fault.DIES_BEFORE_SEND: 500,
    Fault.DIES_AFTER_SEND: 500,
    Fault.SLEEPS_PAST_LEASE: 700,
    Fault.CONNECTION_BREAKS_BEFORE: 1_500,
    Fault.CONNECTION_BREAKS_AFTER: 1_500,
    Fault.CLOCK_JUMPS: 500,
    Fault.NEVER_LEFT: 20_000,
    Fault.TIMEOUT_BEFORE_ACTING: 15_000,
    Fault.TIMEOUT_AFTER_ACTING: 15_000,
    Fault.ACTS_LATE: 10_000,
    Fault.GARBAGE: 5_000,
    Fault.PENDING_FIRST: 30_000,
    Fault.DECLINES: 60_000,
    Fault.OLD_ANSWER: 10_000,
    Fault.CONTRADICTS: 500,
    Fault.REVERSES: 5_000,
    Fault.DOWN_FOR_HOURS: 20,
    Fault.OUT_OF_FLOAT: 2_000,
    Fault.DUPLICATE_PIN: 300,
    Fault.REFUND_REFUSED: 10_000,
    Fault.WEBHOOK_LOST: 300_000,
    Fault.WEBHOOK_REPEATED: 100_000,
    Fault.WEBHOOK_FORGED: 20_000,
    Fault.PLACES_TWICE: 50_000,
    Fault.REFUSED: 40_000,
    Fault.ABANDONS: 40_000,
    Fault.PAYS_LATE: 30_000,
    Fault.PAYS_TWICE: 20_000,
    Fault.PAYS_AGAIN: 500_000,  # of those whose first payment failed
    Fault.PAYS_WRONG_AMOUNT: 10_000,
    Fault.STRANGER_LOOKS: 20_000,
}


class Faults:
    """Decides, by seed, whether a fault strikes; only those that were asked for do, and `counted` tells how often."""

    def __init__(self, chance: Random, wanted: Collection[Fault]) -> None:
        self._chance = chance
        self._wanted = frozenset(wanted)
        self.counted: Counter[Fault] = Counter()
        self.quiet = False

    def strikes(self, fault: Fault) -> bool:
        """Draws even when the fault is not wanted, so that leaving one out changes nothing else."""
        drawn = self._chance.randrange(1_000_000) < PER_MILLION[fault]
        if not drawn or fault not in self._wanted or self.quiet:
            return False
        self.counted[fault] += 1
        return True


def named(text: str) -> frozenset[Fault]:
    """`all`, `none`, or names with commas. Raises ValueError naming what is no fault."""
    if text == "all":
        return frozenset(Fault)
    if text == "none":
        return frozenset()
    return frozenset(Fault(name.strip()) for name in text.split(",") if name.strip())
