"""The sandbox supplier's HTTP: paths and auth. What became of a call is `opla.calling`'s to say."""

from __future__ import annotations

from collections.abc import Mapping

from opla.calling import Caller, Reply
from opla.suppliers.sandbox.config import Config


class Client:
    def __init__(self, config: Config) -> None:
        # The time-out is told to the sandbox, so that its scripted silences outlast it whatever it is.
        headers = {"Authorization": f"Bearer {config.secret}", "Opla-Timeout-S": str(config.timeout_s)}
        self._caller = Caller(config.base_url, headers, config.timeout_s, through_proxy=False)

    def send(self, body: Mapping[str, str | int]) -> Reply:
        return self._caller.post("/sends", body)

    def find(self, reference: str) -> Reply:
        return self._caller.get("/sends", {"reference": reference})

    def sends_since(self, since_ms: int, begin: int) -> Reply:
        return self._caller.get("/sends", {"since_ms": str(since_ms), "from": str(begin)})

    def float_left(self) -> Reply:
        return self._caller.get("/float", {})

    def number(self, number: str) -> Reply:
        return self._caller.get("/numbers", {"number": number})
