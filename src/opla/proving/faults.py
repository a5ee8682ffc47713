"""What can go wrong, by name: how often, where it strikes, and what must hold all the same.

One seeded source decides every case, and counts it. `./opla _reference` writes the table to docs/reference/faults.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from enum import StrEnum
from random import Random
from typing import NamedTuple


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
    CLOCK_CHANGES = "clock_changes"
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
    OUT_OF_STOCK = "out_of_stock"
    DUPLICATE_PIN = "duplicate_pin"
    REFUND_REFUSED = "refund_refused"
    REFUNDED_OUTSIDE = "refunded_outside"
    FEE_LATER = "fee_later"
    FEE_CHANGES = "fee_changes"
    # webhooks
    WEBHOOK_LOST = "webhook_lost"
    WEBHOOK_LATE = "webhook_late"
    WEBHOOK_REPEATED = "webhook_repeated"
    WEBHOOK_FORGED = "webhook_forged"
    # customers
    BUYS_TOGETHER = "buys_together"
    BUYS_FOR_DATE = "buys_for_date"
    CALLS_OFF = "calls_off"
    GIVES_BACK = "gives_back"
    LOOKS_AND_GIVES_BACK = "looks_and_gives_back"
    PLACES_TWICE = "places_twice"
    RENEWS = "renews"
    SKIPS_RENEWAL = "skips_renewal"
    CHANGES_CEILING = "changes_ceiling"
    PAUSES_RENEWAL = "pauses_renewal"
    ENDS_RENEWAL = "ends_renewal"
    ENDS_WHILE_CHARGED = "ends_while_charged"
    BANK_WANTS_THEM = "bank_wants_them"
    CONSENT_REFUSED = "consent_refused"
    REFUSED = "refused"
    ABANDONS = "abandons"
    PAYS_LATE = "pays_late"
    PAYS_TWICE = "pays_twice"
    PAYS_AGAIN = "pays_again"
    PAYS_WRONG_AMOUNT = "pays_wrong_amount"
    CHARGES_BACK_AT_ONCE = "charges_back_at_once"
    CHARGES_BACK_LATER = "charges_back_later"
    FORGETS_REFERENCE = "forgets_reference"
    STATEMENT_AGAIN = "statement_again"
    TRANSFER_REFUSED = "transfer_refused"
    CLERK_PRESSES_TWICE = "clerk_presses_twice"
    STRANGER_LOOKS = "stranger_looks"


class Rule(NamedTuple):
    """`per_million`: its chance per occasion. Commits and sends come by the batch, customers by the head."""

    per_million: int
    where: str
    holds: str


_COMMIT, _CALL = "every commit", "every call to the outside"
_AGAIN = "the lease runs out, another worker goes on; what may have left is asked about, not sent anew"
_ASKED = "asked about, or the same reference again where repeats are refused; no other supplier, no refund"
_BACK = "the price is kept once, the rest goes back by rule"
_ONCE = "one order, one payment: the second press finds the first"

RULES: dict[Fault, Rule] = {
    Fault.DIES_BEFORE_COMMIT: Rule(4_000, _COMMIT, "nothing of it happened; " + _AGAIN),
    Fault.DIES_AFTER_COMMIT: Rule(4_000, _COMMIT, "all of it happened, its message included; " + _AGAIN),
    Fault.DIES_BEFORE_SEND: Rule(500, _CALL, _AGAIN),
    Fault.DIES_AFTER_SEND: Rule(500, _CALL, _AGAIN),
    Fault.SLEEPS_PAST_LEASE: Rule(700, f"{_COMMIT} and {_CALL}", "the sleeper's decision loses its compare-and-set"),
    Fault.CONNECTION_BREAKS_BEFORE: Rule(3_000, _COMMIT, "the commit did not happen; whoever asked tries again"),
    Fault.CONNECTION_BREAKS_AFTER: Rule(3_000, _COMMIT, "the commit happened, and trying again finds it"),
    Fault.CLOCK_JUMPS: Rule(
        3_000, "every step of the clock", "minutes to hours pass at once: what is overdue ends by rule"
    ),
    Fault.CLOCK_CHANGES: Rule(
        1_000_000,
        "once a shard: a change to or from summer time, a month's or a year's end",
        "orders in flight go on, their rows in whichever partition there is",
    ),
    Fault.NEVER_LEFT: Rule(
        20_000, "provider, supplier, mail, endpoint", "sent again, the same reference, until its time is over"
    ),
    Fault.TIMEOUT_BEFORE_ACTING: Rule(15_000, "provider, supplier", _ASKED),
    Fault.TIMEOUT_AFTER_ACTING: Rule(
        15_000, "provider, supplier, mail, endpoint", _ASKED + "; a message is sent again, the same"
    ),
    Fault.ACTS_LATE: Rule(10_000, "supplier", "“not found” is no proof: " + _ASKED),
    Fault.GARBAGE: Rule(5_000, "provider, supplier", _ASKED),
    Fault.PENDING_FIRST: Rule(30_000, "refund, supplier", "asked about until it is decided"),
    Fault.DECLINES: Rule(60_000, "supplier", "the next supplier, or the money goes back"),
    Fault.OLD_ANSWER: Rule(10_000, "provider, supplier", "nothing that is known is undone"),
    Fault.CONTRADICTS: Rule(500, "provider, supplier", "evidence and an item for a person; no money moves"),
    Fault.REVERSES: Rule(5_000, "supplier, minutes after success", "refunded, never sent again"),
    Fault.DOWN_FOR_HOURS: Rule(
        20, "provider, supplier, once a day at most", "nothing left, so the next supplier; or later"
    ),
    Fault.OUT_OF_FLOAT: Rule(
        2_000,
        "supplier; besides, its float runs out and is filled",
        "the next supplier; or it waits, and the money goes back",
    ),
    Fault.OUT_OF_STOCK: Rule(
        2_000, "supplier; our own shelf besides, which is sold out", "the next supplier, or the money goes back"
    ),
    Fault.DUPLICATE_PIN: Rule(300, "supplier", "nobody is given another customer's code: an item"),
    Fault.REFUND_REFUSED: Rule(10_000, "provider", "an item: the debt stays in the books"),
    Fault.REFUNDED_OUTSIDE: Rule(
        2_000, "provider: somebody refunds in its dashboard", "known here as well, and not refunded again"
    ),
    Fault.FEE_LATER: Rule(300_000, "provider: it does not say yet what it keeps", "posted once, when it says so"),
    Fault.FEE_CHANGES: Rule(300, "provider: it says otherwise than before", "what was posted stays, and an item"),
    Fault.WEBHOOK_LOST: Rule(300_000, "provider", "the poller finds it"),
    Fault.WEBHOOK_LATE: Rule(100_000, "provider: seconds to minutes, so out of order", "it only wakes the poller"),
    Fault.WEBHOOK_REPEATED: Rule(100_000, "provider", "the second changes nothing"),
    Fault.WEBHOOK_FORGED: Rule(20_000, "anybody", "it changes nothing"),
    Fault.BUYS_TOGETHER: Rule(
        125_000, "customer: two to four orders under one payment", "each is delivered or refunded by itself"
    ),
    Fault.BUYS_FOR_DATE: Rule(
        60_000, "customer: paid now, to be delivered tomorrow", "asked for then and not before, its code held meanwhile"
    ),
    Fault.CALLS_OFF: Rule(
        300_000, "customers who paid for a date, minutes to hours later", "all of its price goes back, nothing is sent"
    ),
    Fault.GIVES_BACK: Rule(
        50_000,
        "customers who bought a code, minutes to hours later",
        "its price goes back once, nobody reads it any more",
    ),
    Fault.LOOKS_AND_GIVES_BACK: Rule(
        400_000, "those of them who look at it in the same moment", "one of the two happens, and never both"
    ),
    Fault.PLACES_TWICE: Rule(50_000, "customer", _ONCE),
    Fault.RENEWS: Rule(
        150_000,
        "customer, in one shard of four: a week's credit again by itself, paid by Mollie or Stripe",
        "charged once a period at most, told days before, never above the ceiling; its consent ends with it",
    ),
    Fault.SKIPS_RENEWAL: Rule(80_000, "whoever was told of a charge, up to four days later", "that one is not made"),
    Fault.CHANGES_CEILING: Rule(
        150_000, "whoever was told of a charge, up to four days later", "above a lower one nothing leaves any more"
    ),
    Fault.PAUSES_RENEWAL: Rule(
        80_000, "whoever was told of a charge, up to four days later", "nothing leaves until they go on with it"
    ),
    Fault.ENDS_RENEWAL: Rule(80_000, "whoever was told of a charge, up to four days later", "nothing leaves any more"),
    Fault.ENDS_WHILE_CHARGED: Rule(
        400_000, "in the moment in which a charge is made", "it has left already, or it never does"
    ),
    Fault.BANK_WANTS_THEM: Rule(80_000, "the bank, of a charge by consent", "paid by hand, or cancelled in time"),
    Fault.CONSENT_REFUSED: Rule(80_000, "the bank, of a charge by consent", "paid by hand, or cancelled in time"),
    Fault.REFUSED: Rule(40_000, "customer's bank", "cancelled when its time is over, or paid by another try"),
    Fault.ABANDONS: Rule(40_000, "customer", "cancelled when its time is over"),
    Fault.PAYS_LATE: Rule(30_000, "customer, after the session and the order expired", "it goes back by rule"),
    Fault.PAYS_TWICE: Rule(20_000, "customer, in one session", _BACK),
    Fault.PAYS_AGAIN: Rule(500_000, "customers whose payment was refused", _BACK),
    Fault.PAYS_WRONG_AMOUNT: Rule(
        10_000, "customer", "too much: the rest goes back; too little: all of it, and an item"
    ),
    Fault.CHARGES_BACK_AT_ONCE: Rule(2_000, "customer, before the delivery", "known here, never refunded besides"),
    Fault.CHARGES_BACK_LATER: Rule(
        3_000, "customer, up to twenty hours after paying", "known here, never refunded besides"
    ),
    Fault.FORGETS_REFERENCE: Rule(
        50_000, "customer who pays by bank transfer", "an item; the owner says which order, and it goes on by rule"
    ),
    Fault.STATEMENT_AGAIN: Rule(
        300_000, "bank: the same lines as a notification, and twice as a statement", "each line counts once"
    ),
    Fault.TRANSFER_REFUSED: Rule(
        50_000, "bank: it does not send one of our file", "the owner says so, and it is in the next file, once"
    ),
    Fault.CLERK_PRESSES_TWICE: Rule(100_000, "our counter", "the money is taken once"),
    Fault.STRANGER_LOOKS: Rule(
        20_000, "another device asks for a delivered code", "refused; the owner's device sees the right one"
    ),
}


class Faults:
    """Decides, by seed, whether a fault strikes; only those that were asked for do, and `counted` tells how often."""

    def __init__(self, chance: Random, wanted: Collection[Fault]) -> None:
        self._draw = chance.random
        self._chances = {fault: RULES[fault].per_million / 1_000_000 for fault in Fault}
        self._wanted = frozenset(wanted)
        self.counted: Counter[Fault] = Counter()
        self.quiet = False

    def strikes(self, fault: Fault) -> bool:
        """Draws even when the fault is not wanted, so that leaving one out changes nothing else."""
        if self._draw() >= self._chances[fault] or fault not in self._wanted or self.quiet:
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


def page() -> str:
    """docs/reference/faults.md: every fault, where it strikes, and what must hold."""
    rows = [f"| `{fault}` | {rule.where} | {rule.per_million:,} | {rule.holds} |" for fault, rule in RULES.items()]
    head = ["| fault | where it strikes | chance in a million | what must hold |", "| --- | --- | --- | --- |"]
    return (
        "# Faults of a simulation\n\n<!-- Made by `./opla _reference`: change the table in "
        "`src/opla/proving/faults.py`, not this page. -->\n\nWhat `./opla simulate` breaks, all of it at once unless "
        "`--faults` names some. Chances are per occasion; commits and claims come by the batch, customers by the head. "
        "Whatever strikes, the order must end delivered, refunded, cancelled or on a person's list, with value given "
        "once and the price kept once. [How it is judged](../explanation/simulation.md)\n\n"
        + "\n".join([*head, *rows])
        + "\n"
    )
