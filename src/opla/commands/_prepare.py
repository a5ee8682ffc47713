"""What has to be done once before a shop opens: migrations, catalogue, counterparts. For `up`, which stays small so."""

from __future__ import annotations

import argparse
import json

from opla.commands.runtime import running


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one object on stdout, a refusal too")


def run(_: argparse.Namespace) -> int:
    with running(counterparts=True) as runtime:
        print(json.dumps({"counterparts_url": runtime.counterparts_url}))
    return 0
