"""What happens to a line in the course of time, as facts with figures. Surfaces put words; the kinds are published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from opla.core.effects import Happened, Why
from opla.core.line import Kind


class Sign(StrEnum):
    """One kind of event; beside each, the figures it has besides `at`, the instant at which it is so."""

    BOUGHT = "bought"  # sku, amount: the money paid; `happened` says what it did
    TOPPED_UP = "topped_up"  # sku, amount: by itself, because the credit ran low
    RENEWED = "renewed"  # sku, amount: the price, out of the credit; until
    NOT_RENEWED = "not_renewed"  # sku, why
    STARTS_LATE = "starts_late"  # sku, until: bought now, usable only from then on
    BONUS_NOT_GIVEN = "bonus_not_given"  # sku, why
    BENEFIT_LOST = "benefit_lost"  # sku, kind, amount, slow_kbps, until: when it would have ended without the purchase
    BUCKET_EMPTY = "bucket_empty"  # sku, kind, until: its period's end
    THROTTLED = "throttled"  # sku, kind, slow_kbps, until
    BUCKET_EXPIRES = "bucket_expires"  # sku, kind, amount, slow_kbps: what lapses, 0 when it was used up
    GAP = "gap"  # kind, until: nothing of it until then; None: to the end of what is looked at
    CREDIT_LOST = "credit_lost"  # amount
    NUMBER_ENDS = "number_ends"  # until: it falls silent; a top-up saves it until then
    NUMBER_LOST = "number_lost"


@dataclass(frozen=True, slots=True)
class Event:
    """One fact. `amount` in the unit of `kind`, or in minor units of the line's currency; None: unlimited."""

    sign: Sign
    at: datetime
    sku: str = ""
    kind: Kind | None = None
    amount: int | None = 0
    slow_kbps: int | None = None
    until: datetime | None = None
    why: Why | None = None
    happened: tuple[Happened, ...] = ()
