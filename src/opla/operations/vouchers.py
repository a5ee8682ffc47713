"""Vouchers: printed for one product, sent to who sells them, paid for over a counter, and redeemed by whoever has them.

A code is money from the moment its voucher is paid for. It exists in clear while its paper is drawn, and never again:
we know a keyed digest. So whoever looks one up is counted, and every code that pays for nothing, whatever is wrong with
it, is answered by one sentence after the same questions to the database.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from opla.core import cash, voucher
from opla.core.actor import Act, Actor, Role
from opla.core.cash import Kind as LineKind
from opla.core.cash import Line
from opla.core.catalog import Operator, Product
from opla.core.choice import words
from opla.core.day import bounds, day_of
from opla.core.ledger import VOUCHER
from opla.core.money import Money
from opla.core.phone import Number
from opla.core.ports import Kind
from opla.core.quote import Quote, price, read_language
from opla.core.refusal import Code, Refusal
from opla.core.voucher import Event, State
from opla.db.keyring import digest
from opla.db.queries import orders, rights
from opla.db.queries import vouchers as queries
from opla.db.queries.orders import NewOrder
from opla.db.queries.vouchers import Batch, Found, Listed, New
from opla.operations import catalogue, limits, order_texts, places, prices, routes
from opla.operations.cash import read_given, refusal, step_minor
from opla.operations.links import device_hash, link_of, write_link
from opla.operations.place_orders import new_payment
from opla.operations.quote_topup import Wanted, choose, priced
from opla.operations.shop import Shop

#: Prices need an address, and whoever has a voucher needs none.
_NOBODY: Final = "nobody@example.org"
#: Whoever texts buys for themselves, as any customer.
_BY_TEXT: Final = Actor(Role.CUSTOMER, "text")
#: Who comes from nowhere is one visitor too: of nobody are tries not counted.
_NOWHERE: Final = "nowhere"
#: Paper that is good for longer than this was dated by mistake.
_LONGEST: Final = timedelta(days=5 * 366)
#: It is paid for, so a worker that was away takes it up late rather than never; then the voucher is good again.
_TAKEN_UP: Final = timedelta(days=1)

# ── printed ──


@dataclass(frozen=True)
class Printed:
    """A batch as it is drawn on paper: each serial with its code, in clear. Never kept."""

    batch: Batch
    vouchers: tuple[tuple[str, str], ...] = field(repr=False)


@dataclass(frozen=True)
class Made:
    number: int
    first: str
    last: str
    paper: bytes = field(repr=False)


def make(
    actor: Actor,
    sku: str,
    quantity: int,
    *,
    amount: str = "",
    until: date | None,
    language: str,
    draw: Callable[[Printed], bytes],
    shop: Shop,
    at: datetime,
) -> Made | Refusal:
    """Print so many vouchers for one product, good until that day. `amount` where the product has several; `draw` puts
    them on paper, and nothing is kept where it fails. Their codes are on that paper and nowhere else."""
    if refused := actor.refused(Act.MANAGE_VOUCHERS):
        return refused
    _, catalog = catalogue.active()
    chosen = choose(catalog, Wanted("", amount, "", "", sku=sku), sandbox=shop.sandbox)
    if isinstance(chosen, Refusal):
        return chosen
    product, face = chosen
    if product.is_starter:  # somebody must answer for the phone, or say where the card goes
        return Refusal(Code.PRODUCT_UNKNOWN, "product", {"sku": sku})
    if not 0 < quantity <= voucher.MOST:
        return Refusal(Code.QUANTITY_UNREADABLE, "quantity", {"most": str(voucher.MOST)})
    if until is None or not day_of(at) <= until <= day_of(at) + _LONGEST:
        return Refusal(Code.TIME_NOT_POSSIBLE, "until")
    spoken = read_language(language)
    if isinstance(spoken, Refusal):
        return spoken
    number = queries.next_number()
    batch = Batch(
        shop.chance.uuid(at),
        number,
        product.sku,
        product.operator,
        product.name,
        price(face, prices.terms(shop)),
        spoken,
        until,
    )
    codes = [voucher.code(shop.chance.letters(voucher.DRAWN)) for _ in range(quantity)]
    serials = [voucher.serial(number, n) for n in range(1, quantity + 1)]
    paper = draw(Printed(batch, tuple(zip(serials, codes, strict=True))))
    new = [New(shop.chance.uuid(at), serial, _hash(code, shop)) for serial, code in zip(serials, codes, strict=True)]
    queries.make(batch, new, expires_at=bounds(until)[1], actor=actor, at=at)
    return Made(number, serials[0], serials[-1], paper)


# ── moved ──


def move(
    actor: Actor, typed: str, event: Event, *, place_id: int | None = None, why: str = "", sandbox: bool, at: datetime
) -> dict[str, int] | Refusal:
    """Say of these serials what became of the paper; how many `moved`, and how many did not because of what they are.

    What is sent goes to a place; what is lost or blocked says why.
    """
    if refused := actor.refused(Act.MANAGE_VOUCHERS):
        return refused
    serials = voucher.read_serials(typed)
    if isinstance(serials, str):
        return Refusal(Code.VOUCHER_SERIAL_UNKNOWN, "serials", {"serial": serials[:40]})
    if not serials:
        return Refusal(Code.VOUCHER_SERIAL_UNKNOWN, "serials")
    if event not in voucher.MOVES:
        raise ValueError(f"nobody says {event} of paper")
    if event is Event.SENT and place_id not in dict(places.known_by_id(sandbox=sandbox)):
        return Refusal(Code.VOUCHER_PLACE_MISSING, "place")
    if event in (Event.LOST, Event.BLOCKED) and not why.strip():
        return Refusal(Code.REASON_MISSING, "why")
    return dict(Counter(queries.move(serials, event, place_id=place_id, why=words(why), actor=actor, at=at)))


def listed(actor: Actor, *, limit: int = 50) -> list[Listed] | Refusal:
    """The newest batches first, each with where its vouchers are."""
    return actor.refused(Act.MANAGE_VOUCHERS) or queries.batches(limit=limit)


# ── over a counter ──

_SOLD: Final = frozenset({State.ACTIVE, State.BLOCKED, State.REDEEMED, State.REFUNDED})


@dataclass(frozen=True)
class Activated:
    """It is paid for. `again`: it was before, by this very press of the button."""

    serial: str
    batch: Batch
    coins: Money
    change: Money
    again: bool


@dataclass(frozen=True)
class ToSell:
    """A voucher as whoever sells it sees it. `refused`: why it may not be, now."""

    found: Found
    coins: Money
    refused: Refusal | None


def look_up(actor: Actor, typed: str, *, at: datetime) -> ToSell | Refusal:
    """The voucher of a serial that was scanned or typed."""
    if refused := actor.refused(Act.TAKE_CASH):
        return refused
    found = queries.by_serial(voucher.read_serial(typed))
    if found is None:
        return Refusal(Code.VOUCHER_SERIAL_UNKNOWN, "serial", {"serial": typed[:40]})
    no = _not_now(str(found.voucher.state)) if found.voucher.state is not State.IN_STOCK else None
    over = Refusal(Code.VOUCHER_OVER, "serial") if at >= found.voucher.expires_at else None
    return ToSell(found, _coins(found.voucher.price), no or over)


def activate(
    actor: Actor, serial: str, *, drawer: str, line_id: UUID, given: str = "", at: datetime
) -> Activated | Refusal:
    """Take what a voucher costs; from now on its code is money. `line_id` is the caller's key, made when the form is
    drawn. Sold where it lies: at a drawer of the place it is in stock at."""
    if refused := actor.refused(Act.TAKE_CASH):
        return refused
    found = queries.by_serial(voucher.read_serial(serial))
    if found is None:
        return Refusal(Code.VOUCHER_SERIAL_UNKNOWN, "serial", {"serial": serial[:40]})
    coins = _coins(found.voucher.price)
    handed = read_given(given, coins)
    if isinstance(handed, Refusal):
        return handed
    change = cash.change(coins, handed, step_minor())
    if isinstance(change, Refusal):
        return change
    line = Line(LineKind.VOUCHER_SOLD, drawer, coins.currency, coins.amount_minor, found.voucher.price.amount_minor)
    result = queries.over_counter(
        line_id, line, found, Event.ACTIVATED, given_minor=handed.amount_minor, why=found.serial, actor=actor, at=at
    )
    no = _not_now(result)
    return no or Activated(found.serial, found.batch, coins, change, result == "again")


def give_back(
    actor: Actor, code: str, *, drawer: str, line_id: UUID, why: str, shop: Shop, at: datetime
) -> Money | Refusal:
    """Give the price of a voucher back to whoever has its code, which opens nothing any more; how much. Also where its
    last day is over: what was paid for it is owed still."""
    if refused := actor.refused(Act.TAKE_CASH):
        return refused
    if not why.strip():
        return Refusal(Code.REASON_MISSING, "why")
    who = f"counter {actor}"
    if tired := limits.by_name(limits.VOUCHERS, who, shop=shop, at=at):
        return tired
    found = queries.by_hash(_hash(voucher.read_code(code), shop))
    if found is None:
        return Refusal(Code.VOUCHER_WRONG, "code")
    coins = _coins(found.voucher.price)
    line = Line(LineKind.VOUCHER_BACK, drawer, coins.currency, -coins.amount_minor, -found.voucher.price.amount_minor)
    result = queries.over_counter(
        line_id, line, found, Event.REFUNDED, given_minor=None, why=words(why), actor=actor, at=at
    )
    if result in list(State):
        return Refusal(Code.VOUCHER_WRONG, "code")
    limits.right_by_name(limits.VOUCHERS, who, shop=shop)
    return _not_now(result) or coins


def _coins(amount: Money) -> Money:
    return cash.rounded(amount, step_minor())


def _not_now(result: str) -> Refusal | None:
    """What the database said of a voucher at a counter, or of the line; None when the line is there."""
    if result in _SOLD:
        return Refusal(Code.VOUCHER_SOLD, "serial")
    if result in list(State) or result == "voucher_elsewhere":
        return Refusal(Code.VOUCHER_NOT_HERE, "serial")
    if result == "voucher_over":
        return Refusal(Code.VOUCHER_OVER, "serial")
    if result == "voucher_unknown":
        return Refusal(Code.VOUCHER_SERIAL_UNKNOWN, "serial")
    return refusal(result)


# ── redeemed ──


@dataclass(frozen=True)
class Good:
    """A voucher that may be redeemed now, with what it is for as it is sold today."""

    batch: Batch
    product: Product
    operator: Operator
    found: Found = field(repr=False)


@dataclass(frozen=True)
class Redeemed:
    """An order that stands, paid by a voucher. `again`: it did before, for this very device or phone."""

    order_id: UUID
    batch: Batch
    link: str = field(repr=False)
    again: bool


@dataclass(frozen=True)
class Unfit:
    """The voucher is good, and what was asked for it is not: everything that is wrong with that."""

    good: Good
    refusals: list[Refusal]


@dataclass(frozen=True)
class By:
    """Who redeems: `address` of a visitor, `station` of a kiosk or a till, or the number that `texts`."""

    device: bytes = field(repr=False)
    address: str = field(default="", repr=False)
    station: str = ""
    texts: Number | None = field(default=None, repr=False)


@dataclass(frozen=True)
class For:
    """For whom, as typed; an empty language is the paper's. Nobody need give an address: the paper is the proof."""

    language: str = ""
    number: str = field(default="", repr=False)
    plan: str = ""
    email: str = field(default="", repr=False)


