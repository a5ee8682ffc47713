"""What is over by time alone is deleted: sessions, links that nobody used, and where SIM cards went."""

from __future__ import annotations

from datetime import datetime

from opla.core.card import ADDRESS_KEPT
from opla.db.models import Session, SignInLink
from opla.db.queries import bank, cards
from opla.operations import bulk, look_up
from opla.operations.bank_lines import PARTY_KEPT


def tidy(*, at: datetime) -> None:
    """Nothing reads these any more; their rows name people."""
    cards.forget(at - ADDRESS_KEPT)
    bank.forget(at - PARTY_KEPT)
    look_up.forget(at=at)
    bulk.tidy(at=at)
    Session.objects.filter(expires_at__lte=at).delete()
    SignInLink.objects.filter(expires_at__lte=at).delete()
