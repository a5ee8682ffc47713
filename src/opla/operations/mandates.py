"""Consent that a provider keeps for later charges: opened for one call, and ended there when its renewal is over.

Ending is asked for until the provider says so: nothing is charged meanwhile, because we charge nothing by it any more.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

from opla.core.ports import Answer, ChargesAgain
from opla.db.keyring import Unopenable
from opla.db.queries import renewals
from opla.db.queries.renewals import Consent, Ending
from opla.operations.outside import Outside
from opla.operations.shop import Shop

#: The word for a charge that never left, because its renewal was ended, paused or capped lower before.
WITHDRAWN: Final = "withdrawn"

_log = logging.getLogger(__name__)
#: Longer than any call, so that no other worker asks at the same time.
_LEASE: Final = timedelta(minutes=5)
_AGAIN_AFTER_S: Final = (10, 60, 600, 3600, 6 * 3600, 24 * 3600)


def opened(consent: Consent, shop: Shop) -> str:
    """The provider's id of it; empty where there is none to charge by, or none that opens."""
    if consent.mandate_id is None or consent.sealed is None:
        return ""
    try:
        return shop.keyring.open(consent.sealed, b"mandate " + consent.mandate_id.bytes).decode()
    except Unopenable:
        _log.exception("mandate %s: it does not open", consent.mandate_id)
        return ""


def end_mandates(*, shop: Shop, outside: Outside, at: datetime, limit: int = 20) -> int:
    """Tell providers what is over; how many were told. No transaction is open meanwhile."""
    due = renewals.claim_ending(at=at, limit=limit, lease=_LEASE)
    for one in due:
        ended = _ended(one, shop, outside)
        later = _AGAIN_AFTER_S[min(one.tries, len(_AGAIN_AFTER_S) - 1)]
        if not ended and one.tries >= len(_AGAIN_AFTER_S):
            _log.error("mandate %s: %s has not ended it after %d tries", one.id, one.provider, one.tries + 1)
        renewals.told_end(one.id, ended=ended, due_at=at + timedelta(seconds=later), at=at)
    return len(due)


def _ended(one: Ending, shop: Shop, outside: Outside) -> bool:
    try:
        mandate = shop.keyring.open(one.sealed, b"mandate " + one.id.bytes).decode()
        provider = outside.payment(one.provider)
        return isinstance(provider, ChargesAgain) and provider.end_mandate(mandate) is Answer.SUCCEEDED
    except Unopenable:
        _log.exception("mandate %s: it does not open", one.id)
        return False
    except Exception:  # noqa: BLE001 - whatever it was, it is written down, and asked again
        _log.exception("mandate %s: %s broke", one.id, one.provider)
        return False
