"""Reloadly's HTTP: paths, and the token that every call carries. What became of a call is `opla.calling`'s to say.

A token is fetched before the first call and kept until it ends. When they refuse one sooner, a question is asked once
more with a new one; a top-up never is: it is told as refused, which is as if it had not left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import httpx

from opla.calling import Caller, Reply
from opla.core.ports import Answer
from opla.suppliers.reloadly import mapping
from opla.suppliers.reloadly.config import Config

#: How long a question may take. A top-up waits for its operator, and has the whole of `timeout_s`.
QUESTION_S: Final = 10.0
#: As many as they give by themselves.
PAGE: Final = 200
_ACCEPT: Final = "application/com.reloadly.topups-v1+json"
#: A token ends for us this long before it ends for them.
_EARLY_S: Final = 60.0


@dataclass(frozen=True)
class _Way:
    """What can be called with one token, until `ends_at`."""

    asks: Caller
    sends: Caller
    ends_at: float


class Client:
    def __init__(self, config: Config, transport: httpx.BaseTransport | None, clock: Callable[[], float]) -> None:
        self._config, self._transport, self._clock = config, transport, clock
        self._question_s = min(QUESTION_S, config.timeout_s)
        self._auth = self._caller(config.auth_url, {}, self._question_s)
        self._way: _Way | None = None

    def top_up(self, body: Mapping[str, object]) -> Reply:
        """Leaves once, whatever is answered; without a token it does not leave."""
        way = self._open()
        if isinstance(way, Reply):
            return way
        reply = way.sends.post("/topups", body)
        if refuses_token(reply):
            self._drop(way)
        return reply

    def operator(self, id_: str) -> Reply:
        return self._ask(lambda way: way.asks.get(f"/operators/{quote(id_, safe='')}"))

    def operators(self, country: str) -> Reply:
        every = {"includePin": "true", "includeBundles": "true", "includeData": "true"}
        return self._ask(lambda way: way.asks.get_rows(f"/operators/countries/{quote(country, safe='')}", every))

    def detect(self, digits: str, country: str) -> Reply:
        path = f"/operators/auto-detect/phone/{quote(digits, safe='')}/countries/{quote(country, safe='')}"
        return self._ask(lambda way: way.asks.get(path))

    def found(self, reference: str) -> Reply:
        return self._ask(lambda way: way.asks.get("/topups/reports/transactions", {"customIdentifier": reference}))

    def sent(self, start: str, page: int) -> Reply:
        """A page of what was asked for since then, `YYYY-MM-DD HH:MM:SS` by a clock of theirs; pages count from 1."""
        asked = {"startDate": start, "size": str(PAGE), "page": str(page)}
        return self._ask(lambda way: way.asks.get("/topups/reports/transactions", asked))

    def status(self, transaction_id: str) -> Reply:
        return self._ask(lambda way: way.asks.get(f"/topups/{transaction_id}/status"))

    def balance(self) -> Reply:
        return self._ask(lambda way: way.asks.get("/accounts/balance"))

    def _ask(self, question: Callable[[_Way], Reply]) -> Reply:
        way = self._open()
        if isinstance(way, Reply):
            return way
        reply = question(way)
        if refuses_token(reply):
            self._drop(way)
            way = self._open()
            reply = way if isinstance(way, Reply) else question(way)
        return reply

    def _open(self) -> _Way | Reply:
        """The way with the token we hold, fetched where there is none; or why nothing left for want of one.

        No lock: who holds one over a call makes all others wait for it, and a second token beside the first is none the
        worse.
        """
        way = self._way
        if way is not None and self._clock() < way.ends_at:
            return way
        body = {
            "client_id": self._config.client_id,
            "client_secret": self._config.client_secret,
            "grant_type": "client_credentials",
            "audience": self._config.audience,
        }
        reply = self._auth.post("/oauth/token", body)
        token, lives_s = reply.text("access_token"), reply.whole("expires_in")
        if not reply.done or not token or not token.isascii() or lives_s is None:
            return Reply(reply.status, reply.fields, Answer.NOT_SENT, {**reply.evidence, "error": "no_token"})
        headers = {"Accept": _ACCEPT, "Authorization": f"Bearer {token}"}
        asks = self._caller(self._config.address, headers, self._question_s)
        sends = self._caller(self._config.address, headers, self._config.timeout_s)
        self._way = way = _Way(asks, sends, self._clock() + lives_s - _EARLY_S)
        return way

    def _drop(self, way: _Way) -> None:
        if self._way is way:  # else somebody has fetched a new token meanwhile
            self._way = None

    def _caller(self, url: str, headers: Mapping[str, str], timeout_s: float) -> Caller:
        return Caller(url, headers, timeout_s, through_proxy=True, transport=self._transport)


def refuses_token(reply: Reply) -> bool:
    why = mapping.ERROR.get(reply.text("errorCode") or "", (Answer.UNKNOWN, ""))[1]
    return reply.trouble is None and reply.status == 401 and why == "token_refused"
