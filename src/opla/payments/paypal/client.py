"""PayPal's HTTP: paths, and a token that lasts for hours and is kept in memory (developer.paypal.com/api/rest)."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import quote

import httpx

from opla.calling import Caller, Reply
from opla.core.ports import Answer
from opla.payments.paypal.config import Config

#: So many transactions of one answer stay well below what is read of it; they would give 500.
PAGE = 250
_FORM = "application/x-www-form-urlencoded"
#: A token is not used in its last minute.
_MARGIN_S = 60


class Client:
    """`clock` counts seconds from anywhere: how long a token is still good."""

    def __init__(
        self,
        config: Config,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._caller = Caller(config.base_url, {}, config.timeout_s, through_proxy=True, transport=transport)
        self._basic = base64.b64encode(f"{config.client}:{config.secret}".encode()).decode()
        self._clock = clock
        self.token = "", 0.0  # and until when

    def create(self, body: Mapping[str, object], reference: str) -> Reply:
        return self._ask(lambda bearer: self._caller.post("/v2/checkout/orders", body, bearer | _once(reference)))

    def order(self, id_: str) -> Reply:
        return self._ask(lambda bearer: self._caller.get(f"/v2/checkout/orders/{_part(id_)}", headers=bearer))

    def capture(self, id_: str, reference: str) -> Reply:
        """Takes the money of an approved order. They do it once for an order, and once for a key."""
        path, once = f"/v2/checkout/orders/{_part(id_)}/capture", _once(f"{reference}-capture")
        return self._ask(lambda bearer: self._caller.post(path, {}, bearer | once))

    def refund(self, capture_id: str, body: Mapping[str, object], reference: str) -> Reply:
        path = f"/v2/payments/captures/{_part(capture_id)}/refund"
        return self._ask(lambda bearer: self._caller.post(path, body, bearer | _once(reference)))

    def disputes(self, capture_id: str) -> Reply:
        of = {"disputed_transaction_id": capture_id}
        return self._ask(lambda bearer: self._caller.get("/v1/customer/disputes", of, bearer))

    def dispute(self, id_: str) -> Reply:
        return self._ask(lambda bearer: self._caller.get(f"/v1/customer/disputes/{_part(id_)}", headers=bearer))

    def transactions(self, start: datetime, end: datetime, page: int) -> Reply:
        """What moved the balance in a time of at most 31 days."""
        asked = {
            "start_date": f"{start:%Y-%m-%dT%H:%M:%SZ}",
            "end_date": f"{end:%Y-%m-%dT%H:%M:%SZ}",
            "fields": "transaction_info",
            "page_size": str(PAGE),
            "page": str(page),
        }
        return self._ask(lambda bearer: self._caller.get("/v1/reporting/transactions", asked, bearer))

    def _ask(self, call: Callable[[dict[str, str]], Reply]) -> Reply:
        token, until = self.token
        if not token or self._clock() >= until:
            refused = self._renew()
            if refused is not None:
                return refused
        reply = call({"Authorization": f"Bearer {self.token[0]}"})
        if reply.status == 401:  # taken back before its time: the next call asks for another
            self.token = "", 0.0
        return reply

    def _renew(self) -> Reply | None:
        """Without a token the call itself never leaves, whatever became of asking for one."""
        headers = {"Authorization": f"Basic {self._basic}", "Content-Type": _FORM}
        reply = self._caller.post_bytes("/v1/oauth2/token", b"grant_type=client_credentials", headers)
        token, lasts_s = reply.text("access_token"), reply.whole("expires_in")
        if not reply.done or not token or not token.isascii() or lasts_s is None:
            why = "key_wrong" if reply.status == 401 else "no_token"
            return Reply(reply.status, trouble=Answer.NOT_SENT, evidence={**reply.evidence, "error": why})
        self.token = token, self._clock() + lasts_s - _MARGIN_S
        return None


def _once(key: str) -> dict[str, str]:
    """What is made is told whole, and the same key again is told what the first one made."""
    return {"PayPal-Request-Id": key, "Prefer": "return=representation"}


def _part(id_: str) -> str:
    return quote(id_, safe="")
