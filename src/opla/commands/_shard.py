"""One shard of a simulation, as a process of its own: prints what it found as one JSON line."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict

from opla.commands import VAR

#: A crash of PostgreSQL itself is not simulated, so nothing is gained by waiting for a disk; and its own housekeeping
#: would come at another moment in every run.
_SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
    "work_mem": "64MB",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--orders", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--shard", type=int, required=True)
    parser.add_argument("--faults", required=True)


def run(arguments: argparse.Namespace) -> int:
    from opla.db.embedded import database

    os.environ["OPLA_VAR"] = str(VAR / "simulate")
    with database(VAR / "simulate", settings=_SETTINGS) as server:
        os.environ["OPLA_DSN_APP"], os.environ["OPLA_DSN_OWNER"] = server.dsn_app, server.dsn_owner
        os.environ["DJANGO_SETTINGS_MODULE"] = "opla.site.settings"
        import django

        django.setup()
        from opla.proving.faults import named
        from opla.proving.ground import scratch_database
        from opla.proving.shard import Plan, Simulation

        plan = Plan(arguments.orders, arguments.seed, arguments.shard, named(arguments.faults))
        with scratch_database(server, f"opla_simulate_{arguments.seed}_{arguments.shard}", plan.starts_at):
            found = Simulation(plan, VAR / "simulate").run()
    verdict = asdict(found.verdict)
    del verdict["final"]
    faults = {str(fault): count for fault, count in sorted(found.faults.items())}
    print(json.dumps({"orders": found.orders, "faults": faults, "trace_hash": found.trace_hash, **verdict}))
    return 0
