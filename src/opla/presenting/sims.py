"""A kept line in words: its verdict, what each way costs, its state as a picture, and what keeps its number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from opla.core.catalog import Catalog, Since
from opla.core.effects import Doubt, Why
from opla.core.keep_alive import KeptAlive, NotKnown, Step
from opla.core.kept_line import KeptLine
from opla.core.money import Money
from opla.core.timeline import Event, Sign
from opla.core.usage import Usage
from opla.core.verdict import Advice, Because, Verdict
from opla.operations.advise import Advised
from opla.presenting import figures, timeline, usage
from opla.presenting.line_picture import Bar, Ink, Part, svg
from opla.presenting.refusals import sentence

_WHY_ASK: Final[dict[Because, str]] = {
    Because.NOT_TOLD: gettext_noop("Nobody has said what is on it. Take a reading, and the verdict follows."),
    Because.NOT_KNOWN: gettext_noop(
        "Not all of the operator's rules are known here, so nobody should pretend to know."
    ),
    Because.LAST_USE: gettext_noop("The number lives on being used, and nobody has said when it last was."),
    Because.LAST_TOP_UP: gettext_noop("The number lives on top-ups, and nobody has said when the last one was."),
}
_BY: Final[dict[Because, str]] = {
    Because.BENEFITS: gettext_noop("What is on it ends on %(day)s."),
    Because.CREDIT: gettext_noop("Credit is lost on %(day)s unless it is topped up before."),
    Because.NUMBER: gettext_noop("The number ends on %(day)s unless it is topped up before."),
    Because.BONUS: gettext_noop("A top-up gives its bonus until %(day)s, and later none."),
    Because.OFFER: gettext_noop("What you buy must begin by %(day)s."),
}
_CELLS: Final[dict[str, str]] = {
    "number_life": gettext_noop("how long the number lives"),
    "credit_lasts": gettext_noop("how long credit lasts"),
    "lasts": gettext_noop("how long what you buy lasts"),
    "early_renewal": gettext_noop("what renewing early does"),
    "credit": gettext_noop("how much credit it gives"),
    "contents": gettext_noop("what it gives"),
}
_CONDITIONS: Final[dict[Why, str]] = {
    Why.PLAN_UNKNOWN: gettext_noop("Only with a plan that gives a bonus. Not every plan does."),
    Why.WINDOW_UNKNOWN: gettext_noop("The bonus depends on the day of your last top-up, which nobody told us."),
}
_NOT_KNOWN: Final[dict[NotKnown, str]] = {
    NotKnown.RULE: gettext_noop("Nobody here knows how long a number of this operator lives. Ask its customer care."),
    NotKnown.SINCE: gettext_noop("Say when it was last topped up or used: its life is counted from then."),
    NotKnown.LOST: gettext_noop("By the operator's rule this number is lost already. Only its customer care can tell."),
    NotKnown.NOTHING_SOLD: gettext_noop("This shop sells nothing that would keep this number."),
}
#: The picture shows at least so much of what comes.
_LEAST: Final = timedelta(days=31)
_MOMENT: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class Way:
    """One way to go on, what it costs, and what is lost by it."""

    name: str
    cost: str
    lost: tuple[str, ...]


@dataclass(frozen=True)
class Said:
    """A verdict in words. `tone`: `mind` where something should be done, else `note`; `pay`: the button's text."""

    advice: str
    title: str
    why: tuple[str, ...]
    tone: str
    ways: tuple[Way, ...]
    product: str
    proposed: bool
    sample: bool
    pay: str


@dataclass(frozen=True)
class Card:
    """One line, as it is drawn."""

    kept: KeptLine
    operator: str
    known: bool  # the catalogue (still) has its operator
    number: str
    said: Said
    rows: Sequence[usage.Row]
    forecast: usage.Told | None
    picture: str
    read_at: datetime | None
    number_until: datetime | None


@dataclass(frozen=True)
class Do:
    """One thing to do to keep a number alive."""

    day: str
    what: str
    cost: str
    until: str
    warning: str


@dataclass(frozen=True)
class Alive:
    """What keeps a number, in words."""

    title: str
    exact: str
    doings: tuple[Do, ...]
    rule: str


def card(kept: KeptLine, advised: Advised, catalog: Catalog, at: datetime, number: str) -> Card:
    operator = catalog.operator(kept.operator)
    line = kept.usage.line
    return Card(
        kept=kept,
        operator=operator.name if operator else kept.operator,
        known=operator is not None,
        number=number,
        said=said(advised, at, line.currency),
        rows=usage.rows(kept.usage, at),
        forecast=usage.forecast(kept.usage, at) if kept.usage.before else None,
        picture=picture(kept.usage, advised.verdict, at),
        read_at=kept.usage.read_at,
        number_until=line.number_ends,
    )


