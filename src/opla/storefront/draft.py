"""What a person has typed before there is a quote: their number and e-mail, what their SIM holds, and nothing else.

It lives in a signed cookie (`draft_cookie`): in their own browser and nowhere else, gone when they close it,
never in an address (addresses are logged, shared and remembered) and never in our database before they ask for a
price. Pages that use it show it in a field, so what is sent is what was seen, also from two tabs.
"""

from __future__ import annotations

import json
from typing import Final
from uuid import UUID

from django.http import HttpRequest

from opla.core.line import Line
from opla.core.line_file import read_line, write_line
from opla.storefront.draft_cookie import draft_of

_NUMBER: Final = "number"
_EMAIL: Final = "email"
_LINE: Final = "line"
_LINE_MAX: Final = 1500
_REMINDER: Final = "reminder"
_SENT: Final = "sent"
_SENT_KEPT: Final = 8
_TICKS: Final = "ticks"
MAX_TYPED: Final = 300


def typed(request: HttpRequest, name: str) -> str:
    """A posted text, cut to a length no honest answer reaches."""
    return request.POST.get(name, "")[:MAX_TYPED]


def number(request: HttpRequest) -> str:
    return _text(request, _NUMBER)


def keep_number(request: HttpRequest, e164: str) -> None:
    draft_of(request).keep(_NUMBER, e164)


def email(request: HttpRequest) -> str:
    return _text(request, _EMAIL)


def keep_email(request: HttpRequest, address: str) -> None:
    draft_of(request).keep(_EMAIL, address)


def line(request: HttpRequest, operator: str) -> Line | None:
    """What they said is on their SIM, where it is one of this operator; None when they said nothing."""
    found = told(request)
    return found if found and found.operator == operator else None


def told(request: HttpRequest) -> Line | None:
    """The same, whosever it is."""
    found = read_line(draft_of(request).get(_LINE))
    return found if isinstance(found, Line) else None


def keep_line(request: HttpRequest, line: Line | None) -> None:
    """None forgets it. A line too long for a cookie is not kept."""
    document = None if line is None else write_line(line)
    if document is None or len(json.dumps(document)) > _LINE_MAX:
        draft_of(request).forget(_LINE)
    else:
        draft_of(request).keep(_LINE, document)


def reminder(request: HttpRequest) -> str:
    """The link of the reminder that was last opened in this browser; empty where there was none."""
    return _text(request, _REMINDER)


def keep_reminder(request: HttpRequest, link: str) -> None:
    """Empty forgets it."""
    if link:
        draft_of(request).keep(_REMINDER, link)
    else:
        draft_of(request).forget(_REMINDER)


def send_once(request: HttpRequest, payment_id: UUID) -> bool:
    """True the first time for this payment in this browser: whoever comes back from paying is not sent there again."""
    kept = draft_of(request).get(_SENT)
    sent = [str(name) for name in kept] if isinstance(kept, list) else []
    if payment_id.hex in sent:
        return False
    draft_of(request).keep(_SENT, [*sent, payment_id.hex][-_SENT_KEPT:])
    return True


def ticks(request: HttpRequest) -> list[str]:
    """What was ticked on the list before paying."""
    found = draft_of(request).get(_TICKS)
    return [str(name) for name in found] if isinstance(found, list) else []


def keep_ticks(request: HttpRequest, names: list[str]) -> None:
    draft_of(request).keep(_TICKS, names)


def forget(request: HttpRequest) -> None:
    """All of it: whoever uses this browser next finds nothing."""
    draft_of(request).clear()


def _text(request: HttpRequest, name: str) -> str:
    found = draft_of(request).get(name)
    return found if isinstance(found, str) else ""
