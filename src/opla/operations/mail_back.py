"""Mail that came back: the address is left alone for a while, its orders' pages say so, and a person hears of what
waits behind it.

| what happened                                              | not written to for |
|-------------------------------------------------------------|--------------------|
| its server refused the mail for good while we sent it        | a day              |
| a report (RFC 3464) says that there is no such address       | 30 days            |
| a report says that it failed for another reason, such as full | a day             |

The notice of a renewal that came back is none: its period is not charged.

A day, because a server that refuses us today for what others did from our address takes the next one tomorrow.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from opla.core import bounced
from opla.db.queries import mail_back, reminders
from opla.db.queries import renewals as rows
from opla.operations import limits, renewals
from opla.operations.shop import Shop
from opla.operations.wishes import open_all

_REFUSED, _GONE = timedelta(days=1), timedelta(days=30)
_WHY: Final = "refused"


def refused(address: str, *, shop: Shop, at: datetime) -> None:
    """Its server said no, for good."""
    mail_back.refused(_who(address, shop), _WHY, at=at, ends_at=at + _REFUSED)


def dead(addresses: Collection[str], *, shop: Shop, at: datetime) -> frozenset[str]:
    """Those of these addresses that are not written to now."""
    by_who = {_who(address, shop): address for address in addresses if address}
    return frozenset(by_who[who] for who in mail_back.dead(list(by_who), at=at)) if by_who else frozenset()


def came_back(data: bytes, *, shop: Shop, at: datetime) -> bool:
    """Take in a mail that our own server brought back; False where it is no such report about a mail of ours."""
    back = bounced.read(data)
    sent = mail_back.sent_as(back.reference) if back else None
    if back is None or sent is None:
        return False
    address = sent.email
    if sent.reminder_id:
        wished = open_all(reminders.load([sent.reminder_id]), shop.keyring).get(sent.reminder_id)
        address = wished.email if wished else ""
    elif sent.renewal_id:
        [kept] = rows.load([sent.renewal_id])
        standing = renewals.opened(kept, shop=shop)
        address = standing.whose.email if standing else ""
    if not address:
        return False  # forgotten since
    ends_at = at + (_GONE if back.gone else _REFUSED)
    mail_back.came_back(sent.reference, _who(address, shop), back.status or _WHY, at=at, ends_at=ends_at)
    return True


def _who(address: str, shop: Shop) -> bytes:
    return limits.digest_of(f"mail {address.casefold()}", shop)
