"""Print the slips of one station: runs beside its printer, or on the server where that reaches the printer.

    ./opla print main-till tcp:192.168.1.50            a printer on the network (port 9100)
    ./opla print main-till usb:04b8:0e15 --paper 58    one on this machine, by its ids (lsusb)
    ./opla print main-till file:/dev/usb/lp0           one that says nothing: a person says what came out
    ./opla print main-till tcp:192.168.1.50 --once     what waits now, and then end

A slip is begun when the printer says that it is ready, and is printed when it says so after the last byte. Whatever
else happened, a person looks, and nothing is printed again by itself.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from types import FrameType
from typing import TYPE_CHECKING, Final

from opla.commands import Stop
from opla.commands.runtime import running
from opla.core.paper import Paper, Strip
from opla.core.print_job import PRINTS, Sight

if TYPE_CHECKING:
    from opla.operations.print_jobs import Printing

#: How soon a slip that was asked for is begun, and how often an idle printer is looked at for whoever sells beside it.
_IDLE_S: Final = 0.3
_LOOK_S: Final = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("station", help="whose slips")
    parser.add_argument("printer", help="tcp:HOST[:PORT], usb:VENDOR:PRODUCT or file:PATH")
    parser.add_argument("--paper", choices=[str(one) for one in Paper], default="80", help="its width in mm (80)")
    parser.add_argument("--once", action="store_true", help="end when nothing waits, or the printer is not ready")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    from opla import printing

    paper = Paper(arguments.paper)
    try:
        printer = printing.at(arguments.printer, paper)
    except ValueError as problem:
        raise Stop("cell_invalid", str(problem)) from None
    done: Counter[str] = Counter()
    last: Sight | None = None
    with running(), suppress(KeyboardInterrupt):
        from opla.db.queries import print_jobs
        from opla.operations.print_jobs import print_next
        from opla.operations.shop import current

        signal.signal(signal.SIGTERM, _end)
        looked = 0.0
        while True:
            waits = print_jobs.waits(arguments.station)
            event = None
            if waits or arguments.once or time.monotonic() - looked > _LOOK_S:
                looked = time.monotonic()
                sight, event = print_next(
                    arguments.station,
                    lambda: printer,
                    lambda about: _drawn(about, paper),
                    shop=current(),
                    clock=lambda: datetime.now(UTC),
                )
                _say(sight, last)
                last = sight
                if event is not None:
                    done[event] += 1
            if event is None:
                if arguments.once:
                    break
                time.sleep(_IDLE_S if last in PRINTS else _IDLE_S * 10)
    said = {"printer": last, "printed": done["came_out"], "unknown": done["cut_off"]}
    print(json.dumps(said) if arguments.json else f"{said['printed']} printed, {said['unknown']} to be looked at.")
    return 0


def _drawn(about: Printing, paper: Paper) -> Sequence[Strip]:
    from django.conf import settings

    from opla.presenting import slips

    return slips.rolled(slips.of(about, sandbox=settings.SANDBOX), paper)


def _say(sight: Sight, last: Sight | None) -> None:
    if sight is not last:
        sys.stderr.write(f"opla: the printer is {str(sight).replace('_', ' ')}.\n")
        sys.stderr.flush()


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
