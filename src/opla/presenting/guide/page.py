"""What a page of the guide is made of, and what its questions are called."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from opla.core.catalog import Catalog, Operator, Product, Shown, evidence
from opla.core.guide import STAY_DAYS, Asked, Question, asked
from opla.presenting import figures
from opla.presenting.redeeming import Contact


@dataclass(frozen=True)
class Link:
    """To a page of the shop, by its name and arguments, or to a page of the guide."""

    text: str
    view: str = ""
    args: tuple[str, ...] = ()
    query: str = ""
    page: Asked | None = None


@dataclass(frozen=True)
class Step:
    text: str
    contacts: list[Contact] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    mark: str = ""


@dataclass(frozen=True)
class Row:
    """One line of a table: whose, what, and how sure that is."""

    name: str
    text: str
    mark: str = ""
    shown: Shown = Shown.FACT
    href: str = ""  # to tap: a code to dial


@dataclass(frozen=True)
class Table:
    title: str
    rows: list[Row]


@dataclass(frozen=True)
class Guide:
    """One page. `cells`: everything it rests on, for its sources."""

    title: str
    short: str
    steps: list[Step]
    tables: list[Table]
    notes: list[str]
    more: list[Link]
    cells: tuple[object, ...]


def title(one: Asked, catalog: Catalog) -> str:
    """The question, as somebody would ask it."""
    said = {"name": _name(catalog, one), "country": figures.country(catalog.country), "days": STAY_DAYS}
    match one.question:
        case Question.RENEW:
            return _("How do I renew a 5G prepaid card of %(country)s?") % said
        case Question.TOP_UP:
            return _("How do I top up %(name)s?") % said
        case Question.RENEW_EARLY:
            return _("What happens if I renew %(name)s early?") % said
        case Question.WHAT_IS_LEFT:
            return _("How do I see what is left on %(name)s?") % said
        case Question.NUMBER_LIFE:
            return _("How long does my %(name)s number live?") % said
        case Question.STAY:
            return _("Which plan for %(days)s days?") % said
        case Question.WHOSE:
            return _("Which operator is my SIM of?") % said
        case Question.ESIM:
            return _("Can my phone use an eSIM?") % said
        case Question.NEW_NUMBER:
            return _("How do I get a number of %(country)s as a visitor?") % said


def _name(catalog: Catalog, one: Asked) -> str:
    operator = catalog.operator(one.operator)
    return operator.name if operator else ""


def sold(catalog: Catalog, operator: Operator) -> list[Product]:
    """What a live shop sells of it: an invented product is no guide."""
    return sorted((p for p in catalog.products_of(operator.id) if p.on_sale and not p.sample), key=_least)


def _least(product: Product) -> int:
    return product.min_minor


def page_of(of: Question, operator: Operator, catalog: Catalog, text: str) -> list[Link]:
    """A link to another page of the guide, where there is that page."""
    other = Asked(of, operator.id)
    return [Link(text, page=other)] if other in asked(catalog) else []


def sources(cells: tuple[object, ...]) -> tuple[list[str], str]:
    """Who says so, each with its date where it shows one; and the last day somebody saw it so, or nothing."""
    found = evidence(*cells)
    said = [f"{where} ({_('undated') if dated == 'nd' else dated})" for where, dated in found.sources]
    return said, figures.day(found.verified_on) if found.verified_on else ""
