"""How an eSIM is put on a phone, in words: it never holds an activation code, so it may stand anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from opla.core.install import AFTER, BEFORE, FAILED, STEPS, WAYS, Phone, Step, Way
from opla.presenting import phone_menus

_PHONES: Final[dict[Phone, str]] = {
    Phone.IPHONE: "iPhone",
    Phone.PIXEL: "Google Pixel",
    Phone.SAMSUNG: "Samsung Galaxy",
    Phone.XIAOMI: "Xiaomi · Redmi · POCO",
    Phone.HUAWEI: "Huawei",
    Phone.OTHER: gettext_noop("Another Android"),
}
_WAYS: Final[dict[Way, str]] = {
    Way.QR: gettext_noop("With the QR code on another screen or on paper"),
    Way.LINK: gettext_noop("With the link, on the same phone"),
    Way.TYPED: gettext_noop("By typing"),
}
#: What to do after those menus, where a phone has no word for it.
_THEN: Final = {Phone.HUAWEI: gettext_noop("Tap the sign beside SIM 2.")}
_LINK_NEEDS: Final[dict[Phone, str]] = {
    Phone.IPHONE: gettext_noop("The link works from iOS 17.4 on."),
    Phone.PIXEL: gettext_noop("The link is said to work from Android 10 on. If nothing opens, type it."),
}
#: The menus in which each phone adds an eSIM, as far as they are alike on its models.
_ADD: Final[dict[Phone, tuple[str, ...]]] = {
    Phone.IPHONE: ("settings", "iphone_data", "add_esim"),
    Phone.PIXEL: ("settings", "android", "sims", "add_esim"),
    Phone.SAMSUNG: ("settings", "samsung", "sim_manager", "add_esim"),
    Phone.XIAOMI: ("settings", "xiaomi", "add_esim"),
    Phone.HUAWEI: ("settings", "huawei", "sim_management"),
    Phone.OTHER: ("settings", "android", "sims", "add_esim"),
}
_STEPS: Final[dict[Step, str]] = {
    Step.RIGHT_PHONE: gettext_noop(
        "Take the phone on which it will stay: it cannot be moved afterwards as a card can."
    ),
    Step.WIFI: gettext_noop("Be on a Wi-Fi that works, or on the data of another line, and stay there until the end."),
    Step.OTHER_SCREEN: gettext_noop("Open the QR code on another screen, or print it. Or use the link, or type it."),
    Step.CLOCK: gettext_noop("Let the phone set date and time by itself: with a wrong date nothing is installed."),
    Step.BATTERY: gettext_noop("Charge the phone. Interrupted half-way, the code may count as used."),
    Step.ADD: gettext_noop("Open %(path)s."),
    Step.SCAN: gettext_noop("Point the camera at the QR code."),
    Step.OPEN_LINK: gettext_noop("Tap the link on the page of your order, on the phone itself. Its settings open."),
    Step.BY_HAND: gettext_noop("Choose to type it: “%(by_hand)s”."),
    Step.TWO_FIELDS: gettext_noop(
        "Copy both from the page of your order: the address (SM-DP+) and the activation code."
    ),
    Step.CONFIRM: gettext_noop("Confirm, and wait. It can take some minutes: leave the page open and the phone on."),
    Step.LINE_ON: gettext_noop("Switch the new line on, and give it a name, such as Belgium."),
    Step.DATA_LINE: gettext_noop("Choose it for mobile data, and switch data off on your line from home."),
    Step.ROAMING: gettext_noop(
        "Outside the operator’s country: switch on data roaming for this line, and look at its prices."
    ),
    Step.APN: gettext_noop(
        "No data? The access point (APN) must be the operator’s. Its page here has it, where we know it."
    ),
    Step.KEEP: gettext_noop("Keep the QR code on paper, where nobody else sees it: an eSIM is in no backup."),
    Step.OFF_IS_NOT_DELETED: gettext_noop(
        "Switching the line off is not deleting it: it can be switched on again, and its validity runs on. Deleted, it "
        "is often gone for good."
    ),
    Step.IS_IT_THERE: gettext_noop("Look at the list of SIMs: perhaps it is there and only switched off."),
    Step.AGAIN: gettext_noop("Nothing there? Restart the phone, change the Wi-Fi, and try once more in the other way."),
    Step.NEVER_DELETE: gettext_noop("Never delete the eSIM to repair something. Many can be installed once only."),
    Step.USED: gettext_noop(
        "It says that the code was used or is not valid: stop. Only the operator can give it free or send a new one."
    ),
    Step.ASK: gettext_noop("Write to us from the page of your order: we see what was delivered, and ask the operator."),
}


@dataclass(frozen=True)
class Guide:
    """One way on one phone."""

    title: str
    steps: list[str]
    note: str = ""


@dataclass(frozen=True)
class OnPhone:
    id: str
    name: str
    ways: list[Guide]


@dataclass(frozen=True)
class Install:
    """All of it, in the active language."""

    before: list[str]
    phones: list[OnPhone]
    after: list[str]
    failed: list[str]
    once: str


def guides() -> Install:
    return Install(
        before=[_(_STEPS[step]) for step in BEFORE],
        phones=[_on(phone) for phone in Phone],
        after=[_(_STEPS[step]) for step in AFTER],
        failed=[_(_STEPS[step]) for step in FAILED],
        once=once(),
    )


def once() -> str:
    """What must be known before an activation code is looked at, and beside it."""
    return _(
        "Most eSIMs can be installed once only: on one phone, one time. If it is deleted there, the code does not "
        "bring it back. The operator decides whether there is a new one, and what it costs."
    )


def _on(phone: Phone) -> OnPhone:
    return OnPhone(phone.value, _(_PHONES[phone]), [_way(phone, way) for way in WAYS[phone]])


def _way(phone: Phone, way: Way) -> Guide:
    by_hand = phone_menus.named("iphone_by_hand") if phone is Phone.IPHONE else _("Enter the activation code")
    menus = (*_ADD[phone], *(("iphone_qr",) if (phone, way) == (Phone.IPHONE, Way.QR) else ()))
    named = {"path": phone_menus.named(*menus), "by_hand": by_hand}
    steps = [_(_STEPS[step]) % named for step in STEPS[way]]
    if phone in _THEN and Step.ADD in STEPS[way]:
        steps.insert(1, _(_THEN[phone]))
    return Guide(_(_WAYS[way]), steps, _(_LINK_NEEDS[phone]) if way is Way.LINK else "")
