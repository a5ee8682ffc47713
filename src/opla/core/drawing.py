"""How use is drawn from a line: from which bucket first, what is left unmet, and what of the credit is spent.

The demand of a local day is drawn at the instant the day begins, after what was bought at that instant. What is unmet
then is drawn again, the same day, at each later instant at which something was bought or began. What is unmet when
the day ends stays unmet: nobody telephones yesterday. Units as in `opla.core.line`; integers only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

from opla.core.line import Bucket, Credit, Kind, Line, ends_first


class Demand(NamedTuple):
    """What a person wants to use in one local day, or what of it is unmet. `abroad`: in the EU, not at home."""

    data_kb: int = 0
    voice_s: int = 0
    sms: int = 0
    abroad: bool = False

    def of(self, kind: Kind) -> int:
        return self[_PLACE[kind]]

    @property
    def met(self) -> bool:
        return not (self.data_kb or self.voice_s or self.sms)


_PLACE = {Kind.DATA: 0, Kind.VOICE: 1, Kind.SMS: 2}

#: What is wanted on each local day.
Usage = Callable[[date], Demand]


def evenly(
    data_kb: int, voice_s: int, sms: int, first: date, *, abroad: Sequence[tuple[date, date]] = (), per_days: int = 30
) -> Usage:
    """Amounts per 30 days spread over local days, counted from `first`: after every 30 days, exactly so much.

    abroad  first and last day of each stay in the EU
    """

    def share(total: int, place: int) -> int:
        return total * (place + 1) // per_days - total * place // per_days

    def on(day: date) -> Demand:
        place = (day - first).days
        away = any(since <= day <= last for since, last in abroad)
        return Demand(share(data_kb, place), share(voice_s, place), share(sms, place), away)

    return on


@dataclass(frozen=True, slots=True)
class Tariff:
    """What use outside every bucket costs from the credit, in minor units, for any part of these; None: not possible.

    Given only where the person allows it: many would rather have no data than lose their credit to it.
    """

    per_mb_minor: int | None = None  # 1,000 kB
    per_min_minor: int | None = None  # 60 s
    per_sms_minor: int | None = None

    def price(self, kind: Kind) -> tuple[int, int] | None:
        """So many minor units for so many units of this kind."""
        minor = {Kind.DATA: self.per_mb_minor, Kind.VOICE: self.per_min_minor, Kind.SMS: self.per_sms_minor}[kind]
        return None if minor is None else (minor, {Kind.DATA: 1000, Kind.VOICE: 60, Kind.SMS: 1}[kind])


@dataclass(frozen=True, slots=True)
class Quality:
    """What data must be like to meet the need. What is not known of a bucket does not meet it.

    network   at least this generation (`5g`); empty: any
    min_mbps  the bucket's own limit must not be lower; 0: any
    min_kbps  a used-up bucket that goes on at a slow speed still meets the need from this speed on; 0: at any
    """

    network: str = ""
    min_mbps: int = 0
    min_kbps: int = 0

    def allows(self, bucket: Bucket) -> bool:
        if bucket.kind is not Kind.DATA:
            return True
        if self.network and generation_number(bucket.generation) < generation_number(self.network):
            return False
        return not self.min_mbps or (bucket.max_mbps is not None and bucket.max_mbps >= self.min_mbps)

    def goes_on(self, bucket: Bucket) -> bool:
        """Whether its slow speed is fast enough for this person."""
        return bucket.slow_kbps is not None and bucket.slow_kbps >= self.min_kbps


def generation_number(generation: str) -> int:
    """`4G` → 4; what cannot be read is 0, older than all."""
    digits = generation.strip().rstrip("gG+")
    return int(digits) if digits.isascii() and digits.isdigit() else 0


ANY = Quality()
#: Slower than this, used-up data that goes on slowly is not counted by who plans, unless somebody says otherwise.
FAST_ENOUGH_KBPS = 1000


class Drawn(NamedTuple):
    """The line after the use, what of the demand is unmet, and the credit spent in minor units."""

    line: Line
    unmet: Demand
    credit_spent_minor: int


def draw(
    line: Line, demand: Demand, at: datetime, *, pay_per_use: Tariff | None = None, quality: Quality = ANY
) -> Drawn:
    """Use what the line holds at this instant.

    Of each kind, what ends first goes first, at full speed before slowed down; then the credit at the tariff, where
    the person allows it. A bucket that is used up stays, because a period runs until its end.
    """
    if demand.met or (line.number_lost is not None and line.number_lost <= at):
        return Drawn(line, demand, 0)
    wanted = list(demand[:3])
    buckets = list(line.buckets)
    for kind, place in _PLACE.items():
        if wanted[place]:
            wanted[place] = _from_buckets(buckets, kind, wanted[place], at, quality, abroad=demand.abroad)
    credit, spent = line.credit, 0
    if pay_per_use is not None and any(wanted):
        credit, spent = _from_credit(line.credit, wanted, at, pay_per_use)
    unmet = Demand(wanted[0], wanted[1], wanted[2], demand.abroad)
    if unmet == demand:
        return Drawn(line, demand, 0)
    return Drawn(replace(line, buckets=tuple(buckets), credit=credit), unmet, spent)


def _from_buckets(
    buckets: list[Bucket], kind: Kind, wanted: int, at: datetime, quality: Quality, *, abroad: bool
) -> int:
    """Draws in place; what is still wanted."""
    usable = [n for n, b in enumerate(buckets) if b.kind is kind and b.usable(at) and quality.allows(b)]
    usable.sort(key=lambda n: ends_first(buckets[n]))
    for place in usable:
        bucket = buckets[place]
        taken = min(wanted, _has(bucket, wanted, abroad=abroad))
        if taken:
            buckets[place] = _less(bucket, taken, abroad=abroad)
            wanted -= taken
        if not wanted:
            return 0
    slow = any(quality.goes_on(buckets[n]) and not (abroad and buckets[n].eu_left is not None) for n in usable)
    return 0 if slow else wanted


def _has(bucket: Bucket, wanted: int, *, abroad: bool) -> int:
    """How much of what is wanted it gives at full speed, here."""
    has = wanted if bucket.left is None else bucket.left
    return min(has, bucket.eu_left) if abroad and bucket.eu_left is not None else has


def _less(bucket: Bucket, taken: int, *, abroad: bool) -> Bucket:
    """At home, what cannot be used abroad goes first."""
    left = None if bucket.left is None else bucket.left - taken
    eu = bucket.eu_left
    if eu is not None and abroad:
        eu -= taken
    if eu is not None and left is not None:
        eu = min(eu, left)
    return replace(bucket, left=left, eu_left=eu)


def _from_credit(
    credit: tuple[Credit, ...], wanted: list[int], at: datetime, tariff: Tariff
) -> tuple[tuple[Credit, ...], int]:
    """Spends on what is wanted, in place, kind after kind; the credit left and what was spent, each kind rounded up."""
    has = start = sum(lot.amount_minor for lot in credit if lot.usable(at))
    for kind, place in _PLACE.items():
        price = tariff.price(kind)
        if price is None or not wanted[place]:
            continue
        minor, per = price
        units = min(wanted[place], has * per // minor) if minor else wanted[place]
        wanted[place] -= units
        has -= -(-units * minor // per)
    return spend(credit, start - has, at), start - has


def spend(credit: tuple[Credit, ...], amount_minor: int, at: datetime) -> tuple[Credit, ...]:
    """The credit without an amount that it holds, taken from what ends first."""
    kept = []
    for lot in sorted(credit, key=ends_first):
        taken = min(amount_minor, lot.amount_minor) if lot.usable(at) else 0
        amount_minor -= taken
        if lot.amount_minor > taken:
            kept.append(replace(lot, amount_minor=lot.amount_minor - taken))
    if amount_minor:
        raise ValueError("more was to be spent than there is")
    return tuple(kept)
