"""Fetches every change of the database into the folder of its backups, for as long as the shop is open."""

from __future__ import annotations

import argparse
import os
import sys

from opla.commands import VAR
from opla.commands._children import be_a_child
from opla.db import backup
from opla.db.instance import locate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def run(arguments: argparse.Namespace) -> int:  # noqa: ARG001 - as every command
    be_a_child()
    folder = backup.remembered(VAR)
    if folder is None or not (folder / "shop.json").exists():  # an empty folder may be a disk that is not there
        sys.stderr.write(f"The folder of the backups is not there: {folder}. Changes are kept here until it is.\n")
        return 1
    command = backup.fetching(folder, locate(VAR))
    return os.execv(command[0], command)  # noqa: S606 - it stays our parent's child, and dies with it
