"""Limits against abuse: how often somebody may try what costs others something. Shops behind one address share it, so
none is so tight that a family, a hotel or the customers of one operator meet it by accident.

| limit    | of whom                        | at once | and again within |
|----------|--------------------------------|---------|------------------|
| quotes   | the visitor's address          | 300     | an hour          |
| coupons  | the visitor's address          | 20      | an hour          |
| wishes   | the visitor's address          | 20      | an hour          |
| files    | the visitor's address          | 60      | an hour          |
| confirms | the e-mail that is written to  | 5       | a day            |
| proofs   | the e-mail that is written to  | 20      | a day            |
| messages | the visitor's address          | 20      | an hour          |
| of one   | one thread with the shop       | 10      | an hour          |
| asked    | the visitor's address          | 10      | an hour          |
| sign-ins | the visitor's address          | 20      | an hour          |
| links    | the e-mail that is written to  | 10      | a day            |
| steps    | the customer, by their e-mail  | 5       | an hour          |
| answers  | one challenge to a passkey     | 1       | an hour          |
| look-ups | the visitor's address          | 20      | an hour          |
| of all   | all of them together           | 2,000   | a day            |
| texts    | the number that texts us       | 10      | a day            |
| of all   | all of them together           | 300     | an hour          |
| friend   | the number asked to pay        | 1       | a day            |
| friends  | the number that asks           | 3       | a day            |
| of a kiosk | the order, and the number     | 2       | a day            |
| passports | the visitor's address         | 300     | an hour          |
| reports  | the visitor's address          | 5       | an hour          |
| pairings | the visitor's address          | 20      | an hour          |
| applied  | a reseller                     | 50      | a day            |
| vouchers | the visitor, station or number | 10      | ten minutes      |

Of vouchers only codes that were wrong are counted: whoever redeems fifty good ones is stopped by nobody.

An address is counted by its keyed digest, and forgotten when its tries are free again. Many addresses of one network
(IPv4 /24, IPv6 /48) count as ten: whoever rents a network cannot guess from each of its addresses.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from opla.core.refusal import Code, Refusal
from opla.db.queries import limits
from opla.operations.shop import Shop

_NETWORK_MORE: Final = 10

#: What, who, and how many at once.
_Try = tuple[str, str, int]


@dataclass(frozen=True)
class Limit:
    """`most` tries at once; all of them are free again after `per`, evenly."""

    what: str
    most: int
    per: timedelta


PAIRINGS: Final = Limit("pairing", 20, timedelta(hours=1))
QUOTES: Final = Limit("quote", 300, timedelta(hours=1))
COUPONS: Final = Limit("coupon", 20, timedelta(hours=1))
WISHES: Final = Limit("wish", 20, timedelta(hours=1))
FILES: Final = Limit("file", 60, timedelta(hours=1))
CONFIRMS: Final = Limit("confirm", 5, timedelta(days=1))
PROOFS: Final = Limit("proof", 20, timedelta(days=1))
MESSAGES: Final = Limit("message", 20, timedelta(hours=1))
MESSAGES_OF_ONE: Final = Limit("message_of_one", 10, timedelta(hours=1))
QUESTIONS: Final = Limit("question", 10, timedelta(hours=1))
SIGN_INS: Final = Limit("sign_in", 20, timedelta(hours=1))
LINKS: Final = Limit("link", 10, timedelta(days=1))
STEPS: Final = Limit("step", 5, timedelta(hours=1))
LOOK_UPS: Final = Limit("look_up", 20, timedelta(hours=1))
LOOK_UPS_OF_ALL: Final = Limit("look_up_of_all", 2000, timedelta(days=1))
ANSWERS: Final = Limit("answer", 1, timedelta(hours=1))
TEXTS: Final = Limit("text", 10, timedelta(days=1))
FRIEND: Final = Limit("friend", 1, timedelta(days=1))
FRIENDS_OF_ONE: Final = Limit("friends_of_one", 3, timedelta(days=1))
LINKS_BY_TEXT: Final = Limit("link_by_text", 2, timedelta(days=1))
PASSPORTS: Final = Limit("passport", 300, timedelta(hours=1))
REPORTS: Final = Limit("report", 5, timedelta(hours=1))
APPLICATIONS: Final = Limit("application", 50, timedelta(days=1))
#: Ten at once, whoever mistypes; then one a minute.
VOUCHERS: Final = Limit("voucher", 10, timedelta(minutes=10))
TEXTS_OF_ALL: Final = Limit("text_of_all", 300, timedelta(hours=1))


def by_address(limit: Limit, address: str, *, shop: Shop, at: datetime) -> Refusal | None:
    """TOO_MANY_TRIES with the minutes to wait; None lets through, as it does where there is no address (a terminal)."""
    return _take(_of_address(limit, address), limit, shop, at) if address else None


def right_by_address(limit: Limit, address: str, *, shop: Shop) -> None:
    """What `by_address` has just let through was right, where mistakes alone are counted."""
    limits.put_back(_buckets(_of_address(limit, address), limit, shop))


def by_visitor(limit: Limit, address: str, *, shop: Shop, at: datetime) -> Refusal | None:
    """The same, and None too where the address tells no visitors apart (`networks`): for what everybody does who buys,
    so that a proxy nobody named does not close the shop."""
    return by_address(limit, address, shop=shop, at=at) if address and networks(address) else None


def by_email(limit: Limit, email: str, *, shop: Shop, at: datetime) -> Refusal | None:
    """The same for an address that is written to."""
    return _take([(limit.what, f"email {email.lower()}", limit.most)], limit, shop, at)


def by_name(limit: Limit, name: str, *, shop: Shop, at: datetime) -> Refusal | None:
    """The same for a thing of ours, such as one thread."""
    return _take(_of_name(limit, name), limit, shop, at)


def right_by_name(limit: Limit, name: str, *, shop: Shop) -> None:
    """What `by_name` has just let through was right, where mistakes alone are counted."""
    limits.put_back(_buckets(_of_name(limit, name), limit, shop))


def once(limit: Limit, what: str, *, shop: Shop, at: datetime) -> bool:
    """True the first time within the limit's time, whichever process asks: an answer counts once."""
    return _take([(limit.what, f"once {what}", limit.most)], limit, shop, at) is None


