"""Print a one-time link that signs the owner in on this shop's web pages."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime

from opla.commands.runtime import running


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    with running():
        from django.conf import settings

        from opla.commands.up import address
        from opla.operations.owner import make_link

        # A public https address is where the owner's session is valid; otherwise wherever this copy's shop answers.
        here = settings.BASE_URL if settings.BASE_URL.startswith("https://") else address() or settings.BASE_URL
        url = f"{here.rstrip('/')}/owner/enter/{make_link(at=datetime.now(UTC))}/"
    print(
        json.dumps({"url": url})
        if arguments.json
        else f"{url}\nIt works once, within 15 minutes. ./opla up must be running."
    )
    return 0
