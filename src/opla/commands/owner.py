"""Print a one-time link that signs the owner, or support, in on this shop's web pages.

Give every person their own name: it stands beside all they decide, and two persons are two names.
"""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime

from opla.commands.runtime import running


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", default="owner", help="whose link it is (owner)")
    parser.add_argument("--support", action="store_true", help="may look, and decide nothing")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    with running():
        from django.conf import settings

        from opla.commands.up import address
        from opla.core.actor import Actor, Role
        from opla.operations.owner import make_link

        # A public https address is where the owner's session is valid; otherwise wherever this copy's shop answers.
        here = settings.BASE_URL if settings.BASE_URL.startswith("https://") else address() or settings.BASE_URL
        actor = Actor(Role.SUPPORT if arguments.support else Role.OWNER, arguments.name.strip() or "owner")
        url = f"{here.rstrip('/')}/owner/enter/{make_link(actor, at=datetime.now(UTC))}/"
    print(
        json.dumps({"url": url})
        if arguments.json
        else f"{url}\nIt works once, within 15 minutes. ./opla up must be running."
    )
    return 0
