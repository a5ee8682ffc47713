"""Which catalogue is sold from: asked for every page, so it is one plain statement and not a model's query."""

from __future__ import annotations

from opla.db.queries.call import expect, select


def active_version() -> int | None:
    """The one active version (a unique index sees to it), or None in a database without a catalogue."""
    rows = select("SELECT id FROM catalog_version WHERE state = 'active'")
    return expect(rows[0][0], int) if rows else None
