"""docs/howto/install.md and upgrade.md on a Debian of their own: systemd boots, and what the pages say is done.

It needs root, `systemd-nspawn`, and in OPLA_DEBIAN a Debian with systemd as a tar file
(docs/howto/run-the-tests.md says how one is made).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEBIAN = os.environ.get("OPLA_DEBIAN", "")
_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(
        not DEBIAN or os.geteuid() != 0 or shutil.which("systemd-nspawn") is None,
        reason="needs root, systemd-nspawn and OPLA_DEBIAN",
    ),
]

#: Mounts of its own: one plain cgroup2, whatever this machine has, and a place in memory for what nspawn hands over.
_APART = (
    "umount -l -R /sys/fs/cgroup; mount -t cgroup2 none /sys/fs/cgroup;"
    ' mkdir -p /run/systemd; mount -t tmpfs tmpfs /run/systemd; exec "$@"'
)


def blocks(page: str, *, about: str) -> str:
    """The commands of a page that speak of something, as they are written."""
    found = [block for block in _BLOCK.findall((ROOT / "docs" / "howto" / page).read_text("utf-8")) if about in block]
    assert found, (page, about)
    return "".join(found)


class Machine:
    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.root.mkdir()
        subprocess.run(["tar", "-xf", DEBIAN, "-C", self.root], check=True)
        for name in ("etc/resolv.conf", "etc/ssl/certs/ca-certificates.crt"):
            (self.root / name).unlink(missing_ok=True)
            shutil.copy(f"/{name}", self.root / name)
        source = self.root / "srv" / "opla.git"
        subprocess.run(["git", "clone", "-q", "--bare", ROOT, source], check=True)
        self._log = (folder / "console").open("wb")
        self._nspawn: subprocess.Popen[bytes] | None = None

    def _words(self, *more: str) -> list[str]:
        apart = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _APART, "apart"]
        return [*apart, "systemd-nspawn", "-q", "-D", str(self.root), "--register=no", "--keep-unit", *more]

    def prepares(self, commands: str) -> None:
        """What needs the network, before it boots without one: its ports are its own then."""
        trusted = "export PIP_CERT=/etc/ssl/certs/ca-certificates.crt\n"
        words = self._words("--pipe", "sh", "-eux", "-c", trusted + commands)
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def boots(self) -> None:
        words = self._words("--boot", "--private-network", "--console=pipe")
        self._nspawn = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log)
        deadline = time.monotonic() + 60
        while self.does("systemctl is-active multi-user.target", fine=False) != "active":
            assert time.monotonic() < deadline
            time.sleep(0.5)

    def _leader(self) -> str:
        assert self._nspawn is not None
        found = f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children"
        return Path(found).read_text().split()[0]

    def does(self, commands: str, *, fine: bool = True) -> str:
        """What it prints; it must end well where that is `fine`."""
        try:
            into = ["nsenter", "-t", self._leader(), "-m", "-u", "-i", "-n", "-p", "-r", "-w", "-C", "--"]
        except (OSError, IndexError):
            return ""
        clean = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8"]
        words = [*into, *clean, "sh", "-eu", "-c", commands]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        assert not fine or done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()

    def ends(self) -> None:
        if self._nspawn is not None:
            self.does("systemctl poweroff", fine=False)
            try:
                self._nspawn.wait(90)
            except subprocess.TimeoutExpired:
                self._nspawn.send_signal(signal.SIGKILL)
                self._nspawn.wait()
        self._log.close()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path)
    yield machine
    machine.ends()
    shutil.rmtree(machine.root)


def settings(machine: Machine, **more: str) -> None:
    """A sandbox under a public name: opla.env as it comes, without the ways of paying."""
    path = machine.root / "etc" / "opla" / "opla.env"
    kept = [
        line
        for line in path.read_text("utf-8").splitlines()
        if not line.startswith(("#", "OPLA_SANDBOX", "OPLA_PAYMENT_METHODS"))
    ]
    path.write_text("\n".join([*kept, "OPLA_SANDBOX=1", *(f"{name}={said}" for name, said in more.items()), ""]))


def sold(machine: Machine) -> dict[str, object]:
    words = "opla topup --operator proximus --amount 15 --email you@example.org --pay sandbox --json"
    order: dict[str, object] = json.loads(machine.does(words))
    return order


def main_process(machine: Machine) -> str:
    return machine.does("systemctl show --property MainPID --value opla.service")


def test_a_machine_that_was_set_up_as_the_page_says_sells_is_reloaded_and_comes_back(machine: Machine) -> None:
    machine.prepares(
        blocks("install.md", about="adduser").replace("https://example.org/opla.git", "file:///srv/opla.git")
    )
    settings(machine)
    machine.boots()
    assert machine.does("cd /etc/systemd/system && systemd-analyze verify opla*.service opla.target") == ""
    exposure = re.search(r"opla.service: ([\d.]+)", machine.does("systemd-analyze security opla.service"))
    assert exposure
    assert f"calls it {exposure[1]}," in (ROOT / "docs" / "howto" / "install.md").read_text("utf-8")

    machine.does(blocks("install.md", about="enable --now"))
    assert machine.does("curl -sS http://127.0.0.1:8000/readyz") == "ok"
    token = "$(cat /etc/opla/secrets/metrics.token)"
    assert "opla_" in machine.does(f'curl -sS -H "Authorization: Bearer {token}" http://127.0.0.1:8000/metrics')
    assert sold(machine)["state"] == "delivered"
    assert "WRONG" not in machine.does(blocks("install.md", about="opla doctor"))
    assert machine.does("stat -c '%U %a' /var/lib/opla /var/lib/opla/keys.json").split() == [
        "opla",
        "700",
        "opla",
        "600",
    ]

    machine.does("cp /var/lib/opla/keys.json /etc/opla/secrets/ && systemctl start opla-worker@1")
    assert machine.does("systemctl is-active opla-worker@1", fine=False) == "inactive", "it works for another database"

    first = main_process(machine)
    upgrade = blocks("upgrade.md", about="systemctl reload")
    machine.does(upgrade.replace("git fetch && git checkout v0.2.0", "git fetch file:///srv/opla.git"))
    assert main_process(machine) == first
    assert "Reloaded: the shop runs the code" in machine.does("journalctl -u opla -o cat")
    assert sold(machine)["state"] == "delivered"

    machine.does(f"kill -9 {first}")
    deadline = time.monotonic() + 90
    while machine.does("curl -sS http://127.0.0.1:8000/readyz", fine=False) != "ok":
        assert time.monotonic() < deadline, machine.does("journalctl -u opla -o cat")
        time.sleep(0.5)
    assert main_process(machine) not in {first, "0"}
    assert sold(machine)["state"] == "delivered"
    assert "The books balance." in machine.does("opla books")

    began = time.monotonic()
    machine.does("systemctl stop opla.target opla.service")
    assert time.monotonic() - began < 45
    assert machine.does("systemctl show --property Result --value opla.service") == "success"
    assert machine.does("pgrep -u opla || true") == ""
