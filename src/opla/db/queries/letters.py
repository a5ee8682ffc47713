"""Letters about no order and no reminder, sealed: who they go to and what they say opens for a worker alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from opla.db.queries.call import Argument, call, columns, expect, select


def post(letters: Sequence[tuple[UUID, bytes, str, str]], *, at: datetime) -> None:
    """(id, sealed, topic, reference) each: kept, and due at once."""
    call(
        "opla_letters_post",
        Argument(at, "timestamptz"),
        *columns(letters, "uuid", "bytea", "text", "text"),
    )


def load(ids: Sequence[UUID]) -> dict[UUID, bytes]:
    """What of these is still kept, sealed."""
    rows = select("SELECT id, sealed FROM letter WHERE id = ANY(%s)", [list(ids)])
    return {expect(row[0], UUID): expect(row[1], bytes) for row in rows}
