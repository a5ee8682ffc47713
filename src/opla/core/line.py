"""A line: one SIM or eSIM as its owner sees it. What it holds, until when, and when its number is lost.

Amounts are whole: data in kB of 1,000 bytes, voice in seconds, SMS in messages, money in minor units. None is
unlimited. Instants are aware; what `starts` is there from that instant on, and what `ends` is gone at that instant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum


class Kind(StrEnum):
    """What a bucket holds; beside each, its unit."""

    DATA = "data"  # kB: 1,000 bytes
    VOICE = "voice"  # seconds
    SMS = "sms"  # messages


@dataclass(frozen=True, slots=True)
class Bucket:
    """What is left of one kind of thing, and from when until when it can be used.

    left        None: unlimited
    ends        None: as long as the number
    sku, group  the product it came from, and the group whose products renew it
    slow_kbps   after `left` is used it goes on at this speed; None: then there is nothing more
    eu_left     of what is left, how much can be used abroad in the EU; None: all of it
    generation  of the network (`4G`), empty when not known; `max_mbps` likewise None
    bought_at   when it was ordered; None: not known
    renews      at its end it is bought again from the credit, when that is enough
    """

    kind: Kind
    left: int | None
    starts: datetime
    ends: datetime | None
    sku: str = ""
    group: str = ""
    slow_kbps: int | None = None
    eu_left: int | None = None
    generation: str = ""
    max_mbps: int | None = None
    bought_at: datetime | None = None
    renews: bool = False

    @property
    def holds(self) -> bool:
        """Whether anything would be missed if it were gone."""
        return self.left is None or self.left > 0 or self.slow_kbps is not None

    def ended(self, at: datetime) -> bool:
        return self.ends is not None and self.ends <= at

    def usable(self, at: datetime) -> bool:
        return self.starts <= at and not self.ended(at) and self.holds


@dataclass(frozen=True, slots=True)
class Credit:
    """One lot of call credit, in minor units. `ends` None: as long as the number; `starts` None: it is there."""

    amount_minor: int
    ends: datetime | None
    starts: datetime | None = None

    def ended(self, at: datetime) -> bool:
        return self.ends is not None and self.ends <= at

    def usable(self, at: datetime) -> bool:
        return (self.starts is None or self.starts <= at) and not self.ended(at)


@dataclass(frozen=True, slots=True)
class AutoTopUp:
    """The owner has the operator top up this product when the credit falls below an amount."""

    sku: str
    below_minor: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line. What is None is not known, or has not happened.

    number_ends       the number falls silent; a top-up may still save it until `number_lost`, when all is gone
    plan_fixed_until  the end of the period in which the plan was changed, where that is allowed once in each
    """

    operator: str
    plan: str = ""
    currency: str = "EUR"
    credit: tuple[Credit, ...] = ()
    buckets: tuple[Bucket, ...] = ()
    topped_up_at: datetime | None = None
    used_at: datetime | None = None
    number_ends: datetime | None = None
    number_lost: datetime | None = None
    plan_changed_at: datetime | None = None
    plan_fixed_until: datetime | None = None
    auto_top_up: AutoTopUp | None = None

    def credit_at(self, at: datetime) -> int:
        """The credit that can be spent at this instant, in minor units."""
        return sum(lot.amount_minor for lot in self.credit if lot.usable(at))

    def usable(self, kind: Kind, at: datetime) -> Iterator[Bucket]:
        """The buckets of one kind that something can be drawn from, the one that ends first standing first."""
        return iter(sorted((b for b in self.buckets if b.kind is kind and b.usable(at)), key=ends_first))


def ends_first(thing: Bucket | Credit) -> tuple[bool, datetime]:
    """A key to sort by: what ends first stands first, what never ends last."""
    return (thing.ends is None, thing.ends or _NEVER)


_NEVER = datetime.max.replace(tzinfo=UTC)


def evolve(line: Line, at: datetime) -> Line:
    """The line without what has ended by this instant. A number that is lost takes everything with it.

    What renews by itself is gone too at its end: `effects.renewals` comes first.
    """
    if line.number_lost is not None and line.number_lost <= at:
        return replace(line, credit=(), buckets=())
    credit = tuple(lot for lot in line.credit if not lot.ended(at))
    buckets = tuple(bucket for bucket in line.buckets if not bucket.ended(at))
    if (len(credit), len(buckets)) == (len(line.credit), len(line.buckets)):
        return line
    return replace(line, credit=credit, buckets=buckets)
