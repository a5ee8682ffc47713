"""Web push, keeping `Pushes`."""

from __future__ import annotations

import os
import time
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec

from opla.core.ports import Answer, Push, PushReport
from opla.notices.web_push import mapping
from opla.notices.web_push.client import Client
from opla.notices.web_push.config import Config
from opla.notices.web_push.encryption import encrypt
from opla.notices.web_push.vapid import GOOD_FOR_S, header

_PAD = 512


class WebPush:
    def __init__(self, config: Config, client: Client | None = None) -> None:
        self._config = config
        self._client = client or Client(config.hosts, config.timeout_s)
        self._key = ec.derive_private_key(config.key, ec.SECP256R1())

    def push(self, push: Push) -> PushReport:
        parts = urlsplit(push.to.endpoint)
        try:
            body = encrypt(
                push.text.encode(), push.to.p256dh, push.to.auth,
                salt=os.urandom(16), key=ec.generate_private_key(ec.SECP256R1()), pad=_PAD,
            )  # fmt: skip
        except ValueError:
            return PushReport(Answer.DECLINED, gone=True)  # no key of a browser: nobody could ever read it
        signed = header(
            self._key,
            origin=f"https://{parts.hostname}",
            subject=self._config.subject,
            expires=int(time.time()) + GOOD_FOR_S,
        )
        headers = {
            "Authorization": signed,
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(push.ttl_s),
            "Topic": push.reference[:32],  # a newer one of the same reference takes its place (RFC 8030 §5.4)
            "Urgency": "normal",
        }
        reply = self._client.post(push.to.endpoint, body, headers)
        if not reply.status:
            return PushReport(reply.trouble or Answer.UNKNOWN)
        # What they write beside the status is read by nobody: most write nothing.
        return PushReport(mapping.STATUS.get(str(reply.status), Answer.UNKNOWN), gone=reply.status in mapping.GONE)
