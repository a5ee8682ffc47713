"""Mollie's HTTP: paths and auth (docs.mollie.com/reference, v2). What became of a call is `opla.calling`'s to say."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import quote
from uuid import UUID

import httpx

from opla.calling import Caller, Reply
from opla.payments.mollie.config import Config

#: A customer opens no bank's page.
CUSTOMER_S = 5.0
#: As many as one page holds.
_PAGE = "250"


class Client:
    def __init__(self, config: Config, transport: httpx.BaseTransport | None = None) -> None:
        headers = {"Authorization": f"Bearer {config.key}", "Accept": "application/hal+json"}
        self._caller, self._brief = (
            Caller(config.base_url, headers, timeout_s, through_proxy=True, transport=transport)
            for timeout_s in (config.timeout_s, min(config.timeout_s, CUSTOMER_S))
        )

    def create(self, body: Mapping[str, object], reference: str) -> Reply:
        return self._caller.post("/v2/payments", body, _once(reference))

    def customer(self, reference: str) -> Reply:
        """Somebody without a name, whose consent can be kept. The same one when the same reference comes again."""
        again = sha256(f"customer {reference}".encode()).hexdigest()[:32]  # a key is of one request only
        return self._brief.post("/v2/customers", {"metadata": {"reference": reference}}, _once(again))

    def mandate(self, customer_id: str, mandate_id: str) -> Reply:
        return self._caller.get(_mandate(customer_id, mandate_id))

    def revoke(self, customer_id: str, mandate_id: str) -> Reply:
        return self._caller.delete(_mandate(customer_id, mandate_id))

    def payment(self, id_: str) -> Reply:
        return self._caller.get(f"/v2/payments/{quote(id_, safe='')}")

    def payments(self, begins: str = "") -> Reply:
        """A page of them, the newest first; or from that one on."""
        return self._caller.get("/v2/payments", {"limit": _PAGE, **({"from": begins} if begins else {})})

    def terminals(self) -> Reply:
        return self._caller.get("/v2/terminals", {"limit": _PAGE})

    def refund(self, payment_id: str, body: Mapping[str, object], reference: str) -> Reply:
        return self._caller.post(f"/v2/payments/{quote(payment_id, safe='')}/refunds", body, _once(reference))

    def refunds(self, payment_id: str) -> Reply:
        return self._caller.get(f"/v2/payments/{quote(payment_id, safe='')}/refunds", {"limit": _PAGE})


class Settlements:
    """What was paid out, read with the organisation's token: the key of a profile may not."""

    def __init__(self, config: Config, transport: httpx.BaseTransport | None = None) -> None:
        headers = {"Authorization": f"Bearer {config.access_token}", "Accept": "application/hal+json"}
        self._caller = Caller(config.base_url, headers, config.timeout_s, through_proxy=True, transport=transport)

    def settlements(self, begins: str) -> Reply:
        """A page of them, the newest first; or from that one on."""
        return self._page("/v2/settlements", begins)

    def members(self, settlement_id: str, kind: str, begins: str) -> Reply:
        """`kind` is `payments`, `refunds` or `chargebacks`."""
        return self._page(f"/v2/settlements/{quote(settlement_id, safe='')}/{kind}", begins)

    def moves(self, balance_id: str, begins: str) -> Reply:
        """All movements of a balance, the newest first."""
        return self._page(f"/v2/balances/{quote(balance_id, safe='')}/transactions", begins)

    def _page(self, path: str, begins: str) -> Reply:
        return self._caller.get(path, {"limit": _PAGE, **({"from": begins} if begins else {})})


def _mandate(customer_id: str, mandate_id: str) -> str:
    return f"/v2/customers/{quote(customer_id, safe='')}/mandates/{quote(mandate_id, safe='')}"


def _once(reference: str) -> dict[str, str]:
    """Their key for "the same request again" is to be a UUID of version 4; our reference has the digits for one."""
    return {"Idempotency-Key": str(UUID(hex=reference, version=4))}
