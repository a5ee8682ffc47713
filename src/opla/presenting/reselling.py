"""The words of rights, of who somebody is at a reseller, and of how long a key lasts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.api_access import Member, Scope
from opla.db.queries.members import Changed
from opla.operations import api_keys, members

_SCOPES: Final[dict[Scope, str]] = {
    Scope.CATALOGUE: gettext_noop("See products, prices and what a purchase does"),
    Scope.ORDERS_READ: gettext_noop("See orders"),
    Scope.ORDERS_WRITE: gettext_noop("Order, one by one or by file"),
    Scope.CODES_READ: gettext_noop("See the codes of delivered orders: each is money"),
    Scope.REFUNDS_WRITE: gettext_noop("Have the price of unseen codes back"),
    Scope.FLOAT_READ: gettext_noop("See the float and its movements"),
    Scope.FLOAT_WRITE: gettext_noop("Pay in"),
    Scope.WEBHOOKS: gettext_noop("Say where news is sent"),
    Scope.KEYS: gettext_noop("Make and end keys, name people"),
    Scope.PASSPORT: gettext_noop("Apply for the passport and show it"),
}
_MEMBERS: Final[dict[Member, tuple[str, str]]] = {
    Member.OWNER: (gettext_noop("Owner"), gettext_noop("may do everything")),
    Member.SELLER: (gettext_noop("Seller"), gettext_noop("orders, and sees codes")),
    Member.BOOKS: (gettext_noop("Books"), gettext_noop("sees orders and money, moves none")),
}
_CHANGES: Final[dict[str, str]] = {
    members.NAMED: gettext_noop("Named"),
    members.REMOVED: gettext_noop("Removed"),
    api_keys.MADE: gettext_noop("Key made"),
    api_keys.ROTATED: gettext_noop("Key changed for another"),
    api_keys.REVOKED: gettext_noop("Key ended"),
}
_LASTING: Final[dict[str, str]] = {
    "": gettext_noop("until somebody ends it"),
    "30": gettext_noop("30 days"),
    "90": gettext_noop("90 days"),
    "365": gettext_noop("one year"),
}


@dataclass(frozen=True)
class Change:
    """A line of who changed what. `who` is a person's address, or the shop."""

    at: datetime
    what: str
    why: str
    who: str


def changes(several: Iterable[Changed]) -> list[Change]:
    return [Change(one.at, _(_CHANGES[one.what]), _why(one), _who(one.actor)) for one in several]


def _why(one: Changed) -> str:
    email, _blank, role = one.why.partition(" ")
    return f"{email}, {member(Member(role))}" if one.what == members.NAMED and role in set(Member) else one.why


def _who(actor: str) -> str:
    """`reseller:acme/ana@example.org`: Ana. Of the shop's own people no name is told."""
    return actor.partition("/")[2] if actor.startswith("reseller:") else _("this shop")


def scope(word: str) -> str:
    """What a right allows; the word itself where it is none of ours any more."""
    return _(_SCOPES[Scope(word)]) if word in set(Scope) else word


def member(role: Member) -> str:
    return _(_MEMBERS[role][0])


def member_may(role: Member) -> str:
    return _(_MEMBERS[role][1])


def lasting(days: str) -> str:
    return _(_LASTING[days])
