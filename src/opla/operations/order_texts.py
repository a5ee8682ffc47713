"""Orders told by text, beside the mail and never instead of it; a code only to the number that asked for it by text.

        a price ──▶ wished for, the number sealed ──▶ news in the outbox, a text beside it (db/sql/texts.sql)
                        counted in parts, within the day's ceiling ──▶ sent once ──▶ receipts: arrived, lost, unknown

A text that may have left is not sent again, because the mail says the same; one with a code is, at most twice more.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from opla.core import sms
from opla.core.actor import Actor, Role
from opla.core.catalog import Operator
from opla.core.day import bounds, day_of
from opla.core.phone import Number, read
from opla.core.ports import Answer, Kind, Message, Receipt, SendsTexts, TextReport
from opla.core.refusal import Refusal
from opla.db.keyring import Unopenable
from opla.db.queries import pages, texts
from opla.db.queries.codes import Revealed
from opla.db.queries.pages import OrderPage
from opla.db.queries.texts import Leaving, Wish
from opla.operations import catalogue, limits
from opla.operations.shop import Shop

_log = logging.getLogger(__name__)
_BY_TEXT: Final = Actor(Role.SYSTEM, "text")
#: After each try that certainly did not leave; then the mail has to do.
_AGAIN_AFTER_S: Final = (30, 300, 1800, 7200)
#: A code that may have left is sent again; the same code twice harms nobody.
_MOST_CODE_TRIES: Final = 3
#: As many parts as a text with a code has at most. They are set aside before the code is opened.
_CODE_PARTS: Final = 3
_LEASE_S: Final = 120
#: Within the lease, though each takes as long as it may.
_AT_A_TIME: Final = 4
_RECEIPTS_KEPT, _TEXTS_KEPT, _PIECES_KEPT = timedelta(days=7), timedelta(days=30), timedelta(hours=1)


@dataclass(frozen=True)
class OrderText:
    """What a text about an order says, for whoever writes its words. `revealed` only where the code goes along."""

    topic: str
    page: OrderPage
    to: str = field(repr=False)
    operator: Operator | None
    revealed: Revealed | None = field(default=None, repr=False)


@dataclass(frozen=True)
class OtherText:
    """One about no order. `about` are its facts by name, and what they mean is said where the words are made."""

    topic: str
    to: str = field(repr=False)
    language: str
    about: dict[str, str] = field(repr=False)


Words = Callable[[OrderText | OtherText], str]


def who_of(number: str, shop: Shop) -> bytes:
    """How the database knows a number that is texted, or wants no texts."""
    return limits.digest_of(f"text {number}", shop)


def read_number(typed: str) -> Number | Refusal:
    """A number that may be texted at somebody's wish: a mobile one of the country the shop serves, so that nobody makes
    us pay for texts to the ends of the earth."""
    _, catalog = catalogue.active()
    return read(typed, home=catalog.country, served=frozenset({catalog.country}))


def wish(
    quote_id: UUID, number: Number | None, *, shop: Shop, at: datetime, with_code: bool = False, ask: UUID | None = None
) -> None:
    """Tell this number of the order that this quote may become; None: nobody. Whose quote it is, the caller knows.

    `with_code`: a text from that very number asked for it, as `ask`.
    """
    wanted = None
    if number is not None:
        who = who_of(number.e164, shop)
        wanted = Wish(who, shop.keyring.seal(number.e164.encode(), who), with_code, ask)
    texts.wish(quote_id, wanted, at=at)


def carry(old: UUID, new: UUID, *, at: datetime) -> None:
    """What was wished for one quote is wished for the one that takes its place."""
    texts.wish_follows(old, new, at=at)


def wished(quote_id: UUID, *, shop: Shop) -> tuple[Wish, str] | None:
    """What is wished for this quote, and the number."""
    found = texts.wish_of(quote_id)
    return (found, shop.keyring.open(found.sealed, found.who).decode()) if found else None


def post(topic: str, to: str, language: str, about: dict[str, str], *, shop: Shop, at: datetime) -> None:
    """A text about no order: it leaves when a worker looks, unless its number wants none."""
    reference = shop.chance.reference()
    plain = json.dumps([to, language, about]).encode()
    texts.post(reference, topic, who_of(to, shop), shop.keyring.seal(plain, reference.encode()), at=at)


def text_out(words: Words, *, line: SendsTexts, shop: Shop, at: datetime) -> int:
    """Send what is due; how many were looked at."""
    due = texts.claim(at=at, limit=_AT_A_TIME, lease_s=_LEASE_S)
    for leaving in due:
        state, report, parts, again_s = _leave(leaving, words, line, shop, at)
        due_at = None if again_s is None else at + timedelta(seconds=again_s)
        mail = shop.chance.reference()
        texts.done(leaving.reference, state, parts=parts, ids=report.ids, due_at=due_at, mail=mail, at=at)
    return len(due)


def spend(text: str, *, shop: Shop, at: datetime) -> int:
    """How many parts an answer has, taken from today's; 0 where the half of strangers leaves none."""
    parts = len(sms.written(text).parts)
    return parts if texts.spend(day_of(at), parts, _of_strangers(shop)) else 0


