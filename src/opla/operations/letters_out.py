"""Letters on paper: written when an order of a slip has come to an end, printed, posted, and what becomes of them.

`operations.letters` are e-mails. To whom one goes is known by its slip; a code that it carries is revealed to whoever
prints it, by a row that is committed before the sheet is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from django.db import transaction

from opla.core import choice, letter
from opla.core.actor import Act, Actor
from opla.core.address import Address
from opla.core.catalog import Operator
from opla.core.choice import words
from opla.core.letter import MOST, WITH_REASON, Event, State, Text, Topic
from opla.core.refund import State as Refunded
from opla.core.refusal import Code, Refusal
from opla.db.queries import post
from opla.db.queries.codes import Revealed
from opla.db.queries.post import Letter
from opla.operations import catalogue, slips
from opla.operations.refund_by_choice import Evidence, refund_by_choice
from opla.operations.shop import Shop

_BATCH: Final = 200


@dataclass(frozen=True)
class Sheet:
    """A letter on its way to the printer. `copy`: so many times it was printed before."""

    letter: Letter
    to: Address = field(repr=False)
    operator: Operator | None
    code: Revealed | None = field(repr=False)
    copy: int


def write_due(*, shop: Shop, at: datetime) -> int:
    """Letters of what became of orders since somebody looked; of how many."""
    told = []
    for one in post.to_tell(_BATCH):
        topic = letter.about(one.state, one.kind, one.text)
        if topic is not None or one.text is not Text.WAITING:
            told.append((shop.chance.uuid(at), one.slip, topic, one.state))
    if told:
        post.write(told, at=at)
    return len(told)


def print_letters(actor: Actor, *, shop: Shop, at: datetime) -> list[Sheet] | Refusal:
    """All that wait for it, as many as anybody puts into envelopes at a time; each once."""
    if refused := actor.refused(Act.SEND_LETTERS):
        return refused
    waiting = post.letters([State.TO_PRINT], limit=MOST)
    return _printed(actor, [one.id for one in waiting], Event.PRINTED, "", shop=shop, at=at)


def print_again(
    actor: Actor, letter_id: UUID, *, why: str, address: Address | None = None, shop: Shop, at: datetime
) -> list[Sheet] | Refusal:
    """One letter once more: the paper jammed, it was lost, or it came back and goes to `address` now."""
    if refused := actor.refused(Act.SEND_LETTERS):
        return refused
    if not why.strip():
        return Refusal(Code.REASON_MISSING, "why")
    found = post.letters_of([letter_id]).get(letter_id)
    if found is None:
        return Refusal(Code.NOT_FOUND, "letter")
    if found.state not in letter.sources(Event.REPRINTED):
        return Refusal(Code.LETTER_NOT_NOW, "letter")
    if address is not None:
        post.move_house(
            found.slip.number, slips.seal(address, found.slip.number, shop=shop), actor=actor, at=at
        )  # fmt: skip
    elif found.slip.sealed is None:
        return Refusal(Code.LETTER_ADDRESS_GONE, "letter")
    sheets = _printed(actor, [letter_id], Event.REPRINTED, words(why), shop=shop, at=at)
    return sheets or Refusal(Code.LETTER_NOT_NOW, "letter")


def print_these_again(
    actor: Actor, letter_ids: Sequence[UUID], *, why: str, shop: Shop, at: datetime
) -> list[Sheet] | Refusal:
    """A whole batch once more, while it is in nobody's post: its file was lost, or the printer ate it."""
    if refused := actor.refused(Act.SEND_LETTERS):
        return refused
    if not why.strip():
        return Refusal(Code.REASON_MISSING, "why")
    printed = [key for key, one in post.letters_of(letter_ids[:MOST]).items() if one.state is State.PRINTED]
    sheets = _printed(actor, printed, Event.REPRINTED, words(why), shop=shop, at=at)
    return sheets or Refusal(Code.LETTER_NOT_NOW, "letter")


