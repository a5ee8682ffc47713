"""One round of work: whatever is due now. The worker's loop, the terminal and the tests all turn this crank."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime
from uuid import UUID

from opla.core.attempt import Kind
from opla.db.queries import attempts
from opla.operations.charge import ChargeDesk
from opla.operations.deliver import SendDesk
from opla.operations.expire import expire
from opla.operations.outside import Outside
from opla.operations.refund import RefundDesk
from opla.operations.settle import settle
from opla.operations.shop import Shop
from opla.operations.tell import Compose, tell

#: A lease outlasts the longest call by this much: time to decide and write.
LEASE_MARGIN_S = 20


def work_once(
    *,
    worker: UUID,
    shop: Shop,
    outside: Outside,
    compose: Compose,
    clock: Callable[[], datetime],
    longest_call_s: int = 10,
    limit: int = 50,
    pool: Executor | None = None,
    width: int = 1,
) -> int:
    """Settle due attempts, expire unpaid orders, tell people. How many things were done."""
    at = clock()
    claimed = attempts.claim(worker, list(Kind), at=at, limit=limit, lease_s=longest_call_s + LEASE_MARGIN_S)
    charges = [c for c in claimed if c.kind is Kind.CHARGE]
    sends = [c for c in claimed if c.kind is Kind.SEND]
    refunds = [c for c in claimed if c.kind is Kind.REFUND]
    if charges:
        settle(ChargeDesk(shop, outside), charges, worker=worker, shop=shop, at=at, clock=clock, pool=pool, width=width)
    if sends:
        settle(SendDesk(shop, outside), sends, worker=worker, shop=shop, at=at, clock=clock, pool=pool, width=width)
    if refunds:
        settle(RefundDesk(shop, outside), refunds, worker=worker, shop=shop, at=at, clock=clock, pool=pool, width=width)
    told = tell(compose, worker=worker, shop=shop, outside=outside, at=clock())
    return len(claimed) + expire(shop=shop, at=clock()) + told
