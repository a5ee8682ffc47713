"""Print a one-time link that lets somebody in on this shop's own pages: its owner, or whoever else works there.

With --email it names them, or makes them something else; by the link they set up a passkey or an app before anything
else. In a sandbox a name is enough. Give every person their own: it stands beside all they decide.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime

from opla.commands.runtime import running
from opla.core.actor import HOUSE, Actor, Role
from opla.core.refusal import Refusal

_TERMINAL = Actor(Role.OWNER, "terminal")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", default="owner", help="whose link it is (owner)")
    parser.add_argument("--email", default="", help="their address; a real shop needs it")
    parser.add_argument("--role", choices=[str(role) for role in HOUSE], help="what they are (owner)")
    parser.add_argument("--lost", action="store_true", help="they lost their device: end what they come in with")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    with running():
        from django.conf import settings

        from opla.commands.up import address
        from opla.operations.owner import make_link
        from opla.presenting.refusals import sentence

        at, email = datetime.now(UTC), arguments.email.strip().lower()
        actor = Actor(Role(arguments.role or Role.OWNER), arguments.name.strip() or "owner")
        if email:
            named = _named(arguments, email, at)
            if isinstance(named, Refusal):
                told = sentence(named)
                print(json.dumps({"refusal": {"code": named.code, "message": told}}) if arguments.json else told,
                      file=sys.stdout if arguments.json else sys.stderr)  # fmt: skip
                return 1
            actor = named
        elif not settings.SANDBOX:
            print("A real shop lets nobody in by a name alone: say --email as well.", file=sys.stderr)
            return 2
        # A public https address is where the owner's session is valid; otherwise wherever this copy's shop answers.
        here = settings.BASE_URL if settings.BASE_URL.startswith("https://") else address() or settings.BASE_URL
        url = f"{here.rstrip('/')}/owner/enter/{make_link(actor, at=at, email=email)}/"
    print(
        json.dumps({"url": url})
        if arguments.json
        else f"{url}\nIt works once, within 15 minutes. ./opla up must be running."
    )
    return 0


def _named(arguments: argparse.Namespace, email: str, at: datetime) -> Actor | Refusal:
    """Who has this address here: as they are where nothing else was asked, named now where nobody has it."""
    from opla.db.queries import people as queries
    from opla.operations import people
    from opla.operations.shop import current

    known = queries.by_email(email)
    if known is not None and arguments.lost:
        lost = people.forget_factors(_TERMINAL, known.id, at=at)
        return lost if isinstance(lost, Refusal) else lost.actor
    if known is not None and arguments.role is None:
        return known.actor
    done = people.name(_TERMINAL, email, arguments.name, arguments.role or "owner", "en", shop=current(), at=at)
    return done if isinstance(done, Refusal) else done.actor
