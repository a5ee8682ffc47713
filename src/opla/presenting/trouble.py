"""What to try when it did not work, in words: what was seen, the phone, and one step at a time.

What phones call their settings is in `phone_menus`. What belongs to an operator (access point, digits of a code,
balance) is the catalogue's, with the catalogue's mark.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.catalog import Cell, Operator, Product, Shown
from opla.core.trouble import Phone, Saw, Step, Tried
from opla.db.queries.pages import OrderPage
from opla.presenting import facts, numbers, phone_menus, redeeming
from opla.presenting.redeeming import Contact

_SAW: Final[dict[Saw, str]] = {
    Saw.CODE_WRONG: gettext_noop("The operator says that the code is wrong"),
    Saw.CODE_USED: gettext_noop("The operator says that the code has been used"),
    Saw.CODE_OTHER: gettext_noop("The operator does not know the code"),
    Saw.DIAL_REFUSED: gettext_noop("The phone says “connection problem” or “invalid MMI code”"),
    Saw.NO_CREDIT: gettext_noop("The credit or the bundle has not arrived"),
    Saw.NO_DATA: gettext_noop("Mobile internet does not work"),
    Saw.SLOW: gettext_noop("Internet is very slow"),
    Saw.NO_NETWORK: gettext_noop("No network at all"),
    Saw.NO_CALLS: gettext_noop("I cannot call or text"),
    Saw.ABROAD: gettext_noop("It does not work abroad"),
    Saw.ELSE: gettext_noop("Something else"),
}

_PHONES: Final[dict[Phone, str]] = {
    Phone.IPHONE: "iPhone",
    Phone.ANDROID: gettext_noop("Android: Samsung, Google and others"),
    Phone.XIAOMI: "Xiaomi, Redmi, POCO",
    Phone.HUAWEI: "Huawei, HONOR (HarmonyOS, EMUI)",
}

_TITLES: Final[dict[Step, str]] = {
    Step.DIGITS: gettext_noop("Compare the code digit by digit"),
    Step.OPERATOR: gettext_noop("Check whose SIM it is"),
    Step.SIM_SLOT: gettext_noop("Use the SIM that is to be topped up"),
    Step.OTHER_WAY: gettext_noop("Enter the code another way"),
    Step.BALANCE: gettext_noop("Look at the balance"),
    Step.WAIT_SMS: gettext_noop("Wait for the operator's SMS"),
    Step.NUMBER: gettext_noop("Compare the number"),
    Step.WIFI_CALLING: gettext_noop("Switch Wi-Fi calling off, and dial again"),
    Step.DATA_SWITCH: gettext_noop("Switch mobile data on"),
    Step.DATA_SIM: gettext_noop("Choose this SIM for data"),
    Step.APN: gettext_noop("Compare the access point (APN)"),
    Step.FOUR_G: gettext_noop("Use 4G instead of 5G"),
    Step.RESTART: gettext_noop("Switch the phone off and on again"),
    Step.RESEAT: gettext_noop("Take the SIM out, and put it in again"),
    Step.AUTO_NETWORK: gettext_noop("Let the phone choose the network by itself"),
    Step.ROAMING: gettext_noop("Switch data roaming on"),
    Step.OTHER_PHONE: gettext_noop("Try the SIM in another phone"),
}

_TEXTS: Final[dict[Step, str]] = {
    Step.DIGITS: gettext_noop("Your order shows the code in groups of four. Type it once more, without trying others."),
    Step.OPERATOR: gettext_noop(
        "The code is for %(operator)s alone. The operator's name stands at the top of the screen, or on the card."
    ),
    Step.SIM_SLOT: gettext_noop("With two SIMs the phone may use the other one. Switch that one off while you try."),
    Step.OTHER_WAY: gettext_noop("With the code your order shows every way that we know for %(operator)s."),
    Step.BALANCE: gettext_noop("If it is there already, the top-up has worked, and was perhaps entered before."),
    Step.WAIT_SMS: gettext_noop("Keep the phone on and within reach of the network for half an hour."),
    Step.NUMBER: gettext_noop("It was sent to %(number)s. Is that the number of this SIM?"),
    Step.WIFI_CALLING: gettext_noop("Such codes are for the mobile network, and may fail over Wi-Fi."),
    Step.DATA_SWITCH: gettext_noop("Switch Wi-Fi off while you try, so that you see which of the two works."),
    Step.DATA_SIM: gettext_noop("With two SIMs only one carries the data. Choose the one that was topped up."),
    Step.APN: gettext_noop("Write down what stands there before you change it, and restart the phone afterwards."),
    Step.FOUR_G: gettext_noop("Whether 5G is in this plan is for the operator to say. 4G shows whether that is why."),
    Step.RESTART: gettext_noop("Wait half a minute in between, and two minutes afterwards."),
    Step.RESEAT: gettext_noop(
        "An eSIM is switched off and on in the settings. Never delete it: some can be installed only once."
    ),
    Step.AUTO_NETWORK: gettext_noop("A network that was chosen by hand may not take this SIM."),
    Step.ROAMING: gettext_noop("First read what your plan says of the country you are in: it may cost credit."),
    Step.OTHER_PHONE: gettext_noop("If it works there, the cause is a setting of the first phone."),
}


@dataclass(frozen=True)
class Fact:
    """One figure of the operator's beside a step, with who says so. `mark`: how sure; empty where plainly known."""

    label: str
    text: str
    shown: Shown
    mark: str
    source: str = ""


