"""A SIM card and an eSIM side by side: what differs by nature, and what each operator says of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.catalog import Catalog, Cell, Operator, Shown
from opla.core.money import Money
from opla.presenting import facts, figures

#: What is asked, of a SIM card, of an eSIM. Whatever an operator decides is said as that.
_ROWS: Final[tuple[tuple[str, str, str], ...]] = (
    (
        gettext_noop("What you need"),
        gettext_noop("A phone with a slot for it. iPhone 14 and later from the United States have none."),
        gettext_noop("A phone that has an eSIM and is not locked, and Wi-Fi. Check the phone first."),
    ),
    (
        gettext_noop("How soon you have it"),
        gettext_noop("At once over a counter; by post it takes days."),
        gettext_noop("Mostly minutes after paying, wherever you are."),
    ),
    (
        gettext_noop("When data is out"),
        gettext_noop("Put in without any connection."),
        gettext_noop("Needs Wi-Fi, or the data of another line, to be installed."),
    ),
    (
        gettext_noop("Beside your number from home"),
        gettext_noop("Only in a phone with two slots, or in exchange for the other card."),
        gettext_noop("The card of your number from home stays in, on most phones."),
    ),
    (
        gettext_noop("Moving to another phone"),
        gettext_noop("Take it out, and put it in there."),
        gettext_noop("The operator decides: some move it in the phone’s settings, others give a new one."),
    ),
    (
        gettext_noop("The phone is lost"),
        gettext_noop("The operator blocks the card and gives another one."),
        gettext_noop("The operator blocks it too. If it was also your only connection, you need another phone to ask."),
    ),
    (
        gettext_noop("The phone is broken"),
        gettext_noop("The card lives on in another phone."),
        gettext_noop("The operator must give a new one."),
    ),
    (
        gettext_noop("Deleted, or the phone was reset"),
        gettext_noop("The card is not touched."),
        gettext_noop("Often gone for good: many can be installed once only. The operator decides."),
    ),
    (
        gettext_noop("Who you are"),
        gettext_noop("The operator must know before it works."),
        gettext_noop("The same rule."),
    ),
    (
        gettext_noop("What it costs"),
        gettext_noop("The operator decides; see below."),
        gettext_noop("The operator decides; see below."),
    ),
    (
        gettext_noop("As a gift"),
        gettext_noop("Can be handed over unopened. Whoever uses it is identified."),
        gettext_noop("Only when you know that the other phone takes it. Whoever uses it is identified."),
    ),
    (
        gettext_noop("Where it is sold"),
        gettext_noop("By operators and over many counters; here, where it is listed."),
        gettext_noop("By operators, not all of them for prepaid; here, where it is listed."),
    ),
)


@dataclass(frozen=True)
class Row:
    title: str
    card: str
    esim: str


def rows() -> list[Row]:
    return [Row(_(title), _(card), _(esim)) for title, card, esim in _ROWS]


@dataclass(frozen=True)
class Said:
    """One thing an operator says of itself, with how sure that is."""

    label: str
    text: str
    mark: str
    shown: Shown


def operators(catalog: Catalog) -> list[tuple[Operator, list[Said]]]:
    """Each that has prepaid, or may have it, and what is known of its SIMs and eSIMs."""
    return [(one, _of(one)) for one in catalog.operators if one.prepaid.value is not False]


def _of(operator: Operator) -> list[Said]:
    return [
        _yes_or_no(_("eSIM at all"), operator.esim),
        _yes_or_no(_("eSIM for prepaid"), operator.prepaid_esim),
        _price(operator.sim_price),
    ]


def _yes_or_no(label: str, cell: Cell[bool]) -> Said:
    text = _("not known") if cell.value is None else _("yes") if cell.value else _("no")
    return Said(label, text, _mark(cell), cell.shown_as)


def _price(cell: Cell[Money]) -> Said:
    text = _("not known") if cell.value is None else figures.money(cell.value)
    return Said(_("A new SIM without credit"), text, _mark(cell), cell.shown_as)


def _mark(cell: Cell[object]) -> str:
    return "" if cell.shown_as is Shown.FACT else facts.mark(cell.shown_as)
