"""A report that a mail came back (RFC 3464), as what it says: which of our mails, and whether it is for good.

    multipart/report ─┬ words for people
                      ├ message/delivery-status   Action: failed, Status: 5.1.1
                      └ the mail, or its headers  Message-ID: <our reference@our domain>

Anybody can send one. It is believed for the reference in it, which only the mail itself holds; the address it names
is not looked at, because mail that was forwarded comes back from somewhere else.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from typing import Final

#: A report with a whole mail of ours in it is some tens of kB.
MAX_BYTES: Final = 1_000_000
_ID: Final = re.compile(r"<([0-9a-f]{32}|[0-9a-f-]{36})@[^<>\s]+>")
_STATUS: Final = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")
#: RFC 3463 §3.2: there is no such address, mailbox or domain, or it has moved.
_NO_SUCH: Final = "1"


@dataclass(frozen=True)
class Back:
    """`reference` is ours; `status` is theirs, such as 5.1.1. `gone`: there is no such address, so it stays so."""

    reference: str
    status: str

    @property
    def gone(self) -> bool:
        found = _STATUS.fullmatch(self.status)
        return found is not None and found[1] == "5" and found[2] == _NO_SUCH


def read(data: bytes) -> Back | None:
    """None for what is no such report, of something that is only late, or of no mail of ours. Never raises."""
    if len(data) > MAX_BYTES:
        return None
    report = email.message_from_bytes(data)
    if report.get_content_type() != "multipart/report":
        return None
    failed = [fields for fields in _recipients(report) if _word(fields, "Action") == "failed"]
    reference = next(_references(report), "")
    if not failed or not reference:
        return None
    status = _STATUS.search(_word(failed[0], "Status"))
    return Back(reference, status[0] if status else "")


def _recipients(report: Message) -> Iterator[Message]:
    """The fields of each recipient. The first block is about the report itself."""
    for part in report.walk():
        if part.get_content_type() == "message/delivery-status" and isinstance(blocks := part.get_payload(), list):
            yield from (block for block in blocks if isinstance(block, Message) and block["Action"])


def _references(report: Message) -> Iterator[str]:
    """Our references in the mail that came back, whole or its headers alone."""
    for part in report.walk():
        if part is report:
            continue
        if part.get_content_type() == "text/rfc822-headers":
            payload = part.get_payload(decode=True)
            head = payload.decode("latin-1") if isinstance(payload, bytes) else ""
            part = email.message_from_string(head)  # noqa: PLW2901 - the same part, read
        if found := _ID.search(str(part.get("Message-ID", ""))):
            yield found[1].replace("-", "")


def _word(fields: Message, name: str) -> str:
    return str(fields.get(name, "")).strip().casefold()
