"""What a reseller's key, or one of its people, may do at the API and on its pages: one table of rights for both."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Final

from opla.core.actor import Act, Actor, Role
from opla.core.refusal import Code, Refusal


class Scope(StrEnum):
    """A right. Published: keys are made with these words."""

    CATALOGUE = "catalogue"  # products, prices, promotions, what a purchase would do, what is cheapest
    ORDERS_READ = "orders:read"
    ORDERS_WRITE = "orders:write"  # quotes and orders, one, many or a file of them
    CODES_READ = "codes:read"  # the codes of delivered orders: each is money
    REFUNDS_WRITE = "refunds:write"
    FLOAT_READ = "float:read"  # what is free, and every movement
    FLOAT_WRITE = "float:write"  # pay in
    WEBHOOKS = "webhooks"  # where news is sent, and sending it again
    KEYS = "keys"  # make and end keys, say who else may; never given to a key
    PASSPORT = "passport"  # apply for and show the proof that a seller is ours


#: What a key has where nothing else was said: all that a key can have but codes, which are asked for by name.
USUAL: Final = frozenset(Scope) - {Scope.KEYS, Scope.CODES_READ}
#: What no key can have.
PEOPLE_ONLY: Final = frozenset({Scope.KEYS})


class Member(StrEnum):
    """Who somebody is at a reseller."""

    OWNER = "owner"
    SELLER = "seller"  # sells and hands codes over
    BOOKS = "books"  # sees money, moves none


MEMBER_MAY: Final[dict[Member, frozenset[Scope]]] = {
    Member.OWNER: frozenset(Scope),
    Member.SELLER: frozenset({Scope.CATALOGUE, Scope.ORDERS_READ, Scope.ORDERS_WRITE, Scope.CODES_READ}),
    Member.BOOKS: frozenset({Scope.CATALOGUE, Scope.ORDERS_READ, Scope.FLOAT_READ}),
}


@dataclass(frozen=True)
class Access:
    """Somebody of a reseller who asks: a key (`key_id`), or a person.

    sandbox  nothing that is asked moves money or reaches an operator: `core.api_sandbox` answers
    left     how many calls are free in this key's bucket now, of `most`
    """

    reseller: str
    email: str
    scopes: frozenset[Scope]
    sandbox: bool = False
    key_id: int = 0
    left: int = 0
    most: int = 0

    def refused(self, scope: Scope) -> Refusal | None:
        """None where this one has that right."""
        return None if scope in self.scopes else Refusal(Code.SCOPE_MISSING, params={"scope": scope})


def manages(actor: Actor, reseller: str) -> Refusal | None:
    """None where this actor may change the keys and people of this reseller: the shop's owner of any, a reseller of its
    own. Which of its people may is asked before (`Scope.KEYS`)."""
    if actor.role is Role.RESELLER:
        own = actor.name.partition("/")[0] == reseller
        return actor.refused(Act.MANAGE_OWN_RESELLER) if own else Refusal(Code.NOT_FOUND, "name")
    return actor.refused(Act.MANAGE_RESELLERS)


@dataclass(frozen=True)
class Bounds:
    """What an owner set on a key. `addresses`: networks (CIDR) that it may be used from; none: from anywhere."""

    expires_at: datetime | None = None
    addresses: tuple[str, ...] = ()


def admitted(bounds: Bounds, address: str, at: datetime) -> Refusal | None:
    """None where a key that is somebody's may be used now, from there."""
    if bounds.expires_at is not None and bounds.expires_at <= at:
        return Refusal(Code.API_KEY_EXPIRED)
    if bounds.addresses and not _within(address, bounds.addresses):
        return Refusal(Code.API_KEY_ELSEWHERE, params={"address": address})
    return None


def read_networks(texts: tuple[str, ...]) -> tuple[str, ...] | Refusal:
    """Addresses and networks as typed, such as `203.0.113.7` or `2001:db8::/48`; or the first that is none."""
    found = []
    for text in texts:
        try:
            found.append(str(ip_network(text.strip(), strict=False)))
        except ValueError:
            return Refusal(Code.NETWORK_UNREADABLE, "addresses", {"network": text.strip()[:60]})
    return tuple(found)


def _within(address: str, networks: tuple[str, ...]) -> bool:
    try:
        one = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(one, "ipv4_mapped", None)
    return any((mapped or one) in ip_network(network) for network in networks)
