"""Order slips: printed, entered when they come back by post, or sent back to whoever sent them.

An order of a slip is an ordinary one, paid by a bank transfer whose reference is the slip's number; so late, short,
twice and never are what they are for every order (docs/decisions/0040-post.md). Who enters one holds the shop's lock on
its account's lines meanwhile: money that is read in at that moment finds the slip, or its order.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from opla.core.actor import Act, Actor
from opla.core.address import Address
from opla.core.catalog import Catalog, sellable
from opla.core.ports import Kind
from opla.core.quote import Quote, read_language
from opla.core.refusal import Code, Refusal
from opla.core.slip import MOST_SLIPS, Offer, Reason, State, offers, read
from opla.db.keyring import Unopenable, digest
from opla.db.queries import bank, orders, post, rights
from opla.db.queries.orders import NewOrder
from opla.db.queries.post import NewSlip, Slip
from opla.operations import catalogue, order_texts, prices, routes
from opla.operations.links import device_hash
from opla.operations.place_orders import new_payment
from opla.operations.quote_topup import Wanted, priced
from opla.operations.shop import Shop

_log = logging.getLogger(__name__)
#: How a slip is paid.
METHOD: Final = "bank_transfer"
#: More transfers than that under one slip are a person's.
_BACK_AT_ONCE: Final = 4


@dataclass(frozen=True)
class Entered:
    """A slip as a clerk types it. `address`: where it is not known, or was written otherwise on the sheet."""

    sku: str
    face_minor: int
    number: str
    signed: bool
    by_text: bool = False
    address: Address | None = None


def offered(catalog: Catalog, operator: str, *, shop: Shop) -> list[Offer]:
    """What slips of this operator have to tick."""
    sold = [one for one in catalog.products_of(operator) if sellable(one, sandbox=shop.sandbox) is None]
    return offers(sold, prices.terms(shop))


def make(
    actor: Actor, operator: str, language: str, *, count: int = 1, address: Address | None = None, shop: Shop,
    at: datetime,
) -> list[str] | Refusal:  # fmt: skip
    """New slips; their numbers. With an address it is one, and a letter takes it there."""
    if refused := actor.refused(Act.SEND_LETTERS):
        return refused
    spoken = read_language(language)
    _, catalog = catalogue.active()
    if isinstance(spoken, Refusal):
        return spoken
    if shop.account is None:
        return Refusal(Code.BANK_ACCOUNT_MISSING)
    if catalog.operator(operator) is None:
        return Refusal(Code.OPERATOR_UNKNOWN, "operator", {"operator": operator})
    found = offered(catalog, operator, shop=shop)
    if not found:
        return Refusal(Code.SOLD_OUT, "operator")
    new = []
    for _ in range(1 if address else max(1, min(count, MOST_SLIPS))):
        number = bank.draw(shop.chance)
        new.append(NewSlip(number, seal(address, number, shop=shop) if address else b"", shop.chance.uuid(at)))
    return post.make(new, operator, spoken, found, actor=actor, at=at)


def find(actor: Actor, scanned: str, *, shop: Shop) -> tuple[Slip, Address | None] | Refusal:
    """A slip by its barcode, and whose it is as far as that is known."""
    if refused := actor.refused(Act.SEND_LETTERS):
        return refused
    number = read(scanned)
    if isinstance(number, Refusal):
        return number
    slip = post.by_number(number)
    if slip is None:
        return Refusal(Code.SLIP_UNKNOWN, "slip")
    return slip, opened(slip, shop=shop)


def enter(actor: Actor, scanned: str, typed: Entered, *, said: str, shop: Shop, at: datetime) -> str | list[Refusal]:
    """The slip becomes an order; its number. `said`: the words that were signed, in the slip's language."""
    found = find(actor, scanned, shop=shop)
    if isinstance(found, Refusal):
        return [found]
    slip, known = found
    address = typed.address or known
    offer = next((o for o in slip.offers if o.sku == typed.sku and o.face.amount_minor == typed.face_minor), None)
    refused = [
        *([] if slip.state is State.OUT else [used(slip)]),
        *([] if typed.signed else [Refusal(Code.CONSENT_MISSING, "signed")]),
        *([] if address else [Refusal(Code.ADDRESS_MISSING, "name", {"field": "name"})]),
        *([] if offer else [Refusal(Code.AMOUNT_NOT_OFFERED, "offer", {"offered": ""})]),
    ]
    if refused or offer is None or address is None:
        return refused
    quote = _priced(slip, offer, typed, shop=shop, at=at)
    if not isinstance(quote, Quote):
        return quote
    if quote.price.total != offer.total:
        return [Refusal(Code.SLIP_PRICE_CHANGED, "offer")]
    by_text = typed.by_text and quote.kind is Kind.DIRECT
    ticket = _placed(actor, slip, quote, address, said, by_text=by_text, shop=shop, at=at)
    if ticket is None:
        again = post.by_number(slip.number)
        return [used(again or slip)]
    return ticket


