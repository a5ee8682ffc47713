"""The trail in words: who, what, where, when, why."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.actor import HOUSE, Role
from opla.core.cell import quoted
from opla.core.day import ZONE
from opla.core.item import Resolution
from opla.db.queries.audit import Sort, Step
from opla.presenting import items, stations

#: Of the file: never renamed.
COLUMNS: Final = ("at", "who", "sort", "about", "what", "subject", "order", "where", "why")

_SORTS: Final[dict[Sort, str]] = {
    Sort.DID: gettext_noop("changed something"),
    Sort.DECIDED: gettext_noop("decided"),
    Sort.SAW: gettext_noop("saw a person's data"),
    Sort.CODE: gettext_noop("saw a code"),
}
#: Pages on which somebody's data stands, as `look` names them.
_PAGES: Final[dict[str, str]] = {
    "order": gettext_noop("An order, with its whole life"),
    "find": gettext_noop("Orders that were looked for"),
    "item": gettext_noop("Something that waited for a person"),
    "evidence": gettext_noop("A file that was kept with it"),
    "threads": gettext_noop("Messages of customers"),
    "thread": gettext_noop("What a customer wrote"),
    "cards": gettext_noop("SIM cards, and where they go"),
    "letters": gettext_noop("Letters and slips"),
    "letter": gettext_noop("A letter, and where it goes"),
    "slip": gettext_noop("An order slip"),
    "bank": gettext_noop("Lines of the bank account, with names"),
    "transfers": gettext_noop("Transfers to be sent, with names and accounts"),
    "transfer_file": gettext_noop("A file of transfers for the bank"),
    "batch": gettext_noop("Who has which code of a batch"),
    "sellers": gettext_noop("Sellers, and who they are"),
    "seller_picture": gettext_noop("A picture that somebody sent of a seller"),
    "code": gettext_noop("A code"),
}
#: What somebody of the house showed when they came in.
_SHOWN: Final[dict[str, str]] = {
    "passkey": gettext_noop("with a passkey"),
    "step": gettext_noop("with an app's six digits"),
    "sandbox": gettext_noop("with nothing: this is a sandbox"),
}
#: What happens to people of the house.
_DONE: Final[dict[str, str]] = {
    "person_named": gettext_noop("Named somebody of the house"),
    "person_removed": gettext_noop("Let somebody of the house go"),
    "entered": gettext_noop("Entered the pages of the house"),
    "invited": gettext_noop("Invited somebody of the house"),
    "factors_forgotten": gettext_noop("Ended what somebody comes in with"),
    # and to old months
    "month_taken_out": gettext_noop("Took an archived month out of the database"),
    "month_brought_back": gettext_noop("Brought an archived month back"),
}


@dataclass(frozen=True)
class Row:
    """One line as it is read. `who` names the person; `where`: the page, the tablet, or the terminal."""

    step: Step
    who: str
    sort: str
    what: str
    about: str
    where: str
    why: str


def sort(of: Sort) -> str:
    return _(_SORTS[of])


def row(step: Step) -> Row:
    house = step.about == "house"
    about = step.subject if house else "" if step.ticket else f"{step.about} {step.subject}".strip()
    return Row(
        step,
        items.actor(step.actor),
        sort(step.sort),
        _what(step),
        about,
        _where(step),
        _why(step.why) if house else step.why,
    )


def _what(step: Step) -> str:
    if step.sort in (Sort.SAW, Sort.CODE):
        return _(_PAGES[step.what]) if step.what in _PAGES else step.what
    if step.sort is Sort.DECIDED and step.what in list(Resolution):
        return items.choice(Resolution(step.what)).label
    if step.what in _DONE:
        return _(_DONE[step.what])
    known = items.word(step.what)
    return stations.done(step.what) if known == step.what else known


def _why(why: str) -> str:
    """Of people of the house: what they are, or what they showed."""
    return items.role(Role(why)) if why in HOUSE else _(_SHOWN[why]) if why in _SHOWN else why


def _where(step: Step) -> str:
    role, _sep, name = step.actor.partition(":")
    if role == Role.CLERK and "@" in name:
        return name.rpartition("@")[2]
    if role == Role.KIOSK:
        return name
    if name == "terminal":
        return _("the shop's machine")
    return _("pages of the house") if role in HOUSE else ""


def as_csv(steps: Sequence[Step]) -> str:
    """UTF-8 with a mark, so that spreadsheets read it as such, and nothing in it that one would reckon."""
    out = io.StringIO()
    out.write("\ufeff")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for step in steps:
        cells = (step.actor, step.sort, step.about, step.what, step.subject, step.ticket, _where(step), step.why)
        writer.writerow((_local(step.at), *(quoted(cell) for cell in cells)))
    return out.getvalue()


def _local(at: datetime) -> str:
    return at.astimezone(ZONE).isoformat(timespec="seconds")
