"""What a product does, in words: each fact with how sure it is. The meaning is the catalogue's, the words are ours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from opla.core.catalog import Content, EarlyRenewal, Fact, FactKind, Length, NumberLife, Product, Shown, Since, describe
from opla.core.money import Money
from opla.presenting import figures


@dataclass(frozen=True)
class Line:
    """One fact as it is drawn. `mark` says how sure it is; empty for what is plainly known."""

    kind: FactKind
    label: str
    text: str
    shown: Shown
    mark: str


@dataclass(frozen=True)
class Group:
    """Facts equally sure, as one short line: `€15.00 credit · 4 GB`."""

    shown: Shown
    mark: str
    text: str


_LABELS: Final[dict[FactKind, str]] = {
    FactKind.CONTENTS: gettext_noop("What it gives"),
    FactKind.CREDIT_PRICE: gettext_noop("Costs"),
    FactKind.CREDIT: gettext_noop("Credit"),
    FactKind.DATA_MB: gettext_noop("Data"),
    FactKind.DATA_FULL_SPEED_MB: gettext_noop("Full speed up to"),
    FactKind.DATA_THEN_KBPS: gettext_noop("Then at"),
    FactKind.VOICE_MIN: gettext_noop("Calls"),
    FactKind.SMS: gettext_noop("SMS"),
    FactKind.EU_DATA_MB: gettext_noop("Data in the EU"),
    FactKind.NETWORK_GENERATION: gettext_noop("Network"),
    FactKind.MAX_MBPS: gettext_noop("Speed"),
    FactKind.LASTS: gettext_noop("Valid for"),
    FactKind.STARTS: gettext_noop("Starts"),
    FactKind.STARTS_AFTER: gettext_noop("Begins"),
    FactKind.EARLY_RENEWAL: gettext_noop("If some is left"),
    FactKind.ONCE_A_DAY: gettext_noop("How often"),
    FactKind.BONUS_MIN: gettext_noop("Bonus from"),
    FactKind.BONUS_WINDOW_DAYS: gettext_noop("Bonus only"),
    FactKind.BONUS_NEEDS_PLAN: gettext_noop("Bonus"),
    FactKind.CREDIT_LASTS: gettext_noop("Credit lives"),
    FactKind.CREDIT_RENEWAL: gettext_noop("Credit you have"),
    FactKind.CREDIT_CAP: gettext_noop("Credit at most"),
    FactKind.NUMBER_LIFE: gettext_noop("Your number"),
    FactKind.NUMBER_GRACE: gettext_noop("After that"),
    FactKind.PLAN_CHANGE: gettext_noop("Plan"),
    FactKind.PLAN_CHANGE_LOSES: gettext_noop("Changing plan"),
    FactKind.AUTO_RENEW: gettext_noop("Renewal"),
    FactKind.REIDENTIFY_MONTHS: gettext_noop("Identification"),
    FactKind.ACTIVATION: gettext_noop("Ready"),
    FactKind.CODE_EXPIRES: gettext_noop("The code"),
    FactKind.USE_BY: gettext_noop("Last day to begin"),
    FactKind.NEEDS: gettext_noop("Before it works"),
    FactKind.DELIVERY: gettext_noop("Delivery"),
}

#: Values that are words of the catalogue, and their sentences. Published words, so a new one needs a sentence here.
_WORDS: Final[dict[str, str]] = {
    "overwrite_all": gettext_noop("it is lost: the new one replaces it at once"),
    "overwrite_voice_roll_data": gettext_noop("minutes and SMS are lost; data is kept and lives on with the new one"),
    "restart_month": gettext_noop("the month starts anew at the top-up"),
    "credit_adds": gettext_noop("only credit is added; what is running stays as it is"),
    "queue": gettext_noop("the new one starts when the current one ends"),
    "refused_while_active": gettext_noop("the operator refuses a second one while the first is active"),
    "beside": gettext_noop("both run, each to its own end"),
    "keeps_its_end": gettext_noop("each top-up's credit lives its own time"),
    "lives_on_with_new": gettext_noop("a new top-up extends the credit you have too"),
    "adds_up": gettext_noop("a new top-up adds its time to what is left"),
    "at_top_up": gettext_noop("at the top-up"),
    "at_activation": gettext_noop("when you activate it"),
    "at_each_top_up": gettext_noop("can be kept or changed at each top-up"),
    "in_customer_zone": gettext_noop("can be changed in the operator's customer zone"),
    "once_a_period": gettext_noop("can be changed once in a period"),
    "never": gettext_noop("cannot be changed"),
    "none": gettext_noop("does not renew by itself"),
    "opt_in": gettext_noop("renews by itself only if you ask for it"),
    "built_in": gettext_noop("renews by itself as long as there is credit"),
    "credit_threshold": gettext_noop("the operator can top up when credit runs low"),
    "almost_at_once": gettext_noop("almost at once"),
    "later": gettext_noop("some time later"),
    "code": gettext_noop("you get a code to enter"),
    "direct": gettext_noop("credited automatically"),
    "esim": gettext_noop("you get an eSIM to install"),
    "sim": gettext_noop("you get a SIM card"),
    "identification": gettext_noop("the operator must know whose it is (identification)"),
    "internet": gettext_noop("the phone needs the internet once, by Wi-Fi or another SIM"),
    "top_up": gettext_noop("a first top-up"),
    "first_use": gettext_noop("a first call, SMS or use of data starts it"),
}

_CONTENTS: Final[dict[Content, str]] = {
    Content.CREDIT: gettext_noop("credit"),
    Content.DATA: gettext_noop("data"),
    Content.VOICE: gettext_noop("calls"),
    Content.SMS: gettext_noop("SMS"),
}

_GIVEN = (FactKind.CREDIT, FactKind.DATA_MB, FactKind.VOICE_MIN, FactKind.SMS)
_SHORT = (*_GIVEN, FactKind.LASTS)


def label(cell: str) -> str:
    """What a cell of the catalogue is about; a cell that is no fact of its own belongs to the bonus."""
    return _(_LABELS[FactKind(cell)] if cell in set(FactKind) else _LABELS[FactKind.BONUS_NEEDS_PLAN])


def mark(shown: Shown) -> str:
    match shown:
        case Shown.FACT:
            return ""
        case Shown.REPORTED:
            return _("reported")
        case Shown.NOT_VERIFIED:
            return _("not verified")
        case Shown.SAMPLE:
            return _("example")


def lines(product: Product, *, without: Iterable[FactKind] = ()) -> list[Line]:
    """Everything there is to say about a product, in the catalogue's order."""
    left_out = set(without)
    return [line(fact) for fact in describe(product) if fact.kind not in left_out]