def said(advised: Advised, at: datetime, currency: str) -> Said:
    found = advised.verdict
    cost = figures.money(Money(found.cost_minor, currency)) if found.renewal else ""
    product = advised.product.name if advised.product else ""
    buys = found.advice in (Advice.RENEW, Advice.WAIT, Advice.ASK) and advised.choice is not None
    doubts = {doubt for one in (found.renewal.effect.uncertain if found.renewal else ()) for doubt in one.doubts}
    pay = ""
    if buys and advised.choice:
        pay = _("Renew with %(product)s") % {"product": product}
    return Said(
        advice=str(found.advice),
        title=_title(found),
        why=tuple(_why(found, at, currency)),
        tone="mind" if found.advice is Advice.RENEW else "note",
        ways=tuple(_ways(found, cost, currency)) if found.because is not Because.NOT_TOLD else (),
        product=product if found.renewal else "",
        proposed=advised.proposed,
        sample=Doubt.SAMPLE in doubts,
        pay=pay,
    )


def _title(found: Verdict) -> str:
    by, since = _last(found.by), timeline.begins(found.since) if found.since else ""
    match found.advice:
        case Advice.RENEW if found.by:
            return _("Renew between today and %(by)s") % {"by": by}
        case Advice.RENEW:
            return _("Renew when you like")
        case Advice.WAIT if found.used_up:
            return _("Wait until the data is used up, about %(since)s") % {
                "since": figures.day(found.since or _never())
            }
        case Advice.WAIT if found.since and found.by:
            return _("Wait until %(since)s, then renew by %(by)s") % {"since": since, "by": by}
        case Advice.WAIT if found.since:
            return _("Wait until %(since)s, then renew") % {"since": since}
        case Advice.WAIT if found.because is Because.ALWAYS_COSTS:
            return _("Wait until it is used up")
        case Advice.WAIT:
            return _("Nothing to do")
        case Advice.LAPSE:
            return _("Let it lapse")
        case Advice.ASK if found.because is Because.NOT_KNOWN:
            return _("The operator decides")
        case Advice.ASK:
            return _("Say first what is on it")


def _never() -> datetime:
    raise AssertionError("what is used up has a day")


def _last(end: datetime | None) -> str:
    return timeline.until(end) if end else ""


def _why(found: Verdict, at: datetime, currency: str) -> Iterator[str]:
    match found.because:
        case Because.NUMBER_LOST:
            yield _("The number is lost: no top-up brings it back.")
        case Because.ENOUGH:
            yield _("What is there lasts for as long as you need it.")
        case Because.NOTHING_ENDS:
            yield _("Nothing ends that is known of.")
        case Because.ALWAYS_COSTS:
            yield _("Whenever you renew, something that is there is lost.")
        case Because.NOT_TOLD | Because.NOT_KNOWN | Because.LAST_USE | Because.LAST_TOP_UP:
            yield _(_WHY_ASK[found.because])
        case _ if found.by:
            yield _(_BY[found.because]) % {"day": _last(found.by)}
        case _:
            pass
    empty = found.empty_from
    if found.advice in (Advice.RENEW, Advice.WAIT) and empty is not None and empty != found.by:
        if empty <= at:
            yield _("Part of it is used up or over now.")
        else:
            yield _("From %(day)s on part of it is used up or over, until you renew.") % {"day": timeline.begins(empty)}
    if found.now_refused is not None:
        yield _("Not now: %(why)s") % {"why": sentence(found.now_refused)}
    if found.instead:
        yield _("What you chose last would come too late or take something away; this does not.")
    for why in found.conditions:
        yield _(_CONDITIONS[why])
    # What has no words of its own is not named: a field's name tells nobody anything.
    cells = [_(_CELLS[cell]) for cell in found.unknown if cell in _CELLS]
    if cells:
        yield _("Not known here: %(what)s.") % {"what": " · ".join(cells)}
    if found.advice is Advice.LAPSE and found.credit_minor:
        left = figures.money(Money(found.credit_minor, currency))
        yield _("There is %(credit)s of credit on it: you may ask it back.") % {"credit": left}


def _ways(found: Verdict, cost: str, currency: str) -> Iterator[Way]:
    """Now, at its time, never: each with its price."""
    if found.renewal and found.now_refused is None and (found.now_lost or found.advice is Advice.RENEW):
        yield Way(_("Renew now"), cost, _told(found.now_lost, currency))
    if found.renewal and found.since and found.advice is Advice.WAIT:
        then = _("Renew from %(since)s") % {"since": timeline.begins(found.since)}
        yield Way(then, cost, _told(found.meanwhile, currency))
    if found.because is not Because.NUMBER_LOST and (found.lapses or found.renewal):
        yield Way(_("Let it lapse"), figures.money(Money(0, currency)), _told(found.lapses, currency))


