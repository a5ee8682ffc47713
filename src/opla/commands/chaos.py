"""Prove it again with real processes: `kill -9` and a bad network under load, then the other side's log against ours.

    ./opla chaos --minutes 2

A shop of its own is opened and closed; yours is not touched. The seed makes the same plan of blows, not the same run:
real processes are scheduled by the kernel. Exit 1 with the seed, the orders and their histories when something broke;
then the shop's folder is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from opla.commands import Stop
from opla.commands.purge import remove

if TYPE_CHECKING:
    from opla.proving.chaos.course import Outcome, Plan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=2.0, help="of load and blows; draining comes after (2)")
    parser.add_argument("--seed", type=int, help="what blows, network and customers are drawn from (a fresh one)")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    if not 0 < arguments.minutes <= 24 * 60:
        raise Stop("usage", "--minutes: more than 0, at most a day")
    seed = secrets.randbelow(10**9) if arguments.seed is None else arguments.seed
    began = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix=f"opla-chaos-{seed}-"))
    keep = True
    try:
        outcome, plan = _run(arguments.minutes, seed, folder)
        keep = not outcome.clean
    except KeyboardInterrupt:
        keep = False
        raise
    finally:
        if keep:
            _say(f"seed {seed}: kept to be looked at: {folder} (OPLA_VAR={folder}/var ./opla items)")
        else:
            _clear(folder)
    found = _told(plan, outcome, round(time.monotonic() - began, 1))
    for example in outcome.examples:
        _say(f"seed {seed}: {example}")
    if arguments.json:
        print(json.dumps(found))
    else:
        _tell(found)
        print("Nothing lost, nothing twice." if outcome.clean else "A promise was broken: see above.")
    return 0 if outcome.clean else 1


def _run(minutes: float, seed: int, folder: Path) -> tuple[Outcome, Plan]:
    from opla.db.embedded import Unavailable, database

    var = folder / "var"
    for name in [name for name in os.environ if name.startswith(("OPLA_", "DATABASE_"))]:
        if name != "OPLA_POSTGRES_BIN":
            del os.environ[name]  # the scratch shop is nobody's configuration
    os.environ["OPLA_VAR"] = str(var)
    try:
        with database(var) as server:
            os.environ["OPLA_DSN_APP"], os.environ["OPLA_DSN_OWNER"] = server.dsn_app, server.dsn_owner
            os.environ["DJANGO_SETTINGS_MODULE"] = "opla.site.settings"
            import django

            django.setup()
            from opla.proving.chaos.course import Course, Plan

            plan = Plan(minutes, seed)
            return Course(plan, server, folder, _say).run(), plan
    except Unavailable as problem:
        raise Stop("database_unavailable", str(problem)) from problem


def _clear(folder: Path) -> None:
    from opla.db.instance import locate

    remove(locate(folder / "var"))
    shutil.rmtree(folder)


def _told(plan: Plan, outcome: Outcome, seconds: float) -> dict[str, object]:
    ends = outcome.ends
    broken = [str(finding.broken) for finding in outcome.findings]
    return {
        "seed": plan.seed,
        "minutes": plan.minutes,
        "kills": outcome.kills,
        "network": outcome.network,
        "customers": outcome.customers,
        "acknowledged": outcome.acknowledged,
        "revealed": outcome.revealed,
        "orders": sum(count for state, count in ends.items() if not state.startswith("item ")),
        **{state: ends[state] for state in ("delivered", "refunded", "cancelled")},
        "items": {name.removeprefix("item "): n for name, n in sorted(ends.items()) if name.startswith("item ")},
        **{name: broken.count(name) for name in ("lost", "twice", "untrue", "unbalanced")},
        "still_moving": outcome.still_moving,
        "deaf": outcome.deaf,
        "surprises": outcome.surprises,
        "seconds": seconds,
    }


def _tell(found: dict[str, object]) -> None:
    for name, value in found.items():
        if isinstance(value, dict):
            print(f"{name}: " + (", ".join(f"{key} {count}" for key, count in value.items()) or "none"))
        else:
            print(f"{name}: {value}")


def _say(sentence: str) -> None:
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()
