"""Signing in by a link in an e-mail. No password: whoever reads the address is its customer.

The answer is the same whether the address is known or not, and a first sign-in makes the customer. The link opens a
page; only its button uses it, because programs look at the links of an e-mail before people do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.hashers import make_password

from opla.core.quote import read_email, read_language
from opla.core.refusal import Code, Refusal
from opla.db.keyring import digest
from opla.db.models import Customer, SignInLink
from opla.operations import letters, limits, second_step
from opla.operations.letters import Posted
from opla.operations.links import hash_link, write_link
from opla.operations.shop import Shop

VALID: Final = timedelta(minutes=15)
#: Where the page of a link is.
PATH: Final = "/me/in/{link}/"


@dataclass(frozen=True)
class Asked:
    """As typed: an e-mail; a language tag, where to go then, and the visitor's address."""

    email: str = field(repr=False)
    language: str
    back: str = ""
    address: str = field(default="", repr=False)


@dataclass(frozen=True)
class Opened:
    """What a link is for. `second_step`: six digits or a recovery code are asked besides."""

    email: str = field(repr=False)
    language: str
    second_step: bool


def ask(asked: Asked, *, shop: Shop, at: datetime) -> list[Refusal]:
    """Send a link to the address. Where it was sent too many today none goes out, and nobody is told."""
    email, language = read_email(asked.email), read_language(asked.language)
    if isinstance(email, Refusal) or isinstance(language, Refusal):
        return [refused for refused in (email, language) if isinstance(refused, Refusal)]
    if limited := limits.by_address(limits.SIGN_INS, asked.address, shop=shop, at=at):
        return [limited]
    email = email.lower()  # written to as it is kept: that very address is proven
    if limits.by_email(limits.LINKS, email, shop=shop, at=at):
        return []
    secret = shop.chance.secret()
    SignInLink.objects.create(
        hash=digest(secret), email=email, language=language, back=asked.back, expires_at=at + VALID
    )
    path = PATH.format(link=write_link(secret))
    letters.post([Posted("sign_in", email, language, {"path": path})], shop=shop, at=at)
    return []


def look(link: str, *, at: datetime) -> Opened | None:
    """What this link would do; None when it was used, is over, or never was. Looking uses nothing up."""
    found = _find(link, at)
    if found is None:
        return None
    known = Customer.objects.filter(email=found.email).first()
    return Opened(found.email, found.language, known is not None and second_step.is_on(known))


def use(link: str, typed: str, *, shop: Shop, at: datetime) -> tuple[Customer, str] | Refusal:
    """The customer and where to go, once. `typed`: the six digits or a recovery code, where the customer has them.

    Wrong digits leave the link good: there are few tries, and a new link would cost another e-mail.
    """
    found = _find(link, at)
    if found is None:
        return Refusal(Code.NOT_FOUND)
    customer = Customer.objects.filter(email=found.email).first()
    if (
        customer is not None
        and second_step.is_on(customer)
        and (refused := second_step.check(customer, typed, shop=shop, at=at))
    ):
        return refused
    deleted, _ = SignInLink.objects.filter(pk=found.pk).delete()
    if not deleted:  # two at once: one wins
        return Refusal(Code.NOT_FOUND)
    if customer is None:
        customer = _made(found.email, found.language, at)
    return (customer, found.back) if customer.is_active else Refusal(Code.NOT_FOUND)


def _find(link: str, at: datetime) -> SignInLink | None:
    key = hash_link(link)
    return SignInLink.objects.filter(hash=key, expires_at__gt=at).first() if key else None


def _made(email: str, language: str, at: datetime) -> Customer:
    """Two links used at once make one customer."""
    made = {"language": language, "made_at": at, "password": make_password(None)}  # None: there is no right one
    customer, _ = Customer.objects.get_or_create(email=email, defaults=made)
    return customer


def speak(customer: Customer, wanted: str) -> str:
    """Write to them in this language from now on, where it is one of ours; the language they have then."""
    language = read_language(wanted)
    if not isinstance(language, Refusal):
        customer.language = language
        customer.save(update_fields=["language"])
    return customer.language


def tell_of_change(customer: Customer, *, shop: Shop, at: datetime) -> None:
    """Write to them that how they sign in was changed: if it was not them, they hear of it."""
    posted = Posted("sign_in_changed", customer.email, customer.language, {"path": "/me/security/"})
    letters.post([posted], shop=shop, at=at)
