"""What a command needs around it: the database, Django, and where asked for the sandbox counterparts.

Whoever needs one of these first starts it; it lives as long as anybody holds `var/run/users.lock` and ends by itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from opla import metering, secret_files
from opla.commands import ROOT, VAR, Stop
from opla.counterparts import trying
from opla.db.embedded import Server, Unavailable, database
from opla.db.locks import holding, is_held

_COUNTERPARTS_S = 20


@dataclass(frozen=True)
class Runtime:
    """The surroundings of a running command. `counterparts_url` is None where they were not asked for."""

    var: Path
    server: Server
    counterparts_url: str | None


@contextmanager
def running(*, counterparts: bool = False) -> Iterator[Runtime]:
    """Start or join the database, prepare it (migrations, catalogue), set Django up. Raises `Stop` with a sentence."""
    _may_try()
    try:
        with database(VAR) as server:
            os.environ["OPLA_VAR"] = str(VAR)
            os.environ["OPLA_DSN_APP"] = server.dsn_app
            os.environ["OPLA_DSN_OWNER"] = server.dsn_owner
            _set_up_django()
            metering.begin(VAR / "run" / "metrics")
            with _standing_still():
                yield Runtime(VAR, server, ensure_counterparts(VAR) if counterparts and _is_sandbox() else None)
    except Unavailable as problem:
        raise Stop("database_unavailable", str(problem)) from problem


@contextmanager
def prepared() -> Iterator[Runtime]:
    """As `running` with counterparts, for a process that itself has no use for Django: another one prepares, and ends.

    Django and what it brings are 25 MB, which a supervisor would hold for as long as the shop is open.
    """
    _may_try()
    try:
        with database(VAR) as server:
            url = prepare()
            yield Runtime(VAR, server, url)
    except Unavailable as problem:
        raise Stop("database_unavailable", str(problem)) from problem


def prepare() -> str | None:
    """Let the code that is here now bring the database to what it needs; where the counterparts are. Raises `Stop`."""
    done = subprocess.run(
        child_command("_prepare", "--json"), env=child_env(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    told = _object_in(done.stdout)
    refusal = told.get("refusal")
    if isinstance(refusal, dict):
        raise Stop(str(refusal["code"]), str(refusal["message"]))
    sys.stderr.write(done.stderr)
    if done.returncode:
        raise Stop("not_prepared", "The database could not be prepared: the lines above say why.")
    url = told.get("counterparts_url")
    return str(url) if url else None


@contextmanager
def _standing_still() -> Iterator[None]:
    """What the database refuses in quarantine is said in a sentence, whichever command asked."""
    from django.db import DatabaseError

    try:
        yield
    except DatabaseError as problem:
        from opla.core.refusal import Code, Refusal
        from opla.db.queries import quarantine
        from opla.presenting.refusals import sentence

        if not quarantine.stands_still(problem):
            raise
        raise Stop(Code.QUARANTINE, sentence(Refusal(Code.QUARANTINE))) from problem


def _may_try() -> None:
    if wrong := trying.problem(os.environ):
        raise Stop("cannot_be_tried", wrong)


def _object_in(text: str) -> dict[str, object]:
    try:
        found = json.loads(text)
    except ValueError:  # it was killed before it could answer
        return {}
    return found if isinstance(found, dict) else {}


def _is_sandbox() -> bool:
    """A live shop has no stand-ins beside it."""
    from django.conf import settings

    return bool(settings.SANDBOX)


def _set_up_django() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opla.site.settings")
    import django

    django.setup()
    from django.conf import settings

    from opla.db.queries.call import BROKEN
    from opla.db.setup import TooOld
    from opla.operations.prepare import prepare

    try:
        prepare(sandbox=settings.SANDBOX, at=datetime.now(UTC))
    except TooOld:
        raise Stop("code_too_old", "A later Opla made this database, and this one cannot run beside it.") from None
    except BROKEN as gone:  # it answered a moment ago: it was restarted, or is recovering
        raise Stop("database_unavailable", f"The database went away while starting: {str(gone).strip()}") from gone


def ensure_counterparts(var: Path) -> str:
    """The address of the counterparts process, which is started where it is missing. For holders of the users' lock."""
    lock = var / "sandbox" / "lock"
    # The address first: a look at the lock of a server that is just starting could make it think it is the second.
    if (url := _address(var)) and is_held(lock):
        return url
    with holding(var / "run" / "counterparts.lock"):
        if not is_held(lock):
            (var / "sandbox" / "address.json").unlink(missing_ok=True)
            _start_counterparts()
        deadline = time.monotonic() + _COUNTERPARTS_S
        while time.monotonic() < deadline:
            if (url := _address(var)) and is_held(lock):
                return url
            time.sleep(0.03)
    log = var / "log" / "counterparts.log"
    raise Stop("counterparts_unavailable", f"The sandbox counterparts did not start; {log} says why.")


def _address(var: Path) -> str:
    try:
        return str(json.loads((var / "sandbox" / "address.json").read_text("utf-8"))["url"])
    except (OSError, ValueError):  # not written yet
        return ""


def _start_counterparts() -> None:
    done = subprocess.run(
        child_command("_counterparts"), env=child_env(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise Stop("counterparts_unavailable", said or "The sandbox counterparts could not be started.")


def child_command(*words: str) -> list[str]:
    return [sys.executable, "-P", "-m", "opla", *words]


def child_env() -> dict[str, str]:
    # Every thread with an arena of its own would keep what it once needed; ours are few and mostly wait.
    quiet = {"PYTHONUNBUFFERED": "1", "MALLOC_ARENA_MAX": "2"}
    return {**secret_files.for_a_child(os.environ), **quiet, "PYTHONPATH": str(ROOT / "src"), "OPLA_VAR": str(VAR)}
