"""Out of a backup and open again: who must be compared with the books, what they list, and what becomes of it.

    restored ──▶ in quarantine ──every provider and supplier was compared──▶ open
                   │ what nobody here knows: an item each
                   │ what of ours they say was made: settled when open
                   └ unsold codes: off the shelf until a person shows that they are unsold

The rules that hold meanwhile are the database's own (db/sql/quarantine.sql).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from opla import payments
from opla.core.actor import Act, Actor, Role
from opla.core.ledger import SHELVES
from opla.core.ports import Answer, Finds, ListedCharge, ListedSend, ListsCharges, ListsSends, Refunds, Unlisted
from opla.core.refusal import Code, Refusal
from opla.db.queries import quarantine
from opla.db.queries.quarantine import Quarantine, Step, Told, Undecided
from opla.operations.outside import Outside
from opla.operations.shop import Shop

PAYMENTS, SUPPLIERS = "payments", "suppliers"
LOOK, LEAVE = "look", "leave"
#: There is none to ask for: cash and slips, a provider that keeps none, one that is not set up any more.
NO_LIST: Final = "no_list"
#: Clocks differ; and what was begun before the last commit may have been written after it.
_BEFORE: Final = timedelta(minutes=10)
_THEY_HAVE_IT: Final = (Answer.SUCCEEDED, Answer.PENDING)
#: Who began so long ago to do what a page asked does it no more: some lists are long.
_PATIENCE: Final = timedelta(minutes=20)
#: What waits to be paid waits so long after the shop opened: its payment is asked about first.
_TIME_TO_PAY: Final = timedelta(minutes=15)


@dataclass(frozen=True)
class Looked:
    """What one of them answered. `listed` is None where it showed no list, and `unlisted` says why."""

    area: str
    name: str
    listed: int | None
    strange: int = 0
    undecided: int = 0
    made: int = 0  # of our own sends and refunds that were under way
    unlisted: str = ""


def enter(actor: Actor, *, backup: str, restored_to: datetime, shop: Shop, at: datetime) -> bool:
    """A step for everybody outside whom this shop, or its books, know. False when it was in quarantine before."""
    paid_at, sent_by = quarantine.known_adapters()
    steps = {(PAYMENTS, _adapter(name)) for name in {*paid_at, *shop.every_method} if not _on_statements(name)}
    steps |= {(SUPPLIERS, name) for name in {*sent_by, *shop.routes} - SHELVES}
    steps |= {(quarantine.SHELF, "sim_cards")} if quarantine.has_cards() else set()
    return quarantine.enter(
        shop.chance.uuid(at), backup=backup, restored_to=restored_to, steps=sorted(steps), actor=actor, at=at
    )


def _adapter(name: str) -> str:
    try:
        return payments.adapter_of(name)
    except LookupError:  # it is not installed any more
        return name


def _on_statements(name: str) -> bool:
    """The bank's statements, imported again, bring all that came in, each line once."""
    return _adapter(name) == "bank_transfer"


def look(actor: Actor, *, shop: Shop, outside: Outside, at: datetime) -> list[Looked] | Refusal:
    """Ask everybody who can be asked; what they list is written down. Those who cannot are a person's to compare."""
    refusal = actor.refused(Act.END_QUARANTINE)
    if refusal is not None:
        return refusal
    now = quarantine.current()
    if now is None:
        return Refusal(Code.NOT_FOUND)
    under_way = quarantine.undecided()
    asked = (step for step in now.steps if step.area != quarantine.SHELF)
    return [_look(step, now, under_way, actor, shop, outside, at) for step in asked]


def _look(
    step: Step,
    now: Quarantine,
    under_way: Sequence[Undecided],
    actor: Actor,
    shop: Shop,
    outside: Outside,
    at: datetime,
) -> Looked:
    since, until = now.restored_to - _BEFORE, now.entered_at
    if step.area == PAYMENTS:
        told = _charges(step.name, since, until, shop, outside)
        mine = [u for u in under_way if u.kind == "refund" and _adapter(u.adapter) == step.name]
        made = [u.reference for u in mine if _refunded(u, outside)]
    else:
        told = _sends(step.name, since, until, outside)
        mine = [u for u in under_way if u.kind == "send" and u.adapter == step.name]
        made = [u.reference for u in mine if _sent(u, outside)]
    settled = quarantine.made(made, at=at)
    if isinstance(told, str):
        quarantine.unlisted(step.area, step.name, told, at=at)
        return Looked(step.area, step.name, None, made=settled, unlisted=told)
    listed, strange, still = quarantine.listed(step.area, step.name, told, actor=actor, at=at)
    return Looked(step.area, step.name, listed, strange, still, made=settled)


