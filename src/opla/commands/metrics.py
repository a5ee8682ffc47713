"""Print the shop's figures as Prometheus reads them, as /metrics tells them to whoever has OPLA_METRICS_TOKEN."""

from __future__ import annotations

import argparse
import sys

from opla.commands.runtime import running


def add_arguments(_: argparse.ArgumentParser) -> None:
    pass


def run(_: argparse.Namespace) -> int:
    with running():
        from opla.site.watching import exposition

        sys.stdout.write(exposition().decode())
    return 0
