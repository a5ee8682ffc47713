"""An order as the house reads it: by what it was found, and its story line by line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.item import Kind
from opla.db.queries.find import Posted, Told
from opla.presenting import figures, items, ledger

_BY: Final[dict[str, str]] = {
    "ticket": gettext_noop("its number"),
    "email": gettext_noop("its e-mail"),
    "number": gettext_noop("its mobile number"),
    "receipt": gettext_noop("the number of its receipt"),
    "serial": gettext_noop("the serial of its code or card"),
    "their_key": gettext_noop("what its reseller calls it"),
    "reference": gettext_noop("a reference of ours"),
    "their_number": gettext_noop("their number for it"),
    "bank_number": gettext_noop("the reference of its transfer"),
    "bank_line": gettext_noop("the bank’s reference"),
}
_SIDES: Final = {"customer": gettext_noop("The customer wrote"), "shop": gettext_noop("The shop wrote")}


def by(word: str) -> str:
    return _(_BY[word])


@dataclass(frozen=True)
class Line:
    """One line of the story. `item` leads to what waits, or waited, for a person."""

    at: datetime
    words: str
    detail: str
    who: str
    item: str = ""


def line(told: Told) -> Line:
    who = items.actor(told.actor) if told.actor else ""
    match told.what:
        case "answer":
            kind, _sep, adapter = told.about.partition(" ")
            return Line(told.at, f"{items.word(kind)} · {adapter}: {items.word(told.word)}", "", "")
        case "reveal":
            return Line(told.at, _("The code was looked at"), "", who)
        case "print":
            return Line(told.at, _("A slip was asked for"), told.about, who)
        case "message":
            return Line(told.at, _(_SIDES[told.word]), "", who)
        case "item" | "item_closed":
            kind_ = items.kind(Kind(told.word))
            words = _("Waits for a person: %(kind)s") if told.what == "item" else _("Settled: %(kind)s")
            return Line(told.at, words % {"kind": kind_}, "", who, told.about)
        case "event" if told.word == "told":
            return Line(told.at, event(told.word, told.about), "", "")
        case _:
            return Line(told.at, items.word(told.word), told.about, who)


def event(name: str, why: str) -> str:
    """One event as the house reads it. Of a message `why` is what it was about."""
    return _("A message was sent: %(about)s") % {"about": items.word(why)} if name == "told" else items.word(name)


def posted(one: Posted) -> tuple[datetime, str, str, str, str]:
    """When, why, what was debited and credited, and how much; what is only held says so."""
    reason = ledger.reason(one.reason)
    if one.phase != "posted":
        reason = f"{reason} ({_('held') if one.phase == 'held' else _('no longer held')})"
    return one.at, reason, ledger.account(one.debit), ledger.account(one.credit), figures.money(one.amount)
