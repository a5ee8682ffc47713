"""The sandbox mailbox, keeping `Tells`. The same reference twice is one message."""

from __future__ import annotations

from opla.core.ports import Answer, Message
from opla.notices.sandbox import mapping
from opla.notices.sandbox.client import Client
from opla.notices.sandbox.config import Config


class Sandbox:
    def __init__(self, config: Config) -> None:
        self._client = Client(config)

    def tell(self, message: Message) -> Answer:
        reply = self._client.post(dict(vars(message)))
        if reply.trouble:
            return reply.trouble
        if not reply.done:
            return mapping.ERROR.get(reply.text("error") or "", Answer.UNKNOWN)
        return Answer.SUCCEEDED if reply.text("reference") == message.reference else Answer.UNKNOWN
