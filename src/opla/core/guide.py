"""The questions a guide answers, and for whom: whatever the catalogue can answer, and nothing more.

| question       | asked                          | when the catalogue                                        |
|----------------|--------------------------------|-----------------------------------------------------------|
| TOP_UP         | of each operator               | sells something of it, or knows that it has prepaid       |
| RENEW_EARLY    | of each operator               | sells something of it, or knows what renewing early does  |
| WHAT_IS_LEFT   | of each operator with prepaid  | knows a way to ask                                        |
| NUMBER_LIFE    | of each operator with prepaid  | sells something of it, or knows how long a number lives   |
| RENEW          | of the country                 | sells anything                                            |
| STAY           | of the country                 | sells anything                                            |
| WHOSE          | of the country                 | knows a code to dial                                      |
| ESIM           | of the country                 | knows an operator with an eSIM                            |
| NEW_NUMBER     | of the country                 | knows whether somebody must be identified for a SIM       |
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from opla.core.catalog import Catalog, Length, MethodKind, Operator

#: How long the stay is that a page plans for, in days.
STAY_DAYS: Final = 70
#: The shortest month: with it, so many months are always enough.
_MONTH_DAYS: Final = 28


class Question(StrEnum):
    RENEW = "renew"
    TOP_UP = "top_up"
    RENEW_EARLY = "renew_early"
    WHAT_IS_LEFT = "what_is_left"
    NUMBER_LIFE = "number_life"
    STAY = "stay"
    WHOSE = "whose"
    ESIM = "esim"
    NEW_NUMBER = "new_number"


@dataclass(frozen=True)
class Asked:
    """One page: a question, of one operator (its id) or of the country (empty)."""

    question: Question
    operator: str = ""


def asked(catalog: Catalog) -> tuple[Asked, ...]:
    """Every page of the guide, the country's first."""
    sold = any(product.on_sale for product in catalog.products)
    dials = any(dial for operator in catalog.operators for dial in dials_of(operator))
    answers = {
        Question.RENEW: sold,
        Question.STAY: sold,
        Question.WHOSE: dials,
        Question.ESIM: any(operator.esim.value for operator in catalog.operators),
        Question.NEW_NUMBER: catalog.identification.required.known,
    }
    pages = [Asked(question) for question, answered in answers.items() if answered]
    for operator in catalog.operators:
        pages += [Asked(question, operator.id) for question in _of(operator, catalog)]
    return tuple(pages)


def _of(operator: Operator, catalog: Catalog) -> list[Question]:
    sells = any(product.on_sale for product in catalog.products_of(operator.id))
    if operator.prepaid.value is False:
        return []
    there = sells or operator.prepaid.value is True
    early = (operator.rules, *(product.rules for product in catalog.bundles_of(operator.id)))
    answers = {
        Question.TOP_UP: there,
        Question.RENEW_EARLY: there and (sells or any(rules.early_renewal.known for rules in early)),
        Question.WHAT_IS_LEFT: there and any(cell.known for cell in operator.balance),
        Question.NUMBER_LIFE: there and (sells or operator.rules.number_life.known),
    }
    return [question for question, answered in answers.items() if answered]


def dials_of(operator: Operator) -> tuple[str, ...]:
    """What to dial to see a balance."""
    methods = (cell.value for cell in operator.balance)
    return tuple(one.dial for one in methods if one and one.kind is MethodKind.USSD)


def times(length: Length, days: int) -> int:
    """How often something this long is bought to have it for so many days; 0 for what lives as long as the number."""
    if length.with_number:
        return 0
    if length.months:
        return -(-days // (_MONTH_DAYS * length.months))
    minutes = length.days * 24 * 60 + length.minutes
    return -(-days * 24 * 60 // minutes)
