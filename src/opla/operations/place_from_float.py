"""Resellers order from money that is here already: checked, priced and held on their float in one commit."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opla.core import order
from opla.core.actor import Act, Actor
from opla.core.catalog import Catalog
from opla.core.ledger import Parties, Reason
from opla.core.order import Order
from opla.core.ports import Kind
from opla.core.quote import Quote, Terms
from opla.core.refusal import Code, Refusal
from opla.db.queries import floats
from opla.db.queries.floats import Reservation
from opla.operations import catalogue, prices, routes
from opla.operations.quote_topup import Wanted, gone, priced
from opla.operations.routes import Routes
from opla.operations.shop import Shop

#: What a key stands for, in the order of its digests. As typed: a client that repeats itself repeats exactly.
FIELDS = ("sku", "operator", "amount", "number", "plan", "email", "language")
#: Counted where it was given alone, so that keys from before it was asked still mean the same.
_LATER = ("device",)
_DIGEST_BYTES = 8
_KEY_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Asked:
    """One order of a reseller. `key` is its idempotency key: the same again is the same order.

    `shown_minor` is the price that somebody agreed to: at another it is refused. None: whatever it costs now.
    `assumed` are the fields that nobody said: what stands under the key may differ in them.
    """

    reseller: str
    key: str
    wanted: Wanted
    shown_minor: int | None = None
    assumed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reserved:
    """An order that stands, its price held. `again`: it stood before under this key; nothing new was made."""

    order_id: UUID
    again: bool


def place_from_float(
    actor: Actor, asked: Sequence[Asked], *, shop: Shop, at: datetime
) -> list[Reserved | list[Refusal]]:
    """One answer per order, in their order: it stands, or everything that is wrong with it.

    What stands under its key stands, though it could not be ordered now: whoever repeats it has bought it.
    """
    if refused := actor.refused(Act.PLACE_FROM_FLOAT):
        return [[refused] for _ in asked]
    version, catalog = catalogue.active()
    answers: dict[int, Reserved | list[Refusal]] = {}
    quotes: dict[int, Quote] = {}
    for n, found in enumerate(judged(asked, version, catalog, shop=shop, at=at)):
        if isinstance(found, Quote):
            quotes[n] = found
        else:
            answers[n] = found
    before = floats.standing([(asked[n].reseller, asked[n].key) for n in answers])
    for n in answers:
        if known := before.get((asked[n].reseller, asked[n].key)):
            answers[n] = stands(*known, asked[n].wanted, shop=shop, assumed=asked[n].assumed)
    shelf = floats.on_shelf(sorted({q.sku for q in quotes.values()})) if "code_stock" in shop.routes else frozenset()
    loaded = routes.load((quote.sku for quote in quotes.values()), shop=shop, at=at)
    new = {n: _reservation(asked[n], quote, shelf, loaded, shop=shop, at=at) for n, quote in quotes.items()}
    rows = floats.reserve(list(new.values()), catalog_version=version, at=at)
    for (n, reservation), row in zip(new.items(), rows, strict=True):
        answers[n] = _answer(reservation, row, asked[n].assumed)
    return [answers[n] for n in range(len(asked))]


def unfit(quote: Quote) -> Refusal | None:
    """Why it cannot be ordered so: a program says no address, so nobody could send it a card."""
    return Refusal(Code.ADDRESS_MISSING, "sku", {"field": "name"}) if quote.kind is Kind.SIM else None


def judged(
    asked: Sequence[Asked], version: int, catalog: Catalog, *, shop: Shop, at: datetime
) -> list[Quote | list[Refusal]]:
    """What each order would cost now, or everything that is wrong with it. Nothing is held."""
    terms = prices.terms(shop)
    found = [_judged(one, version, catalog, terms, shop=shop, at=at) for one in asked]
    quotes = {n: quote for n, quote in enumerate(found) if isinstance(quote, Quote)}
    for n, code in gone(quotes, catalog, shop=shop, at=at).items():
        found[n] = [Refusal(code, "sku", {"sku": quotes[n].sku})]
    return found


def _judged(
    one: Asked, version: int, catalog: Catalog, terms: Terms, *, shop: Shop, at: datetime
) -> Quote | list[Refusal]:
    found = priced(one.wanted, version, catalog, terms, shop=shop, at=at)
    if not 1 <= len(one.key) <= _KEY_LENGTH:
        return [Refusal(Code.KEY_MISSING, "key"), *(found if isinstance(found, list) else [])]
    if not isinstance(found, Quote):
        return found
    if refused := unfit(found):
        return [refused]
    if one.shown_minor is not None and found.price.total.amount_minor != one.shown_minor:
        return [Refusal(Code.QUOTE_CHANGED, "amount")]
    return found


def stands(
    order_id: UUID, known: bytes, wanted: Wanted, *, shop: Shop, assumed: Sequence[str] = ()
) -> Reserved | list[Refusal]:
    """An order that stands under a key, asked for again by it: `known` are the digests of what was asked then."""
    refused = _reused(known, fields_of(wanted, shop), assumed)
    return [refused] if refused else Reserved(order_id, again=True)


def digests(values: Sequence[str], key: bytes) -> bytes:
    """A keyed digest of eight bytes per value: what was asked can be compared, and not read."""
    return b"".join(hashlib.blake2b(v.encode(), key=key, digest_size=_DIGEST_BYTES).digest() for v in values)


def differing(fields: Sequence[str], known: bytes, asked: bytes, assumed: Sequence[str] = ()) -> str:
    """The first field whose digests differ, and that is not `assumed`; empty when all are the same."""
    at = range(0, max(len(known), len(asked)), _DIGEST_BYTES)
    pairs = zip(fields, at, strict=False)
    differ = (f for f, n in pairs if known[n : n + _DIGEST_BYTES] != asked[n : n + _DIGEST_BYTES])
    return next((f for f in differ if f not in assumed), "")


def _reservation(
    asked: Asked, quote: Quote, shelf: frozenset[str], known: Routes, *, shop: Shop, at: datetime
) -> Reservation:
    chance, wanted = shop.chance, asked.wanted
    sold = Order(
        chance.uuid(at),
        order.State.PLACED,
        quote.sku,
        quote.operator,
        quote.kind,
        quote.price,
        quote.number,
        quote.plan,
        quote.language,
        asked.reseller,
    )
    supplier = known.first(sold, in_stock=quote.sku in shelf)
    parties = Parties(quote.price.face.currency, source=supplier, reseller=asked.reseller)
    [hold] = order.journal(sold, order.PLACING[order.Event.RESERVED], {Reason.HELD: sold.held_minor}, parties)
    return Reservation(
        asked.reseller,
        asked.key,
        fields_of(wanted, shop),
        sold.id,
        chance.order_number(),
        quote,
        chance.uuid(at),
        chance.reference(),
        supplier,
        hold,
    )


def fields_of(wanted: Wanted, shop: Shop) -> bytes:
    """The digests of what was asked, as they are kept under its key."""
    given = (*FIELDS, *(field for field in _LATER if getattr(wanted, field)))
    return digests([getattr(wanted, field) for field in given], shop.keyring.fingerprint_key)


def _reused(known: bytes, asked: bytes, assumed: Sequence[str] = ()) -> Refusal | None:
    """None where the same was asked under a key before; else the first field that differs."""
    field = differing((*FIELDS, *_LATER), known, asked, assumed)
    return Refusal(Code.KEY_REUSED, field, {"field": field}) if field else None


def _answer(reservation: Reservation, row: floats.ReservedRow, assumed: Sequence[str]) -> Reserved | list[Refusal]:
    if row.result == "placed":
        return Reserved(reservation.order_id, again=False)
    if row.order_id is None:
        return [Refusal(Code(row.result), "amount")]
    if refused := _reused(row.fields, reservation.fields, assumed):
        return [refused]
    return Reserved(row.order_id, again=True)
