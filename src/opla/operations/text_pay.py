"""A top-up asked for by text, paid with the consent of a standing renewal for that SIM, where its owner allows that.

        TOPUP 15 ──▶ offered, with a word ──▶ PAY K7M39Q ──▶ an order like any other, charged by the consent
                        └ above a ceiling: said so                └ refused: a text, and the friend's link is left

A sender's number can be forged, so a text alone charges nothing: the word went to that number, which a forger does not
read. It is good once, for ten minutes and three tries, and only its keyed digest is kept. What it charges is what was
offered, once a day and a few times a month, and the database has the last word (`opla_text_pay_place`).
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from opla.core import renewal
from opla.core.actor import SYSTEM
from opla.core.day import ZONE, day_of
from opla.core.money import Money
from opla.core.phone import Number
from opla.core.ports import Kind
from opla.core.quote import Quote
from opla.core.renewal import Phase, State
from opla.core.texted import Pay
from opla.db.keyring import digest
from opla.db.queries import orders, rescue, rights, text_pay
from opla.db.queries import renewals as rows
from opla.db.queries.orders import NewOrder
from opla.db.queries.rescue import Ask
from opla.db.queries.text_pay import New, Offered
from opla.operations import catalogue, letters, order_texts, prices, renewals, routes
from opla.operations import rescue as rescuing
from opla.operations.order_texts import who_of
from opla.operations.place_orders import new_payment
from opla.operations.quote_topup import Wanted, priced
from opla.operations.renewals import Standing
from opla.operations.rescue import Offer
from opla.operations.shop import Shop

LASTS: Final = timedelta(minutes=10)
TRIES: Final = 3
#: Charges by text in a calendar month, of one renewal; and one a day. Refused ones count.
A_MONTH: Final = 4
#: The topics of the letters to the renewal's owner, and of the text to the SIM.
CHARGED, NOT_CHARGED, REFUSED = "renewal_by_text", "renewal_by_text_refused", "text_pay_refused"


@dataclass(frozen=True)
class Paying:
    """It is being charged; what becomes of it is told by text."""

    language: str
    product: str
    total: Money


@dataclass(frozen=True)
class NoWord:
    """Nothing is charged, whatever is wrong with the word. `link`: of what was offered last; empty: it is over."""

    language: str
    link: str = field(repr=False)


def offered(found: Offer, number: Number, *, shop: Shop, at: datetime) -> Offer:
    """The same offer, with a word to pay it by where somebody allows that."""
    over = False
    for standing in _allowing(found, number, shop):
        if not _within(standing, found.total, at):
            over = True
            continue
        who, word = who_of(number.e164, shop), shop.chance.word()
        new = New(shop.chance.uuid(at), found.ask, standing.kept.id, who, _hash(word, who, shop), at + LASTS)
        text_pay.offer(new, at=at)
        return replace(found, word=word)
    return replace(found, over_limit=over)


def pay(said: Pay, number: Number, *, shop: Shop, at: datetime) -> Paying | NoWord | None:
    """Charge what this word is of; None where this number was never offered anything, as to a stranger."""
    who = who_of(number.e164, shop)
    latest = rescue.latest_of(who)
    if latest is None:
        return None
    word = _hash(said.word, who, shop)
    for _ in range(2):  # the second time for another listener, who may have charged it in the same moment
        found = text_pay.try_(who, word, at=at, most=TRIES)
        if found is None:
            break
        if paying := _paying(found, number, shop, at):
            return paying
    alive = latest.ends_at > at and not latest.paid
    return NoWord(latest.language, rescuing.link_of(latest, shop=shop) if alive else "")


def follow(*, shop: Shop, at: datetime, limit: int = 50) -> int:
    """Tell the SIMs whose charge came to nothing that it does not come, unless somebody else has paid, and the owners
    of their renewals, who read that they are being charged; how many."""
    with transaction.atomic():
        refused = text_pay.close(at=at, limit=limit)
        opened = (renewals.opened(one, shop=shop) for one in rows.load([one.renewal_id for one in refused]))
        owners = {one.kept.id: one for one in opened if one}
        told = [
            renewals.letter(
                owners[one.renewal_id], NOT_CHARGED,
                {"product": one.product_name, "price_minor": str(one.price_minor)},
            )
            for one in refused if one.renewal_id in owners
        ]  # fmt: skip
        if told:
            letters.post(told, shop=shop, at=at)
        for one in refused:
            ask = rescue.by_id(one.ask)
            if ask is not None and not ask.paid:
                about = {"sku": ask.sku, "total": str(ask.total_minor), "link": rescuing.link_of(ask, shop=shop)}
                to = rescuing.number_of(ask, shop=shop)
                order_texts.post(REFUSED, to, ask.language, about, shop=shop, at=at)
    return len(refused)


def _allowing(found: Offer, number: Number, shop: Shop) -> list[Standing]:
    """The renewals that could pay it, but for their ceilings."""
    kept = rows.load(text_pay.renewals_of(who_of(number.e164, shop)))
    opened = [one for row in kept if (one := renewals.opened(row, shop=shop)) is not None]
    return [one for one in opened if _may(one, found.operator.id, number, shop)]


def _may(standing: Standing, operator: str, number: Number, shop: Shop) -> bool:
    """Consent that takes days is left out: somebody who texts needs credit today."""
    kept = standing.kept
    charging = kept.last is not None and kept.last.phase is Phase.PLACED
    return (
        kept.state is State.ACTIVE
        and kept.mandate_state == "kept"
        and kept.mandate_days == 0
        and kept.method in shop.keeping
        and not kept.charged_back
        and kept.operator == operator
        and standing.whose.number == number.e164
        and not charging
        and not text_pay.busy(kept.id)
    )


def _within(standing: Standing, total: Money, at: datetime) -> bool:
    kept, month = standing.kept, renewal.month_start(at, ZONE)
    today, often = text_pay.used(kept.id, day_of(at), month)
    if today or often >= A_MONTH or total.currency != kept.cap.currency or total.amount_minor > kept.cap.amount_minor:
        return False
    spent = rows.spent(kept.id, month) if kept.month_cap else 0
    return kept.month_cap is None or spent + total.amount_minor <= kept.month_cap.amount_minor


def _paying(found: Offered, number: Number, shop: Shop, at: datetime) -> Paying | None:
    """None: nothing is charged."""
    ask = rescue.by_id(found.ask)
    if ask is None:
        return None
    if found.became:  # a text may be brought twice; a second charge is none
        return _said(ask) if found.became == "charged" else None
    asked = rescuing.as_now(ask, shop=shop, at=at)
    kept = rows.load([found.renewal_id])
    standing = renewals.opened(kept[0], shop=shop) if kept else None
    if asked is None or asked.over or asked.paid or asked.dearer or standing is None:
        return None
    if not _may(standing, asked.operator.id, number, shop) or not _within(standing, asked.total, at):
        return None
    version, catalog = catalogue.active()
    wanted = Wanted(
        asked.operator.id, asked.face.decimal, standing.whose.email, standing.kept.language, sku=ask.sku,
        number=number.e164 if asked.direct else "",
    )  # fmt: skip
    quote = priced(wanted, version, catalog, prices.terms(shop), shop=shop, at=at)
    if not isinstance(quote, Quote) or routes.nobody_has([quote], shop=shop):
        return None
    return _said(ask) if _placed(found, quote, standing, number, shop, at) else None


def _said(ask: Ask) -> Paying:
    _, catalog = catalogue.active()
    product = catalog.product(ask.sku)
    return Paying(ask.language, product.name if product else ask.sku, Money(ask.total_minor, catalog.currency))


def _placed(found: Offered, quote: Quote, standing: Standing, number: Number, shop: Shop, at: datetime) -> bool:
    """The order, its charge, who is told, and the database's last word, in one transaction."""
    kept = standing.kept
    payment, order_id, secret = new_payment(kept.method, shop=shop, at=at), shop.chance.uuid(at), shop.chance.secret()
    new = NewOrder(
        quote.id, kept.device_hash, order_id, shop.chance.order_number(), digest(secret),
        shop.keyring.seal(secret, order_id.bytes), payment.payment_id,
    )  # fmt: skip
    with transaction.atomic():
        orders.save_quotes([(quote, kept.device_hash)])
        order_texts.wish(quote.id, number, with_code=quote.kind is Kind.CODE, ask=found.ask, shop=shop, at=at)
        rights.consent([(quote.id, text_pay.allowed(kept.id), kept.language)], at=at)
        [row] = orders.place([new], [payment], actor=SYSTEM, at=at, expires_at=at + shop.terms.valid(kept.method))
        placed = row.result == "placed" and text_pay.place(
            found.id, order_id, payment.payment_id, day=day_of(at), month=renewal.month_start(at, ZONE),
            most=A_MONTH, tries=TRIES, at=at,
        )  # fmt: skip
        transaction.set_rollback(not placed)
        if placed:
            about = {"product": quote.product_name, "price_minor": str(quote.price.total.amount_minor)}
            letters.post([renewals.letter(standing, CHARGED, about)], shop=shop, at=at)
    return placed


def _hash(word: str, who: bytes, shop: Shop) -> bytes:
    """As the database knows a word: without the key, six signs are soon guessed."""
    return hmac.new(shop.keyring.fingerprint_key, b"text pay " + who + word.encode(), hashlib.sha256).digest()
