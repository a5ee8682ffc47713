"""What a phone may keep of a page for when there is no network, as the page hands it to its own script.

It never comes back to the shop. `static/storefront/kept.js` says what happens to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from django.utils.translation import gettext as _

from opla.core.catalog import Operator
from opla.core.usage import Usage
from opla.presenting import figures, languages, redeeming, usage
from opla.storefront.views.order import Ticket

#: Past its last day a code is kept this long: an operator may still be asked why it was not taken.
_AFTER_CODE: Final = timedelta(days=30)
#: A reading is of no use after this long, as with reminders (`operations.remind.FORGET_AFTER`).
_AFTER_READING: Final = timedelta(days=90)


def code(
    found: Ticket, pin: str, grouped: str, serial: str, valid_until: date | None, ways: Iterable[redeeming.Way],
    *, sandbox: bool,
) -> str:  # fmt: skip
    """A code with how to enter it, as JSON. It is money: only for the page that shows it anyway."""
    name = found.operator.name if found.operator else found.page.operator
    notes = [
        _("Order number: %(ticket)s") % {"ticket": found.page.ticket},
        f"{_('Serial number')} {serial}" if serial else "",
        _("enter it by %(day)s") % {"day": figures.day(valid_until)} if valid_until else "",
        _("A sandbox code tops up nothing: do not dial it on a real phone.") if sandbox else "",
    ]
    over = datetime.combine(valid_until, time(), UTC) + _AFTER_CODE if valid_until else None
    return _thing(
        f"code:{found.page.ticket}", f"{figures.money_short(found.page.price.face)} {name}", notes, over,
        pin=pin,
        grouped=grouped,
        ways=[_way(way) for way in ways],
    )  # fmt: skip


def _way(way: redeeming.Way) -> dict[str, object]:
    title = f"{way.title} ({way.mark})" if way.mark else way.title  # how sure it is, here too
    return {"title": title, "shown": way.shown_text, "href": way.href, "button": way.button, "steps": way.steps}


def line(operator: Operator, found: Usage, at: datetime) -> str:
    """What a SIM held when it was read, and how to ask the operator again, as JSON: the newest of each operator."""
    read_at = found.read_at or at
    ends = found.line.number_ends
    notes = [
        _("Read on %(at)s.") % {"at": figures.moment(read_at)},
        _("Top up by %(day)s to keep the number, by the operator's rule.") % {"day": usage.until(ends)} if ends else "",
    ]
    asks = [
        {"title": contact.label, "shown": contact.text, "href": contact.href, "button": _("Check the balance")}
        for contact in redeeming.balance(operator)
    ]
    rows = [{"label": row.label, "amount": row.amount, "until": row.until} for row in usage.rows(found, at)]
    return _thing(f"line:{operator.id}", operator.name, notes, read_at + _AFTER_READING, rows=rows, ways=asks)


def _thing(name: str, title: str, notes: Sequence[str], over: datetime | None, **more: object) -> str:
    thing: dict[str, object] = {
        "name": name,
        "title": title,
        "language": languages.current(),
        "notes": [note for note in notes if note],
        "over_at": int(over.timestamp() * 1000) if over else None,
    }
    return json.dumps({**thing, **more}, ensure_ascii=False)
