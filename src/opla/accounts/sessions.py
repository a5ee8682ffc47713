"""Sign-ins as rows, so that they can be listed and ended. Whoever never signs in has none.

The cookie holds the key and the row its hash: who reads the table, or a backup of it, signs in as nobody.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError
from django.db import IntegrityError, transaction
from django.utils import timezone

from opla.db.keyring import digest
from opla.db.models import Session

#: Where the browser's own words about itself stand, for the list of sessions.
AGENT: Final = "agent"
#: How exactly "last seen" is kept: a page is not a write.
_SEEN_EVERY: Final = timedelta(minutes=5)


def hash_of(key: str) -> bytes:
    """How the database knows a session."""
    return digest(key.encode())


class SessionStore(SessionBase):
    """What Django's `SESSION_ENGINE` asks for."""

    def load(self) -> dict[str, Any]:  # what a session holds is Django's own type
        at = timezone.now()
        row = Session.objects.filter(hash=hash_of(self.session_key or ""), expires_at__gt=at).first()
        if row is None:
            self._session_key = None
            return {}
        if at - row.seen_at >= _SEEN_EVERY:
            Session.objects.filter(pk=row.pk).update(seen_at=at)
        found: dict[str, Any] = self.decode(row.data)
        return found

    def exists(self, session_key: str) -> bool:
        return Session.objects.filter(hash=hash_of(session_key)).exists()

    def create(self) -> None:
        while True:
            self._session_key = self._get_new_session_key()  # type: ignore[attr-defined]  # Django's, not in the stubs
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        """Raises UpdateError where the session was ended meanwhile: it does not come back."""
        if self.session_key is None:
            self.create()
            return
        at = timezone.now()
        held = self._get_session(no_load=must_create)  # type: ignore[attr-defined]  # the same
        kept = {
            "data": self.encode(held),
            "customer_id": held.get(SESSION_KEY),
            "agent": str(held.get(AGENT, "")),
            "expires_at": self.get_expiry_date(),
        }
        key = hash_of(self.session_key)
        if must_create:
            try:
                with transaction.atomic():
                    Session.objects.create(hash=key, made_at=at, seen_at=at, **kept)
            except IntegrityError:
                raise CreateError from None
        elif not Session.objects.filter(hash=key).update(**kept):
            raise UpdateError

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key:
            Session.objects.filter(hash=hash_of(key)).delete()

    @classmethod
    def clear_expired(cls) -> None:
        Session.objects.filter(expires_at__lte=timezone.now()).delete()
