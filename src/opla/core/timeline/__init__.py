"""What a line holds at any instant, and what happens to it: by itself, by purchases, by use."""

from __future__ import annotations

from opla.core.timeline.event import Event, Sign
from opla.core.timeline.preview import Preview, preview
from opla.core.timeline.running import Purchase, Timeline, Wants, timeline

__all__ = ["Event", "Preview", "Purchase", "Sign", "Timeline", "Wants", "preview", "timeline"]
