"""From when until when a line holds nothing of a kind, although it did, will, or is asked for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from opla.core.line import Kind, Line
from opla.core.timeline.event import Event, Sign


def gaps(states: Sequence[tuple[datetime, Line]], missed: dict[Kind, datetime]) -> Iterator[Event]:
    """Of each kind, every stretch without a usable bucket that ends with one, and the last one if use fell into it.

    states  the line from each instant on, until the next
    missed  the last instant at which use of this kind found nothing to draw from
    """
    for kind in Kind:
        since: datetime | None = None
        for at, line in states:
            if any(bucket.kind is kind and bucket.usable(at) for bucket in line.buckets):
                if since is not None:
                    yield Event(Sign.GAP, since, kind=kind, until=at)
                since = None
            elif since is None:
                since = at
        if since is not None and kind in missed and missed[kind] >= since:
            yield Event(Sign.GAP, since, kind=kind)
