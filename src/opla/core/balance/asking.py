"""What has to be asked before an answer is believed, and what it says once it was.

One question a kind of thing, however many figures of it stand in the answer, and one for its end. An answer to a
question is the place of a candidate (`0`, `1`, …), or `no`: none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from opla.core.balance.reading import Doubt, Found, Reading, What

NONE_OF_THEM = "no"


@dataclass(frozen=True)
class Question:
    """`name` is that of the field in a form. Exactly one of `amounts` and `ends` has candidates, likeliest first."""

    name: str
    what: What
    doubts: frozenset[Doubt]
    said: tuple[str, ...]
    amounts: tuple[int | None, ...] = ()
    ends: tuple[datetime, ...] = ()


@dataclass(frozen=True)
class Settled:
    """What one kind of thing comes to: an amount (None: unlimited) and its end (None: none was said)."""

    amount: int | None
    until: datetime | None


def questions(reading: Reading) -> tuple[Question, ...]:
    """Everything that has to be asked, in the order of `What`; empty where the reading is plain."""
    asked = []
    for what in What:
        found = [f for f in reading.found if f.what is what]
        if not found:
            continue
        if doubts := frozenset(doubt for f in found for doubt in f.amount.doubts):
            amounts = tuple(dict.fromkeys(amount for f in found for amount in f.amount.candidates))
            asked.append(Question(str(what), what, doubts, _said(found), amounts=amounts))
        untils = [f.until for f in found if f.until]
        ends = tuple(dict.fromkeys(end for until in untils for end in until.candidates))
        unsure = frozenset(doubt for until in untils for doubt in until.doubts)
        if unsure or len(ends) > 1:
            asked.append(Question(f"{what}_until", what, unsure or frozenset({Doubt.SEVERAL}), _said(found), ends=ends))
    return tuple(asked)


def settle(reading: Reading, answers: Mapping[str, str]) -> tuple[dict[What, Settled], tuple[Question, ...]]:
    """What is settled, and the questions still open. Where the amount is none of them, its end is not asked."""
    settled: dict[What, Settled] = {}
    left: list[Question] = []
    asked = {question.name: question for question in questions(reading)}
    for what in What:
        found = [f for f in reading.found if f.what is what]
        if not found or answers.get(str(what)) == NONE_OF_THEM:
            continue
        amounts = question.amounts if (question := asked.get(str(what))) else found[0].amount.candidates
        place = _place(answers.get(str(what)), len(amounts)) if question else 0
        if place is None and question:
            left.append(question)
        until = next((f.until.candidates[0] for f in found if f.until), None)
        if end := asked.get(f"{what}_until"):
            chosen = answers.get(end.name)
            at = _place(chosen, len(end.ends))
            if at is None and chosen != NONE_OF_THEM:
                left.append(end)
                continue
            until = None if at is None else end.ends[at]
        if place is not None:
            settled[what] = Settled(amounts[place], until)
    return settled, tuple(left)


def _place(chosen: str | None, there: int) -> int | None:
    """The candidate that was chosen; None when there is no such."""
    if chosen is None or not chosen.isascii() or not chosen.isdecimal() or len(chosen) > 2:
        return None
    return int(chosen) if int(chosen) < there else None


def _said(found: list[Found]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(f.said for f in found))
