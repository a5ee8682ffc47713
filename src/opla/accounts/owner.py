"""Who of the house is asking. They sign in as customers do; this says whether they also showed what only they have.

Asked once a request, and of the database: who is let go, or is something else there now, is so at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.http import HttpRequest

from opla.accounts import customer as accounts
from opla.core.actor import Actor, Role
from opla.db.models import Customer
from opla.db.queries import people
from opla.db.queries.people import Person
from opla.operations.people import customer_of as account_of
from opla.operations.people import entered

_UNTIL: Final = "owner_until"
_WHO: Final = "owner_who"
_INVITED: Final = "house_invited"
_IDLE_AT: Final = "house_idle_at"
#: A working day; then they sign in again.
SIGNED_IN: Final = timedelta(hours=12)
#: Who may touch money is out after as long without a press.
IDLE: Final = timedelta(minutes=30)
_MONEY: Final = (Role.OWNER, Role.ACCOUNTANT, Role.SHOP_MANAGER)
#: How exactly "the last press" is kept: a page is not a write.
_SEEN_EVERY_S: Final = 60
#: What was shown where nothing had to be: in a sandbox.
SKIPPED: Final = "sandbox"


def sign_in(request: HttpRequest, actor: Actor, at: datetime) -> None:
    """In a sandbox: this browser is whoever the terminal's link says. What its session held before is forgotten."""
    request.session.flush()
    request.session[_UNTIL] = int((at + SIGNED_IN).timestamp())
    request.session[_WHO] = [str(actor.role), actor.name]
    request.session.set_expiry(SIGNED_IN)


def let_in(request: HttpRequest, person: Person, at: datetime) -> None:
    """By a link of theirs: signed in as a customer, and invited to set up what they show from then on."""
    accounts.sign_in(request, account_of(person, at=at), at)
    request.session[_INVITED] = True


def prove(request: HttpRequest, person: Person, how: str, at: datetime) -> None:
    """They showed just now what only they have: `passkey` or `step`."""
    request.session.pop(_INVITED, None)
    request.session[accounts.PROVED] = how
    request.session[_IDLE_AT] = int((at + IDLE).timestamp())
    entered(person, how, at=at)


def person_of(request: HttpRequest) -> Person | None:
    """Whose account of the house this browser is signed in to, whatever they showed."""
    customer = accounts.customer_of(request)
    return people.by_email(customer.email) if customer else None


def invited(request: HttpRequest) -> bool:
    """Whether they came by a link of the house, and have set nothing up yet."""
    return bool(request.session.get(_INVITED))


def skipped(request: HttpRequest) -> bool:
    """Whether nothing was shown: only in a sandbox."""
    return _WHO in request.session or request.session.get(accounts.PROVED) == SKIPPED


def owner_of(request: HttpRequest, at: datetime) -> Actor | None:
    """Whoever of the house is signed in, and showed it is them; None for everybody else."""
    person = person_of(request)
    if person is None:
        return _by_link(request, at) if settings.SANDBOX else None
    proved = request.session.get(accounts.PROVED)
    if not proved or (proved == SKIPPED and not settings.SANDBOX):
        return None
    if accounts.since(request, at) >= SIGNED_IN or (person.role in _MONEY and not _awake(request, at)):
        return None
    return person.actor


def may_change(request: HttpRequest, customer: Customer) -> bool:
    """Whether how this customer signs in may be changed here: of the house, only by whoever showed it is them."""
    return bool(request.session.get(accounts.PROVED)) or people.by_email(customer.email) is None


def _awake(request: HttpRequest, at: datetime) -> bool:
    until = request.session.get(_IDLE_AT)
    if isinstance(until, int) and at.timestamp() >= until:
        return False
    again = int((at + IDLE).timestamp())
    if not isinstance(until, int) or again - until >= _SEEN_EVERY_S:
        request.session[_IDLE_AT] = again
    return True


def _by_link(request: HttpRequest, at: datetime) -> Actor | None:
    until, who = request.session.get(_UNTIL), request.session.get(_WHO)
    if not isinstance(until, int) or at.timestamp() >= until or not isinstance(who, list):
        return None
    role, name = who
    return Actor(Role(role), str(name))
