"""The sandbox mailbox, keeping `Tells`, `SendsTexts` and `Pushes`. The same reference twice is one message."""

from __future__ import annotations

from dataclasses import replace

from opla.core.ports import Answer, Message, Push, PushReport, TextReport
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

    def text(self, message: Message) -> TextReport:
        """Into the same mailbox, under the number it goes to. Nobody ever sends a receipt."""
        return TextReport(self.tell(replace(message, reference=f"text-{message.reference}", subject="SMS")))

    def push(self, push: Push) -> PushReport:
        reply = self._client.push(
            {"reference": push.reference, "endpoint": push.to.endpoint, "text": push.text, "ttl_s": push.ttl_s}
        )
        if reply.trouble:
            return PushReport(reply.trouble)
        if not reply.done:
            word = reply.text("error") or ""
            return PushReport(mapping.ERROR.get(word, Answer.UNKNOWN), gone=word == "gone")
        same = reply.text("reference") == push.reference
        return PushReport(Answer.SUCCEEDED if same else Answer.UNKNOWN)
