"""What a SIM holds, what was unclear in an operator's answer, and when the data ends: in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from urllib.parse import quote

from babel.numbers import format_decimal
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from opla.core.balance import Doubt, Question, What
from opla.core.catalog import Cell, Method, MethodKind, Operator, Shown, tel_uri
from opla.core.entered import KINDS
from opla.core.forecast import Forecast, Verdict
from opla.core.money import Money
from opla.core.usage import Usage
from opla.core.which import Why
from opla.presenting import facts, figures, pictures

_WHAT: Final[dict[What, str]] = {
    What.CREDIT: gettext_noop("Credit"),
    What.DATA: gettext_noop("Data"),
    What.VOICE: gettext_noop("Calls"),
    What.SMS: gettext_noop("SMS"),
}
_OF_KIND: Final = {kind: what for what, kind in KINDS.items()}

_DOUBTS: Final[dict[Doubt, str]] = {
    Doubt.UNIT: gettext_noop("Its unit is missing, or can mean two things."),
    Doubt.SEPARATOR: gettext_noop("The point or comma in it can be read in two ways."),
    Doubt.USED: gettext_noop("It may be what is used, or what is left."),
    Doubt.SEVERAL: gettext_noop("There is more than one figure. Which one is for use in Belgium?"),
    Doubt.OFFER: gettext_noop("It may be an offer, not what you have."),
    Doubt.DATE: gettext_noop("Day and month can be read in two ways."),
    Doubt.YEAR: gettext_noop("The year is missing, and this day was not long ago."),
    Doubt.LAST_DAY: gettext_noop("Today may count, or not."),
    Doubt.WHOSE: gettext_noop("The date may belong to something else."),
}

_WHY: Final[dict[Why, str]] = {
    Why.NAME: gettext_noop("you saw its name"),
    Why.CODE: gettext_noop("you saw its network code"),
    Why.CARRIED: gettext_noop("it uses the network you saw"),
    Why.NUMBER: gettext_noop("your number was first given to it, and numbers move"),
}


@dataclass(frozen=True)
class Ask:
    """One way to ask the operator what the SIM holds: to tap, to copy, or to do by hand."""

    title: str
    shown: str
    href: str
    button: str
    copy: str
    step: str
    mark: str


@dataclass(frozen=True)
class Option:
    value: str
    label: str


@dataclass(frozen=True)
class Asked:
    """A question about an answer, as it is drawn."""

    name: str
    title: str
    doubts: tuple[str, ...]
    said: tuple[str, ...]
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Row:
    """One thing a SIM holds."""

    label: str
    amount: str
    until: str
    soon: bool  # it ends within three days


@dataclass(frozen=True)
class Told:
    """A forecast in words. `mind`: something ends sooner than it expires. `picture` shows the same, as SVG."""

    title: str
    text: str
    mind: bool
    picture: str = ""


@dataclass(frozen=True)
class KindForm:
    """The names of the fields of one kind of thing, and their labels. `free` is empty where nothing is unlimited."""

    name: str
    title: str
    label: str
    until: str
    exact: str
    free: str
    filled: bool

    @property
    def unit(self) -> str:
        return "data_unit" if self.name == What.DATA else ""


def label(what: What) -> str:
    return _(_WHAT[what])


def why(reason: Why) -> str:
    return _(_WHY[reason])


def ways(operator: Operator) -> list[Ask]:
    """How to ask this operator, in the catalogue's order."""
    return [_way(cell, cell.value) for cell in operator.balance if cell.value is not None]


def dials(operators: Iterable[Operator]) -> list[tuple[Operator, Ask]]:
    """The codes that show a balance, one per operator: whose code answers, whose SIM it is most probably."""
    found = []
    for operator in operators:
        codes = [way for way in ways(operator) if way.href.startswith("tel:")]
        if codes:
            found.append((operator, codes[0]))
    return found


