"""Who acts for a reseller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from opla.core.actor import Actor
from opla.db.queries.call import Argument, call, expect, select


@dataclass(frozen=True)
class MemberRow:
    email: str
    reseller: str
    title: str
    role: str


@dataclass(frozen=True)
class Changed:
    """Something about a reseller's keys or people that somebody changed: `what` was done, to whom or which (`why`)."""

    at: datetime
    what: str
    actor: str
    why: str


def alone(reseller: str) -> bool:
    """Whoever changes the people of a reseller does it one after the other, to the end of the transaction. False: there
    is no such reseller."""
    return bool(select("SELECT id FROM reseller WHERE id = %s FOR NO KEY UPDATE", [reseller]))


def changed(reseller: str, what: str, why: str, *, actor: Actor, at: datetime) -> None:
    """Beside the change itself, in its transaction."""
    call(
        "opla_reseller_changed",
        Argument(at, "timestamptz"),
        Argument(str(actor), "text"),
        Argument(reseller, "text"),
        Argument(what, "text"),
        Argument(why, "text"),
    )


def changes(reseller: str, several: Sequence[str], *, limit: int) -> list[Changed]:
    """The newest of these first."""
    rows = select(
        """SELECT at, name, actor, why FROM every_event
           WHERE subject_id = md5('reseller ' || %s)::uuid AND subject = 'reseller' AND name = ANY (%s::text[])
           ORDER BY at DESC, id DESC LIMIT %s""",
        [reseller, list(several), limit],
    )
    return [
        Changed(expect(at, datetime), expect(what, str), expect(actor, str), expect(why, str))
        for at, what, actor, why in rows
    ]


def put(email: str, reseller: str, role: str, *, at: datetime) -> None:
    select(
        """INSERT INTO reseller_member (email, reseller_id, role, made_at) VALUES (%s, %s, %s, %s)
           ON CONFLICT (email, reseller_id) DO UPDATE SET role = EXCLUDED.role RETURNING email""",
        [email, reseller, role, at],
    )


def remove(email: str, reseller: str) -> bool:
    """Whether there was one."""
    return bool(
        select("DELETE FROM reseller_member WHERE email = %s AND reseller_id = %s RETURNING email", [email, reseller])
    )


def of_email(email: str) -> list[MemberRow]:
    return _rows("m.email = %s AND r.active ORDER BY m.reseller_id", email)


def of_reseller(reseller: str) -> list[MemberRow]:
    return _rows("m.reseller_id = %s ORDER BY m.email", reseller)


def _rows(where: str, value: str) -> list[MemberRow]:
    rows = select(
        f"""SELECT m.email, m.reseller_id, r.name, m.role FROM reseller_member m JOIN reseller r ON r.id = m.reseller_id
            WHERE {where}""",  # noqa: S608 - our own words
        [value],
    )
    return [MemberRow(*(expect(value, str) for value in row)) for row in rows]