def _told(events: Iterable[Event], currency: str) -> tuple[str, ...]:
    """What is lost, each with its day."""
    found: list[str] = []
    for event in events:
        match event.sign:
            case Sign.BENEFIT_LOST if event.kind:
                what = timeline.amount(event.kind, event.amount, event.slow_kbps)
                until = _("%(what)s, there until %(day)s") % {"what": what, "day": _last(event.until)}
                found.append(until if event.until else what)
            case Sign.BUCKET_EXPIRES if event.kind:
                what = timeline.amount(event.kind, event.amount, event.slow_kbps)
                found.append(_("%(what)s, on %(day)s") % {"what": what, "day": _last(event.at)})
            case Sign.CREDIT_LOST:
                what = figures.money(Money(event.amount or 0, currency))
                found.append(_("%(what)s of credit, on %(day)s") % {"what": what, "day": _last(event.at)})
            case Sign.NUMBER_ENDS if event.until is not None and event.until > event.at:
                found.append(_("the number falls silent on %(day)s") % {"day": _last(event.at)})
            case Sign.NUMBER_ENDS | Sign.NUMBER_LOST:
                found.append(_("the number, on %(day)s") % {"day": _last(event.at)})
            case Sign.BONUS_NOT_GIVEN:
                found.append(_("the bonus: one is still running"))
            case _:
                pass
    return tuple(dict.fromkeys(found))


def picture(held: Usage, found: Verdict, at: datetime) -> str:
    """What the line holds over time, and when to renew: empty where there is nothing to draw."""
    line = held.line
    until = at + _LEAST
    parts: list[Part] = []
    things: dict[str, list[Bar]] = {}
    for bucket in line.buckets:
        if bucket.holds and not bucket.ended(at):
            words = timeline.holds(bucket, line.currency) + (
                f" → {timeline.last_day(bucket.ends)}" if bucket.ends else ""
            )
            bars = things.setdefault(timeline.kind(bucket.kind), [])
            bars.append(Bar(Ink.NOW, words, bucket.starts, bucket.ends))
    parts += [Part(name, tuple(bars)) for name, bars in things.items()]
    lots = [lot for lot in line.credit if lot.amount_minor and not lot.ended(at)]
    if lots:
        bars_of = tuple(
            Bar(
                Ink.NOW,
                timeline.holds(lot, line.currency) + (f" → {timeline.last_day(lot.ends)}" if lot.ends else ""),
                lot.starts or at,
                lot.ends,
            )
            for lot in lots
        )
        parts.append(Part(_("Credit"), bars_of))
    if not parts:
        return ""
    ends = [bar.ends for part in parts for bar in part.bars if bar.ends]
    near = [end for end in (*ends, found.since) if end is not None and end <= at + 4 * _LEAST]
    until = max([until, *near]) + timedelta(days=2)
    if found.since and found.since < until and found.renewal:
        words = timeline.begins(max(found.since, at)) + (f" → {timeline.last_day(found.by)}" if found.by else "")
        parts.append(Part(_("Renew"), (Bar(Ink.AFTER, words, max(found.since, at), found.by),)))
    return svg(parts, at, until, figures.day(at), figures.day(until))


def alive(found: KeptAlive, catalog: Catalog, currency: str) -> Alive:
    """The doings that keep a number, with the sum and how sure it is."""
    title = _("Nothing need be done until %(day)s: it costs nothing.") % {"day": _last(found.until)}
    if found.doings:
        cost = figures.money(Money(found.cost_minor, currency))
        title = _("The number lives until %(day)s for %(cost)s.") % {"day": _last(found.until), "cost": cost}
    exact = _("Cheapest: no list of top-ups on whole days costs less, at today's prices and without promotions.")
    if not found.exact:
        exact = _("Best found: what a call or an SMS costs, or all of the operator's rules, is not known here.")
    life = figures.length(found.lives_on.length)
    rules = {
        Since.TOP_UP: _("The operator's rule: a number lives %(length)s from the last top-up."),
        Since.USE: _("The operator's rule: a number lives %(length)s from the last paid use."),
        Since.PURCHASE: _("The operator's rule: a number lives %(length)s from the last purchase."),
        Since.USE_OR_PURCHASE: _("The operator's rule: a number lives %(length)s from the last use or purchase."),
    }
    rule = rules[found.lives_on.since] % {"length": life}
    return Alive(title, exact, tuple(_doings(found, catalog, currency)), rule)


def _doings(found: KeptAlive, catalog: Catalog, currency: str) -> Iterator[Do]:
    for doing in found.doings:
        product = catalog.product(doing.renewal.effect.sku) if doing.renewal else None
        what = _("Make a call or send an SMS that is paid from the credit")
        cost = _("from the credit")
        if doing.step is Step.TOP_UP:
            what = _("Top up: %(product)s") % {"product": product.name if product else ""}
            cost = figures.money(Money(doing.cost_minor, currency))
        lost = _told(doing.lost, currency)
        warning = _("This takes away: %(what)s.") % {"what": " · ".join(lost)} if lost else ""
        yield Do(figures.day(doing.day), what, cost, _last(doing.number_until), warning)


def not_known(why: NotKnown) -> str:
    return _(_NOT_KNOWN[why])


def months(n: int) -> str:
    return ngettext("%(n)s month", "%(n)s months", n) % {"n": n}
