"""Take in mail that came back, so that the shop stops writing to addresses that do not exist.

    ./opla bounce < report                 one report, as a mail server pipes it
    ./opla bounce --maildir /var/mail/shop every new one of a Maildir (or of OPLA_BOUNCES), each once

Let the mailbox of your sender's address be a Maildir, or an alias that pipes to this. A report (RFC 3464) is believed
when it holds the reference of a mail of ours; anything else is left alone and counted. The page of an order says that
its mail came back, and what waits behind it is on the list of items.
"""

from __future__ import annotations

import argparse
import json
import mailbox
import os
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from opla.commands import Stop
from opla.commands.runtime import running
from opla.core.bounced import MAX_BYTES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    default = os.environ.get("OPLA_BOUNCES", "")
    parser.add_argument("--maildir", default=default, metavar="FOLDER", help="read its new mails (OPLA_BOUNCES)")
    parser.add_argument("--json", action="store_true", help="one object on stdout")


def run(arguments: argparse.Namespace) -> int:
    folder = Path(arguments.maildir) if arguments.maildir else None
    if folder is not None and not (folder / "new").is_dir():
        raise Stop("not_found", f"{folder} is no Maildir: it has no folder new.")
    if folder is None and sys.stdin.isatty():
        raise Stop("not_found", "Where is the report? ./opla bounce < report, or --maildir FOLDER.")
    read = taken = 0
    with running():
        from opla.operations.mail_back import came_back
        from opla.operations.shop import current

        for data in _new(folder) if folder else [sys.stdin.buffer.read(MAX_BYTES + 1)]:
            read += 1
            taken += came_back(data, shop=current(), at=datetime.now(UTC))
    if arguments.json:
        print(json.dumps({"read": read, "taken": taken}))
    else:
        print(f"{read} read, {taken} of them about a mail of ours that came back.")
    return 0


def _new(folder: Path) -> Iterator[bytes]:
    """Each is put among the read ones once it has been taken in."""
    box = mailbox.Maildir(folder, create=False)
    for key, message in list(box.items()):
        if message.get_subdir() != "new":
            continue
        yield box.get_bytes(key)
        message.set_subdir("cur")
        message.add_flag("S")
        box[key] = message
