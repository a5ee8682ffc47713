"""docs/reference/rules.md, made from the table."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby

from opla.proving.rules.shape import NOON, ZONE_NAME, Shape, Step
from opla.proving.rules.table import SHAPES

_HEAD = ["shape", "cells", "before", "what is done", "after"]
_TITLE = """# Rules

<!-- Made by `./opla _reference`: change the table in `src/opla/proving/rules/table.py`, not this page. -->"""
_TOLD = (
    "What a catalogue can say of a product, and what comes of it. Each row is a test: the cells are written as the "
    "catalogue writes them, the line before is given, and the line after is compared with what stands here. The "
    f"top-up is made at {NOON} ({ZONE_NAME}) unless the row says otherwise. Figures are made up; a rule that stands "
    "beside an operator is one the catalogues have a source for, and *A brand elsewhere* has the others."
)


def rules() -> str:
    """The page."""
    parts = []
    for rule, shapes in groupby(SHAPES, key=lambda shape: shape.rule):
        rows = ["| " + " | ".join(row) + " |" for row in (_HEAD, ["---"] * len(_HEAD), *map(_row, shapes))]
        parts += [f"## {rule}", "\n".join(rows)]
    return "\n\n".join([_TITLE, _TOLD, *parts]) + "\n"


def _row(shape: Shape) -> list[str]:
    cells = [f"`{name}: {_written(shape.gives[name])}`" for name in shape.shows]
    happened = ", ".join(f"`{one}`" for one in shape.happened)
    after = f"refused: `{shape.refused}`" if shape.refused else _lines(shape.after) or "nothing is left"
    return [
        f"**{shape.shape}**<br>{shape.operator}",
        "<br>".join(cells),
        _lines(shape.before) or "a new line",
        _lines(map(_step, shape.steps)),
        after + (f"<br>{happened}" if happened else ""),
    ]


def _step(step: Step) -> str:
    said = step.does
    if step.plan:
        said += f" {'to' if step.does == 'changes plan' else 'with plan'} {step.plan}"
    if step.renew:
        said += ", to renew"
    if step.code_last_day:
        said += f", a code good until {step.code_last_day}"
    return said + (f" at {step.at}" if step.at != NOON else "")


def _lines(lines: Iterable[str]) -> str:
    return "<br>".join(lines)


def _written(value: object) -> str:
    """A value as YAML writes it on one line."""
    return json.dumps(value).replace('"', "") if not _is_amount(value) else json.dumps(value)


def _is_amount(value: object) -> bool:
    return isinstance(value, str) and value[:1].isdigit()
