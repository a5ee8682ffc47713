"""PostgreSQL comes with the first user, goes with the last, and comes back from anything."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import psycopg
import pytest

from opla.commands.purge import orphans, remove
from opla.db.embedded import Server, Unavailable, check_version, database, ensure
from opla.db.instance import SERVICE_USER, Instance, _link, binaries, locate
from opla.db.locks import is_held
from opla.db.reached import reached

FAST = {"fsync": "off"}


class MakeVar(Protocol):
    def __call__(self, clone: str, *, data: bool = True) -> Path: ...


Hold = Callable[[Path], "subprocess.Popen[str]"]

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def run_sql(server: Server, *statements: str) -> None:
    with psycopg.connect(server.dsn_owner) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def rows(server: Server, table: str) -> int | None:
    """How many rows the table has; None where there is no such table."""
    with psycopg.connect(server.dsn_owner) as connection:
        if connection.execute("SELECT to_regclass(%s)", [table]).fetchone() == (None,):
            return None
        found = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
        assert found is not None
        return int(found[0])


def postmaster(instance: Instance) -> int:
    return int((instance.data / "postmaster.pid").read_text().split()[0])


def pid_written(instance: Instance) -> bool:
    """PostgreSQL makes the file first and writes into it then."""
    file = instance.data / "postmaster.pid"
    return file.exists() and file.read_text() != ""


def keeper(instance: Instance) -> int:
    """The keeper is PostgreSQL's parent."""
    status = Path(f"/proc/{postmaster(instance)}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("PPid:"))


def family(pid: int) -> list[int]:
    """A process and its children."""
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def wait_for(truth: Callable[[], bool], within_s: float = 30) -> None:
    deadline = time.monotonic() + within_s
    while not truth():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def test_two_copies_side_by_side_do_not_see_each_other(make_var: MakeVar) -> None:
    with (
        database(make_var("充值 one, it's"), settings=FAST) as one,
        database(make_var("充值 two"), settings=FAST) as two,
    ):
        run_sql(one, "CREATE TABLE mine (n int)")
        assert rows(one, "mine") == 0
        assert rows(two, "mine") is None


def test_the_two_roles_are_what_they_are_called_and_checksums_are_on(var: Path) -> None:
    with database(var, settings=FAST) as server:
        for dsn, role in ((server.dsn_app, "opla_app"), (server.dsn_owner, "opla_owner")):
            with psycopg.connect(dsn) as connection:
                asked = "SELECT session_user, current_setting('data_checksums'), current_setting('fsync')"
                assert connection.execute(asked).fetchone() == (role, "on", "off")
        with psycopg.connect(server.dsn_app) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE not_mine (n int)")


def test_a_moved_copy_keeps_its_data_and_a_copied_copy_starts_empty(make_var: MakeVar) -> None:
    first = make_var("first")
    with database(first, settings=FAST) as server:
        run_sql(server, "CREATE TABLE mine (n int)")
    wait_for(lambda: not is_held(locate(first).keeper_lock))
    moved = make_var("moved", data=False)
    moved.rmdir()
    first.rename(moved)
    with database(moved, settings=FAST) as server:
        assert rows(server, "mine") == 0
        copied = make_var("copied", data=False)
        copied.rmdir()
        shutil.copytree(moved, copied, symlinks=True, ignore=shutil.ignore_patterns("s"))
        with database(copied, settings=FAST) as another:
            assert rows(another, "mine") is None
        assert rows(server, "mine") == 0


def test_the_last_one_out_stops_the_database_and_nobody_before(var: Path, hold: Hold) -> None:
    with database(var, settings=FAST) as server:
        instance = locate(var)
        first = postmaster(instance)
        other = hold(var)
        assert other.stdout is not None
        other.stdout.readline()
    time.sleep(0.3)
    with database(var, settings=FAST) as server:
        assert rows(server, "pg_class")
        assert postmaster(instance) == first
    other.kill()  # a killed user counts as gone
    other.wait()
    wait_for(lambda: not is_held(instance.keeper_lock))
    assert not (instance.data / "postmaster.pid").exists()  # it was shut down, not torn down


def test_two_who_start_at_once_get_one_postgres(var: Path, hold: Hold) -> None:
    log = var / "log" / "database.log"
    before = log.read_text().count("ready to accept connections") if log.exists() else 0
    processes = [hold(var) for _ in range(3)]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
    assert log.read_text().count("ready to accept connections") == before + 1


def test_a_committed_row_survives_kill_9_of_everything(var: Path, hold: Hold) -> None:
    holder = hold(var)
    assert holder.stdout is not None
    holder.stdout.readline()
    instance = locate(var)
    with psycopg.connect(_owner(instance)) as connection:
        connection.execute("CREATE TABLE survivor (n int)")
        connection.execute("INSERT INTO survivor VALUES (1)")
    for pid in (holder.pid, keeper(instance), *family(postmaster(instance))):
        with suppress(ProcessLookupError):  # gone with its parent already
            os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    with database(var) as server:
        assert time.monotonic() - began < 5
        assert rows(server, "survivor") == 1


def test_a_killed_postgres_is_started_again_by_its_keeper(var: Path) -> None:
    with database(var, settings=FAST) as server:
        instance = locate(var)
        first, guard = postmaster(instance), keeper(instance)
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: pid_written(instance) and postmaster(instance) != first)
        assert not ensure(server)
        assert keeper(instance) == guard


