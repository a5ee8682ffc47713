"""People of the house: named and let go by an owner, let in by a link and by what only they have.

They sign in as every customer does, with a passkey, or with a link by e-mail and the digits of an app. An invitation is
a link that works once; whoever comes in by one sets up a passkey or an app before anything else.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from opla.core.actor import HOUSE, Act, Actor, Role
from opla.core.quote import read_email, read_language
from opla.core.refusal import Code, Refusal
from opla.db.models import Customer, Passkey, RecoveryCode, SecondStep, Session
from opla.db.queries import people
from opla.db.queries.people import Person
from opla.operations import letters
from opla.operations.letters import Posted
from opla.operations.owner import make_link
from opla.operations.shop import Shop

#: What happens to people of the house besides being named and removed. Never renamed: they stand in events.
ENTERED: Final = "entered"
INVITED: Final = "invited"
FACTORS_FORGOTTEN: Final = "factors_forgotten"
#: How long the link of an invitation by e-mail is good.
INVITATION: Final = timedelta(hours=24)
_NAME_MAX: Final = 40
#: Where a link of the house opens.
PATH: Final = "/owner/enter/{token}/"
#: They stand beside what nobody signed in for.
_RESERVED: Final = ("terminal", "sandbox")


def name(
    actor: Actor, email: str, called: str, role: str, language: str, *, shop: Shop, at: datetime
) -> Person | Refusal:
    """Somebody is of the house from now on, or is something else there than before (then by the name they have)."""
    if refused := actor.refused(Act.MANAGE_PEOPLE):
        return refused
    address, spoken, said = read_email(email), read_language(language), " ".join(called.split())
    if isinstance(address, Refusal):
        return address
    if isinstance(spoken, Refusal):
        return spoken
    known = people.by_email(address.lower())
    if known is None and (not 0 < len(said) <= _NAME_MAX or not said.isprintable() or said.lower() in _RESERVED):
        return Refusal(Code.NAME_INVALID, "name")
    if role not in HOUSE:
        return Refusal(Code.NOT_FOUND, "role")
    new = shop.chance.uuid(at)
    result, who = people.name(new, address.lower(), said, Role(role), spoken, actor=actor, at=at)
    if result != "named":
        return Refusal(Code.LAST_OWNER if result == "last_owner" else Code.PERSON_NAME_TAKEN, "name")
    return people.by_id(who) or Refusal(Code.STILL_RUNNING)


def invite(actor: Actor, person: Person, *, shop: Shop, at: datetime) -> Refusal | None:
    """Write to them, with a link that works once."""
    if refused := actor.refused(Act.MANAGE_PEOPLE):
        return refused
    with transaction.atomic():
        token = make_link(person.actor, at=at, email=person.email, valid=INVITATION)
        about = {"path": PATH.format(token=token), "name": person.name}
        letters.post([Posted("invited", person.email, person.language, about)], shop=shop, at=at)
        people.said(person.id, INVITED, "", actor=actor, at=at)
    return None


def remove(actor: Actor, person_id: UUID, *, at: datetime) -> Refusal | None:
    """They are of the house no more, and wherever they are signed in that ends now."""
    if refused := actor.refused(Act.MANAGE_PEOPLE):
        return refused
    with transaction.atomic():
        known = people.by_id(person_id)
        result = people.end(person_id, actor=actor, at=at)
        if result != "ended" or known is None:
            return Refusal(Code.LAST_OWNER if result == "last_owner" else Code.NOT_FOUND, "person")
        Session.objects.filter(customer__email=known.email).delete()
    return None


def forget_factors(actor: Actor, person_id: UUID, *, at: datetime) -> Person | Refusal:
    """They have lost what they sign in with: all of it ends now, and so does wherever they are signed in. They come in
    again by a new link. Nobody does that to themselves: whoever can still sign in has lost nothing."""
    if refused := actor.refused(Act.MANAGE_PEOPLE):
        return refused
    known = people.by_id(person_id)
    if known is None or known.ended_at is not None:
        return Refusal(Code.NOT_FOUND, "person")
    if known.actor == actor:
        return Refusal(Code.NOT_ALLOWED, "person", {"act": Act.MANAGE_PEOPLE, "role": actor.role})
    with transaction.atomic():
        for kept in (Passkey, SecondStep, RecoveryCode, Session):
            kept.objects.filter(customer__email=known.email).delete()
        people.said(known.id, FACTORS_FORGOTTEN, "", actor=actor, at=at)
    return known


def customer_of(person: Person, *, at: datetime) -> Customer:
    """The account they sign in with: by the same address, made now where there is none."""
    made = {"language": person.language, "made_at": at}
    customer, new = Customer.objects.get_or_create(email=person.email, defaults=made)
    if new:
        customer.set_unusable_password()
        customer.save(update_fields=["password"])
    return customer


def entered(person: Person, how: str, *, at: datetime) -> None:
    """They came in, and how they showed that it is them."""
    people.said(person.id, ENTERED, how, actor=person.actor, at=at)
