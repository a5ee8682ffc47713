"""DingConnect's HTTP: paths and the key. What became of a call is `opla.calling`'s to say.

Every answer of theirs carries a `ResultCode`: 1 is the only one that says it went well, whatever the HTTP status.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

import httpx

from opla.calling import Caller, Reply
from opla.suppliers.ding.config import Config

#: How long a question may take. A transfer waits for its operator, and has the whole of `timeout_s`.
QUESTION_S: Final = 10.0
#: A reference is of one transfer; more than a few would be a list of something else.
_TAKE: Final = 10
#: With the receipts of so many an answer stays well below what is read of it.
PAGE: Final = 100


class Client:
    def __init__(self, config: Config, transport: httpx.BaseTransport | None) -> None:
        headers = {"api_key": config.key, "Accept": "application/json"}
        question_s = min(QUESTION_S, config.timeout_s)
        self._asks = Caller(config.base_url, headers, question_s, through_proxy=True, transport=transport)
        self._sends = Caller(config.base_url, headers, config.timeout_s, through_proxy=True, transport=transport)

    def transfer(self, body: Mapping[str, object], reference: str) -> Reply:
        return self._sends.post("/api/V1/SendTransfer", body, {"X-Correlation-Id": reference})

    def records(self, reference: str) -> Reply:
        return self._asks.post("/api/V1/ListTransferRecords", {"DistributorRef": reference, "Take": _TAKE})

    def transfers(self, skip: int) -> Reply:
        """A part of all that were asked for in two months."""
        return self._asks.post("/api/V1/ListTransferRecords", {"Skip": skip, "Take": PAGE})

    def products(self, query: Mapping[str, str]) -> Reply:
        return self._asks.get("/api/V1/GetProducts", query)

    def providers(self, query: Mapping[str, str]) -> Reply:
        return self._asks.get("/api/V1/GetProviders", query)

    def estimate(self, body: Mapping[str, object]) -> Reply:
        """What one amount is in the other currency. They take a list of questions and nothing else."""
        content = json.dumps([body]).encode()
        return self._asks.post_bytes("/api/V1/EstimatePrices", content, {"Content-Type": "application/json"})

    def balance(self) -> Reply:
        return self._asks.get("/api/V1/GetBalance")

    def account(self, digits: str) -> Reply:
        return self._asks.get("/api/V1/GetAccountLookup", {"accountNumber": digits})


def well(reply: Reply) -> bool:
    return reply.done and reply.whole("ResultCode") == 1


def items(reply: Reply) -> Iterator[Mapping[str, object]]:
    found = reply.fields.get("Items")
    return (one for one in found if isinstance(one, dict)) if isinstance(found, list) else iter(())


def first_error(fields: Mapping[str, object]) -> str:
    """The code that stands first; empty where there is none."""
    found = fields.get("ErrorCodes")
    first = found[0] if isinstance(found, list) and found else None
    return Reply(fields=first).text("Code") or "" if isinstance(first, dict) else ""
