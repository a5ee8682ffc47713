"""Who is of the house."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from opla.core.actor import Actor, Role
from opla.db.queries.call import Argument, call, expect, select


@dataclass(frozen=True)
class Person:
    """Somebody of the house, now or once (`ended_at`). They show that it is them by a passkey or an `app`."""

    id: UUID
    email: str = field(repr=False)
    name: str
    role: Role
    language: str
    made_at: datetime
    ended_at: datetime | None
    passkeys: int
    app: bool
    seen_at: datetime | None

    @property
    def actor(self) -> Actor:
        return Actor(self.role, self.name)

    @property
    def has_factor(self) -> bool:
        return self.app or self.passkeys > 0


def by_email(email: str) -> Person | None:
    return next(iter(_people("h.email = %s", email)), None)


def by_id(person_id: UUID) -> Person | None:
    return next(iter(_people("h.id = %s", person_id)), None)


def everybody() -> list[Person]:
    """Those who are here by name, then those who were."""
    return _people("%s ORDER BY h.ended_at IS NOT NULL, lower(h.name)", True)


def _people(where: str, value: object) -> list[Person]:
    rows = select(
        f"""SELECT h.id, h.email, h.name, h.role, h.language, h.made_at, h.ended_at,
                   (SELECT count(*) FROM passkey p WHERE p.customer_id = c.id),
                   EXISTS (SELECT FROM second_step s WHERE s.customer_id = c.id AND s.confirmed_at IS NOT NULL),
                   (SELECT max(s.seen_at) FROM session s WHERE s.customer_id = c.id)
            FROM house_person h LEFT JOIN customer c ON c.email = h.email AND h.email <> '' WHERE {where}""",  # noqa: S608
        [value],
    )
    return [
        Person(
            expect(row[0], UUID), expect(row[1], str), expect(row[2], str), Role(str(row[3])), expect(row[4], str),
            expect(row[5], datetime), expect(row[6], datetime) if row[6] else None, expect(row[7], int),
            expect(row[8], bool), expect(row[9], datetime) if row[9] else None,
        )
        for row in rows
    ]  # fmt: skip


def name(
    person_id: UUID, email: str, called: str, role: Role, language: str, *, actor: Actor, at: datetime
) -> tuple[str, UUID]:
    """`named`, `name_taken` or `last_owner` (`opla_person_name`), and who it is."""
    rows = call(
        "opla_person_name", Argument(at, "timestamptz"), Argument(str(actor), "text"), Argument(person_id, "uuid"),
        Argument(email, "text"), Argument(called, "text"), Argument(str(role), "text"), Argument(language, "text"),
    )  # fmt: skip
    return expect(rows[0][0], str), expect(rows[0][1], UUID)


def end(person_id: UUID, *, actor: Actor, at: datetime) -> str:
    """`ended`, `last_owner` or `unknown` (`opla_person_end`)."""
    rows = call(
        "opla_person_end", Argument(at, "timestamptz"), Argument(str(actor), "text"), Argument(person_id, "uuid")
    )
    return expect(rows[0][0], str)


def said(person_id: UUID, what: str, why: str, *, actor: Actor, at: datetime) -> None:
    call(
        "opla_person_said", Argument(at, "timestamptz"), Argument(str(actor), "text"), Argument(person_id, "uuid"),
        Argument(what, "text"), Argument(why, "text"),
    )  # fmt: skip