def _of_strangers(shop: Shop) -> int:
    """What brings about a text for nothing takes no more than half of a day: the rest is for what was paid."""
    return shop.texts_a_day // 2


def received(receipt: Receipt, *, shop: Shop, at: datetime) -> None:
    """Keep what became of a text. It may come before we know its id, twice, or never."""
    texts.receipt(receipt.id_, receipt.state, at=at, mail=shop.chance.reference())


def tidy(*, at: datetime) -> None:
    """Forget what nobody waits for any more."""
    texts.tidy(receipts=at - _RECEIPTS_KEPT, texts=at - _TEXTS_KEPT, pieces=at - _PIECES_KEPT)


_NOTHING: Final = TextReport(Answer.NOT_SENT)


def _leave(
    leaving: Leaving, words: Words, line: SendsTexts, shop: Shop, at: datetime
) -> tuple[str, TextReport, int, int | None]:
    """Its state, their report, the parts that were paid for, and in how many seconds it is tried again."""
    if leaving.stopped:
        return "stopped", _NOTHING, 0, None
    if leaving.dead:
        return "over", _NOTHING, 0, None
    found = _about(leaving, shop)
    if found is None:
        return "over", _NOTHING, 0, None
    secret = isinstance(found, OrderText) and found.topic == "delivered" and found.page.kind is Kind.CODE
    secret = secret and leaving.with_code
    if leaving.lost and not secret:
        return "unknown", _NOTHING, 0, None
    day, reserved = day_of(at), 0
    most = shop.texts_a_day if isinstance(found, OrderText) else _of_strangers(shop)
    if secret and isinstance(found, OrderText):
        reserved = _CODE_PARTS
        if not texts.spend(day, reserved, shop.texts_a_day):
            tomorrow_s = math.ceil((bounds(day)[1] - at).total_seconds())
            return "too_many", _NOTHING, 0, tomorrow_s if leaving.tries < len(_AGAIN_AFTER_S) else None
        revealed = texts.reveal(leaving.reference, actor=_BY_TEXT, at=at, keyring=shop.keyring)
        if isinstance(revealed, str):
            texts.spend(day, -reserved, shop.texts_a_day)
            return "over", _NOTHING, 0, None
        found = OrderText(found.topic, found.page, found.to, found.operator, revealed)
    try:
        text = words(found)
    except Exception:  # noqa: BLE001 - whatever it was, it is written down
        _log.exception("text %s: it could not be written", leaving.reference)
        texts.spend(day, -reserved, shop.texts_a_day)
        return "not_sent", _NOTHING, 0, None
    parts = len(sms.written(text).parts)
    if parts > reserved and not texts.spend(day, parts - reserved, most):
        texts.spend(day, -reserved, shop.texts_a_day)
        return "too_many", _NOTHING, 0, None
    language = found.page.language if isinstance(found, OrderText) else found.language
    report = _sent(Message(leaving.reference, found.to, "", text, language), line)
    if (unused := max(parts, reserved) - (parts if report.answer in (Answer.SUCCEEDED, Answer.UNKNOWN) else 0)) > 0:
        texts.spend(day, -unused, shop.texts_a_day)
    return _became(report, parts, leaving.tries, secret=secret)


def _became(report: TextReport, parts: int, tries: int, *, secret: bool) -> tuple[str, TextReport, int, int | None]:
    match report.answer:
        case Answer.SUCCEEDED:
            return "sent", report, parts, None
        case Answer.DECLINED:
            return "refused", report, 0, None
        case Answer.NOT_SENT:
            if tries < len(_AGAIN_AFTER_S):
                return "waiting", report, 0, _AGAIN_AFTER_S[tries]
            return "not_sent", report, 0, None
        case _ if secret and tries + 1 < _MOST_CODE_TRIES:
            return "waiting", report, parts, 60
        case _:
            return "unknown", report, parts, None


def _sent(message: Message, line: SendsTexts) -> TextReport:
    try:
        return line.text(message)
    except Exception:  # noqa: BLE001 - whatever it was, it is written down
        _log.exception("text %s: the transport broke", message.reference)
        return TextReport(Answer.UNKNOWN)


def _about(leaving: Leaving, shop: Shop) -> OrderText | OtherText | None:
    """What it is about; None where nobody wants it any more."""
    try:
        if leaving.order_id is None:
            plain = shop.keyring.open(leaving.sealed, leaving.reference.encode())
            to, language, about = json.loads(plain)
            return OtherText(leaving.topic, to, language, about)
        if not leaving.wish:
            return None
        to = shop.keyring.open(leaving.wish, leaving.who).decode()
    except Unopenable:
        _log.exception("text %s: it does not open", leaving.reference)
        return None
    page = pages.order_by_id(leaving.order_id)
    if page is None:
        return None
    operator = catalogue.at_version(page.catalog_version).operator(page.operator)
    return OrderText(leaving.topic, page, to, operator)
