"""Settings that are secrets may lie in files, which `OPLA_…_FILE` and `DATABASE_…_FILE` name.

So a secret stands in no unit, no container's description and no `ps`. It is read once at start, into this process's own
environment; a program that this one starts is given the file's name, and reads for itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Final

_NAMED: Final = re.compile(r"^((?:OPLA|DATABASE)_\w+)_FILE$")
_LARGEST_BYTES: Final = 64 * 1024

_read: set[str] = set()


def named(environ: Mapping[str, str]) -> dict[str, Path]:
    """The settings that lie in files, and where."""
    return {match[1]: Path(path) for name, path in environ.items() if path and (match := _NAMED.match(name))}


def read(environ: MutableMapping[str, str]) -> None:
    """Put into the environment what the files hold, without the newline at its end.

    Raises ValueError with a sentence that names the setting, and never what is in the file.
    """
    for name, path in named(environ).items():
        if name in _read:
            continue
        if environ.get(name):
            raise ValueError(f"{name} and {name}_FILE are both set: please keep one.")
        try:
            kept = path.read_bytes()
            text = kept.decode().rstrip("\r\n")
        except OSError as problem:
            raise ValueError(f"The file of {name}_FILE cannot be read: {problem.strerror}.") from None
        except UnicodeDecodeError:
            raise ValueError(f"The file of {name}_FILE is no text.") from None
        if not text or "\0" in text or len(kept) > _LARGEST_BYTES:
            raise ValueError(f"The file of {name}_FILE is empty, or is no setting.")
        environ[name] = text
        _read.add(name)


def for_a_child(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a program that is started: names of files, and nothing of what was in them."""
    return {name: value for name, value in environ.items() if name not in _read}
