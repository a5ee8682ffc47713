"""After a delivery, in words: how the operator's SMS reads, and its answer beside what was bought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.catalog import Operator, Shown
from opla.core.matching import Comparison, Fit, Holding, Match
from opla.core.ports import Kind
from opla.db.queries.aftercare import Share
from opla.presenting import facts, figures, usage

_FITS: Final[dict[Fit, str]] = {
    Fit.THERE: gettext_noop("it is there"),
    Fit.MISSING: gettext_noop("not yet there"),
    Fit.UNSAID: gettext_noop("the answer does not say"),
    Fit.OTHER: gettext_noop("not as expected"),
}

_TITLES: Final[dict[Match, str]] = {
    Match.MATCHES: gettext_noop("It matches: your top-up is there."),
    Match.NOT_YET: gettext_noop("Not yet there."),
    Match.DIFFERS: gettext_noop("It differs from what was expected."),
}


@dataclass(frozen=True)
class Sms:
    """How an operator's SMS reads, in its own words."""

    text: str
    language: str
    mark: str


@dataclass(frozen=True)
class Row:
    """One kind of thing, as bought and as read."""

    label: str
    expected: str
    read: str
    said: str
    fit: str


@dataclass(frozen=True)
class Compared:
    """`tone`: how it is drawn, as of an order. `help`: waiting longer is no use."""

    title: str
    text: str
    tone: str
    rows: tuple[Row, ...]
    matches: bool
    help: bool


def sms(operator: Operator) -> list[Sms]:
    """Every wording that is known; empty where nobody knows."""
    return [
        Sms(one.text.value, one.language, "" if one.text.shown_as is Shown.FACT else facts.mark(one.text.shown_as))
        for one in operator.top_up_sms
        if one.text.value is not None
    ]


def compared(found: Comparison, at: datetime, currency: str) -> Compared:
    rows = tuple(
        Row(
            usage.label(row.expected.what),
            _held(row.expected, currency),
            _held(row.read, currency) if row.read else "–",
            _(_FITS[row.fit]),
            str(row.fit),
        )
        for row in found.rows
    )
    matches = found.match is Match.MATCHES
    tone = {Match.MATCHES: "done", Match.NOT_YET: "wait", Match.DIFFERS: "mind"}[found.match]
    stuck = found.match is Match.DIFFERS or (found.match is Match.NOT_YET and found.look_again is None)
    return Compared(_(_TITLES[found.match]), _text(found, at), tone, rows, matches, stuck)


def _held(one: Holding, currency: str) -> str:
    amount = usage.amount(one.what, one.amount, currency)
    if one.until is None:
        return amount
    return _("%(amount)s until %(day)s") % {"amount": amount, "day": usage.until(one.until)}


def _text(found: Comparison, at: datetime) -> str:
    if found.match is Match.MATCHES:
        return _("What you bought is in it. Less is left when some was used, more when some was there before.")
    if found.match is Match.DIFFERS:
        return _(
            "The operator decides what is on the SIM. Compare the figures below; if they are right, write to us, and "
            "keep the operator's answer."
        )
    if found.look_again is None:
        return _("It should have been there by now. Waiting longer helps nobody: tell us.")
    same = figures.local_day(found.look_again) == figures.local_day(at)
    when = figures.minute(found.look_again) if same else figures.moment(found.look_again)
    return _("That is no reason to worry: it can take a while. Look again at %(time)s.") % {"time": when}


def asks(kind: Kind) -> str:
    """What the buyer is asked: did they enter the code, install the eSIM, or did the credit arrive?"""
    if kind is Kind.ESIM:
        return _("Installed it?")
    return _("Has it arrived?") if kind is Kind.DIRECT else _("Entered it?")


def share_state(share: Share, at: datetime) -> str:
    """What became of the link, in a sentence."""
    day = {"day": figures.moment(share.ends_at)}
    if share.ended:
        return _("The link was taken back.")
    if share.ends_at <= at:
        return _("The link ended on %(day)s.") % day
    if share.revealed:
        return _("Your link shows this order until %(day)s. The code was shown through it.") % day
    if share.with_code:
        return _("Your link shows this order and its code until %(day)s. Nobody has looked at the code yet.") % day
    return _("Your link shows this order, without the code, until %(day)s.") % day