def test_a_killed_keeper_takes_postgres_along_and_the_next_user_starts_both(var: Path) -> None:
    with database(var, settings=FAST) as server:
        instance = locate(var)
        first = postmaster(instance)
        os.kill(keeper(instance), signal.SIGKILL)
        wait_for(lambda: not is_held(instance.keeper_lock))
        assert ensure(server)
        assert postmaster(instance) != first


def test_a_stale_pid_file_with_the_pid_of_a_living_stranger_stops_nobody(var: Path) -> None:
    with database(var, settings=FAST):
        instance = locate(var)
        text = (instance.data / "postmaster.pid").read_text()
    wait_for(lambda: not is_held(instance.keeper_lock))
    # Under PostgreSQL's own user: that is what makes a bare postgres believe it runs already.
    uid = instance.user.pw_uid if os.geteuid() == 0 else None
    with subprocess.Popen(["sleep", "60"], user=uid) as stranger:
        try:
            (instance.data / "postmaster.pid").write_text(text.replace(text.split("\n", 1)[0], str(stranger.pid), 1))
            with database(var, settings=FAST):
                assert postmaster(instance) != stranger.pid
                assert stranger.poll() is None
        finally:
            stranger.kill()


def test_no_parent_folder_is_opened_or_closed(make_var: MakeVar) -> None:
    var = make_var("private", data=False)
    var.parent.chmod(0o700)
    before = [(folder, folder.stat().st_mode) for folder in var.parents]
    with database(var, settings=FAST):
        assert [(folder, folder.stat().st_mode) for folder in var.parents] == before
        assert locate(var).data.stat().st_mode & 0o077 == 0


@only_root
def test_another_user_of_the_machine_is_refused(var: Path) -> None:
    stranger = pwd.getpwnam("nobody")
    with database(var, settings=FAST):
        instance = locate(var)
        psql = [str(binaries() / "psql"), "-h", str(instance.sockets), "-U", "opla_app", "-c", "SELECT 1", "opla"]

        def tried(user: int) -> str:
            done = subprocess.run(
                psql, user=user, group=stranger.pw_gid, extra_groups=[], cwd="/", stderr=subprocess.PIPE, check=False
            )
            return done.stderr.decode()

        assert "Permission denied" in tried(stranger.pw_uid)
        instance.home.chmod(0o755)  # even with every door on the way open
        instance.sockets.chmod(0o755)
        (instance.sockets / ".s.PGSQL.5432").chmod(0o777)
        assert "Peer authentication failed" in tried(stranger.pw_uid)
        assert tried(pwd.getpwnam(SERVICE_USER).pw_uid) == ""
        instance.sockets.chmod(0o700)


