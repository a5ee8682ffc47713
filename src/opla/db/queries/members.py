"""Who acts for a reseller."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from opla.db.queries.call import expect, select


@dataclass(frozen=True)
class MemberRow:
    email: str
    reseller: str
    title: str
    role: str


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
