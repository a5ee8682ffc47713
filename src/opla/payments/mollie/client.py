"""Mollie's HTTP: paths and auth (docs.mollie.com/reference, v2). What became of a call is `opla.calling`'s to say."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote
from uuid import UUID

import httpx

from opla.calling import Caller, Reply
from opla.payments.mollie.config import Config

#: As many as one page holds.
_PAGE = "250"


class Client:
    def __init__(self, config: Config, transport: httpx.BaseTransport | None = None) -> None:
        headers = {"Authorization": f"Bearer {config.key}", "Accept": "application/hal+json"}
        self._caller = Caller(config.base_url, headers, config.timeout_s, through_proxy=True, transport=transport)

    def create(self, body: Mapping[str, object], reference: str) -> Reply:
        return self._caller.post("/v2/payments", body, _once(reference))

    def payment(self, id_: str) -> Reply:
        return self._caller.get(f"/v2/payments/{quote(id_, safe='')}")

    def payments(self, begins: str = "") -> Reply:
        """A page of them, the newest first; or from that one on."""
        return self._caller.get("/v2/payments", {"limit": _PAGE, **({"from": begins} if begins else {})})

    def refund(self, payment_id: str, body: Mapping[str, object], reference: str) -> Reply:
        return self._caller.post(f"/v2/payments/{quote(payment_id, safe='')}/refunds", body, _once(reference))

    def refunds(self, payment_id: str) -> Reply:
        return self._caller.get(f"/v2/payments/{quote(payment_id, safe='')}/refunds", {"limit": _PAGE})


def _once(reference: str) -> dict[str, str]:
    """Their key for "the same request again" is to be a UUID of version 4; our reference has the digits for one."""
    return {"Idempotency-Key": str(UUID(hex=reference, version=4))}