@dataclass(frozen=True)
class Try:
    """One step as it is drawn. `path` is where this phone has it; `contacts` are to be tapped."""

    step: Step
    title: str
    text: str
    path: str = ""
    facts: tuple[Fact, ...] = ()
    contacts: tuple[Contact, ...] = ()


def saw(name: str) -> str:
    """What was seen; empty for no word of ours."""
    return _(_SAW[Saw(name)]) if name in map(str, Saw) else ""


def phone(name: str) -> str:
    return _(_PHONES[Phone(name)]) if name in map(str, Phone) else ""


def title(name: str) -> str:
    """What was tried, in a few words."""
    return _(_TITLES[Step(name)]) if name in map(str, Step) else ""


def told(tried: Tried) -> str:
    """All of it in one line, for whoever answers; empty where nothing was said."""
    parts = [saw(tried.saw), phone(tried.phone)]
    if tried.steps:
        parts.append(_("tried: %(steps)s") % {"steps": ", ".join(title(step) for step in tried.steps)})
    return " · ".join(part for part in parts if part)


def to_try(step: Step, on: str, page: OrderPage, operator: Operator | None, product: Product | None) -> Try:
    """One step for this order, on this phone (empty: any)."""
    name = operator.name if operator else page.operator
    text = _(_TEXTS[step]) % {"operator": name, "number": numbers.grouped(page.number) if page.number else "?"}
    contacts = redeeming.balance(operator) if operator and step is Step.BALANCE else []
    return Try(
        step,
        _(_TITLES[step]),
        text,
        phone_menus.path(step, on),
        tuple(_facts(step, operator, product)),
        tuple(contacts),
    )


def _facts(step: Step, operator: Operator | None, product: Product | None) -> list[Fact]:
    if step is Step.WAIT_SMS and product is not None:
        return [Fact(line.label, line.text, line.shown, line.mark) for line in facts.when(product)]
    if operator is None:
        return []
    if step is Step.DIGITS and operator.code_digits.value is not None:
        return [_fact(_("Digits of a code"), str(operator.code_digits.value), operator.code_digits)]
    if step is Step.FOUR_G and operator.network_generation.value is not None:
        return [_fact(_("Network"), operator.network_generation.value, operator.network_generation)]
    if step is not Step.APN:
        return []
    apn = operator.apn.value
    if apn is None:
        unknown = _("We do not know it: the phone's own reset to default sets it, or ask the operator.")
        return [_fact("APN", unknown, operator.apn)]
    rows = [("APN", apn.name), (_("User name"), apn.user), (_("Password"), apn.password)]
    return [_fact(label, text, operator.apn) for label, text in rows if text]


def _fact(label: str, text: str, cell: Cell[object]) -> Fact:
    shown = cell.shown_as
    source = f"{cell.source}, {cell.dated}" if cell.known and cell.dated != "nd" else cell.source if cell.known else ""
    return Fact(label, text, shown, "" if shown is Shown.FACT else facts.mark(shown), source)
