"""One order per HTTP request, from many connections at once, through order intake to the delivery.

The floor is the same function of the database, called for one order at a time by pgbench: no HTTP, no rule, no price,
no look at who asks, nothing delivered. Client, intake, worker and PostgreSQL share the machine's cores here.
"""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from opla.db.instance import binaries
from opla.db.queries.call import expect, select
from opla.proving.bench import reselling
from opla.proving.bench.bench import Bench, Database
from opla.proving.bench.load import load
from opla.proving.bench.meter import Cpu, postmaster
from opla.proving.bench.row import Row, percentile

_CONNECTIONS = 32
_RESELLERS = 50
_ROUNDS = 3  # in turns with the floor, because the machine's other tenants come and go
_WARM_UP_S = 1.5
_PATIENCE_S = 120
_TOLD_S = 1.5  # by then every process has told the server what it counted

#: One order by `opla_reserve`, as order intake calls it for a batch. (pgbench would take :EUR for a variable.)
_FLOOR = """\\set n random(1, 1000000000)
SELECT * FROM opla_reserve(now(), 1, ARRAY['bench-' || lpad((:n::int % :resellers::int)::text, 3, '0')],
    ARRAY[gen_random_uuid()::text], ARRAY['\\x00'::bytea], ARRAY[gen_random_uuid()], ARRAY[gen_random_uuid()::text],
    ARRAY['MV-15'], ARRAY['mobile-vikings'], ARRAY['Mobile Vikings 15'], ARRAY['direct'], ARRAY[1500::bigint],
    ARRAY[0::bigint], ARRAY[0::bigint], ARRAY['EUR'], ARRAY['+32470123456'], ARRAY[''], ARRAY['orders@example.org'],
    ARRAY['en'], ARRAY[true], ARRAY[gen_random_uuid()], ARRAY[gen_random_uuid()::text], ARRAY['sandbox'],
    ARRAY[replace('reseller_float/bench-' || lpad((:n::int % :resellers::int)::text, 3, '0') || '/EUR', '/', ':')],
    ARRAY[replace('supplier_float/sandbox/EUR', '/', ':')], ARRAY[1500::bigint]);
"""


#: Bytes of WAL, bytes on disk, commits.
_Wrote = tuple[int, int, int]


@dataclass(frozen=True)
class Measured:
    """A median of rounds. `delivered_ms` of the orders of all rounds; `cpu_ms` (and PostgreSQL's part), WAL, disk and
    commits of one of them."""

    per_s: float
    p99_ms: float
    delivered_p99_ms: float
    cpu_ms: float
    database_ms: float
    wal_kb: float
    disk_kb: float
    commits: float
    floor_per_s: float


def single(bench: Bench) -> list[Row]:
    spread = measured(bench, resellers=_RESELLERS)
    hot = measured(bench, resellers=1)
    load_of = f"{_CONNECTIONS} connections; client, intake, worker and PostgreSQL on the same cores"
    return [
        Row.at_most(
            "cpu_single", spread.cpu_ms, "CPU-ms", goal=0.8, note="a delivered order: intake, worker, PostgreSQL"
        ),
        Row.at_most("cpu_database", spread.database_ms, "CPU-ms", goal=0.8, note="of it PostgreSQL: the primary's"),
        Row.at_most("wal_single", spread.wal_kb, "kB", goal=40, note="a delivered order: what a replica is sent"),
        Row.at_most("disk_single", spread.disk_kb, "kB", goal=20, note="a delivered order: tables and indexes grow"),
        Row.at_most("commits_single", spread.commits, "commits", goal=4, note="a delivered order, what idles included"),
        Row.at_least("single", spread.per_s, "orders/s", goal=0.4, floor=spread.floor_per_s, note=load_of),
        Row.at_most("single_p99", spread.p99_ms, "ms", goal=50, note="request → 202, under that load"),
        Row.at_most(
            "delivered_p99", spread.delivered_p99_ms, "ms", goal=250, note="request → delivered, under that load"
        ),
        Row.at_least(
            "hot", hot.per_s, "orders/s", goal=0.9, floor=spread.per_s, note="all on one float, held against single"
        ),
    ]


def measured(bench: Bench, *, resellers: int) -> Measured:
    """Rounds of load on a shop of its own, each after one of the floor on another."""
    with bench.database("opla_bench_floor") as beside:
        reselling.keys(resellers)
        with bench.database() as database:
            secrets = reselling.keys(resellers)
            return loaded(bench, database, secrets, floor_of=lambda s: _floor_per_s(bench, beside, resellers, s))


