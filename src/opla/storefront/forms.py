"""A form as it was typed, with the refusals beside their fields. Operations judge; this only carries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from opla.core.refusal import Code, Refusal
from opla.presenting.refusals import sentence


@dataclass(frozen=True)
class Form:
    """`values` as typed; `errors` by field, in words. What is about no field shown here stands in `general`."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    general: tuple[str, ...] = ()

    @property
    def wrong(self) -> bool:
        return bool(self.errors or self.general)

    @property
    def first(self) -> str:
        """The field that takes the focus: the first wrong one in the order of the values."""
        return next((name for name in self.values if name in self.errors), "")


def refused(values: Mapping[str, str], refusals: Iterable[Refusal]) -> Form:
    """The same form again, nothing lost, with every reason at once."""
    errors: dict[str, str] = {}
    general: list[str] = []
    for refusal in refusals:
        if refusal.about in values:
            errors.setdefault(refusal.about, sentence(refusal))
        else:
            general.append(sentence(refusal))
    return Form(values, errors, tuple(general))


def status_of(refusals: Iterable[Refusal]) -> int:
    """How a form with these is answered: 429 where waiting is all it needs, else 422."""
    return 429 if any(refusal.code is Code.TOO_MANY_TRIES for refusal in refusals) else 422
