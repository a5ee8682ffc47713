"""What is over by time alone is deleted: sessions, and links that nobody used."""

from __future__ import annotations

from datetime import datetime

from opla.db.models import Session, SignInLink


def tidy(*, at: datetime) -> None:
    """Nothing reads these any more; their rows name people."""
    Session.objects.filter(expires_at__lte=at).delete()
    SignInLink.objects.filter(expires_at__lte=at).delete()
