"""Leaving an operator: what is known of credit that is left and of taking the number along, and what to say.

The law's texts are quoted with where they were read; what an operator itself does with leftover credit is known of
almost none, and said to be unknown. Not read by a lawyer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.catalog import Shown
from opla.presenting import facts


@dataclass(frozen=True)
class Known:
    """One fact, where it was read, and how sure it is."""

    text: str
    source: str
    mark: str
    shown: Shown


@dataclass(frozen=True)
class Sentence:
    """What to say or write to customer care, in one language of the country."""

    language: str
    text: str


_LAW: Final = "etaamb.openjustice.be, 2022033341"
_REGULATOR: Final = "ibpt.be, FAQ 48"
#: Of Belgium: (text, source, how sure).
_BELGIUM: Final = (
    (
        gettext_noop("Taking your number elsewhere, you may ask the old operator to pay back the credit that is left."),
        f"{_LAW}: art. 111/2, law of 13 June 2005; Royal Decree of 30 July 2022",
        Shown.FACT,
    ),
    (
        gettext_noop("It may keep a fee only if its contract says so, and only what it costs."),
        _LAW,
        Shown.FACT,
    ),
    (
        gettext_noop("Announced in the press: paid to your bank account within 4 weeks, the fee at most €5."),
        "rtl.be, datanews.knack.be, 2022-11",
        Shown.REPORTED,
    ),
    (
        gettext_noop("Taking a number along takes at most one working day once the request is validated."),
        _REGULATOR,
        Shown.FACT,
    ),
    (
        gettext_noop("The old operator may ask nothing for it. The number must still work: ask before it lapses."),
        f"{_REGULATOR}; docs.transatel.com",
        Shown.FACT,
    ),
)  # fmt: skip
_OPERATORS: Final = {
    "base": (
        gettext_noop("Changing to one of its subscriptions, credit is taken off the first bill, and data is lost."),
        "base.be, change-tariff-plan",
        Shown.FACT,
    ),
    "carrefour-mobile": (
        gettext_noop("A month and a week before it switches a number off it sends an SMS, and offers to let it go."),
        "mobile.carrefour.eu, conditions",
        Shown.REPORTED,
    ),
}  # fmt: skip
_SAY: Final = gettext_noop(
    "I am taking my prepaid number to another operator. Please pay the credit that is left to my bank account. "
    "What do you need from me, what does it cost, and when is it paid?"
)
#: What to say in the languages of the country, word for word what `_SAY` says in the reader's.
_SPOKEN: Final = {
    "BE": (
        Sentence(
            "nl",
            "Ik neem mijn prepaidnummer mee naar een andere operator. Betaal het resterende beltegoed alstublieft "
            "terug op mijn bankrekening. Wat hebt u van mij nodig, wat kost het en wanneer wordt het betaald?",
        ),
        Sentence(
            "fr",
            "Je transfère mon numéro prépayé chez un autre opérateur. Veuillez rembourser le crédit restant sur mon "
            "compte bancaire. De quoi avez-vous besoin, combien cela coûte-t-il et quand serai-je remboursé ?",
        ),
        Sentence(
            "de",
            "Ich nehme meine Prepaid-Nummer zu einem anderen Anbieter mit. Bitte zahlen Sie das restliche Guthaben auf "
            "mein Bankkonto aus. Was brauchen Sie von mir, was kostet das, und wann wird ausgezahlt?",
        ),
    )
}


def known(country: str, operator_id: str) -> list[Known]:
    """What is known of leaving this operator, its own first; empty where nothing is."""
    found = [_OPERATORS[operator_id]] if operator_id in _OPERATORS and country == "BE" else []
    found += _BELGIUM if country == "BE" else ()
    return [Known(_(text), source, facts.mark(shown), shown) for text, source, shown in found]


def meaning() -> str:
    """The sentence in the reader's language."""
    return _(_SAY)


def spoken(country: str) -> tuple[Sentence, ...]:
    return _SPOKEN.get(country, ())