def summary(product: Product) -> list[Group]:
    """The short form for a list of amounts: what is given and how long, grouped by how sure it is."""
    told = [fact for fact in describe(product) if fact.kind in _SHORT]
    order = {shown: place for place, shown in enumerate(Shown)}
    told.sort(key=lambda fact: order[fact.cell.shown_as])
    groups = []
    for shown, facts in groupby(told, key=lambda fact: fact.cell.shown_as):
        if shown is Shown.NOT_VERIFIED:
            text = " · ".join(_(_LABELS[fact.kind]) for fact in facts)
        else:
            # A figure and its unit stay on one line, and no line begins with a dot.
            text = "\N{NO-BREAK SPACE}· ".join(_short(fact).replace(" ", "\N{NO-BREAK SPACE}") for fact in facts)
        groups.append(Group(shown, mark(shown), text))
    return groups


def delivery(product: Product) -> str:
    return _(_WORDS[str(product.delivery.value)])


def has_sample(product: Product) -> bool:
    return any(fact.cell.shown_as is Shown.SAMPLE for fact in describe(product)) or product.sample


def line(fact: Fact) -> Line:
    """One fact, whoever it is of."""
    shown = fact.cell.shown_as
    text = _("the operator decides") if shown is Shown.NOT_VERIFIED else value(fact)
    return Line(fact.kind, _(_LABELS[fact.kind]), text, shown, mark(shown))


def _short(fact: Fact) -> str:
    said = value(fact)
    match fact.kind, fact.cell.value:
        case FactKind.CREDIT, _:
            return _("%(amount)s credit") % {"amount": said}
        case FactKind.LASTS, _:
            return _("valid for %(time)s") % {"time": said}
        case FactKind.SMS, "unlimited":
            return _("unlimited SMS")
        case FactKind.VOICE_MIN, "unlimited":
            return _("unlimited calls")
        case FactKind.DATA_MB, "unlimited":
            return _("unlimited data")
        case _:
            return said


