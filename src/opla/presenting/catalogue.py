"""Figures of the catalogue for whoever keeps them: how sure each is, and what a change does to what customers see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.catalog import Catalog, Change, Held, Product, Sure
from opla.core.catalog.documents import short
from opla.core.money import Money
from opla.core.quote import Terms, price
from opla.operations.edit_catalogue import Seen
from opla.presenting import facts, figures

_SURE: Final[dict[Sure, str]] = {
    Sure.A: gettext_noop("A: the operator, a regulator or a law says it"),
    Sure.B: gettext_noop("B: one page, or old and probably still so"),
    Sure.C: gettext_noop("C: old, from a third party, or cut off"),
    Sure.UNKNOWN: gettext_noop("unknown: looked for and not found"),
    Sure.SAMPLE: gettext_noop("sample: invented"),
}
_LONGEST: Final = 160


def sure(level: Sure) -> str:
    return _(_SURE[level])


def value(cell: Mapping[str, object]) -> str:
    """A cell's value in one line."""
    if cell.get("value") is None:
        return "–"
    said = short(cell["value"])
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}…"


def sheet(one: Held, catalog: Catalog) -> str:
    """The address of the operator's information sheets, else of its website; empty where neither is known."""
    product = catalog.sold(one.subject)
    name = product.operator if product else one.subject
    operator = next((known for known in catalog.operators if known.id == name), None)
    if operator is None:
        return ""
    host = operator.information_sheet.value or operator.website.value
    return f"https://{host}" if host else ""


def change(one: Change) -> tuple[str, str, str, str]:
    """Whose, which figure, what it says now and what it would say."""
    return one.subject, ".".join(map(str, one.path[2:] or one.path)), short(one.old), short(one.new)


@dataclass(frozen=True)
class Preview:
    """What customers see of one product and pay for it, now and then. Empty: it is not sold."""

    sku: str
    name: str
    now: str
    then: str
    says_now: list[facts.Group]
    says_then: list[facts.Group]


def preview(one: Seen, terms: Terms) -> Preview:
    costs = _costs(one.now, terms), _costs(one.then, terms)
    return Preview(one.sku, one.name, *costs, _says(one.now), _says(one.then))


def _costs(product: Product | None, terms: Terms) -> str:
    """What the customer pays, our fee included; of a range both ends."""
    if product is None or not product.on_sale or product.from_credit:
        return ""
    ends = dict.fromkeys((product.min_minor, product.max_minor))
    return " – ".join(figures.money(price(Money(minor, product.currency), terms).total) for minor in ends)


def _says(product: Product | None) -> list[facts.Group]:
    return facts.summary(product) if product is not None else []
