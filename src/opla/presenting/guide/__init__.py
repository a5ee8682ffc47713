"""The guide: a page per question, made from the catalogue and its rules. No page says what the catalogue does not."""

from __future__ import annotations

from opla.core.catalog import Catalog
from opla.core.guide import Asked, Question, asked
from opla.presenting.guide import beginning, country, operators
from opla.presenting.guide.page import Guide, Link, Row, Step, Table, sources, title

__all__ = ["Guide", "Link", "Row", "Step", "Table", "guide", "others", "sources", "title"]


def guide(one: Asked, catalog: Catalog) -> Guide:
    operator = catalog.operator(one.operator)
    if operator is None:
        of_country = {
            Question.RENEW: country.renew,
            Question.STAY: country.stay,
            Question.WHOSE: country.whose,
            Question.ESIM: beginning.esim,
            Question.NEW_NUMBER: beginning.new_number,
        }
        return of_country[one.question](one, catalog)
    of_operator = {
        Question.TOP_UP: operators.top_up,
        Question.RENEW_EARLY: operators.renew_early,
        Question.WHAT_IS_LEFT: operators.what_is_left,
        Question.NUMBER_LIFE: operators.number_life,
    }
    return of_operator[one.question](one, operator, catalog)


def others(one: Asked, catalog: Catalog) -> list[Asked]:
    """The other pages of the same operator, or of the country."""
    return [other for other in asked(catalog) if other.operator == one.operator and other != one]
