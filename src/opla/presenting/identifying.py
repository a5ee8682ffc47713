"""The rule that a prepaid SIM has a known owner, in words: who asks, how, and what this shop has to do with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.catalog import Catalog, Fact, FactKind, IdDocument, IdMethod, Operator, Shown, Unidentified
from opla.presenting import facts, figures

_METHODS: Final[dict[IdMethod, str]] = {
    IdMethod.IN_PERSON: gettext_noop("In person, with an original, valid document, where the operator sells."),
    IdMethod.ID_CARD_ONLINE: gettext_noop("Online, with the electronic identity card, a card reader and its PIN."),
    IdMethod.ID_SERVICE: gettext_noop("By a service that identifies people for others."),
    IdMethod.ONLINE_PAYMENT: gettext_noop("By an online payment that names who paid."),
}
_DOCUMENTS: Final[dict[IdDocument, str]] = {
    IdDocument.NATIONAL_ID: gettext_noop("identity card of the country"),
    IdDocument.EU_ID: gettext_noop("identity card of an EU country"),
    IdDocument.RESIDENCE_CARD: gettext_noop("electronic card for foreigners"),
    IdDocument.PASSPORT: gettext_noop("passport"),
    IdDocument.REPLACEMENT: gettext_noop("paper that replaces a lost document"),
}
_UNIDENTIFIED: Final[dict[Unidentified, str]] = {
    Unidentified.NOT_ACTIVE: gettext_noop("Until then it is not sold, or does not work: no calls, no data.")
}


@dataclass(frozen=True)
class Rule:
    """`known` is false where the country's catalogue says nothing: then only what this shop does is said."""

    known: bool
    required: str
    methods: list[str]
    choice: str
    unidentified: str
    copies: str
    again: list[tuple[str, str, str, Shown]]
    documents: list[tuple[str, list[str]]]
    law: str


def rule(catalog: Catalog) -> Rule:
    """Of the catalogue's country, and what its operators ask beyond it."""
    said = catalog.identification
    country = figures.country(catalog.country)
    required = {
        True: _("%(country)s: the operator must know who uses a prepaid SIM or eSIM, before it works."),
        False: _("%(country)s: nobody must be identified for a prepaid SIM."),
        None: _("%(country)s: whether somebody must be identified for a prepaid SIM is not known to us."),
    }[said.required.value]
    documents = [
        (one.name, [_(_DOCUMENTS[document]) for document in one.id_documents.value])
        for one in catalog.operators
        if one.id_documents.value
    ]
    return Rule(
        known=said.required.known,
        required=required % {"country": country},
        methods=[_(_METHODS[method]) for method in said.methods.value or ()],
        choice=_("An operator must offer at least one of these, and chooses which.")
        if said.one_is_enough.value
        else "",
        unidentified=_(_UNIDENTIFIED[said.unidentified.value]) if said.unidentified.value else "",
        copies=_(
            "Whoever sells over a counter may look at the document and pass it on to the operator, and keeps nothing."
        )
        if said.shop_keeps_copy.value is False
        else "",
        again=[_again(one) for one in catalog.operators if one.rules.reidentify_months.known],
        documents=documents,
        law=said.law.value or "",
    )


def _again(operator: Operator) -> tuple[str, str, str, Shown]:
    line = facts.line(Fact(FactKind.REIDENTIFY_MONTHS, operator.rules.reidentify_months))
    return operator.name, line.text, line.mark, line.shown
