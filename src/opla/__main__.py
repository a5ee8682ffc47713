"""The command line: `./opla COMMAND …`. A command is a file in `opla/commands` with `add_arguments` and `run`.

Contract: with --json, stdout is exactly one object, also on refusal (`{"refusal": {"code", "message"}}`); everything
for people goes to stderr. Exit 0 done, 1 refused or broken, 2 usage, 3 undecided.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import difflib
import importlib
import io
import json
import os
import re
import sys
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from opla import commands, secret_files
from opla.commands import Stop

_FOLDER = Path(commands.__file__).parent
_DEFINES_RUN = re.compile(r"^def run\(", re.MULTILINE)
_WIDTH = 12
#: They only tell `up` something. What systemd starts to reload a unit cannot read the unit's secrets.
_NEEDS_NO_SETTINGS = {"reload"}


class _Usage(Exception):  # noqa: N818  (a way out of argparse, caught below)
    pass


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise _Usage(f"{message}\n{self.format_usage().strip()}")


def names(*, hidden: bool = False) -> list[str]:
    """The commands there are: files that define `run`. Those with an underscore are Opla's own child processes."""
    found = [path.stem for path in sorted(_FOLDER.glob("*.py")) if _DEFINES_RUN.search(path.read_text("utf-8"))]
    return [name for name in found if hidden or not name.startswith("_")]


def _help() -> str:
    lines = ["Opla, a shop for prepaid mobile top-up.", "", "usage: ./opla COMMAND [options]", ""]
    for name in names():
        told = ast.get_docstring(ast.parse((_FOLDER / f"{name}.py").read_text("utf-8"))) or ""
        lines.append(f"  {name:<{_WIDTH}}{told.partition(chr(10))[0]}")
    return "\n".join([*lines, "", "./opla COMMAND --help says more. Begin with: ./opla up"])


def _unknown(word: str) -> str:
    near = difflib.get_close_matches(word, names(), n=1)
    guess = f" Did you mean {near[0]}?" if near else ""
    return f"There is no command {word}.{guess} ./opla alone lists them all."


def _refuse(code: str, message: str, *, as_json: bool) -> None:
    sys.stderr.write(f"opla: {message}\n")
    if as_json:
        print(json.dumps({"refusal": {"code": code, "message": message}}, ensure_ascii=False))


def _keep_traceback() -> Path | None:
    """Write what happened to var/log; nothing of it is for the person at the terminal."""
    log = commands.VAR / "log" / "errors.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            file.write(f"{datetime.now(UTC).isoformat(timespec='seconds')}\n{traceback.format_exc()}\n")
    except OSError:
        return None
    return log


def _run(words: Sequence[str], *, as_json: bool) -> int:
    name, *rest = words
    if name not in names(hidden=True):
        raise _Usage(_unknown(name))
    module = importlib.import_module(f"opla.commands.{name}")
    told = (module.__doc__ or "").strip()
    parser = _Parser(
        prog=f"./opla {name}",
        description=told,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.add_arguments(parser)
    # What a command prints before it breaks must not stand beside the refusal: with --json it is held until the end.
    held = io.StringIO()
    with contextlib.redirect_stdout(held) if as_json else contextlib.nullcontext():
        code: int = module.run(parser.parse_args(rest))
    sys.stdout.write(held.getvalue())
    return code


def main(words: Sequence[str]) -> int:
    as_json = "--json" in words
    if not words or words[0] in {"-h", "--help", "help"}:
        print(_help())
        return 0
    try:
        if words[0] not in _NEEDS_NO_SETTINGS:
            secret_files.read(os.environ)
    except ValueError as problem:
        _refuse("setting_unreadable", str(problem), as_json=as_json)
        return 1
    try:
        code = _run(words, as_json=as_json)
        sys.stdout.flush()
    except _Usage as problem:
        _refuse("usage", str(problem), as_json=as_json)
        return 2
    except Stop as stop:
        _refuse(stop.code, str(stop), as_json=as_json)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # `./opla … | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:  # noqa: BLE001  (the outermost frame: nothing stands above it to report to)
        if os.environ.get("OPLA_DEBUG"):
            traceback.print_exc()
        log = _keep_traceback()
        where = f" The details are in {log}." if log else ""
        _refuse("broken", f"Something broke: {type(error).__name__}: {error}.{where}", as_json=as_json)
        return 1
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
