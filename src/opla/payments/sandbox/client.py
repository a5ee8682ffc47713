"""The sandbox provider's HTTP: paths and auth. What became of a call is `opla.calling`'s to say."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from opla.calling import Caller, Reply
from opla.payments.sandbox.config import Config


class Client:
    def __init__(self, config: Config) -> None:
        # The time-out is told to the sandbox, so that its scripted silences outlast it whatever it is.
        headers = {"Authorization": f"Bearer {config.secret}", "Opla-Timeout-S": str(config.timeout_s)}
        self._caller = Caller(config.base_url, headers, config.timeout_s, through_proxy=False)

    def create(self, body: Mapping[str, str | int]) -> Reply:
        return self._caller.post("/payments", body)

    def payment(self, id_: str) -> Reply:
        return self._caller.get(f"/payments/{quote(id_, safe='')}")

    def payment_by_reference(self, reference: str) -> Reply:
        return self._caller.get("/payments", {"reference": reference})

    def payments_since(self, since_ms: int, begin: int) -> Reply:
        return self._caller.get("/payments", {"since_ms": str(since_ms), "from": str(begin)})

    def decide(self, id_: str, outcome: str) -> Reply:
        return self._caller.post(f"/payments/{quote(id_, safe='')}/decide", {"outcome": outcome})

    def end_mandate(self, mandate: str) -> Reply:
        return self._caller.post(f"/mandates/{quote(mandate, safe='')}/end", {})

    def refund(self, payment_id: str, body: Mapping[str, str | int]) -> Reply:
        return self._caller.post(f"/payments/{quote(payment_id, safe='')}/refunds", body)

    def refund_by_reference(self, reference: str) -> Reply:
        return self._caller.get("/refunds", {"reference": reference})
