"""Amounts as operators write them: a number and its unit, in five languages. Units are those of `reading`.

| written                | read                  | doubt                                     |
|------------------------|-----------------------|-------------------------------------------|
| 1,2 GB; 1.2 Go         | 1,200,000 kB          |                                           |
| 1.500 MB; 1 500 MB     | 1,500 MB, then 1.5 MB | `separator`                               |
| 500 M                  | 500 MB, then 500 min  | `unit`                                    |
| data: 500              | 500 MB, then 500 GB   | `unit`                                    |
| balance 12.50          | 12.50                 | `unit`: no currency is named              |
| 500 MB used of 2 GB    | 1,500 MB              |                                           |
| 500 MB of 2 GB         | 500 MB, then 1,500 MB | `used`, unless it says that it is left    |
| unlimited SMS          | unlimited             |                                           |
| €0.20/min, 512 kbps    | nothing: a price or a speed is nothing that a SIM holds           | |
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from opla.core.balance.reading import Amount, Doubt, What

_KB = {"k": 1, "m": 1000, "g": 1000 * 1000}
_NUMBER = r"(?<![\d.,])(?P<number>\d{1,3}(?:[ .,'’]\d{3})+(?:[.,]\d{1,2})?|\d{1,9}(?:[.,]\d{1,3})?)(?![\d]|[.,]\d)"
_DATA = r"(?P<data>(?P<size>[kmg])(?:b|o|ega(?:byte)?s?|iga(?:byte)?s?|igabytes?)?|(?P<zhao>兆))(?![a-z]|/s|ps)"
_HOURS = r"(?P<hours>hours?|heures?|uren|uur|stunden?|hrs?|小时)"
_VOICE = rf"(?P<voice>(?:minutes?|minuten|minuut|mins?|分钟|分|{_HOURS})(?![a-z]))"
_SMS = r"(?P<sms>(?:sms(?:'?e[ns]|'?s)?|text\s?messages?|texts?|berichten|短信)(?![a-z])|条(?:短信)?)"
_MONEY = r"(?P<money>€|eur(?:os?)?(?![a-z])|欧元)"
_UNIT = rf"\s*(?:free |gratis |gratuite?s? |kostenlose |local |national )?(?:{_DATA}|{_VOICE}|{_SMS}|{_MONEY})"
_OF = (
    r"\s*(?:left|remaining|used|gebruikt|verbruikt|utilisée?s?|verbraucht|übrig)?"
    r"\s*(?:/|out of|of|van de|van|sur|von|共|,?\s*总共)\s*"
)
_PER = re.compile(r"\s*(?:/\s*(?!\s*\d)|per\b|par\b|pro\b|每)")

_FIGURE = re.compile(_NUMBER + _UNIT)
_MONEY_FIRST = re.compile(r"(?:€|eur(?![a-z]))\s*" + _NUMBER)
_TOTAL = re.compile(_OF + r"(?:€\s*)?" + _NUMBER + _UNIT.replace("(?P<", "(?P<_"))
_LABELLED = [
    (What.SMS, re.compile(r"\b(?:sms|texts?|text messages)\s*[:=]\s*" + _NUMBER)),
    (What.SMS, re.compile(r"短信\s*[:=]\s*" + _NUMBER)),
    (What.VOICE, re.compile(r"\b(?:minutes?|minuten|min)\.?\s*[:=]\s*" + _NUMBER)),
    (What.VOICE, re.compile(r"分钟\s*[:=]\s*" + _NUMBER)),
    (What.DATA, re.compile(r"(?:\b(?:data|internet|surf)|流量)\s*[:=]\s*" + _NUMBER)),
    (
        What.CREDIT,
        re.compile(
            r"(?:\b(?:credit|crédit|balance|belwaarde|beltegoed|saldo|solde|guthaben)|余额|话费)"
            r"(?:\s*[:=]\s*|\s+(?:is|est de|ist|van|de)\s+|\s+)" + _NUMBER
        ),
    ),
]
_UNLIMITED = re.compile(r"unlimited|onbeperkte?|illimitée?s?|unbegrenzte?|unlimitiert|无限|不限量|不限")
_KINDS = {
    What.VOICE: r"(?:\b(?:calls?|calling|minutes?|minuten|min|bellen|appels?|anrufe|gespräche)\b|通话|分钟)",
    What.SMS: r"(?:\b(?:sms(?:'?en)?|texts?|texting|berichten)\b|短信)",
    What.DATA: r"(?:\b(?:data|internet|surf|surfen)\b|流量|上网)",
}
_KIND = "(?:" + "|".join(_KINDS.values()) + ")"
_AND = r"\s*(?:,|&|/|\+|\band\b|\ben\b|\bet\b|\bund\b|和|及|、)?\s*"
_KINDS_AFTER = re.compile(rf"\s*{_KIND}(?:{_AND}{_KIND})*")
_KINDS_BEFORE = re.compile(rf"{_KIND}(?:{_AND}{_KIND})*\s*(?::|is|are|sont|zijn|sind)?\s*$")
_USED = re.compile(r"\b(?:used|gebruikt|verbruikt|utilisée?s?|consommée?s?|verbraucht)\b|已用|用了")
_LEFT = re.compile(
    r"\b(?:left|remaining|still|nog|resterende?|over|restante?s?|reste|restent|noch|übrig|verbleibende?)\b|剩余|还剩|剩"
)
_OFFER = re.compile(
    r"\b(?:top[ -]?up|buy|order|recharge[rz]?|rechargez|herlaad|herlaadt?|opladen|aufladen|laden sie|lade)\b|充值|购买"
)


@dataclass(frozen=True)
class Figure:
    """An amount of something, and where in the text it stands."""

    start: int
    end: int
    what: What
    amount: Amount


def figures_in(clause: str) -> list[Figure]:
    """Every amount in one clause (lower case, plain signs, ends blanked out), in order."""
    found: list[Figure] = []
    taken: list[tuple[int, int]] = []

    def free(start: int, end: int) -> bool:
        return not any(start < there[1] and there[0] < end for there in taken)

    for match in sorted(
        [*_MONEY_FIRST.finditer(clause), *_FIGURE.finditer(clause)], key=lambda m: (m.start(), -m.end())
    ):
        if not free(match.start(), match.end()) or clause[: match.start()].endswith(("-", "−", "+", "*", "#")):
            continue
        if _PER.match(clause, match.end()) and not _TOTAL.match(clause, match.end()):
            taken.append((match.start(), match.end()))  # a price
            continue
        figure = _figure(match, clause)
        taken.append((figure.start, figure.end))
        found.append(figure)
    for what, pattern in _LABELLED:
        for match in pattern.finditer(clause):
            if free(match.start("number"), match.end("number")):
                found.append(_labelled(what, match))
                taken.append((match.start("number"), match.end("number")))
    found.sort(key=lambda figure: figure.start)
    found += _unlimited(clause, taken)
    if _OFFER.search(clause):
        found = [_doubting(figure, Doubt.OFFER) for figure in found]
    return sorted(found, key=lambda figure: figure.start)


def unlimited(text: str) -> bool:
    """Whether something is said to be without limit."""
    return _UNLIMITED.search(text) is not None


def numbers(text: str) -> tuple[Decimal, ...]:
    """What a number may be: `1.500` is fifteen hundred or one and a half. Likeliest first."""
    marks = [c for c in text if not c.isdigit()]
    if not marks:
        return (Decimal(text),)
    head, _, tail = text.rpartition(marks[-1])
    whole = Decimal("".join(c for c in text if c.isdigit()))
    if marks[-1] in " '’":
        return (whole, Decimal(tail)) if marks == [" "] else (whole,)
    point = Decimal("".join(c for c in head if c.isdigit()) + "." + tail)
    if len(set(marks)) > 1 or len(tail) != 3 or head == "0":
        return (point,)
    return (whole,) if len(marks) > 1 else (whole, point)


def _figure(match: re.Match[str], clause: str) -> Figure:
    said = match.groupdict()
    what, amount = _amount(said)
    end = match.end()
    total = _TOTAL.match(clause, end)
    if total:
        of = {name.removeprefix("_"): text for name, text in total.groupdict().items()}
        whole_of, whole = _amount(of)
        if whole_of is what:
            end = total.end()
            amount = _part_of(amount, whole, clause)
    elif _USED.search(clause) and not _LEFT.search(clause):
        # What was used says nothing of what is left.
        amount = Amount(amount.candidates, amount.doubts | {Doubt.USED})
    return Figure(match.start(), end, what, amount)


def _part_of(part: Amount, whole: Amount, clause: str) -> Amount:
    doubts = part.doubts | whole.doubts
    rest = tuple(w - p for p in part.candidates for w in whole.candidates if p is not None and w is not None and w >= p)
    if not rest or _LEFT.search(clause):
        return part
    if _USED.search(clause):
        return Amount(tuple(dict.fromkeys(rest)), doubts)
    return Amount(tuple(dict.fromkeys((*part.candidates, *rest))), doubts | {Doubt.USED})


def _amount(said: dict[str, str | None]) -> tuple[What, Amount]:
    values = numbers(said["number"] or "")
    doubts: set[Doubt] = {Doubt.SEPARATOR} if len(values) > 1 else set()
    if said.get("data"):
        size = said.get("size") or "m"
        if size == "g":
            values = tuple(reversed(values))  # one and a half gigabytes are likelier than fifteen hundred
        sizes = [int(value * _KB[size]) for value in values]
        if said["data"] == "m":
            minutes = [int(value * 60) for value in values]
            return What.DATA, Amount((*sizes, *minutes), frozenset(doubts | {Doubt.UNIT}))
        return What.DATA, Amount(tuple(sizes), frozenset(doubts))
    if said.get("voice"):
        seconds = 3600 if said.get("hours") else 60
        return What.VOICE, Amount(tuple(int(value * seconds) for value in values), frozenset(doubts))
    if said.get("sms"):
        return What.SMS, Amount(tuple(int(value) for value in values), frozenset(doubts))
    return What.CREDIT, Amount(tuple(_cents(value) for value in values), frozenset(doubts))


def _labelled(what: What, match: re.Match[str]) -> Figure:
    values = numbers(match["number"])
    doubts: set[Doubt] = {Doubt.SEPARATOR} if len(values) > 1 else set()
    if what is What.DATA:
        candidates = [int(v * _KB[size]) for size in "mg" for v in values]
    elif what is What.CREDIT:
        candidates = [_cents(value) for value in values]
    else:
        candidates = [int(value * (60 if what is What.VOICE else 1)) for value in values]
    if what in (What.DATA, What.CREDIT):
        doubts.add(Doubt.UNIT)
    return Figure(match.start("number"), match.end("number"), what, Amount(tuple(candidates), frozenset(doubts)))


def _unlimited(clause: str, taken: list[tuple[int, int]]) -> list[Figure]:
    """The kinds that stand beside a word for unlimited, after it or else before it, and have no figure of their own."""
    found: list[Figure] = []
    for word in _UNLIMITED.finditer(clause):
        named = _KINDS_AFTER.match(clause, word.end()) or _KINDS_BEFORE.search(clause[: word.start()])
        if named is None or any(a < named.end() and named.start() < b for a, b in taken):
            continue
        start, end = min(word.start(), named.start()), max(word.end(), named.end())
        kinds = [what for what, pattern in _KINDS.items() if re.search(pattern, named[0])]
        found += [Figure(start, end, what, Amount((None,))) for what in kinds]
        taken.append((start, end))
    return found


def _cents(value: Decimal) -> int:
    return int((value * 100).to_integral_value())


def _doubting(figure: Figure, doubt: Doubt) -> Figure:
    amount = Amount(figure.amount.candidates, figure.amount.doubts | {doubt})
    return Figure(figure.start, figure.end, figure.what, amount)
