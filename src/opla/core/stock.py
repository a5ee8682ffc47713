"""Our own stock of codes: purchases from vendors, the batches they came in, and when there are few left.

    purchase: ordered ──received──▶ received        batch: on_sale ◀──released── blocked ──recalled──▶ written_off
                 └──called_off──▶ called_off                  └──────blocked───────▲  └────sent_back──▶ sent_back

A purchase is of one product; its codes come in one batch or several, each from one file. Codes that are on the shelf
(for sale, held for an order, or taken off sale) are worth what they cost. What leaves the shelf unsold is a loss when
it expired or was recalled, and takes away from what we owe the vendor when it was sent back.

Paying is no state: a vendor is paid before, after, or in parts, so what is owed is received less sent back less paid.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from opla.core.ledger import CODES_LOST, CODES_SENT_BACK, PURCHASE_PAID, PURCHASE_PAID_BACK, Posting

#: The supplier that they are: this shop's shelf.
SUPPLIER: Final = "code_stock"
#: The days whose sales say how fast a product goes, and for how many an order of it should last.
SALES_DAYS: Final = 28
COVER_DAYS: Final = 30


class PurchaseState(StrEnum):
    ORDERED = "ordered"
    RECEIVED = "received"  # nothing more is expected
    CALLED_OFF = "called_off"


class PurchaseEvent(StrEnum):
    ORDERED = "ordered"
    RECEIVED = "received"
    CALLED_OFF = "called_off"
    PAID = "paid"
    PAID_BACK = "paid_back"


class BatchState(StrEnum):
    ON_SALE = "on_sale"
    BLOCKED = "blocked"  # nothing of it is sold; what lies there may come back on sale
    WRITTEN_OFF = "written_off"
    SENT_BACK = "sent_back"


class BatchEvent(StrEnum):
    BLOCKED = "blocked"
    RELEASED = "released"
    RECALLED = "recalled"
    SENT_BACK = "sent_back"
    EXPIRED = "expired"  # those of its codes whose last day is over
    LOST = "lost"  # those that a tablet held, which is gone (core.offline)


class Arrow(NamedTuple):
    target: str
    postings: tuple[Posting, ...] = ()


_P, _PE, _B, _BE = PurchaseState, PurchaseEvent, BatchState, BatchEvent
_PAID, _BACK = (PURCHASE_PAID,), (PURCHASE_PAID_BACK,)
_LOST, _RETURNED = (CODES_LOST,), (CODES_SENT_BACK,)

#: (state, event) → the state it leads to, and which lines it may post. A new purchase has no state yet.
PURCHASES: Final[dict[tuple[str, PurchaseEvent], Arrow]] = {
    ("", _PE.ORDERED): Arrow(_P.ORDERED),
    (_P.ORDERED, _PE.RECEIVED): Arrow(_P.RECEIVED),
    (_P.ORDERED, _PE.CALLED_OFF): Arrow(_P.CALLED_OFF),
    (_P.ORDERED, _PE.PAID): Arrow(_P.ORDERED, _PAID),
    (_P.RECEIVED, _PE.PAID): Arrow(_P.RECEIVED, _PAID),
    (_P.ORDERED, _PE.PAID_BACK): Arrow(_P.ORDERED, _BACK),
    (_P.RECEIVED, _PE.PAID_BACK): Arrow(_P.RECEIVED, _BACK),
    (_P.CALLED_OFF, _PE.PAID_BACK): Arrow(_P.CALLED_OFF, _BACK),
}

#: The same of a batch. One that has left may leave again: a code of it that was sold may come back unseen.
BATCHES: Final[dict[tuple[str, BatchEvent], Arrow]] = {
    (_B.ON_SALE, _BE.BLOCKED): Arrow(_B.BLOCKED),
    (_B.BLOCKED, _BE.RELEASED): Arrow(_B.ON_SALE),
    (_B.BLOCKED, _BE.RECALLED): Arrow(_B.WRITTEN_OFF, _LOST),
    (_B.BLOCKED, _BE.SENT_BACK): Arrow(_B.SENT_BACK, _RETURNED),
    (_B.WRITTEN_OFF, _BE.RECALLED): Arrow(_B.WRITTEN_OFF, _LOST),
    (_B.SENT_BACK, _BE.SENT_BACK): Arrow(_B.SENT_BACK, _RETURNED),
    **{(state, event): Arrow(state, _LOST) for state in BatchState for event in (_BE.EXPIRED, _BE.LOST)},
}


def missing(quantity: int, arrived: int, damaged: int) -> int:
    """How many of a purchase have not come; 0 when more came than were ordered."""
    return max(quantity - arrived - damaged, 0)


def suggested(*, left: int, expected: int, sold: int, below: int) -> int:
    """How many to order, so that the shelf lasts `COVER_DAYS` at the pace of the last `SALES_DAYS`, and not `below`.

    `expected` are ordered and have not come; `sold` were sold in those days. 0: none.
    """
    needed = max(-(-sold * COVER_DAYS // SALES_DAYS), below)
    return max(needed - left - expected, 0)
