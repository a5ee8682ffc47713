"""The guide's pages about the country: one card of any operator, a stay of so many days, whose SIM it is."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from opla.core.catalog import AuthorityKind, Catalog, Cell, Fact, FactKind, Length, Operator, Rules, Shown
from opla.core.guide import STAY_DAYS, Asked, Question, asked, dials_of, times
from opla.presenting import facts, official, plans, usage
from opla.presenting.guide.page import Guide, Link, Row, Step, Table, sold, title


def _selling(catalog: Catalog) -> list[Operator]:
    return [operator for operator in catalog.operators if sold(catalog, operator)]


def renew(one: Asked, catalog: Catalog) -> Guide:
    selling = _selling(catalog)
    links = [Link(title(Asked(Question.TOP_UP, o.id), catalog), page=Asked(Question.TOP_UP, o.id)) for o in selling]
    steps = [
        Step(_("Find out which operator the SIM is of: dial a code that shows a balance."),
             links=[Link(title(Asked(Question.WHOSE), catalog), page=Asked(Question.WHOSE))]
             if Asked(Question.WHOSE) in asked(catalog) else []),
        Step(_("Look what is left and until when, before you pay for more.")),
        Step(_("Choose the operator. Each has its own way."), links=links),
        Step(_("Pay with a card or with what your phone offers. A receipt and the page of your order come by e-mail.")),
        Step(_("Enter the code on the phone with the SIM, and wait for the operator's SMS.")),
    ]  # fmt: skip
    rows = []
    for operator in selling:
        cell = operator.network_generation
        shown = cell.shown_as
        text = cell.value or _("the operator decides")
        rows.append(Row(operator.name, text, facts.mark(shown), shown))
    notes = [_("4G and 5G cards are topped up in the same way: the amount decides, not the network.")]
    cells = ([operator.network_generation for operator in selling], [operator.balance for operator in selling])
    short = _("As any prepaid card: know the operator, choose an amount, enter the code.")
    table = Table(_("Network for prepaid"), rows)
    return Guide(title(one, catalog), short, steps, [table], notes, [], cells)


def stay(one: Asked, catalog: Catalog) -> Guide:
    rows, cells = [], []
    for operator in catalog.operators:
        for name, rules in _lasting(operator, catalog):
            cells.append(rules.lasts)
            rows.append(_lasts_row(name, rules.lasts))
    links = [
        Link(plans.habit(habit), "plan", query=f"use={habit}&days={STAY_DAYS}") for habit in ("maps", "video", "work")
    ]
    steps = [
        Step(_("Say how you use a phone: the shop finds the cheapest purchases for these days, with the reasons."),
             links=links),
        Step(_("Renew on the last days of each period, and be reminded of it.")),
        Step(_("At the end, what is left does not come back by itself: buy the last period as small as it can be.")),
    ]  # fmt: skip
    short = _("Count how often each must be renewed, and let the shop find the cheapest.")
    notes = [_("Operators whose figures are not known are left out of the search, and named there.")]
    said = _("How often it is bought for %(days)s days") % {"days": STAY_DAYS}
    return Guide(title(one, catalog), short, steps, [Table(said, rows)], notes, [], tuple(cells))


def _lasting(operator: Operator, catalog: Catalog) -> list[tuple[str, Rules]]:
    """What there is to buy of an operator; its bundles where a top-up itself is only credit."""
    bundles = [p for p in catalog.bundles_of(operator.id) if p.on_sale and not p.sample]
    if sold(catalog, operator) and (operator.rules.lasts.known or not bundles):
        return [(operator.name, operator.rules)]
    lengths = {bundle.rules.lasts: bundle for bundle in reversed(bundles)}
    return [(f"{operator.name} {bundle.name}", bundle.rules) for bundle in lengths.values()]


def _lasts_row(name: str, cell: Cell[Length]) -> Row:
    line = facts.line(Fact(FactKind.LASTS, cell))
    if cell.value is None:
        return Row(name, line.text, line.mark, line.shown)
    n = times(cell.value, STAY_DAYS)
    said = ngettext("%(n)s time", "%(n)s times", n) % {"n": n} if n else _("as long as the number")
    return Row(name, f"{line.text}: {said}", line.mark, line.shown)


def whose(one: Asked, catalog: Catalog) -> Guide:
    dials = [(operator, way) for operator, way in usage.dials(catalog.operators) if dials_of(operator)]
    rows = [Row(operator.name, way.shown, way.mark, Shown.REPORTED, way.href) for operator, way in dials]
    steps = [
        Step(_("Look at the card, its letter or the top of the screen: the operator's name stands there.")),
        Step(_("Dial the codes below from the SIM. The one that shows a balance is your operator's.")),
        Step(_("Or answer a few questions."), links=[Link(_("Find the operator"), "have-which")]),
    ]
    lookups = [
        contact
        for office in official.offices(catalog.authorities, AuthorityKind.NUMBER_LOOKUP)
        for contact in office.contacts
    ]
    if lookups:
        steps.append(Step(_("The country's register says whose a number is now."), lookups))
    notes = [_("How a number begins is only a hint: numbers move between operators.")]
    short = _("Dial a code: whose answers, whose SIM it is.")
    cells = ([operator.balance for operator, _way in dials],)
    return Guide(title(one, catalog), short, steps, [Table(_("Dial it"), rows)], notes, [], cells)
