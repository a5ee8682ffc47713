"""What a customer and the shop write to each other: sealed at rest, answered by a person, told by an e-mail.

Of an order's thread only who may look at its code sees anything: the ordering device, one that proved the order's
e-mail, or the customer whose address that is. The e-mail says that there is an answer, and never what it is. How a
question before buying begins is in `ask`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from opla.core.actor import Act, Actor
from opla.core.quote import read_language
from opla.core.refusal import Code, Refusal
from opla.core.thread import OVERDUE, Side, State, read_message
from opla.core.trouble import NOTHING_TRIED, Tried
from opla.db.keyring import Keyring
from opla.db.queries import pages
from opla.db.queries import threads as queries
from opla.db.queries.threads import Kept, NewLetter, NewMessage, NewThread
from opla.operations import letters, limits
from opla.operations.letters import Posted
from opla.operations.links import device_hash, link_of
from opla.operations.shop import Shop

_ABOUT_THREAD: Final = b"thread "
_ABOUT_MESSAGE: Final = b"message "


@dataclass(frozen=True)
class Said:
    """One message. `tried`: what self-help was tried before it was written. `language`: what it is written in."""

    side: Side
    actor: str
    at: datetime
    text: str = field(repr=False)
    tried: Tried = NOTHING_TRIED
    language: str = ""


@dataclass(frozen=True)
class Thread:
    """`about` are the facts of a question: email, link, sku, quote … (`ask.About`); empty for an order's thread."""

    id: UUID
    order_id: UUID | None
    ticket: str
    language: str
    state: State
    made_at: datetime
    waiting_since: datetime | None
    about: Mapping[str, str] = field(repr=False)
    said: tuple[Said, ...] = ()

    @property
    def waits(self) -> bool:
        return self.waiting_since is not None


def of_order(
    actor: Actor, order_id: UUID, *, device: bytes, shop: Shop, customer: UUID | None = None
) -> Thread | Refusal | None:
    """The thread of an order as its customer sees it; None while nobody has written."""
    if refused := _strange(actor, order_id, device, customer):
        return refused
    kept = queries.of_order(order_id)
    return opened(kept, shop.keyring) if kept else None


def say(
    actor: Actor,
    order_id: UUID,
    text: str,
    *,
    device: bytes,
    language: str,
    shop: Shop,
    at: datetime,
    address: str = "",
    tried: Tried = NOTHING_TRIED,
    customer: UUID | None = None,
) -> UUID | Refusal:
    """The customer writes about an order; its thread. What is refused is kept nowhere, and counts as no try."""
    if refused := _strange(actor, order_id, device, customer):
        return refused
    message, tag = read_message(text), read_language(language)
    if isinstance(message, Refusal):
        return message
    if isinstance(tag, Refusal):
        return tag
    if refused := limited(str(order_id), address, shop=shop, at=at):
        return refused
    page = pages.order_by_id(order_id)
    if page is None:
        return Refusal(Code.NOT_FOUND)
    thread_id = shop.chance.uuid(at)
    new = NewThread(
        thread_id,
        email_hash(page.email, shop.keyring),
        seal_about({}, thread_id, shop.keyring),
        tag,
        order_id=order_id,
    )
    return queries.say(new, sealed(message, tried, language=tag, shop=shop, at=at), actor=actor, at=at)


def limited(thread: str, address: str, *, shop: Shop, at: datetime) -> Refusal | None:
    """So much is written from one address, and so much in one thread."""
    return limits.by_address(limits.MESSAGES, address, shop=shop, at=at) or limits.by_name(
        limits.MESSAGES_OF_ONE, thread, shop=shop, at=at
    )


def read(actor: Actor, thread_id: UUID, *, shop: Shop) -> Thread | Refusal:
    """A thread as the house reads it."""
    if refused := actor.refused(Act.ANSWER):
        return refused
    kept = queries.by_id(thread_id)
    if kept is None or kept.state is State.UNCONFIRMED:
        return Refusal(Code.NOT_FOUND)
    return opened(kept, shop.keyring)


def about_order(actor: Actor, order_id: UUID, *, shop: Shop) -> Thread | None:
    """The thread of an order as the house reads it; None while nobody has written, and to whoever may not read it."""
    kept = None if actor.refused(Act.ANSWER) else queries.of_order(order_id)
    return opened(kept, shop.keyring) if kept and kept.state is not State.UNCONFIRMED else None


def open_threads(actor: Actor, *, shop: Shop) -> list[Thread] | Refusal:
    """Those that wait for the house, the longest waiting first; then those it answered last."""
    if refused := actor.refused(Act.ANSWER):
        return refused
    return [opened(kept, shop.keyring, with_words=False) for kept in (*queries.waiting(), *queries.answered())]


def overdue(at: datetime) -> int:
    """How many have waited too long for the house."""
    return queries.overdue(at - OVERDUE)


