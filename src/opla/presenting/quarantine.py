"""A shop that came out of a backup, in words: what is compared with whom, what became of it, and what a person does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from opla.core.ports import Unlisted
from opla.db.queries.quarantine import SHELF, Step
from opla.operations.quarantine import NO_LIST, PAYMENTS
from opla.presenting import items, payment_methods

#: How a person compares what has no list, by the step's name.
_BY_HAND: Final[dict[str, str]] = {
    "cash": gettext_noop(
        "Count the drawers: what lies there beyond the books, or is missing, moved after that minute."
    ),
    "terminal": gettext_noop("Hold the slips of the card machines since that minute against the orders here."),
    "voucher": gettext_noop(
        "Hold the vouchers that were taken at a counter since that minute against the orders here."
    ),
    "sim_cards": gettext_noop("Count the SIM cards that lie there. The shop does not wait for it."),
}
_IN_THEIR_DASHBOARD: Final = gettext_noop(
    "Open their dashboard, and look at everything since that minute: is each of it in an order here?"
)
_UNLISTED: Final[dict[str, str]] = {
    NO_LIST: gettext_noop("We have no list of theirs: compare it by hand."),
    Unlisted.NO_ANSWER: gettext_noop("Their list could not be read. Ask again, or compare it by hand."),
    Unlisted.NOT_ALLOWED: gettext_noop(
        "Our key may not read their list. Give it that right and ask again, or compare it by hand."
    ),
    Unlisted.NOT_YET: gettext_noop(
        "Their list does not reach that minute yet. Ask again in a few hours, or compare it by hand."
    ),
    Unlisted.TOO_OLD: gettext_noop("Their list does not reach back so far: compare it by hand."),
}


@dataclass(frozen=True)
class Row:
    """One line of what is to be compared. `became` is what they listed, `how` what a person does instead."""

    step: Step
    name: str
    done: bool
    became: str
    who: str
    how: str


def row(step: Step) -> Row:
    how = _BY_HAND.get(step.name, _IN_THEIR_DASHBOARD)
    return Row(step, _name(step), step.done_at is not None, _became(step), items.actor(step.done_by), _(how))


def _name(step: Step) -> str:
    if step.area == SHELF:
        return _("SIM cards")
    return payment_methods.method(step.name).name if step.area == PAYMENTS else step.name


def _became(step: Step) -> str:
    if step.note and step.done_at is not None:
        return _("Compared by hand")
    said = []
    if step.done_at is not None or step.strange or step.undecided:
        listed = ngettext("%(n)s is on their list", "%(n)s are on their list", step.listed) % {"n": step.listed}
        strange = (
            ngettext("no book here knows %(n)s of them", "no book here knows %(n)s of them", step.strange)
            % {"n": step.strange}
            if step.strange
            else _("our books know all of them")
        )
        said.append(f"{listed}; {strange}")
    if step.undecided:
        said.append(
            ngettext(
                "%(n)s that no book here knows may still be paid or delivered there: ask again when it has ended",
                "%(n)s that no book here knows may still be paid or delivered there: ask again when they have ended",
                step.undecided,
            )
            % {"n": step.undecided}
        )
    if step.unlisted:
        said.append(_(_UNLISTED.get(step.unlisted, _UNLISTED[NO_LIST])))
    return ". ".join(said) if said else _("To be compared")
