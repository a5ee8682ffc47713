"""The sandbox mailbox's HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from opla.calling import Caller, Reply
from opla.notices.sandbox.config import Config


class Client:
    def __init__(self, config: Config) -> None:
        headers = {"Authorization": f"Bearer {config.secret}", "Opla-Timeout-S": str(config.timeout_s)}
        self._caller = Caller(config.base_url, headers, config.timeout_s, through_proxy=False)

    def post(self, body: Mapping[str, str | int]) -> Reply:
        return self._caller.post("/mail", body)

    def push(self, body: Mapping[str, str | int]) -> Reply:
        return self._caller.post("/push", body)
