"""What a line holds at any instant, and what happens to it: by itself, by purchases, by use."""

from __future__ import annotations

from opla.core.timeline.event import Event, Sign
from opla.core.timeline.plain import demand_fields, event_fields, happened_fields
from opla.core.timeline.preview import Preview, lapses, preview
from opla.core.timeline.running import Purchase, Timeline, Wants, timeline

__all__ = [
    "Event",
    "Preview",
    "Purchase",
    "Sign",
    "Timeline",
    "Wants",
    "demand_fields",
    "event_fields",
    "happened_fields",
    "lapses",
    "preview",
    "timeline",
]
