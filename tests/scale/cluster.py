"""Three PostgreSQL servers under Patroni, as docs/howto/scale-out.md sets them up: quorum-synchronous, and strict."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import yaml

from opla.db.instance import STATE, binaries, locate
from scale.hosts import Host, Wire

ROOT = Path(__file__).resolve().parents[2]
_LOCK = ROOT / "requirements" / "cluster.txt"
_SECRET = "only-in-a-test"
_PATIENCE_S = 90


def settings() -> dict[str, object]:
    """What the page tells the reader to write into Patroni: the settings of the cluster, taken from there."""
    page = (ROOT / "docs" / "howto" / "scale-out.md").read_text("utf-8")
    found = re.search(r"```yaml\n(bootstrap:\n.*?)```", page, re.DOTALL)
    assert found
    read: dict[str, object] = yaml.safe_load(found[1])
    return read


def _python(user: str) -> str:
    """A Python that this user may run: ours may lie in somebody's home."""
    for path in (str(Path(sys.executable).resolve()), "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            if subprocess.run([path, "-c", ""], user=user, cwd="/", check=False).returncode == 0:
                return path
        except OSError:
            continue
    pytest.skip(f"there is no Python here that the user {user} may run, and Patroni runs as it")


def programs(user: str) -> Path:
    """Patroni in an environment of its own, from the locked list; made once, where the user of PostgreSQL may read."""
    text = _LOCK.read_text("utf-8")
    place = STATE / f"patroni-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    if not place.is_dir():
        STATE.mkdir(mode=0o755, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=".patroni-", dir=STATE))
        aside.chmod(0o755)
        subprocess.run([_python(user), "-m", "venv", "--without-pip", aside], check=True)
        builders = "\n".join(
            block for block in re.split(r"\n(?=\S)", text) if re.match("(setuptools|wheel|packaging)==", block)
        )
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as first:
            first.write(f"{builders}\n")
            first.flush()
            for lock, *more in ((first.name, "--only-binary=:all:"), (str(_LOCK), "--no-build-isolation")):
                words = ["install", "-qq", "--no-input", "--require-hashes", "--no-deps", *more, "-r", lock]
                subprocess.run(
                    ["python3", "-m", "pip", "--python", str(aside / "bin" / "python"), *words], check=True, cwd="/"
                )
        try:
            aside.rename(place)
        except OSError:  # another run was first; theirs is the same
            shutil.rmtree(aside)
    return place / "bin" / "python"


