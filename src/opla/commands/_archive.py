"""Fetches every change of the database into the folder of its backups, for as long as the shop is open."""

from __future__ import annotations

import argparse
import os
import sys

from opla.commands import VAR
from opla.commands._children import be_a_child
from opla.db import backup
from opla.db.instance import Unavailable, locate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001 - as every command
    be_a_child()
    try:
        command = backup.fetching(locate(VAR))
    except Unavailable as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return os.execv(command[0], command)  # noqa: S606 - it stays our parent's child, and dies with it
