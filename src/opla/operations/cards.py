"""SIM cards of ours, as a clerk handles them: packed, sent, ready, collected, and what becomes of those that go astray.

Each of these is one change of the core, written whole by `apply`, or decided again on fresh news. The first hand-over
of an order's card is the answer that its send waits for; a further card moves no customer's money.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from opla.core import attempt, choice, delivery, order, refund, sim
from opla.core import card as rules
from opla.core.actor import Act, Actor
from opla.core.attempt import Contradiction
from opla.core.card import Card, Event, State
from opla.core.change import CardNow, Change, Move, NewMessage, Sums
from opla.core.choice import Wish
from opla.core.day import ZONE
from opla.core.item import Why
from opla.core.ports import Answer, Promises, SendReport
from opla.core.refusal import Code, Refusal
from opla.db.queries import attempts, cards, cases, refunds
from opla.db.queries.apply import Result, apply
from opla.db.queries.cases import SendCase
from opla.operations import card_to, limits
from opla.operations.shop import Shop

_ROUNDS: Final = 4
#: Of a card that is ready, and of one that is sent in place of another: messages of their own.
READY_TOPIC, AGAIN_TOPIC = "card_ready", "card_sent"
_MAX_TRACKING: Final = 40
_LETTERS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # 32 of them, and none that looks like another
_CODE_LENGTH: Final = 6
_PROMISES: Final = Promises(refuses_repeat=True, find_by_reference=True, max_seconds=5)
_TRIES: Final = limits.Limit("collection", 5, timedelta(hours=1))

Moved = tuple[Move, CardNow]


def collection_code(order_id: UUID, *, shop: Shop) -> str:
    """What the customer shows at the counter. Made from the order by a key of ours, so it is kept nowhere."""
    digest = shop.keyring.fingerprint(f"collect {order_id}")
    return "".join(_LETTERS[byte % 32] for byte in digest[:_CODE_LENGTH])


def pack(actor: Actor, order_id: UUID, scanned: str, *, shop: Shop, at: datetime) -> Refusal | None:
    """The card with this ICCID is packed for this order. Another free card than the reserved one will do as well."""

    def decide() -> Change | Refusal:
        found = sim.identify(scanned)
        if isinstance(found, Refusal):
            return replace(found, about="iccid")
        ours, reserved = cards.by_iccid(getattr(found, "digits", "")), _active(order_id)
        if ours is None:
            return Refusal(Code.CARD_UNKNOWN, "iccid")
        if reserved is None or reserved.state is not State.RESERVED:
            return Refusal(Code.CARD_NOT_NOW, "order")
        if ours.sku != reserved.sku:
            return Refusal(Code.CARD_OTHER_PRODUCT, "iccid", {"sku": ours.sku})
        if ours.state not in (State.IN_STOCK, State.RESERVED):
            return Refusal(Code.CARD_TAKEN, "iccid")
        moved = [rules.move(ours, Event.PACKED, order_id=order_id)]
        if ours.id != reserved.id:  # its order, if it has one, gets the card that was reserved for this one
            event = Event.SWAPPED if ours.order_id else Event.FREED
            moved.append(rules.move(reserved, event, order_id=ours.order_id))
        return _change(*moved)

    return _done(actor, decide, shop=shop, at=at)


def make_ready(actor: Actor, order_id: UUID, *, shop: Shop, at: datetime) -> Refusal | None:
    """The packed card lies at the place where it is to be collected, and its customer is told."""

    def decide() -> Change | Refusal:
        found = _active(order_id)
        if found is None or not _place(order_id, shop):
            return Refusal(Code.CARD_NOT_NOW, "order")
        told = NewMessage(READY_TOPIC, order_id, shop.chance.reference())
        return replace(_change(rules.move(found, Event.READY, order_id=order_id)), messages=(told,))

    return _done(actor, decide, shop=shop, at=at)


def hand_over(
    actor: Actor, order_id: UUID, *, tracking: str = "", code: str = "", shop: Shop, at: datetime
) -> Refusal | None:
    """The packed card is in the post, or the ready one was collected by whoever showed its code.

    The first card of an order is its delivery: the cost is booked, and the customer told.
    """

    def decide() -> Change | Refusal:
        found, case = _active(order_id), _case(order_id)
        if found is None or case is None or (found.state is State.PACKED and _place(order_id, shop)):
            return Refusal(Code.CARD_NOT_NOW, "order")
        first = case.order.state is order.State.PAID
        sent = " ".join(tracking.split())[:_MAX_TRACKING]
        event = rules.given(found, first=first)
        if not first:
            told = NewMessage(AGAIN_TOPIC, order_id, shop.chance.reference())
            messages = (told,) if event is Event.SENT_AGAIN else ()
            return replace(_change(rules.move(found, event, order_id=order_id, tracking=sent)), messages=messages)
        moved = rules.move(found, event, order_id=order_id, order_minor=-found.cost_minor, tracking=sent)
        report = SendReport(Answer.SUCCEEDED, cost_minor=found.cost_minor)
        return _with(_settled(case, report, shop=shop, at=at), moved)

    if refused := _may_collect(order_id, code, shop=shop, at=at):
        return refused
    return _done(actor, decide, shop=shop, at=at)


def replace_card(actor: Actor, order_id: UUID, event: Event, *, shop: Shop, at: datetime) -> Refusal | None:
    """LOST in the post, or of the WRONG_SIZE: another one is reserved, and costs the customer nothing."""

    def decide() -> Change | Refusal:
        found, case = _active(order_id), _case(order_id)
        if found is None or case is None or case.order.state is not order.State.DELIVERED:
            return Refusal(Code.CARD_NOT_NOW, "order")
        gone = rules.move(found, event, order_id=order_id)
        another = cards.free(found.sku)
        if another is None:
            return Refusal(Code.CARDS_OUT_OF_STOCK, "order")
        change = _change(gone, rules.move(another, Event.RESERVED, order_id=order_id))
        paid = case.paid  # money that goes back at this moment makes this old news
        return replace(change, sums=(Sums(paid.payment_id, seen=paid.seen),) if paid.payment_id else ())

    return _done(actor, decide, shop=shop, at=at)


def refund_card(actor: Actor, order_id: UUID, event: Event, *, why: str, shop: Shop, at: datetime) -> Refusal | None:
    """The whole price goes back by rule: the card was LOST on its way, or is RETURNED unopened, and in time."""

    def decide() -> Change | Refusal:
        case, found = refunds.choice(order_id), _active(order_id)
        if case is None or case.order.state is not order.State.DELIVERED or case.payment_id is None:
            return Refusal(Code.CARD_NOT_NOW, "order")
        if min(case.open_minor, case.kept_minor) <= 0:
            return Refusal(Code.NOTHING_TO_REFUND, "order")
        if case.kept_minor < case.open_minor:
            return Refusal(Code.REFUND_TOO_MUCH, "order")
        if refunds.waiting(order_id) is not None:
            return Refusal(Code.REFUND_WAITS, "order")
        moved = _undone(order_id, found, event, case.cost_minor)
        if event is Event.RETURNED and found is not None and found.state in rules.GIVEN and _too_late(order_id, at):
            return Refusal(Code.RETURN_OVER, "order")
        lost = event is Event.LOST
        change = choice.start(
            case,
            Wish(shop.chance.uuid(at), None, choice.words(why)),
            asked=False,
            at=at,
            chance=shop.chance,
            reason=refund.CARD_LOST if lost else refund.CARD_RETURNED,
            undone=order.Event.CARD_LOST if lost else order.Event.RETURNED,
        )
        return _with(change, *moved)

    return _done(actor, decide, shop=shop, at=at)


def write_off(actor: Actor, card_id: UUID, event: Event, *, shop: Shop, at: datetime) -> Refusal | None:
    """A card on our shelf is LOST or DAMAGED. The order it waited for gets another one, or its money back."""

    def decide() -> Change | Refusal:
        found = cards.by_id(card_id)
        if found is None:
            return Refusal(Code.NOT_FOUND)
        if found.state not in rules.SHELF:
            return Refusal(Code.CARD_NOT_NOW, "card")
        gone = rules.move(found, event)
        if found.order_id is None:
            return _change(gone)
        if (another := cards.free(found.sku)) is not None:
            return _change(gone, rules.move(another, Event.RESERVED, order_id=found.order_id))
        case = _case(found.order_id)
        if case is None or case.order.state is not order.State.PAID:
            return Refusal(Code.CARDS_OUT_OF_STOCK, "card")
        report = SendReport(Answer.DECLINED, why="out_of_stock")
        return _with(_settled(case, report, shop=shop, at=at), gone)

    return _done(actor, decide, shop=shop, at=at)


def not_wanted(actor: Actor, order_id: UUID, *, shop: Shop, at: datetime) -> Refusal | None:
    """Its customer does not want it any more, and nothing was handed over: the card is free, the money goes back."""

    def decide() -> Change | Refusal:
        case = _case(order_id)
        if case is None or case.order.state is not order.State.PAID:
            return Refusal(Code.CARD_NOT_NOW, "order")
        return _settled(case, SendReport(Answer.DECLINED, why="not_wanted"), shop=shop, at=at)

    return _done(actor, decide, shop=shop, at=at)


def came_back(actor: Actor, scanned: str, *, shop: Shop, at: datetime) -> Refusal | None:
    """A card that was lost, or of a wrong size, is here again and unopened: on the shelf, and no order's."""

    def decide() -> Change | Refusal:
        found = sim.identify(scanned)
        if isinstance(found, Refusal):
            return replace(found, about="iccid")
        ours = cards.by_iccid(getattr(found, "digits", ""))
        if ours is None:
            return Refusal(Code.CARD_UNKNOWN, "iccid")
        return _change(rules.move(ours, Event.FOUND))

    return _done(actor, decide, shop=shop, at=at)


