"""A whole run: calibrate, measure what was asked, calibrate again."""

from __future__ import annotations

import traceback
from collections.abc import Collection
from dataclasses import dataclass, field

from opla.proving.bench.bench import Bench
from opla.proving.bench.calibration import Calibration, calibrate
from opla.proving.bench.registry import MEASURES
from opla.proving.bench.row import Row


@dataclass
class Report:
    """`broken`: rows that could not be measured, and why."""

    rows: list[Row] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    calibrations: list[Calibration] = field(default_factory=list)


def run(bench: Bench, wanted: Collection[str]) -> Report:
    """Measure the rows of these names; one that breaks does not take the others with it."""
    report = Report()
    report.calibrations.append(_calibrated(bench))
    for names, measure in MEASURES.items():
        asked = [name for name in names if name in wanted]
        if not asked:
            continue
        bench.say(f"{', '.join(names)} …")
        try:
            report.rows += [row for row in measure(bench) if row.row in asked]
        except Exception as error:  # noqa: BLE001 - twenty minutes of other rows are not lost to it
            bench.say(traceback.format_exc())
            report.broken |= dict.fromkeys(asked, f"{type(error).__name__}: {error}")
    report.calibrations.append(_calibrated(bench))
    return report


def _calibrated(bench: Bench) -> Calibration:
    bench.say("calibration …")
    with bench.database():
        return calibrate()