def look(actor: Actor, code: str, *, by: By, shop: Shop, at: datetime) -> Good | Redeemed | Refusal:
    """What a code is for, or the order that it pays for already on this device. Everything else is one refusal."""
    if refused := actor.refused(Act.PLACE):
        return refused
    return _looked(code, by, shop, at)


def redeem(
    actor: Actor,
    code: str,
    wanted: For,
    *,
    consent: Callable[[Kind], str] | None = None,
    by: By,
    shop: Shop,
    at: datetime,
) -> Redeemed | Unfit | Refusal:
    """Make an order that this voucher pays for, or say what is wrong. `consent`: the words that were agreed to.

    The order, its payment and the voucher's end are one transaction, and the database has the last word.
    """
    if refused := actor.refused(Act.PLACE):
        return refused
    good = _looked(code, by, shop, at)
    if not isinstance(good, Good):
        return good
    quote = _quote(good.batch, wanted, shop, at)
    if not isinstance(quote, Quote):
        return Unfit(good, quote)
    payment, order_id, secret = new_payment(VOUCHER, shop=shop, at=at), shop.chance.uuid(at), shop.chance.secret()
    device = device_hash(by.device)
    new = NewOrder(
        quote.id, device, order_id, shop.chance.order_number(), digest(secret),
        shop.keyring.seal(secret, order_id.bytes), payment.payment_id,
    )  # fmt: skip
    with transaction.atomic():
        orders.save_quotes([(quote, device)])
        if by.texts is not None:
            order_texts.wish(quote.id, by.texts, with_code=quote.kind is Kind.CODE, shop=shop, at=at)
        if consent:
            rights.consent([(quote.id, consent(quote.kind), quote.language)], at=at)
        [row] = orders.place([new], [payment], actor=actor, at=at, expires_at=at + _TAKEN_UP)
        done = row.result == "placed" and queries.redeem(good.found, payment.reference, actor=actor, at=at)
        transaction.set_rollback(not done)
    if not done:  # somebody was quicker, perhaps the same press of the button
        found = _found(code, by, shop, at)
        return found if isinstance(found, Redeemed) else Refusal(Code.VOUCHER_WRONG, "code")
    return Redeemed(order_id, good.batch, write_link(secret), again=False)


