"""Phone numbers as a person reads them back, and where to find one."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.phone import Number, read
from opla.core.sim import Place, where_to_look

_PLACES: Final[dict[Place, str]] = {
    Place.OWN_NUMBER_CODE: gettext_noop(
        "Some operators have a code that shows your own number. Their website or customer care tells you which."
    ),
    Place.SIM_HOLDER: gettext_noop("On the plastic card your SIM was broken out of."),
    Place.PURCHASE_EMAIL: gettext_noop("In the e-mail that brought you the eSIM."),
    Place.IPHONE_SETTINGS: gettext_noop("On an iPhone: Settings › Phone (or Apps › Phone) › My Number."),
    Place.ANDROID_SETTINGS: gettext_noop("On Android: Settings › About phone › Phone number."),
    Place.CALL_SOMEBODY: gettext_noop("Call somebody who stands next to you: your number is on their screen."),
}

_KINDS: Final[dict[str, tuple[str, str]]] = {
    "iccid": (
        gettext_noop("That is the number of a SIM card (ICCID)"),
        gettext_noop("It says which card you hold, not which phone number it has."),
    ),
    "eid": (
        gettext_noop("That is the number of a phone's eSIM chip (EID)"),
        gettext_noop("It says which phone you hold, not which phone number is in it."),
    ),
    "activation_code": (
        gettext_noop("That is an eSIM activation code"),
        gettext_noop("It installs an eSIM. Keep it to yourself: whoever has it can install your eSIM."),
    ),
}


def grouped(e164: str, home: str = "BE") -> str:
    """`0470 12 34 56`; whatever cannot be read is given back as it is."""
    found = read(e164, home=home, served=frozenset({home}))
    return found.grouped if isinstance(found, Number) else e164


def sim_kinds() -> tuple[str, ...]:
    return tuple(_KINDS)


def what_it_is(kind: str) -> tuple[str, str]:
    """A title and a sentence about a SIM identifier."""
    title, told = _KINDS[kind]
    return _(title), _(told)


def places(kind: str) -> list[str]:
    """Where to find the phone number of it, best place first."""
    return [_(_PLACES[place]) for place in where_to_look(kind)]
