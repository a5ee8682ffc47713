"""The shop on two machines, beside one database; what stands in for the outside; and who buys there meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from opla.counterparts import place
from opla.db.detached import die_with_parent
from opla.proving.bench.bench import free_port
from opla.proving.chaos import street
from scale.cluster import Cluster
from scale.hosts import Host, Wire

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
_OPENING_S = 120
#: Shoppers in a shop at a time.
_HEADS = 4


@dataclass(frozen=True)
class Told:
    """One order that a shop acknowledged: under which key, and when (this machine's clock that never jumps)."""

    key: str
    secret: str
    number: str
    order: str
    asked: float
    last_asked: float  # the time it was asked that was answered
    told: float
    again: bool  # it stood already: an earlier answer had not come through


class Shop:
    """`./opla up` on a machine of its own, with a `var` of its own and the keys of all."""

    def __init__(self, host: Host, home: Path) -> None:
        self.host = host
        self.url = f"http://{host.address}:8000"
        self.var = home / host.name
        self.var.mkdir()
        self._orders = home / f"{host.name}.orders"

    def open(self, cluster: Cluster, keys: Path) -> None:
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.var),
            "PYTHONPATH": str(ROOT / "src"),
            "OPLA_VAR": str(self.var),
            "OPLA_KEYS": str(keys),
            "OPLA_LOG": "words",
            "OPLA_URL": self.url,
            "OPLA_HOSTS": f"{self.host.address},127.0.0.1",
            "OPLA_REFUND_CAP_MINOR": str(10**12),
            "DATABASE_URL": cluster.url("opla_app"),
            "DATABASE_OWNER_URL": cluster.url("opla_owner"),
        }
        command = [sys.executable, "-P", "-m", "opla", "up", "--host", self.host.address, "--port", "8000"]
        self.host.start("up", command, env)
        ends_at = time.monotonic() + _OPENING_S
        while not self.ready():
            if time.monotonic() > ends_at:
                raise TimeoutError(f"{self.host.name} does not open: {self.host.said('up')[-2000:]}")
            time.sleep(0.3)

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=3) as answer:  # noqa: S310 - our own
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def order_from_now_on(self, secrets: list[str]) -> None:
        """A reseller's program on the same machine."""
        words = [self.host.address, "8001", self.host.name, ",".join(secrets)]
        with self._orders.open("wb") as file:
            self.host.start(
                "reseller", [sys.executable, str(HERE / "reseller.py"), *words], dict(os.environ), stdout=file
            )

    def told(self) -> list[Told]:
        lines = self._orders.read_text().split("\n")[:-1]
        return [Told(**json.loads(line)) for line in lines]


@contextmanager
def outside(wire: Wire, home: Path, shops: list[Shop]) -> Iterator[Path]:
    """The sandbox's counterparts here, which listen to their own machine only: each shop has a way to them."""
    folder, port = home / "outside", free_port()
    place.folder(folder)
    place.secret(folder)
    with ExitStack() as held:
        env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        carry = [sys.executable, str(HERE / "carry.py")]
        ours = [_process([sys.executable, "-P", "-m", "opla.counterparts", str(folder), str(port)], env, home)]
        ours.append(_process([*carry, wire.here, str(port), "127.0.0.1", str(port)], env, home))
        for process in ours:
            held.callback(process.wait)
            held.callback(process.kill)
        for shop in shops:
            shutil.copy2(place.folder(folder) / "secret", place.folder(shop.var) / "secret")
            lock = place.lock(shop.var)  # whoever holds it is the sandbox in that shop's eyes
            assert lock is not None
            held.callback(os.close, lock)
            place.keep_address(shop.var, f"http://127.0.0.1:{port}")
            shop.host.start("carry", [*carry, "127.0.0.1", str(port), wire.here, str(port)], env)
        yield folder


def _process(command: list[str], env: dict[str, str], home: Path) -> subprocess.Popen[bytes]:
    with (home / "logs" / "outside.log").open("ab") as log:
        return subprocess.Popen(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509  (the thread that starts it outlives it)
        )


class Shoppers:
    """People with browsers in these shops, as in chaos, who mean to pay and buy what is delivered."""

    def __init__(self, shops: list[Shop]) -> None:
        self.streets = [street.Street(Random(n), shop.url, _HEADS) for n, shop in enumerate(shops)]
        self._thread = threading.Thread(target=lambda: asyncio.run(self._walk()), name="shoppers", daemon=True)

    async def _walk(self) -> None:
        await asyncio.gather(*(one.walk() for one in self.streets))
        for one in self.streets:
            await one.come_back(returning=True)
            await one.come_back(returning=False)
            await one.close()

    def start(self) -> None:
        self._thread.start()

    def finish(self) -> None:
        """Nobody new comes in; who is there finishes, comes back once, and looks at what was bought."""
        for one in self.streets:
            one.stop()
        self._thread.join()

    def receipts(self) -> list[street.Receipt]:
        return [customer.receipt for one in self.streets for customer in one.customers]
