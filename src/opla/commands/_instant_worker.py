"""The worker process of `bench`: the shop's own worker, whose supplier answers at once and in the same process."""

from __future__ import annotations

import argparse

from opla.commands._children import be_a_child
from opla.commands.runtime import running


def add_arguments(_: argparse.ArgumentParser) -> None:
    pass


def run(_: argparse.Namespace) -> int:
    be_a_child()
    with running():
        from opla.proving.bench.instant import Instant
        from opla.workers import loop

        loop.main(Instant())
    return 0
