"""The keeper: PostgreSQL's parent. It lives while anybody holds the users' lock, and then stops the database.

    python -m opla.db.keeper VAR [SETTING=VALUE ...] [--home=FOLDER]

With a home of its own the data lies there, and is thrown away with it at the end.

Killed itself, its PostgreSQL is told to shut down by the kernel. PostgreSQL killed, it starts it again.
The descriptor `lock` is inherited by postgres and all its children and by initdb: who gets that lock knows that none
of them lives, whatever `postmaster.pid` says, and may clear away what they left.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from opla.db.detached import READY, Report, detach, die_with_parent
from opla.db.instance import Instance, Unavailable, binaries, locate, users_lock
from opla.db.locks import open_lock, take

_STOPPING_S = 60
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "random_page_cost": "1.1",
    "max_slot_wal_keep_size": "8GB",  # a backup that nobody fetches fills no disk
    "jit": "off",  # short statements: compiling them costs more than it saves
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
}
_RULES = """\
local all all peer map=opla
local replication postgres peer map=opla
"""
_ROLES = """\
CREATE ROLE opla_owner LOGIN CREATEDB;
CREATE ROLE opla_app LOGIN;
CREATE DATABASE opla OWNER opla_owner;
"""


class Keeper:
    def __init__(
        self, instance: Instance, settings: dict[str, str], *, scratch: bool = False, said: IO[bytes] | None = None
    ) -> None:
        self.instance = instance
        self.said = said  # where PostgreSQL's own words go; None: to ours
        self.scratch = scratch
        self.settings = settings
        self.alone = threading.Event()
        self.process: subprocess.Popen[bytes] | None = None

    def run(self, report: Report) -> int:
        reported = False
        deaths = 0
        if not take(open_lock(self.instance.keeper_lock), timeout_s=_STOPPING_S):
            report("Another keeper of this database is still closing down.")
            return 1
        try:
            bin_dir = binaries()
            threading.Thread(target=self._wait_until_alone, daemon=True).start()
            while not self.alone.is_set() and deaths < 3:
                began = time.monotonic()
                self.start(bin_dir)
                if not reported:
                    report(READY)
                    reported = True
                self.wait()
                deaths = deaths + 1 if time.monotonic() - began < 5 else 1
        except Unavailable as problem:
            sys.stderr.write(f"{problem}\n")
            if not reported:
                report(str(problem))
            return 1
        if self.scratch:
            shutil.rmtree(self.instance.home, ignore_errors=True)
        return 0 if self.alone.is_set() else 1

    def _wait_until_alone(self) -> None:
        take(open_lock(users_lock(self.instance.var)))  # kept until this process ends: newcomers wait for that
        self.alone.set()
        self.stop()

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)  # fast shutdown: sessions end, nothing is lost

    def wait(self) -> None:
        if self.process is not None:
            self.process.wait()
        self.process = None

    def start(self, bin_dir: Path) -> None:
        instance = self.instance
        lock = open_lock(instance.postgres_lock)
        try:
            if not take(lock, timeout_s=_STOPPING_S):
                raise Unavailable(f"An earlier PostgreSQL of this copy does not end; {instance.log} may say why.")
            sockets = _socket_folder(instance)
            if not instance.data.is_dir():
                _initialise(instance, bin_dir, lock, sync=self.settings.get("fsync") != "off")
            _check_version(instance, bin_dir)
            for stale in (instance.data / "postmaster.pid", *sockets.glob(".s.PGSQL.*")):
                stale.unlink(missing_ok=True)
            _write_access_rules(instance)
            settings = {
                **_SETTINGS,
                "unix_socket_directories": f'"{sockets}"',
                "hba_file": str(instance.home / "pg_hba.conf"),
                "ident_file": str(instance.home / "pg_ident.conf"),
                **self.settings,
            }
            flags = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
            command = [str(bin_dir / "postgres"), "-D", str(instance.data), "-p", "5432", *flags]
            self.process = _popen(instance, command, lock, death=signal.SIGINT, said=self.said)
            if self.alone.is_set():
                self.stop()
            self._wait_until_ready(self.process)
        finally:
            os.close(lock)  # from here on it is held by PostgreSQL alone

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        """Recovery after a crash may take its time: as long as PostgreSQL lives, it is waited for."""
        pid_file = self.instance.data / "postmaster.pid"
        while process.poll() is None and not self.alone.is_set():
            lines = pid_file.read_text("utf-8", "replace").splitlines() if pid_file.exists() else []
            if len(lines) >= 8 and lines[0] == str(process.pid) and lines[7].strip() == "ready":
                return
            time.sleep(0.01)
        if process.poll() is not None and not self.alone.is_set():
            raise Unavailable(f"PostgreSQL ended at once. The end of {self.instance.log} says why.")


@contextmanager
def alone(instance: Instance, settings: dict[str, str], said: IO[bytes]) -> Iterator[None]:
    """PostgreSQL over the files of this instance as long as `with` lasts, and nobody else there.

    Raises `Unavailable` with a sentence.
    """
    keeper = Keeper(instance, settings, said=said)
    keeper.start(binaries())
    try:
        yield
    finally:
        keeper.stop()
        keeper.wait()


def _popen(
    instance: Instance,
    command: list[str],
    lock: int,
    *,
    death: signal.Signals,
    stdin: int = subprocess.DEVNULL,
    said: IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Run one of PostgreSQL's programs, holding `lock`; where we are root, as the service user."""
    as_root = os.geteuid() == 0
    return subprocess.Popen(
        command,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
        stdin=stdin,
        stdout=said,
        stderr=said,
        pass_fds=[lock],
        preexec_fn=die_with_parent(death),  # noqa: PLW1509  (our one other thread waits in flock, holding nothing)
        start_new_session=True,
        umask=0o077,
        user=instance.user.pw_uid if as_root else None,
        group=instance.user.pw_gid if as_root else None,
        extra_groups=[] if as_root else None,
    )


