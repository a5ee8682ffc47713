"""Putting an eSIM on a phone: what to have ready, each way on each phone, what comes after, and when it fails.

| phone                  | QR from another screen | link on the same phone         | typed |
|------------------------|------------------------|--------------------------------|-------|
| iPhone                 | yes                    | iOS 17.4 and later             | yes   |
| Pixel                  | yes                    | Android 10 and later, reported | yes   |
| Samsung, Xiaomi, Huawei| yes                    | –                              | yes   |
| any other Android      | yes                    | –                              | yes   |

The link: pub.dev/packages/esim_universal_installer (iOS 17.4, Android 10).
The menus: as they are known. The words are in `presenting.install`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Phone(StrEnum):
    """Where the menus have other names."""

    IPHONE = "iphone"
    PIXEL = "pixel"
    SAMSUNG = "samsung"
    XIAOMI = "xiaomi"
    HUAWEI = "huawei"
    OTHER = "other"  # any other Android


class Way(StrEnum):
    QR = "qr"
    LINK = "link"
    TYPED = "typed"


class Step(StrEnum):
    """One thing to do. `ADD` is the way through a phone's menus."""

    # before
    WIFI = "wifi"
    CLOCK = "clock"  # a wrong date makes the phone distrust the operator's server
    BATTERY = "battery"
    OTHER_SCREEN = "other_screen"  # a phone cannot scan what it shows itself
    RIGHT_PHONE = "right_phone"  # it goes on the one it is installed on, and no other
    # on the phone
    ADD = "add"
    SCAN = "scan"
    OPEN_LINK = "open_link"
    BY_HAND = "by_hand"
    TWO_FIELDS = "two_fields"
    CONFIRM = "confirm"
    # after
    LINE_ON = "line_on"
    DATA_LINE = "data_line"
    ROAMING = "roaming"
    APN = "apn"
    KEEP = "keep"  # the QR, on paper
    OFF_IS_NOT_DELETED = "off_is_not_deleted"
    # when it fails
    IS_IT_THERE = "is_it_there"
    AGAIN = "again"
    NEVER_DELETE = "never_delete"
    USED = "used"  # the operator says that the code is used
    ASK = "ask"


BEFORE: Final = (Step.RIGHT_PHONE, Step.WIFI, Step.OTHER_SCREEN, Step.CLOCK, Step.BATTERY)
AFTER: Final = (Step.LINE_ON, Step.DATA_LINE, Step.APN, Step.ROAMING, Step.KEEP, Step.OFF_IS_NOT_DELETED)
FAILED: Final = (Step.IS_IT_THERE, Step.AGAIN, Step.NEVER_DELETE, Step.USED, Step.ASK)

STEPS: Final[dict[Way, tuple[Step, ...]]] = {
    Way.QR: (Step.ADD, Step.SCAN, Step.CONFIRM),
    Way.LINK: (Step.OPEN_LINK, Step.CONFIRM),
    Way.TYPED: (Step.ADD, Step.BY_HAND, Step.TWO_FIELDS, Step.CONFIRM),
}

_WITH_LINK: Final = (Way.QR, Way.LINK, Way.TYPED)
_WITHOUT: Final = (Way.QR, Way.TYPED)
WAYS: Final[dict[Phone, tuple[Way, ...]]] = {
    phone: _WITH_LINK if phone in (Phone.IPHONE, Phone.PIXEL) else _WITHOUT for phone in Phone
}
