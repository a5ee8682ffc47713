"""The trail: who did and saw what, and the chain that shows that nobody rewrote it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from opla.core.actor import Actor
from opla.db.queries.call import Argument, call, columns, expect


def look(actor: Actor, page: str, subjects: Sequence[tuple[str, UUID | None]], *, at: datetime) -> None:
    """Write that somebody is about to see this: each subject of the page, with its order where it is about one."""
    subject, order = columns(subjects, "text", "uuid")
    call(
        "opla_look", Argument(at, "timestamptz"), Argument(str(actor), "text"), Argument(page, "text"), subject, order
    )


def seal(*, rows: int, groups: int, at: datetime) -> int:
    """Chain what has been committed: groups of so many rows, so many groups of each table at most; how many rows."""
    done = call("opla_audit_seal", Argument(at, "timestamptz"), Argument(rows, "int"), Argument(groups, "int"))
    return expect(done[0][0], int)


def broken(rows: int | None) -> list[str]:
    """Where the chain does not hold, table by table, each place with the first row that is wrong. `rows`: so many of the
    newest of each table are read again; None: all."""
    found = call("opla_audit", Argument(rows, "bigint"))
    return [expect(example, str) for _stream, _number, example in sorted(found, key=lambda row: (str(row[0]), row[1]))]
