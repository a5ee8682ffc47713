"""What happens by itself: bundles bought again from the credit at their end, top-ups when the credit runs low."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from opla.core.effects.applying import apply
from opla.core.effects.effect import Effect
from opla.core.effects.happened import Applied, Happened, What, Why
from opla.core.line import Bucket, Line
from opla.core.refusal import Code, Refusal


def next_renewal(line: Line) -> datetime | None:
    """The next instant at which something renews by itself."""
    return min((b.ends for b in line.buckets if b.renews and b.ends is not None), default=None)


def renewals(line: Line, effects: Mapping[str, Effect], until: datetime) -> Applied:
    """The line after everything that renews by itself up to and including an instant, each at the end of its bucket.

    `effects` by SKU. What was bought with money is paid by the means its owner left with the operator. What cannot be
    renewed ends: `NOT_RENEWED` says why, and nobody tries again. Before `evolve`, which forgets what has ended.
    """
    happened: list[Happened] = []
    until = until.astimezone(UTC)
    while (at := next_renewal(line)) is not None and at <= until:
        due = sorted({b.sku for b in line.buckets if b.renews and b.ends == at})
        line = replace(line, buckets=tuple(_settled(b) if b.renews and b.ends == at else b for b in line.buckets))
        for sku in due:
            done = apply(effects[sku], line, at, renew=True) if sku in effects else None
            if isinstance(done, Applied):
                line = done.line
                happened += done.happened
            else:
                low = isinstance(done, Refusal) and done.code is Code.CREDIT_TOO_LOW
                happened.append(Happened(What.NOT_RENEWED, at, sku, why=Why.CREDIT_TOO_LOW if low else Why.REFUSED))
    return Applied(line, tuple(happened))


def top_up_due(line: Line, at: datetime) -> str | None:
    """The SKU that the owner has topped up by itself when the credit is below their amount; the first is by hand."""
    auto = line.auto_top_up
    if auto is None or line.topped_up_at is None:
        return None
    return auto.sku if line.credit_at(at) < auto.below_minor else None


def _settled(bucket: Bucket) -> Bucket:
    return replace(bucket, renews=False)
