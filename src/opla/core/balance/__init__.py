"""What an operator answered when it was asked what a SIM holds, understood field by field. The person confirms it."""

from __future__ import annotations

from opla.core.balance.answer import MAX_ANSWER, read_answer
from opla.core.balance.asking import NONE_OF_THEM, Question, Settled, questions, settle
from opla.core.balance.formats import FORMATS, Format
from opla.core.balance.reading import Amount, Doubt, Found, Reading, Until, What

__all__ = [
    "FORMATS",
    "MAX_ANSWER",
    "NONE_OF_THEM",
    "Amount",
    "Doubt",
    "Format",
    "Found",
    "Question",
    "Reading",
    "Settled",
    "Until",
    "What",
    "questions",
    "read_answer",
    "settle",
]
