"""E-mail by SMTP, keeping `Tells`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parseaddr

from opla.core.ports import Answer, Message
from opla.notices.smtp import mapping
from opla.notices.smtp.client import NEVER, Client
from opla.notices.smtp.config import Config
from opla.notices.smtp.mime import mime


class Smtp:
    """`clock` is what a mail says of when it was sent."""

    def __init__(
        self, config: Config, client: Client | None = None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._config, self._client, self._clock = config, client or Client(config), clock

    def tell(self, message: Message) -> Answer:
        to = _plain(message.to)
        try:
            made = mime(message, self._config.sender, self._config.domain, self._clock())
        except ValueError:
            return Answer.DECLINED  # an address or a subject that no header can hold
        if not to:
            return Answer.DECLINED  # no mail server could be told of such an address
        word = self._client.deliver(made, parseaddr(self._config.sender)[1], to)
        return Answer.NOT_SENT if word == NEVER else mapping.REPLY.get(word, Answer.UNKNOWN)


def _plain(address: str) -> str:
    """The address as every mail server takes it, its domain in ASCII; empty where it has no such form."""
    local, _, domain = address.rpartition("@")
    try:
        plain = f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return ""
    return plain if local and domain and plain.isascii() and plain.isprintable() and " " not in plain else ""
