"""It did not work: what somebody saw, and what to try, in the order to try it. The words are in `presenting`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from opla.core.ports import Kind


class Saw(StrEnum):
    """What somebody says that they saw. Published: kept with the thread."""

    CODE_WRONG = "code_wrong"
    CODE_USED = "code_used"
    CODE_OTHER = "code_other"  # the operator says that the code is not one of its own
    DIAL_REFUSED = "dial_refused"  # connection problem, or invalid MMI code
    NO_CREDIT = "no_credit"
    NO_DATA = "no_data"
    SLOW = "slow"
    NO_NETWORK = "no_network"
    NO_CALLS = "no_calls"
    ABROAD = "abroad"
    ELSE = "else"


class Phone(StrEnum):
    """Where settings have other names."""

    IPHONE = "iphone"
    ANDROID = "android"
    XIAOMI = "xiaomi"
    HUAWEI = "huawei"  # HarmonyOS and EMUI


class Step(StrEnum):
    """One thing to try. Published: kept with the thread."""

    DIGITS = "digits"
    OPERATOR = "operator"
    SIM_SLOT = "sim_slot"  # the SIM that was topped up is the one that calls and dials
    OTHER_WAY = "other_way"
    BALANCE = "balance"
    WAIT_SMS = "wait_sms"
    NUMBER = "number"
    WIFI_CALLING = "wifi_calling"
    DATA_SWITCH = "data_switch"
    DATA_SIM = "data_sim"  # the SIM that was topped up is the one for data
    APN = "apn"
    FOUR_G = "four_g"
    RESTART = "restart"
    RESEAT = "reseat"  # take the SIM out and put it in again; an eSIM off and on
    AUTO_NETWORK = "auto_network"
    ROAMING = "roaming"
    OTHER_PHONE = "other_phone"


STEPS: Final[dict[Saw, tuple[Step, ...]]] = {
    Saw.CODE_WRONG: (Step.DIGITS, Step.OPERATOR, Step.SIM_SLOT, Step.OTHER_WAY),
    Saw.CODE_USED: (Step.BALANCE, Step.SIM_SLOT),
    Saw.CODE_OTHER: (Step.OPERATOR, Step.SIM_SLOT),
    Saw.DIAL_REFUSED: (Step.SIM_SLOT, Step.WIFI_CALLING, Step.OTHER_WAY, Step.RESTART),
    Saw.NO_CREDIT: (Step.WAIT_SMS, Step.BALANCE, Step.NUMBER, Step.SIM_SLOT, Step.RESTART),
    Saw.NO_DATA: (Step.DATA_SWITCH, Step.DATA_SIM, Step.BALANCE, Step.RESTART, Step.APN, Step.FOUR_G),
    Saw.SLOW: (Step.BALANCE, Step.FOUR_G, Step.DATA_SIM, Step.RESTART),
    Saw.NO_NETWORK: (Step.RESTART, Step.RESEAT, Step.AUTO_NETWORK, Step.OTHER_PHONE),
    Saw.NO_CALLS: (Step.BALANCE, Step.SIM_SLOT, Step.RESTART, Step.AUTO_NETWORK),
    Saw.ABROAD: (Step.ROAMING, Step.BALANCE, Step.AUTO_NETWORK, Step.RESTART, Step.APN),
    Saw.ELSE: (Step.BALANCE, Step.RESTART),
}

#: What only somebody with a code can see.
_OF_CODE: Final = frozenset({Saw.CODE_WRONG, Saw.CODE_USED, Saw.CODE_OTHER, Saw.DIAL_REFUSED})
#: What does not matter for credit that was put on a number: nothing was entered.
_ONLY_DIRECT: Final = frozenset({Step.NUMBER})

#: Steps whose words name a phone's settings.
BY_PHONE: Final = frozenset(
    {
        Step.SIM_SLOT,
        Step.WIFI_CALLING,
        Step.DATA_SWITCH,
        Step.DATA_SIM,
        Step.APN,
        Step.FOUR_G,
        Step.RESEAT,
        Step.AUTO_NETWORK,
        Step.ROAMING,
    }
)


@dataclass(frozen=True)
class Tried:
    """What somebody tried before they wrote: words of the tables above, empty where nothing was."""

    saw: str = ""
    phone: str = ""
    steps: tuple[str, ...] = ()


NOTHING_TRIED: Final = Tried()


def seen(kind: Kind) -> tuple[Saw, ...]:
    """What may be chosen: nobody saw a wrong code where there was none."""
    return tuple(saw for saw in Saw if kind is Kind.CODE or saw not in _OF_CODE)


def steps(saw: Saw, kind: Kind) -> tuple[Step, ...]:
    return tuple(step for step in STEPS[saw] if kind is Kind.DIRECT or step not in _ONLY_DIRECT)


def next_step(saw: Saw, kind: Kind, tried: Collection[str]) -> Step | None:
    """The first that was not tried; None when nothing is left but to write to the shop."""
    return next((step for step in steps(saw, kind) if step not in tried), None)


def asks_phone(saw: Saw, kind: Kind) -> bool:
    """Whether it matters which phone it is."""
    return any(step in BY_PHONE for step in steps(saw, kind))


def read_tried(saw: str, phone: str, tried: str, kind: Kind) -> Tried:
    """What an address or a form says was tried: words of ours only, each step once, dots between."""
    known = set(map(str, Step))
    done = tuple(dict.fromkeys(step for step in tried.split(".") if step in known))
    return Tried(
        saw if saw in map(str, seen(kind)) else "",
        phone if phone in map(str, Phone) else "",
        done,
    )
