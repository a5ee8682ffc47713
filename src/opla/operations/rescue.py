"""A top-up for somebody without data, asked for by text from the very SIM, and paid by whoever has its link.

        TOPUP 15 ──▶ offered: what, for how much, what it does ──▶ YES 0470… ──▶ a friend gets the link, once a day
                        └ the link itself, to open on any Wi-Fi                     │
                                                                a page, a quote, an order like any other
                                              paid ──▶ delivered ──▶ the code by text to the number that asked

A sender's number can be forged. So whatever comes of it goes to that number alone: a code to the SIM it tops up, an
answer to whoever has it, and to a friend one text a day. What `text_pay` charges takes a word that went to that number.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from opla.core import which
from opla.core.actor import Actor
from opla.core.catalog import Catalog, Operator, Product, sellable
from opla.core.money import Money
from opla.core.phone import Number
from opla.core.ports import Kind
from opla.core.quote import Quote
from opla.core.refusal import Refusal
from opla.core.texted import TopUp, Yes
from opla.core.which import Why
from opla.db.keyring import digest
from opla.db.queries import rescue
from opla.db.queries.rescue import Ask
from opla.operations import catalogue, limits, order_texts, prices, routes
from opla.operations.links import hash_link, write_link
from opla.operations.offers import Claim
from opla.operations.order_texts import read_number, who_of
from opla.operations.quote_topup import Wanted, priced, quote_topup
from opla.operations.shop import Shop

LASTS: Final = timedelta(hours=24)
_OTHERS: Final = "en"
#: LYCA is Lycamobile.
_SHORTEST_NAME: Final = 3
#: Prices need an address and nobody is written to by one.
_NOBODY: Final = "nobody@example.org"


@dataclass(frozen=True)
class Offer:
    """What the SIM would get and what that costs. `guessed`: its operator is a guess by its number. `to_friend`: the
    number is shown to whoever pays, because the credit goes straight to it. `word`: what is texted back to charge the
    consent of a renewal (`text_pay`); `over_limit`: there is one, and it may not pay this."""

    language: str
    product: Product
    operator: Operator
    total: Money
    link: str = field(repr=False)
    guessed: bool
    to_friend: bool
    ask: UUID
    word: str = field(default="", repr=False)
    over_limit: bool = False


@dataclass(frozen=True)
class WhichOperator:
    """Nothing is known of the number: its writer says it."""

    language: str
    amount: str


@dataclass(frozen=True)
class Amounts:
    """There is nothing for that amount, or none was said: what there is."""

    language: str
    operator: Operator
    amounts: tuple[Money, ...]
    guessed: bool


@dataclass(frozen=True)
class Given:
    """The link. `friend` was asked too, if they take texts from us; empty: nobody was."""

    language: str
    link: str = field(repr=False)
    friend: str = field(default="", repr=False)


@dataclass(frozen=True)
class NoFriend:
    """What was written is no number that we text."""

    language: str
    refusal: Refusal
    link: str = field(repr=False)


Answered = Offer | WhichOperator | Amounts | Given | NoFriend


def offer(wanted: TopUp, number: Number, *, shop: Shop, at: datetime) -> Answered | None:
    """What we would sell for this number; None where that operator has nothing to be had at all."""
    version, catalog = catalogue.active()
    language = wanted.language or _OTHERS
    operator, guessed = _operator(wanted.operator, number, catalog, shop)
    if operator is None:
        return WhichOperator(language, wanted.amount)
    products = [p for p in catalog.products_of(operator.id) if sellable(p, sandbox=shop.sandbox) is None]
    if not products:
        return None
    found = _chosen(wanted, products, catalog)
    if found is None:
        return Amounts(language, operator, _amounts(products, catalog.currency), guessed)
    product, face = found
    asked = Wanted(operator.id, face.decimal, _NOBODY, language, sku=product.sku, number=number.e164)
    quote = priced(asked, version, catalog, prices.terms(shop), shop=shop, at=at)
    if not isinstance(quote, Quote) or quote.id in routes.nobody_has([quote], shop=shop):
        return Amounts(language, operator, _amounts([p for p in products if p != product], catalog.currency), guessed)
    ask_id, link = _keep(quote, number, shop=shop, at=at)
    return Offer(language, product, operator, quote.price.total, link, guessed, quote.kind is Kind.DIRECT, ask_id)


def agreed(said: Yes, number: Number, *, shop: Shop, at: datetime) -> Answered | None:
    """The link of what was offered, to a friend too where one was named; None where nothing was, lately."""
    ask = rescue.latest_of(who_of(number.e164, shop))
    if ask is None or ask.ends_at <= at or ask.paid:
        return None
    return _by_link(ask, said, number, shop=shop, at=at)


def _by_link(ask: Ask, said: Yes, number: Number, *, shop: Shop, at: datetime) -> Answered:
    link = link_of(ask, shop=shop)
    friend = read_number(said.number) if said.number else number
    if isinstance(friend, Refusal):
        return NoFriend(ask.language, friend, link)
    if friend == number:
        return Given(ask.language, link)
    rescue.shows(ask.id, shown=said.shown)
    # Whether this friend wants no texts, or was asked today already, is nobody's to know: the answer is the same.
    free = limits.by_name(limits.FRIENDS_OF_ONE, number.e164, shop=shop, at=at) is None
    if free and limits.by_name(limits.FRIEND, friend.e164, shop=shop, at=at) is None:
        about = {
            "who": number.e164 if said.shown else masked(number.e164),
            "total": str(ask.total_minor),
            "sku": ask.sku,
            "link": link,
        }
        order_texts.post("ask_friend", friend.e164, ask.language, about, shop=shop, at=at)
    return Given(ask.language, link, friend.grouped)


def masked(e164: str) -> str:
    """Enough for a friend to know it by, and too little for anybody else."""
    return f"{e164[:3]} … {e164[-2:]}"


@dataclass(frozen=True)
class Asked:
    """What the page of a link shows. `who` is the asker's number as they chose; `dearer`: it costs more than was
    offered, and the link buys nothing any more. `number` never leaves the shop but as the recipient of a direct top-up.
    """

    id: UUID
    who: str
    product: Product
    operator: Operator
    face: Money
    total: Money
    ends_at: datetime
    direct: bool
    dearer: bool
    paid: bool
    over: bool
    number: str = field(repr=False)


def find(link: str, *, shop: Shop, at: datetime) -> Asked | None:
    """What this link is of; None for a guess. The asker is told, once, when it has become dearer."""
    link_hash = hash_link(link)
    ask = rescue.by_link(link_hash) if link_hash else None
    return as_now(ask, shop=shop, at=at) if ask else None


def as_now(ask: Ask, *, shop: Shop, at: datetime) -> Asked | None:
    """What was asked for, at today's price; None where there is no such product any more."""
    number, _ = _opened(ask, shop)
    version, catalog = catalogue.active()
    product = catalog.product(ask.sku)
    operator = catalog.operator(product.operator) if product else None
    if product is None or operator is None:
        return None
    face = Money(ask.face_minor, catalog.currency)
    asked = Wanted(operator.id, face.decimal, _NOBODY, ask.language, sku=ask.sku, number=number)
    quote = priced(asked, version, catalog, prices.terms(shop), shop=shop, at=at)
    total = quote.price.total if isinstance(quote, Quote) else Money(ask.total_minor, catalog.currency)
    dearer = isinstance(quote, Quote) and total.amount_minor > ask.total_minor
    over = ask.ends_at <= at or not isinstance(quote, Quote)
    if dearer and not over and not ask.paid and rescue.first_dearer(ask.id):
        about = {"sku": ask.sku, "total": str(total.amount_minor)}
        order_texts.post("ask_dearer", number, ask.language, about, shop=shop, at=at)
    who = number if ask.shown else masked(number)
    direct = product.delivery.value is not None and str(product.delivery.value) == Kind.DIRECT
    return Asked(ask.id, who, product, operator, face, total, ask.ends_at, direct, dearer, ask.paid, over, number)


