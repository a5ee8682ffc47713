"""One line of the table: a figure, what it is held against, and whether that is met."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Row:
    """`floor` was measured in the same run, in the same unit; `ratio` is `value / floor`.

    Rates swing with whoever shares the machine, so what is judged is a ratio, CPU-milliseconds, a time or a size:
    `goal` is that of the ratio for `at_least`, and of the value for `at_most`.
    """

    row: str
    value: float
    unit: str
    goal: float
    met: bool
    floor: float | None
    ratio: float | None
    note: str

    @classmethod
    def at_least(cls, row: str, value: float, unit: str, *, goal: float, floor: float, note: str) -> Self:
        """A rate, judged by its share of the floor."""
        ratio = value / floor
        return cls(row, rounded(value), unit, goal, ratio >= goal, rounded(floor), rounded(ratio), note)

    @classmethod
    def at_most(cls, row: str, value: float, unit: str, *, goal: float, note: str, floor: float | None = None) -> Self:
        """A cost (CPU-milliseconds, a time, a size), judged by itself; a floor is shown beside it."""
        shown, ratio = (None, None) if floor is None else (rounded(floor), rounded(value / floor))
        return cls(row, rounded(value), unit, goal, value <= goal, shown, ratio, note)


def percentile(values: Sequence[float], part: float) -> float:
    """The value that `part` per cent do not exceed (nearest rank). Raises ValueError where there are none."""
    if not values:
        raise ValueError("nothing was measured")
    ordered = sorted(values)
    rank = -(-len(ordered) * part // 100)  # rounded up
    return ordered[max(0, min(len(ordered), int(rank)) - 1)]


def rounded(figure: float) -> float:
    """Three figures that count: more would be noise."""
    return float(f"{figure:.3g}") if abs(figure) < 1000 else float(round(figure))


def table(rows: Iterable[Row]) -> str:
    """The rows as Markdown that reads well in a terminal too."""
    head = ("row", "measured", "goal", "met", "floor", "ratio", "what")
    lines = [head, *map(_cells, rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(head))]
    written = ["| " + " | ".join(cell.ljust(widths[n]) for n, cell in enumerate(line)) + " |" for line in lines]
    return "\n".join([written[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *written[1:]])


def _cells(row: Row) -> tuple[str, ...]:
    judged_by_ratio = row.unit.endswith("/s")
    goal = f"ratio ≥ {row.goal:g}" if judged_by_ratio else f"≤ {row.goal:g} {row.unit}"
    floor = "" if row.floor is None else f"{row.floor:,g}"
    ratio = "" if row.ratio is None else f"{row.ratio:g}"
    return (row.row, f"{row.value:,g} {row.unit}", goal, "yes" if row.met else "no", floor, ratio, row.note)