class Cluster:
    """The servers, and who of them is the primary now."""

    def __init__(self, wire: Wire, home: Path, *, etcd: str) -> None:
        self.store = "etcd" if etcd else "raft"
        self.nodes = [wire.host(f"db{n}") for n in (1, 2, 3)]
        self.wire = wire
        self._home = home
        self._etcd = etcd
        self.user = locate(home / "var").user.pw_name
        self._python = str(programs(self.user))
        for node in self.nodes:
            (folder := home / node.name).mkdir()
            shutil.chown(folder, self.user)
            (folder / "patroni.yml").write_text(yaml.safe_dump(self._settings(node)))

    def start(self, node: Host) -> None:
        env = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8", "HOME": str(self._home / node.name)}
        if self._etcd:
            node.start("etcd", [self._etcd, *self._etcd_words(node)], env, user=self.user)
        folder = self._home / node.name
        node.start("patroni", [self._python, "-m", "patroni", str(folder / "patroni.yml")], env, user=self.user)

    def open(self) -> None:
        for node in self.nodes:
            self.start(node)
        self.until_whole()
        with self.connect(self.primary(), "postgres") as connection:
            connection.execute(f"CREATE ROLE opla_owner LOGIN PASSWORD '{_SECRET}'")
            connection.execute(f"CREATE ROLE opla_app LOGIN PASSWORD '{_SECRET}'")
            connection.execute("CREATE DATABASE opla OWNER opla_owner")

    def url(self, role: str) -> str:
        return f"postgresql://{role}:{_SECRET}@{','.join(f'{n.address}:5432' for n in self.nodes)}/opla"

    def connect(self, node: Host, database: str = "opla", role: str = "postgres") -> psycopg.Connection:
        return psycopg.connect(self.address(node.address, database, role), connect_timeout=5, autocommit=True)

    def address(self, at: str, database: str = "opla", role: str = "postgres") -> str:
        return f"postgresql://{role}:{_SECRET}@{at}/{database}"

    def members(self, by: Host) -> list[dict[str, object]]:
        """What Patroni of this host says of all."""
        with urllib.request.urlopen(f"http://{by.address}:8008/cluster", timeout=3) as answer:
            members: list[dict[str, object]] = json.load(answer)["members"]
        return members

    def primary(self, among: list[Host] | None = None) -> Host:
        """The host that says of itself that it is the leader."""
        ends_at = time.monotonic() + _PATIENCE_S
        while time.monotonic() < ends_at:
            for node in among or self.nodes:
                if self.is_leader(node):
                    return node
            time.sleep(0.2)
        raise TimeoutError("nobody is the primary")

    def is_leader(self, node: Host) -> bool:
        try:
            with urllib.request.urlopen(f"http://{node.address}:8008/primary", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def until_whole(self) -> None:
        """Until there is a primary and both others follow it, one of them always asked before a commit is told."""
        ends_at = time.monotonic() + _PATIENCE_S
        states: object = None
        while time.monotonic() < ends_at:
            try:
                states = sorted((str(m["role"]), str(m["state"])) for m in self.members(self.primary()))
            except (OSError, TimeoutError) as problem:
                states = problem
            if states == [("leader", "running"), *[("quorum_standby", "streaming")] * 2]:
                return
            time.sleep(0.5)
        raise TimeoutError(f"the cluster is not whole: {states}")

    def _etcd_words(self, node: Host) -> list[str]:
        folder = self._home / node.name / "etcd"
        everybody = ",".join(f"{one.name}=http://{one.address}:2380" for one in self.nodes)
        return [
            f"--name={node.name}",
            f"--data-dir={folder}",
            f"--listen-peer-urls=http://{node.address}:2380",
            f"--initial-advertise-peer-urls=http://{node.address}:2380",
            f"--listen-client-urls=http://{node.address}:2379",
            f"--advertise-client-urls=http://{node.address}:2379",
            f"--initial-cluster={everybody}",
            f"--initial-cluster-state={'existing' if (folder / 'member').exists() else 'new'}",
        ]

    def _settings(self, node: Host) -> dict[str, object]:
        """The page's settings, and what each host has of its own."""
        folder = self._home / node.name
        others = [one for one in self.nodes if one is not node]
        if self._etcd:
            store: dict[str, object] = {"etcd3": {"hosts": [f"{one.address}:2379" for one in self.nodes]}}
        else:
            store = {
                "raft": {
                    "data_dir": str(folder / "raft"),
                    "self_addr": f"{node.address}:2222",
                    "partner_addrs": [f"{one.address}:2222" for one in others],
                }
            }
        told = {name: {"username": name, "password": _SECRET} for name in ("replicator", "rewinder")}
        return {
            **settings(),
            **store,
            "scope": "opla",
            "name": node.name,
            "restapi": {"listen": f"{node.address}:8008", "connect_address": f"{node.address}:8008"},
            "postgresql": {
                "listen": f"127.0.0.1,{node.address}:5432",
                "connect_address": f"{node.address}:5432",
                "data_dir": str(folder / "data"),
                "bin_dir": str(binaries()),
                "pgpass": str(folder / "pgpass"),
                "pg_hba": [
                    "local all all scram-sha-256",
                    "host all all 127.0.0.1/32 scram-sha-256",
                    f"host all all {self.wire.net}.0/24 scram-sha-256",
                    "host replication replicator 127.0.0.1/32 scram-sha-256",
                    f"host replication replicator {self.wire.net}.0/24 scram-sha-256",
                ],
                "authentication": {
                    "superuser": {"username": "postgres", "password": _SECRET},
                    "replication": told["replicator"],
                    "rewind": told["rewinder"],
                },
                "parameters": {"unix_socket_directories": str(folder)},
            },
            "tags": {},
        }


@contextmanager
def cluster(wire: Wire, home: Path) -> Iterator[Cluster]:
    made = Cluster(wire, home, etcd=shutil.which("etcd") or os.environ.get("OPLA_TEST_ETCD", ""))
    made.open()
    yield made