def _way(cell: Cell[Method], method: Method) -> Ask:
    mark = "" if cell.shown_as is Shown.FACT else facts.mark(cell.shown_as)
    match method.kind:
        case MethodKind.USSD | MethodKind.CALL:
            return Ask(
                _("Dial it"), method.dial, tel_uri(method.dial), _("Dial"), method.dial,
                _("Use the phone that holds the SIM. The answer comes on the screen or by SMS."), mark,
            )  # fmt: skip
        case MethodKind.SMS:
            href = f"sms:{method.to}" + (f"?body={quote(method.body)}" if method.body else "")
            said = _("Send exactly this text to %(number)s from the phone that holds the SIM.") % {"number": method.to}
            return Ask(
                _("Send an SMS"), f"{method.body} → {method.to}", href, _("Write the SMS"), method.body, said, mark
            )
        case MethodKind.WEB:
            url = method.url if method.url.startswith(("http://", "https://")) else f"https://{method.url}"
            step = _("Sign in there and look for your balance.")
            return Ask(_("See it on the website"), method.url, url, _("Open the website"), "", step, mark)
        case MethodKind.APP:
            return Ask(
                _("See it in the app"), "", "", "", "", _("Open the operator's app and look for your balance."), mark
            )


def asked(question: Question, currency: str) -> Asked:
    """A question with its candidates, and always the way out: none of them."""
    if question.ends:
        title = _("Until when: %(what)s") % {"what": label(question.what)}
        options = [Option(str(n), until(end)) for n, end in enumerate(question.ends)]
        options.append(Option("no", _("no end is said for it")))
    else:
        title = label(question.what)
        options = [Option(str(n), amount(question.what, value, currency)) for n, value in enumerate(question.amounts)]
        options.append(Option("no", _("none of these")))
    doubts = tuple(_(_DOUBTS[doubt]) for doubt in Doubt if doubt in question.doubts)
    return Asked(question.name, title, doubts, question.said, tuple(options))


def amount(what: What, value: int | None, currency: str) -> str:
    """`1.2 GB`, `60 minutes`, `45 SMS`, `€12.35`; None is unlimited."""
    if value is None:
        return _("unlimited")
    match what:
        case What.CREDIT:
            return figures.money(Money(value, currency))
        case What.DATA:
            return data(value)
        case What.VOICE:
            minutes = value // 60
            return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": _grouped(minutes)}
        case What.SMS:
            return ngettext("%(n)s SMS", "%(n)s SMS", value) % {"n": _grouped(value)}


