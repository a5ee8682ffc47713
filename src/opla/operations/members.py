"""Who acts for a reseller: people of the shop's customers, known by the address that they prove when they sign in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from opla.core.actor import Actor, Role
from opla.core.api_access import MEMBER_MAY, Access, Member, manages
from opla.core.quote import read_email
from opla.core.refusal import Code, Refusal
from opla.db.queries import members
from opla.db.queries.members import Changed

#: What is kept of who acts for a reseller. Never renamed: they stand beside events.
NAMED: Final = "person_named"
REMOVED: Final = "person_removed"
_SHOWN: Final = 20


@dataclass(frozen=True)
class Person:
    """Somebody at a reseller. `title` is the reseller's name for people."""

    email: str
    reseller: str
    title: str
    role: Member

    @property
    def access(self) -> Access:
        return Access(self.reseller, self.email, MEMBER_MAY[self.role])


def name(actor: Actor, reseller: str, email: str, role: str, *, at: datetime) -> Refusal | None:
    """Somebody acts for a reseller from now on, or as something else than before."""
    if refused := manages(actor, reseller):
        return refused
    address = read_email(email)
    if isinstance(address, Refusal):
        return address
    if role not in set(Member):
        return Refusal(Code.ROLE_UNKNOWN, "role", {"role": role[:20]})
    with transaction.atomic():
        if not members.alone(reseller):
            return Refusal(Code.NOT_FOUND, "name", {"name": reseller})
        if role != Member.OWNER and _last_owner(actor, reseller, address.lower()):
            return Refusal(Code.LAST_OWNER, "email")
        members.put(address.lower(), reseller, role, at=at)
        members.changed(reseller, NAMED, f"{address.lower()} {role}", actor=actor, at=at)
    return None


def remove(actor: Actor, reseller: str, email: str, *, at: datetime) -> Refusal | None:
    """Somebody acts for it no more."""
    if refused := manages(actor, reseller):
        return refused
    address = email.strip().lower()
    with transaction.atomic():
        if not members.alone(reseller):
            return Refusal(Code.NOT_FOUND, "name", {"name": reseller})
        if _last_owner(actor, reseller, address):
            return Refusal(Code.LAST_OWNER, "email")
        if not members.remove(address, reseller):
            return Refusal(Code.NOT_FOUND, "email")
        members.changed(reseller, REMOVED, address, actor=actor, at=at)
    return None


def changes(reseller: str) -> list[Changed]:
    """Who named and removed whom, newest first."""
    return members.changes(reseller, (NAMED, REMOVED), limit=_SHOWN)


def of(email: str) -> list[Person]:
    """Whatever resellers this proven address acts for, those that may order now."""
    return [Person(email, row.reseller, row.title, Member(row.role)) for row in members.of_email(email.lower())]


def at_reseller(reseller: str) -> list[Person]:
    """Everybody who acts for it, by address."""
    return [Person(row.email, reseller, row.title, Member(row.role)) for row in members.of_reseller(reseller)]


def _last_owner(actor: Actor, reseller: str, email: str) -> bool:
    """Whether a reseller is about to lock itself out; the shop's owner may do that to it."""
    owners = [row.email for row in members.of_reseller(reseller) if row.role == Member.OWNER]
    return actor.role is Role.RESELLER and owners == [email]
