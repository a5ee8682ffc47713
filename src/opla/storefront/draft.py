"""What a person has typed before there is a quote: their number and e-mail, and nothing else.

It lives in the session, which is a signed cookie: in their own browser and nowhere else, gone when they close it,
never in an address (addresses are logged, shared and remembered) and never in our database before they ask for a
price. Pages that use it show it in a field, so what is sent is what was seen, also from two tabs.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.http import HttpRequest

_NUMBER: Final = "number"
_EMAIL: Final = "email"
_SENT: Final = "sent"
_SENT_KEPT: Final = 8
MAX_TYPED: Final = 300


def typed(request: HttpRequest, name: str) -> str:
    """A posted text, cut to a length no honest answer reaches."""
    return request.POST.get(name, "")[:MAX_TYPED]


def number(request: HttpRequest) -> str:
    return str(request.session.get(_NUMBER, ""))


def keep_number(request: HttpRequest, e164: str) -> None:
    request.session[_NUMBER] = e164


def email(request: HttpRequest) -> str:
    return str(request.session.get(_EMAIL, ""))


def keep_email(request: HttpRequest, address: str) -> None:
    request.session[_EMAIL] = address


def send_once(request: HttpRequest, payment_id: UUID) -> bool:
    """True the first time for this payment in this browser: whoever comes back from paying is not sent there again."""
    sent = [str(name) for name in request.session.get(_SENT, [])]
    if payment_id.hex in sent:
        return False
    request.session[_SENT] = [*sent, payment_id.hex][-_SENT_KEPT:]
    return True
