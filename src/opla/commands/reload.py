"""Put the code that is here now in the place of what `./opla up` runs. No request is lost, no call is cut off."""

from __future__ import annotations

import argparse
import json
import os
import signal
import time

from opla.commands import Stop
from opla.commands.up import reloads

_PATIENCE_S = 120


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    process, before = reloads()
    try:
        os.kill(process, signal.SIGHUP)
    except ProcessLookupError:
        raise Stop("not_up", "The shop of this copy is not open: ./opla up opens it.") from None
    ends_at = time.monotonic() + _PATIENCE_S
    while (now := reloads()[1]) == before:
        if time.monotonic() > ends_at:
            raise Stop("reload_slow", f"No new code serves after {_PATIENCE_S} seconds; the shop goes on as it was.")
        time.sleep(0.1)
    if now.partition("/")[2] != before.partition("/")[2]:
        raise Stop("reload_failed", "The new code does not serve: ./opla up said why. The old one goes on.")
    print(json.dumps({"reloaded": True}) if arguments.json else "The shop runs the code that is here now.")
    return 0
