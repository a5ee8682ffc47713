"""DT One's HTTP: paths and auth. What became of a call is `opla.calling`'s to say."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

import httpx

from opla.calling import Caller, Reply
from opla.suppliers.dtone.config import Config

#: They give 100 at most. A PIN's terms are long, and half as many stay well below what is read of one answer.
_PER_PAGE: Final = "50"
#: Beyond it somebody is counting wrongly: 10,000 products of one country.
_MOST_PAGES: Final = 200


class Client:
    def __init__(self, config: Config, transport: httpx.BaseTransport | None = None) -> None:
        pair = base64.b64encode(f"{config.key}:{config.secret}".encode()).decode()
        headers = {"Authorization": f"Basic {pair}", "Accept": "application/json"}
        self._caller = Caller(config.base_url, headers, config.timeout_s, through_proxy=True, transport=transport)

    def create(self, body: Mapping[str, object]) -> Reply:
        """Asynchronously: the synchronous way holds the connection for up to 180 seconds."""
        return self._caller.post("/v1/async/transactions", body)

    def find(self, reference: str) -> Reply:
        return self._caller.get_rows("/v1/transactions", {"external_id": reference})

    def created(self, start: datetime, end: datetime) -> Iterator[Reply]:
        """What was made in a time of at most 24 hours, its ends included; page by page as `products`."""
        times = {name: at.isoformat().replace("+00:00", "Z") for name, at in (("from_date", start), ("to_date", end))}
        return self._pages("/v1/transactions", times)

    def balances(self) -> Reply:
        return self._caller.get_rows("/v1/balances", {"unit_type": "CURRENCY"})

    def look_up(self, number: str) -> Reply:
        return self._caller.post_rows("/v1/lookup/mobile-number", {"mobile_number": number})

    def products(self, query: Mapping[str, str]) -> Iterator[Reply]:
        """Page by page; the last one may be one that was not answered."""
        return self._pages("/v1/products", query)

    def _pages(self, path: str, query: Mapping[str, str]) -> Iterator[Reply]:
        page = "1"
        for _ in range(_MOST_PAGES):
            reply = self._caller.get_rows(path, {**query, "page": page, "per_page": _PER_PAGE})
            yield reply
            page = reply.headers.get("x-next-page", "").strip()
            if not reply.done or not page.isdigit():
                return
        yield Reply()  # no last page: what was read is not the whole
