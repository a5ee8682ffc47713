"""Whether a phone takes an eSIM, in words: the questions, the answer, what it rests on, and what to do instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.catalog import Shown
from opla.core.device_check import Because, Checked, Says, Verdict, Why
from opla.core.devices import Family, Has, Region, Span
from opla.operations.devices import families
from opla.presenting import facts

_TITLES: Final[dict[Verdict, str]] = {
    Verdict.YES: gettext_noop("Yes: this phone takes an eSIM"),
    Verdict.PROBABLY: gettext_noop("Probably yes"),
    Verdict.UNKNOWN: gettext_noop("Nobody can say for sure"),
}
_BECAUSE: Final[dict[Because, str]] = {
    Because.EID: gettext_noop("It shows an EID, so it has an eSIM, and it is not locked."),
    Because.EID_LOCK_UNKNOWN: gettext_noop(
        "It shows an EID, so it has an eSIM. Whether it is locked is not known: look first, because a locked phone "
        "takes no other operator."
    ),
    Because.EID_HOME_ONLY: gettext_noop(
        "It shows an EID, so it has an eSIM. But some phones sold in mainland China are said to take eSIMs of Chinese "
        "operators only, and the sources disagree."
    ),
    Because.TABLE: gettext_noop("Those bought there have an eSIM, as far as we know. Its EID makes it sure."),
    Because.HOME_ONLY: gettext_noop(
        "Those bought there have an eSIM, but are said to take Chinese operators only. The sources disagree."
    ),
    Because.VARIES: gettext_noop("Some of these models have an eSIM and others do not. Only its EID tells."),
    Because.REPORTED_NO: gettext_noop(
        "An older or a single source says that those bought there have no eSIM. Only its EID tells."
    ),
    Because.NOT_KNOWN: gettext_noop("We know nothing certain of this phone. Only its EID tells."),
}
_WHY_NOT: Final[dict[Why, str]] = {
    Why.LOCKED: gettext_noop(
        "This phone is locked to an operator: it takes no eSIM and no SIM card of another one. Whoever sold it can "
        "unlock it."
    ),
    Why.EID_WRONG: gettext_noop("This is no EID: it has 32 digits, mostly from 89 on. Check it, or leave it empty."),
    Why.NO_EID: gettext_noop("The phone shows no EID, so it has no eSIM. A SIM card works in it."),
    Why.MODEL: gettext_noop("%(family)s: none of these has an eSIM. A SIM card works in it."),
    Why.REGION: gettext_noop(
        "%(family)s: those bought there have no eSIM, although those of other countries have one. A SIM card works "
        "in it."
    ),
}
_REGIONS: Final[dict[Region, str]] = {
    Region.CHINA: gettext_noop("Mainland China"),
    Region.HONG_KONG: gettext_noop("Hong Kong or Macau"),
    Region.USA: gettext_noop("United States"),
    Region.ELSEWHERE: gettext_noop("Elsewhere, such as Europe"),
    Region.UNKNOWN: gettext_noop("I do not know"),
}
_HAS: Final[dict[Has, str]] = {
    Has.YES: gettext_noop("yes"),
    Has.ONLY: gettext_noop("yes, and no slot for a SIM card"),
    Has.NO: gettext_noop("no"),
    Has.VARIES: gettext_noop("some models"),
    Has.HOME_ONLY: gettext_noop("yes, perhaps for Chinese operators only"),
}
_SPANS: Final[dict[Span, str]] = {
    Span.LATER: gettext_noop("%(models)s and later"),
    Span.OLDER: gettext_noop("%(models)s and older"),
    Span.OTHERS: gettext_noop("other models"),
}


@dataclass(frozen=True)
class Result:
    """`warning` is empty where nothing is risked; it must stand beside the button that pays."""

    title: str
    because: str
    advice: str
    warning: str
    sure: bool


def result(checked: Checked) -> Result:
    return Result(
        title=_(_TITLES[checked.verdict]),
        because=_(_BECAUSE[checked.because]),
        advice=_("This phone has no slot for a SIM card: an eSIM is the only way.") if checked.only_esim else "",
        warning=_(
            "It may not work on this phone. An eSIM whose code has been looked at cannot be given back: the money may "
            "be lost."
        )
        if checked.risky
        else "",
        sure=checked.verdict is Verdict.YES,
    )


def why_not(why: str, family: str) -> str:
    """The sentence of a refusal; one whose `why` came from elsewhere says no more than that the phone has none.

    family: its id, or empty.
    """
    known = Why(why) if why in list(Why) else Why.NO_EID
    found = families().find(family)
    return _(_WHY_NOT[known]) % {"family": _whole(found) if found else family}


def models(family: Family) -> str:
    """Its name, below its brand."""
    return _(_SPANS[family.span]) % {"models": family.name} if family.span in _SPANS else family.name


def _whole(family: Family) -> str:
    return f"{family.brand} {models(family)}"


def region(one: Region) -> str:
    return _(_REGIONS[one])


def says(one: Says) -> str:
    return {Says.YES: _("Yes"), Says.NO: _("No"), Says.UNKNOWN: _("I do not know")}[one]


@dataclass(frozen=True)
class Row:
    """One family as the page's own table shows it: where it was bought, what it has, and how sure that is."""

    name: str
    bought: list[tuple[str, str, str, Shown]]


def rows() -> list[Row]:
    """Regions that say the same stand together."""
    return [Row(_whole(family), _bought(family)) for family in families().all]


def _bought(family: Family) -> list[tuple[str, str, str, Shown]]:
    said: dict[tuple[str, str, Shown], list[str]] = {}
    for where, cell in family.bought.items():
        shown = cell.shown_as
        text = _(_HAS[cell.value]) if cell.value else _("not known")
        mark = "" if shown is Shown.FACT or not cell.known else facts.mark(shown)
        said.setdefault((text, mark, shown), []).append(region(where))
    if len(said) == 1:
        ((text, mark, shown),) = said
        return [(_("Wherever it was bought"), text, mark, shown)]
    return [(" · ".join(names), *answer) for answer, names in said.items()]
