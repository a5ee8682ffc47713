"""Quotes meet the promotions of the moment: the best price for each, and what an order made from it would use."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Final

from opla.core.catalog import sellable
from opla.core.promotion import Channel, Facts, Kept, OnSale, Promotions, Used, best, coupon_refused
from opla.core.quote import Quote
from opla.core.refusal import Code, Refusal
from opla.db.queries import promotions as queries
from opla.db.queries.orders import Use
from opla.operations import catalogue, limits, promotions
from opla.operations.shop import Shop

_EVERYBODY = b""


@dataclass(frozen=True)
class Claim:
    """What a person brings. `opened`: promotions whose coupon was typed before; `coupon`: one typed now, or empty;
    `address`: where they sit, so that nobody guesses coupons by the thousand; empty at a terminal of the shop's own."""

    channel: Channel = Channel.WEB
    coupon: str = ""
    opened: frozenset[str] = frozenset()
    address: str = field(default="", repr=False)


NOTHING: Final = Claim()


def offered(
    claimed: Sequence[tuple[Quote, Claim]], *, shop: Shop, at: datetime
) -> tuple[list[Quote | Refusal], list[Use]]:
    """Each quote at its best price, or why its coupon does nothing; and the uses to keep beside the quotes."""
    tired = [_tired(claim, shop, at) for _, claim in claimed]
    version, running = promotions.active()
    if not running.ours and not running.theirs:
        unknown = Refusal(Code.COUPON_UNKNOWN, "coupon")
        told = zip(claimed, tired, strict=True)
        return [no or (unknown if claim.coupon.strip() else quote) for (quote, claim), no in told], []
    customers = [_customers(quote, shop) for quote, _ in claimed]
    used = queries.uses([p.id for p in running.ours], {c for cs in customers for c in cs})
    before = _bought_before(claimed, running)
    answers: list[Quote | Refusal] = []
    uses: list[Use] = []
    for (quote, claim), own, no in zip(claimed, customers, tired, strict=True):
        if no is not None:
            answers.append(no)
            continue
        fresh = running.opened_by(promotions.coupon_digest(claim.coupon, shop.keyring))
        facts = Facts(
            quote.operator,
            quote.sku,
            claim.channel,
            bool(quote.email) and quote.email.lower() not in before,  # of a stranger at a counter nobody knows
            running.groups_of(quote.email),
            claim.opened | fresh,
            _used(running, used, own),
            on_sale(quote.catalog_version, quote.operator, sandbox=shop.sandbox),
        )
        refused = coupon_refused([p for p in running.ours if p.id in fresh], quote.price, facts, at)
        if claim.coupon.strip() and refused is not None:
            answers.append(refused)
            continue
        offer = best(running, quote.price, facts, at)
        applied = [p for p in running.ours if p.id in {one.id for one in offer.applied}]
        # A promotion is over when it is over, so the price is good until then and no longer.
        ends = [quote.expires_at, *(p.window.until for p in applied if p.window.until is not None)]
        kept = Kept.of(offer, version, facts.opened)
        answers.append(replace(quote, price=offer.price, promotions=kept, expires_at=min(ends)))
        for promotion in applied:
            uses.append(Use(quote.id, promotion.id, _EVERYBODY, promotion.most_uses))
            uses += [Use(quote.id, promotion.id, customer, promotion.each) for customer in own]
    return answers, uses


def _tired(claim: Claim, shop: Shop, at: datetime) -> Refusal | None:
    """Why a coupon is not looked at, right or wrong: too many were typed from where they sit."""
    if not claim.coupon.strip():
        return None
    no = limits.by_address(limits.COUPONS, claim.address, shop=shop, at=at)
    return replace(no, about="coupon") if no else None


@lru_cache(maxsize=256)
def on_sale(catalog_version: int, operator: str, *, sandbox: bool) -> tuple[OnSale, ...]:
    """Every amount of an operator that can be bought in this version, which never changes."""
    sold = catalogue.at_version(catalog_version).products_of(operator)
    return tuple(
        OnSale(p.sku, p.min_minor, p.max_minor, p.step_minor) for p in sold if sellable(p, sandbox=sandbox) is None
    )


def _customers(quote: Quote, shop: Shop) -> tuple[bytes, ...]:
    """Whose uses these are: the address's, and the recipient's number's, of those there are. Keyed, so not readable."""
    said = (("email", quote.email.lower()), ("number", quote.number))
    names = [f"{kind} {name}" for kind, name in said if name]
    key = shop.keyring.fingerprint_key
    return tuple(hashlib.blake2b(name.encode(), key=key, person=b"customer", digest_size=16).digest() for name in names)


def _bought_before(claimed: Sequence[tuple[Quote, Claim]], running: Promotions) -> frozenset[str]:
    if not any(promotion.first_purchase for promotion in running.ours):
        return frozenset()
    return queries.bought_before({quote.email.lower() for quote, _ in claimed})


def _used(running: Promotions, used: Mapping[tuple[str, bytes], int], own: tuple[bytes, ...]) -> Mapping[str, Used]:
    """By the promotion's name; of one customer's names the one that used it most.

    Who has no name, at a counter, has had their share: what each has so many times is for those who can be told apart.
    """
    return {
        p.id: Used(
            used.get((p.id, _EVERYBODY), 0), max((used.get((p.id, name), 0) for name in own), default=p.each or 0)
        )
        for p in running.ours
    }