def _of_address(limit: Limit, address: str) -> list[_Try]:
    one, network = _networks(address)
    return [(limit.what, one, limit.most), (limit.what, network, limit.most * _NETWORK_MORE)]


def _of_name(limit: Limit, name: str) -> list[_Try]:
    return [(limit.what, f"name {name}", limit.most)]


def _buckets(tries: list[_Try], limit: Limit, shop: Shop) -> list[limits.Bucket]:
    return [(what, digest_of(who, shop), most, limit.per) for what, who, most in tries]


def _take(tries: list[_Try], limit: Limit, shop: Shop, at: datetime) -> Refusal | None:
    free_at = limits.take(_buckets(tries, limit, shop), at=at)
    if free_at is None:
        return None
    return Refusal(Code.TOO_MANY_TRIES, "", {"minutes": str(-(-(free_at - at) // timedelta(minutes=1)))})


def digest_of(who: str, shop: Shop) -> bytes:
    """16 bytes that say nothing without the shop's keys."""
    return hashlib.blake2b(who.encode(), key=shop.keyring.fingerprint_key, person=b"tried", digest_size=16).digest()


def networks(address: str) -> tuple[str, str] | tuple[()]:
    """One visitor and the network around; nothing where it tells no visitors apart, as this machine's own address: a
    proxy's that nobody named (`OPLA_PROXIES`), or the owner's at a first try."""
    read = _read(address)
    return () if read is not None and read.is_loopback else _networks(address)


def _networks(address: str) -> tuple[str, str]:
    """One visitor and the network around. A home or a phone has an IPv6 /64 of its own, so that is one visitor.

    What cannot be read is one visitor too: nobody slips through by being written strangely.
    """
    found = _read(address)
    if found is None:
        return "address unreadable", "network unreadable"
    own, around = (64, 48) if isinstance(found, IPv6Address) else (32, 24)
    return (
        f"address {ip_network((found, own), strict=False)}",
        f"network {ip_network((found, around), strict=False)}",
    )


def _read(address: str) -> IPv4Address | IPv6Address | None:
    bare = address.partition("]")[0].removeprefix("[") if "[" in address else address
    try:
        found = ip_address(bare.partition(":")[0] if bare.count(":") == 1 else bare)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
