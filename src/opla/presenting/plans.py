"""What the planner answers, in words of the active language: the shop's page and the terminal say the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from opla.core.catalog import Catalog
from opla.core.effects import Doubt
from opla.core.line import Bucket, Credit, Kind
from opla.core.money import Money
from opla.core.planner import Answer, Change, LeftOut, Plan, Purchase, Reason, gaps
from opla.core.timeline import Event, Sign, Timeline
from opla.presenting import facts, figures, timeline

_KINDS: Final[dict[Kind, str]] = {
    Kind.DATA: gettext_noop("data"),
    Kind.VOICE: gettext_noop("calls"),
    Kind.SMS: gettext_noop("SMS"),
}

#: What "cheapest" means here, and what was not looked at.
_MEANING: Final = (
    gettext_noop(
        "Cheapest means: nothing bought at the beginning of a day, or when something ends, covers it for less."
    ),
    gettext_noop("Our fee and promotions are counted, and the price of a new SIM where it is known."),
    gettext_noop("Not considered: two SIMs at once, changing operator or plan on the way, what operators add."),
    gettext_noop("Data that goes on more slowly counts only when it is fast enough for you."),
)

#: Ways of using a phone, by the names the shop's form has for them.
_HABITS: Final[dict[str, str]] = {
    "maps": gettext_noop("Maps and chat"),
    "video": gettext_noop("Video and social media"),
    "work": gettext_noop("Work, and a hotspot for a computer"),
}


@dataclass(frozen=True)
class Bought:
    """One purchase in words.

    paid    from what, where that is not the purse; or what a promotion takes off
    amount  the face value, as the shop's address takes it; empty for what is not bought with money
    due     it is to be made now, so the shop can begin with it
    """

    sku: str
    name: str
    when: str
    price: str
    paid: str
    reason: str
    amount: str
    due: bool


def habit(name: str) -> str:
    return _(_HABITS[name])


def kinds(several: Sequence[Kind]) -> str:
    """`data, calls and SMS`."""
    *first, last = (_(_KINDS[kind]) for kind in several)
    return _(" and ").join([_(", ").join(first), last] if first else [last])


def reason(purchase: Purchase) -> str:
    """Why it is bought on that day."""
    if purchase.reason is Reason.PAYS:
        return _("its credit pays for what follows")
    if purchase.reason is Reason.KEEPS_WHAT_IS_LEFT:
        return _("in time, before something lapses")
    return _("%(what)s would not be enough on this day") % {"what": kinds(purchase.kinds)}


def title(plan: Plan) -> str:
    """Whether it is the cheapest, or only the best that was found."""
    return _("Cheapest") if plan.exact else _("Best found; whether it is the cheapest is not known")


def meaning() -> Iterator[str]:
    """What "cheapest" means, and what was not considered."""
    return (_(sentence) for sentence in _MEANING)


def operator(catalog: Catalog, operator_id: str) -> str:
    found = catalog.operator(operator_id)
    return found.name if found else operator_id


def product(catalog: Catalog, sku: str) -> str:
    found = catalog.product(sku) or catalog.bundle(sku)
    return found.name if found else sku


def line(plan: Plan, catalog: Catalog) -> str:
    """Whose SIM the plan is for: `BASE · a new SIM`, `Proximus · plan With bonus · your SIM`."""
    brand = catalog.operator(plan.operator)
    named = next((one.name.value for one in brand.plans if one.id == plan.plan), plan.plan) if brand else plan.plan
    said = [operator(catalog, plan.operator)]
    if named:
        said.append(_("plan %(name)s") % {"name": named})
    return " · ".join([*said, _("your SIM") if plan.own_line else _("a new SIM")])


def cost(plan: Plan) -> str:
    return figures.money(Money(plan.cost_minor, plan.currency))


def rates(plan: Plan) -> str:
    """`€0.79 a day · €3.10 a GB`."""
    said = [_("%(price)s a day") % {"price": figures.money(Money(plan.per_day_minor, plan.currency))}]
    if plan.per_gb_minor is not None:
        said.append(_("%(price)s a GB") % {"price": figures.money(Money(plan.per_gb_minor, plan.currency))})
    return " · ".join(said)


def purchases(plan: Plan, catalog: Catalog, at: datetime, lived: Timeline | None = None) -> list[Bought]:
    """In their order, as seen at an instant: what was to be bought when this day began is bought today.

    lived  the plan's days, if what renews by itself is to be said too
    """
    found = [(one.at, _bought(one, plan, catalog, at)) for one in plan.purchases]
    renewed = (event for event in lived.events if event.sign is Sign.RENEWED) if lived else ()
    found.extend((event.at, _renewed(event, plan, catalog)) for event in renewed)
    return [one for _at, one in sorted(found, key=lambda pair: pair[0])]


def _bought(one: Purchase, plan: Plan, catalog: Catalog, at: datetime) -> Bought:
    price = figures.money(Money(one.cost_minor or one.credit_minor, plan.currency))
    due = one.at <= at and figures.local_day(one.at) == figures.local_day(at)
    return Bought(
        one.sku,
        product(catalog, one.sku),
        _("Today") if due else timeline.begins(one.at),
        price,
        _from_credit() if one.credit_minor else _less(one, plan.currency),
        reason(one),
        "" if one.credit_minor else Money(one.face_minor, plan.currency).decimal,
        due,
    )


def _renewed(event: Event, plan: Plan, catalog: Catalog) -> Bought:
    price = figures.money(Money(event.amount or 0, plan.currency))
    return Bought(
        event.sku,
        product(catalog, event.sku),
        timeline.begins(event.at),
        price,
        _from_credit(),
        _("renews by itself"),
        "",
        due=False,
    )


def _less(one: Purchase, currency: str) -> str:
    """What promotions of ours take off; empty where they do not."""
    off_minor = sum(each.off_minor + each.fee_minor for each in one.promotions)
    if not off_minor:
        return ""
    said = _("%(off)s less, while the promotion lasts") if one.while_it_lasts else _("%(off)s less by promotion")
    return said % {"off": figures.money(Money(off_minor, currency))}


def _from_credit() -> str:
    return _("from the credit on the SIM")


def left_over(plan: Plan, end: datetime) -> list[str]:
    """What the SIM still holds when the last day ends, at `end`."""
    held: tuple[Bucket | Credit, ...] = (*plan.left_over.buckets, *plan.left_over.credit)
    return [f"{timeline.holds(one, plan.currency)} {timeline.lasts(one, end)}" for one in held]


def amounts(needed: Mapping[Kind, int]) -> str:
    """`8 GB · 120 minutes · 10 SMS`: what is wanted, without what is not."""
    said = (_amount(kind, figure) for kind, figure in needed.items() if figure)
    # A figure and its unit stay on one line, and no line begins with a dot.
    return "\N{NO-BREAK SPACE}· ".join(one.replace(" ", "\N{NO-BREAK SPACE}") for one in said)


def _amount(kind: Kind, figure: int) -> str:
    """As `timeline.amount`, for where no heading says what is counted."""
    if kind is Kind.SMS:
        return ngettext("%(n)s SMS message", "%(n)s SMS messages", figure) % {"n": figure}
    return timeline.amount(kind, figure)


def days_covered(answer: Answer) -> str:
    """With a budget that is not enough for all days: how many it covers. Empty when it is."""
    missed = len(answer.best.missed)
    if not missed:
        return ""
    covered = answer.days - missed
    said = ngettext("This covers %(n)s day of %(all)s.", "This covers %(n)s days of %(all)s.", covered)
    return said % {"n": covered, "all": answer.days}


def not_covered(plan: Plan) -> list[str]:
    """Each run of days that the money does not cover, and what of the need fails on them."""
    return [
        _("Not covered: %(since)s to %(until)s (%(kinds)s)")
        % {"since": figures.day(gap.since), "until": figures.day(gap.until), "kinds": kinds(gap.kinds)}
        for gap in gaps(plan.missed)
    ]


def waits(plan: Plan) -> str:
    """Whether it is cheaper to wait, and safe; empty when it is not."""
    if plan.waiting is None:
        return ""
    said = {
        "day": timeline.begins(plan.waiting.until),
        "saves": figures.money(Money(plan.waiting.saves_minor, plan.currency)),
    }
    return _("Buy nothing before %(day)s: a promotion then saves %(saves)s, and what is there lasts until then.") % said


def sim(plan: Plan) -> str:
    """What of the cost is for the SIM itself; empty where there is one, or it costs nothing."""
    if plan.sim_minor is None:
        return _("The price of the new SIM is not known, and not counted.")
    if plan.own_line or not plan.sim_minor:
        return ""
    return _("%(price)s of it for the new SIM") % {"price": figures.money(Money(plan.sim_minor, plan.currency))}


def change(found: Change, catalog: Catalog, currency: str) -> str:
    """`From 25.1 GB per 30 days on: €60.00, BASE (BASE 30)`."""
    then = _("nothing that can be bought covers it")
    if found.cost_minor is not None:
        then = _("%(cost)s, %(operator)s (%(products)s)") % {
            "cost": figures.money(Money(found.cost_minor, currency)),
            "operator": operator(catalog, found.operator),
            "products": _listed(product(catalog, sku) for sku in found.skus),
        }
    told = {"amount": _amount(found.kind, found.amount), "then": then}
    return _("From %(amount)s per 30 days on: %(then)s") % told


def left_out(found: LeftOut, catalog: Catalog) -> str:
    """`Lycamobile 30 (Valid for, Data)`: a product that was not considered, and what of it is not known."""
    cells = _listed(facts.label(cell) for cell in found.cells)
    return _("%(product)s (%(cells)s)") % {"product": product(catalog, found.sku), "cells": cells}


def _listed(names: Iterable[str]) -> str:
    """Each once, in its order."""
    return _(", ").join(dict.fromkeys(names))


def sampled(plan: Plan) -> bool:
    """Whether some figure it was computed from is invented, as beside the sandbox."""
    return any(Doubt.SAMPLE in doubt.doubts for _sku, doubt in plan.uncertain)


def doubts(plan: Plan) -> str:
    """What is to be minded about the figures; empty when all are plainly known."""
    if sampled(plan):
        return _("SAMPLE: some of these figures are invented for the sandbox, so this is an example and no advice.")
    return _("Some of these figures are only reported, or disputed.") if plan.uncertain else ""


def told(answer: Answer, catalog: Catalog, at: datetime, end: datetime, lived: Timeline | None) -> Iterator[str]:
    """The answer in lines of text, as seen `at` an instant; the last day ends at `end`."""
    best = answer.best
    heading = {"title": title(best), "cost": cost(best), "line": line(best, catalog)}
    yield _("%(title)s: %(cost)s, %(line)s") % heading
    for one in purchases(best, catalog, at, lived):
        yield "  " + " · ".join(said for said in (one.when, one.name, one.price, one.paid, one.reason) if said)
    if covered := days_covered(answer):
        yield f"  {covered}"
    for said in (*not_covered(best), waits(best), sim(best)):
        if said:
            yield f"  {said}"
    yield f"  {rates(best)}"
    yield "  " + _("Left over at the end: %(what)s") % {"what": "; ".join(left_over(best, end)) or _("nothing")}
    if minded := doubts(best):
        yield f"  {minded}"
    for other in answer.runners_up:
        yield _("Then: %(cost)s, %(line)s") % {"cost": cost(other), "line": line(other, catalog)}
    if names := cannot(answer, catalog):
        yield _("Not enough at any price, as far as we looked:") + f" {names}"


def looking() -> str:
    return _("Looking for what would change it …")


def cannot(answer: Answer, catalog: Catalog) -> str:
    """The operators with which it is not covered; empty when there are none."""
    return _listed(operator(catalog, one.operator) for one in answer.uncovered)


def footnotes(answer: Answer, catalog: Catalog) -> Iterator[str]:
    """What was left out, and what the answer means."""
    if answer.left_out:
        names = "; ".join(left_out(one, catalog) for one in answer.left_out)
        yield _("Left out, because a figure is not known:") + f" {names}"
    yield from meaning()
