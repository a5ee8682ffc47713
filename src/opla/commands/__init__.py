"""The commands of `./opla`, one file each.

A file here is a command when it defines `add_arguments(parser)` and `run(arguments) -> int`; the first line of its
docstring is its line in the help. A leading underscore hides it: those are the child processes of `up`.
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
#: Everything this copy keeps. Tests and second instances name another folder.
VAR = Path(os.environ.get("OPLA_VAR") or ROOT / "var")


class Stop(Exception):  # noqa: N818  (the command line's way to say "no" and end with 1)
    """Ends a command with exit 1: a sentence for a person and, for --json, a code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