def opened(actor: Actor, card_id: UUID, *, shop: Shop, at: datetime) -> Refusal | None:
    """It came back opened, or will not come back (of a wrong size): nobody can use it. No money moves by this."""

    def decide() -> Change | Refusal:
        found = cards.by_id(card_id)
        if found is None:
            return Refusal(Code.NOT_FOUND)
        event = Event.GIVEN_UP if found.state is State.EXCHANGED else Event.RETURNED_OPENED
        return _change(rules.move(found, event, order_id=found.order_id))

    return _done(actor, decide, shop=shop, at=at)


def _done(actor: Actor, decide: Callable[[], Change | Refusal], *, shop: Shop, at: datetime) -> Refusal | None:
    if refused := actor.refused(Act.HAND_OVER):
        return refused
    for _ in range(_ROUNDS):
        try:
            change = decide()
        except Contradiction:
            return Refusal(Code.CARD_NOT_NOW, "card")
        if isinstance(change, Refusal):
            return change
        [result] = apply([change], actor=actor, at=at, keyring=shop.keyring, chance=shop.chance)
        if result is Result.WON:
            return None
        if result is not Result.LOST:
            return Refusal(Code.REFUND_TOO_MUCH if result is Result.REFUND_TOO_MUCH else Code.CARD_NOT_NOW, "order")
    return Refusal(Code.STILL_RUNNING)


