"""A question before buying: kept sealed, read by the shop once its e-mail is confirmed, answered on a page of its own.

    ask ──▶ an e-mail with a link ──▶ confirm ──▶ a thread (`threads`) ──▶ answered, by an e-mail with the same link

The link is the only secret of the question: whoever has it reads and writes there, and never sees the address.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from opla.core.actor import Act, Actor
from opla.core.quote import read_email, read_language
from opla.core.refusal import Code, Refusal
from opla.core.thread import CONFIRM_WITHIN, State, read_message
from opla.core.trouble import NOTHING_TRIED
from opla.db.keyring import digest
from opla.db.queries import pages, threads
from opla.db.queries.threads import NewThread
from opla.operations import catalogue, limits
from opla.operations.letters import Posted
from opla.operations.links import device_hash, hash_link, write_link
from opla.operations.shop import Shop
from opla.operations.threads import Thread, email_hash, letter, limited, opened, seal_about, sealed

#: One address is asked to confirm once in this time.
AGAIN: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Question:
    """As typed, and from where: an operator, a product (`sku`) or a quote of this device; each may be missing."""

    email: str
    text: str = field(repr=False)
    language: str
    operator: str = ""
    sku: str = ""
    quote_id: UUID | None = None
    address: str = field(default="", repr=False)  # of the visitor


def ask(actor: Actor, question: Question, *, device: bytes, shop: Shop, at: datetime) -> list[Refusal]:
    """Keep it and send the e-mail that asks to confirm it; or every refusal.

    An address that was asked within the hour, or often today, is not asked again, and nobody is told.
    """
    if refused := actor.refused(Act.SAY):
        return [refused]
    email, text = read_email(question.email), read_message(question.text)
    tag = read_language(question.language)
    if isinstance(email, Refusal) or isinstance(text, Refusal) or isinstance(tag, Refusal):
        return [one for one in (email, text, tag) if isinstance(one, Refusal)]
    if refused := limits.by_address(limits.QUESTIONS, question.address, shop=shop, at=at):
        return [refused]
    if limits.by_email(limits.CONFIRMS, email, shop=shop, at=at):
        return []
    secret, thread_id = shop.chance.secret(), shop.chance.uuid(at)
    link = write_link(secret)
    about = {"email": email, "link": link, **_shown(question, device)}
    new = NewThread(
        thread_id,
        email_hash(email, shop.keyring),
        seal_about(about, thread_id, shop.keyring),
        tag,
        link_hash=digest(secret),
    )
    posted = Posted("ask_confirm", email, tag, {"path": f"/ask/{link}/"})
    threads.ask(
        new,
        sealed(text, NOTHING_TRIED, shop=shop, at=at),
        letter(posted, shop=shop, at=at),
        actor=actor,
        at=at,
        forget_before=at - CONFIRM_WITHIN,
        again=AGAIN,
    )
    return []


def _shown(question: Question, device: bytes) -> dict[str, str]:
    """What was on the page: the version of the catalogue says for ever what was told there, the effect included."""
    quote = pages.quote(question.quote_id, device_hash(device)) if question.quote_id and device else None
    if quote is not None:
        return {
            "version": str(quote.catalog_version),
            "operator": quote.operator,
            "sku": quote.sku,
            "quote": str(quote.id),
            "total_minor": str(quote.price.total.amount_minor),
            "currency": quote.price.total.currency,
        }
    version, catalog = catalogue.active()
    product = catalog.sold(question.sku)
    operator = catalog.operator(product.operator if product else question.operator)
    named = {"operator": operator.id if operator else "", "sku": product.sku if product else ""}
    return {"version": str(version), **named}


def find(link: str, *, shop: Shop, at: datetime) -> Thread | None:
    """What this link opens; None for a guess, and for what was not confirmed in time."""
    link_hash = hash_link(link)
    kept = threads.by_link(link_hash) if link_hash else None
    if kept is None or (kept.state is State.UNCONFIRMED and kept.made_at <= at - CONFIRM_WITHIN):
        return None
    return opened(kept, shop.keyring)


def confirm(actor: Actor, link: str, *, at: datetime) -> Refusal | None:
    """Somebody who reads the e-mail says that the question is theirs."""
    if refused := actor.refused(Act.SAY):
        return refused
    link_hash = hash_link(link)
    found = link_hash is not None and threads.confirm(link_hash, at=at, made_after=at - CONFIRM_WITHIN)
    return None if found else Refusal(Code.NOT_FOUND)


def say(actor: Actor, link: str, text: str, *, shop: Shop, at: datetime, address: str = "") -> Refusal | None:
    """The next word of whoever asked."""
    if refused := actor.refused(Act.SAY):
        return refused
    link_hash, message = hash_link(link), read_message(text)
    if isinstance(message, Refusal):
        return message
    if link_hash is None:
        return Refusal(Code.NOT_FOUND)
    if refused := limited(link, address, shop=shop, at=at):
        return refused
    found = threads.more(link_hash, sealed(message, NOTHING_TRIED, shop=shop, at=at), actor=actor, at=at)
    return None if found else Refusal(Code.NOT_FOUND)


def forget(actor: Actor, link: str) -> Refusal | None:
    """Delete the question with everything that was said. A link of nothing is forgotten already."""
    if refused := actor.refused(Act.SAY):
        return refused
    if link_hash := hash_link(link):
        threads.forget(link_hash)
    return None
