"""What a purchase did, as facts with figures. Surfaces put words to them; the kinds are published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from opla.core.catalog.rules import Content
from opla.core.line import Bucket, Kind, Line


class What(StrEnum):
    """One kind of fact; beside each, the figures it has besides `at`, the instant at which it is so."""

    STARTS_LATE = "starts_late"  # everything begins only at `until`
    CREDIT_TAKEN = "credit_taken"  # amount: the price, out of the credit
    CREDIT_ADDED = "credit_added"  # amount, until
    CREDIT_EXTENDED = "credit_extended"  # amount, was, until
    CREDIT_LOST = "credit_lost"  # amount, was
    BUCKET_ADDED = "bucket_added"  # kind, amount, slow_kbps, until
    BUCKET_LOST = "bucket_lost"  # kind, amount (what was left), slow_kbps, was
    BUCKET_EXTENDED = "bucket_extended"  # kind, amount (what is left), slow_kbps, was, until
    QUEUED = "queued"  # the bonus begins only at `until`, when what runs now has ended
    BONUS_NOT_GIVEN = "bonus_not_given"  # why
    PLAN_CHANGED = "plan_changed"  # plan; what it destroyed is said by the `*_lost`
    NUMBER_EXTENDED = "number_extended"  # was, until
    NOT_RENEWED = "not_renewed"  # why: the credit was too low, or the operator refuses it


class Why(StrEnum):
    """Why a bonus was not given, or a bundle not renewed."""

    BELOW_MINIMUM = "below_minimum"  # the amount is too small
    OUTSIDE_WINDOW = "outside_window"  # the last top-up is too long ago
    WINDOW_UNKNOWN = "window_unknown"  # nobody said when the last top-up was
    PLAN_WITHOUT_BONUS = "plan_without_bonus"
    PLAN_UNKNOWN = "plan_unknown"  # not every plan gives one, and nobody said which this is
    STILL_RUNNING = "still_running"  # one runs, and keeps its contents and its end
    CREDIT_TOO_LOW = "credit_too_low"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Happened:
    """One fact. `amount` in the unit of `kind`, or in minor units of the line's currency; None: unlimited.

    was, until  the end before and after; None: as long as the number
    """

    what: What
    at: datetime
    sku: str = ""
    kind: Kind | None = None
    amount: int | None = 0
    slow_kbps: int | None = None
    was: datetime | None = None
    until: datetime | None = None
    why: Why | None = None
    plan: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    """The line after a purchase, and what happened, in the order to say it."""

    line: Line
    happened: tuple[Happened, ...]


def lost(bucket: Bucket, at: datetime) -> Happened:
    return Happened(What.BUCKET_LOST, at, bucket.sku, bucket.kind, bucket.left, bucket.slow_kbps, bucket.ends)


KIND_OF: dict[Content, Kind] = {Content.DATA: Kind.DATA, Content.VOICE: Kind.VOICE, Content.SMS: Kind.SMS}