def _change(*moved: Moved) -> Change:
    return Change(moves=tuple(m for m, _ in moved), cards=tuple(now for _, now in moved))


def _with(change: Change, *moved: Moved) -> Change:
    beside = _change(*moved)
    return replace(change, moves=(*change.moves, *beside.moves), cards=(*change.cards, *beside.cards))


def _active(order_id: UUID) -> Card | None:
    """The one card that the order has now."""
    return next((kept.card for kept in cards.of_order(order_id) if kept.card.state in rules.ACTIVE), None)


def _case(order_id: UUID) -> SendCase | None:
    return cases.send_cases([order_id]).get(order_id)


def _place(order_id: UUID, shop: Shop) -> str:
    going = card_to.of([order_id], shop=shop).get(order_id)
    return going.place if going else ""


def _settled(case: SendCase, report: SendReport, *, shop: Shop, at: datetime) -> Change:
    """What the clerk's word changes: it is the answer that the send waits for. Raises `Contradiction`."""
    send_id = cards.send_of(case.order.id)
    tried = attempts.load([send_id]) if send_id else []
    if not tried or tried[0].state in (attempt.State.NEW, attempt.State.CLAIMED, attempt.State.SENDING):
        raise Contradiction(Why.MOVE_IMPOSSIBLE, subject="attempt", state="new", event="answer")
    [one] = tried
    return delivery.settle(
        delivery.Send(one.id, one.state, one.adapter, one.tries, one.made_at),
        case.order,
        case.paid,
        report,
        _PROMISES,
        next_supplier="",
        at=at,
        chance=shop.chance,
    )


def _undone(order_id: UUID, found: Card | None, event: Event, cost_minor: int) -> list[Moved]:
    """The cards of an order whose sale is undone: its cost lies on the shelf again, whichever card that is then."""
    if found is not None and found.state in rules.GIVEN:
        if event is Event.RETURNED:
            return [rules.move(found, event, order_minor=cost_minor)]
        return [rules.move(found, Event.LOST_REFUNDED, order_id=order_id, order_minor=cost_minor)]
    # Another card waits to be handed over: it is free, and the one that is gone is what the price went for.
    gone = [k.card for k in cards.of_order(order_id) if k.card.state in (State.LOST, State.EXCHANGED)]
    if found is None or not gone or event is Event.RETURNED:
        raise Contradiction(Why.MOVE_IMPOSSIBLE, subject="card", state="none", event=event)
    return [
        rules.move(found, Event.FREED),
        rules.move(gone[-1], Event.UNPAID, order_id=order_id, order_minor=cost_minor),
    ]


def _too_late(order_id: UUID, at: datetime) -> bool:
    handed_over = cards.handed_over_at(order_id)
    return handed_over is None or at.astimezone(ZONE).date() > rules.returns_until(handed_over.astimezone(ZONE).date())


def _may_collect(order_id: UUID, code: str, *, shop: Shop, at: datetime) -> Refusal | None:
    """Who collects shows the code of the order. Guessing it is limited."""
    found = _active(order_id)
    if found is None or found.state is not State.READY:
        return None
    if refused := limits.by_name(_TRIES, f"collect {order_id}", shop=shop, at=at):
        return refused
    typed = "".join(code.upper().split()).replace("-", "")
    if hmac.compare_digest(typed.encode(), collection_code(order_id, shop=shop).encode()):
        return None
    return Refusal(Code.COLLECTION_CODE_WRONG, "code")