def loaded(bench: Bench, database: Database, secrets: list[str], floor_of: Callable[[float], float]) -> Measured:
    """Rounds of load on this shop, each after one of the floor for as many seconds."""
    seconds = 10.0 if bench.full else 4.0
    loads, floors, sent_at = [], [], dict[str, float]()
    requests = _timed(reselling.requests(secrets), sent_at)
    with (
        bench.process(database, "_instant_worker") as worker,
        bench.serving(database, "_intake") as (intake, port),
    ):
        load(port, requests, connections=_CONNECTIONS, seconds=_WARM_UP_S, status=202)
        _wait_until_delivered()
        sent_at.clear()
        spent_ms, database_ms, wrote = 0.0, 0.0, (0, 0, 0)
        for n in range(_ROUNDS):
            bench.say(f"single: round {n + 1} of {_ROUNDS}, {len(secrets)} floats")
            floors.append(floor_of(seconds))
            before = _written()
            spent, of_it = Cpu(worker, intake, postmaster()), Cpu(postmaster())
            loads.append(load(port, requests, connections=_CONNECTIONS, seconds=seconds, status=202))
            _wait_until_delivered()
            spent_ms, database_ms = spent_ms + spent.ms, database_ms + of_it.ms
            wrote = _added(wrote, before, _written())
    took_ms = _delivered_ms(sent_at)
    return Measured(
        median(one.per_s for one in loads),
        median(one.p99_ms for one in loads),
        percentile(took_ms, 99),
        spent_ms / len(took_ms),
        database_ms / len(took_ms),
        wrote[0] / len(took_ms) / 1000,
        wrote[1] / len(took_ms) / 1000,
        wrote[2] / len(took_ms),
        median(floors),
    )


def _written() -> _Wrote:
    """What this database has written until now: bytes of WAL (the server's), bytes on disk, commits."""
    time.sleep(_TOLD_S)
    [(wal, disk, commits)] = select(
        """SELECT pg_current_wal_lsn() - '0/0', pg_database_size(current_database()),
                  (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database())"""
    )
    return int(str(wal)), int(str(disk)), int(str(commits))


def _added(so_far: _Wrote, before: _Wrote, now: _Wrote) -> _Wrote:
    wal, disk, commits = (total + later - then for total, then, later in zip(so_far, before, now, strict=True))
    return wal, disk, commits


def _timed(requests: Iterator[bytes], sent_at: dict[str, float]) -> Iterator[bytes]:
    """The same, with the time each was asked for by its idempotency key, which counts from 0."""
    for n, request in enumerate(requests):
        sent_at[reselling.request_key(n)] = time.time()
        yield request


def _floor_per_s(bench: Bench, database: Database, resellers: int, seconds: float) -> float:
    script = bench.var / "floor.sql"
    script.write_text(_FLOOR)
    command = [
        *(str(binaries() / "pgbench"), "--no-vacuum", "--protocol=prepared", f"--file={script}"),
        *(f"--client={_CONNECTIONS}", "--jobs=2", f"--time={seconds:.0f}", f"--define=resellers={resellers}"),
        database.env["DATABASE_URL"],
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([\d.]+) \(without", done.stdout)
    if found is None:
        raise ChildProcessError(f"pgbench said: {done.stderr.strip()[-500:]}")
    return float(found[1])


def _wait_until_delivered() -> None:
    ends_at = time.monotonic() + _PATIENCE_S
    while select("SELECT EXISTS (SELECT FROM attempt WHERE due_at IS NOT NULL)") != [(False,)]:
        if time.monotonic() > ends_at:
            raise TimeoutError(f"not everything was delivered within {_PATIENCE_S} s")
        time.sleep(0.02)


def _delivered_ms(sent_at: dict[str, float]) -> list[float]:
    """From each request to its delivery. Raises where one was sent and not delivered."""
    rows = select(
        "SELECT reseller_key, ended_at FROM orders WHERE ended_at IS NOT NULL AND starts_with(reseller, 'bench-')"
    )
    ended = {expect(key, str): expect(at, datetime).timestamp() for key, at in rows}
    return [(ended[key] - at) * 1000 for key, at in sent_at.items()]
