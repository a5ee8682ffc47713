"""What was bought for a date waits for it: a code of our own is held meanwhile, and its buyer is told when it comes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import uuid5

from opla.core import dated, item
from opla.core.actor import SYSTEM
from opla.core.attempt import State
from opla.core.change import Change
from opla.core.day import day_of
from opla.core.item import Why
from opla.core.order import Order
from opla.db.queries import attempts, codes
from opla.db.queries.apply import apply
from opla.db.queries.attempts import Claimed
from opla.operations.shop import Shop

#: Messages that leave once, whoever decides them: when it is paid, and the day before.
DATED, SOON = "dated", "soon"
_SHELF = "code_stock"
_LOOKS_AGAIN = timedelta(hours=6)


def wait_for_date(claimed: Claimed, sold: Order, *, alone: bool, shop: Shop, at: datetime) -> datetime | None:
    """When this send is looked at next; None: nothing holds it back.

    `alone`: nobody else could deliver it, so where our shelf has no code for it a person must know.
    """
    if sold.deliver_at is None or claimed.state is not State.CLAIMED:
        return None
    later = dated.next_look(at, sold.deliver_at)
    good_until = dated.good_until(sold.deliver_at)
    if later is None:
        held = codes.held(claimed.reference) if claimed.adapter == _SHELF else None
        if held is None or held.valid_until is None or held.valid_until >= day_of(at):
            return None
        _parked(claimed, sold, Why.EXPIRES_FIRST, held.valid_until, shop, at)
        return at + _LOOKS_AGAIN
    topic = SOON if dated.reminds(at, claimed.made_at, sold.deliver_at) else DATED
    found = attempts.wait(
        claimed.id, at=at, good_after=good_until - timedelta(days=1), topic=topic, reference=uuid5(sold.id, topic).hex
    )
    if found is not None and claimed.adapter == _SHELF:
        holds, valid_until = found
        if holds and valid_until is not None and valid_until < good_until:
            _parked(claimed, sold, Why.EXPIRES_FIRST, valid_until, shop, at)
        elif not holds and alone:
            _parked(claimed, sold, Why.NOTHING_HELD, None, shop, at)
        elif holds:
            _write(Change((), closes=((item.Kind.RESERVATION, claimed.id),)), shop, at)
    return later


def _parked(claimed: Claimed, sold: Order, why: Why, valid_until: date | None, shop: Shop, at: datetime) -> None:
    """For a person, who may find a code, or say that it will not be delivered."""
    day = day_of(sold.deliver_at or at).isoformat()
    figures = {"day": day, "valid_until": valid_until.isoformat()} if valid_until else {"day": day}
    parked = item.NewItem(
        item.Kind.RESERVATION, sold.price.total, why, figures, order_id=sold.id, attempt_id=claimed.id
    )
    _write(Change((), items=(parked,)), shop, at)


def _write(change: Change, shop: Shop, at: datetime) -> None:
    apply([change], actor=SYSTEM, at=at, keyring=shop.keyring, chance=shop.chance)
