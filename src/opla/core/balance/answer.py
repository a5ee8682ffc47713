"""Reading an answer: a format that is known for this operator, else figures, units and dates wherever they stand.

        text ──▶ plain signs ──▶ known format? ──▶ Reading, nothing to ask
                     └────────▶ clauses ──▶ ends, figures ──▶ which end belongs to which ──▶ Reading, with doubts

Nothing is guessed silently: what can be read in two ways is a doubt with its candidates, and the person chooses.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from opla.core.balance import formats
from opla.core.balance.days import When, days_in
from opla.core.balance.figures import Figure, figures_in, unlimited
from opla.core.balance.reading import Amount, Doubt, Found, Reading, Until, What
from opla.core.refusal import Code, Refusal
from opla.core.written import plain

#: An SMS of six parts; it bounds the work that a stranger can ask for.
MAX_ANSWER = 1000

_BREAK = re.compile(r"[\n;|•。]|(?<!\bmin)(?<!\d)[.!](?=\s|$)|(?<=\d)\.(?=\s+[a-zà-ÿ一-鿿])")
_UNTIL = re.compile(
    r"\b(?:until|till|to|before|expir\w*|valid|ends?|tot|t/m|geldig\w*|verval\w*|jusqu\w*|valables?|bis|gültig\w*)\b"
    r"|有效|截止|到期|至|到"
)

#: What an end may be of instead: the number itself, the card, a last day to top up.
_ANOTHER = re.compile(
    r"\b(?:number|nummer|numéro|rufnummer|sim|simkaart|simkarte|card|carte|kaart|karte)\b|号码|卡"
    r"|\b(?:recharge\w*|top[ -]?up|herla\w*)\b|充值"
)


def read_answer(operator: str, text: str, at: datetime, zone: ZoneInfo, *, samples: bool = False) -> Reading | Refusal:
    """What an operator's answer says that a SIM holds, asked at `at`. Refuses ANSWER_MISSING, ANSWER_UNREADABLE.

    `samples` lets formats be believed that were invented for the sandbox. No refusal repeats the text.
    """
    if not text.strip():
        return Refusal(Code.ANSWER_MISSING, "answer")
    if len(text) > MAX_ANSWER:
        return Refusal(Code.ANSWER_UNREADABLE, "answer")
    lines = "\n".join(plain(line) for line in text.splitlines())
    if known := formats.fitting(operator, " ".join(lines.split()), at, zone, samples=samples):
        return known
    found, rest = _understood(lines, at, zone)
    return Reading(at, found, rest) if found else Refusal(Code.ANSWER_UNREADABLE, "answer")


@dataclass
class _Clause:
    """One sentence or line: its figures and its ends, by their places in the whole text."""

    start: int
    end: int
    figures: list[Figure] = field(default_factory=list)
    ends: list[When] = field(default_factory=list)


def _understood(lines: str, at: datetime, zone: ZoneInfo) -> tuple[tuple[Found, ...], tuple[str, ...]]:
    text = lines.lower()
    if len(text) != len(lines):  # a letter whose small form is longer: places would not fit any more
        lines = text
    ends = days_in(text, at, zone)
    bare = list(text)
    for when in ends:
        bare[when.start : when.end] = "\0" * (when.end - when.start)
    masked = "".join(bare)
    clauses = _clauses(masked)
    for clause in clauses:
        clause.ends = [when for when in ends if clause.start <= when.start < clause.end]
        clause.figures = [
            replace(figure, start=figure.start + clause.start, end=figure.end + clause.start)
            for figure in figures_in(masked[clause.start : clause.end])
        ]
    untils, belongs = _assigned(clauses, masked)
    count = Counter(figure.what for clause in clauses for figure in clause.figures)
    found = []
    for clause in clauses:
        for figure in clause.figures:
            amount = figure.amount
            if count[figure.what] > 1:
                amount = Amount(amount.candidates, amount.doubts | {Doubt.SEVERAL})
            said = lines[clause.start : clause.end].strip()
            found.append(Found(figure.what, amount, untils.get(figure.start), said))
    return tuple(found), _rest(clauses, masked, lines, belongs)


def _clauses(text: str) -> list[_Clause]:
    clauses, start = [], 0
    for match in _BREAK.finditer(text):
        clauses.append(_Clause(start, match.start()))
        start = match.end()
    clauses.append(_Clause(start, len(text)))
    return [clause for clause in clauses if text[clause.start : clause.end].strip()]


def _assigned(clauses: list[_Clause], text: str) -> tuple[dict[int, Until], set[int]]:
    """Which end belongs to which figure, by the figure's place; and the places of the ends that belong to one.

    An end belongs to the figures of its clause that stand before it, after the end before; without such, to those that
    follow it; and an end alone in its clause to all figures since the last end. Credit and benefits seldom end
    together, so one end for both is a doubt; so is a date with no word of ending beside it, or with another owner.
    """
    untils: dict[int, Until] = {}
    belongs: set[int] = set()
    waiting: list[Figure] = []
    for clause in clauses:
        if not clause.ends:
            waiting += clause.figures
            continue
        edge = clause.start
        for n, when in enumerate(clause.ends):
            following = clause.ends[n + 1].start if n + 1 < len(clause.ends) else clause.end
            group = [f for f in clause.figures if edge <= f.start < when.start]
            if not group and n == 0:
                group = waiting if not clause.figures else []
            if not group:
                group = [f for f in clause.figures if when.end <= f.start < following]
            edge = following if group and group[0].start > when.start else when.end
            doubts: set[Doubt] = set()
            mixed = len({figure.what is What.CREDIT for figure in group}) > 1
            near = text[max(clause.start, when.start - 40) : min(clause.end, when.end + 12)]
            if mixed or not _UNTIL.search(near) or _ANOTHER.search(near):
                doubts.add(Doubt.WHOSE)
            if group:
                belongs.add(when.start)
            for figure in group:
                untils.setdefault(figure.start, Until(when.until.candidates, when.until.doubts | doubts))
        waiting = []
    return untils, belongs


def _rest(clauses: list[_Clause], masked: str, lines: str, belongs: set[int]) -> tuple[str, ...]:
    """The parts with digits, or a word for unlimited, that mean nothing to us: other words alone say no figure."""
    rest = []
    for clause in clauses:
        left = list(masked[clause.start : clause.end])
        for figure in clause.figures:
            for place in range(figure.start - clause.start, figure.end - clause.start):
                left[place] = " "
        unsaid = any(c.isdigit() for c in left) or unlimited("".join(left))
        if unsaid or any(when.start not in belongs for when in clause.ends):
            rest.append(lines[clause.start : clause.end].strip(" ."))
    return tuple(rest)
