"""Machines on one wire, made of Linux namespaces: each has its own network, its own processes, and a plug to pull.

A host lives as long as its first process, and that one as long as the test: nothing is left behind by a killed run.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from opla.db.detached import die_with_parent

#: The first process of a host: it buries whoever dies there, as the kernel asks of it.
_FIRST = "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN); print(flush=True); signal.pause()"
#: A range for measuring devices (RFC 2544): no network of anybody's.
_NET = "198.18"


def missing() -> str:
    """Why there can be no such machines here; empty: there can."""
    if os.geteuid() != 0:
        return "machines are made of namespaces, and only root may make them here"
    if absent := [name for name in ("ip", "unshare", "nsenter", "setpriv") if shutil.which(name) is None]:
        return f"machines are made by iproute2 and util-linux, and this one has no {', '.join(absent)}"
    tried = subprocess.run(
        ["unshare", "--net", "--pid", "--fork", "--mount-proc", "sh", "-c",
         "ip link add near type veth peer name far && ip link add switch type bridge"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return f"machines are made of namespaces: {tried.stderr.strip()}" if tried.returncode else ""


class Host:
    """One machine. `address` is where others reach it."""

    def __init__(self, name: str, address: str, logs: Path) -> None:
        self.name = name
        self.address = address
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self._logs = logs
        self._first = subprocess.Popen(
            ["unshare", "--net", "--pid", "--mount", "--fork", "--kill-child=KILL", "--mount-proc",
             sys.executable, "-I", "-c", _FIRST],
            stdout=subprocess.PIPE,
            preexec_fn=die_with_parent(signal.SIGKILL),  # noqa: PLW1509  (the thread that makes hosts outlives them)
        )  # fmt: skip
        assert self._first.stdout is not None
        self._first.stdout.readline()
        self._first.stdout.close()
        self.pid = int(Path(f"/proc/{self._first.pid}/task/{self._first.pid}/children").read_text())

    def start(
        self,
        name: str,
        command: Sequence[str],
        env: Mapping[str, str],
        *,
        user: str = "",
        stdout: IO[bytes] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a program on this machine; what it says goes to a file of its name."""
        words = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
        with (self._logs / f"{self.name}-{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [*self._inside(), *words, *command],
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=stdout or log,
                stderr=log,
                start_new_session=True,
                cwd="/",
            )
        self.running[name] = process
        return process

    def end_politely(self, name: str, patience_s: float) -> None:
        """Ask a program to end (nsenter, which started it, hears of that and tells nobody)."""
        process = self.running.pop(name)
        for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split():
            os.kill(int(child), signal.SIGTERM)
        process.wait(patience_s)

    def said(self, name: str) -> str:
        return (self._logs / f"{self.name}-{name}.log").read_text("utf-8", "replace")

    def run(self, *command: str) -> str:
        done = subprocess.run([*self._inside(), *command], capture_output=True, text=True, check=False)
        if done.returncode:
            raise OSError(f"{self.name}: {' '.join(command)}: {done.stderr.strip()}")
        return done.stdout

    def kill(self) -> None:
        """Every program on it is gone at once, as when the power is cut. The machine itself stays, empty."""
        for process in self.running.values():
            process.kill()
            process.wait()
        self.running.clear()
        ends_at = time.monotonic() + 10
        while others := self._others():
            for pid in others:
                _kill(pid)
            if time.monotonic() > ends_at:
                raise TimeoutError(f"{self.name}: {others} do not die")
            time.sleep(0.005)

    def _others(self) -> list[int]:
        """Whoever lives in its namespace of processes, but for the first of them."""
        here = Path(f"/proc/{self.pid}/ns/pid").stat().st_ino
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit() or int(entry.name) == self.pid:
                continue
            try:
                same = (entry / "ns" / "pid").stat().st_ino == here
                alive = (entry / "stat").read_text().rpartition(") ")[2][0] not in "ZX"
            except OSError:
                continue
            if same and alive:
                found.append(int(entry.name))
        return found

    def _inside(self) -> list[str]:
        return ["nsenter", f"--target={self.pid}", "--net", "--pid", "--mount", "--"]

    def end(self) -> None:
        self._first.kill()
        self._first.wait()
        for process in self.running.values():
            process.kill()
            process.wait()


class Wire:
    """A switch with machines on it. It can be split: then there are two halves, and neither hears of the other."""

    def __init__(self, logs: Path) -> None:
        self._id = os.getpid() % 250 + 1
        self.net = f"{_NET}.{self._id}"
        self.here = f"{self.net}.1"  # this test's own plug
        self.hosts: list[Host] = []
        self._logs = logs
        self._switch = Host("switch", "", logs)
        for half in ("one", "other"):
            self._switch.run("ip", "link", "add", half, "type", "bridge")
            self._switch.run("ip", "link", "set", half, "up")
        self._ours = f"opla{os.getpid()}"
        _ip("link", "add", self._ours, "type", "veth", "peer", "name", "here", "netns", str(self._switch.pid))
        self._plug("here")
        _ip("addr", "add", f"{self.here}/24", "dev", self._ours)
        _ip("link", "set", self._ours, "up")

    def host(self, name: str) -> Host:
        address = f"{self.net}.{11 + len(self.hosts)}"
        made = Host(name, address, self._logs)
        ends = (str(self._switch.pid), str(made.pid))
        _ip("link", "add", name, "netns", ends[0], "type", "veth", "peer", "name", "eth0", "netns", ends[1])
        self._plug(name)
        made.run("ip", "addr", "add", f"{address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            made.run("ip", "link", "set", device, "up")
        self.hosts.append(made)
        return made

    def unplug(self, host: Host) -> None:
        self._switch.run("ip", "link", "set", host.name, "down")

    def plug(self, host: Host) -> None:
        self._switch.run("ip", "link", "set", host.name, "up")

    def split(self, *away: Host) -> None:
        """From now on these hear each other, and nobody else."""
        batch = "\n".join(f"link set {host.name} master other" for host in away)
        self._switch.run("sh", "-c", f"printf '%s\\n' '{batch}' | ip -batch -")

    def heal(self) -> None:
        for host in self.hosts:
            self._switch.run("ip", "link", "set", host.name, "master", "one")

    def _plug(self, name: str) -> None:
        self._switch.run("ip", "link", "set", name, "master", "one")
        self._switch.run("ip", "link", "set", name, "up")

    def end(self) -> None:
        for host in (*self.hosts, self._switch):
            host.end()


@contextmanager
def wire(logs: Path) -> Iterator[Wire]:
    made = Wire(logs)
    try:
        yield made
    finally:
        made.end()


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
