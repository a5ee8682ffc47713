"""Prove promises 1 to 5: the real operations on a real PostgreSQL, under a seeded scheduler that breaks things.

    ./opla simulate --orders 20000 --seed 7
    ./opla simulate --orders 2000 --seed 7 --faults dies_after_send,acts_late

The same seed and the same code give the same trace hash. A broken promise is shown with the order's whole history,
and the exit is 1. Leases, clocks, providers, suppliers and customers are simulated; the money path is not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from opla.commands import Stop
from opla.commands.runtime import child_command, child_env

#: Fixed, so that a seed means the same on every machine.
_SHARDS = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--orders", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", default="all", help="all, none, or names with commas (a wrong name lists them)")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    _check(arguments)
    began = time.monotonic()
    share, rest = divmod(arguments.orders, _SHARDS)
    sizes = [share + (n < rest) for n in range(_SHARDS)]
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        shards = list(pool.map(lambda n: _shard(n, sizes[n], arguments), [n for n in range(_SHARDS) if sizes[n]]))
    found = _combined(shards)
    found["seconds"] = round(time.monotonic() - began, 1)
    for shard in shards:
        for example in _texts(shard, "examples"):
            sys.stderr.write(f"seed {arguments.seed}: {example}\n")
    if arguments.json:
        print(json.dumps(found))
    else:
        _tell(found)
    return 0 if _clean(found) else 1


def _check(arguments: argparse.Namespace) -> None:
    from opla.proving.faults import Fault, named

    try:
        named(arguments.faults)
    except ValueError as problem:
        raise Stop("usage", f"{problem}. There are: {', '.join(Fault)}") from None
    if arguments.orders < 1:
        raise Stop("usage", "at least one order")


def _shard(number: int, orders: int, arguments: argparse.Namespace) -> Mapping[str, object]:
    words = [
        "--orders",
        str(orders),
        "--seed",
        str(arguments.seed),
        "--shard",
        str(number),
        "--faults",
        arguments.faults,
    ]
    done = subprocess.run(
        child_command("_shard", *words), env=child_env(), stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise Stop("simulation_broke", f"Shard {number} of seed {arguments.seed} ended with {done.returncode}.")
    sys.stderr.write(f"shard {number}: {orders} orders\n")
    shard: Mapping[str, object] = json.loads(done.stdout)
    return shard


def _combined(shards: list[Mapping[str, object]]) -> dict[str, object]:
    """The shards as one: sums, maxima, and a hash over their hashes in order."""
    sums = ("orders", "lost", "undecided", "unbalanced", "revealed_to_stranger")
    maxima = ("sends_per_order_max", "payments_per_order_max")
    faults: Counter[str] = Counter()
    states: Counter[str] = Counter()
    items: Counter[str] = Counter()
    by: Counter[str] = Counter()
    for shard in shards:
        faults.update(_counts(shard, "faults"))
        states.update(_counts(shard, "states"))
        items.update(_counts(shard, "items"))
        by.update(_counts(shard, "by"))
    trace = hashlib.sha256("".join(str(shard["trace_hash"]) for shard in shards).encode()).hexdigest()
    return {
        "orders": sum(_number(s, "orders") for s in shards),
        "faults": dict(sorted(faults.items())),
        **{name: max(_number(s, name) for s in shards) for name in maxima},
        **{name: sum(_number(s, name) for s in shards) for name in sums[1:]},
        "states": dict(sorted(states.items())),
        "items": dict(sorted(items.items())),
        "by": dict(sorted(by.items())),
        "trace_hash": trace,
    }


def _clean(found: Mapping[str, object]) -> bool:
    zeros = ("lost", "undecided", "unbalanced", "revealed_to_stranger")
    ones = ("sends_per_order_max", "payments_per_order_max")
    return all(_number(found, n) == 0 for n in zeros) and all(_number(found, n) <= 1 for n in ones)


def _tell(found: Mapping[str, object]) -> None:
    for name, value in found.items():
        if isinstance(value, dict):
            print(f"{name}: " + (", ".join(f"{key} {count}" for key, count in value.items()) or "none"))
        else:
            print(f"{name}: {value}")
    print("Every promise held." if _clean(found) else "A promise was broken: see above.")


def _number(found: Mapping[str, object], name: str) -> int:
    value = found[name]
    if not isinstance(value, int):
        raise TypeError(f"{name} is {value!r}")
    return value


def _counts(found: Mapping[str, object], name: str) -> dict[str, int]:
    value = found[name]
    if not isinstance(value, dict):
        raise TypeError(f"{name} is {value!r}")
    return {str(key): int(count) for key, count in value.items()}


def _texts(found: Mapping[str, object], name: str) -> list[str]:
    value = found[name]
    return [str(text) for text in value] if isinstance(value, list) else []