def _initialise(instance: Instance, bin_dir: Path, lock: int, *, sync: bool) -> None:
    """Make the data aside and rename it, so that what is called `data` is always whole."""
    aside = instance.home / "data.new"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(aside, instance.user.pw_uid, instance.user.pw_gid)
    for command, text in (
        (
            ["initdb", "-D", str(aside), "--username=postgres", "--auth=peer", "--encoding=UTF8", "--locale=C.UTF-8",
             "--data-checksums", *([] if sync else ["--no-sync"])],
            "",
        ),
        (["postgres", "--single", "-D", str(aside), "-c", "exit_on_error=on", "postgres"], _ROLES),
    ):  # fmt: skip
        program = [str(bin_dir / command[0]), *command[1:]]
        process = _popen(instance, program, lock, death=signal.SIGTERM, stdin=subprocess.PIPE)
        process.communicate(text.encode())
        if process.returncode:
            raise Unavailable(f"The database could not be made ({command[0]}). The end of {instance.log} says why.")
    aside.rename(instance.data)
    folder = os.open(instance.home, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def _socket_folder(instance: Instance) -> Path:
    folder = instance.choose_sockets()
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0 and folder.parent == instance.home:
        os.chown(folder, instance.user.pw_uid, instance.user.pw_gid)
    place = folder.lstat()
    if folder.is_symlink() or place.st_uid != instance.user.pw_uid or place.st_mode & 0o077:
        raise Unavailable(f"{folder} is not a private folder of {instance.user.pw_name}; please remove it.")
    (instance.home / "sockets").write_bytes(os.fsencode(folder))
    return folder


def _write_access_rules(instance: Instance) -> None:
    """Nobody but root and the user who runs Opla, told apart by the kernel (peer): no password, no network."""
    people = sorted({"root", instance.user.pw_name})
    rules = [f'opla "{person}" {role}\n' for person in people for role in ("postgres", "opla_owner", "opla_app")]
    for name, text in (("pg_hba.conf", _RULES), ("pg_ident.conf", "".join(rules))):
        path = instance.home / name
        path.write_text(text, "utf-8")
        path.chmod(0o640)
        if os.geteuid() == 0:
            os.chown(path, 0, instance.user.pw_gid)


def _check_version(instance: Instance, bin_dir: Path) -> None:
    said = subprocess.run([bin_dir / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    theirs = said.split(")", 1)[-1].split()[0].split(".")[0]
    ours = (instance.data / "PG_VERSION").read_text().strip()
    if ours != theirs:
        raise Unavailable(
            f"The data in {instance.data} was made by PostgreSQL {ours}, but the one at hand is {theirs}: "
            f"please bring PostgreSQL {ours} back, or restore a backup."
        )


def main(arguments: list[str]) -> int:
    var, *rest = arguments
    pairs = dict(pair.split("=", 1) for pair in rest)
    home = pairs.pop("--home", "")
    try:
        instance = locate(Path(var), Path(home) if home else None)
    except Unavailable as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    keeper = Keeper(instance, pairs, scratch=bool(home))
    return detach(instance.log, keeper.run)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
