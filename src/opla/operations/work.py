"""One round of work: whatever is due now. Workers, simulations and tests turn this crank, each in its own way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from opla.core.attempt import Kind
from opla.db.queries import attempts
from opla.db.queries.attempts import Claimed
from opla.operations import kiosk, letters_out, look_up, offline, partners, text_pay
from opla.operations.charge import ChargeDesk
from opla.operations.deliver import SendDesk
from opla.operations.dispatch import Dispatch
from opla.operations.expire import expire
from opla.operations.mandates import end_mandates
from opla.operations.outside import Outside
from opla.operations.pay_into_float import recover
from opla.operations.post_webhooks import post_webhooks
from opla.operations.push import Words, push_out
from opla.operations.refund import RefundDesk
from opla.operations.remind import remind
from opla.operations.renew import renew
from opla.operations.routes import learn
from opla.operations.settle import Going, Write, at_once, settle
from opla.operations.shop import Shop
from opla.operations.stock import look_over
from opla.operations.suppliers import watch
from opla.operations.tell import Compose, tell
from opla.operations.tidy import tidy

#: A lease outlasts the longest call by this much: time to decide and write.
LEASE_MARGIN_S = 20


def settle_claims(
    claimed: Sequence[Claimed],
    *,
    worker: UUID,
    shop: Shop,
    outside: Outside,
    at: datetime,
    clock: Callable[[], datetime],
    width: int = 1,
    begin: int = 1,
    writing: Write = at_once,
) -> timedelta:
    """Each kind at its own desk; how long the calls took. `at` is the time of the claim."""
    go = Going(worker, shop, at, clock, width, begin, writing)
    calling = timedelta()
    if charges := [c for c in claimed if c.kind is Kind.CHARGE]:
        calling += settle(ChargeDesk(shop, outside), charges, go)
    if sends := [c for c in claimed if c.kind is Kind.SEND]:
        dispatch = Dispatch(shop, at)
        calling += settle(SendDesk(shop, outside, dispatch), sends, go)
        dispatch.tell()
    if refunds := [c for c in claimed if c.kind is Kind.REFUND]:
        calling += settle(RefundDesk(shop, outside), refunds, go)
    return calling


def work_once(
    *,
    worker: UUID,
    shop: Shop,
    outside: Outside,
    compose: Compose,
    clock: Callable[[], datetime],
    limit: int = 50,
    width: int = 1,
    words: Words | None = None,
) -> int:
    """Settle due attempts, watch suppliers and shelf, expire unpaid orders, remind and tell people: now. How many."""
    at = clock()
    claimed = attempts.claim(worker, list(Kind), at=at, limit=limit, lease_s=10 + LEASE_MARGIN_S)
    settle_claims(claimed, worker=worker, shop=shop, outside=outside, at=at, clock=clock, width=width)
    watched = watch(shop=shop, outside=outside, at=clock())
    look_over(at=clock())
    learn(at=clock())
    recover(at=clock())
    watched += look_up.answer(shop=shop, outside=outside, at=clock())
    reminded = remind(shop=shop, at=clock()) + renew(shop=shop, at=clock())
    reminded += text_pay.follow(shop=shop, at=clock()) + offline.book(shop=shop, at=clock())
    ended = end_mandates(shop=shop, outside=outside, at=clock())
    letters_out.write_due(shop=shop, at=clock())
    partners.close(shop=shop, at=clock())
    kiosk.watch(at=clock())
    tidy(at=clock())
    told = tell(compose, worker=worker, shop=shop, outside=outside, at=clock())
    pushed = push_out(words, shop=shop, outside=outside, at=clock()) if words else 0
    pushed += post_webhooks(shop=shop, outside=outside, at=clock())
    return len(claimed) + watched + ended + pushed + expire(shop=shop, at=clock()) + reminded + told
