"""Whether any place was changed since somebody looked."""

from __future__ import annotations

from opla.db.queries.call import select


def as_of() -> tuple[object, ...]:
    """Equal as long as no row came, went or was written: each write leaves its transaction's number on the row.

    A sum, not the newest: of two imports at once the one that began first may end last.
    """
    [row] = select("SELECT current_database()::text, count(*), sum(xmin::text::bigint)::text, sum(id)::text FROM place")
    return tuple(row)