def answer(
    actor: Actor, thread_id: UUID, text: str, *, seen: int, shop: Shop, at: datetime, language: str = ""
) -> Refusal | None:
    """The shop's word, in the customer's language unless another is named. `seen`: how many messages whoever writes it
    had before them; a newer one is read first."""
    if refused := actor.refused(Act.ANSWER):
        return refused
    message, tag = read_message(text), read_language(language) if language else ""
    if isinstance(message, Refusal):
        return message
    if isinstance(tag, Refusal):
        return tag
    found = read(actor, thread_id, shop=shop)
    if isinstance(found, Refusal):
        return found
    told = _told(found, shop)
    if told is None:
        return Refusal(Code.NOT_FOUND)
    done = queries.answer(
        thread_id,
        sealed(message, NOTHING_TRIED, language=tag, shop=shop, at=at),
        letter(told, shop=shop, at=at),
        seen=seen,
        actor=actor,
        at=at,
    )
    return None if done == "answered" else Refusal(Code(done), "message")


def close(actor: Actor, thread_id: UUID, *, seen: int) -> Refusal | None:
    """Nothing more to answer. The customer may write again, and then it waits again."""
    if refused := actor.refused(Act.ANSWER):
        return refused
    done = queries.close(thread_id, seen=seen)
    return None if done == "closed" else Refusal(Code(done), "message")


def of_customer_email(email: str, *, shop: Shop) -> list[Thread]:
    """Everything that was written from and to an address: for whoever has proven that it is theirs."""
    return [opened(kept, shop.keyring) for kept in queries.by_email(email_hash(email, shop.keyring))]


def _strange(actor: Actor, order_id: UUID, device: bytes, customer: UUID | None) -> Refusal | None:
    """Why this visitor sees nothing of the order's thread."""
    if refused := actor.refused(Act.SAY):
        return refused
    page = pages.order_by_id(order_id, device_hash(device), customer)
    if page is None:
        return Refusal(Code.NOT_FOUND)
    return None if page.proven and (device or customer) else Refusal(Code.PROOF_NEEDED)


def _told(thread: Thread, shop: Shop) -> Posted | None:
    """The e-mail that there is an answer: where it stands, and nothing of it."""
    if thread.order_id is None:
        path = f"/ask/{thread.about['link']}/"
        return Posted("answered", thread.about["email"], thread.language, {"path": path, "ticket": ""})
    page, link = pages.order_by_id(thread.order_id), link_of(thread.order_id, shop.keyring)
    if page is None or link is None:
        return None
    return Posted("answered", page.email, thread.language, {"path": f"/o/{link}/thread/", "ticket": page.ticket})


# ── sealing ──


def email_hash(email: str, keyring: Keyring) -> bytes:
    """How the database finds an address again, and nobody else."""
    return hmac.new(keyring.fingerprint_key, b"thread:" + email.strip().lower().encode(), hashlib.sha256).digest()


def seal_about(about: Mapping[str, str], thread_id: UUID, keyring: Keyring) -> bytes:
    return keyring.seal(json.dumps(dict(about)).encode(), _ABOUT_THREAD + thread_id.bytes)


def sealed(text: str, tried: Tried, *, shop: Shop, at: datetime, language: str = "") -> NewMessage:
    """Without a language it is in that of its thread."""
    message_id = shop.chance.uuid(at)
    named = [language] if language else []
    plain = json.dumps([text, tried.saw, tried.phone, list(tried.steps), *named]).encode()
    return NewMessage(message_id, shop.keyring.seal(plain, _ABOUT_MESSAGE + message_id.bytes))


def letter(posted: Posted, *, shop: Shop, at: datetime) -> NewLetter:
    """For the functions that write a letter in their own commit."""
    letter_id, closed = letters.seal(posted, shop=shop, at=at)
    return NewLetter(letter_id, closed, posted.topic, shop.chance.reference())


def opened(kept: Kept, keyring: Keyring, *, with_words: bool = True) -> Thread:
    """Raises `Unopenable`."""
    said = [_said(one, kept, keyring) for one in queries.messages([kept.id])] if with_words else []
    about: Mapping[str, str] = json.loads(keyring.open(kept.sealed, _ABOUT_THREAD + kept.id.bytes))
    return Thread(
        kept.id,
        kept.order_id,
        kept.ticket,
        kept.language,
        kept.state,
        kept.made_at,
        kept.waiting_since,
        about,
        tuple(said),
    )


def _said(one: queries.KeptMessage, kept: Kept, keyring: Keyring) -> Said:
    text, saw, phone, steps, *named = json.loads(keyring.open(one.sealed, _ABOUT_MESSAGE + one.id.bytes))
    tried, language = Tried(saw, phone, tuple(_texts(steps))), named[0] if named else kept.language
    return Said(one.side, one.actor, one.at, text, tried, language)


def _texts(values: Sequence[object]) -> list[str]:
    return [str(value) for value in values]