def _charges(name: str, since: datetime, until: datetime, shop: Shop, outside: Outside) -> list[Told] | str:
    """By whichever of its ways of paying the shop offers: the list is the provider's, whole. Else why there is none."""
    way = next((method for method in shop.every_method if _adapter(method) == name), name)
    try:
        provider = outside.payment(way)
        if not isinstance(provider, ListsCharges):
            return NO_LIST
        listed = provider.charges_since(since, until)
    except (LookupError, ValueError, OSError):  # not set up any more
        return NO_LIST
    return listed if isinstance(listed, Unlisted) else [_told_charge(charge) for charge in listed]


def _told_charge(charge: ListedCharge) -> Told:
    found = "given" if charge.kept_minor else "open" if charge.open else "nothing"
    return Told(charge.reference, charge.provider_id, found, charge.kept_minor, charge.currency, charge.about)


def _sends(name: str, since: datetime, until: datetime, outside: Outside) -> list[Told] | str:
    try:
        supplier = outside.supplier(name)
        if not isinstance(supplier, ListsSends):
            return NO_LIST
        listed = supplier.sends_since(since, until)
    except (LookupError, ValueError, OSError):
        return NO_LIST
    return listed if isinstance(listed, Unlisted) else [_told_send(send) for send in listed]


def _told_send(send: ListedSend) -> Told:
    found = "given" if send.given else "open" if send.open else "nothing"
    about = f"{send.face.decimal} {send.face.currency} {send.number}".strip()
    return Told(send.reference, send.supplier_id, found, send.face.amount_minor, send.face.currency, about)


def _sent(send: Undecided, outside: Outside) -> bool:
    """Whether they have this send of ours. What they do not know may have left under another reference."""
    try:
        supplier = outside.supplier(send.adapter)
        found = supplier.find(send.reference) if isinstance(supplier, Finds) else None
    except (LookupError, ValueError, OSError):
        return False
    return found is not None and found.answer in _THEY_HAVE_IT and not found.reversed


def _refunded(refund: Undecided, outside: Outside) -> bool:
    try:
        provider = outside.payment(refund.adapter)
        found = provider.fetch_refund(refund.reference, refund.payment_id) if isinstance(provider, Refunds) else None
    except (LookupError, ValueError, OSError):
        return False
    return found is not None and found.answer in _THEY_HAVE_IT


def compared(actor: Actor, area: str, name: str, note: str, *, at: datetime) -> Refusal | None:
    """A person held their list against ours, and says how. Their name stands beside it for ever."""
    refusal = actor.refused(Act.END_QUARANTINE)
    if refusal is not None:
        return refusal
    if not note.strip():
        return Refusal(Code.REASON_MISSING, "note")
    if not quarantine.compared(area, name, note.strip(), actor=actor, at=at):
        return Refusal(Code.NOT_FOUND)
    return None


def release(
    actor: Actor, batch: int, unsold: Sequence[str] | None, note: str, *, at: datetime
) -> tuple[int, int] | Refusal:
    """Codes of one batch back on sale: all, or those whose serials are known to be unsold; the others are a loss."""
    refusal = actor.refused(Act.END_QUARANTINE)
    if refusal is not None:
        return refusal
    if not note.strip():
        return Refusal(Code.REASON_MISSING, "note")
    return quarantine.release(batch, unsold, note.strip(), actor=actor, at=at) or Refusal(Code.NOT_FOUND)


def gave(actor: Actor, ticket: str, serial: str, *, at: datetime) -> Refusal | None:
    """Somebody has this code of our shelf for this order: it is delivered by it, and by no other."""
    refusal = actor.refused(Act.END_QUARANTINE)
    if refusal is not None:
        return refusal
    return None if quarantine.gave(ticket, serial, actor=actor, at=at) else Refusal(Code.NOT_FOUND)


def leave(actor: Actor, *, shop: Shop, outside: Outside, at: datetime) -> list[Step] | Refusal:
    """Open the shop, after one more look at everybody who can be asked. What is still to be done, if anything is."""
    looked = look(actor, shop=shop, outside=outside, at=at)
    if isinstance(looked, Refusal):
        return looked
    quarantine.leave(until=at + _TIME_TO_PAY, actor=actor, at=at)
    now = quarantine.current()
    return [step for step in now.steps if step.holds_up] if now else []


def ask(actor: Actor, what: str, *, at: datetime) -> Refusal | None:
    """A page asks nobody outside: a worker looks, or looks and leaves, in the name of who pressed the button."""
    refusal = actor.refused(Act.END_QUARANTINE)
    if refusal is not None:
        return refusal
    return None if what in (LOOK, LEAVE) and quarantine.ask(what, actor=actor, at=at) else Refusal(Code.NOT_FOUND)


def answer(*, shop: Shop, outside: Outside, at: datetime) -> bool:
    """Do what a page asked, if it asked anything that nobody does yet."""
    taken = quarantine.take(patience=_PATIENCE, at=at)
    if taken is None:
        return False
    what, asked_by = taken
    role, _, name = asked_by.partition(":")
    do = leave if what == LEAVE else look
    do(Actor(Role(role), name), shop=shop, outside=outside, at=at)
    quarantine.answered(taken_at=at, at=at)
    return True
