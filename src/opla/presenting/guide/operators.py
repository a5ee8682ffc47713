"""The guide's pages about one operator: made of its cells, each with how sure it is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.catalog import (
    Catalog,
    Cell,
    EarlyRenewal,
    Fact,
    FactKind,
    Method,
    MethodKind,
    Operator,
    Product,
    Rules,
    Status,
)
from opla.core.guide import Asked, Question
from opla.core.money import Money
from opla.presenting import facts, figures, official, redeeming, usage
from opla.presenting.guide.page import Guide, Link, Row, Step, Table, page_of, sold, title
from opla.presenting.redeeming import Contact

#: What renewing early means for a person, by what the operator does then.
_EARLY: Final[dict[EarlyRenewal, str]] = {
    EarlyRenewal.OVERWRITE_ALL: gettext_noop("Wait until it is used up or ends: what is left would be lost."),
    EarlyRenewal.OVERWRITE_VOICE_ROLL_DATA: gettext_noop(
        "Use up minutes and SMS first, and renew before the data ends: data left lives on, minutes and SMS do not."
    ),
    EarlyRenewal.RESTART_MONTH: gettext_noop("Renew on the last day: the days left of the month would be lost."),
    EarlyRenewal.CREDIT_ADDS: gettext_noop("Nothing is lost: the credit is added."),
    EarlyRenewal.QUEUE: gettext_noop("Nothing is lost: the new one waits until the current one ends."),
    EarlyRenewal.REFUSED_WHILE_ACTIVE: gettext_noop("It cannot be done: wait until the current one has ended."),
    EarlyRenewal.BESIDE: gettext_noop("Nothing is lost: both run beside each other."),
}

#: How a code is entered, by what it is entered with.
_ENTERING: Final[dict[MethodKind, str]] = {
    MethodKind.USSD: gettext_noop("Dial this from the SIM, with the code in place of …, and press call."),
    MethodKind.SMS: gettext_noop("Send this as an SMS from the SIM, with the code in place of …"),
    MethodKind.CALL: gettext_noop("Call, and enter the code when the voice asks for it."),
    MethodKind.WEB: gettext_noop("Sign in at %(site)s, choose to top up with a code, and enter it."),
    MethodKind.APP: gettext_noop("Open the app of %(name)s, choose to top up with a code, and enter it."),
}


def _amounts(products: Iterable[Product]) -> str:
    return " · ".join(figures.money_short(Money(p.min_minor, p.currency)) for p in products)


def _dial(operator: Operator) -> list[Contact]:
    return [contact for contact in redeeming.balance(operator) if contact.href.startswith("tel:")][:1]


def enter_code(operator: Operator) -> list[Step]:
    """How its codes are entered, each way with how sure it is; where nobody told us, that."""
    steps = [_entering(cell, cell.value, operator) for cell in operator.redeem if cell.value is not None]
    if steps:
        return steps
    said = _("How a code of %(name)s is entered is not verified: follow what comes with the code, or ask its care.")
    return [Step(said % {"name": operator.name}, redeeming.care(operator))]


def _entering(cell: Cell[Method], method: Method, operator: Operator) -> Step:
    mark, by_phone = redeeming.mark(cell), official.code_by_phone(cell)
    text = _(_ENTERING[method.kind]) % {"site": method.url, "name": operator.name}
    return Step(text, [by_phone] if by_phone else [], mark="" if by_phone else mark)


def top_up(one: Asked, operator: Operator, catalog: Catalog) -> Guide:
    products, name = sold(catalog, operator), operator.name
    said = {"name": name}
    steps = [
        Step(
            _("Make sure that the SIM is of %(name)s: numbers move between operators, and a code of another is lost.")
            % said,
            _dial(operator),
        ),
        Step(
            _("Look what is left and until when: renewing early may lose something."),
            links=page_of(Question.RENEW_EARLY, operator, catalog, _("What renewing early does")),
        ),
    ]
    if products:
        text = _("Choose an amount. There are codes of: %(amounts)s.") % {"amounts": _amounts(products)}
        steps += [
            Step(text, links=[Link(_("Top up %(name)s") % said, "amounts", (operator.id,))]),
            Step(_("See what it does before you pay, then pay. The code stands on the page of your order.")),
            *enter_code(operator),
            Step(
                _("Keep the phone on until the operator answers, then check the balance."),
                links=page_of(Question.WHAT_IS_LEFT, operator, catalog, _("How to see what is left")),
            ),
        ]
    else:
        steps.append(Step(_("We sell nothing for it. Top up where %(name)s itself says.") % said, _site(operator)))
    more = [Link(_("Without us: %(name)s itself") % said, "operator", (operator.id,))]
    cells = (operator.redeem, operator.balance, operator.website, [p.face for p in products])
    short = _("Choose an amount, pay, and enter the code you get.") if products else _("At the operator itself.")
    return Guide(title(one, catalog), short, steps, [_rules_table(operator)], [], more, cells)


def _site(operator: Operator) -> list[Contact]:
    return [one for one in redeeming.care(operator) if one.href.startswith("https:")]


def _rules_table(operator: Operator) -> Table:
    rows = [Row(line.label, line.text, line.mark, line.shown) for line in official.rules(operator)]
    return Table(_("Its rules"), rows)


def _same(products: Iterable[Product]) -> dict[tuple[object, ...], list[Product]]:
    """Products by what renewing them early does: those alike stand on one line."""
    groups: dict[tuple[object, ...], list[Product]] = {}
    for product in products:
        rules = product.rules
        groups.setdefault((rules.early_renewal, rules.lasts, rules.bonus_min, rules.bonus_window_days), []).append(
            product
        )
    return groups


def renew_early(one: Asked, operator: Operator, catalog: Catalog) -> Guide:
    bundles = [p for p in catalog.bundles_of(operator.id) if p.status.value is not Status.WITHDRAWN]
    groups = _same([*sold(catalog, operator), *bundles])
    tables = [_early_table(products) for products in groups.values()]
    if not groups:
        tables = [Table(operator.name, _early_rows(operator.rules))]
    rules = [products[0].rules for products in groups.values()] or [operator.rules]
    short = _early_short(rules[0].early_renewal)
    steps = [
        Step(
            _("Look what is left and until when."),
            links=page_of(Question.WHAT_IS_LEFT, operator, catalog, _("How to see what is left")),
        ),
        Step(
            _("Say it beside the price: before you pay, the shop shows what is lost and what is kept."),
            links=[Link(_("Top up %(name)s") % {"name": operator.name}, "amounts", (operator.id,))] if groups else [],
        ),
        Step(
            _("Not ready yet? Be reminded before it ends."),
            links=[Link(_("What do I have on my SIM?"), "have-operator", (operator.id,))],
        ),
    ]
    notes = [
        _("Sources disagree about it: %(name)s decides.") % {"name": operator.name}
        for rule in rules[:1]
        if rule.early_renewal.disputed
    ]
    cells = ([(r.early_renewal, r.lasts, r.bonus_min, r.bonus_window_days, r.credit_renewal) for r in rules],)
    return Guide(title(one, catalog), short, steps, tables, notes, [], cells)


def _early_short(cell: Cell[EarlyRenewal]) -> str:
    if cell.value is None:
        return _("Not verified: the operator decides. To be safe, renew on the last day.")
    return _(_EARLY[cell.value])


def _early_table(products: list[Product]) -> Table:
    return Table(" · ".join(product.name for product in products), _early_rows(products[0].rules))


def _early_rows(rules: Rules) -> list[Row]:
    early = rules.early_renewal
    kinds = (FactKind.EARLY_RENEWAL, FactKind.LASTS, FactKind.BONUS_MIN, FactKind.BONUS_WINDOW_DAYS,
             FactKind.CREDIT_RENEWAL)  # fmt: skip
    lines = []
    for kind in kinds:
        cell: Cell[object] = getattr(rules, kind.value)
        if cell.known or kind in (FactKind.EARLY_RENEWAL, FactKind.LASTS):
            lines.append(facts.line(Fact(kind, cell)))
    rows = [Row(line.label, line.text, line.mark, line.shown) for line in lines]
    advice = Row(_("So"), _early_short(early), facts.mark(early.shown_as) if early.known else "", early.shown_as)
    return [*rows, advice]


def what_is_left(one: Asked, operator: Operator, catalog: Catalog) -> Guide:
    steps = []
    for way in usage.ways(operator):
        contacts = [Contact(way.title, way.shown, way.href)] if way.shown else []
        steps.append(Step(way.step if contacts else f"{way.title}. {way.step}", contacts, mark=way.mark))
    steps.append(
        Step(
            _("Paste the answer here, in any language: it is read, and says when your data will end."),
            links=[Link(_("Understand the answer"), "have-operator", (operator.id,))],
        )
    )
    return Guide(
        title(one, catalog), _("Ask the operator; the SIM answers at once."), steps, [], [], [], (operator.balance,)
    )


def number_life(one: Asked, operator: Operator, catalog: Catalog) -> Guide:
    rules = operator.rules
    rows = []
    for kind in (FactKind.NUMBER_LIFE, FactKind.NUMBER_GRACE, FactKind.CREDIT_LASTS, FactKind.CREDIT_RENEWAL,
                 FactKind.CREDIT_CAP, FactKind.REIDENTIFY_MONTHS):  # fmt: skip
        cell: Cell[object] = getattr(rules, kind.value)
        if cell.known or kind in (FactKind.NUMBER_LIFE, FactKind.CREDIT_LASTS):
            line = facts.line(Fact(kind, cell))
            rows.append(Row(line.label, line.text, line.mark, line.shown))
    life = rules.number_life
    short = facts.value(Fact(FactKind.NUMBER_LIFE, life)) if life.known else ""
    said = (
        _("Your number %(what)s.") % {"what": short}
        if short
        else _("Not verified: the operator decides. Top up or ask its customer care before long.")
    )
    steps = [
        Step(
            _("Know the day of your last top-up, and of your last paid use."),
            links=page_of(Question.WHAT_IS_LEFT, operator, catalog, _("How to see what is left")),
        ),
        Step(
            _("Be reminded before the number is lost."),
            links=[Link(_("What do I have on my SIM?"), "have-operator", (operator.id,))],
        ),
        Step(
            _("Or ask the operator, in its language."),
            links=[Link(_("Customer care of %(name)s") % {"name": operator.name}, "operator", (operator.id,))],
        ),
    ]
    cells = (rules.number_life, rules.number_grace, rules.credit_lasts, rules.credit_renewal, rules.reidentify_months)
    return Guide(title(one, catalog), said, steps, [Table(operator.name, rows)], [], [], cells)