def _looked(code: str, by: By, shop: Shop, at: datetime) -> Good | Redeemed | Refusal:
    """Counted before it is looked at, so that many at once are; what was no wrong code is not counted after all."""
    if tired := _tired(by, shop, at):
        return tired
    found = _found(code, by, shop, at)
    if not isinstance(found, Refusal) or found.code is not Code.VOUCHER_WRONG:
        _right(by, shop)
    return found


def _found(code: str, by: By, shop: Shop, at: datetime) -> Good | Redeemed | Refusal:
    """The same questions to the database whatever is wrong."""
    who = order_texts.who_of(by.texts.e164, shop) if by.texts else b""
    found = queries.by_hash(_hash(voucher.read_code(code), shop))
    wrong = Refusal(Code.VOUCHER_WRONG, "code")
    if found is None:
        return wrong
    if found.voucher.state is State.REDEEMED and found.order_id is not None:
        own = bool(by.device) and hmac.compare_digest(found.device_hash, device_hash(by.device))
        if own or (who and hmac.compare_digest(found.texted, who)):
            return Redeemed(found.order_id, found.batch, link_of(found.order_id, shop.keyring) or "", again=True)
    if not found.voucher.redeemable(at):
        return wrong
    _, catalog = catalogue.active()
    product, operator = catalog.sold(found.batch.sku), catalog.operator(found.batch.operator)
    if product is None or operator is None:
        return Refusal(Code.PRODUCT_WITHDRAWN, "code", {"sku": found.batch.sku})
    return Good(found.batch, product, operator, found)


