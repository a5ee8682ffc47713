"""Promotions changed on a page: each change makes a new proposal, and what customers pay changes by approval only.

There is one proposal at a time. It grows by each change, and the one before it is retired, so that nothing that was
proposed is ever rewritten. Documents here are as a file says them; what is kept of a coupon is its digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction

from opla.core.actor import Act, Actor
from opla.core.catalog import Catalog, sellable
from opla.core.money import Money
from opla.core.promotion import (
    Channel,
    Difference,
    Facts,
    Kept,
    Promotion,
    Promotions,
    Side,
    Tried,
    best,
    changed,
    differences,
    entry_of,
    parse_promotions,
    takes_only,
    tried,
    with_entry,
    without,
)
from opla.core.quote import LANGUAGES, price
from opla.core.refusal import Code, Refusal
from opla.db.models import PromotionsVersion
from opla.db.queries import promotions as queries
from opla.operations import catalogue, four_eyes, prices
from opla.operations.promotions import sealed, written
from opla.operations.read_promotions import mistakes_of
from opla.operations.shop import Shop

#: So many orders are looked at when somebody asks what orders would have cost.
MOST: Final = 5_000
_LONGEST: Final = 50_000
_ACT: Final = Act.CHANGE_CATALOGUE


@dataclass(frozen=True)
class Draft:
    """What would run: the proposal, or (without changes) the version that counts; 0 where none does.

    `made_by` proposed it; `why` are their words.
    """

    version: int
    active: int
    document: Mapping[str, object]
    now: Promotions
    then: Promotions
    changes: tuple[Difference, ...] = ()
    made_by: str = ""
    why: str = ""

    @property
    def is_new(self) -> bool:
        return self.version != self.active


def draft(actor: Actor) -> Draft | Refusal:
    if refused := actor.refused(_ACT):
        return refused
    active = queries.active_promotions() or 0
    _, catalog = catalogue.active()
    document = _document(active, catalog)
    now = parse_promotions(document)
    new = PromotionsVersion.objects.filter(proposed=True, base=active).order_by("-id").first()
    if new is None:
        return Draft(active, active, document, now, now)
    then = written(new.document)
    return Draft(
        new.pk, active, then, now, parse_promotions(then), tuple(differences(document, then)), new.made_by, new.note
    )


def change(
    actor: Actor, side: Side, entry: Mapping[str, object], *, more: Mapping[str, object], new: bool, why: str,
    seen: int, shop: Shop, at: datetime,
) -> Refusal | list[str] | None:  # fmt: skip
    """One promotion becomes this, or (`new`) joins the others. `more` goes into the rest of the document: sources,
    groups. A list says in words what would be wrong then; nothing is kept.

    `seen` is the version that whoever typed was shown.
    """
    with transaction.atomic():
        found = _editing(actor, seen)
        if isinstance(found, Refusal):
            return found
        name = str(entry.get("id") or "")
        there = any(entry_of(found.document, one, name) for one in Side)
        if new and name and (there or queries.name_used(name)):
            return Refusal(Code.PROMOTION_NAME_USED, "id")
        if not new and entry_of(found.document, side, name) is None:
            return Refusal(Code.NOT_FOUND, "id")
        document = with_entry({**found.document, **more}, side, entry)
        return _propose(actor, found, document, why, shop=shop, at=at)


def end(actor: Actor, name: str, *, why: str, seen: int, shop: Shop, at: datetime) -> Refusal | list[str] | None:
    """One of ours runs no more; one that has not begun, and one of theirs, is taken out."""
    with transaction.atomic():
        found = _editing(actor, seen)
        if isinstance(found, Refusal):
            return found
        side = next((one for one in Side if entry_of(found.document, one, name)), None)
        if side is None:
            return Refusal(Code.NOT_FOUND, "id")
        document = without(found.document, side, name)
        ours, entry = found.then.find(name), entry_of(found.document, side, name)
        if ours is not None and entry is not None:
            until = _clock_before(at, str(entry.get("time_zone") or found.document.get("time_zone")))
            if until[1] > ours.window.start:
                document = with_entry(found.document, side, {**entry, "until": until[0]})
        return _propose(actor, found, document, why, shop=shop, at=at)


def go_back(actor: Actor, version: int, *, why: str, seen: int, shop: Shop, at: datetime) -> Refusal | list[str] | None:
    """Propose what counted once, whole."""
    with transaction.atomic():
        found = _editing(actor, seen)
        if isinstance(found, Refusal):
            return found
        old = next((one for one in queries.versions(10_000) if one.id == version), None)
        if old is None:
            return Refusal(Code.NOT_FOUND, "version")
        kept = PromotionsVersion.objects.get(id=version).document
        return _propose(actor, found, written(kept), why, shop=shop, at=at)


def discard(actor: Actor, *, seen: int) -> Refusal | None:
    """The proposal is dropped; what runs stays."""
    with transaction.atomic():
        found = _editing(actor, seen)
        if isinstance(found, Refusal):
            return found
        _retire(found)
    return None


def approve(actor: Actor, *, seen: int, shop: Shop, at: datetime) -> Refusal | None:
    """Exactly this runs from now on. Quotes that were made keep their price. What only ends something needs nobody's
    second word."""
    with transaction.atomic():
        found = _editing(actor, seen)
        if isinstance(found, Refusal):
            return found
        if not found.is_new:
            return Refusal(Code.NOT_FOUND, "version")
        no = None if takes_only(found.now, found.then) else four_eyes.alone(actor, _ACT, found.made_by)
        if no:
            return no
        if found.then.sample and not shop.sandbox:
            return Refusal(Code.PROMOTION_SAMPLE_ONLY, "version")
        PromotionsVersion.objects.filter(active=True).update(active=False)
        PromotionsVersion.objects.filter(id=found.version).update(
            active=True, proposed=False, approved_at=at, approved_by=str(actor)
        )
    return None


@dataclass(frozen=True)
class Example:
    """A purchase that one promotion is made for, with the prices that customers would be shown."""

    product: str
    operator: str
    now: Money
    then: Money
    kept: Kept


def example(found: Draft, name: str, *, shop: Shop, at: datetime) -> Example | None:
    """What the price page would say of the smallest purchase that has this promotion in its price, by somebody who
    meets all its conditions, on a day when it runs; None where no purchase on sale has."""
    promotion = found.then.find(name)
    _, catalog = catalogue.active()
    if promotion is None:
        return None
    when, terms = max(at, promotion.window.start), prices.terms(shop)
    for product in catalog.products:
        if not promotion.sells(product.operator, product.sku) or sellable(product, sandbox=shop.sandbox) is not None:
            continue
        amount_minor = max(product.min_minor, min(promotion.minimum_minor, product.max_minor))
        full = price(Money(amount_minor, product.currency), terms)
        facts = _fits(promotion, product.operator, product.sku)
        offer = best(found.then, full, facts, when)
        if name in {one.id for one in offer.applied} and (kept := Kept.of(offer, found.version, frozenset())):
            now = best(found.now, full, facts, when).price.total
            return Example(product.name, product.operator, now, offer.price.total, kept)
    return None


def _fits(promotion: Promotion, operator: str, sku: str) -> Facts:
    channel = Channel.WEB if not promotion.channels else next(one for one in Channel if one in promotion.channels)
    return Facts(operator, sku, channel, True, promotion.groups, frozenset({promotion.id}))


@dataclass(frozen=True)
class Sales:
    """Orders that were looked at, and those that would cost something else. `all_of_them`: none was left out."""

    looked: int
    all_of_them: bool
    tried: tuple[Tried, ...]

    @property
    def difference_minor(self) -> int:
        """What customers would have paid more; below nothing: less."""
        return sum((one.then - one.now).amount_minor for one in self.tried)


def would_have_cost(found: Draft, *, days: int, at: datetime) -> Sales:
    """What the orders of so many days would have cost by the proposal: one statement, of the newest orders."""
    purchases = queries.delivered_since(at - timedelta(days=days), MOST + 1)
    whole = len(purchases) <= MOST
    looked = purchases if whole else purchases[1:]
    return Sales(len(looked), whole, tuple(tried(looked, found.now, found.then, at)))


def touched(found: Draft) -> list[str]:
    """The names of what would be another promotion, ours and theirs, in the order of the document."""
    ours = changed(found.now, found.then)
    names = [one.id for one in found.then.ours if one.id in ours]
    return names + [one.id for one in found.then.theirs if one not in found.now.theirs]


@dataclass(frozen=True)
class Past:
    """A version that counted, and what it changed in the one before."""

    version: queries.Version
    before: int | None
    changes: tuple[Difference, ...]


def past(actor: Actor, version: int) -> Past | Refusal:
    if refused := actor.refused(_ACT):
        return refused
    known = queries.versions(10_000)
    place = next((n for n, one in enumerate(known) if one.id == version), None)
    if place is None:
        return Refusal(Code.NOT_FOUND, "version")
    before = known[place + 1].id if place + 1 < len(known) else None
    old = PromotionsVersion.objects.get(id=before).document if before is not None else {}
    new = PromotionsVersion.objects.get(id=version).document
    return Past(known[place], before, tuple(differences(old, new)))


def _document(active: int, catalog: Catalog) -> dict[str, object]:
    """What counts, as a file says it; of a shop that never had any promotions an empty one."""
    if active:
        return written(PromotionsVersion.objects.values_list("document", flat=True).get(id=active))
    return {
        "promotions": 1, "currency": catalog.currency, "time_zone": catalog.time_zone, "languages": list(LANGUAGES),
    }  # fmt: skip


def _editing(actor: Actor, seen: int) -> Draft | Refusal:
    """What is edited, locked against others who edit."""
    if refused := actor.refused(_ACT):
        return refused
    queries.lock()
    found = draft(actor)
    if isinstance(found, Draft) and found.version != seen:
        return Refusal(Code.PROMOTIONS_CHANGED, "version")
    return found


def _propose(
    actor: Actor, found: Draft, document: Mapping[str, object], why: str, *, shop: Shop, at: datetime
) -> Refusal | list[str] | None:
    _, catalog = catalogue.active()
    said = " ".join(why.split())
    if not said:
        return Refusal(Code.REASON_MISSING, "why")
    if len(str(document)) + len(said) > _LONGEST + len(str(found.document)):
        return Refusal(Code.NOT_FOUND, "id")
    if mistakes := mistakes_of(document, catalog):
        return [f"{one.about}: {one.what}" for one in mistakes]
    if document.get("sample") is True and not shop.sandbox:
        return Refusal(Code.PROMOTION_SAMPLE_ONLY, "version")
    _retire(found)
    PromotionsVersion.objects.create(
        made_at=at, made_by=str(actor), active=False, proposed=True, note=said, base=found.active,
        document=sealed(document, shop.keyring),
    )  # fmt: skip
    return None


def _retire(found: Draft) -> None:
    PromotionsVersion.objects.filter(proposed=True, base=found.active).update(proposed=False)


def _clock_before(at: datetime, zone: str) -> tuple[str, datetime]:
    """The last minute as a clock there shows it, once and not twice; and when that was."""
    local = at.astimezone(ZoneInfo(zone)).replace(second=0, microsecond=0)
    while local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset():
        local = (local.astimezone(UTC) - timedelta(minutes=1)).astimezone(ZoneInfo(zone))
    return local.strftime("%Y-%m-%d %H:%M"), local.astimezone(UTC)
