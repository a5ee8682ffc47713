"""What is over by time alone is deleted: sessions, links that nobody used, where SIM cards and letters went,
and what resellers' programs were told. And what has happened is chained."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from opla.core import slip
from opla.core.card import ADDRESS_KEPT
from opla.db.models import Session, SignInLink
from opla.db.queries import audit, bank, cards, post
from opla.operations import bulk, look_up, passport_reports, post_webhooks
from opla.operations.bank_lines import PARTY_KEPT

#: Rows in a link of the chain, and links that are made of each table at one go.
_ROWS: Final = 1000
_LINKS: Final = 20


def tidy(*, at: datetime) -> None:
    """Nothing reads these any more; their rows name people."""
    cards.forget(at - ADDRESS_KEPT)
    bank.forget(at - PARTY_KEPT)
    post.forget(at - slip.ADDRESS_KEPT)
    look_up.forget(at=at)
    passport_reports.forget(at=at)
    post_webhooks.tidy(at=at)
    bulk.tidy(at=at)
    Session.objects.filter(expires_at__lte=at).delete()
    SignInLink.objects.filter(expires_at__lte=at).delete()
    audit.seal(rows=_ROWS, groups=_LINKS, at=at)
