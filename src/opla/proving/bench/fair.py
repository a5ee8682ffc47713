"""One reseller's file is bought while another orders one thing at a time: how much longer that one waits."""

from __future__ import annotations

from opla.core.bulk import State
from opla.db.queries import bulk as files
from opla.proving.bench import reselling
from opla.proving.bench.bench import Bench
from opla.proving.bench.bulk import confirm, file_of
from opla.proving.bench.load import load
from opla.proving.bench.row import Row

_ROWS = 20_000
_SECONDS = 5.0


def fair(bench: Bench) -> list[Row]:
    with bench.database() as database:
        _, other = reselling.keys(2)
        requests = reselling.requests([other])
        with bench.process(database, "_instant_worker"), bench.serving(database, "_intake") as (_, port):
            load(port, requests, connections=1, seconds=1.0, status=202)
            bench.say("fair: without a file")
            alone = load(port, requests, connections=1, seconds=_SECONDS, status=202)
            bench.say("fair: beside a file")
            file_id = confirm(file_of(_ROWS * (4 if bench.full else 1), first=0))
            beside = load(port, requests, connections=1, seconds=_SECONDS, status=202)
            found = files.file(file_id)
            if found is None or not found.placed or found.state not in (State.RUNNING, State.DONE):
                raise AssertionError("nothing of the file was bought meanwhile")
    more_ms = max(0.0, beside.p99_ms - alone.p99_ms)
    note = (
        f"p99 of a single order beside another reseller's file of which {found.placed:,} rows were bought, less without"
    )
    return [
        Row.at_most("fair", more_ms, "ms", goal=100, note=note),
        Row.at_most("fair_p99", beside.p99_ms, "ms", goal=150, floor=alone.p99_ms, note="request → 202, beside it"),
    ]