def send_back(
    actor: Actor, scanned: str, why: Reason, address: Address | None, *, shop: Shop, at: datetime
) -> Refusal | None:
    """It cannot be done: a letter says why, where it is known to whom, and what came for it goes back."""
    found = find(actor, scanned, shop=shop)
    if isinstance(found, Refusal):
        return found
    slip, known = found
    to = address or known
    sealed = seal(to, slip.number, shop=shop) if to else None
    if shop.account is None:
        return Refusal(Code.BANK_ACCOUNT_MISSING)
    with transaction.atomic():
        bank.lock(shop.account.iban)
        done = post.send_back(
            slip.number, str(why), shop.chance.uuid(at), sealed, [bank.draw(shop.chance) for _ in range(_BACK_AT_ONCE)],
            most_minor=shop.second_person_minor, actor=actor, at=at,
        )  # fmt: skip
    return None if done else used(post.by_number(slip.number) or slip)


def used(slip: Slip) -> Refusal:
    return Refusal(Code.SLIP_USED, "slip", {"ticket": slip.ticket})


def seal(address: Address, number: str, *, shop: Shop) -> bytes:
    """An address about the slip whose it is."""
    return shop.keyring.seal(json.dumps(address.document).encode(), _about(number))


def opened(slip: Slip, *, shop: Shop) -> Address | None:
    """Whose slip it is, as far as that is still known."""
    if slip.sealed is None:
        return None
    try:
        return Address(**json.loads(shop.keyring.open(slip.sealed, _about(slip.number))))
    except Unopenable:
        _log.exception("slip %s: its address does not open", slip.number)
        return None


def _about(number: str) -> bytes:
    return b"slip " + number.encode()


def _priced(slip: Slip, offer: Offer, typed: Entered, *, shop: Shop, at: datetime) -> Quote | list[Refusal]:
    """At today's price, without promotions: what is printed is what it costs."""
    version, catalog = catalogue.active()
    number = typed.number if offer.kind is Kind.DIRECT else ""
    wanted = Wanted(
        slip.operator, offer.face.decimal, "", slip.language, sku=offer.sku, number=number, by_post=True,
    )  # fmt: skip
    quote = priced(wanted, version, catalog, prices.terms(shop), shop=shop, at=at)
    if isinstance(quote, Quote) and routes.nobody_has([quote], shop=shop):
        return [Refusal(Code.SOLD_OUT, "product", {"sku": quote.sku})]
    return quote


def _placed(
    actor: Actor, slip: Slip, quote: Quote, address: Address, said: str, *, by_text: bool, shop: Shop, at: datetime
) -> str | None:
    """The order, its charge, who is told, and the slip's last word, in one transaction; None: somebody was first."""
    if shop.account is None:
        return None
    # Nobody's device: the link and the code of a slip's order are on paper alone.
    hashed, order_id, secret = device_hash(shop.chance.secret()), shop.chance.uuid(at), shop.chance.secret()
    payment, ticket = new_payment(METHOD, shop=shop, at=at), shop.chance.order_number()
    new = NewOrder(
        quote.id, hashed, order_id, ticket, digest(secret), shop.keyring.seal(secret, order_id.bytes),
        payment.payment_id,
    )  # fmt: skip
    with transaction.atomic():
        bank.lock(shop.account.iban)
        orders.save_quotes([(quote, hashed)])
        rights.consent([(quote.id, said, slip.language)], at=at)
        if by_text and not isinstance(number := order_texts.read_number(quote.number), Refusal):
            order_texts.wish(quote.id, number, shop=shop, at=at)
        [row] = orders.place([new], [payment], actor=actor, at=at, expires_at=at + shop.terms.valid(METHOD))
        done = row.result == "placed" and post.ordered(
            slip.number, order_id, by_text=by_text, sealed=seal(address, slip.number, shop=shop), actor=actor, at=at
        )
        transaction.set_rollback(not done)
    return ticket if done else None
