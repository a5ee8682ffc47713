"""What a line holds and what happens to it, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from opla.core.drawing import Demand
from opla.core.effects import Why
from opla.core.line import Bucket, Credit, Kind
from opla.core.money import Money
from opla.core.timeline import Event, Sign
from opla.presenting import figures

_KINDS: Final[dict[Kind, str]] = {
    Kind.DATA: gettext_noop("Data"),
    Kind.VOICE: gettext_noop("Calls"),
    Kind.SMS: gettext_noop("SMS"),
}
_UNLIMITED: Final[dict[Kind, str]] = {
    Kind.DATA: gettext_noop("unlimited data"),
    Kind.VOICE: gettext_noop("unlimited calls"),
    Kind.SMS: gettext_noop("unlimited SMS"),
}
_WHY: Final[dict[Why, str]] = {
    Why.BELOW_MINIMUM: gettext_noop("No bonus: the amount is too small for one."),
    Why.OUTSIDE_WINDOW: gettext_noop("No bonus: the last top-up is too long ago."),
    Why.WINDOW_UNKNOWN: gettext_noop("The bonus depends on the day of your last top-up, which nobody told us."),
    Why.PLAN_WITHOUT_BONUS: gettext_noop("No bonus: this plan gives none."),
    Why.PLAN_UNKNOWN: gettext_noop("The bonus depends on your plan, and not every plan gives one."),
    Why.STILL_RUNNING: gettext_noop("No new bonus: one is still running, and keeps its contents and its end."),
    Why.CREDIT_TOO_LOW: gettext_noop("It does not renew by itself: there is too little credit."),
    Why.REFUSED: gettext_noop("It does not renew by itself: the operator refuses it then."),
}
_MOMENT = timedelta(microseconds=1)


def kind(of: Kind) -> str:
    return _(_KINDS[of])


def amount(of: Kind, figure: int | None, slow_kbps: int | None = None) -> str:
    """`1.5 GB`, `4 GB, then 512 kbps`, `120 minutes`, `unlimited SMS`."""
    if figure is None:
        return _(_UNLIMITED[of])
    said = _counted(of, figure)
    return said if slow_kbps is None else _("%(amount)s, then %(kbps)s kbps") % {"amount": said, "kbps": slow_kbps}


def _counted(of: Kind, figure: int) -> str:
    match of:
        case Kind.DATA:
            return figures.megabytes(figure // 1000)
        case Kind.VOICE:
            return ngettext("%(n)s minute", "%(n)s minutes", figure // 60) % {"n": figure // 60}
        case Kind.SMS:
            return ngettext("%(n)s SMS", "%(n)s SMS", figure) % {"n": figure}


def holds(thing: Bucket | Credit, currency: str) -> str:
    """What one bucket or lot of credit holds."""
    if isinstance(thing, Credit):
        return figures.money(Money(thing.amount_minor, currency))
    return amount(thing.kind, thing.left, thing.slow_kbps)


def until(end: datetime | None) -> str:
    """The last minute of what ends at an instant, as people say it: a day alone when it is there all that day."""
    if end is None:
        return _("as long as the number")
    local = timezone.localtime(end)
    if (local.hour, local.minute) == (0, 0):
        return figures.day(end - _MOMENT)
    return figures.moment(end)


def begins(at: datetime) -> str:
    """The first minute of what begins; a day alone when it is there from its beginning."""
    local = timezone.localtime(at)
    return figures.day(at) if (local.hour, local.minute) == (0, 0) else figures.moment(at)


def lasts(thing: Bucket | Credit, at: datetime) -> str:
    """`until 3 Dec 2026`, `from 3 Dec 2026, 14:02 until …`, as seen at an instant."""
    said = until(None) if thing.ends is None else _("until %(time)s") % {"time": until(thing.ends)}
    if thing.starts is not None and thing.starts > at:
        return _("from %(time)s") % {"time": begins(thing.starts)} + " " + said
    return said


def last_day(end: datetime | None) -> str:
    """The last day, for where there is little room."""
    return until(None) if end is None else figures.day(end - _MOMENT)


def sentence(event: Event, currency: str, names: Mapping[str, str] | None = None) -> str:
    """One event as a sentence; its instant is said beside it. `names` of products by SKU: without one, that is said."""
    told = {
        "what": amount(event.kind, event.amount, event.slow_kbps) if event.kind else "",
        "kind": kind(event.kind) if event.kind else "",
        "sku": (names or {}).get(event.sku, event.sku),
        "money": figures.money(Money(event.amount or 0, currency)),
        "until": until(event.until),
        "start": begins(event.until) if event.until else "",
        "kbps": event.slow_kbps,
    }
    return _plain(event) % told


def _plain(event: Event) -> str:
    match event.sign:
        case Sign.BOUGHT:
            return _("%(sku)s is bought for %(money)s.") if event.amount else _("%(sku)s is bought.")
        case Sign.TOPPED_UP:
            return _("%(sku)s is topped up by itself for %(money)s, because the credit ran low.")
        case Sign.RENEWED:
            return _("%(sku)s renews by itself for %(money)s from the credit, until %(until)s.")
        case Sign.NOT_RENEWED | Sign.BONUS_NOT_GIVEN:
            return _(_WHY[event.why or Why.REFUSED])
        case Sign.STARTS_LATE:
            return _("%(sku)s begins only at %(start)s.")
        case Sign.BENEFIT_LOST if event.until is None:
            return _("You lose %(what)s.")
        case Sign.BENEFIT_LOST:
            return _("You lose %(what)s, which would have lasted until %(until)s.")
        case Sign.BUCKET_EMPTY:
            return _("%(kind)s: used up.")
        case Sign.THROTTLED:
            return _("%(kind)s: slowed down to %(kbps)s kbps.")
        case Sign.BUCKET_EXPIRES if event.amount == 0 and event.slow_kbps is None:
            return _("%(kind)s: the period ends.")
        case Sign.BUCKET_EXPIRES:
            return _("It lapses unused: %(what)s.")
        case Sign.GAP if event.until is None:
            return _("%(kind)s: nothing from here on.")
        case Sign.GAP:
            return _("%(kind)s: nothing until %(start)s.")
        case Sign.CREDIT_LOST:
            return _("%(money)s of credit lapses.")
        case Sign.NUMBER_ENDS if event.until is None:
            return _("The number falls silent unless it is topped up before.")
        case Sign.NUMBER_ENDS:
            return _("The number falls silent. A top-up saves it until %(until)s.")
        case Sign.NUMBER_LOST:
            return _("The number is lost, with everything on it.")


def missing(unmet: Mapping[date, Demand]) -> str:
    """What of the use found nothing to draw from, over all days."""
    total = {one: sum(demand.of(one) for demand in unmet.values()) for one in Kind}
    said = ngettext(
        "Not covered on %(n)s day, the first %(day)s: %(what)s.",
        "Not covered on %(n)s days, the first %(day)s: %(what)s.",
        len(unmet),
    )
    what = " · ".join(amount(one, figure) for one, figure in total.items() if figure)
    return said % {"n": len(unmet), "day": figures.day(min(unmet)), "what": what}
