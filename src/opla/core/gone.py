"""Money that left a payment without us: charged back by the customer's bank, or refunded in the provider's dashboard.

These are facts and are always posted: a charge-back to `chargebacks`, a dashboard refund to `suspense`, until a person
has explained it. A provider says both as sums. What it has refunded holds our own refunds too, and one of ours that may
have left is either in that sum or not yet; so only what goes beyond all of those is certain, and the rest shows when
ours has ended, for then the payment is looked at again.

Where nothing of a payment is left, what its orders have not used up is not owed a second time: what was not sent is not
sent any more, and a code nobody has seen is taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from opla.core import attempt, item, ledger, order, payment
from opla.core.chance import Chance
from opla.core.change import Change, CodeBack, Move, NewMessage, Note, Subject, Sums
from opla.core.item import Why
from opla.core.ledger import Parties, Reason
from opla.core.money import Money
from opla.core.order import Order
from opla.core.payment import Event, Payment
from opla.core.ports import ChargeReport

#: What one report both captured and lost is sent and refunded this much later: the loss is judged first.
_AFTER_THE_NEXT_LOOK: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Code:
    """The code of a delivered order: `ours` came from our own shelf, `revealed` was looked at."""

    id: UUID
    ours: bool
    revealed: bool


@dataclass(frozen=True)
class Standing:
    """Where an order stands when its money leaves. `send` is its open attempt, `code` what was delivered.

    `back_minor` is how much of the order's price was given back by choice before.
    """

    order: Order
    send_id: UUID | None = None
    send_state: attempt.State | None = None
    send_tries: int = 0
    supplier: str = ""
    cost_minor: int = 0
    code: Code | None = None
    back_minor: int = 0


@dataclass(frozen=True)
class News:
    """How much more (or, negative, less) has left than was posted, in minor units."""

    charged_back_minor: int = 0
    outside_minor: int = 0
    answer_by: datetime | None = None  # until when a charge-back can be answered

    def __bool__(self) -> bool:
        return bool(self.charged_back_minor or self.outside_minor)


def news(paid: Payment, report: ChargeReport) -> News:
    """What a report says that is not posted yet. A report that has seen less captured than we have is an older one."""
    if report.captured_minor < max(paid.captured_minor, 1) or report.currency != paid.amount.currency:
        return News()
    not_ours_minor = report.refunded_minor - (paid.refunded_minor - paid.otherwise_minor)
    outside_minor = 0
    if not_ours_minor - paid.may_be_out_minor > paid.outside_minor:
        outside_minor = not_ours_minor - paid.may_be_out_minor - paid.outside_minor
    elif not_ours_minor < paid.outside_minor:  # a dashboard refund that failed at the bank, or was cancelled there
        outside_minor = max(not_ours_minor, 0) - paid.outside_minor
    return News(report.charged_back_minor - paid.charged_back_minor, outside_minor, report.answer_by)


def record(
    change: Change,
    paid: Payment,
    standings: Mapping[UUID, Standing],
    told: News,
    *,
    fresh: bool,
    at: datetime,
    chance: Chance,
) -> Change:
    """`change`, what `payment.settle` made of a report, with the news of it posted.

    Not `fresh`: the payment was read after the report, so the report may be the older of the two. Then, and where the
    same report captured money, nothing is posted, and the provider is asked again at once.
    """
    if not told:
        return change
    [note] = change.notes
    note = replace(note, why=note.why or "changed_at_provider")
    if not fresh or paid.state is not payment.State.CAPTURED or any(s.captured_minor for s in change.sums):
        later = tuple(replace(a, due_at=at + _AFTER_THE_NEXT_LOOK) for a in change.attempts)
        return replace(change, notes=(replace(note, due_at=at),), attempts=later)
    after = replace(
        paid,
        charged_back_minor=paid.charged_back_minor + told.charged_back_minor,
        outside_minor=paid.outside_minor + told.outside_minor,
    )
    sums = Sums(
        paid.id,
        charged_back_minor=told.charged_back_minor,
        outside_minor=told.outside_minor,
        seen=paid.seen,
    )
    change = replace(
        change,
        moves=(*change.moves, *_posted(paid, told)),
        notes=(note,),
        sums=(*change.sums, sums),
        items=(*change.items, _item(after, told)),
    )
    if after.kept_minor <= 0 and (told.charged_back_minor > 0 or told.outside_minor > 0):
        for order_id in sorted(paid.allocations):
            if order_id in standings:
                change = _nothing_left(change, after, standings[order_id], chance=chance)
    return change


def _posted(paid: Payment, told: News) -> list[Move]:
    """One arrow of the payment per kind of news."""
    parties = Parties(paid.amount.currency, provider=paid.provider)
    moves = []
    for amount_minor, forth, back in (
        (told.charged_back_minor, Event.CHARGED_BACK, Event.CHARGE_BACK_WON),
        (told.outside_minor, Event.REFUNDED_OUTSIDE, Event.OUTSIDE_UNDONE),
    ):
        if amount_minor:
            event = forth if amount_minor > 0 else back
            target, postings = payment.move(paid, event)
            amounts = {posting.reason: abs(amount_minor) for posting in postings}
            lines = ledger.transfers(postings, amounts, parties, order_id=None, payment_id=paid.id)
            moves.append(Move(Subject.PAYMENT, paid.id, paid.state, target, event, lines))
    return moves


def _item(after: Payment, told: News) -> item.NewItem:
    """Money that left (or came again) without us is for a person to explain."""
    currency = after.amount.currency
    at_risk = Money(max(abs(told.charged_back_minor), abs(told.outside_minor)), currency)
    figures = {
        "refunded": Money(after.outside_minor, currency).decimal,
        "charged_back": Money(after.charged_back_minor, currency).decimal,
    }
    if told.charged_back_minor > 0 and told.answer_by is not None:
        figures["answer_by"] = told.answer_by.isoformat()
    why = Why.CHANGED_AT_PROVIDER
    if after.kept_minor < 0:
        why, figures["beyond"] = Why.MORE_THAN_CAME_IN, Money(-after.kept_minor, currency).decimal
    elif told.charged_back_minor < 0 or told.outside_minor < 0:
        why = Why.CAME_BACK
    return item.NewItem(item.Kind.OUTSIDE_REFUND, at_risk, why, figures, payment_id=after.id)


def _nothing_left(change: Change, after: Payment, held: Standing, *, chance: Chance) -> Change:
    """An order whose money is gone: not sent if it has not left us, its code taken back if nobody has seen it."""
    sold = held.order
    share_minor = after.allocations[sold.id] - held.back_minor
    if share_minor <= 0:
        return change
    parties = Parties(
        after.amount.currency,
        provider=after.provider,
        source=held.supplier,
        gone=ledger.way(after.charged_back_minor, share_minor),
    )
    moves, notes, codes, event = list(change.moves), list(change.notes), list(change.codes), order.Event.WENT_BACK
    unsent = held.send_state if held.send_state in (attempt.State.NEW, attempt.State.CLAIMED) else None
    if sold.state is order.State.PAID and held.send_id is not None and unsent is not None:
        moves.append(Move(Subject.ATTEMPT, held.send_id, unsent, attempt.State.DECLINED, "not_wanted", why="went_back"))
        notes.append(Note(held.send_id, "not_wanted", None, held.send_tries, why="went_back"))
        amounts = {Reason.RELEASED: sold.held_minor, Reason.TAKEN_BACK: share_minor}
    elif sold.state is order.State.DELIVERED and held.code is not None and not held.code.revealed:
        if held.code.ours:
            amounts = order.undone(sold.price, held.cost_minor, goodwill_minor=held.back_minor, refund_minor=0)
        else:
            event = order.Event.FORFEITED
            amounts = {Reason.GOODWILL: share_minor, Reason.TAKEN_BACK: share_minor}
        codes.append(CodeBack(held.code.id, sold.id, "stock" if held.code.ours else "blocked", revealed=False))
    else:
        return change  # out, unknown, used or over already: nothing can be held back
    arrow = order.arrow(sold.state, event)
    lines = order.journal(sold, arrow, amounts, parties, after.id)
    moves.append(Move(Subject.ORDER, sold.id, sold.state, arrow.target, event, lines))
    told = NewMessage("refunded", sold.id, chance.reference())
    return replace(
        change,
        moves=tuple(moves),
        notes=tuple(notes),
        codes=tuple(codes),
        messages=(*change.messages, told),
    )
