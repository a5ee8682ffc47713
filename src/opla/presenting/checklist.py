"""What is worth having ready before paying, and how to have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

_WORDS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "number": (
        gettext_noop("The mobile number, or the SIM itself, is at hand"),
        (
            gettext_noop("For a code you need the phone with the SIM: the code is entered there."),
            gettext_noop("For a top-up that arrives by itself you need the number, read twice."),
        ),
    ),
    "plan": (
        gettext_noop("I know the plan, and until when it is valid"),
        (
            gettext_noop("Renewing early may lose what is left, or start a new month. Look first."),
            gettext_noop("Say what is left beside the price, and the shop shows what changes."),
        ),
    ),
    "payment": (
        gettext_noop("I have a way to pay that works"),
        (
            gettext_noop("Your bank may ask you to confirm in its app or by an SMS: keep that phone and its SIM on."),
            gettext_noop(
                "A card from outside the EU can be refused by its own bank. Allow payments abroad and online there, or "
                "take another card. What is refused is not charged."
            ),
        ),
    ),
    "wifi": (
        gettext_noop("I have Wi-Fi, in case the data is used up"),
        (
            gettext_noop("Paying and seeing the code need a connection. Dialling it or sending it by SMS does not."),
            gettext_noop("No Wi-Fi? Another phone can buy the code, and you dial it from the SIM."),
        ),
    ),
    "backup": (
        gettext_noop("Files, contacts and eSIM codes are backed up"),
        (
            gettext_noop("A top-up deletes nothing on the phone. This is for when you change SIM or phone."),
            gettext_noop("iPhone: Settings › your name › iCloud › iCloud Backup › Back Up Now."),
            gettext_noop("Android: Settings › Google › Backup › Back up now; names differ between makers."),
            gettext_noop("Contacts on the SIM card: copy them to the phone in its contacts app."),
            gettext_noop(
                "An eSIM is in no backup. Keep its QR code or activation code on paper, and never delete the eSIM to "
                "repair something: many can be installed once only."
            ),
        ),
    ),
}
THINGS: Final = tuple(_WORDS)


@dataclass(frozen=True)
class Thing:
    name: str
    title: str
    how: tuple[str, ...]


def things() -> list[Thing]:
    return [Thing(name, _(title), tuple(_(one) for one in how)) for name, (title, how) in _WORDS.items()]
