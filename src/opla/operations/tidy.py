"""What is over by time alone is deleted: sessions, links that nobody used, where SIM cards and letters went,
and what resellers' programs were told."""

from __future__ import annotations

from datetime import datetime

from opla.core import slip
from opla.core.card import ADDRESS_KEPT
from opla.db.models import Session, SignInLink
from opla.db.queries import bank, cards, post
from opla.operations import bulk, look_up, passport_reports, post_webhooks
from opla.operations.bank_lines import PARTY_KEPT


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