@only_root
def test_the_database_of_a_deleted_clone_is_found_as_an_orphan(make_var: MakeVar) -> None:
    var = make_var("short-lived")
    with database(var, settings=FAST):
        home = locate(var).home
        assert home not in orphans()
    wait_for(lambda: not is_held(home / "keeper.lock"))
    shutil.rmtree(var.parent)
    assert home in orphans()
    shutil.rmtree(home)


@only_root
def test_a_database_that_vanished_is_said_and_not_replaced_by_an_empty_one(make_var: MakeVar) -> None:
    var = make_var("bereft")
    home = locate(var).home
    shutil.rmtree(home)
    with pytest.raises(Unavailable, match="is gone"), database(var, settings=FAST):
        pass
    (var / "pg").unlink()
    assert locate(var).home == home  # starting empty is a decision of a person


def test_purge_removes_everything_and_the_next_start_is_empty(make_var: MakeVar) -> None:
    var = make_var("purged")
    with database(var, settings=FAST) as server:
        run_sql(server, "CREATE TABLE mine (n int)")
        home = locate(var).home
    remove(locate(var))
    assert not home.exists()
    with database(var, settings=FAST) as server:
        assert rows(server, "mine") is None


def test_a_path_too_long_for_a_socket_works_all_the_same(make_var: MakeVar) -> None:
    var = make_var("充" * 60)
    with database(var, settings=FAST) as server:
        assert rows(server, "pg_class")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://somewhere/opla", "must begin with postgresql://"),
        ("postgresql://nobody@127.0.0.1:1/opla", "does not answer"),
        ("postgresql://nobody@127.0.0.1:1/opla?target_session_attrs=standby", "reads the primary alone"),
    ],
)
def test_a_database_url_that_cannot_work_is_refused_in_words(
    url: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(Unavailable, match=words), database(tmp_path):
        pass


def test_the_server_of_database_url_is_used_as_it_is(
    var: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database(var, settings=FAST) as ours:
        monkeypatch.setenv("DATABASE_URL", ours.dsn_app)
        monkeypatch.setenv("DATABASE_OWNER_URL", ours.dsn_owner)
        with database(tmp_path / "elsewhere") as theirs:
            used = (theirs.dsn_app, theirs.dsn_owner, theirs.embedded)
    assert used == (reached(ours.dsn_app), reached(ours.dsn_owner), False)


def test_a_server_older_than_15_is_refused_by_its_version() -> None:
    with pytest.raises(Unavailable, match=r"is PostgreSQL 14\.9; Opla needs 15 or newer"):
        check_version(140_009)
    check_version(150_000)


def _owner(instance: Instance) -> str:
    return f"user=opla_owner dbname=opla host='{instance.sockets}'".replace("\\", "\\\\")


def test_somebody_who_makes_the_link_at_the_same_moment_is_no_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link, home = tmp_path / "pg", tmp_path / "home"
    make = Path.symlink_to

    def second(self: Path, target: Path) -> None:
        make(self, target)
        make(self, target)

    monkeypatch.setattr(Path, "symlink_to", second)
    _link(link, home)
    assert link.readlink() == home


def test_a_database_with_a_home_of_its_own_lies_there_and_is_thrown_away_with_its_last_user(
    make_var: MakeVar,
) -> None:
    home = Path("/dev/shm" if Path("/dev/shm").is_dir() else "/var/tmp") / f"opla-home-{os.getpid()}"  # noqa: S108
    var = make_var("scratch", data=False)
    with database(var, settings=FAST, home=home) as server:
        run_sql(server, "CREATE TABLE kept (a int)")
        assert (home / "data").is_dir()
        with database(var, settings=FAST, home=home) as second:
            run_sql(second, "INSERT INTO kept VALUES (1)")
        run_sql(server, "INSERT INTO kept VALUES (2)")
    until = time.monotonic() + 20
    while home.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not home.exists()