def value(fact: Fact) -> str:
    """The value of one known fact as a phrase."""
    match fact.kind, fact.cell.value:
        case FactKind.EU_DATA_MB, "unlimited":
            return _("all of it")
        case _, "unlimited":
            return _("unlimited")
        case FactKind.CREDIT_PRICE, Money() as amount:
            return _("%(amount)s from the credit on your SIM") % {"amount": figures.money(amount)}
        case FactKind.DATA_MB | FactKind.DATA_FULL_SPEED_MB | FactKind.EU_DATA_MB, int(amount):
            return figures.megabytes(amount)
        case FactKind.MAX_MBPS, int(speed):
            return _("up to %(n)s Mbps") % {"n": speed}
        case FactKind.STARTS_AFTER, Length() as wait:
            return _("%(time)s after the top-up") % {"time": figures.length(wait)}
        case FactKind.NUMBER_GRACE, Length() as grace:
            return _("a top-up within %(time)s still saves it") % {"time": figures.length(grace)}
        case FactKind.ONCE_A_DAY, bool(once):
            return _("once a day") if once else _("as often as you like")
        case FactKind.NETWORK_GENERATION, str(generation):
            return generation
        case FactKind.USE_BY, date() as day:
            return figures.day(day)
        case FactKind.DATA_THEN_KBPS, int(speed):
            return f"{speed} kbps"
        case FactKind.VOICE_MIN, int(minutes):
            return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
        case FactKind.SMS, int(count):
            return ngettext("%(n)s SMS", "%(n)s SMS", count) % {"n": count}
        case FactKind.BONUS_WINDOW_DAYS, int(days):
            said = ngettext("within %(n)s day of the last top-up", "within %(n)s days of the last top-up", days)
            return said % {"n": days}
        case FactKind.REIDENTIFY_MONTHS, int(months):
            said = ngettext("asked again after %(n)s month", "asked again after %(n)s months", months)
            return said % {"n": months}
        case FactKind.BONUS_NEEDS_PLAN, bool(needs):
            return _("not every plan gives one") if needs else _("every plan gives one")
        case FactKind.CODE_EXPIRES, bool(expires):
            return _("has a last day; use it before") if expires else _("has no last day")
        case FactKind.NEEDS, tuple(needs):
            return "; ".join(_(_WORDS[str(need)]) for need in needs)
        case FactKind.CREDIT_CAP, Length() as lived:
            return figures.length(lived)
        case _, Money() as amount:
            return figures.money(amount)
        case _, Length() as lived:
            return figures.length(lived)
        case _, NumberLife(length=lived, since=since):
            return _number_life(lived, since)
        case FactKind.CONTENTS | FactKind.PLAN_CHANGE_LOSES, tuple(contents):
            named = ", ".join(_(_CONTENTS[Content(content)]) for content in contents)
            return _("you lose: %(what)s") % {"what": named} if fact.kind is FactKind.PLAN_CHANGE_LOSES else named
        case _, word:
            return _(_WORDS[str(word)])


def _number_life(lived: Length, since: Since) -> str:
    if since is Since.USE:
        return _("is lost after %(time)s without use") % {"time": figures.length(lived)}
    if since is Since.PURCHASE:
        return _("is lost after %(time)s in which nothing is bought") % {"time": figures.length(lived)}
    if since is Since.USE_OR_PURCHASE:
        return _("is lost after %(time)s without use or a purchase") % {"time": figures.length(lived)}
    return _("is lost after %(time)s without a top-up") % {"time": figures.length(lived)}


#: What says from when it can be used.
WHEN: Final = (FactKind.STARTS, FactKind.STARTS_AFTER, FactKind.ACTIVATION)


def when(product: Product) -> list[Line]:
    """From when it can be used, or that nobody knows. A quote and its order keep the version of the catalogue they
    were made from, so this says for ever what was said before paying."""
    said = [line(fact) for fact in describe(product) if fact.kind in WHEN]
    return said or [line(Fact(FactKind.STARTS, product.rules.starts))]


def replaces(product: Product) -> Line | None:
    """What becomes of what is left: the line people must see before they pay."""
    for fact in describe(product):
        if fact.kind is FactKind.EARLY_RENEWAL:
            return line(fact)
    return None


def loses_something(product: Product) -> bool:
    """Whether renewing early costs what is left: then it is a warning, not a note."""
    return product.rules.early_renewal.value in (EarlyRenewal.OVERWRITE_ALL, EarlyRenewal.OVERWRITE_VOICE_ROLL_DATA)
