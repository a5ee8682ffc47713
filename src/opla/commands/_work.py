"""The worker process of `up`: deliveries, the janitor, the schedule."""

from __future__ import annotations

import argparse
from importlib import import_module

from opla.commands._children import be_a_child
from opla.commands.runtime import running


def add_arguments(_: argparse.ArgumentParser) -> None:
    pass


def run(_: argparse.Namespace) -> int:
    be_a_child()
    with running(counterparts=True):
        import_module("opla.workers.loop").main()
    return 0
