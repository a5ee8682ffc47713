"""The counterpart mailbox: keeps what the shop tells people, once per reference. Pure; replayed from its entries."""

from __future__ import annotations

from dataclasses import dataclass

from opla.counterparts.entries import Entry, Refused


@dataclass(frozen=True)
class Mail:
    reference: str
    to: str
    subject: str
    text: str
    language: str
    unsubscribe_url: str = ""  # as the header List-Unsubscribe has it
    at_ms: int = 0


@dataclass(frozen=True)
class Pushed:
    """A short message to a browser. `endpoint` says which one."""

    reference: str
    endpoint: str
    text: str
    ttl_s: int
    at_ms: int = 0


class PushService:
    """Every push by our reference and its browser, oldest first."""

    def __init__(self) -> None:
        self.pushed: dict[tuple[str, str], Pushed] = {}

    def receive(self, pushed: Pushed, at_ms: int) -> list[Entry] | Refused:
        """A browser whose address ends in `/gone` has gone; a message sent again is the same message."""
        if pushed.endpoint.endswith("/gone"):
            return Refused(410, "gone")
        if (pushed.reference, pushed.endpoint) in self.pushed:
            return []
        return [{"what": "push.received", **vars(pushed), "at_ms": at_ms}]

    def apply(self, entry: Entry) -> None:
        words = {name: str(entry[name]) for name in ("reference", "endpoint", "text")}
        pushed = Pushed(**words, ttl_s=int(entry["ttl_s"]), at_ms=int(entry["at_ms"]))
        self.pushed[pushed.reference, pushed.endpoint] = pushed


class Mailbox:
    """Every mail by our reference, oldest first."""

    def __init__(self) -> None:
        self.mails: dict[str, Mail] = {}

    def receive(self, mail: Mail, at_ms: int) -> list[Entry]:
        """Nothing when this reference is here already: a message sent again is the same message."""
        if mail.reference in self.mails:
            return []
        return [
            {
                "what": "mail.received",
                "at_ms": at_ms,
                "reference": mail.reference,
                "to": mail.to,
                "subject": mail.subject,
                "text": mail.text,
                "language": mail.language,
                "unsubscribe_url": mail.unsubscribe_url,
            }
        ]

    def apply(self, entry: Entry) -> None:
        words = {name: str(entry[name]) for name in ("reference", "to", "subject", "text", "language")}
        unsubscribe_url = str(entry.get("unsubscribe_url", ""))
        self.mails[words["reference"]] = Mail(**words, unsubscribe_url=unsubscribe_url, at_ms=int(entry["at_ms"]))