def quote_for(
    actor: Actor, asked: Asked, email: str, language: str, *, device: bytes, address: str, shop: Shop, at: datetime
) -> Quote | list[Refusal]:
    """A price for whoever pays, on their device and in their language; what comes of it is told to who asked."""
    # A code's quote names no number: who pays does not learn whose it is.
    wanted = Wanted(
        asked.operator.id, asked.face.decimal, email, language, sku=asked.product.sku,
        number=asked.number if asked.direct else "", claim=Claim(address=address),
    )  # fmt: skip
    made = quote_topup(actor, wanted, device=device, shop=shop, at=at)
    if isinstance(made, Quote):
        number = read_number(asked.number)
        if isinstance(number, Number):
            order_texts.wish(made.id, number, with_code=made.kind is Kind.CODE, ask=asked.id, shop=shop, at=at)
    return made


@dataclass(frozen=True)
class Texted:
    """Who is told of a quote's order by text, as whoever pays may see it."""

    to: str
    with_code: bool


def texted(quote_id: UUID, *, shop: Shop) -> Texted | None:
    found = order_texts.wished(quote_id, shop=shop)
    if found is None:
        return None
    wish, number = found
    ask = rescue.by_id(wish.ask) if wish.ask else None
    hidden = wish.ask is not None and not (ask and ask.shown)
    read = read_number(number)
    shown = read.grouped if isinstance(read, Number) else number
    return Texted(masked(number) if hidden else shown, wish.with_code)


