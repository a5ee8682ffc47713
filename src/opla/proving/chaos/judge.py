"""The judge: what the other side's own log says, what our database says, and what customers hold in their hands.

Pure: evidence in, findings out. It trusts nobody's logic, only sums and comparisons.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from opla.counterparts.log import Facts, PaymentFacts

_ENDED = frozenset({"delivered", "refunded", "cancelled"})


class Broken(StrEnum):
    """Which promise a finding breaks."""

    LOST = "lost"  # acknowledged or paid, and neither ended nor on a person's list; or its end is not true
    TWICE = "twice"  # value given twice, or paid twice and kept
    UNTRUE = "untrue"  # the two sides' books name different references, amounts or codes
    UNBALANCED = "unbalanced"  # a check of `books` failed


@dataclass(frozen=True)
class Finding:
    broken: Broken
    sentence: str
    order_id: UUID | None = None


@dataclass(frozen=True)
class OurOrder:
    """One order as our database has it. `code` is the fingerprint of what was delivered; empty without a code."""

    id: UUID
    ticket: str
    state: str
    link_hash: bytes
    total_minor: int
    parked: bool  # an open item is about it
    delivered_by: str = ""  # the reference of the attempt that delivered
    code: bytes = field(default=b"", repr=False)
    from_shelf: int = 0  # codes of our own stock that went to it
    from_float: bool = False  # a reseller's: its float paid, and no provider knows of it


@dataclass(frozen=True)
class OurRefund:
    """One refund, and whether it was done."""

    amount_minor: int
    done: bool
    parked: bool
    order_id: UUID | None


@dataclass(frozen=True)
class Ours:
    """Our side. References lead to orders; a payment may be for several."""

    orders: Mapping[UUID, OurOrder]
    sends: Mapping[str, UUID]
    charges: Mapping[str, Sequence[UUID]]
    refunds: Mapping[str, OurRefund]
    told: Mapping[str, UUID]  # outbox references that say "sent"
    untold: Mapping[str, UUID]  # those that are still waiting
    unbalanced: Sequence[str] = ()


@dataclass(frozen=True)
class Theirs:
    """The other side. `codes` are the fingerprints of what was given, by our reference."""

    facts: Facts
    codes: Mapping[str, bytes]


@dataclass(frozen=True)
class Held:
    """What one customer was given: hashes of links, fingerprints of codes."""

    links: frozenset[bytes]
    codes: frozenset[bytes]


def judge(ours: Ours, theirs: Theirs, customers: Sequence[Held]) -> list[Finding]:
    """Everything that is wrong; an empty list is the proof."""
    return [
        *_acknowledged(ours, customers),
        *_ended(ours, theirs),
        *_gifts(ours, theirs),
        *_payments(ours, theirs),
        *_refunds(ours, theirs),
        *_letters(ours, theirs),
        *(Finding(Broken.UNBALANCED, f"books: {check}") for check in ours.unbalanced),
    ]


def _acknowledged(ours: Ours, customers: Sequence[Held]) -> list[Finding]:
    """Whoever was given a link has an order, one wish has one, and a code that was shown is the one delivered."""
    by_link = {order.link_hash: order for order in ours.orders.values()}
    found = []
    for held in customers:
        orders = [by_link[link] for link in held.links if link in by_link]
        if len(orders) < len(held.links):
            found.append(Finding(Broken.LOST, "a customer holds a link, and there is no order"))
        if len(held.links) > 1:
            found.append(Finding(Broken.TWICE, "one quote became several orders", orders[0].id if orders else None))
        if not held.codes <= {order.code for order in orders}:
            seen_by = orders[0].id if orders else None
            found.append(Finding(Broken.UNTRUE, "a customer was shown a code that is not the order's", seen_by))
    return found


def _ended(ours: Ours, theirs: Theirs) -> list[Finding]:
    """Each order has its end, and the end is true by the other side's log; or it is on a person's list."""
    net, given = _given(ours, theirs)
    kept = _kept(ours, theirs)
    found = []

    def add(broken: Broken, sentence: str) -> None:
        found.append(Finding(broken, sentence, order.id))

    for order in ours.orders.values():
        if given[order.id] > 1:
            add(Broken.TWICE, f"value was given {given[order.id]} times")
        if order.parked:
            continue
        payments = kept.get(order.id, [])
        kept_minor = sum(payment.kept_minor for payment in payments)
        if len(payments) > 1 or kept_minor > order.total_minor:
            add(Broken.TWICE, f"{len(payments)} payments are kept: {kept_minor} for a price of {order.total_minor}")
        if order.state not in _ENDED:
            add(Broken.LOST, f"still {order.state}, and nobody knows")
        elif order.state == "delivered" and (net[order.id] < 1 or not (payments or order.from_float)):
            add(Broken.LOST, f"delivered, yet {net[order.id]} were given and {len(payments)} payments are kept")
        elif order.state != "delivered" and (net[order.id] or payments):
            add(Broken.LOST, f"{order.state}, yet {net[order.id]} were given and {len(payments)} payments are kept")
    return found


def _given(ours: Ours, theirs: Theirs) -> tuple[Counter[UUID], Counter[UUID]]:
    """Per order: gifts that stand, and gifts ever."""
    net: Counter[UUID] = Counter()
    ever: Counter[UUID] = Counter()
    for order in ours.orders.values():
        net[order.id] += order.from_shelf
        ever[order.id] += order.from_shelf
    for reference, send in theirs.facts.sends.items():
        if reference in ours.sends:
            net[ours.sends[reference]] += send.given - send.reversed
            ever[ours.sends[reference]] += send.given
    return net, ever


def _kept(ours: Ours, theirs: Theirs) -> dict[UUID, list[PaymentFacts]]:
    """Per order: the payments of which the provider still has money for us."""
    found: dict[UUID, list[PaymentFacts]] = {}
    for payment in theirs.facts.payments.values():
        if payment.kept_minor > 0:
            for order_id in ours.charges.get(payment.reference, ()):
                found.setdefault(order_id, []).append(payment)
    return found


def _gifts(ours: Ours, theirs: Theirs) -> list[Finding]:
    """Every gift that stands is the one its order says it was delivered by, to the digit."""
    found = []
    for reference, send in theirs.facts.sends.items():
        order = ours.orders.get(ours.sends.get(reference, UUID(int=0)))
        if order is None:
            found.append(Finding(Broken.UNTRUE, f"the supplier knows {reference}, and we do not"))
        elif send.given > send.reversed and not order.parked:
            if order.state != "delivered" or order.delivered_by != reference:
                sentence = f"the supplier gave under {reference}; the order is {order.state} by {order.delivered_by}"
                found.append(Finding(Broken.UNTRUE, sentence, order.id))
            elif theirs.codes.get(reference, b"") != order.code:
                found.append(Finding(Broken.UNTRUE, "the order's code is not the one the supplier gave", order.id))
    return found


def _payments(ours: Ours, theirs: Theirs) -> list[Finding]:
    return [
        Finding(Broken.UNTRUE, f"the provider has a payment {payment.reference}, and we do not")
        for payment in theirs.facts.payments.values()
        if payment.reference not in ours.charges
    ]


def _refunds(ours: Ours, theirs: Theirs) -> list[Finding]:
    """A refund is in both books with the same amount, or in neither."""
    found = [
        Finding(Broken.UNTRUE, f"the provider refunded {reference}, and we did not")
        for reference in theirs.facts.refunds
        if reference not in ours.refunds
    ]
    for reference, refund in ours.refunds.items():
        gone = theirs.facts.refunds.get(reference, 0)
        due = refund.amount_minor if refund.done else 0
        if gone != due and not refund.parked:
            sentence = f"refund {reference}: {due} by our books, {gone} by the provider's"
            found.append(Finding(Broken.UNTRUE, sentence, refund.order_id))
    return found


def _letters(ours: Ours, theirs: Theirs) -> list[Finding]:
    """Whoever is said to have been told was told; and nobody still waits to be."""
    found = [
        Finding(Broken.UNTRUE, f"message {reference} was sent by our books, and never came", order_id)
        for reference, order_id in ours.told.items()
        if not theirs.facts.mails.get(reference)
    ]
    found += [
        Finding(Broken.LOST, f"message {reference} was never sent", order_id)
        for reference, order_id in ours.untold.items()
    ]
    return found