def data(kb: int) -> str:
    """`1.25 GB`, `850 MB`, `1.5 MB`, `12 kB`."""
    if kb < 1000:
        return f"{kb} kB"
    if kb < 100_000 and kb % 1000:
        return f"{format_decimal(Decimal(kb // 100) / 10, locale=figures.locale())} MB"
    return figures.megabytes(kb // 1000)


def _grouped(n: int) -> str:
    return format_decimal(n, locale=figures.locale())


def until(end: datetime) -> str:
    """The last day of an exclusive end, or its minute when it is not midnight."""
    local = timezone.localtime(end)
    if (local.hour, local.minute) == (0, 0):
        return figures.day((local - timedelta(minutes=1)).date())
    return figures.moment(end)


def rows(usage: Usage, at: datetime) -> list[Row]:
    """What the line holds, credit first."""
    line = usage.line
    found = [
        _row(label(What.CREDIT), amount(What.CREDIT, lot.amount_minor, line.currency), lot.ends, at)
        for lot in line.credit
    ]
    return found + buckets(usage, at)


def buckets(usage: Usage, at: datetime) -> list[Row]:
    """The buckets of a line, in its order."""
    return [
        _row(label(_OF_KIND[b.kind]), amount(_OF_KIND[b.kind], b.left, usage.line.currency), b.ends, at)
        for b in usage.line.buckets
    ]


def _row(named: str, amount_: str, end: datetime | None, at: datetime) -> Row:
    if end is None:
        return Row(named, amount_, _("no end is known"), soon=False)
    if end <= at:
        return Row(named, amount_, _("ended on %(day)s") % {"day": until(end)}, soon=True)
    return Row(named, amount_, _("until %(day)s") % {"day": until(end)}, soon=end - at <= timedelta(days=3))


def forecast(usage: Usage, at: datetime) -> Told | None:
    """When the data ends; None where there is no data with an amount."""
    if usage.data is None:
        return None
    found = usage.forecast
    if found is None:
        return Told(
            _("When will the data end?"),
            _("One reading cannot tell. Come back with this file after a day or more, or say when you last topped up."),
            mind=False,
        )
    rate = _rate(found)
    if found.verdict is Verdict.LASTS:
        if found.until is None:
            return Told(_("Your data lasts for years at this rate."), rate, mind=False)
        title = _("Your data lasts until it expires on %(day)s.") % {"day": until(found.until)}
        return Told(title, rate, mind=False, picture=_picture(found, title))
    title, text = _title(found, at), f"{_band(found)} {rate}"
    return Told(title, text, mind=True, picture=_picture(found, f"{title} {text}"))


def _picture(found: Forecast, said: str) -> str:
    """From the reading to when it expires, or to the latest end where that is not known."""
    start, last = found.measured.at, found.until or found.latest or found.likely or found.earliest
    if last is None or last <= start:
        return ""
    first, likely, latest = (
        end and min(end, last) if found.until else end for end in (found.earliest, found.likely, found.latest)
    )
    if likely == found.until:
        likely = None  # it expires first, and that has a mark already
    labels = figures.day(start), until(last) if found.until else figures.day(last)
    return pictures.band(start, (first, likely, latest), found.until, labels, said)


def _title(found: Forecast, at: datetime) -> str:
    likely = found.likely
    if found.measured.left == 0:
        return _("Your data is used up.")
    if likely is None or (found.until is not None and likely >= found.until):
        return _("Your data may end before it expires.")
    if likely <= at:
        return _("By now your data has probably ended.")
    return _("Your data will probably end on %(day)s.") % {"day": figures.day(likely)}


def _band(found: Forecast) -> str:
    if found.earliest is None or found.measured.left == 0:
        return ""
    latest = found.latest if found.until is None or (found.latest and found.latest < found.until) else found.until
    between = {"first": figures.day(found.earliest), "last": figures.day(latest) if latest else ""}
    if latest is None:
        return _("Not before %(first)s.") % between
    if latest is found.until:
        return _("Between %(first)s and its expiry on %(last)s.") % {**between, "last": until(latest)}
    return _("Between %(first)s and %(last)s.") % between


def interval(days: int) -> str:
    """How often somebody wants to be asked for a new reading; 0: never."""
    if not days:
        return _("never")
    return ngettext("every %(n)s day", "every %(n)s days", days) % {"n": days}


def _rate(found: Forecast) -> str:
    return _("You use about %(likely)s a day, between %(slow)s and %(fast)s.") % {
        "likely": data(found.likely_per_day),
        "slow": data(found.slow_per_day),
        "fast": data(found.fast_per_day),
    }


def kinds(typed: Mapping[str, str]) -> list[KindForm]:
    """The fields of each kind of thing, in the order they are asked; `filled` where something stands in them."""
    labels = {
        What.DATA: _("Amount left"),
        What.CREDIT: _("Euros left"),
        What.VOICE: _("Minutes left"),
        What.SMS: _("SMS left"),
    }
    return [
        KindForm(
            str(what), label(what), labels[what], f"{what}_until", f"{what}_at",
            "" if what is What.CREDIT else f"free_{what}",
            bool(typed.get(str(what)) or typed.get(f"free_{what}") or typed.get(f"{what}_until")),
        )
        for what in labels
    ]  # fmt: skip