def link_of(ask: Ask, *, shop: Shop) -> str:
    """The whole address that what was offered is paid at."""
    return _url(_opened(ask, shop)[1], shop)


def number_of(ask: Ask, *, shop: Shop) -> str:
    return _opened(ask, shop)[0]


def _keep(quote: Quote, number: Number, *, shop: Shop, at: datetime) -> tuple[UUID, str]:
    """The id and the link of what was offered: a secret of 128 bits, kept hashed, and sealed for whoever asked."""
    secret, ask_id = shop.chance.secret(), shop.chance.uuid(at)
    sealed = shop.keyring.seal(json.dumps([number.e164, write_link(secret)]).encode(), ask_id.bytes)
    ask = Ask(
        ask_id, who_of(number.e164, shop), sealed, quote.sku, quote.price.face.amount_minor,
        quote.price.total.amount_minor, quote.language, False, at + LASTS,
    )  # fmt: skip
    rescue.keep(ask, digest(secret), at=at)
    return ask_id, _url(write_link(secret), shop)


def _opened(ask: Ask, shop: Shop) -> tuple[str, str]:
    number, link = json.loads(shop.keyring.open(ask.sealed, ask.id.bytes))
    return str(number), str(link)


def _url(link: str, shop: Shop) -> str:
    return f"{shop.base_url}/t/{link}/"


def _operator(named: str, number: Number, catalog: Catalog, shop: Shop) -> tuple[Operator | None, bool]:
    """Who it is of, and whether that is a guess: what its writer says, what was delivered to it, its block."""
    if named:
        said = [one.operator for one in which.proposals(catalog, named) if one.why is Why.NAME]
        begun = [one for one in catalog.operators if one.name.casefold().startswith(named.casefold())]
        found = said or (begun if len(named) >= _SHORTEST_NAME else [])
        return (found[0] if len(found) == 1 else None), False
    known = catalog.operator(rescue.last_operator(number.e164, who_of(number.e164, shop)))
    if known is not None:
        return known, False
    guess = catalog.hinted_operator(number.e164)
    return guess, True


def _chosen(wanted: TopUp, products: list[Product], catalog: Catalog) -> tuple[Product, Money] | None:
    """The product for this amount; of data without an amount, the cheapest. A code before a direct one."""
    currency = catalog.currency
    amount = Money.parse(wanted.amount, currency) if wanted.amount else None
    if wanted.data:
        products = [p for p in products if p.rules.data_mb.known and p.rules.data_mb.value != 0]
        if amount is None and products:
            cheapest = min(products, key=lambda p: (p.min_minor, p.sku))
            return cheapest, Money(cheapest.min_minor, currency)
    if amount is None:
        return None
    fitting = [p for p in products if p.accepts(amount.amount_minor) is None]
    if not fitting:
        return None
    return min(fitting, key=lambda p: (str(p.delivery.value) != Kind.CODE, p.sku)), amount


def _amounts(products: list[Product], currency: str) -> tuple[Money, ...]:
    return tuple(Money(minor, currency) for minor in sorted({p.min_minor for p in products}))