def _tired(by: By, shop: Shop, at: datetime) -> Refusal | None:
    if name := _name(by):
        return limits.by_name(limits.VOUCHERS, name, shop=shop, at=at)
    return limits.by_address(limits.VOUCHERS, by.address or _NOWHERE, shop=shop, at=at)


def _right(by: By, shop: Shop) -> None:
    if name := _name(by):
        limits.right_by_name(limits.VOUCHERS, name, shop=shop)
    else:
        limits.right_by_address(limits.VOUCHERS, by.address or _NOWHERE, shop=shop)


def _name(by: By) -> str:
    """Under which tries are counted of whoever is not a visitor."""
    if by.texts is not None:
        return f"phone {by.texts.e164}"
    return f"station {by.station}" if by.station else ""


def _quote(batch: Batch, wanted: For, shop: Shop, at: datetime) -> Quote | list[Refusal]:
    """What the paper names, at the price it was sold for; or everything that stands in the way of delivering it."""
    version, catalog = catalogue.active()
    asked = Wanted(
        batch.operator, batch.price.face.decimal, wanted.email.strip() or _NOBODY, wanted.language or batch.language,
        sku=batch.sku,
        number=wanted.number, plan=wanted.plan,
    )  # fmt: skip
    found = priced(asked, version, catalog, prices.terms(shop), shop=shop, at=at)
    if not isinstance(found, Quote):
        return found
    if routes.nobody_has([found], shop=shop):
        return [Refusal(Code.SOLD_OUT, "product", {"sku": batch.sku})]
    return replace(found, price=batch.price, email=found.email if wanted.email.strip() else "")


def _hash(code: str, shop: Shop) -> bytes:
    """As the database knows a code: whoever reads it there cannot try codes without the key."""
    return hmac.new(shop.keyring.fingerprint_key, b"voucher " + code.encode(), hashlib.sha256).digest()


# ── by text ──


@dataclass(frozen=True)
class ByText:
    """What became of a code that was texted. `product` is empty where it pays for nothing; `direct`: it goes onto this
    SIM, else its code comes by another text."""

    language: str
    product: str = ""
    direct: bool = False


def redeem_by_text(code: str, number: Number, language: str, *, shop: Shop, at: datetime) -> ByText:
    """For the SIM that it comes from. A sender can be forged, and then it is a gift: whoever texts a code has it."""
    by = By(shop.chance.secret(), texts=number)
    done = redeem(_BY_TEXT, code, For(number=number.e164), by=by, shop=shop, at=at)
    if not isinstance(done, Redeemed):
        return ByText(language)
    _, catalog = catalogue.active()
    product = catalog.sold(done.batch.sku)
    direct = product is not None and str(product.delivery.value) == Kind.DIRECT
    return ByText(done.batch.language, done.batch.product_name, direct)