def say(actor: Actor, letter_ids: Sequence[UUID], event: Event, *, why: str = "", at: datetime) -> int | Refusal:
    """What became of letters that are printed; of how many it was true. Refused where it was of none."""
    if refused := actor.refused(Act.SEND_LETTERS):
        return refused
    if event in WITH_REASON and not why.strip():
        return Refusal(Code.REASON_MISSING, "why")
    if event not in (Event.POSTED, Event.RETURNED, Event.LOST, Event.POSTED_AGAIN, Event.ENDED):
        return Refusal(Code.LETTER_NOT_NOW, "letter")
    moved = post.move(letter_ids, event, words(why), actor=actor, at=at)
    return len(moved) or Refusal(Code.LETTER_NOT_NOW, "letter")


def give_back(actor: Actor, letter_id: UUID, *, why: str, shop: Shop, at: datetime) -> Refusal | None:
    """The letter with a code came back sealed, and will not be sent again: what was paid goes back by choice, with its
    rules, and the envelope is the evidence. Of a lost one the operator must say that nobody used the code: that is a
    refund like any other.

    Whoever printed it cannot: another person holds the envelope. Where the sum needs a second person, the refund is
    asked for, the letter stays where it is, held back from the post, and pressing again once it is approved ends it.
    """
    if refused := actor.refused(Act.SEND_LETTERS) or actor.refused(Act.REFUND):
        return refused
    if not why.strip():
        return Refusal(Code.REASON_MISSING, "why")
    found, order_id = post.letters_of([letter_id]).get(letter_id), post.order_of(letter_id)
    if found is None or order_id is None or (found.topic, found.state) != (Topic.CODE, State.RETURNED):
        return Refusal(Code.LETTER_NOT_NOW, "letter")
    if any(choice.same_person(one, actor) for one in post.printed_by(letter_id)):
        return Refusal(Code.SAME_PERSON, "letter")  # who printed it had the code in hand
    # A refund that was denied is asked for anew only once the letter has come back once more.
    key, seen = uuid5(letter_id, f"given back {found.since.isoformat()}"), f"letter {letter_id} came back sealed"
    with transaction.atomic():
        given = refund_by_choice(
            actor, order_id, refund_id=key, amount=None, why=why, shop=shop, at=at, evidence=Evidence(seen)
        )  # fmt: skip
        if isinstance(given, Refusal):
            return given
        if given.state is Refunded.ASKED:  # looked at again: from here on nobody posts it
            held = post.letters_of([letter_id])[letter_id].state is State.RETURNED
        else:
            held = given.state is not Refunded.DENIED and bool(
                post.move([letter_id], Event.ENDED, words(why), actor=actor, at=at)
            )
        transaction.set_rollback(not held)
    if not held:
        return Refusal(Code.LETTER_NOT_NOW, "letter")
    return Refusal(Code.REFUND_WAITS, "letter") if given.state is Refunded.ASKED else None


def _printed(actor: Actor, ids: Sequence[UUID], event: Event, why: str, *, shop: Shop, at: datetime) -> list[Sheet]:
    """What may be printed, opened and committed as printed, before anything of it is drawn.

    What does not open stays as it is and is a person's, and the others are printed without it.
    """
    left, opened, addresses = list(ids), dict[UUID, Revealed | None](), dict[UUID, Address]()
    while left:
        with transaction.atomic():
            opened, closed = post.print_them(left, event, why, actor=actor, at=at, keyring=shop.keyring)
            found = post.letters_of(list(opened))
            known = {key: slips.opened(one.slip, shop=shop) for key, one in found.items()}
            addresses = {key: to for key, to in known.items() if to is not None}
            closed += [key for key in opened if key not in addresses]
            transaction.set_rollback(bool(closed))
        if not closed:
            break
        post.unreadable(closed, at=at)
        left, opened = [one for one in left if one not in closed], {}
    found, (_, now) = post.letters_of(list(opened)), catalogue.active()
    sheets = []
    for key, code in opened.items():
        one = found[key]
        about = one.order
        operator = (catalogue.at_version(about.catalog_version) if about else now).operator(one.slip.operator)
        sheets.append(Sheet(one, addresses[key], operator, code, one.prints - 1))
    return sheets
