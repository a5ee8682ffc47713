"""What somebody texted us, as one of the few things we understand. Whatever else it is, it is not answered.

| they write                              | it means                                       |
|-----------------------------------------|------------------------------------------------|
| `STATUS K7M3-9QX2-TB`, `状态 K7M39QX2TB`  | what has become of this order                  |
| `SALDO`, `BALANCE`, `SOLDE`, `GUTHABEN`, `余额` | how to see what is left on a SIM          |
| `TOPUP 15`, `HERLADEN 15 LYCAMOBILE`, `充值 15` | what that costs, for the SIM it comes from  |
| `DATA`, `DATEN`, `充流量`                  | the same, of whatever gives data               |
| `YES 0470 12 34 56`, `OUI`, `好`          | ask them to pay what was offered; else: the link |
| `PAY K7M39Q`, `PAYER`, `BETAAL`, `ZAHLEN`, `支付` | charge what was offered, by this word of the offer |
| `VOUCHER K7M39QX2TBVW13`, `BON`, `GUTSCHEIN`, `兑换` | redeem it, for the SIM it comes from   |
| `STOP`, `ARRÊT`, `STOPP`, `退订`           | never text me again                            |

`SHOW`, `MONTRER`, `TOON`, `ZEIGEN` or `显示` after a friend's number: they see the whole number of who asks.

The first word decides, however it is written: capitals, full width, signs around it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final, TypeAlias

_STATUS: Final = frozenset({"status", "statut", "状态"})
_BALANCE: Final = {"saldo": "nl", "balance": "en", "solde": "fr", "guthaben": "de", "余额": "zh-Hans"}
_STOP: Final = frozenset({"stop", "stopp", "arret", "arrêt", "退订"})
#: Of a word that several languages have, the language is left open.
_TOP_UP: Final = {
    "topup": "en",
    "recharge": "fr",
    "recharger": "fr",
    "herladen": "nl",
    "opladen": "nl",
    "aufladen": "de",
    "充值": "zh-Hans",
    "充话费": "zh-Hans",
}
_DATA: Final = {
    "data": "",
    "internet": "",
    "données": "fr",
    "donnees": "fr",
    "daten": "de",
    "充流量": "zh-Hans",
    "流量": "zh-Hans",
}
_YES: Final = frozenset({"yes", "oui", "ja", "是", "好"})
_PAY: Final = frozenset({"pay", "payer", "betaal", "betalen", "zahlen", "bezahlen", "支付", "付款"})
_VOUCHER: Final = {
    "voucher": "en",
    "redeem": "en",
    "bon": "",
    "gutschein": "de",
    "兑换券": "zh-Hans",
    "兑换": "zh-Hans",
}
_SHOW: Final = frozenset({"show", "montrer", "toon", "zeigen", "显示"})
_AMOUNT: Final = re.compile(r"(?<!\d)(\d{1,4})(?:[.,](\d{2}))?(?!\d)")
_UNITS: Final = frozenset({"euro", "euros", "eur", "欧元", "欧", "元"})
_LETTERS: Final = re.compile(r"[^\W\d_]+!?")
#: As `chance.order_number` draws them.
_TICKET: Final = re.compile(r"([2-9A-HJKMNP-TV-Z]{4})([2-9A-HJKMNP-TV-Z]{4})([2-9A-HJKMNP-TV-Z]{2})")
#: As `chance.word` draws them.
_OFFERED: Final = re.compile(r"[2-9A-HJKMNP-TV-Z]{6}")
_WORD: Final = re.compile(r"\w+")
#: Longer than any of these with an order's number; what follows is a signature.
_LONGEST: Final = 200


@dataclass(frozen=True)
class Status:
    """`ticket` as orders have it; empty where what was written is the number of no order."""

    ticket: str


@dataclass(frozen=True)
class Balance:
    """`language` is that of the word."""

    language: str


@dataclass(frozen=True)
class Stop:
    pass


@dataclass(frozen=True)
class TopUp:
    """What is wanted for the SIM that it comes from. `amount` as `Money.parse` reads it, `15` or `15.00`; empty where
    none was written. `operator`: every word that is left. `language` is empty where the word is of several."""

    amount: str
    operator: str
    language: str
    data: bool = False


@dataclass(frozen=True)
class Yes:
    """`number` as it was written, empty where none was; `shown`: the friend may see who asks."""

    number: str
    shown: bool = False


@dataclass(frozen=True)
class Pay:
    """`word` as offers have it; empty where what was written is none."""

    word: str = field(repr=False)


@dataclass(frozen=True)
class Redeem:
    """`code` as it was written. `language` is empty where the word is of several."""

    code: str = field(repr=False)
    language: str


Texted: TypeAlias = Status | Balance | Stop | TopUp | Yes | Pay | Redeem


def read(text: str) -> Texted | None:
    """None for what is none of these."""
    plain = unicodedata.normalize("NFKC", text[:_LONGEST])
    if (asked := _after(plain, _STATUS)) is not None:
        return Status(read_ticket(asked[1]))
    first = _WORD.search(plain)
    word = first[0].casefold() if first else ""
    if word in _BALANCE:
        return Balance(_BALANCE[word])
    if word in _STOP:
        return Stop()
    said = re.sub(r"^(\W*)top[\s-]+up\b", r"\1topup", plain, flags=re.IGNORECASE)
    if (asked := _after(said, _TOP_UP)) is not None:
        return _top_up(asked[1], _TOP_UP[asked[0]], data=False)
    if (asked := _after(said, _DATA)) is not None:
        return _top_up(asked[1], _DATA[asked[0]], data=True)
    if (asked := _after(plain, _YES)) is not None:
        return _yes(asked[1])
    if (asked := _after(plain, _PAY)) is not None:
        return Pay(_offered(asked[1]))
    if (asked := _after(plain, _VOUCHER)) is not None:
        return Redeem(asked[1].strip().partition("\n")[0], _VOUCHER[asked[0]])
    return None


def _after(plain: str, words: Collection[str]) -> tuple[str, str] | None:
    """Which of these words it begins with, and what follows. Chinese has no spaces, and a figure may touch a word."""
    first = _WORD.search(plain)
    written = first[0].casefold() if first else ""
    for known in sorted(words, key=len, reverse=True):
        rest = written.removeprefix(known)
        if first and written.startswith(known) and (not rest or not known.isascii()):
            return known, plain[first.start() + len(known) :]
        if first and written.startswith(known) and rest.isdecimal() and words is not _STATUS:
            return known, plain[first.start() + len(known) :]
    return None


def _top_up(rest: str, language: str, *, data: bool) -> TopUp:
    line = rest.strip().partition("\n")[0]
    found = _AMOUNT.search(line)
    amount = (found[1] + (f".{found[2]}" if found[2] else "")) if found else ""
    named = line.replace(found[0], " ", 1) if found else line
    words = [word for word in _LETTERS.findall(named) if word.casefold() not in _UNITS]
    return TopUp(amount, " ".join(words), language, data)


def _yes(rest: str) -> Yes:
    line = rest.strip().partition("\n")[0]
    shown = any(word.casefold() in _SHOW for word in _LETTERS.findall(line))
    return Yes("".join(sign for sign in line if sign.isdecimal() or sign in "+()/. -").strip(" .-/()"), shown)


def _offered(rest: str) -> str:
    line = rest.strip().partition("\n")[0]
    found = _OFFERED.fullmatch("".join(sign for sign in line.upper() if sign.isalnum()))
    return found[0] if found else ""


def read_ticket(rest: str) -> str:
    """An order's number in its own form, whatever it was typed with; only its first line. Empty: it is none."""
    line = rest.strip().partition("\n")[0]
    found = _TICKET.fullmatch("".join(sign for sign in line.upper() if sign.isalnum()))
    return "-".join(found.groups()) if found else ""
