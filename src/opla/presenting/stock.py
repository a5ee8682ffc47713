"""Our own stock in words: what became of a purchase, of a batch."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.stock import BatchState, PurchaseState

_PURCHASES: Final[dict[PurchaseState, str]] = {
    PurchaseState.ORDERED: gettext_noop("ordered"),
    PurchaseState.RECEIVED: gettext_noop("received"),
    PurchaseState.CALLED_OFF: gettext_noop("called off"),
}

_BATCHES: Final[dict[BatchState, str]] = {
    BatchState.ON_SALE: gettext_noop("on sale"),
    BatchState.BLOCKED: gettext_noop("off sale"),
    BatchState.WRITTEN_OFF: gettext_noop("written off"),
    BatchState.SENT_BACK: gettext_noop("sent back"),
}


def purchase(state: PurchaseState) -> str:
    return _(_PURCHASES[state])


def batch(state: BatchState) -> str:
    return _(_BATCHES[state])
