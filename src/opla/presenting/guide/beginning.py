"""The guide's pages for who has no SIM of the country yet: whether the phone takes an eSIM, and how to get a number."""

from __future__ import annotations

from django.utils.translation import gettext as _

from opla.core.catalog import Catalog, Operator
from opla.core.guide import Asked, Question, asked
from opla.operations.devices import families
from opla.presenting import comparing, identifying
from opla.presenting.guide.page import Guide, Link, Row, Step, Table, title


def esim(one: Asked, catalog: Catalog) -> Guide:
    steps = [
        Step(_("Dial *#06# on that phone, as for a call. Is an EID in the list? Then it has an eSIM.")),
        Step(_("No list? iPhone: Settings › General › About. Android: Settings › About phone. It stands there.")),
        Step(_("Look whether it is locked to an operator. On an iPhone “No SIM restrictions” means that it is not.")),
        Step(_("Answer five questions, and see what is known of your model."),
             links=[Link(_("Does my phone take an eSIM?"), "esim-check")]),
        Step(_("No eSIM, or not sure? A SIM card works in every phone that has a slot and is not locked."),
             links=[Link(_("SIM card or eSIM: what differs"), "esim")]),
    ]  # fmt: skip
    notes = [
        _("iPhones bought in mainland China have no eSIM, but for the newest few. In Hong Kong and Macau it varies."),
        _("iPhone 14 and later from the United States have an eSIM only, and no slot for a card."),
    ]
    rows = [_row(operator, said[0]) for operator, said in comparing.operators(catalog)]
    more = [Link(_("Install an eSIM"), "esim-install")]
    short = _("If it shows an EID and is not locked: yes.")
    apples = tuple(family for family in families().all if family.brand == "Apple")
    cells = ([operator.esim for operator in catalog.operators], apples)
    return Guide(title(one, catalog), short, steps, [Table(_("eSIM at all"), rows)], notes, more, cells)


def new_number(one: Asked, catalog: Catalog) -> Guide:
    rule = identifying.rule(catalog)
    own = Asked(Question.ESIM)
    stay = Asked(Question.STAY)
    steps = [
        Step(_("Choose between a SIM card and an eSIM. An eSIM needs a phone that takes it."),
             links=[Link(_("SIM card or eSIM: what differs"), "esim"),
                    *([Link(title(own, catalog), page=own)] if own in asked(catalog) else [])]),
        Step(_("Buy it over a counter, or from an operator."),
             links=[Link(_("Buy at a shop near you"), "places"), Link(_("Operators and their own ways"), "operators")]),
        Step(_("Have your passport or identity card at hand: the operator identifies you, this shop does not."),
             links=[Link(_("Who must know that the SIM is yours"), "identify")]),
        Step(_("Put the card in, or install the eSIM on Wi-Fi. Restart the phone, and wait for the operator’s SMS."),
             links=[Link(_("Install an eSIM"), "esim-install")]),
        Step(_("Note your number, and look what is on the SIM. Then top up as much as your stay needs."),
             links=[Link(title(stay, catalog), page=stay)] if stay in asked(catalog) else []),
    ]  # fmt: skip
    notes = [text for text in (rule.required, rule.unidentified) if text]
    prices = [_row(operator, said[2]) for operator, said in comparing.operators(catalog)]
    short = _("Any prepaid SIM or eSIM, bought without a contract, and an identity document.")
    prepaid = [operator.sim_price for operator in catalog.operators if operator.prepaid.value is not False]
    cells = (catalog.identification, prepaid)
    return Guide(title(one, catalog), short, steps, [Table(_("A new SIM without credit"), prices)], notes, [], cells)


def _row(operator: Operator, said: comparing.Said) -> Row:
    return Row(operator.name, said.text, said.mark, said.shown)
